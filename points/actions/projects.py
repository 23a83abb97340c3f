"""Points that people give to a neighbourhood project, and what its organisation did with them."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import log

from points.actions.accounts import get_system_account, lock_accounts, move_points
from points.models import Account, Movement, PointsProject
from volunteers.models import User, Volunteer


class GiftRefused(Exception):
    """No points moved; `str()` is the sentence for the person who asked."""

    sentence: str | Promise = ""

    def __str__(self) -> str:
        return str(self.sentence)


class ProjectClosed(GiftRefused):
    sentence = _("This project takes no more points. Yours are all still there.")


class TooFewToGive(GiftRefused):
    def __init__(self, *, balance_points: int) -> None:
        super().__init__(balance_points)
        self.balance_points = max(0, balance_points)

    def __str__(self) -> str:
        return gettext("You have %(points)s points. You can give up to that many.") % {
            "points": self.balance_points
        }


class GiftOfNothing(GiftRefused):
    sentence = _("At least one point.")


class GiftFormUsed(GiftRefused):
    sentence = _("This form has been used already. Please open the page again.")


class SpendingRefused(GiftRefused):
    """The project's points stay where they are."""


class MoreThanGiven(SpendingRefused):
    def __init__(self, *, left_points: int) -> None:
        super().__init__(left_points)
        self.left_points = left_points

    def __str__(self) -> str:
        return gettext("The project has %(points)s points left.") % {"points": self.left_points}


class PurposeMissing(SpendingRefused):
    sentence = _("Please say what the points were used for: everybody who gave can read it.")


def create_points_project(*, by: User | None, **fields: Any) -> PointsProject:
    """A project and its account. `fields`: name, about, organisation, and what else it has."""
    with transaction.atomic():
        account = Account.objects.create(kind=Account.Kind.PROJECT)
        project = PointsProject.objects.create(account=account, **fields)
        log(instance=project, action="wagtail.create", user=by)
    return project


def give_points(
    *, project: PointsProject, volunteer: Volunteer, points: int, nonce: uuid.UUID, by: User
) -> Movement:
    """Points of a volunteer to a project; the same nonce gives once. Raises GiftRefused."""
    if points < 1:
        raise GiftOfNothing
    reference = f"gift:{nonce}"
    with transaction.atomic():
        account = lock_accounts(volunteers=[volunteer])[volunteer.pk]
        earlier = Movement.objects.filter(reference=reference).first()
        if earlier is not None:
            asked = (account.pk, project.account_id, points)
            if (earlier.debit_account_id, earlier.credit_account_id, earlier.points) != asked:
                raise GiftFormUsed
            return earlier
        project = _lock(project)
        if project.closed_at is not None:
            raise ProjectClosed
        if account.balance_points < points:
            raise TooFewToGive(balance_points=account.balance_points)
        return move_points(
            debit=account,
            credit=project.account,
            points=points,
            kind=Movement.Kind.GIFT,
            reference=reference,
            by=by,
            reckoning={"project": project.pk},
        )


def spend_project_points(
    *,
    project: PointsProject,
    points: int,
    purpose: str,
    by: User | None,
    nonce: uuid.UUID | None = None,
) -> Movement:
    """The project's organisation accounts for points: what they were used for, for all to read.

    A closed project still accounts for what it was given. The same nonce spends once. Raises
    SpendingRefused, GiftOfNothing, GiftFormUsed.
    """
    if points < 1:
        raise GiftOfNothing
    if not purpose.strip():
        raise PurposeMissing
    reference = f"spent:{nonce or uuid.uuid4()}"
    with transaction.atomic():
        project = _lock(project)
        earlier = Movement.objects.filter(reference=reference).first()
        if earlier is not None:
            if (earlier.debit_account_id, earlier.points) != (project.account_id, points):
                raise GiftFormUsed
            return earlier
        account = Account.objects.select_for_update(no_key=True).get(pk=project.account_id)
        if account.balance_points < points:
            raise MoreThanGiven(left_points=account.balance_points)
        return move_points(
            debit=account,
            credit=get_system_account(Account.Kind.SPENT),
            points=points,
            kind=Movement.Kind.SPENT,
            reference=reference,
            by=by,
            reckoning={"project": project.pk, "purpose": purpose.strip()},
        )


def take_back_spending(*, spending: Movement, why: str, by: User | None) -> Movement:
    """What was accounted for wrongly is the project's again. Asked twice, done once."""
    if not why.strip():
        raise PurposeMissing
    reference = f"unspent:{spending.pk}"
    with transaction.atomic():
        account = Account.objects.select_for_update(no_key=True).get(pk=spending.debit_account_id)
        earlier = Movement.objects.filter(reference=reference).first()
        if earlier is not None:
            return earlier
        return move_points(
            debit=get_system_account(Account.Kind.SPENT),
            credit=account,
            points=spending.points,
            kind=Movement.Kind.REFUND,
            reference=reference,
            by=by,
            reverses=spending,
            reckoning={"why": why.strip()},
        )


def close_points_project(*, project: PointsProject, by: User | None) -> PointsProject:
    """No more gifts. What was given and is not accounted for yet still can be."""
    with transaction.atomic():
        project = _lock(project)
        project.closed_at = project.closed_at or timezone.now()
        project.save(update_fields=["closed_at"])
        log(instance=project, action="points.close_points_project", user=by)
    return project


def _lock(project: PointsProject) -> PointsProject:
    return (
        PointsProject.objects.select_for_update(of=("self",), no_key=True)
        .select_related("account")
        .get(pk=project.pk)
    )
