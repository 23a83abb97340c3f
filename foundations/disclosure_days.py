"""When a foundation must publish what, from its funds' plans (D8) and the calendar (D9).

A fund that runs longer than six months reports at least every three months; one that answers an
emergency every five days; each within three months of its end. The year is due at a fixed day
of the next. [慈善法 Art.72, 79; 基金会管理条例]
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings

from foundations.models import Disclosure, FundPlan

Kind = Disclosure.Kind
LONG_MONTHS = 6
PROGRESS_MONTHS = 3
FINAL_MONTHS = 3
EMERGENCY_DAYS = 5


@dataclass(frozen=True)
class Owed:
    kind: str
    first_on: date
    last_on: date
    due_on: date


def owed_by(plan: FundPlan, *, today: date) -> list[Owed]:
    """All reports of a fund whose days have begun; the last one once they are over."""
    reports = list(_progress(plan))
    if plan.is_emergency:
        reports += _emergency(plan, today)
    if plan.ends_on < today:
        reports.append(_final(plan))
    return [report for report in reports if report.first_on <= today]


def owed_for_year(year: int) -> Owed:
    due = date.fromisoformat(f"{year + 1}-{settings.LINLI_ANNUAL_REPORT_DUE}")
    return Owed(Kind.ANNUAL, date(year, 1, 1), date(year, 12, 31), due)


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last one of a shorter month."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _progress(plan: FundPlan) -> Iterator[Owed]:
    """Due every three months; its days end a little earlier, so that they can be written up."""
    if plan.ends_on <= add_months(plan.starts_on, LONG_MONTHS):
        return
    first_on, number = plan.starts_on, 1
    while first_on <= plan.ends_on:
        due_on = add_months(plan.starts_on, PROGRESS_MONTHS * number)
        if due_on > plan.ends_on:
            return  # the final report says the rest
        last_on = due_on - timedelta(days=settings.LINLI_DISCLOSURE_WRITING_DAYS)
        yield Owed(Kind.PROGRESS, first_on, last_on, due_on)
        first_on, number = last_on + timedelta(days=1), number + 1


def _emergency(plan: FundPlan, today: date) -> Iterator[Owed]:
    first_on = plan.starts_on
    while first_on <= min(plan.ends_on, today):
        last_on = first_on + timedelta(days=EMERGENCY_DAYS - 1)
        yield Owed(Kind.EMERGENCY, first_on, last_on, last_on)
        first_on = last_on + timedelta(days=1)


def _final(plan: FundPlan) -> Owed:
    """It tells of all the fund's days."""
    return Owed(Kind.FINAL, plan.starts_on, plan.ends_on, add_months(plan.ends_on, FINAL_MONTHS))
