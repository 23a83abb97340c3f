"""Whether the ledger is what it says: each claim is a query that returns the rows against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from points.actions.settlement import WORTH_SQL

SUM_IS_ZERO = """
SELECT sum(balance_points) AS sum_of_balances FROM points_account
HAVING coalesce(sum(balance_points), 0) <> 0
"""

BALANCES_ARE_MOVEMENTS = """
WITH moved AS (
    SELECT account_id, sum(points) AS points
    FROM (SELECT credit_account_id AS account_id, points FROM points_movement
          UNION ALL
          SELECT debit_account_id, -points FROM points_movement) sides
    GROUP BY account_id
)
SELECT a.id AS account, a.kind, a.volunteer_id AS volunteer, a.balance_points AS balance,
       coalesce(moved.points, 0) AS movements
FROM points_account a LEFT JOIN moved ON moved.account_id = a.id
WHERE a.balance_points <> coalesce(moved.points, 0)
ORDER BY a.id LIMIT %(rows)s
"""

DEBTS_ARE_BALANCES_BELOW_ZERO = """
SELECT id AS account, balance_points AS balance, debt_points AS debt
FROM points_account
WHERE volunteer_id IS NOT NULL AND debt_points <> greatest(0, -balance_points)
ORDER BY id LIMIT %(rows)s
"""

# Every record, settled or not, that counts, against all that was ever moved for it.
RECORDS_ARE_MOVEMENTS = f"""
WITH looked_at AS (
    SELECT DISTINCT volunteer_id, served_on FROM volunteers_servicerecord
    WHERE state IN ('confirmed', 'objected')
),
{WORTH_SQL},
given AS (
    SELECT m.record_id,
           sum(CASE WHEN debit.kind = 'issue' THEN m.points ELSE -m.points END) AS points
    FROM points_movement m JOIN points_account debit ON debit.id = m.debit_account_id
    WHERE m.record_id IS NOT NULL
    GROUP BY m.record_id
)
SELECT r.id AS record, r.volunteer_id AS volunteer, r.served_on, r.state,
       r.settled_revision AS revision, coalesce(worth.points, 0) AS worth,
       coalesce(given.points, 0) AS movements
FROM volunteers_servicerecord r
LEFT JOIN worth ON worth.id = r.id
LEFT JOIN given ON given.record_id = r.id
WHERE r.settled_revision = r.revision
  AND coalesce(worth.points, 0) <> coalesce(given.points, 0)
  -- The day is still being settled: another record of it is owed, and takes from this one.
  AND NOT EXISTS (SELECT 1 FROM volunteers_servicerecord o
                  WHERE o.volunteer_id = r.volunteer_id AND o.served_on = r.served_on
                    AND o.settled_revision < o.revision)
ORDER BY r.id LIMIT %(rows)s
"""

STANDINGS_ARE_RECORDS = """
WITH taken AS (
    SELECT volunteer_id, sum(settled_minutes) AS minutes, count(settled_minutes) AS records,
           count(settled_quality) AS rated, coalesce(sum(settled_quality), 0) AS rating
    FROM volunteers_servicerecord GROUP BY volunteer_id
)
SELECT coalesce(s.volunteer_id, taken.volunteer_id) AS volunteer,
       s.served_minutes, taken.minutes, s.served_records, taken.records
FROM points_standing s FULL JOIN taken ON taken.volunteer_id = s.volunteer_id
WHERE (coalesce(s.served_minutes, 0), coalesce(s.served_records, 0), coalesce(s.rated_records, 0),
       coalesce(s.rating_sum, 0))
   <> (coalesce(taken.minutes, 0), coalesce(taken.records, 0), coalesce(taken.rated, 0),
       coalesce(taken.rating, 0))
ORDER BY 1 LIMIT %(rows)s
"""

REDEMPTIONS_ARE_MOVEMENTS = """
SELECT d.id AS redemption, d.points, m.points AS movement
FROM points_redemption d JOIN points_movement m ON m.id = d.movement_id
WHERE d.points <> m.points OR m.kind <> 'redemption'
ORDER BY d.id LIMIT %(rows)s
"""

CLAIMS = (
    ("the sum of all accounts is zero", SUM_IS_ZERO),
    ("each balance is what its movements add up to", BALANCES_ARE_MOVEMENTS),
    ("a debt is what a balance lacks to zero", DEBTS_ARE_BALANCES_BELOW_ZERO),
    ("each settled record is worth what its movements add up to", RECORDS_ARE_MOVEMENTS),
    ("each standing is what its settled records add up to", STANDINGS_ARE_RECORDS),
    ("each redemption is its movement", REDEMPTIONS_ARE_MOVEMENTS),
)


@dataclass(frozen=True)
class Finding:
    """A claim about the ledger, and the first rows that contradict it."""

    claim: str
    rows: list[dict[str, Any]] = field(default_factory=list)


def prove_ledger(*, rows: int = 20) -> list[Finding]:
    """Every claim with at most `rows` rows against it, all of one moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.savepoint_ids:
            # Work goes on meanwhile: all queries must see the same state.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        # Every claim reads whole tables: looking rows up one by one is never the way, whatever
        # the planner believes of tables that have grown since it last counted them.
        cursor.execute("SET LOCAL enable_nestloop = off")
        return [Finding(claim, _rows(cursor, sql, rows=rows)) for claim, sql in CLAIMS]


def _rows(cursor: Any, sql: str, *, rows: int) -> list[dict[str, Any]]:
    cursor.execute(sql, {"rows": rows})
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
