"""Rankings follow the standings, as recognition does (R14: only who asked to be there).

A month's hours of a person stand once for every area the person lives in, for the university, and
for every organisation served with: whoever asks for a top list reads one stretch of one index.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import connection, transaction
from django.db.models import F

from points.models import RankingEntry, Standing
from volunteers.models import Territory, Volunteer

# Before anybody served: every month is looked at again.
FROM_THE_START = date(2000, 1, 1)

# Rows that stay as they are are not written again, rows that go and rows that come are never the
# same: so one statement may do both.
REFRESH_SQL = """
WITH RECURSIVE people AS MATERIALIZED (
    SELECT v.id AS volunteer_id, coalesce(v.community_id, %(city)s) AS territory_id,
           date_trunc('month', s.touched_from)::date AS since,
           v.is_ranked AND v.closed_at IS NULL AND v.merged_into_id IS NULL AS is_shown
    FROM points_standing s JOIN volunteers_volunteer v ON v.id = s.volunteer_id
    WHERE s.id = ANY(%(standings)s) AND s.touched_from IS NOT NULL
),
areas AS (
    SELECT volunteer_id, territory.id, territory.parent_id
    FROM people JOIN volunteers_territory territory ON territory.id = people.territory_id
    WHERE is_shown
    UNION ALL
    SELECT areas.volunteer_id, above.id, above.parent_id
    FROM areas JOIN volunteers_territory above ON above.id = areas.parent_id
),
served AS MATERIALIZED (
    SELECT r.volunteer_id, date_trunc('month', r.served_on)::date AS month, r.organisation_id,
           sum(r.settled_minutes) AS minutes, count(*) AS records
    FROM people JOIN volunteers_servicerecord r
         ON r.volunteer_id = people.volunteer_id AND r.served_on >= people.since
    WHERE people.is_shown AND r.state IN ('confirmed', 'objected') AND r.settled_minutes > 0
    GROUP BY 1, 2, 3
),
months AS MATERIALIZED (
    SELECT volunteer_id, month, sum(minutes) AS minutes, sum(records) AS records
    FROM served GROUP BY 1, 2
),
entries AS MATERIALIZED (
    SELECT 'organisation' AS scope, organisation_id AS scope_number, month, volunteer_id,
           minutes, records
    FROM served
    UNION ALL
    SELECT 'territory', areas.id, months.month, months.volunteer_id, months.minutes, months.records
    FROM months JOIN areas ON areas.volunteer_id = months.volunteer_id
    UNION ALL
    SELECT 'university', student.university_id, months.month, months.volunteer_id, months.minutes,
           months.records
    FROM months JOIN volunteers_studentaffiliation student
         ON student.volunteer_id = months.volunteer_id AND student.verified_at IS NOT NULL
),
written AS (
    INSERT INTO points_rankingentry AS entry (
        scope, scope_number, month, volunteer_id, minutes, records)
    SELECT * FROM entries ORDER BY volunteer_id, month, scope, scope_number
    ON CONFLICT (volunteer_id, month, scope, scope_number) DO UPDATE
    SET minutes = EXCLUDED.minutes, records = EXCLUDED.records
    WHERE (entry.minutes, entry.records) <> (EXCLUDED.minutes, EXCLUDED.records)
)
DELETE FROM points_rankingentry entry USING people
WHERE entry.volunteer_id = people.volunteer_id
  AND (entry.month >= people.since OR NOT people.is_shown)
  AND NOT EXISTS (
      SELECT 1 FROM entries
      WHERE entries.volunteer_id = entry.volunteer_id AND entries.month = entry.month
        AND entries.scope = entry.scope AND entries.scope_number = entry.scope_number)
"""


def refresh_rankings(*, standings: Iterable[Standing]) -> None:
    """Bring the months since `touched_from` up to date. Holds the lock on these standings."""
    ids = [standing.pk for standing in standings]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(REFRESH_SQL, {"standings": ids, "city": city_number()})
        Standing.objects.filter(pk__in=ids, touched_from__isnull=False).update(touched_from=None)


def owe_rankings(*, volunteer: Volunteer) -> None:
    """Where the person stands changed (area, university, the wish itself): look at every month."""
    Standing.objects.filter(volunteer=volunteer).update(
        touched_from=FROM_THE_START, revision=F("evaluated_revision") + 1
    )


def leave_rankings(*, volunteer: Volunteer) -> None:
    """Gone at once, and not only at the next look. Holds the lock on the person."""
    RankingEntry.objects.filter(volunteer=volunteer).delete()


def owe_all_rankings() -> int:
    """Every month of everybody who asked to be ranked; returns how many people.

    For a roll-up made from nothing, or after the areas of the city were drawn anew.
    """
    there = RankingEntry.objects.values("volunteer")
    ranked = Volunteer.objects.filter(is_ranked=True).values("pk")
    standings = Standing.objects.filter(volunteer__in=ranked) | Standing.objects.filter(
        volunteer__in=there
    )
    return standings.update(touched_from=FROM_THE_START, revision=F("evaluated_revision") + 1)


def city_number() -> int | None:
    """The key of the whole city's area; who lives outside all areas stands there."""
    cities = Territory.objects.filter(level=Territory.Level.CITY).order_by("pk")
    return cities.values_list("pk", flat=True).first()
