"""The ledger follows the service records (docs/decisions: the database says what is owed).

Why this may run in any number of workers at once, be killed anywhere and be told twice:

- What is owed is a state of the record (`settled_revision < revision`), moved in the same
  transaction as the movement and the balances. There is no other memory.
- The owed records are locked in a statement of their own, before their worth is computed. Who
  changes a record raises the revision of every counted record of that person and day, and waits
  for these locks to do so: a change that the computing statement did not see is owed again.
- Others' locked records are passed over; accounts, then standings, are locked in one order.
"""

from __future__ import annotations

from django.db import connection, transaction

from points.models import Account
from volunteers.models import ServiceRecord

# What each counted record is worth, in the order in which a day's cap is used up. Reads
# `looked_at`: the people and days in question. A day or a category without a rule gives nothing
# and stops nobody.
WORTH_SQL = """
    served AS (
        SELECT r.id, r.volunteer_id, r.served_on, r.category_id, r.campaign_number,
               r.credited_minutes
        FROM looked_at
        JOIN volunteers_servicerecord r
             ON r.volunteer_id = looked_at.volunteer_id AND r.served_on = looked_at.served_on
        WHERE r.state IN ('confirmed', 'objected')
    ),
    rates AS MATERIALIZED (
        SELECT asked.*,
               coalesce(
                   (SELECT points FROM points_awardrule
                    WHERE kind = 'per_hour' AND holds @> asked.served_on
                      AND category_id = asked.category_id),
                   (SELECT points FROM points_awardrule
                    WHERE kind = 'per_hour' AND holds @> asked.served_on
                      AND category_id IS NULL),
                   0) AS per_hour,
               coalesce(
                   (SELECT points FROM points_awardrule
                    WHERE kind = 'campaign_bonus' AND holds @> asked.served_on
                      AND campaign_number = nullif(asked.campaign_key, -1)),
                   0) AS bonus,
               (SELECT points FROM points_awardrule
                WHERE kind = 'daily_cap' AND holds @> asked.served_on) AS day_cap
        FROM (SELECT DISTINCT served_on, category_id, coalesce(campaign_number, -1) AS campaign_key
              FROM served) asked
    ),
    earned AS (
        SELECT served.id, served.volunteer_id, served.served_on, served.credited_minutes,
               rates.per_hour, rates.bonus, rates.day_cap,
               served.credited_minutes * rates.per_hour / 60 + rates.bonus AS points
        FROM served
        JOIN rates ON rates.served_on = served.served_on
                  AND rates.category_id = served.category_id
                  AND rates.campaign_key = coalesce(served.campaign_number, -1)
    ),
    worth AS (
        SELECT id, credited_minutes, per_hour, bonus, points AS uncapped,
               CASE WHEN day_cap IS NULL THEN points
                    ELSE greatest(0, least(points, day_cap - coalesce(sum(points) OVER day, 0)))
               END AS points
        FROM earned
        WINDOW day AS (PARTITION BY volunteer_id, served_on ORDER BY id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    )
"""

LOCK_OWED_SQL = """
SELECT id, volunteer_id
FROM volunteers_servicerecord
WHERE settled_revision < revision
ORDER BY id
LIMIT %s
FOR NO KEY UPDATE SKIP LOCKED
"""

FIND_NEWCOMERS_SQL = """
SELECT person
FROM unnest(%s) AS person
LEFT JOIN points_account a ON a.volunteer_id = person
LEFT JOIN points_standing s ON s.volunteer_id = person
WHERE a.id IS NULL OR s.id IS NULL
ORDER BY person
"""

# Both wait for another worker that is making the same row; in one order, so never in a circle,
# and before any account is locked.
MAKE_ACCOUNTS_SQL = """
INSERT INTO points_account (kind, volunteer_id, balance_points, debt_points)
SELECT 'volunteer', volunteer_id, 0, 0 FROM unnest(%s) AS volunteer_id ORDER BY volunteer_id
ON CONFLICT DO NOTHING
"""

MAKE_STANDINGS_SQL = """
INSERT INTO points_standing (
    volunteer_id, served_minutes, served_records, rated_records, rating_sum, revision,
    evaluated_revision)
SELECT volunteer_id, 0, 0, 0, 0, 0, 0 FROM unnest(%s) AS volunteer_id ORDER BY volunteer_id
ON CONFLICT DO NOTHING
"""

LOCK_ACCOUNTS_SQL = """
SELECT count(*) FROM (
    SELECT id FROM points_account WHERE volunteer_id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
) locked
"""

