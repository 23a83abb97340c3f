"""What gateways tell us: an inbox where each notification lies once, and a worker that goes by it.

Nothing that a notification says is believed. It only says what to ask about: the worker asks the
gateway outside of any transaction, and books the answer under the notification's lock in the
transaction that marks it done. So copies, disorder, delays and killed workers change nothing.
See docs/decisions/gateways-and-webhooks.md.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from wagtail.log_actions import log

from foundations.actions.gateway_disputes import told_of_dispute, told_of_payout
from foundations.actions.gateway_refunds import told_of_refund
from foundations.actions.ledger import BookingRefused
from foundations.actions.monthly_payments import settle_monthly_payment, told_of_monthly
from foundations.actions.settling import PaidOtherwise, settle_gift
from foundations.gateway import get_gateway
from foundations.gateway.base import (
    DisputeState,
    GatewayRefused,
    GatewayUnreachable,
    Notification,
    PaymentState,
    PayoutState,
    RefundState,
    State,
    SubscriptionState,
)
from foundations.models import Foundation, Gift, MonthlyGift, WebhookEvent
from volunteers.models import User

logger = logging.getLogger(__name__)

Row = TypeVar("Row", Gift, MonthlyGift)

NUDGE_KEY = "foundations:notifications-nudged"
# Should the message be lost, the next notification may send another after this many seconds.
NUDGE_SECONDS = 10
# Longer than a worker needs for one: whoever took it is dead, and another takes it again.
LEASE = timedelta(minutes=3)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(hours=1)
# What fails in our own code or kills its worker is set aside; a gateway that is away is waited for.
MOST_TRIES, MOST_TRIES_AWAY = 6, 60
AT_ONCE = 200

INSERT = """
INSERT INTO foundations_webhookevent
    (gateway, event_ref, account_ref, kind, object_ref, is_live, payload, happened_at, received_at,
     is_back_filled, state, reason, trouble, tries, done_at)
VALUES {rows} ON CONFLICT DO NOTHING
"""
ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, now(), %s, %s, %s, '', 0, %s)"


class NotOurs(Exception):
    """Nothing here belongs to what was told; `reason` is a stable word for why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# Coming in


def receive_notifications(
    *, gateway: str, told: Sequence[Notification], is_back_filled: bool = False
) -> int:
    """Keep each once, in one statement; how many were new. What tells us nothing is kept as such,
    so that the list of what came is whole."""
    new = 0
    for start in range(0, len(told), AT_ONCE):
        part = told[start : start + AT_ONCE]
        values = [value for one in part for value in _row(gateway, one, is_back_filled)]
        with connection.cursor() as cursor:
            cursor.execute(INSERT.format(rows=", ".join([ROW] * len(part))), values)
            new += cursor.rowcount
    return new


def _row(gateway: str, told: Notification, is_back_filled: bool) -> list[Any]:
    matters = get_gateway(gateway).tells_of(told.kind)
    state = WebhookEvent.State.OWED if matters else WebhookEvent.State.IGNORED
    return [
        gateway, told.event_ref, told.account_ref, told.kind[:80], told.object_ref, told.is_live,
        json.dumps(told.payload), told.happened_at, is_back_filled, state.value,
        "" if matters else "unknown_kind", None if matters else timezone.now(),
    ]  # fmt: skip


def nudge_notifications() -> None:
    """Ask a worker to look, once for a flood. A broker that is away costs the time to the sweep."""
    from foundations.tasks import work_on_notifications

    try:
        if cache.add(NUDGE_KEY, 1, NUDGE_SECONDS):
            work_on_notifications.delay()
    except Exception:
        logger.warning("No nudge for the notifications; the sweep finds them.", exc_info=True)


def forget_nudge() -> None:
    """What comes from now on sends a message of its own."""
    try:
        cache.delete(NUDGE_KEY)
    except Exception:
        logger.warning("The nudge's mark stands until it runs out.", exc_info=True)


# Working on them


