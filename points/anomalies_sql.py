"""How anomalies are found (E1). points.actions.anomalies says when, and with which thresholds.

Records and their changes have no index by time. Their keys come in the order of time, though, so
the newest row before a moment is found by walking the key back to it, past the recent rows only.
"""

# Counted records that changed lately, against the same person's other counted records.
TWO_PLACES_SQL = """
WITH changed AS MATERIALIZED (
    SELECT DISTINCT record_id FROM volunteers_recordchange
    WHERE id > coalesce((SELECT id FROM volunteers_recordchange WHERE at < %(since)s
                         ORDER BY id DESC LIMIT 1), 0)
),
pairs AS (
    SELECT DISTINCT ON (least(one.id, other.id), greatest(one.id, other.id))
           least(one.id, other.id) AS first_id, greatest(one.id, other.id) AS second_id,
           one.volunteer_id,
           greatest(one.checked_in_at, other.checked_in_at) AS starts_at,
           least(one.checked_out_at, other.checked_out_at) AS ends_at
    FROM changed
    JOIN volunteers_servicerecord one ON one.id = changed.record_id
    JOIN volunteers_servicerecord other
         ON other.volunteer_id = one.volunteer_id AND other.id <> one.id
        AND other.served_on BETWEEN one.served_on - 1 AND one.served_on + 1
    WHERE one.state IN ('confirmed', 'objected') AND other.state IN ('confirmed', 'objected')
      AND (one.checked_in_at < other.checked_out_at AND other.checked_in_at < one.checked_out_at
           OR one.checked_in_at = other.checked_in_at
              AND (one.organisation_id, one.place) <> (other.organisation_id, other.place))
    ORDER BY 1, 2
)
INSERT INTO points_anomaly (
    kind, key, volunteer_id, account_id, organisation_id, record_numbers, minutes, detail,
    happened_on, found_at, state, note)
SELECT 'two_places', 'two_places:' || first_id || ':' || second_id, pairs.volunteer_id,
       later.confirmed_by_id, later.organisation_id, ARRAY[first_id, second_id],
       greatest(0, coalesce(extract(epoch FROM ends_at - starts_at) / 60, 0))::int,
       jsonb_build_object('starts_at', starts_at, 'ends_at', ends_at),
       later.served_on, statement_timestamp(), 'open', ''
FROM pairs JOIN volunteers_servicerecord later ON later.id = pairs.second_id
ORDER BY first_id, second_id
ON CONFLICT (key) DO NOTHING
"""

_BY_HAND_SQL = """
WITH entered AS MATERIALIZED (
    SELECT r.* FROM volunteers_servicerecord r
    WHERE r.id > coalesce((SELECT id FROM volunteers_servicerecord WHERE created_at < %(since)s
                           ORDER BY id DESC LIMIT 1), 0)
      AND r.is_by_hand AND r.entered_by_id IS NOT NULL AND r.state <> 'voided'
),
"""

# One account's hours that follow each other within the window belong to one sitting; a sitting is
# told once, when some window of it holds too much.
HURRIED_SQL = (
    _BY_HAND_SQL
    + """
seen AS (
    SELECT entered.*,
           sum(credited_minutes) OVER (
               PARTITION BY entered_by_id ORDER BY created_at
               RANGE BETWEEN %(window)s PRECEDING AND CURRENT ROW) AS window_minutes,
           (created_at
            - lag(created_at) OVER (PARTITION BY entered_by_id ORDER BY created_at, id)
            <= %(window)s) IS NOT TRUE AS begins
    FROM entered
),
numbered AS (
    SELECT seen.*, sum(begins::int) OVER (PARTITION BY entered_by_id ORDER BY created_at, id)
           AS sitting
    FROM seen
),
sittings AS (
    SELECT entered_by_id, sitting, min(created_at) AS starts_at,
           extract(epoch FROM max(created_at) - min(created_at))::int AS seconds,
           sum(credited_minutes) AS minutes, array_agg(id ORDER BY id) AS ids,
           mode() WITHIN GROUP (ORDER BY organisation_id) AS organisation_id
    FROM numbered
    GROUP BY entered_by_id, sitting
    HAVING max(window_minutes) >= %(minutes)s
)
INSERT INTO points_anomaly (
    kind, key, account_id, organisation_id, record_numbers, minutes, detail, happened_on, found_at,
    state, note)
SELECT 'hurried', 'hurried:' || entered_by_id || ':' || floor(extract(epoch FROM starts_at) / 60),
       entered_by_id, organisation_id, ids, minutes,
       jsonb_build_object('seconds', seconds, 'records', cardinality(ids)),
       (starts_at AT TIME ZONE %(zone)s)::date, statement_timestamp(), 'open', ''
FROM sittings
ORDER BY entered_by_id, sitting
ON CONFLICT (key) DO NOTHING
"""
)

