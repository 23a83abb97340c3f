"""What a record is worth, said to the database: for the settlement, its proof and dry runs."""

from __future__ import annotations

# What each counted record among `looked_at` (rows of volunteers_servicerecord) is worth by the
# rules of its day: `points`, null where no rule says what an hour is worth. The most particular
# rule an hour wins: category and role, category, role, any. Of the factors the highest one counts.
WORTH_SQL = """
    served AS (
        SELECT r.id, r.served_on, r.category_id, r.role,
               coalesce(r.campaign_number, -1) AS campaign_key, r.credited_minutes,
               r.checked_in_at, r.checked_out_at
        FROM looked_at r
        WHERE r.state IN ('confirmed', 'objected')
    ),
    rates AS MATERIALIZED (
        SELECT asked.*, hourly.points AS per_hour, hourly.min_minutes, hourly.rounding,
               hourly.lapse_months, factor.percent, nights.percents AS night_percents,
               nights.begin AS nights_begin, nights.finish AS nights_end,
               coalesce(bonus.points, 0) AS bonus,
               budget.rule_id IS NOT NULL AS is_budgeted
        FROM (SELECT DISTINCT served_on, category_id, role, campaign_key FROM served) asked
        LEFT JOIN LATERAL (
            SELECT * FROM points_awardrule rule
            WHERE rule.kind = 'per_hour' AND rule.holds @> asked.served_on
              AND (rule.category_id IS NULL OR rule.category_id = asked.category_id)
              AND rule.role IN ('', asked.role)
            ORDER BY rule.category_id IS NULL, rule.role = '' LIMIT 1
        ) hourly ON true
        LEFT JOIN LATERAL (
            SELECT max(rule.percent) AS percent FROM points_awardrule rule
            WHERE rule.kind = 'factor' AND rule.holds @> asked.served_on
              AND (rule.category_id IS NULL OR rule.category_id = asked.category_id)
              AND coalesce(rule.campaign_number, asked.campaign_key) = asked.campaign_key
              AND (rule.condition = 'emergency' OR rule.condition = 'holiday' AND EXISTS (
                   SELECT 1 FROM volunteers_publicholiday WHERE day = asked.served_on))
        ) factor ON true
        LEFT JOIN LATERAL (
            -- Nights differ by category and campaign: which one a record lies in, it must say.
            SELECT array_agg(rule.percent ORDER BY rule.id) AS percents,
                   array_agg(rule.night_from ORDER BY rule.id) AS begin,
                   array_agg(rule.night_until ORDER BY rule.id) AS finish
            FROM points_awardrule rule
            WHERE rule.kind = 'factor' AND rule.condition = 'night'
              AND rule.holds @> asked.served_on
              AND (rule.category_id IS NULL OR rule.category_id = asked.category_id)
              AND coalesce(rule.campaign_number, asked.campaign_key) = asked.campaign_key
        ) nights ON true
        LEFT JOIN points_awardrule bonus
               ON bonus.kind = 'campaign_bonus' AND bonus.holds @> asked.served_on
              AND bonus.campaign_number = asked.campaign_key
        LEFT JOIN points_bonusbudget budget ON budget.rule_id = bonus.id
    ),
    weighed AS (
        SELECT served.id, served.credited_minutes, rates.per_hour, rates.rounding,
               rates.lapse_months, rates.percent,
               CASE WHEN rates.night_percents IS NOT NULL THEN (
                   SELECT max(night.percent)
                   FROM unnest(rates.night_percents, rates.nights_begin, rates.nights_end)
                        AS night(percent, begins, ends)
                   WHERE night.percent > coalesce(rates.percent, 100) AND points_is_night(
                       served.checked_in_at AT TIME ZONE %(zone)s,
                       served.checked_out_at AT TIME ZONE %(zone)s, night.begins, night.ends)
               ) END AS night_percent,
               served.credited_minutes > 0
               AND served.credited_minutes >= rates.min_minutes AS is_long_enough,
               CASE WHEN rates.is_budgeted THEN coalesce(granted.points, 0)
                    ELSE rates.bonus END AS bonus
        FROM served
        JOIN rates ON rates.served_on = served.served_on
                  AND rates.category_id = served.category_id
                  AND rates.role = served.role
                  AND rates.campaign_key = served.campaign_key
        LEFT JOIN points_bonusgrant granted
               ON rates.is_budgeted AND granted.record_id = served.id
    ),
    earned AS (
        SELECT id, credited_minutes, per_hour, lapse_months, is_long_enough, rounding,
               night_percent IS NOT NULL AS is_night,
               coalesce(night_percent, percent, 100) AS percent,
               CASE WHEN is_long_enough THEN bonus ELSE 0 END AS bonus
        FROM weighed
    ),
    worth AS (
        -- Hundredths of a point times sixty; a factor weighs the hours, not the bonus.
        SELECT id, credited_minutes, per_hour, lapse_months, is_night, percent, bonus,
               CASE WHEN per_hour IS NULL THEN NULL
                    WHEN NOT is_long_enough THEN 0
                    ELSE bonus + (credited_minutes::bigint * per_hour * percent
                                  + CASE rounding WHEN 'up' THEN 5999 WHEN 'nearest' THEN 3000
                                                  ELSE 0 END) / 6000
               END AS points
        FROM earned
    )
"""
