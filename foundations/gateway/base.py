"""The interface of a payment gateway, in our own words and whole minor units.

`account` is the foundation's own account at the gateway ("" for the platform's).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from foundations.models import Foundation, Gift, MonthlyGift, Refund


class GatewayError(Exception):
    """`str()` is the sentence for the person who waits."""

    sentence: str | Promise = ""

    def __str__(self) -> str:
        return str(self.sentence)


class GatewayUnreachable(GatewayError):
    """No answer, or "later": the same call with the same key may be made again."""

    sentence = _("The payment service does not answer just now. Please try again in a minute.")


class GatewayRefused(GatewayError):
    """The gateway says no, and would say it again. `code` is its own word for why."""

    sentence = _("The payment service refused this.")
    SENTENCES = {
        "not_configured": _("Giving online is not set up here yet."),
        "amount_too_small": _("The payment service does not take so small an amount."),
        "amount_too_large": _("The payment service does not take so great an amount at once."),
        "amount_last_digit": _("In this currency the last decimal has to be 0."),
        "charge_disputed": _("The donor's bank disputes this gift: nothing can be paid back now."),
        "charge_already_refunded": _("This gift has been paid back already."),
        "by_hand": _("Please pay this back yourself and write it down here."),
    }

    def __init__(self, code: str = "", said: str = "") -> None:
        super().__init__(code, said)
        self.code = code
        self.said = said

    def __str__(self) -> str:
        return str(self.SENTENCES.get(self.code, self.sentence))


class NotGenuine(GatewayError):
    """A notification that the gateway did not sign, or signed too long ago."""

    sentence = _("This did not come from the payment service.")


class PaymentStatus(StrEnum):
    OPEN = "open"  # nobody has paid yet, and still can
    PENDING = "pending"  # paid by a way that takes days to arrive
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Started:
    """A hosted page is open. The donor is sent to `url`."""

    session_ref: str
    url: str
    expires_at: datetime | None = None


@dataclass(frozen=True)
class PaymentState:
    """What the gateway says of a payment now. `fee_minor` None: not known yet.

    `method` is one of Gift.Method. `gift_number` is what we gave it to keep with the payment.
    """

    status: PaymentStatus
    amount_minor: int
    currency: str
    payment_ref: str = ""
    session_ref: str = ""
    invoice_ref: str = ""
    subscription_ref: str = ""
    gift_number: str = ""
    method: str = ""
    fee_minor: int | None = None
    paid_at: datetime | None = None
    is_live: bool = False
    email: str = ""


@dataclass(frozen=True)
class SubscriptionState:
    """`status`: one of MonthlyGift.State. `next_on` is a moment, None once it is over."""

    status: str
    subscription_ref: str
    monthly_number: str
    amount_minor: int
    currency: str
    session_ref: str = ""
    next_at: datetime | None = None
    # Where the donor gives another card, when the last one was refused.
    card_url: str = ""


@dataclass(frozen=True)
class RefundState:
    """`status`: pending, paid or failed.

    The books follow the money: `left_at` is when it was taken from the gateway's balance (often
    before it has arrived), `came_back_at` when it was put back there. `refund_number` and `attempt`
    are what we gave it to keep, "" where the refund was not ours.
    """

    ref: str
    payment_ref: str
    amount_minor: int
    currency: str
    status: str
    happened_at: datetime
    refund_number: str = ""
    attempt: int = 1
    left_at: datetime | None = None
    came_back_at: datetime | None = None
    trouble: str = ""


@dataclass(frozen=True)
class DisputeState:
    """`status`: one of Dispute.State. Sums are what has moved so far, 0 what has not."""

    ref: str
    payment_ref: str
    amount_minor: int
    currency: str
    status: str
    opened_at: datetime
    reason: str = ""
    answer_by: datetime | None = None
    withdrawn_minor: int = 0
    withdrawn_at: datetime | None = None
    fee_minor: int = 0
    reinstated_minor: int = 0
    reinstated_at: datetime | None = None
    fee_returned_minor: int = 0


@dataclass(frozen=True)
class PayoutState:
    """`status`: sent, arrived or failed."""

    ref: str
    amount_minor: int
    currency: str
    status: str
    sent_at: datetime
    arrived_at: datetime | None = None
    failed_at: datetime | None = None


State = PaymentState | SubscriptionState | RefundState | DisputeState | PayoutState


@dataclass(frozen=True)
class Notification:
    """A signed message, understood no further than whom and what it is about."""

    event_ref: str
    account_ref: str
    kind: str
    object_ref: str
    is_live: bool
    happened_at: datetime
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LedgerLine:
    """A line of the gateway's own ledger. `amount_minor` is signed, before `fee_minor`."""

    ref: str
    kind: str
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    source_ref: str
    happened_at: datetime
    payment_ref: str = ""


class Gateway(Protocol):
    """Each call raises GatewayUnreachable or GatewayRefused."""

    name: str

    @property
    def is_configured(self) -> bool:
        """Whether anything can be given through it here."""
        ...

    @property
    def is_live(self) -> bool:
        """Whether it moves money; False: everything is a test."""
        ...

    def hears(self, door: str) -> bool:
        """Whether notifications that come to this address can be told from forged ones."""
        ...

    def start(
        self, *, payment: Gift | MonthlyGift, success_url: str, cancel_url: str, email: str
    ) -> Started:
        """Open a hosted page; the same payment twice is the same page."""
        ...

    def parse_notification(
        self, *, body: bytes, headers: Mapping[str, str], door: str = ""
    ) -> list[Notification]:
        """Whoever signed it, what it tells of. Raises NotGenuine.

        `door` is the address it came to, where a gateway has several with secrets of their own.
        """
        ...

    def tells_of(self, kind: str) -> bool:
        """Whether a notification of that kind can change anything here."""
        ...

    def read(self, *, notification: Notification) -> list[State]:
        """What the notification is about, as it stands now, in the order it must be booked."""
        ...

    def fetch_state(self, *, gift: Gift) -> PaymentState: ...

    def refund(self, *, refund: Refund) -> RefundState:
        """Pay back; the refund's number and attempt are the idempotency key."""
        ...

    def fetch_refund(self, *, refund: Refund) -> RefundState: ...

    def list_ledger(
        self, *, foundation: Foundation, since: datetime, until: datetime
    ) -> Iterator[LedgerLine]:
        """Lines that came in between (`until` is not in it), the newest first."""
        ...

    def list_notifications(
        self, *, foundation: Foundation, since: datetime
    ) -> Iterator[Notification]:
        """What was told or should have been, the oldest first, for the back-fill."""
        ...

    def stop_monthly(self, *, monthly: MonthlyGift) -> SubscriptionState: ...

    def change_monthly(self, *, monthly: MonthlyGift, amount_minor: int) -> SubscriptionState: ...

    def fetch_monthly(self, *, monthly: MonthlyGift) -> SubscriptionState: ...
