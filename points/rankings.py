"""Hours of those who asked to be ranked, by month and part of the city (R14: masked, opt-in)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Sum

from volunteers.models import ServiceRecord, Territory
from volunteers.models.people import mask_name

TOP = 50


@dataclass(frozen=True)
class Place:
    """One row of a ranking; people with the same minutes share a place."""

    place: int
    volunteer_id: int
    masked_name: str
    community: str
    minutes: int
    records: int
    star_level: int

    @property
    def hours(self) -> float:
        return self.minutes / 60


def rank_volunteers(
    *, month: date, territory: Territory | None = None, top: int = TOP
) -> list[Place]:
    """The `top` most hours served in the month that `month` lies in, within `territory`."""
    first = month.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    records = ServiceRecord.objects.counted().filter(
        served_on__gte=first,
        served_on__lt=following,
        volunteer__is_ranked=True,
        volunteer__closed_at=None,
        volunteer__merged_into=None,
    )
    if territory is not None:
        records = records.filter(volunteer__community__path__startswith=territory.path)
    rows = (
        records.values(
            "volunteer_id",
            "volunteer__name",
            "volunteer__star_level",
            "volunteer__community__name",
        )
        .annotate(minutes=Sum("credited_minutes"), times=Count("id"))
        .filter(minutes__gt=0)
        .order_by("-minutes", "volunteer_id")[:top]
    )
    places: list[Place] = []
    for number, row in enumerate(rows, start=1):
        tied = places and places[-1].minutes == row["minutes"]
        places.append(
            Place(
                place=places[-1].place if tied else number,
                volunteer_id=row["volunteer_id"],
                masked_name=mask_name(row["volunteer__name"]),
                community=row["volunteer__community__name"] or "",
                minutes=row["minutes"],
                records=row["times"],
                star_level=row["volunteer__star_level"],
            )
        )
    return places


def last_months(*, today: date, count: int = 12) -> list[date]:
    """The first day of this month and of those before it, newest first."""
    months = [today.replace(day=1)]
    while len(months) < count:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months