SETTLE_SQL = f"""
WITH owed AS MATERIALIZED (
        SELECT r.id, r.volunteer_id, r.served_on, r.revision, r.settled_revision, r.quality,
               r.settled_minutes, r.settled_quality, r.confirmed_at, a.id AS account_id
        FROM volunteers_servicerecord r
        JOIN points_account a ON a.volunteer_id = r.volunteer_id
        WHERE r.id = ANY(%(ids)s)
    ),
    looked_at AS (SELECT DISTINCT volunteer_id, served_on FROM owed),
    {WORTH_SQL},
    given AS (
        SELECT m.record_id, max(m.id) AS last_id,
               sum(CASE WHEN m.debit_account_id = %(issue)s THEN m.points ELSE -m.points END)
               ::bigint AS points
        FROM owed JOIN points_movement m ON m.record_id = owed.id
        WHERE owed.settled_revision > 0
        GROUP BY m.record_id
    ),
    due AS MATERIALIZED (
        SELECT owed.*, worth.credited_minutes AS minutes, worth.per_hour, worth.bonus,
               worth.uncapped, coalesce(worth.points, 0) AS worth,
               coalesce(given.points, 0) AS given, given.last_id,
               coalesce(worth.points, 0) - coalesce(given.points, 0) AS change
        FROM owed
        LEFT JOIN worth ON worth.id = owed.id
        LEFT JOIN given ON given.record_id = owed.id
    ),
    moved AS (
        INSERT INTO points_movement (
            debit_account_id, credit_account_id, points, kind, reference, record_id,
            record_revision, reckoning, reverses_id, happened_at, created_at)
        SELECT CASE WHEN change > 0 THEN %(issue)s ELSE account_id END,
               CASE WHEN change > 0 THEN account_id ELSE %(issue)s END,
               abs(change),
               CASE WHEN change > 0 AND given = 0 THEN 'award' ELSE 'correction' END,
               'record:' || id || ':' || revision, id, revision,
               jsonb_build_object('minutes', minutes, 'per_hour', per_hour, 'bonus', bonus,
                                  'capped', uncapped - worth, 'worth', worth, 'given', given),
               CASE WHEN change < 0 THEN last_id END,
               CASE WHEN change > 0 AND given = 0 THEN confirmed_at
                    ELSE statement_timestamp() END,
               statement_timestamp()
        FROM due
        WHERE change <> 0
        ORDER BY id
        ON CONFLICT (record_id, record_revision) DO NOTHING
        RETURNING debit_account_id, credit_account_id, points
    ),
    sums AS (
        SELECT account_id, sum(points)::bigint AS points
        FROM (SELECT credit_account_id AS account_id, points FROM moved
              UNION ALL
              SELECT debit_account_id, -points FROM moved) sides
        WHERE account_id <> %(issue)s
        GROUP BY account_id
    ),
    balances AS (
        UPDATE points_account a
        SET balance_points = a.balance_points + sums.points,
            debt_points = greatest(0, -(a.balance_points + sums.points))
        FROM sums
        WHERE a.id = sums.account_id
    ),
    gains AS (
        SELECT volunteer_id,
               sum(coalesce(minutes, 0) - coalesce(settled_minutes, 0)) AS minutes,
               sum((minutes IS NOT NULL)::int - (settled_minutes IS NOT NULL)::int) AS records,
               sum((minutes IS NOT NULL AND quality IS NOT NULL)::int
                   - (settled_quality IS NOT NULL)::int) AS rated,
               sum(CASE WHEN minutes IS NULL THEN 0 ELSE coalesce(quality, 0) END
                   - coalesce(settled_quality, 0)) AS rating
        FROM due
        GROUP BY volunteer_id
    ),
    standings AS (
        UPDATE points_standing s
        SET served_minutes = s.served_minutes + gains.minutes,
            served_records = s.served_records + gains.records,
            rated_records = s.rated_records + gains.rated,
            rating_sum = s.rating_sum + gains.rating,
            -- Owed already stays owed: only a row whose indexed columns stand still is cheap.
            revision = s.evaluated_revision + 1
        FROM gains
        WHERE s.volunteer_id = gains.volunteer_id
    ),
    settled AS (
        UPDATE volunteers_servicerecord r
        SET settled_revision = due.revision,
            settled_minutes = due.minutes,
            settled_quality = CASE WHEN due.minutes IS NULL THEN NULL ELSE due.quality END
        FROM due
        WHERE r.id = due.id
    )
SELECT coalesce(-sum(points), 0) FROM sums
"""


def settle_owed_records(*, limit: int = 1000) -> int:
    """Settle up to `limit` owed records in one transaction; returns how many.

    0 means that nothing is owed which another worker does not hold.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK_OWED_SQL, [limit])
        owed = cursor.fetchall()
        if not owed:
            return 0
        ids = [record_id for record_id, _volunteer_id in owed]
        people = sorted({volunteer_id for _record_id, volunteer_id in owed})
        issue = _issue_account_id()
        cursor.execute(FIND_NEWCOMERS_SQL, [people])
        newcomers = [person for (person,) in cursor.fetchall()]
        if newcomers:
            cursor.execute(MAKE_ACCOUNTS_SQL, [newcomers])
            cursor.execute(MAKE_STANDINGS_SQL, [newcomers])
        cursor.execute(LOCK_ACCOUNTS_SQL, [people])
        cursor.execute(SETTLE_SQL, {"ids": ids, "issue": issue})
        (issued,) = cursor.fetchone()
        # Last, because every worker needs this row.
        cursor.execute(
            "UPDATE points_account SET balance_points = balance_points + %s WHERE id = %s",
            [issued, issue],
        )
    return len(owed)


def owed_records_exist() -> bool:
    return ServiceRecord.objects.owed().exists()


def _issue_account_id() -> int:
    return Account.objects.values_list("pk", flat=True).get(kind=Account.Kind.ISSUE, volunteer=None)
