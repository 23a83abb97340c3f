"""What this room does when something happens in the one below."""

from __future__ import annotations

import logging
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q

from points.actions.families import let_go_of_family
from points.actions.merging import merge_points
from points.actions.ranking import leave_rankings, owe_rankings
from points.actions.recognition import owe_evaluation
from points.actions.refunds import give_back_all
from points.models import (
    Account,
    FamilyMember,
    Movement,
    Recognition,
    Redemption,
    YearlyHonour,
)
from volunteers.models import ConsentNotice, User, Volunteer

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
            {
                "kind": one.kind,
                "level": one.level,
                "badge": one.badge.name if one.badge else "",
                "state": one.state,
                "reason": one.withdraw_reason,
                "credential": one.credential.document if hasattr(one, "credential") else None,
            }
            for one in Recognition.objects.filter(volunteer=volunteer)
            .select_related("badge", "credential")
            .order_by("id")
        ],
        "yearly_honours": [
            {"year": one.year, "title": one.title, "citation": one.citation, "state": one.state}
            for one in YearlyHonour.objects.filter(volunteer=volunteer).order_by("id")
        ],
        "redemptions": [
            {
                "reward": one.reward.name,
                "points": one.points,
                "redeemed_at": one.redeemed_at.isoformat(),
                "state": one.state,
            }
            for one in Redemption.objects.filter(volunteer=volunteer).select_related("reward")
        ],
        "families": [
            {"name": one.family.name, "joined": one.joined_at is not None}
            for one in FamilyMember.objects.filter(volunteer=volunteer).select_related("family")
        ],
    }


def follow_merge(*, kept: Volunteer, merged: Volunteer, by: User | None, **_kwargs: Any) -> None:
    """Inside the merge's transaction, after the records moved."""
    merge_points(kept=kept, merged=merged, by=by)


def let_go_of_closed(*, volunteer: Volunteer, by: User | None, **_kwargs: Any) -> None:
    """Inside the closing's transaction: what waited for this person is free for others, and no
    list shows the person any more."""
    give_back_all(volunteer=volunteer, by=by)
    let_go_of_family(volunteer=volunteer, by=by)
    leave_rankings(volunteer=volunteer)


def follow_no_shows(*, volunteer_ids: list[int], **_kwargs: Any) -> None:
    """A badge may ask for service without a no-show."""
    owe_evaluation(volunteer_ids=volunteer_ids)


def follow_consent(*, volunteer: Volunteer, kind: str, **_kwargs: Any) -> None:
    """Who takes back the wish to be ranked is gone at once; who utters it comes with the sweep."""
    if kind != ConsentNotice.Kind.RANKING:
        return
    if not volunteer.is_ranked:
        leave_rankings(volunteer=volunteer)
    follow_place(volunteer=volunteer)


def follow_place(*, volunteer: Volunteer, **_kwargs: Any) -> None:
    """The person is ranked among other people now: another community, a university, none."""
    owe_rankings(volunteer=volunteer)
    transaction.on_commit(nudge_settlement, robust=True)
