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

    def __init__(self, code: str = "", said: str = "") -> None:
        super().__init__(code, said)
        self.code = code
        self.said = said


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
    next_at: datetime | None = None
    # Where the donor gives another card, when the last one was refused.
    card_url: str = ""


@dataclass(frozen=True)
class RefundState:
    """`status`: pending, paid or failed."""

    ref: str
    payment_ref: str
    amount_minor: int
    currency: str
    status: str
    happened_at: datetime
    refund_number: str = ""
    trouble: str = ""


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

    def start(
        self, *, payment: Gift | MonthlyGift, success_url: str, cancel_url: str, email: str
    ) -> Started:
        """Open a hosted page; the same payment twice is the same page."""
        ...

    def parse_notification(self, *, body: bytes, headers: Mapping[str, str]) -> list[Notification]:
        """Whoever signed it, what it tells of. Raises NotGenuine."""
        ...

    def fetch_state(self, *, gift: Gift) -> PaymentState: ...

    def refund(self, *, refund: Refund) -> RefundState:
        """Pay back; the refund's number and attempt are the idempotency key."""
        ...

    def list_ledger(
        self, *, foundation: Foundation, since: datetime, until: datetime
    ) -> Iterator[LedgerLine]: ...

    def list_notifications(
        self, *, foundation: Foundation, since: datetime
    ) -> Iterator[Notification]:
        """What was told or should have been, oldest first, for the back-fill."""
        ...

    def stop_monthly(self, *, monthly: MonthlyGift) -> SubscriptionState: ...

    def change_monthly(self, *, monthly: MonthlyGift, amount_minor: int) -> SubscriptionState: ...

    def fetch_monthly(self, *, monthly: MonthlyGift) -> SubscriptionState: ...
