"""Gifts that are paid and known here, and the processor's books laid beside ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from foundations.actions.reconciliation import reconcile
from foundations.actions.settling import settle_gift
from foundations.comparing import IN_FLIGHT
from foundations.gateway import get_gateway
from foundations.models import Difference, Foundation, Gift, Refund
from foundations.names import new_number


@pytest.fixture
def known_gift(paid_gift: Callable[..., Gift]) -> Callable[..., Gift]:
    """`known_gift(amount_minor, method=…)`: paid at the fake Stripe and booked here."""

    def make(amount_minor: int = 10_000, **fields: Any) -> Gift:
        gift = paid_gift(amount_minor, **fields)
        return settle_gift(gift=gift, told=get_gateway("stripe").fetch_state(gift=gift))

    return make


@pytest.fixture
def cash_gift(fund: Any) -> Callable[..., Gift]:
    """`cash_gift(amount_minor)`: put into the foundation's bank account without a gateway."""
    from foundations.actions.confirmations import issue_confirmation
    from foundations.actions.gifts import book_gift
    from tests.foundations.gateway_cast import make_donor

    def make(amount_minor: int = 10_000, **fields: Any) -> Gift:
        donor = make_donor(fund.foundation)
        gift = Gift.objects.create(
            **{
                "foundation": fund.foundation, "fund": fund, "number": new_number("G"),
                "gateway": "offline", "amount_minor": amount_minor, "currency": fund.currency,
                "method": Gift.Method.BANK, "state": Gift.State.PAID, "paid_at": timezone.now(),
                "donor": donor, "donor_name": donor.name, "is_live": True,
            }
            | fields
        )  # fmt: skip
        book_gift(
            fund=fund, key=gift.number, amount_minor=amount_minor, into=gift.method, by=None,
            happened_on=timezone.localdate(),
        )  # fmt: skip
        issue_confirmation(gift=gift)
        return gift

    return make


def compared(foundation: Foundation, *, later: timedelta = IN_FLIGHT) -> list[Difference]:
    """What stands open after a comparison, made when nothing is in flight any more."""
    soon = timezone.now() + later + timedelta(minutes=1)
    assert reconcile(foundation=foundation, now=soon)
    return list(Difference.objects.filter(foundation=foundation, gone_at=None).order_by("pk"))


def in_short(differences: list[Difference]) -> list[tuple[str, str, int | None, int | None]]:
    """Kind, what it is about, ours, theirs."""
    return sorted(
        (d.kind, d.ref.partition(":")[0], d.ours_minor, d.theirs_minor) for d in differences
    )


def now_of(refund: Refund) -> Refund:
    return Refund.objects.select_related("gift").get(pk=refund.pk)


def hear_all(foundation: Foundation) -> None:
    """Everything the gateway has to tell is received and worked on, as the back-fill does it."""
    from foundations.actions.notifications import receive_notifications, work_on_next_notification

    since = timezone.now() - timedelta(days=1)
    told = get_gateway("stripe").list_notifications(foundation=foundation, since=since)
    receive_notifications(gateway="stripe", told=list(told))
    while work_on_next_notification():
        pass
