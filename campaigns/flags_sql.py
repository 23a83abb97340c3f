"""How scans to look at are found (E5, E6). campaigns.actions.flags says when, and how strictly.

Every statement begins with the scans received lately, which a BRIN index over `received_at` finds
without reading the table, and walks from each of them to the same person's other scans by
`scan_of_volunteer`. The last part is the same for all: each scan once a kind.
"""

_FLAG_WHAT_WAS_FOUND = """
INSERT INTO campaigns_scanflag (
    scan_id, kind, organisation_id, shift_id, volunteer_id, details, found_at, verdict, remark)
SELECT scan.id, found.kind, campaign.organisation_id, scan.shift_id, scan.volunteer_id,
       jsonb_strip_nulls(found.details), statement_timestamp(), '', ''
FROM found
JOIN campaigns_scan scan ON scan.id = found.scan_id
JOIN campaigns_shift shift ON shift.id = scan.shift_id
JOIN campaigns_activity activity ON activity.id = shift.activity_id
JOIN campaigns_campaignpage campaign ON campaign.page_ptr_id = activity.campaign_id
ORDER BY scan.id, found.kind
ON CONFLICT (scan_id, kind) DO
"""
# A decision stands. What grew since it was found is told anew, as long as nobody has decided.
_ONCE = _FLAG_WHAT_WAS_FOUND + "NOTHING RETURNING true AS is_new"
_UNTIL_DECIDED = (
    _FLAG_WHAT_WAS_FOUND
    + """
    UPDATE SET details = excluded.details
    WHERE campaigns_scanflag.decided_at IS NULL
      AND campaigns_scanflag.details <> excluded.details
RETURNING xmax = 0 AS is_new
"""
)

# Of somebody who had a place there: what was answered otherwise did nothing.
_DID_SOMETHING = """
    scan.counts
    AND scan.outcome NOT IN ('not_signed_up', 'wrong_shift', 'shift_full', 'not_eligible')
"""

# What a scan shows by itself. How far it was made stays on the scan alone: it is deleted there
# after review (P3). A walk-in that was refused at once was not let in by anybody.
BY_ITSELF_SQL = (
    f"""
WITH found AS (
    SELECT scan.id AS scan_id, reason.kind, reason.details
    FROM campaigns_scan scan
    CROSS JOIN LATERAL (VALUES
        ('far_away', {_DID_SOMETHING} AND scan.distance_m > %(far)s, '{{}}'::jsonb),
        ('override', {_DID_SOMETHING} AND scan.is_override, '{{}}'),
        ('walk_in_refused',
         scan.is_walk_in AND scan.outcome IN ('shift_full', 'not_eligible')
         AND scan.received_at - scan.made_at > %(at_once)s,
         '{{}}'),
        ('sent_late',
         {_DID_SOMETHING} AND scan.device_id IS NOT NULL AND scan.proof IN ('number', 'name')
         AND scan.received_at - scan.made_at > %(late)s,
         jsonb_build_object(
             'minutes', floor(extract(epoch FROM scan.received_at - scan.made_at) / 60)))
    ) AS reason (kind, holds, details)
    WHERE scan.received_at >= %(since)s AND reason.holds
)
"""
    + _ONCE
)

# Stays that a coming in elsewhere ended, as attendance is reckoned now: what was answered at the
# door depends on which scan arrived first, this does not. Told of the scan that ended the stay.
TWO_PLACES_SQL = (
    """
WITH recent AS MATERIALIZED (
    SELECT volunteer_id, made_at
    FROM campaigns_scan
    WHERE received_at >= %(since)s AND counts AND kind = 'in' AND volunteer_id IS NOT NULL
),
moves AS (
    SELECT DISTINCT attendance.volunteer_id, su.shift_id, attendance.checked_in_at,
           attendance.checked_out_at
    FROM recent
    JOIN campaigns_attendance attendance
         ON attendance.volunteer_id = recent.volunteer_id AND attendance.check_out_door = 'moved'
        AND attendance.checked_out_at >= recent.made_at - interval '1 minute'
        AND attendance.checked_in_at <= recent.made_at
    JOIN campaigns_signup su ON su.id = attendance.sign_up_id
),
found AS (
    SELECT DISTINCT ON (scan.id) scan.id AS scan_id, 'two_places' AS kind,
           jsonb_build_object(
               'from_shift', moves.shift_id,
               'minutes', floor(extract(
                   epoch FROM moves.checked_out_at - moves.checked_in_at) / 60)) AS details
    FROM moves
    JOIN campaigns_scan scan
         ON scan.volunteer_id = moves.volunteer_id AND scan.shift_id <> moves.shift_id
        AND scan.counts AND scan.kind = 'in'
        AND scan.made_at BETWEEN moves.checked_out_at AND moves.checked_out_at + interval '1 minute'
        AND least(scan.made_at, scan.received_at) = moves.checked_out_at
    ORDER BY scan.id, moves.checked_in_at DESC
)
"""
    + _ONCE
)

# The check-out from there has arrived in the meantime, from a device without a network maybe:
# nobody was at two places, and nobody has to look.
LEFT_IN_TIME_SQL = """
DELETE FROM campaigns_scanflag flag
WHERE flag.kind = 'two_places' AND flag.decided_at IS NULL
  AND NOT EXISTS (
      SELECT FROM campaigns_signup su
      JOIN campaigns_attendance attendance ON attendance.sign_up_id = su.id
      WHERE su.shift_id = (flag.details ->> 'from_shift')::bigint
        AND su.volunteer_id = flag.volunteer_id AND attendance.check_out_door = 'moved')
"""

