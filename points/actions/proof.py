"""Whether the ledger is what it says: each claim is a query that returns the rows against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from points.worth_sql import WORTH_SQL

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

BUCKETS_ARE_BALANCES = """
WITH held AS (
    SELECT account_id, sum(remaining_points) AS points FROM points_bucket GROUP BY account_id
)
SELECT a.id AS account, a.balance_points AS balance, coalesce(held.points, 0) AS buckets
FROM points_account a LEFT JOIN held ON held.account_id = a.id
WHERE coalesce(held.points, 0)
      <> CASE WHEN a.kind = 'volunteer' THEN greatest(0, a.balance_points) ELSE 0 END
ORDER BY a.id LIMIT %(rows)s
"""

# Every record, settled or not, that counts, against all that was ever moved for it.
RECORDS_ARE_MOVEMENTS = f"""
WITH looked_at AS (
    SELECT * FROM volunteers_servicerecord WHERE settled_revision = revision
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
FROM looked_at r
LEFT JOIN worth ON worth.id = r.id
LEFT JOIN given ON given.record_id = r.id
WHERE coalesce(worth.points, 0) <> coalesce(given.points, 0)
ORDER BY r.id LIMIT %(rows)s
"""

LIMITS_ARE_MOVEMENTS = """
WITH taken AS (
    SELECT split_part(m.reference, ':', 2)::bigint AS volunteer_id,
           split_part(m.reference, ':', 3)::bigint AS rule_id,
           split_part(m.reference, ':', 4)::date AS starts_on,
           sum(CASE WHEN credit.kind = 'issue' THEN m.points ELSE -m.points END) AS points
    FROM points_movement m JOIN points_account credit ON credit.id = m.credit_account_id
    WHERE m.kind = 'cap' AND m.reference NOT LIKE 'cap:released:%%'
    GROUP BY 1, 2, 3
)
SELECT w.volunteer_id AS volunteer, rule.kind AS limit, w.starts_on, w.earned_points AS earned,
       w.over_points AS over, coalesce(taken.points, 0) AS movements
FROM points_capwindow w
JOIN points_awardrule rule ON rule.id = w.rule_id
LEFT JOIN taken ON taken.volunteer_id = w.volunteer_id AND taken.rule_id = w.rule_id
               AND taken.starts_on = w.starts_on
WHERE w.over_points <> greatest(0, w.earned_points - rule.points)
   OR w.over_points <> coalesce(taken.points, 0)
ORDER BY w.id LIMIT %(rows)s
"""

# What a day has earned is what its records were given; of the narrowest limit, which sees records.
DAYS_ARE_RECORDS = """
WITH given AS (
    SELECT r.volunteer_id, r.served_on,
           sum(CASE WHEN debit.kind = 'issue' THEN m.points ELSE -m.points END) AS points
    FROM points_movement m
    JOIN points_account debit ON debit.id = m.debit_account_id
    JOIN volunteers_servicerecord r ON r.id = m.record_id
    GROUP BY r.volunteer_id, r.served_on
)
SELECT w.volunteer_id AS volunteer, w.starts_on AS day, w.earned_points AS earned,
       coalesce(given.points, 0) AS movements
FROM points_capwindow w
JOIN points_awardrule rule ON rule.id = w.rule_id AND rule.kind = 'daily_cap'
LEFT JOIN given ON given.volunteer_id = w.volunteer_id AND given.served_on = w.starts_on
WHERE w.earned_points <> coalesce(given.points, 0)
ORDER BY w.id LIMIT %(rows)s
"""

BUDGETS_ARE_GRANTS = """
SELECT b.rule_id AS rule, b.granted_points AS granted, coalesce(sum(g.points), 0) AS grants
FROM points_bonusbudget b LEFT JOIN points_bonusgrant g ON g.budget_id = b.rule_id
GROUP BY b.rule_id HAVING b.granted_points <> coalesce(sum(g.points), 0)
ORDER BY b.rule_id LIMIT %(rows)s
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
    ("each balance is what its buckets add up to", BUCKETS_ARE_BALANCES),
    ("a debt is what a balance lacks to zero", DEBTS_ARE_BALANCES_BELOW_ZERO),
    ("each settled record is worth what its movements add up to", RECORDS_ARE_MOVEMENTS),
    ("what lies over a limit is what its movements took back", LIMITS_ARE_MOVEMENTS),
    ("each day has earned what its records were given", DAYS_ARE_RECORDS),
    ("each budget has granted what its grants add up to", BUDGETS_ARE_GRANTS),
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
        values = {"rows": rows, "zone": settings.TIME_ZONE}
        return [Finding(claim, rows_of(cursor, sql, values)) for claim, sql in CLAIMS]


def rows_of(cursor: Any, sql: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    cursor.execute(sql, values)
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
