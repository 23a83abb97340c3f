"""The ledger follows the service records (docs/decisions: the database says what is owed).

Why this may run in any number of workers at once, be killed anywhere and be told twice:

- What is owed is a state of the record (`settled_revision < revision`), moved in the same
  transaction as the movement and the balances. There is no other memory.
- The owed records are locked in a statement of their own, before their worth is computed. Who
  changes a record raises its revision and waits for these locks to do so: a change that the
  computing statement did not see is owed again.
- A record's worth hangs on the record and the rules of its day alone. What hangs on others, a
  limit or a bonus with a budget, stands in rows of its own that move under the account's or the
  budget's lock (CapWindow, BonusGrant), so no record waits for its neighbours.
- Others' locked records are passed over; accounts, budgets, standings and last the account of
  issue are locked in one order.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.conf import settings
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from points.actions.lapsing import change_buckets
from points.buckets import Key
from points.models import Account, AwardRule, BonusBudget, SetAsideRecord
from points.settlement_sql import (
    FIND_NEWCOMERS_SQL,
    GRANT_BONUSES_SQL,
    LOCK_ACCOUNTS_SQL,
    LOCK_BUDGETS_SQL,
    LOCK_OWED_SQL,
    MAKE_ACCOUNTS_SQL,
    MAKE_STANDINGS_SQL,
    RELEASE_BONUSES_SQL,
    settle_sql,
)
from volunteers.models import ServiceRecord, User

logger = logging.getLogger(__name__)

# A value too large, a reference that is taken. That the database went away, or that a migration is
# missing, is no record's fault and goes up to whoever runs the worker.
BLAMED_ON_RECORDS = (DataError, IntegrityError)


def settle_owed_records(*, limit: int = 1000) -> int:
    """Settle up to `limit` owed records in one transaction; returns how many.

    0 means that nothing is owed which another worker does not hold. A record whose day has no
    rule is set aside; one that makes the statement fail is looked for by halves, and set aside too,
    so that the others are settled.
    """
    ids: list[int] = []
    try:
        return _settle(limit=limit, locked=ids)
    except BLAMED_ON_RECORDS:
        logger.exception("A batch of %s records could not be settled; halving it", len(ids))
    return _settle_by_halves(ids)


def owed_records_exist() -> bool:
    """Whether a worker would find anything, now or once another one lets go of it."""
    waiting = SetAsideRecord.objects.waiting().values("record")
    return ServiceRecord.objects.owed().exclude(pk__in=waiting).exists()


def try_set_aside_again(*, record: ServiceRecord) -> None:
    """The reason is gone, or so somebody thinks: the next settlement looks at it once more."""
    with transaction.atomic():
        SetAsideRecord.objects.filter(record=record, worth_nothing_by=None).delete()
        _nudge_on_commit()


def let_be_worth_nothing(*, record: ServiceRecord, by: User) -> None:
    """Somebody answers for it that this record, for which no rule held, earns no points."""
    with transaction.atomic():
        SetAsideRecord.objects.filter(record=record).update(worth_nothing_by=by)
        _nudge_on_commit()


def _nudge_on_commit() -> None:
    from points.handlers import nudge_settlement

    transaction.on_commit(nudge_settlement, robust=True)


def _settle(*, limit: int, locked: list[int], among: list[int] | None = None) -> int:
    """One batch. `locked` is filled with the ids that were taken, for the caller to halve."""
    with transaction.atomic(), connection.cursor() as cursor:
        people = _lock_owed(cursor, limit=limit, locked=locked, among=among)
        if not locked:
            return 0
        issue = _issue_account_id()
        _lock_accounts(cursor, people)
        _move_bonuses(cursor, locked)
        cursor.execute(
            settle_sql(caps=caps_in_use(), first_service=_first_service_exists()),
            {
                "ids": locked,
                "issue": issue,
                "zone": settings.TIME_ZONE,
                "today": timezone.localdate(),
            },
        )
        (_account, _lapses_on, issued, _debt), *hard = cursor.fetchall()
        change_buckets(changes=changes_by_account(hard))
        # Last, because every worker needs this row.
        cursor.execute(
            "UPDATE points_account SET balance_points = balance_points - %s WHERE id = %s",
            [issued, issue],
        )
    return len(locked)


def _lock_owed(cursor: Any, *, limit: int, locked: list[int], among: list[int] | None) -> list[int]:
    """Lock the owed records, put their ids into `locked`; returns the people, in order."""
    narrowed = "" if among is None else "AND r.id = ANY(%(among)s)"
    cursor.execute(LOCK_OWED_SQL.format(among=narrowed), {"limit": limit, "among": among})
    owed = cursor.fetchall()
    locked[:] = [record_id for record_id, _volunteer_id in owed]
    return sorted({volunteer_id for _record_id, volunteer_id in owed})


def _lock_accounts(cursor: Any, people: list[int]) -> None:
    """Lock these people's accounts; newcomers get theirs, and their standing, here."""
    cursor.execute(FIND_NEWCOMERS_SQL, [people])
    newcomers = [person for (person,) in cursor.fetchall()]
    if newcomers:
        cursor.execute(MAKE_ACCOUNTS_SQL, [newcomers])
    cursor.execute(LOCK_ACCOUNTS_SQL, [people])
    if newcomers:
        cursor.execute(MAKE_STANDINGS_SQL, [newcomers])


