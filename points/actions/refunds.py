"""What was redeemed and not picked up comes back: the piece to the shelf, the points to the person.

Locks in the ledger's order: the person's account, the redemption, the reward, the system's account.
A partner's phone takes only the second of them (points.actions.pick_up), so a hand-over and a
refund at the same moment meet there, and one of them finds that the other was first.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from contextlib import suppress

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from points.actions.accounts import get_system_account, lock_accounts, move_points
from points.buckets import Key
from points.models import Account, BucketDraw, Movement, Redemption, Reward
from volunteers.models import User, Volunteer

logger = logging.getLogger(__name__)

Reason = Redemption.RefundReason


class NotWaiting(Exception):
    """It was handed over or returned in the meantime; nothing was changed."""

    def __str__(self) -> str:
        return str(_("This has been handed over or returned already. Nothing was changed."))


def give_back_redemption(*, redemption: Redemption, by: User) -> Redemption:
    """The person does not want it after all. Raises NotWaiting."""
    with transaction.atomic():
        return _refund(_lock_waiting(redemption.pk), reason=Reason.CANCELLED, by=by)


def withdraw_redemption(*, redemption: Redemption, why: str, by: User) -> Redemption:
    """The office cannot keep the promise; `why` stands in the ledger. Raises NotWaiting."""
    with transaction.atomic():
        return _refund(_lock_waiting(redemption.pk), reason=Reason.WITHDRAWN, by=by, why=why)


def give_back_all(*, volunteer: Volunteer, by: User | None) -> None:
    """Whoever leaves for good picks nothing up any more."""
    with transaction.atomic():
        waiting = Redemption.objects.waiting().filter(volunteer=volunteer).order_by("pk")
        for redemption_id in waiting.values_list("pk", flat=True):
            with suppress(NotWaiting):
                _refund(_lock_waiting(redemption_id), reason=Reason.CANCELLED, by=by)


def expire_redemptions(*, limit: int = 500) -> int:
    """Refund up to `limit` whose time is over; returns how many.

    Each in a transaction of its own. Who is being handed over at this moment is passed over, and
    one that cannot be refunded is told in the log and keeps nobody else waiting. 0: nothing more
    can be done now.
    """
    due = Redemption.objects.waiting().filter(expires_at__lte=timezone.now()).order_by("expires_at")
    return sum(_expire(redemption_id) for redemption_id in due.values_list("pk", flat=True)[:limit])


def _expire(redemption_id: int) -> bool:
    try:
        with transaction.atomic():
            redemption = _lock_waiting(redemption_id, skip_locked=True)
            _refund(redemption, reason=Reason.EXPIRED, by=None)
    except NotWaiting:
        return False
    except Exception:
        logger.exception("Redemption %s could not be refunded", redemption_id)
        return False
    return True


def _lock_waiting(redemption_id: int, *, skip_locked: bool = False) -> Redemption:
    """The redemption, with its person's account locked before it. Raises NotWaiting."""
    owner = _owner_id(redemption_id)
    while True:
        lock_accounts(volunteers=[Volunteer.objects.only("pk").get(pk=owner)])
        # While we waited, two registrations of the person may have become one.
        owner_now = _owner_id(redemption_id)
        if owner_now == owner:
            break
        owner = owner_now
    redemption = (
        Redemption.objects.select_for_update(no_key=True, skip_locked=skip_locked)
        .filter(pk=redemption_id)
        .first()
    )
    if redemption is None or redemption.state != Redemption.State.WAITING:
        raise NotWaiting
    return redemption


def _owner_id(redemption_id: int) -> int:
    return Redemption.objects.values_list("volunteer_id", flat=True).get(pk=redemption_id)


def _refund(
    redemption: Redemption, *, reason: Redemption.RefundReason, by: User | None, why: str = ""
) -> Redemption:
    Reward.objects.filter(pk=redemption.reward_id).update(taken=F("taken") - 1)
    redemption.refund = move_points(
        debit=get_system_account(Account.Kind.REDEEMED),
        credit=Account.objects.get(volunteer=redemption.volunteer_id),
        points=redemption.points,
        kind=Movement.Kind.REFUND,
        reference=f"refund:{redemption.pk}",
        by=by,
        reverses=redemption.movement,
        reckoning={"reason": reason.value} | ({"why": why} if why else {}),
        into=_where_they_came_from(redemption.movement_id),
    )
    redemption.state = Redemption.State.REFUNDED
    redemption.refunded_at = timezone.now()
    redemption.refund_reason = reason
    redemption.save(update_fields=["refund", "state", "refunded_at", "refund_reason"])
    return redemption


def _where_they_came_from(movement_id: int) -> dict[Key, int] | None:
    """{lapses_on: points} of what the redemption took; None from the time before buckets."""
    drawn: defaultdict[Key, int] = defaultdict(int)
    draws = BucketDraw.objects.filter(movement=movement_id)
    for lapses_on, points in draws.values_list("bucket__lapses_on", "points"):
        drawn[lapses_on] += points
    return dict(drawn) or None