def work_on_next_notification() -> bool:
    """Take the oldest that is due, ask, book. False when none was due."""
    event = _take()
    if event is None:
        return False
    try:
        if event.tries > MOST_TRIES_AWAY:
            _set_aside(event, reason="gave_up")
        else:
            _work_on(event)
    except GatewayUnreachable as away:
        _try_later(event, trouble=str(away))
    except GatewayRefused as refused:
        _set_aside(event, reason="refused", trouble=refused.code or refused.said)
    except NotOurs as stranger:
        _set_aside(event, reason=stranger.reason)
    except PaidOtherwise:
        _set_aside(event, reason="paid_otherwise")
    except BookingRefused as refused:
        _set_aside(event, reason="not_booked", trouble=str(refused))
    except Exception as error:
        logger.exception("Notification %s: it fails here.", event.event_ref)
        if event.tries >= MOST_TRIES:
            _set_aside(event, reason="poison", trouble=type(error).__name__)
        else:
            _try_later(event, trouble=type(error).__name__)
    return True


@transaction.atomic
def look_again(*, event: WebhookEvent, by: User) -> WebhookEvent:
    """Somebody has put right what kept it aside: the worker takes it once more."""
    event = WebhookEvent.objects.select_for_update().get(pk=event.pk)
    if event.state != WebhookEvent.State.QUARANTINED:
        return event
    event.state, event.reason, event.trouble = WebhookEvent.State.OWED, "", ""
    event.tries, event.next_try_at, event.done_at = 0, None, None
    event.save(update_fields=["state", "reason", "trouble", "tries", "next_try_at", "done_at"])
    log(instance=event, action="foundations.look_again", user=by)
    transaction.on_commit(nudge_notifications, robust=True)
    return event


@transaction.atomic
def _take() -> WebhookEvent | None:
    """The oldest that is due, promised to this worker for a while; a try is counted before it is
    made, so that one that kills its worker is not taken for ever."""
    now = timezone.now()
    is_due = Q(next_try_at=None) | Q(next_try_at__lte=now)
    event = (
        WebhookEvent.objects.filter(is_due, state=WebhookEvent.State.OWED)
        .order_by("pk")
        .select_for_update(skip_locked=True)
        .first()
    )
    if event is None:
        return None
    event.tries += 1
    event.next_try_at = now + LEASE
    event.save(update_fields=["tries", "next_try_at"])
    return event


def _work_on(event: WebhookEvent) -> None:
    gateway = get_gateway(event.gateway)
    if event.is_live != gateway.is_live:
        raise NotOurs("livemode_mismatch")
    foundation = _whose(event)
    states = gateway.read(
        notification=Notification(
            event_ref=event.event_ref, account_ref=event.account_ref, kind=event.kind,
            object_ref=event.object_ref, is_live=event.is_live, happened_at=event.happened_at,
            payload=event.payload,
        )
    )  # fmt: skip
    _settle(event, foundation, states)


def _whose(event: WebhookEvent) -> Foundation:
    foundation = (
        Foundation.objects.filter(stripe_account=event.account_ref).first()
        if event.account_ref
        else None
    )
    if foundation is None:
        raise NotOurs("unknown_account")
    return foundation


@transaction.atomic
def _settle(event: WebhookEvent, foundation: Foundation, states: list[State]) -> None:
    event = WebhookEvent.objects.select_for_update().get(pk=event.pk)
    if event.state != WebhookEvent.State.OWED:
        return  # a worker that was thought dead was only slow
    for state in states:
        book_state(gateway=event.gateway, foundation=foundation, state=state)
    event.state = WebhookEvent.State.DONE if states else WebhookEvent.State.IGNORED
    event.foundation, event.done_at = foundation, timezone.now()
    event.next_try_at, event.trouble = None, ""
    event.save(update_fields=["state", "foundation", "done_at", "next_try_at", "trouble"])


