"""What the settlement says to the database. points.actions.settlement says when, and why so."""

from __future__ import annotations

from collections.abc import Iterable

from points.worth_sql import WORTH_SQL

# Passed over: what others hold, and what was set aside until it changes again.
LOCK_OWED_SQL = """
SELECT id, volunteer_id
FROM volunteers_servicerecord r
WHERE settled_revision < revision
  AND NOT EXISTS (SELECT 1 FROM points_setasiderecord aside
                  WHERE aside.record_id = r.id AND aside.revision >= r.revision
                    AND aside.worth_nothing_by_id IS NULL)
  {among}
ORDER BY id
LIMIT %(limit)s
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

# Waits for another worker that is making the same row; in one order, so never in a circle, and
# before any account is locked.
MAKE_ACCOUNTS_SQL = """
INSERT INTO points_account (kind, volunteer_id, balance_points, debt_points)
SELECT 'volunteer', volunteer_id, 0, 0 FROM unnest(%s) AS volunteer_id ORDER BY volunteer_id
ON CONFLICT DO NOTHING
"""

# After the accounts are locked, as everybody does: a merge makes standings under that lock too.
MAKE_STANDINGS_SQL = """
INSERT INTO points_standing (
    volunteer_id, served_minutes, served_records, rated_records, rating_sum, first_points,
    revision, evaluated_revision)
SELECT volunteer_id, 0, 0, 0, 0, 0, 0, 0 FROM unnest(%s) AS volunteer_id ORDER BY volunteer_id
ON CONFLICT DO NOTHING
"""

LOCK_ACCOUNTS_SQL = """
SELECT count(*) FROM (
    SELECT id FROM points_account WHERE volunteer_id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
) locked
"""

# Bonuses with a budget: who gets one while it lasts is a fact of its own. The budgets are locked
# after the accounts, so two workers at one campaign wait for one another here and never in a
# circle; what was granted and what the budget says move together.
LOCK_BUDGETS_SQL = """
SELECT budget.rule_id
FROM points_bonusbudget budget JOIN points_awardrule rule ON rule.id = budget.rule_id
WHERE EXISTS (SELECT 1 FROM volunteers_servicerecord r
              WHERE r.id = ANY(%(ids)s) AND r.campaign_number = rule.campaign_number)
ORDER BY budget.rule_id
FOR NO KEY UPDATE OF budget
"""

# Of a record `r`: service too short for points earns no bonus, nor does a day without a rule.
_LONG_ENOUGH_SQL = """
    r.credited_minutes > 0 AND r.credited_minutes >= (
        SELECT hourly.min_minutes FROM points_awardrule hourly
        WHERE hourly.kind = 'per_hour' AND hourly.holds @> r.served_on
          AND (hourly.category_id IS NULL OR hourly.category_id = r.category_id)
          AND hourly.role IN ('', r.role)
        ORDER BY hourly.category_id IS NULL, hourly.role = '' LIMIT 1)
