"""Accounts, and the one way to write a movement that is not a settlement.

Accounts are locked in one order everywhere: the volunteers' by id, then the system's. The
system's accounts take part in nearly every movement, so they are held for the shortest time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from points.actions.lapsing import (
    draw_from_buckets,
    lapse_before_spending,
    put_into_buckets,
)
from points.buckets import Key
from points.models import Account, Movement
from volunteers.models import User, Volunteer

SYSTEM_KINDS = (
    Account.Kind.ISSUE,
    Account.Kind.REDEEMED,
    Account.Kind.LAPSED,
    Account.Kind.SPENT,
)


def ensure_account(*, volunteer: Volunteer) -> Account:
    """The volunteer's account, made when there is none."""
    account, _made = Account.objects.get_or_create(kind=Account.Kind.VOLUNTEER, volunteer=volunteer)
    return account


def ensure_system_accounts() -> None:
    """The accounts that belong to nobody; called after every migrate."""
    Account.objects.bulk_create(
        [Account(kind=kind) for kind in SYSTEM_KINDS], ignore_conflicts=True
    )


def get_system_account(kind: Account.Kind) -> Account:
    return Account.objects.get(kind=kind, volunteer=None)


def accounts_within(account: Account) -> list[int]:
    """This one, and those of registrations that were merged into it: what they earned and sent
    stands there still."""
    people = [account.volunteer_id]
    for person in people:
        people += Volunteer.objects.filter(merged_into=person).values_list("pk", flat=True)
    return list(Account.objects.filter(volunteer__in=people).values_list("pk", flat=True))


def lock_accounts(*, volunteers: list[Volunteer]) -> dict[int, Account]:
    """The volunteers' accounts by volunteer id, locked in order until the transaction ends, and
    without points whose day has come."""
    for volunteer in sorted(volunteers, key=lambda volunteer: volunteer.pk):
        ensure_account(volunteer=volunteer)
    accounts = Account.objects.filter(volunteer__in=volunteers).order_by("pk")
    locked = list(accounts.select_for_update(no_key=True))
    if lapse_before_spending(accounts=[account.pk for account in locked]):
        locked = list(accounts)
    return {account.volunteer_id: account for account in locked if account.volunteer_id}


def move_points(
    *,
    debit: Account,
    credit: Account,
    points: int,
    kind: Movement.Kind,
    reference: str,
    by: User | None,
    happened_at: datetime | None = None,
    reverses: Movement | None = None,
    reckoning: dict[str, Any] | None = None,
    into: Mapping[Key, int] | None = None,
) -> Movement:
    """Write one movement, both balances, and the buckets of the volunteers among the two.

    What comes to a volunteer keeps the days on which it lapses: those it had with the volunteer
    it comes from, or `into` ({lapses_on: points}); without either it never lapses. Holds the lock
    on the volunteers' accounts among the two. Raises IntegrityError when a volunteer's balance
    would fall below zero: only a settlement may leave a debt.
    """
    movement = Movement.objects.create(
        debit_account=debit,
        credit_account=credit,
        points=points,
        kind=kind,
        reference=reference,
        by=by,
        happened_at=happened_at or timezone.now(),
        reverses=reverses,
        reckoning=reckoning or {},
    )
    changes = [(debit, -points), (credit, points)]
    for account, change in sorted(changes, key=lambda pair: (_is_system(pair[0]), pair[0].pk)):
        _change_balance(account, change=change)
    drawn: Mapping[Key, int] = {None: points}
    if not _is_system(debit):
        drawn = draw_from_buckets(movement=movement, account=debit, points=points)
    if not _is_system(credit):
        put_into_buckets(account=credit, points_by_key=into or drawn)
    return movement


def _change_balance(account: Account, *, change: int) -> None:
    after = F("balance_points") + change
    if change < 0 or _is_system(account):
        Account.objects.filter(pk=account.pk).update(balance_points=after)
    else:
        # What comes in repays a debt first.
        Account.objects.filter(pk=account.pk).update(
            balance_points=after, debt_points=Greatest(Value(0), -after)
        )


def _is_system(account: Account) -> bool:
    return account.volunteer_id is None
