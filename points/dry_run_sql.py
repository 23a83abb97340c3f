"""What a dry run says to the database: the settlement's own reckoning, written nowhere.

All of it runs in a transaction that is rolled back. Temporary tables named like the real ones
stand before them in PostgreSQL's eyes, so that WORTH_SQL reads the rules as they would have been.
"""

from __future__ import annotations

from collections.abc import Iterable

from points.settlement_sql import STUDENTS_SQL, WINDOW_STARTS
from points.worth_sql import WORTH_SQL

# The service looked at, once: both sides are reckoned from the same rows.
RECORDS_SQL = """
CREATE TEMPORARY TABLE dry_run_record ON COMMIT DROP AS
SELECT id, volunteer_id, served_on, category_id, role, campaign_number, credited_minutes,
       checked_in_at, checked_out_at, state
FROM volunteers_servicerecord
WHERE state IN ('confirmed', 'objected')
  AND served_on >= %(since)s::date AND served_on < %(until)s::date;
ANALYZE dry_run_record
"""

# The rules, budgets and grants as they are, without the versions that the candidate replaces.
SHADOWS_SQL = """
CREATE TEMPORARY TABLE points_bonusbudget ON COMMIT DROP AS
SELECT * FROM points_bonusbudget WHERE rule_id <> ALL(%(replaced)s::bigint[]);
CREATE TEMPORARY TABLE points_bonusgrant ON COMMIT DROP AS
SELECT * FROM points_bonusgrant WHERE budget_id <> ALL(%(replaced)s::bigint[]);
CREATE TEMPORARY TABLE points_awardrule ON COMMIT DROP AS
SELECT * FROM points_awardrule WHERE id <> ALL(%(replaced)s::bigint[])
"""

RECORDS_OF_CAMPAIGN_SQL = "SELECT id FROM dry_run_record WHERE campaign_number = %s"

_WORTH_OF_SIDE_SQL = f"""
CREATE TEMPORARY TABLE dry_run_{{side}} ON COMMIT DROP AS
WITH looked_at AS (SELECT * FROM dry_run_record),
{WORTH_SQL}
SELECT r.id, r.volunteer_id, r.served_on, r.category_id, worth.points IS NULL AS is_without_rule,
       worth.bonus, coalesce(worth.points, 0) AS points
FROM dry_run_record r JOIN worth ON worth.id = r.id;
ANALYZE dry_run_{{side}};
"""

_CAP_SQL = """
    {cap}_days AS (
        SELECT e.volunteer_id, rule.points AS most,
               greatest({starts_on}, %(since)s::date) AS starts_on, sum(e.points) AS points
        FROM {before} e
        JOIN points_awardrule rule ON rule.kind = '{cap}' AND rule.holds @> e.day
        {students}
        GROUP BY e.volunteer_id, rule.id, rule.points, 3
    ),
    {cap}_left AS (
        SELECT volunteer_id, starts_on AS day, least(points, most) AS points FROM {cap}_days
        UNION ALL
        SELECT e.volunteer_id, e.day, e.points
        FROM {before} e
        WHERE NOT EXISTS (
            SELECT 1 FROM points_awardrule rule {students}
            WHERE rule.kind = '{cap}' AND rule.holds @> e.day)
    ),
"""

_PEOPLE_SQL = """
CREATE TEMPORARY TABLE dry_run_{side}_person ON COMMIT DROP AS
WITH by_day AS (
        SELECT volunteer_id, served_on AS day, sum(points) AS points
        FROM dry_run_{side} GROUP BY volunteer_id, served_on
    ),
    {limits}
    first_days AS (
        SELECT volunteer_id, min(served_on) AS day FROM dry_run_record GROUP BY volunteer_id
    ),
    firsts AS (
        SELECT f.volunteer_id, rule.points
        FROM first_days f
        JOIN points_awardrule rule ON rule.kind = 'first_service' AND rule.holds @> f.day
        WHERE NOT EXISTS (
            SELECT 1 FROM volunteers_servicerecord r
            WHERE r.volunteer_id = f.volunteer_id AND r.served_on < %(since)s::date
              AND r.state IN ('confirmed', 'objected'))
    )
SELECT volunteer_id, sum(points)::bigint AS points, sum(first_points)::bigint AS first_points
FROM (SELECT volunteer_id, points, 0 AS first_points FROM {left}
      UNION ALL
      SELECT volunteer_id, points, points FROM firsts) each
GROUP BY volunteer_id
"""