"""

RELEASE_BONUSES_SQL = f"""
WITH released AS (
    DELETE FROM points_bonusgrant g USING volunteers_servicerecord r
    WHERE g.record_id = r.id AND r.id = ANY(%(ids)s)
      AND (r.state NOT IN ('confirmed', 'objected') OR ({_LONG_ENOUGH_SQL}) IS NOT TRUE)
    RETURNING g.budget_id, g.points
)
UPDATE points_bonusbudget b SET granted_points = b.granted_points - sums.points
FROM (SELECT budget_id, sum(points) AS points FROM released GROUP BY budget_id) sums
WHERE b.rule_id = sums.budget_id
"""

GRANT_BONUSES_SQL = f"""
WITH of_campaigns AS MATERIALIZED (
    SELECT r.id, r.credited_minutes, r.served_on, r.category_id, r.role,
           rule.id AS budget_id, rule.points
    FROM volunteers_servicerecord r
    JOIN points_awardrule rule
         ON rule.kind = 'campaign_bonus' AND rule.campaign_number = r.campaign_number
        AND rule.holds @> r.served_on
    WHERE r.id = ANY(%(ids)s) AND rule.id = ANY(%(budgets)s)
      AND r.state IN ('confirmed', 'objected')
      AND NOT EXISTS (SELECT 1 FROM points_bonusgrant g WHERE g.record_id = r.id)
), asking AS (
    SELECT id, budget_id, points,
           row_number() OVER (PARTITION BY budget_id ORDER BY id) AS place
    FROM of_campaigns r
    WHERE {_LONG_ENOUGH_SQL}
), granted AS (
    INSERT INTO points_bonusgrant (record_id, budget_id, points)
    SELECT asking.id, asking.budget_id, asking.points
    FROM asking JOIN points_bonusbudget b ON b.rule_id = asking.budget_id
    WHERE b.granted_points + asking.place * asking.points <= b.budget_points
    RETURNING budget_id, points
)
UPDATE points_bonusbudget b SET granted_points = b.granted_points + sums.points
FROM (SELECT budget_id, sum(points) AS points FROM granted GROUP BY budget_id) sums
WHERE b.rule_id = sums.budget_id
"""

_OWED_SQL = """
WITH looked_at AS MATERIALIZED (
        SELECT r.id, r.volunteer_id, r.served_on, r.revision, r.settled_revision, r.quality,
               r.settled_minutes, r.settled_quality, r.confirmed_at, r.state, r.category_id,
               r.role, r.campaign_number, r.credited_minutes, r.checked_in_at, r.checked_out_at,
               a.id AS account_id
        FROM volunteers_servicerecord r
        JOIN points_account a ON a.volunteer_id = r.volunteer_id
        WHERE r.id = ANY(%(ids)s)
    ),
"""

_DUE_SQL = """
    given AS (
        SELECT m.record_id, max(m.id) AS last_id,
               sum(CASE WHEN m.debit_account_id = %(issue)s THEN m.points ELSE -m.points END)
               ::bigint AS points
        FROM looked_at r JOIN points_movement m ON m.record_id = r.id
        WHERE r.settled_revision > 0
        GROUP BY m.record_id
    ),
    without_rule AS (
        INSERT INTO points_setasiderecord (record_id, revision, reason, detail, set_aside_at)
        SELECT r.id, r.revision, 'no_rule', '', statement_timestamp()
        FROM looked_at r JOIN worth ON worth.id = r.id
        LEFT JOIN points_setasiderecord aside ON aside.record_id = r.id
        WHERE worth.points IS NULL AND aside.worth_nothing_by_id IS NULL
        ON CONFLICT (record_id) DO UPDATE
        SET revision = EXCLUDED.revision, reason = EXCLUDED.reason, detail = '',
            set_aside_at = EXCLUDED.set_aside_at
        RETURNING record_id
    ),
    due AS MATERIALIZED (
        SELECT r.*, worth.credited_minutes AS minutes, worth.per_hour, worth.percent,
               worth.is_night, worth.bonus, coalesce(worth.points, 0) AS worth,
               coalesce(given.points, 0) AS given, given.last_id,
               coalesce(worth.points, 0) - coalesce(given.points, 0) AS change,
               -- What is taken back comes out of the bucket it went into.
               CASE WHEN coalesce(worth.points, 0) < coalesce(given.points, 0)
                    THEN (before.reckoning ->> 'lapses_on')::date
                    ELSE (date_trunc('month', r.confirmed_at AT TIME ZONE %(zone)s)
                          + make_interval(months => worth.lapse_months + 1))::date
               END AS lapses_on
        FROM looked_at r
        LEFT JOIN worth ON worth.id = r.id
        LEFT JOIN given ON given.record_id = r.id
        LEFT JOIN points_movement before ON before.id = given.last_id
        WHERE NOT EXISTS (SELECT 1 FROM without_rule WHERE record_id = r.id)
    ),
    gains AS MATERIALIZED (
        SELECT volunteer_id, account_id, min(served_on) AS first_on,
               min(served_on) FILTER (WHERE minutes IS NOT NULL) AS first_counted_on,
               sum(coalesce(minutes, 0) - coalesce(settled_minutes, 0)) AS minutes,
               sum((minutes IS NOT NULL)::int - (settled_minutes IS NOT NULL)::int) AS records,
               sum((minutes IS NOT NULL AND quality IS NOT NULL)::int
                   - (settled_quality IS NOT NULL)::int) AS rated,
               sum(CASE WHEN minutes IS NULL THEN 0 ELSE coalesce(quality, 0) END
                   - coalesce(settled_quality, 0)) AS rating
        FROM due
        GROUP BY volunteer_id, account_id
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
               jsonb_build_object('minutes', minutes, 'per_hour', per_hour, 'percent', percent,
                                  'night', is_night, 'bonus', bonus, 'worth', worth,
                                  'given', given, 'lapses_on', lapses_on),
               CASE WHEN change < 0 THEN last_id END,
               CASE WHEN change > 0 AND given = 0 THEN confirmed_at
                    ELSE statement_timestamp() END,
               statement_timestamp()
        FROM due
        WHERE change <> 0
        ORDER BY id
    ),
    day_changes AS (
        SELECT volunteer_id, account_id, served_on AS day, sum(change)::bigint AS points,
               max(lapses_on) AS lapses_on
        FROM due WHERE change <> 0
        GROUP BY volunteer_id, account_id, served_on
    ),
