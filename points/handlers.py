"""What this room does when something happens in the one below."""

from __future__ import annotations

import logging
from typing import Any

from django.core.cache import cache
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from points.actions.accounts import lock_accounts, move_points
from points.models import Account, Movement, Recognition, Redemption, Standing
from volunteers.models import User, Volunteer

logger = logging.getLogger(__name__)

NUDGE_KEY = "points:settlement-nudged"
# Should the message be lost, the next record may send another one after this many seconds.
NUDGE_SECONDS = 10


def nudge_settlement(**_kwargs: Any) -> None:
    """Ask a worker to look, once for a flood of records.

    The task takes the mark away before it looks, so a record that comes too late for that look
    sends a message of its own. A broker that is away costs nothing but the time until the sweep.
    """
    from points.tasks import settle_records

    try:
        if cache.add(NUDGE_KEY, 1, NUDGE_SECONDS):
            settle_records.delay()
    except Exception:
        logger.warning("No nudge for the settlement; the sweep will find it.", exc_info=True)


def copy_points(*, volunteer: Volunteer, **_kwargs: Any) -> tuple[str, dict[str, Any]]:
    """This room's part of the copy of their data that a person may take along (P4)."""
    account = Account.objects.filter(volunteer=volunteer).first()
    movements = Movement.objects.filter(Q(debit_account=account) | Q(credit_account=account))
    return "points", {
        "balance": account.balance_points if account else 0,
        "movements": [
            {
                "kind": movement.kind,
                "points": movement.points
                * (1 if account and movement.credit_account_id == account.pk else -1),
                "happened_at": movement.happened_at.isoformat(),
            }
            for movement in (movements.order_by("id") if account else ())
        ],
        "recognitions": [
            {"kind": one.kind, "level": one.level, "state": one.state}
            for one in Recognition.objects.filter(volunteer=volunteer).order_by("id")
        ],
        "redemptions": [
            {
                "reward": one.reward.name,
                "points": one.points,
                "redeemed_at": one.redeemed_at.isoformat(),
            }
            for one in Redemption.objects.filter(volunteer=volunteer).select_related("reward")
        ],
    }


def merge_points(*, kept: Volunteer, merged: Volunteer, by: User | None, **_kwargs: Any) -> None:
    """Inside the merge's transaction, after the records moved: points, sums and honours follow."""
    accounts = lock_accounts(volunteers=[kept, merged])
    _move_balance(source=accounts[merged.pk], target=accounts[kept.pk], by=by)
    _add_standings(kept=kept, merged=merged)
    _move_recognitions(kept=kept, merged=merged)
    Redemption.objects.filter(volunteer=merged).update(volunteer=kept)


def _move_recognitions(*, kept: Volunteer, merged: Volunteer) -> None:
    """What both have stays once; the next evaluation looks at the sums of both."""
    has = set(Recognition.objects.in_force().filter(volunteer=kept).values_list("kind", "level"))
    for recognition in Recognition.objects.in_force().filter(volunteer=merged):
        if (recognition.kind, recognition.level) in has:
            recognition.state = Recognition.State.WITHDRAWN
            recognition.withdrawn_at = timezone.now()
        else:
            recognition.volunteer = kept
        recognition.save()


def _move_balance(*, source: Account, target: Account, by: User | None) -> None:
    balance = source.balance_points
    if balance == 0:
        return
    if balance < 0:
        # The debt goes along: it is the same person's.
        Account.objects.filter(pk=target.pk).update(
            debt_points=Greatest(F("debt_points"), Value(-balance) - F("balance_points"), Value(0))
        )
    debit, credit = (source, target) if balance > 0 else (target, source)
    move_points(
        debit=debit,
        credit=credit,
        points=abs(balance),
        kind=Movement.Kind.MERGE,
        reference=f"merge:{source.pk}:{target.pk}",
        by=by,
    )


def _add_standings(*, kept: Volunteer, merged: Volunteer) -> None:
    for volunteer in sorted((kept, merged), key=lambda volunteer: volunteer.pk):
        Standing.objects.get_or_create(volunteer=volunteer)
    standings = {
        standing.volunteer_id: standing
        for standing in Standing.objects.select_for_update(no_key=True)
        .filter(volunteer__in=[kept, merged])
        .order_by("volunteer")
    }
    source, target = standings[merged.pk], standings[kept.pk]
    for name in ("served_minutes", "served_records", "rated_records", "rating_sum"):
        setattr(target, name, getattr(target, name) + getattr(source, name))
        setattr(source, name, 0)
    for standing in (source, target):
        standing.revision = standing.evaluated_revision + 1
        standing.save()
