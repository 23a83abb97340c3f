"""Hours of those who asked to be ranked, read from the roll-up (R14: masked, opt-in)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet

from points.models import RankingEntry
from volunteers.models import Organisation, StudentAffiliation, Volunteer
from volunteers.models.people import mask_name

TOP = 100
Scope = RankingEntry.Scope


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


def rank_volunteers(*, month: date, scope: str, scope_number: int, top: int = TOP) -> list[Place]:
    """The `top` most hours in the month that `month` lies in, within one area, university or
    organisation. Two queries: the head of one stretch of an index, and the people found."""
    entries = list(_entries(month=month, scope=scope, scope_number=scope_number)[:top])
    people = _people(entry.volunteer_id for entry in entries)
    places: list[Place] = []
    for number, entry in enumerate(entries, start=1):
        tied = places and places[-1].minutes == entry.minutes
        places.append(
            _place(entry, people[entry.volunteer_id], places[-1].place if tied else number)
        )
    return places


def own_place(*, volunteer: Volunteer, month: date, scope: str, scope_number: int) -> Place | None:
    """Where the volunteer stands, however far down; None without an entry there."""
    entries = _entries(month=month, scope=scope, scope_number=scope_number)
    own = entries.filter(volunteer=volunteer).first()
    if own is None:
        return None
    above = entries.order_by().filter(minutes__gt=own.minutes).count()
    return _place(own, volunteer, above + 1)


def last_months(*, today: date, count: int = 12) -> list[date]:
    """The first day of this month and of those before it, newest first."""
    months = [today.replace(day=1)]
    while len(months) < count:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months


def organisations_of(volunteer: Volunteer) -> QuerySet[Organisation]:
    """Those with which the volunteer ever served."""
    return Organisation.objects.filter(
        pk__in=volunteer.records.counted().values("organisation")  # type: ignore[attr-defined]
    )


def university_of(volunteer: Volunteer) -> Organisation | None:
    student = (
        StudentAffiliation.objects.filter(volunteer=volunteer, verified_at__isnull=False)
        .select_related("university")
        .first()
    )
    return student.university if student else None


def _entries(*, month: date, scope: str, scope_number: int) -> QuerySet[RankingEntry]:
    return RankingEntry.objects.filter(
        scope=scope, scope_number=scope_number, month=month.replace(day=1)
    ).order_by("-minutes", "volunteer_id")


def _people(ids: Iterable[int]) -> dict[int, Volunteer]:
    people = Volunteer.objects.filter(pk__in=list(ids)).select_related("community")
    return {person.pk: person for person in people.only("name", "star_level", "community")}


def _place(entry: RankingEntry, person: Volunteer, place: int) -> Place:
    return Place(
        place=place,
        volunteer_id=entry.volunteer_id,
        masked_name=mask_name(person.name),
        community=str(person.community or ""),
        minutes=entry.minutes,
        records=entry.records,
        star_level=person.star_level,
    )