"""

# Where the days of a limit begin, given `day` and the rule that holds on it. A rule that begins
# within a week or a year counts from its own first day.
WINDOW_STARTS = {
    "daily_cap": "e.day",
    "weekly_cap": "greatest(date_trunc('week', e.day)::date, lower(rule.holds))",
    "yearly_cap": "greatest(date_trunc('year', e.day)::date, lower(rule.holds))",
    "term_cap": "lower(rule.holds)",
}

# A limit looks at days, not at records: what the days have earned and what of it lies over the
# limit depends on no order. `{before}` is what the narrower limit changed; what this one leaves
# of it goes on to the next.
_CAP_SQL = """
    {cap}_asked AS (
        SELECT e.volunteer_id, e.account_id, rule.id AS rule_id, rule.points AS most,
               {starts_on} AS starts_on, sum(e.points)::bigint AS points,
               max(e.lapses_on) AS lapses_on
        FROM {before} e
        JOIN points_awardrule rule ON rule.kind = '{cap}' AND rule.holds @> e.day
        {students}
        GROUP BY 1, 2, 3, 4, 5
        HAVING sum(e.points) <> 0
    ),
    {cap}_after AS MATERIALIZED (
        SELECT asked.*, coalesce(w.over_points, 0) AS over_before, coalesce(w.moves, 0) AS moves,
               greatest(0, coalesce(w.earned_points, 0) + asked.points) AS earned,
               greatest(0, coalesce(w.earned_points, 0) + asked.points - asked.most) AS over
        FROM {cap}_asked asked
        LEFT JOIN points_capwindow w
               ON w.volunteer_id = asked.volunteer_id AND w.rule_id = asked.rule_id
              AND w.starts_on = asked.starts_on
    ),
    {cap}_windows AS (
        INSERT INTO points_capwindow (
            volunteer_id, rule_id, starts_on, earned_points, over_points, moves)
        SELECT volunteer_id, rule_id, starts_on, earned, over, moves + (over <> over_before)::int
        FROM {cap}_after ORDER BY volunteer_id
        ON CONFLICT (volunteer_id, rule_id, starts_on) DO UPDATE
        SET earned_points = EXCLUDED.earned_points, over_points = EXCLUDED.over_points,
            moves = EXCLUDED.moves
    ),
    {cap}_moved AS (
        INSERT INTO points_movement (
            debit_account_id, credit_account_id, points, kind, reference, reckoning, happened_at,
            created_at)
        SELECT CASE WHEN over > over_before THEN account_id ELSE %(issue)s END,
               CASE WHEN over > over_before THEN %(issue)s ELSE account_id END,
               abs(over - over_before), 'cap',
               'cap:' || volunteer_id || ':' || rule_id || ':' || starts_on || ':' || moves + 1,
               jsonb_build_object('cap', '{cap}', 'rule', rule_id, 'starts_on', starts_on,
                                  'limit', most, 'earned', earned, 'over', over,
                                  'lapses_on', lapses_on),
               statement_timestamp(), statement_timestamp()
        FROM {cap}_after
        WHERE over <> over_before
        ORDER BY volunteer_id
    ),
    {cap}_left AS (
        SELECT volunteer_id, account_id, starts_on AS day,
               points - (over - over_before) AS points, lapses_on
        FROM {cap}_after
        UNION ALL
        SELECT e.volunteer_id, e.account_id, e.day, e.points, e.lapses_on
        FROM {before} e
        WHERE NOT EXISTS (
            SELECT 1 FROM points_awardrule rule {students_apart}
            WHERE rule.kind = '{cap}' AND rule.holds @> e.day)
    ),
