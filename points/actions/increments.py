"""The ledger proved bit by bit: what was written since the last look, and the sums by month.

An increment reads a part of the movements that can change no more. Numbers are drawn before they
are committed, so a lower one may appear after a higher one was seen; whoever holds the table in
SHARE mode for a moment knows that nobody is between the two, and that every number up to the
highest is there or never will be.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from points.actions.proof import SUM_IS_ZERO, Finding, rows_of
from points.models import LedgerCheck, Movement
from points.worth_sql import WORTH_SQL

# Movements an increment looks at; what is left waits for the next one.
STEP = 100_000
CHECK_LOCK = 20261124

_PART = """
    part AS MATERIALIZED (
        SELECT * FROM points_movement WHERE id > %(last)s AND id <= %(upto)s
    )
"""

_TOUCHED = f"""
    {_PART.strip()},
    touched AS MATERIALIZED (
        SELECT a.* FROM points_account a
        WHERE a.kind = 'volunteer' AND a.id IN (
            SELECT debit_account_id FROM part UNION SELECT credit_account_id FROM part)
    )
"""

BALANCES_ARE_MOVEMENTS = f"""
WITH {_TOUCHED.strip()},
moved AS (
    SELECT touched.id, touched.balance_points,
           (SELECT coalesce(sum(points), 0) FROM points_movement
            WHERE credit_account_id = touched.id)
           - (SELECT coalesce(sum(points), 0) FROM points_movement
              WHERE debit_account_id = touched.id) AS points
    FROM touched
)
SELECT id AS account, balance_points AS balance, points AS movements
FROM moved WHERE balance_points <> points ORDER BY id LIMIT %(rows)s
"""

BUCKETS_ARE_BALANCES = f"""
WITH {_TOUCHED.strip()},
held AS (
    SELECT touched.id, touched.balance_points, touched.debt_points,
           (SELECT coalesce(sum(remaining_points), 0) FROM points_bucket
            WHERE account_id = touched.id) AS points
    FROM touched
)
SELECT id AS account, balance_points AS balance, debt_points AS debt, points AS buckets
FROM held
WHERE points <> greatest(0, balance_points) OR debt_points <> greatest(0, -balance_points)
ORDER BY id LIMIT %(rows)s
"""

RECORDS_ARE_MOVEMENTS = f"""
WITH {_PART.strip()},
looked_at AS MATERIALIZED (
    SELECT r.* FROM volunteers_servicerecord r
    WHERE r.settled_revision = r.revision
      AND r.id IN (SELECT record_id FROM part WHERE record_id IS NOT NULL)
),
{WORTH_SQL},
given AS (
    SELECT m.record_id,
           sum(CASE WHEN debit.kind = 'issue' THEN m.points ELSE -m.points END) AS points
    FROM looked_at r
    JOIN points_movement m ON m.record_id = r.id
    JOIN points_account debit ON debit.id = m.debit_account_id
    GROUP BY m.record_id
)
SELECT r.id AS record, r.settled_revision AS revision, coalesce(worth.points, 0) AS worth,
       coalesce(given.points, 0) AS movements
FROM looked_at r
LEFT JOIN worth ON worth.id = r.id
LEFT JOIN given ON given.record_id = r.id
WHERE coalesce(worth.points, 0) <> coalesce(given.points, 0)
ORDER BY r.id LIMIT %(rows)s
"""

# A system account's movements are too many to add up; what they came to at the last look is kept.
# Beyond the last movement looked at are those that this snapshot sees already.
SYSTEM_BALANCES_ARE_MOVEMENTS = """
WITH beyond AS (
    SELECT account_id, sum(points) AS points
    FROM (SELECT credit_account_id AS account_id, points FROM points_movement WHERE id > %(upto)s
          UNION ALL
          SELECT debit_account_id, -points FROM points_movement WHERE id > %(upto)s) sides
    GROUP BY account_id
)
SELECT a.id AS account, a.kind, a.balance_points AS balance,
       coalesce(s.points, 0) + coalesce(beyond.points, 0) AS movements
FROM points_account a
LEFT JOIN points_systemsum s ON s.account_id = a.id
LEFT JOIN beyond ON beyond.account_id = a.id
WHERE a.kind <> 'volunteer'
  AND a.balance_points <> coalesce(s.points, 0) + coalesce(beyond.points, 0)
ORDER BY a.id LIMIT %(rows)s
"""

ADD_SYSTEM_SUMS = f"""
WITH {_PART.strip()}
INSERT INTO points_systemsum (account_id, points)
SELECT sides.account_id, sum(sides.points)
FROM (SELECT credit_account_id AS account_id, points FROM part
      UNION ALL
      SELECT debit_account_id, -points FROM part) sides
