"""Who may see which points: the only door by which a view reaches what is not public."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from points.models import Account, Movement, Recognition, Redemption
from volunteers.permissions import AnyUser, get_volunteer_for


def get_account_for(user: AnyUser) -> Account | None:
    """The account's own points; None before the first movement."""
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return None
    return Account.objects.filter(volunteer=volunteer).first()


def get_movements_for(user: AnyUser) -> QuerySet[Movement]:
    """In and out of the own account, newest first."""
    account = get_account_for(user)
    if account is None:
        return Movement.objects.none()
    return (
        Movement.objects.filter(Q(credit_account=account) | Q(debit_account=account))
        .select_related("record", "redemption__reward")
        .order_by("-id")
    )


def get_redemptions_for(user: AnyUser) -> QuerySet[Redemption]:
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return Redemption.objects.none()
    return Redemption.objects.filter(volunteer=volunteer).select_related("reward")


def get_recognitions_for(user: AnyUser) -> QuerySet[Recognition]:
    """The own honours that are in force, in notice or awarded."""
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return Recognition.objects.none()
    return Recognition.objects.in_force().filter(volunteer=volunteer).order_by("kind", "level")