"""
STUDENTS_SQL = (
    "JOIN volunteers_studentaffiliation student"
    " ON student.volunteer_id = e.volunteer_id AND student.verified_at IS NOT NULL"
)

# Given when the first record counts, taken back when none does any more. Outside the limits.
_FIRST_SQL = """
    firsts AS MATERIALIZED (
        SELECT g.volunteer_id, g.account_id,
               CASE WHEN s.served_records + g.records > 0 THEN coalesce(rule.points, 0) ELSE 0 END
               - s.first_points AS change,
               CASE WHEN s.served_records + g.records > 0
                    THEN (date_trunc('month', statement_timestamp() AT TIME ZONE %(zone)s)
                          + make_interval(months => rule.lapse_months + 1))::date
                    ELSE (SELECT (m.reckoning ->> 'lapses_on')::date FROM points_movement m
                          WHERE m.credit_account_id = g.account_id AND m.kind = 'first'
                          ORDER BY m.id DESC LIMIT 1)
               END AS lapses_on
        FROM gains g
        JOIN points_standing s ON s.volunteer_id = g.volunteer_id
        LEFT JOIN points_awardrule rule
               ON rule.kind = 'first_service' AND rule.holds @> g.first_counted_on
        -- Only on the way from no record to one, or from the last one to none.
        WHERE (s.served_records = 0) <> (s.served_records + g.records = 0)
    ),
    first_moved AS (
        INSERT INTO points_movement (
            debit_account_id, credit_account_id, points, kind, reference, reckoning, happened_at,
            created_at)
        SELECT CASE WHEN change > 0 THEN %(issue)s ELSE account_id END,
               CASE WHEN change > 0 THEN account_id ELSE %(issue)s END,
               abs(change), 'first',
               -- A record's revision is settled once, so this is told apart from all others.
               'first:' || (SELECT due.id || ':' || due.revision FROM due
                            WHERE due.volunteer_id = firsts.volunteer_id
                            ORDER BY due.id LIMIT 1),
               jsonb_build_object('lapses_on', lapses_on),
               statement_timestamp(), statement_timestamp()
        FROM firsts WHERE change <> 0
    ),
    first_noted AS (
        SELECT volunteer_id, change FROM firsts WHERE change <> 0
    ),
"""
_NO_FIRST_SQL = """
    first_noted AS (SELECT NULL::bigint AS volunteer_id, 0 AS change WHERE false),
"""

# Every change is in by now: balances and buckets follow. `hard` are accounts where points leave a
# bucket, a debt is repaid or a day has passed already: points.buckets reckons these (see
# settlement.py); all the others only get more into a bucket.
_BOOKED_SQL = """
    changes AS MATERIALIZED (
        SELECT account_id, lapses_on, sum(points)::bigint AS points
        FROM ({changes}) each
        GROUP BY account_id, lapses_on
    ),
    hard AS MATERIALIZED (
        SELECT DISTINCT changes.account_id
        FROM changes JOIN points_account a ON a.id = changes.account_id
        WHERE changes.points < 0 OR a.debt_points > 0 OR changes.lapses_on <= %(today)s
    ),
    filled AS (
        INSERT INTO points_bucket (account_id, lapses_on, remaining_points, lapsed_points)
        SELECT account_id, lapses_on, points, 0
        FROM changes
        WHERE points > 0 AND account_id NOT IN (SELECT account_id FROM hard)
        ORDER BY account_id
        ON CONFLICT (account_id, lapses_on) DO UPDATE
        SET remaining_points = points_bucket.remaining_points + EXCLUDED.remaining_points
    ),
    sums AS MATERIALIZED (
        SELECT account_id, sum(points)::bigint AS points FROM changes GROUP BY account_id
    ),
    balances AS (
        UPDATE points_account a
        SET balance_points = a.balance_points + sums.points,
            debt_points = greatest(0, -(a.balance_points + sums.points))
        FROM sums
        WHERE a.id = sums.account_id AND sums.points <> 0
    )