JOIN points_account a ON a.id = sides.account_id AND a.kind <> 'volunteer'
GROUP BY sides.account_id
ON CONFLICT (account_id) DO UPDATE SET points = points_systemsum.points + EXCLUDED.points
"""

ADD_MONTHS = f"""
WITH {_PART.strip()}
INSERT INTO points_ledgermonth (month, kind, movements, gained_points, taken_points)
SELECT date_trunc('month', part.created_at AT TIME ZONE %(zone)s)::date, part.kind, count(*),
       coalesce(sum(part.points) FILTER (WHERE credit.kind = 'volunteer'), 0),
       coalesce(sum(part.points) FILTER (WHERE debit.kind = 'volunteer'), 0)
FROM part
JOIN points_account credit ON credit.id = part.credit_account_id
JOIN points_account debit ON debit.id = part.debit_account_id
GROUP BY 1, 2
ON CONFLICT (month, kind) DO UPDATE
SET movements = points_ledgermonth.movements + EXCLUDED.movements,
    gained_points = points_ledgermonth.gained_points + EXCLUDED.gained_points,
    taken_points = points_ledgermonth.taken_points + EXCLUDED.taken_points
"""

CLAIMS = (
    ("each touched balance is what its movements add up to", BALANCES_ARE_MOVEMENTS),
    ("each touched balance is what its buckets add up to", BUCKETS_ARE_BALANCES),
    ("each touched record is worth what its movements add up to", RECORDS_ARE_MOVEMENTS),
)
# Said of the whole ledger, so only once nothing is left to look at.
CLAIMS_AT_THE_END = (
    ("each system account is what its movements add up to", SYSTEM_BALANCES_ARE_MOVEMENTS),
    ("the sum of all accounts is zero", SUM_IS_ZERO),
)


def check_increment(*, rows: int = 20, step: int = STEP) -> LedgerCheck | None:
    """Prove the next `step` movements and add them to the sums; None when another one does.

    Takes as long as what is new, not as what there is. With nothing new and nothing wrong the
    last check is returned as it was.
    """
    with connection.cursor() as cursor:
        # Before the snapshot, not in it: whoever waited must see what the other one wrote.
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [CHECK_LOCK])
        (mine,) = cursor.fetchone()
        if not mine:
            return None
        try:
            return _check(horizon=settled_horizon(), rows=rows, step=step)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [CHECK_LOCK])


def settled_horizon() -> int:
    """The highest number of a movement such that none at or below it is still to come."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Waits for the movements being written, and holds up new ones for this moment only.
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        cursor.execute("LOCK TABLE points_movement IN SHARE MODE")
        highest = Movement.objects.aggregate(highest=Max("pk"))["highest"] or 0
        cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    return int(highest)


def last_checked_movement() -> int:
    """Up to which movement the increments have come; 0 before the first."""
    newest = _newest()
    return newest.last_movement if newest else 0


def record_whole_check(*, findings: list[Finding]) -> LedgerCheck:
    """That a whole check was made, for the office to see."""
    highest = Movement.objects.aggregate(highest=Max("pk"))["highest"] or 0
    return LedgerCheck.objects.create(
        is_whole=True,
        first_movement=0,
        last_movement=highest,
        movements=highest,
        findings=_against(findings),
    )


def _check(*, horizon: int, rows: int, step: int) -> LedgerCheck:
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.savepoint_ids:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        last = last_checked_movement()
        upto = min(horizon, last + step)
        values: dict[str, Any] = {
            "last": last,
            "upto": upto,
            "rows": rows,
            "zone": settings.TIME_ZONE,
        }
        cursor.execute(ADD_SYSTEM_SUMS, values)
        cursor.execute(ADD_MONTHS, values)
        claims = CLAIMS + (CLAIMS_AT_THE_END if upto == horizon else ())
        findings = [Finding(claim, rows_of(cursor, sql, values)) for claim, sql in claims]
        against = _against(findings)
        if upto == last and not against and (newest := _newest()):
            return newest
        return LedgerCheck.objects.create(
            is_whole=False,
            first_movement=last + 1,
            last_movement=upto,
            movements=Movement.objects.filter(pk__gt=last, pk__lte=upto).count(),
            findings=against,
        )


def _newest() -> LedgerCheck | None:
    return LedgerCheck.objects.filter(is_whole=False).order_by("-id").first()


def _against(findings: list[Finding]) -> dict[str, Any]:
    return {
        finding.claim: [{name: str(value) for name, value in row.items()} for row in finding.rows]
        for finding in findings
        if finding.rows
    }
