"""The bank and the cash box as a gateway: nothing is asked of anybody, people write it down.

Gifts of this gateway come by `actions/offline.py`, where one enters and another approves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from foundations.gateway.base import (
    GatewayRefused,
    LedgerLine,
    NotGenuine,
    Notification,
    PaymentState,
    PaymentStatus,
    RefundState,
    Started,
    State,
    SubscriptionState,
)
from foundations.models import Foundation, Gift, MonthlyGift, Refund


class OfflineGateway:
    """Answers for what nobody else can: a gift is what the office says it is."""

    name = "offline"

    @property
    def is_configured(self) -> bool:
        return True

    @property
    def is_live(self) -> bool:
        return True

    def hears(self, door: str) -> bool:
        return False

    def start(
        self, *, payment: Gift | MonthlyGift, success_url: str, cancel_url: str, email: str
    ) -> Started:
        raise GatewayRefused("offline")

    def parse_notification(
        self, *, body: bytes, headers: Mapping[str, str], door: str = ""
    ) -> list[Notification]:
        raise NotGenuine

    def tells_of(self, kind: str) -> bool:
        return False

    def read(self, *, notification: Notification) -> list[State]:
        return []

    def fetch_state(self, *, gift: Gift) -> PaymentState:
        """What our own row says."""
        is_paid = gift.state == Gift.State.PAID
        return PaymentState(
            status=PaymentStatus.PAID if is_paid else PaymentStatus.OPEN,
            amount_minor=gift.amount_minor, currency=gift.currency, gift_number=gift.number,
            method=gift.method, fee_minor=0, paid_at=gift.paid_at, is_live=gift.is_live,
        )  # fmt: skip

    def refund(self, *, refund: Refund) -> RefundState:
        raise GatewayRefused("by_hand")

    def fetch_refund(self, *, refund: Refund) -> RefundState:
        raise GatewayRefused("by_hand")

    def list_ledger(
        self, *, foundation: Foundation, since: datetime, until: datetime
    ) -> Iterator[LedgerLine]:
        return iter(())

    def list_notifications(
        self, *, foundation: Foundation, since: datetime
    ) -> Iterator[Notification]:
        return iter(())

    def stop_monthly(self, *, monthly: MonthlyGift) -> SubscriptionState:
        raise GatewayRefused("offline")

    def change_monthly(self, *, monthly: MonthlyGift, amount_minor: int) -> SubscriptionState:
        raise GatewayRefused("offline")

    def fetch_monthly(self, *, monthly: MonthlyGift) -> SubscriptionState:
        raise GatewayRefused("offline")