"""

# The person's sums, and the records' own mark.
_FOLLOWED_SQL = """,
    standings AS (
        UPDATE points_standing s
        SET served_minutes = s.served_minutes + gains.minutes,
            served_records = s.served_records + gains.records,
            rated_records = s.rated_records + gains.rated,
            rating_sum = s.rating_sum + gains.rating,
            first_points = s.first_points
                + coalesce((SELECT change FROM first_noted
                            WHERE volunteer_id = s.volunteer_id), 0),
            touched_from = least(s.touched_from, gains.first_on),
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
    ),
    cleared AS (
        DELETE FROM points_setasiderecord aside USING due
        WHERE aside.record_id = due.id AND aside.worth_nothing_by_id IS NULL
    )
"""

_ANSWER_SQL = """
SELECT NULL AS account_id, NULL::date AS lapses_on, coalesce(sum(points), 0)::bigint AS points,
       0::bigint AS debt
FROM sums
UNION ALL
SELECT changes.account_id, changes.lapses_on, changes.points, a.debt_points
FROM changes JOIN points_account a ON a.id = changes.account_id
WHERE changes.account_id IN (SELECT account_id FROM hard)
"""


# What the moved records of a merged registration are worth by day; they count towards the limits
# of the one that is left.
_MERGED_DAYS_SQL = """
WITH day_changes AS (
        SELECT %(volunteer)s::bigint AS volunteer_id, %(account)s::bigint AS account_id,
               r.served_on AS day, NULL::date AS lapses_on,
               sum(CASE WHEN m.credit_account_id = ANY(%(merged_accounts)s) THEN m.points
                        ELSE -m.points END)::bigint AS points
        FROM points_movement m JOIN volunteers_servicerecord r ON r.id = m.record_id
        WHERE m.credit_account_id = ANY(%(merged_accounts)s)
           OR m.debit_account_id = ANY(%(merged_accounts)s)
        GROUP BY r.served_on
    ),
"""


def settle_sql(*, caps: Iterable[str], first_service: bool) -> str:
    """One statement that settles the records `ids`, with the limits that the city has.

    Parameters: ids, issue (account), zone (name of the city's time zone), today. Returns a row
    (NULL, NULL, points issued, 0), then for each hard account and bucket (account, lapses_on,
    change, debt before).
    """
    limits, changes = _limits(caps)
    changes.append("SELECT account_id, lapses_on, change AS points FROM due WHERE change <> 0")
    if first_service:
        changes.append("SELECT account_id, lapses_on, change FROM firsts WHERE change <> 0")
    return "".join(
        [
            _OWED_SQL,
            WORTH_SQL.rstrip(),
            ",",
            _DUE_SQL,
            *limits,
            _FIRST_SQL if first_service else _NO_FIRST_SQL,
            _BOOKED_SQL.format(changes=" UNION ALL ".join(changes)),
            _FOLLOWED_SQL,
            _ANSWER_SQL,
        ]
    )


def merge_caps_sql(*, caps: Iterable[str]) -> str:
    """One statement that lets what a merged registration earned count towards the limits of the
    one that is left. Parameters: volunteer, account, merged_accounts, issue, today; answers as
    settle_sql does. There is at least one limit.
    """
    limits, changes = _limits(caps)
    booked = _BOOKED_SQL.format(changes=" UNION ALL ".join(changes))
    return "".join([_MERGED_DAYS_SQL, *limits, booked, _ANSWER_SQL])


def _limits(caps: Iterable[str]) -> tuple[list[str], list[str]]:
    """The limits' part of a statement, narrowest first, and where to read what they changed."""
    parts, changes = [], []
    before = "day_changes"
    for cap in caps:
        students = STUDENTS_SQL if cap == "term_cap" else ""
        parts.append(
            _CAP_SQL.format(
                cap=cap,
                before=before,
                starts_on=WINDOW_STARTS[cap],
                students=students,
                students_apart=students,
            )
        )
        changes.append(
            f"SELECT account_id, lapses_on, over_before - over AS points FROM {cap}_after"
            " WHERE over <> over_before"
        )
        before = f"{cap}_left"
    return parts, changes