TOTALS_SQL = """
SELECT (SELECT count(*) FROM dry_run_record) AS records_looked_at,
       (SELECT count(*) FROM dry_run_then WHERE is_without_rule) AS records_without_rule,
       (SELECT count(*) FROM dry_run_now n JOIN dry_run_then t USING (id)
        WHERE n.points <> t.points) AS records,
       (SELECT count(*) FROM dry_run_now_person n
        FULL JOIN dry_run_then_person t USING (volunteer_id)
        WHERE coalesce(n.points, 0) <> coalesce(t.points, 0)) AS people,
       (SELECT coalesce(sum(points), 0) FROM dry_run_now)::bigint AS worth_now,
       (SELECT coalesce(sum(points), 0) FROM dry_run_then)::bigint AS worth_then,
       (SELECT coalesce(sum(first_points), 0) FROM dry_run_now_person)::bigint AS first_now,
       (SELECT coalesce(sum(first_points), 0) FROM dry_run_then_person)::bigint AS first_then,
       (SELECT coalesce(sum(points), 0) FROM dry_run_now_person)::bigint AS points_now,
       (SELECT coalesce(sum(points), 0) FROM dry_run_then_person)::bigint AS points_then
"""

CATEGORIES_SQL = """
SELECT n.category_id, sum(n.points)::bigint AS now, sum(t.points)::bigint AS then
FROM dry_run_now n JOIN dry_run_then t USING (id)
GROUP BY n.category_id
"""

MONTHS_SQL = """
SELECT date_trunc('month', n.served_on)::date AS month, sum(n.points)::bigint AS now,
       sum(t.points)::bigint AS then
FROM dry_run_now n JOIN dry_run_then t USING (id)
GROUP BY 1 ORDER BY 1
"""

MOST_AFFECTED_SQL = """
SELECT v.name, coalesce(n.points, 0) AS now, coalesce(t.points, 0) AS then
FROM dry_run_now_person n FULL JOIN dry_run_then_person t USING (volunteer_id)
JOIN volunteers_volunteer v ON v.id = volunteer_id
WHERE coalesce(n.points, 0) <> coalesce(t.points, 0)
ORDER BY abs(coalesce(t.points, 0) - coalesce(n.points, 0)) DESC, volunteer_id
LIMIT %(people)s
"""

BUDGET_SQL = """
SELECT granted_points, budget_points,
       (SELECT count(*) FROM dry_run_record r JOIN dry_run_then t USING (id)
        WHERE r.campaign_number = %(campaign)s AND t.bonus = 0 AND t.points > 0)
FROM points_bonusbudget WHERE rule_id = %(rule)s
"""


def side_sql(side: str, *, caps: Iterable[str]) -> str:
    """Fills dry_run_<side> with a row a record and dry_run_<side>_person with a row a person.

    `side` is now or then. Parameters: since, zone.
    """
    limits, before = [], "by_day"
    for cap in caps:
        limits.append(
            _CAP_SQL.format(
                cap=cap,
                before=before,
                starts_on=WINDOW_STARTS[cap],
                students=STUDENTS_SQL if cap == "term_cap" else "",
            )
        )
        before = f"{cap}_left"
    people = _PEOPLE_SQL.format(side=side, limits="".join(limits), left=before)
    return _WORTH_OF_SIDE_SQL.format(side=side) + people