@transaction.atomic
def _set_aside(event: WebhookEvent, *, reason: str, trouble: str = "") -> None:
    """Somebody has to look at it (in the office: notifications set aside)."""
    now = WebhookEvent.objects.select_for_update().get(pk=event.pk)
    if now.state != WebhookEvent.State.OWED:
        return
    logger.warning("Notification %s is set aside: %s %s", now.event_ref, reason, trouble)
    foundation = Foundation.objects.filter(stripe_account=now.account_ref)
    now.state, now.reason = WebhookEvent.State.QUARANTINED, reason
    now.trouble, now.next_try_at, now.done_at = trouble[:300], None, timezone.now()
    now.foundation = foundation.first() if now.account_ref else None
    now.save(update_fields=["state", "reason", "trouble", "next_try_at", "done_at", "foundation"])


def _try_later(event: WebhookEvent, *, trouble: str) -> None:
    WebhookEvent.objects.filter(pk=event.pk, state=WebhookEvent.State.OWED).update(
        next_try_at=timezone.now() + wait_after(event.tries), trouble=trouble[:300]
    )


def wait_after(tries: int) -> timedelta:
    """Twice as long after each try, an hour at most."""
    return min(FIRST_WAIT * 2 ** min(tries - 1, 10), LONGEST_WAIT)


# What was read goes where it belongs


def book_state(*, gateway: str, foundation: Foundation, state: State) -> None:
    """Bring our rows and books to what the gateway says. Raises NotOurs, BookingRefused.

    In the transaction of whoever asked; whatever was known already changes nothing.
    """
    match state:
        case PaymentState(invoice_ref=ref) if ref:
            monthly = _monthly_of(gateway, foundation, ref=state.subscription_ref)
            settle_monthly_payment(monthly=monthly, told=state)
        case PaymentState():
            settle_gift(gift=_gift_of(gateway, foundation, state), told=state)
        case SubscriptionState():
            monthly = _monthly_of(
                gateway, foundation, ref=state.subscription_ref, number=state.monthly_number
            )
            told_of_monthly(monthly=monthly, told=state)
        case RefundState():
            told_of_refund(gift=_gift_paid_by(gateway, foundation, state.payment_ref), told=state)
        case DisputeState():
            told_of_dispute(gift=_gift_paid_by(gateway, foundation, state.payment_ref), told=state)
        case PayoutState():
            told_of_payout(foundation=foundation, told=state)


def _gift_of(gateway: str, foundation: Foundation, told: PaymentState) -> Gift:
    """By its page; by its number while we do not know of a page, since an answer may be lost."""
    gifts = Gift.objects.filter(gateway=gateway)
    gift = None
    if told.session_ref:
        gift = gifts.filter(session_ref=told.session_ref).first()
    if gift is None and told.gift_number:
        gift = gifts.filter(number=told.gift_number).first()
    gift = _of_foundation(gift, foundation)
    if gift.session_ref and told.session_ref and gift.session_ref != told.session_ref:
        raise NotOurs("other_page")
    if gift.payment_ref and told.payment_ref and gift.payment_ref != told.payment_ref:
        # The number stands on two payments: the second one is not this gift's.
        raise NotOurs("paid_otherwise")
    return gift


def _gift_paid_by(gateway: str, foundation: Foundation, payment_ref: str) -> Gift:
    gifts = Gift.objects.filter(gateway=gateway, payment_ref=payment_ref)
    return _of_foundation(gifts.first() if payment_ref else None, foundation)


def _monthly_of(gateway: str, foundation: Foundation, *, ref: str, number: str = "") -> MonthlyGift:
    monthlies = MonthlyGift.objects.filter(gateway=gateway)
    monthly = monthlies.filter(subscription_ref=ref).first() if ref else None
    if monthly is None and number:
        monthly = monthlies.filter(number=number).first()
        if monthly and monthly.subscription_ref and ref:
            raise NotOurs("other_page")
    return _of_foundation(monthly, foundation)


def _of_foundation(row: Row | None, foundation: Foundation) -> Row:
    if row is None:
        raise NotOurs("unknown_gift")
    if row.foundation_id != foundation.pk:
        raise NotOurs("other_account")
    return row


def oldest_owed() -> datetime | None:
    """Since when the oldest has been waiting: for the office and for monitoring."""
    owed = WebhookEvent.objects.filter(state=WebhookEvent.State.OWED).order_by("pk")
    return owed.values_list("received_at", flat=True).first()