# Two who enter and approve in one breath: nobody looked in between.
IN_ONE_BREATH_SQL = (
    _BY_HAND_SQL
    + """
pairs AS (
    SELECT entered_by_id, confirmed_by_id, (created_at AT TIME ZONE %(zone)s)::date AS day,
           sum(credited_minutes) AS minutes, array_agg(id ORDER BY id) AS ids,
           ceil(max(extract(epoch FROM confirmed_at - created_at)))::int AS seconds,
           mode() WITHIN GROUP (ORDER BY organisation_id) AS organisation_id
    FROM entered
    WHERE confirmed_by_id IS NOT NULL AND confirmed_at <= created_at + %(breath)s
    GROUP BY 1, 2, 3
    HAVING count(*) >= %(times)s
)
INSERT INTO points_anomaly (
    kind, key, account_id, organisation_id, record_numbers, minutes, detail, happened_on, found_at,
    state, note)
SELECT 'hurried', 'breath:' || entered_by_id || ':' || confirmed_by_id || ':' || day,
       entered_by_id, organisation_id, ids, minutes,
       jsonb_build_object('seconds', seconds, 'records', cardinality(ids),
                          'confirmed_by', confirmed_by_id),
       day, statement_timestamp(), 'open', ''
FROM pairs
ORDER BY entered_by_id, confirmed_by_id, day
ON CONFLICT (key) DO NOTHING
"""
)

# The median and the median distance from it: one seller of hours cannot move what is usual.
OUTLIERS_SQL = (
    _BY_HAND_SQL
    + """
accounts AS MATERIALIZED (
    SELECT entered_by_id, sum(credited_minutes) AS minutes, count(*) AS records,
           (array_agg(id ORDER BY id DESC))[1:50] AS ids,
           mode() WITHIN GROUP (ORDER BY organisation_id) AS organisation_id
    FROM entered GROUP BY entered_by_id
),
middle AS (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes) AS minutes, count(*) AS accounts
    FROM accounts
),
spread AS (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(accounts.minutes - middle.minutes))
           AS minutes
    FROM accounts, middle
)
INSERT INTO points_anomaly (
    kind, key, account_id, organisation_id, record_numbers, minutes, detail, happened_on, found_at,
    state, note)
SELECT 'outlier', 'outlier:' || entered_by_id || ':' || to_char(%(today)s::date, 'YYYY-MM'),
       entered_by_id, organisation_id, ids, accounts.minutes,
       jsonb_build_object('records', accounts.records,
                          'times', round((accounts.minutes / greatest(middle.minutes, 1))::numeric,
                                         1),
                          'usual', round(middle.minutes)),
       %(today)s, statement_timestamp(), 'open', ''
FROM accounts, middle, spread
WHERE middle.accounts >= %(accounts)s AND accounts.records >= %(records)s
  AND accounts.minutes > middle.minutes + %(factor)s * greatest(spread.minutes, 60)
ORDER BY entered_by_id
ON CONFLICT (key) DO NOTHING
"""
)