def _move_bonuses(cursor: Any, ids: list[int]) -> None:
    """Grant what a budget still allows, release what voided records held."""
    if not BonusBudget.objects.exists():
        return
    cursor.execute(LOCK_BUDGETS_SQL, {"ids": ids})
    budgets = [budget for (budget,) in cursor.fetchall()]
    if budgets:
        cursor.execute(RELEASE_BONUSES_SQL, {"ids": ids})
        cursor.execute(GRANT_BONUSES_SQL, {"ids": ids, "budgets": budgets})


def caps_in_use() -> list[str]:
    """The kinds of limits the city has or ever had, in the order in which they are applied."""
    kinds = set(
        AwardRule.objects.filter(kind__in=AwardRule.CAPS).values_list("kind", flat=True).distinct()
    )
    return [cap for cap in AwardRule.CAPS if cap in kinds]


def _first_service_exists() -> bool:
    return AwardRule.objects.filter(kind=AwardRule.Kind.FIRST_SERVICE).exists()


def changes_by_account(
    rows: Iterable[tuple[int, date | None, int, int]],
) -> dict[int, tuple[dict[Key, int], int]]:
    """{account: ({lapses_on: change}, debt before)}"""
    found: dict[int, tuple[dict[Key, int], int]] = {}
    by_key: dict[int, dict[Key, int]] = defaultdict(dict)
    for account, lapses_on, points, debt in rows:
        by_key[account][lapses_on] = points
        found[account] = (by_key[account], debt)
    return found


def _settle_by_halves(ids: list[int]) -> int:
    """Settle what can be settled, set aside what cannot; returns how many were dealt with."""
    if not ids:
        return 0
    try:
        return _settle(limit=len(ids), locked=[], among=ids)
    except BLAMED_ON_RECORDS as error:
        if len(ids) == 1:
            return _set_aside(ids[0], detail=str(error))
    half = len(ids) // 2
    return _settle_by_halves(ids[:half]) + _settle_by_halves(ids[half:])


def _set_aside(record_id: int, *, detail: str) -> int:
    with transaction.atomic():
        record = (
            ServiceRecord.objects.owed()
            .select_for_update(skip_locked=True, no_key=True)
            .filter(pk=record_id)
            .first()
        )
        if record is None:
            return 0
        SetAsideRecord.objects.update_or_create(
            record=record,
            defaults={
                "revision": record.revision,
                "reason": SetAsideRecord.Reason.FAILED,
                "detail": detail.splitlines()[0][:400] if detail else "",
                "set_aside_at": timezone.now(),
                "worth_nothing_by": None,
            },
        )
    logger.error("Record %s is set aside: %s", record_id, detail)
    return 1


def _issue_account_id() -> int:
    return Account.objects.values_list("pk", flat=True).get(kind=Account.Kind.ISSUE)
