"""Somebody's year of service in sums: what the page tells and the picture shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time

from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from points.models import Account, Movement, Recognition
from points.office import FOR_SERVICE
from volunteers.language import in_language
from volunteers.models import ServiceRecord, Volunteer

FIRST_YEAR = 2000


@dataclass
class YearSummary:
    """Only hours that count. `months`: twelve numbers of minutes, January first."""

    year: int
    minutes: int = 0
    times: int = 0
    days: int = 0
    organisations: int = 0
    points: int = 0
    months: list[int] = field(default_factory=lambda: [0] * 12)
    # (name, minutes), most first.
    categories: list[tuple[str, int]] = field(default_factory=list)
    # The activity served most often, and how often.
    favourite: str = ""
    favourite_times: int = 0
    first: ServiceRecord | None = None
    last: ServiceRecord | None = None
    honours: list[str] = field(default_factory=list)

    @property
    def hours(self) -> float:
        return self.minutes / 60

    @property
    def hours_shown(self) -> str:
        return f"{self.hours:.1f}".removesuffix(".0")

    @property
    def is_empty(self) -> bool:
        return not self.times


def sum_up_year(*, volunteer: Volunteer, year: int) -> YearSummary:
    """Four queries, however much was served."""
    summary = YearSummary(year)
    records = list(
        ServiceRecord.objects.counted()
        .filter(
            volunteer=volunteer,
            served_on__gte=date(year, 1, 1),
            served_on__lt=date(year + 1, 1, 1),
            credited_minutes__gt=0,
        )
        .select_related("category")
        .order_by("served_on", "checked_in_at", "id")
    )
    if records:
        _add_service(summary, records)
    summary.points = _points_of(volunteer, year=year)
    summary.honours = _honours_of(volunteer, year=year)
    return summary


def years_of(volunteer: Volunteer) -> list[int]:
    """The years in which the volunteer served, newest first."""
    dates = ServiceRecord.objects.counted().filter(volunteer=volunteer)
    return [day.year for day in dates.dates("served_on", "year", order="DESC")]


def _add_service(summary: YearSummary, records: list[ServiceRecord]) -> None:
    by_category: Counter[str] = Counter()
    by_activity: Counter[str] = Counter()
    for record in records:
        summary.months[record.served_on.month - 1] += record.credited_minutes
        by_category[str(record.category)] += record.credited_minutes
        by_activity[str(in_language(record, "activity_name"))] += 1
    summary.minutes = sum(summary.months)
    summary.times = len(records)
    summary.days = len({record.served_on for record in records})
    summary.organisations = len({record.organisation_id for record in records})
    summary.categories = by_category.most_common()
    ((summary.favourite, summary.favourite_times),) = by_activity.most_common(1)
    summary.first, summary.last = records[0], records[-1]


def _points_of(volunteer: Volunteer, *, year: int) -> int:
    """Earned in the year, less what was taken back in it."""
    account = Account.objects.filter(volunteer=volunteer).first()
    if account is None:
        return 0
    moved = Movement.objects.filter(
        Q(credit_account=account) | Q(debit_account=account),
        kind__in=FOR_SERVICE,
        **_within(year, "happened_at"),
    ).aggregate(
        gained=Sum("points", filter=Q(credit_account=account)),
        taken=Sum("points", filter=Q(debit_account=account)),
    )
    return (moved["gained"] or 0) - (moved["taken"] or 0)


def _honours_of(volunteer: Volunteer, *, year: int) -> list[str]:
    awarded = (
        Recognition.objects.awarded()
        .filter(volunteer=volunteer, **_within(year, "awarded_at"))
        .exclude(kind=Recognition.Kind.FIRST_SERVICE)
        .select_related("badge")
        .order_by("awarded_at", "id")
    )
    return [
        _("Star level %(level)s") % {"level": one.level}
        if one.kind == Recognition.Kind.STAR
        else str(one.badge)
        for one in awarded
    ]


def _within(year: int, field_name: str) -> dict[str, datetime]:
    return {
        f"{field_name}__gte": _new_year(year),
        f"{field_name}__lt": _new_year(year + 1),
    }


def _new_year(year: int) -> datetime:
    return timezone.make_aware(datetime.combine(date(year, 1, 1), time.min))
