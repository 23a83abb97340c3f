"""Two registrations of one person become one: points, limits, sums and honours follow."""

from __future__ import annotations

from django.db import connection
from django.db.models import F, Sum, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from points.actions.accounts import accounts_within, get_system_account, lock_accounts, move_points
from points.actions.lapsing import change_buckets, take_from_buckets
from points.actions.ranking import leave_rankings, owe_rankings
from points.actions.settlement import caps_in_use, changes_by_account
from points.models import (
    Account,
    CapWindow,
    Family,
    FamilyMember,
    Movement,
    Recognition,
    Redemption,
    Standing,
    YearlyHonour,
)
from points.settlement_sql import merge_caps_sql
from volunteers.models import User, Volunteer


def merge_points(*, kept: Volunteer, merged: Volunteer, by: User | None) -> None:
    """Called inside the merge's transaction, after the records moved."""
    accounts = lock_accounts(volunteers=[kept, merged])
    source, target = accounts[merged.pk], accounts[kept.pk]
    _release_limits(source=source, by=by)
    _move_balance(source=source, target=target, by=by)
    _count_towards_limits(source=source, target=target)
    _add_standings(kept=kept, merged=merged, target=target, by=by)
    _move_recognitions(kept=kept, merged=merged)
    _move_what_is_theirs(kept=kept, merged=merged)
    leave_rankings(volunteer=merged)
    owe_rankings(volunteer=kept)


def _release_limits(*, source: Account, by: User | None) -> None:
    """What lay over a limit comes back first: the limits count anew for both together."""
    windows = CapWindow.objects.filter(volunteer=source.volunteer)
    over = windows.aggregate(points=Sum("over_points"))["points"] or 0
    windows.delete()
    if over:
        move_points(
            debit=get_system_account(Account.Kind.ISSUE),
            credit=source,
            points=over,
            kind=Movement.Kind.CAP,
            reference=f"cap:released:{source.pk}",
            by=by,
        )
        source.refresh_from_db()


def _move_balance(*, source: Account, target: Account, by: User | None) -> None:
    reference = f"merge:{source.pk}:{target.pk}"
    if source.balance_points > 0:
        move_points(
            debit=source,
            credit=target,
            points=source.balance_points,
            kind=Movement.Kind.MERGE,
            reference=reference,
            by=by,
        )
    elif source.balance_points < 0:
        _move_debt(source=source, target=target, reference=reference, by=by)


def _move_debt(*, source: Account, target: Account, reference: str, by: User | None) -> None:
    """The debt goes along: it is the same person's. What is there repays it at once."""
    _take(
        account=target,
        to=source,
        points=-source.balance_points,
        kind=Movement.Kind.MERGE,
        reference=reference,
        by=by,
    )
    Account.objects.filter(pk=source.pk).update(balance_points=0, debt_points=0)


def _take(
    *,
    account: Account,
    to: Account,
    points: int,
    kind: Movement.Kind,
    reference: str,
    by: User | None,
) -> None:
    """As move_points, but what is not there becomes a debt; the other balance is the caller's."""
    Movement.objects.create(
        debit_account=account,
        credit_account=to,
        points=points,
        kind=kind,
        reference=reference,
        by=by,
        happened_at=timezone.now(),
    )
    after = F("balance_points") - points
    Account.objects.filter(pk=account.pk).update(
        balance_points=after, debt_points=Greatest(Value(0), -after)
    )
    take_from_buckets(account=account, points=points)


def _count_towards_limits(*, source: Account, target: Account) -> None:
    caps = caps_in_use()
    if not caps:
        return
    issue = get_system_account(Account.Kind.ISSUE)
    with connection.cursor() as cursor:
        cursor.execute(
            merge_caps_sql(caps=caps),
            {
                "volunteer": target.volunteer_id,
                "account": target.pk,
                "merged_accounts": accounts_within(source),
                "issue": issue.pk,
                "today": timezone.localdate(),
            },
        )
        (_account, _lapses_on, issued, _debt), *hard = cursor.fetchall()
    change_buckets(changes=changes_by_account(hard))
    Account.objects.filter(pk=issue.pk).update(balance_points=F("balance_points") - issued)


