"""Approved refunds are owed to the gateway: claimed under a lock, sent without one, written down.

The refund's number and attempt are the key at the gateway. A worker that dies between the call and
the writing leaves the refund owed: the next one asks with the same key and gets the same answer.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from foundations.actions.gateway_refunds import told_of_refund
from foundations.actions.refunds import BY_HAND, State, lock_refund
from foundations.gateway import GatewayRefused, GatewayUnreachable, get_gateway
from foundations.models import Refund

logger = logging.getLogger(__name__)

# Longer than two calls may take, so that no second worker sends what one has in hand.
FIRST_WAIT = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=1)
# About eighteen hours. A gateway forgets a key after a day: then the same call would pay twice.
MOST_TRIES = 22


def send_owed_refunds(*, limit: int = 100) -> int:
    """Send what is due, one after the other; returns how many were tried."""
    sent = 0
    while sent < limit and (refund := _claim_next()) is not None:
        _send(refund)
        sent += 1
    return sent


@transaction.atomic
def _claim_next() -> Refund | None:
    """The oldest that is due, with the moment of its next try written down already."""
    now = timezone.now()
    refund = (
        Refund.objects.filter(Q(next_try_at=None) | Q(next_try_at__lte=now), state=State.APPROVED)
        .exclude(gift__gateway=BY_HAND)
        .select_related("gift__foundation")
        .select_for_update(of=("self",), skip_locked=True, no_key=True)
        .order_by("pk")
        .first()
    )
    if refund is None:
        return None
    refund.tries += 1
    refund.next_try_at = now + min(FIRST_WAIT * 2 ** min(refund.tries - 1, 8), LONGEST_WAIT)
    refund.save(update_fields=["tries", "next_try_at"])
    return refund


def _send(refund: Refund) -> None:
    try:
        told = get_gateway(refund.gift.gateway).refund(refund=refund)
    except GatewayUnreachable:
        _not_reached(refund)
    except GatewayRefused as refused:
        _give_up(refund, trouble=refused.code or refused.said or "refused")
    else:
        told_of_refund(gift=refund.gift, told=told)


def _not_reached(sent: Refund) -> None:
    """It stays owed, until the gateway may have forgotten the key: then somebody has to look."""
    if sent.tries >= MOST_TRIES:
        _give_up(sent, trouble="no_answer")
        return
    Refund.objects.filter(pk=sent.pk, state=State.APPROVED).update(trouble="unreachable")


@transaction.atomic
def _give_up(sent: Refund, *, trouble: str) -> None:
    _gift, refund = lock_refund(sent)
    # Meanwhile the gateway may have told otherwise.
    if (refund.state, refund.attempt) != (State.APPROVED, sent.attempt):
        return
    refund.state, refund.trouble, refund.next_try_at = State.FAILED, trouble[:300], None
    refund.save(update_fields=["state", "trouble", "next_try_at"])
    logger.warning("Refund %s was not taken: %s", refund.number, trouble)
