"""What somebody's records show towards badges."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum
from django.utils.translation import gettext as _

from points.models import Badge
from points.openbadges import criteria_in_words
from volunteers.models import NoShow, ServiceRecord, Volunteer

Criterion = Badge.Criterion
# {volunteer: {badge: how many}}, in what the badge counts: times, whole hours or days.
Counts = dict[int, dict[int, int]]


@dataclass(frozen=True)
class BadgeProgress:
    """A badge on offer and how far somebody is on the way to it."""

    badge: Badge
    count: int

    @property
    def shown(self) -> str:
        return _("%(count)s of %(needed)s") % {
            "count": min(self.count, self.badge.threshold),
            "needed": self.badge.threshold,
        }

    @property
    def rule(self) -> str:
        return criteria_in_words(self.badge)


def count_towards(*, badges: Iterable[Badge], volunteer_ids: Collection[int]) -> Counts:
    """What counted and settled records show: one query for all badges, one for the no-shows."""
    badges = list(badges)
    counts: Counts = {volunteer_id: {} for volunteer_id in volunteer_ids}
    if not badges:
        return counts
    aggregates: dict[str, Any] = {}
    for badge in badges:
        aggregates |= _aggregates(badge)
    rows: Iterable[Any] = (
        ServiceRecord.objects.counted()
        .filter(volunteer__in=volunteer_ids, settled_minutes__isnull=False)
        .values("volunteer")
        .annotate(**aggregates)
        .order_by()
    )
    missed = _last_missed(badges, volunteer_ids)
    for row in rows:
        days_missed = missed.get(row["volunteer"], {})
        counts[row["volunteer"]] = {badge.pk: _count(badge, row, days_missed) for badge in badges}
    return counts


def progress_of(*, volunteer: Volunteer, badges: Iterable[Badge]) -> list[BadgeProgress]:
    badges = list(badges)
    counts = count_towards(badges=badges, volunteer_ids=[volunteer.pk])[volunteer.pk]
    return [BadgeProgress(badge, counts.get(badge.pk, 0)) for badge in badges]


def _aggregates(badge: Badge) -> dict[str, Any]:
    asked = _records_asked(badge) or None
    name = f"badge_{badge.pk}"
    if badge.criterion == Criterion.TIMES:
        return {name: Count("pk", filter=asked)}
    if badge.criterion == Criterion.HOURS:
        return {name: Sum("settled_minutes", filter=asked)}
    return {
        f"{name}_first": Min("served_on", filter=asked),
        f"{name}_last": Max("served_on", filter=asked),
    }


def _records_asked(badge: Badge) -> Q:
    """Which records count. Service without a check-in has no time of day."""
    asked = Q()
    if badge.category_id:
        asked &= Q(category=badge.category_id)
    if badge.organisation_id:
        asked &= Q(organisation=badge.organisation_id)
    if badge.campaign_number is not None:
        asked &= Q(campaign_number=badge.campaign_number)
    if badge.begins_from is not None and badge.begins_until is not None:
        after = Q(checked_in_at__time__gte=badge.begins_from)
        before = Q(checked_in_at__time__lte=badge.begins_until)
        across_midnight = badge.begins_until < badge.begins_from
        asked &= (after | before) if across_midnight else (after & before)
    return asked


def _last_missed(badges: list[Badge], volunteer_ids: Collection[int]) -> dict[int, dict[int, date]]:
    """{volunteer: {organisation: day of the last no-show}}, if any badge asks for it."""
    found: dict[int, dict[int, date]] = {}
    if all(badge.criterion != Criterion.RELIABLE_DAYS for badge in badges):
        return found
    rows = (
        NoShow.objects.counting()
        .filter(volunteer__in=volunteer_ids)
        .values_list("volunteer", "organisation")
        .annotate(last=Max("missed_on"))
    )
    for volunteer_id, organisation_id, last in rows:
        found.setdefault(volunteer_id, {})[organisation_id] = last
    return found


def _count(badge: Badge, row: dict[str, Any], days_missed: dict[int, date]) -> int:
    name = f"badge_{badge.pk}"
    if badge.criterion == Criterion.TIMES:
        return int(row[name])
    if badge.criterion == Criterion.HOURS:
        return int(row[name] or 0) // 60
    first, last = row[f"{name}_first"], row[f"{name}_last"]
    if first is None:
        return 0
    missed = [
        day
        for organisation_id, day in days_missed.items()
        if badge.organisation_id in (None, organisation_id)
    ]
    return max(0, (last - max([first, *missed])).days)