def _add_standings(*, kept: Volunteer, merged: Volunteer, target: Account, by: User | None) -> None:
    for volunteer in sorted((kept, merged), key=lambda volunteer: volunteer.pk):
        Standing.objects.get_or_create(volunteer=volunteer)
    standings = {
        standing.volunteer_id: standing
        for standing in Standing.objects.select_for_update(no_key=True)
        .filter(volunteer__in=[kept, merged])
        .order_by("volunteer")
    }
    source, sums = standings[merged.pk], standings[kept.pk]
    _first_service_once(source=source, sums=sums, target=target, by=by)
    for name in ("served_minutes", "served_records", "rated_records", "rating_sum"):
        setattr(sums, name, getattr(sums, name) + getattr(source, name))
        setattr(source, name, 0)
    for standing in (source, sums):
        standing.revision = standing.evaluated_revision + 1
        standing.save()


def _first_service_once(
    *, source: Standing, sums: Standing, target: Account, by: User | None
) -> None:
    """One person has one first service: the bonus given twice is taken back once."""
    if source.first_points and sums.first_points:
        issue = get_system_account(Account.Kind.ISSUE)
        _take(
            account=target,
            to=issue,
            points=source.first_points,
            kind=Movement.Kind.FIRST,
            reference=f"first:merged:{source.volunteer_id}",
            by=by,
        )
        Account.objects.filter(pk=issue.pk).update(
            balance_points=F("balance_points") + source.first_points
        )
    else:
        sums.first_points += source.first_points
    source.first_points = 0


def _move_recognitions(*, kept: Volunteer, merged: Volunteer) -> None:
    """What both have stays once; the next evaluation looks at the sums of both.

    What is withdrawn here goes along, as refused stars do: an objection that was raised or upheld
    against it concerns the same person.
    """
    Recognition.objects.refused().filter(volunteer=merged).update(volunteer=kept)
    honour = ("kind", "level", "badge")
    has = set(Recognition.objects.in_force().filter(volunteer=kept).values_list(*honour))
    for recognition in Recognition.objects.in_force().filter(volunteer=merged):
        if (recognition.kind, recognition.level, recognition.badge_id) in has:
            recognition.state = Recognition.State.WITHDRAWN
            recognition.withdrawn_at = timezone.now()
        recognition.volunteer = kept
        recognition.save()


def _move_what_is_theirs(*, kept: Volunteer, merged: Volunteer) -> None:
    Redemption.objects.filter(volunteer=merged).update(volunteer=kept)
    _move_family(kept=kept, merged=merged)
    honoured = YearlyHonour.objects.filter(volunteer=kept).values("year")
    YearlyHonour.objects.filter(volunteer=merged).exclude(year__in=honoured).update(volunteer=kept)


def _move_family(*, kept: Volunteer, merged: Volunteer) -> None:
    """One person is in one family: the kept registration's, or else the other's."""
    Family.objects.filter(founded_by=merged).update(founded_by=kept)
    own = FamilyMember.objects.filter(volunteer=kept)
    has_family = own.filter(joined_at__isnull=False).exists()
    others = list(FamilyMember.objects.filter(volunteer=merged))
    for membership in others:
        if membership.joined_at is not None and has_family:
            membership.delete()
            continue
        # Invited there or a member there under both: the membership counts, else the first word.
        twice = own.filter(family=membership.family_id).first()
        if twice is not None and membership.joined_at is None:
            membership.delete()
            continue
        if twice is not None:
            twice.delete()
        membership.volunteer = kept
        membership.save(update_fields=["volunteer"])
    left = Family.objects.filter(pk__in=[membership.family_id for membership in others])
    left.exclude(members__joined_at__isnull=False).delete()
