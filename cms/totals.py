"""The city's sums for its public page. Counted at most once a minute, whoever looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import cache
from django.db import connection
from django.db.models import Sum
from django.utils import timezone
from redis.exceptions import RedisError

from campaigns.models import CampaignPage, Shift
from points.models import Account
from volunteers.models import Organisation, ServiceRecord, Volunteer

KEEP_SECONDS = 60
Kept = TypeVar("Kept")


def city_totals() -> dict[str, Any]:
    """Sums by name: volunteers, served_minutes, served_hours, records, organisations, campaigns,
    points, shifts_now; and `counted_at`."""
    return _kept("city", _count_city)


def district_totals() -> list[dict[str, Any]]:
    """A row a district, most hours first: {name, name_en, volunteers, served_minutes}."""
    return _kept("districts", _count_districts)


def category_totals() -> list[dict[str, Any]]:
    """A row a category, most hours first: {name, name_en, served_minutes, share (0–100)}."""
    return _kept("categories", _count_categories)


def _kept(name: str, count: Callable[[], Kept]) -> Kept:
    key = f"totals:{name}"
    try:
        kept: Kept | None = cache.get(key)
    except RedisError:  # the page must stand while the cache is away
        return count()
    if kept is None:
        kept = count()
        cache.set(key, kept, KEEP_SECONDS)
    return kept


def _count_city() -> dict[str, Any]:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(served_minutes), 0), coalesce(sum(served_records), 0)"
            " FROM points_standing"
        )
        minutes, records = cursor.fetchone()
    # All accounts together are zero, so what people hold is what the others lack.
    others = Account.objects.filter(volunteer=None).aggregate(points=Sum("balance_points"))
    return {
        "volunteers": Volunteer.objects.active().count(),
        "served_minutes": int(minutes),
        "served_hours": int(minutes) // 60,
        "records": int(records),
        "organisations": Organisation.objects.active().count(),
        "campaigns": CampaignPage.objects.live().filter(ends_on__gte=now.date()).count(),
        "shifts_now": Shift.objects.public().filter(starts_at__lte=now, ends_at__gt=now).count(),
        "points": -(others["points"] or 0),
        "counted_at": now,
    }


def _count_districts() -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT district.name, district.name_en, count(volunteer.id) AS volunteers,
                   coalesce(sum(standing.served_minutes), 0)::bigint AS served_minutes
            FROM volunteers_territory district
            LEFT JOIN volunteers_territory community
                   ON community.path LIKE district.path || '%%'
            LEFT JOIN volunteers_volunteer volunteer
                   ON volunteer.community_id = community.id
                  AND volunteer.merged_into_id IS NULL AND volunteer.closed_at IS NULL
            LEFT JOIN points_standing standing ON standing.volunteer_id = volunteer.id
            WHERE district.level = 3
            GROUP BY district.id
            ORDER BY served_minutes DESC, district.path
            """
        )
        return _with_share(_rows(cursor))


def _count_categories() -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT category.name, category.name_en,
                   coalesce(sum(record.credited_minutes), 0)::bigint AS served_minutes
            FROM volunteers_category category
            LEFT JOIN volunteers_servicerecord record
                   ON record.category_id = category.id AND record.state = ANY(%s)
            GROUP BY category.id
            ORDER BY served_minutes DESC, category.position
            """,
            [list(ServiceRecord.COUNTED)],
        )
        return _with_share(_rows(cursor))


def _rows(cursor: Any) -> list[dict[str, Any]]:
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _with_share(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`share` is the bar's length: whole per cent of the longest."""
    most = max((row["served_minutes"] for row in rows), default=0) or 1
    for row in rows:
        row["served_hours"] = row["served_minutes"] // 60
        row["share"] = round(100 * row["served_minutes"] / most)
    return rows