# Everybody who left together was not seen one by one, so such a scan shows nobody's place.
_PLACED = """
    SELECT scan.id, scan.volunteer_id, scan.shift_id, scan.made_at,
           activity.latitude::float8 AS latitude, activity.longitude::float8 AS longitude
    FROM campaigns_scan scan
    JOIN campaigns_shift shift ON shift.id = scan.shift_id
    JOIN campaigns_activity activity ON activity.id = shift.activity_id
    WHERE scan.counts AND scan.door <> 'bulk'
      AND activity.latitude IS NOT NULL AND activity.longitude IS NOT NULL
"""
# Only neighbours in time are compared: who was too fast anywhere was so between two of these. A
# scan sent late may be the earlier one of a pair, so both sides are looked at.
TOO_FAST_SQL = (
    f"""
WITH recent AS MATERIALIZED (
    {_PLACED} AND scan.received_at >= %(since)s AND scan.volunteer_id IS NOT NULL
),
pairs AS (
    SELECT before.id AS first_id, before.shift_id AS first_shift, before.made_at AS first_at,
           before.latitude AS first_latitude, before.longitude AS first_longitude,
           recent.id, recent.made_at, recent.latitude, recent.longitude
    FROM recent CROSS JOIN LATERAL (
        {_PLACED} AND scan.volunteer_id = recent.volunteer_id
          AND (scan.made_at, scan.id) < (recent.made_at, recent.id)
          AND scan.made_at > recent.made_at - interval '1 day'
        ORDER BY scan.made_at DESC, scan.id DESC LIMIT 1
    ) before
    UNION ALL
    SELECT recent.id, recent.shift_id, recent.made_at, recent.latitude, recent.longitude,
           after.id, after.made_at, after.latitude, after.longitude
    FROM recent CROSS JOIN LATERAL (
        {_PLACED} AND scan.volunteer_id = recent.volunteer_id
          AND (scan.made_at, scan.id) > (recent.made_at, recent.id)
          AND scan.made_at < recent.made_at + interval '1 day'
        ORDER BY scan.made_at, scan.id LIMIT 1
    ) after
),
measured AS (
    SELECT pairs.*, extract(epoch FROM made_at - first_at) AS seconds,
           12742 * asin(least(1, sqrt(
               sin(radians(latitude - first_latitude) / 2) ^ 2
               + cos(radians(latitude)) * cos(radians(first_latitude))
                 * sin(radians(longitude - first_longitude) / 2) ^ 2))) AS km
    FROM pairs
),
found AS (
    SELECT DISTINCT ON (id) id AS scan_id, 'too_fast' AS kind,
           jsonb_build_object('km', round(km::numeric), 'minutes', floor(seconds / 60),
                              'from_shift', first_shift) AS details
    FROM measured
    WHERE km > %(near_km)s AND km * 3600 > %(too_fast)s * seconds
    ORDER BY id, km DESC
)
"""
    + _ONCE
)

# People whom one phone checked in or out by themselves. A team's leader scans for others by
# right, and through a door of its own. Each person is told once a shift.
SHARED_PHONE_SQL = (
    f"""
WITH own AS MATERIALIZED (
    SELECT DISTINCT ON (browser, volunteer_id, shift_id)
           id, browser, volunteer_id, received_at
    FROM campaigns_scan scan
    WHERE received_at >= %(since)s - interval '12 hours' AND {_DID_SOMETHING}
      AND browser <> '' AND door IN ('venue_screen', 'venue_poster')
      AND volunteer_id IS NOT NULL AND shift_id IS NOT NULL
    ORDER BY browser, volunteer_id, shift_id, received_at, id
),
crowded AS (
    SELECT last.browser, last.received_at AS until, count(DISTINCT own.volunteer_id) AS people
    FROM own last
    JOIN own ON own.browser = last.browser
            AND own.received_at BETWEEN last.received_at - interval '12 hours'
                                    AND last.received_at
    WHERE last.received_at >= %(since)s
    GROUP BY last.id, last.browser, last.received_at
    HAVING count(DISTINCT own.volunteer_id) >= %(people)s
),
found AS (
    SELECT own.id AS scan_id, 'shared_phone' AS kind,
           jsonb_build_object('people', max(crowded.people)) AS details
    FROM crowded
    JOIN own ON own.browser = crowded.browser
            AND own.received_at BETWEEN crowded.until - interval '12 hours' AND crowded.until
    GROUP BY own.id
)
"""
    + _UNTIL_DECIDED
)

# Hours that somebody had confirmed before this scan came, which says something else: earlier in,
# or earlier out. Later ones change nothing, and neither does a minute more or less.
AFTER_CONFIRMING_SQL = (
    """
WITH found AS (
    SELECT scan.id AS scan_id, 'after_confirming' AS kind,
           jsonb_build_object('minutes', floor(
               extract(epoch FROM scan.received_at - record.confirmed_at) / 60)) AS details
    FROM campaigns_scan scan
    JOIN campaigns_signup su ON su.shift_id = scan.shift_id AND su.volunteer_id = scan.volunteer_id
    JOIN campaigns_attendance attendance ON attendance.sign_up_id = su.id
    JOIN volunteers_servicerecord record ON record.id = attendance.record_id
    WHERE scan.received_at >= %(since)s AND scan.counts
      AND record.confirmed_at < scan.received_at
      AND CASE scan.kind
          WHEN 'in' THEN scan.made_at < record.checked_in_at - interval '1 minute'
          ELSE scan.made_at < record.checked_out_at - interval '1 minute'
               AND scan.made_at > record.checked_in_at END
)
"""
    + _ONCE
)
