"""A hundred thousand buckets whose day has come, beside the same as bare SQL."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection
from django.utils import timezone

from cms.bench import Figure
from cms.bench.large import movements, rolled_back, run
from points.actions.lapsing import lapse_buckets
from points.models import Account, Bucket

NAME = "lapse_sweep"
LARGE = True

BUCKETS = 100_000

# One statement: the movements, the buckets and the balances. No locks, no batches.
BARE_SQL = """
WITH due AS (
    SELECT id, account_id, remaining_points FROM points_bucket
    WHERE lapsed_at IS NULL AND lapses_on <= %(today)s
), moved AS (
    INSERT INTO points_movement (debit_account_id, credit_account_id, points, kind, reference,
        reckoning, happened_at, created_at)
    SELECT account_id, %(lapsed)s, remaining_points, 'lapse', 'lapse:' || id, '{}', now(), now()
    FROM due WHERE remaining_points > 0
), emptied AS (
    UPDATE points_bucket b SET remaining_points = 0, lapsed_points = due.remaining_points,
        lapsed_at = now()
    FROM due WHERE b.id = due.id
), balances AS (
    UPDATE points_account a SET balance_points = a.balance_points - due.remaining_points
    FROM due WHERE a.id = due.account_id
)
SELECT count(*) FROM due
"""


def measure() -> Figure:
    taken = _time(_ours)
    limit = _time(_bare)
    return Figure(
        name=NAME,
        value=BUCKETS / taken,
        unit="buckets/s",
        limit=BUCKETS / limit,
        note=f"at {movements():,} movements; batches of 5,000 beside one statement",
    )


def _time(sweep: Callable[[], int]) -> float:
    with rolled_back():
        _let_day_come()
        began = time.perf_counter()
        lapsed = sweep()
        took = time.perf_counter() - began
        if lapsed != BUCKETS:
            raise RuntimeError(f"{lapsed} buckets lapsed and not {BUCKETS}.")
        return took


def _let_day_come() -> None:
    """Of as many accounts, one bucket each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE points_bucket SET lapses_on = %s WHERE id IN (SELECT min(id) FROM points_bucket"
            " WHERE remaining_points > 0 AND (lapses_on IS NULL OR lapses_on > %s)"
            " GROUP BY account_id ORDER BY account_id LIMIT %s)",
            [timezone.localdate(), timezone.localdate(), BUCKETS],
        )
        if Bucket.objects.filter(lapses_on=timezone.localdate()).count() != BUCKETS:
            raise RuntimeError("The large ledger has too few accounts with points.")


def _ours() -> int:
    total = 0
    while lapsed := lapse_buckets():
        total += lapsed
    return total


def _bare() -> int:
    account = Account.objects.get(kind=Account.Kind.LAPSED)
    rows = run(BARE_SQL, {"today": timezone.localdate(), "lapsed": account.pk})
    return int(rows[0][0])
