"""Asking of our own accord: for notifications that never came, and payments nobody told us of."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from foundations.actions.ledger import BookingRefused
from foundations.actions.monthly_payments import told_of_monthly
from foundations.actions.notifications import nudge_notifications, receive_notifications
from foundations.actions.settling import settle_gift
from foundations.gateway import get_gateway
from foundations.gateway.base import (
    GatewayError,
    GatewayRefused,
    PaymentState,
    PaymentStatus,
    SubscriptionState,
)
from foundations.models import Foundation, GatewayMark, Gift, MonthlyGift

logger = logging.getLogger(__name__)

GATEWAY = "stripe"
# An event may be listed a moment after its own time; what is read twice is kept once.
OVERLAP = timedelta(hours=1)
# Stripe forgets an event after thirty days.
LISTED_FOR = timedelta(days=29)
# A payment is asked about once its page is over, and then this often.
ASK_EVERY = timedelta(hours=1)
# What never got a page can still be paid if an answer was lost; after a day nobody will.
GIVEN_UP_AFTER = timedelta(days=1)
LATE_AFTER_DAYS = 2


def back_fill() -> int:
    """Every foundation's list of events, read on from where the last look began. How many of
    them nobody had delivered."""
    if not get_gateway(GATEWAY).is_configured:
        return 0
    found = 0
    for foundation in Foundation.objects.exclude(stripe_account=""):
        try:
            found += back_fill_foundation(foundation=foundation)
        except GatewayError as trouble:
            # One account that was closed must not keep the others from being read.
            logger.warning("No list of events for foundation %s: %s", foundation.pk, trouble)
            GatewayMark.objects.filter(foundation=foundation, gateway=GATEWAY).update(
                trouble=str(trouble)[:300]
            )
    if found:
        nudge_notifications()
    return found


def back_fill_foundation(*, foundation: Foundation) -> int:
    """Raises GatewayUnreachable, GatewayRefused; what was not read is read the next time."""
    mark, _is_new = GatewayMark.objects.get_or_create(foundation=foundation, gateway=GATEWAY)
    now = timezone.now()
    since = max(mark.events_to - OVERLAP if mark.events_to else now - LISTED_FOR, now - LISTED_FOR)
    told = list(get_gateway(GATEWAY).list_notifications(foundation=foundation, since=since))
    found = receive_notifications(gateway=GATEWAY, told=told, is_back_filled=True)
    GatewayMark.objects.filter(pk=mark.pk).update(events_to=now, trouble="")
    return found


def check_next_gift() -> bool:
    """Ask about a gift that was begun and has gone quiet. False when there is none."""
    gift = _take_gift()
    if gift is None:
        return False
    _carefully(gift.number, lambda: settle_gift(gift=gift, told=_ask_about(gift)))
    return True


def check_next_monthly(*, after: int = 0) -> int | None:
    """Ask about the next monthly gift that was begun and not completed, or whose month is late;
    its id, None at the end of the round."""
    monthly = _quiet_monthlies().filter(pk__gt=after).order_by("pk").first()
    if monthly is None:
        return None
    _carefully(
        monthly.number,
        lambda: told_of_monthly(monthly=monthly, told=_ask_about_monthly(monthly)),
    )
    return monthly.pk


@transaction.atomic
def _take_gift() -> Gift | None:
    """One that nobody has asked about for a while, marked as asked about in the same breath."""
    now = timezone.now()
    is_over = Q(expires_at__lt=now) | Q(created_at__lt=now - ASK_EVERY)
    is_due = Q(checked_at=None) | Q(checked_at__lt=now - ASK_EVERY)
    gift = (
        Gift.objects.open()
        .filter(is_over, is_due)
        .exclude(gateway="offline")
        .select_related("foundation")
        .select_for_update(of=("self",), skip_locked=True)
        .order_by(F("checked_at").asc(nulls_first=True), "pk")
        .first()
    )
    if gift:
        gift.checked_at = now
        gift.save(update_fields=["checked_at"])
    return gift


def _quiet_monthlies() -> QuerySet[MonthlyGift]:
    now = timezone.now()
    never_completed = Q(state=MonthlyGift.State.STARTED, created_at__lt=now - ASK_EVERY)
    is_late = Q(
        state__in=[MonthlyGift.State.ACTIVE, MonthlyGift.State.PAST_DUE],
        next_on__lt=timezone.localdate() - timedelta(days=LATE_AFTER_DAYS),
    )
    return MonthlyGift.objects.filter(never_completed | is_late).select_related("foundation")


def _ask_about(gift: Gift) -> PaymentState:
    try:
        return get_gateway(gift.gateway).fetch_state(gift=gift)
    except GatewayRefused:
        if timezone.now() - gift.created_at < GIVEN_UP_AFTER:
            raise
        return PaymentState(PaymentStatus.EXPIRED, gift.amount_minor, gift.currency)


def _ask_about_monthly(monthly: MonthlyGift) -> SubscriptionState:
    try:
        return get_gateway(monthly.gateway).fetch_monthly(monthly=monthly)
    except GatewayRefused:
        is_begun = monthly.state == MonthlyGift.State.STARTED
        if not is_begun or timezone.now() - monthly.created_at < GIVEN_UP_AFTER:
            raise
        return SubscriptionState(
            MonthlyGift.State.EXPIRED, "", monthly.number, monthly.amount_minor, monthly.currency
        )


def _carefully(number: str, ask_and_settle: Callable[[], object]) -> None:
    """One payment that cannot be asked about holds up no other."""
    try:
        ask_and_settle()
    except (GatewayError, BookingRefused) as trouble:
        logger.warning("%s cannot be settled now: %s", number, trouble)
