"""What of the own statement somebody asks to see: a group of kinds, and a year or a month."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from points.models import Account, Movement

Kind = Movement.Kind

FOR_SERVICE = (Kind.AWARD, Kind.CORRECTION, Kind.CAP, Kind.FIRST, Kind.MERGE)
# Each movement belongs to one group: (word in the address, its name).
GROUPS = [
    ("earned", _("Earned")),
    ("taken", _("Taken back")),
    ("spent", _("Redeemed and refunded")),
    ("given", _("Given and received")),
    ("lapsed", _("Lapsed")),
]


@dataclass(frozen=True)
class StatementFilter:
    """`group`: a word of GROUPS or "". `year`, `month`: 0 for all."""

    group: str = ""
    year: int = 0
    month: int = 0

    @property
    def period(self) -> str:
        """`2026`, `2026-11` or an empty string, as the address has it."""
        if not self.year:
            return ""
        return f"{self.year:04}-{self.month:02}" if self.month else f"{self.year:04}"

    @property
    def narrows(self) -> bool:
        return bool(self.group or self.year)

    def apply(self, movements: QuerySet[Movement], *, account: Account) -> QuerySet[Movement]:
        if self.group:
            movements = movements.filter(_in_group(self.group, account=account))
        if self.year:
            movements = movements.filter(
                happened_at__gte=_midnight(self.first_day), happened_at__lt=_midnight(self.after)
            )
        return movements

    @property
    def first_day(self) -> date:
        return date(self.year, self.month or 1, 1)

    @property
    def after(self) -> date:
        """The day after the last one."""
        if not self.month or self.month == 12:
            return date(self.year + 1, 1, 1)
        return date(self.year, self.month + 1, 1)


def read_filter(query: Any) -> StatementFilter:
    """From a request's GET; what is not understood is as if it were not there."""
    group = query.get("kind", "")
    found = re.fullmatch(r"(20\d\d)(?:-(0[1-9]|1[0-2]))?", query.get("period", ""), re.ASCII)
    year, month = (int(part or 0) for part in found.groups()) if found else (0, 0)
    return StatementFilter(
        group if group in dict(GROUPS) else "",
        year,
        month,
    )


def periods_of(movements: QuerySet[Movement]) -> list[tuple[int, list[date]]]:
    """[(year, [first days of its months])], newest first, since the first movement."""
    first = movements.order_by().aggregate(first=Min("happened_at"))["first"]
    if first is None:
        return []
    start, month = timezone.localdate(first).replace(day=1), timezone.localdate().replace(day=1)
    years: dict[int, list[date]] = {}
    while month >= start:
        years.setdefault(month.year, []).append(month)
        month = date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)
    return list(years.items())


def _in_group(group: str, *, account: Account) -> Q:
    match group:
        case "earned":
            return Q(kind__in=FOR_SERVICE, credit_account=account)
        case "taken":
            return Q(kind__in=FOR_SERVICE, debit_account=account)
        case "spent":
            return Q(kind__in=[Kind.REDEMPTION, Kind.REFUND])
        case "given":
            return Q(kind__in=[Kind.GIFT, Kind.FAMILY])
    return Q(kind=Kind.LAPSE)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
