"""Limits a day, a week, a year and a term: one within the other, and against a plain model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from points.actions.settlement import settle_owed_records
from points.models import AwardRule, CapWindow, Movement
from tests.cast import make_volunteer
from tests.points.conftest import balance_of, make_rule, settle_all
from volunteers.actions.merges import merge_volunteers
from volunteers.actions.records import confirm_record, correct_record, void_record
from volunteers.models import (
    Organisation,
    ServiceRecord,
    StudentAffiliation,
    Territory,
    User,
    Volunteer,
)

pytestmark = pytest.mark.usefixtures("sound_ledger")

Make = Callable[..., ServiceRecord]
ZONE = ZoneInfo("Asia/Shanghai")
WEDNESDAY = date(2026, 3, 4)


def test_a_week_begins_on_monday(confirmed: Make, alice: User) -> None:
    make_rule("per_hour", 10)
    make_rule("weekly_cap", 50)
    sunday = WEDNESDAY + timedelta(days=4)
    for day in (WEDNESDAY, sunday, sunday + timedelta(days=1)):
        confirmed(240, served_on=day)
    settle_all()

    assert balance_of(alice.volunteer) == 50 + 40
    monday = WEDNESDAY - timedelta(days=2)
    starts = CapWindow.objects.order_by("starts_on").values_list("starts_on", flat=True)
    assert list(starts) == [monday, monday + timedelta(days=7)]


def test_a_limit_that_begins_within_a_week_counts_from_its_first_day(
    confirmed: Make, alice: User
) -> None:
    make_rule("per_hour", 10)
    make_rule("weekly_cap", 50, holds=(WEDNESDAY, None))
    for days in (-1, 0, 1):
        confirmed(240, served_on=WEDNESDAY + timedelta(days=days))
    settle_all()

    assert balance_of(alice.volunteer) == 40 + 50
    assert CapWindow.objects.get().starts_on == WEDNESDAY


def test_what_a_days_limit_leaves_counts_for_the_week_and_that_for_the_year(
    confirmed: Make, alice: User
) -> None:
    make_rule("per_hour", 10)
    make_rule("daily_cap", 60)
    make_rule("weekly_cap", 100)
    make_rule("yearly_cap", 150)
    for days in (0, 1, 7, 8):
        confirmed(600, served_on=WEDNESDAY + timedelta(days=days))
    settle_all()

    assert balance_of(alice.volunteer) == 150
    by_kind = Movement.objects.filter(kind="cap").values_list("reckoning__cap", "points")
    assert sorted(by_kind) == [("daily_cap", 40)] * 4 + [("weekly_cap", 20)] * 2 + [
        ("yearly_cap", 50)
    ]


def make_student(volunteer: Volunteer, university: Organisation) -> None:
    StudentAffiliation.objects.create(
        volunteer=volunteer, university=university, student_number=f"S{volunteer.pk}",
        proof="roster", verified_at=datetime.now(ZONE),
    )  # fmt: skip


def test_a_terms_limit_is_for_proven_students_alone(
    confirmed: Make, university: Organisation, territory: Territory, alice: User
) -> None:
    make_rule("per_hour", 10)
    make_rule("term_cap", 100, holds=(date(2026, 2, 1), date(2026, 7, 1)))
    make_student(alice.volunteer, university)
    resident = make_volunteer(user=None, name="邻居", community=territory)
    StudentAffiliation.objects.create(
        volunteer=resident, university=university, student_number="typed only"
    )
    for who in (alice.volunteer, resident):
        for day in (date(2026, 2, 1), date(2026, 6, 30), date(2026, 7, 1)):
            confirmed(420, volunteer=who, served_on=day)
    settle_all()

    assert balance_of(alice.volunteer) == 100 + 70
    assert balance_of(resident) == 210


WEEK_LIMIT_BEGAN = date(2021, 3, 10)  # a Wednesday
TERM = (date(2021, 3, 1), date(2021, 7, 1))
LIMITS = {"daily_cap": 60, "weekly_cap": 130, "yearly_cap": 400, "term_cap": 180}


def expected_balance(points_by_day: dict[date, int], *, is_student: bool) -> int:
    """The plain model: each limit takes days, and hands on what it left of them as one day."""
    left = dict(points_by_day)
    left = _limited(left, "daily_cap", lambda day: day)
    left = _limited(
        left,
        "weekly_cap",
        lambda day: max(day - timedelta(days=day.weekday()), WEEK_LIMIT_BEGAN),
        holds=(WEEK_LIMIT_BEGAN, date.max),
    )
    left = _limited(left, "yearly_cap", lambda day: date(day.year, 1, 1))
    if is_student:
        left = _limited(left, "term_cap", lambda _day: TERM[0], holds=TERM)
    return sum(left.values())


def _limited(
    points: dict[date, int],
    kind: str,
    window: Callable[[date], date],
    holds: tuple[date, date] = (date.min, date.max),
) -> dict[date, int]:
    within: dict[date, int] = defaultdict(int)
    left: dict[date, int] = defaultdict(int)
    for day, earned in points.items():
        if holds[0] <= day < holds[1]:
            within[window(day)] += earned
        else:
            left[day] += earned
    for day, earned in within.items():
        left[day] += min(earned, LIMITS[kind])
    return left


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_limits_within_limits_end_the_same_whatever_happened_in_whatever_order(
    submitted: Make,
    bao: User,
    rui: User,
    territory: Territory,
    university: Organisation,
    data: Any,
) -> None:
    _make_limits()
    person, other = (
        make_volunteer(user=None, name="志愿者", community=territory) for _ in range(2)
    )
    is_student = data.draw(st.booleans())
    if is_student:
        make_student(person, university)
    # Around the limits' own beginnings and the turn of a year.
    days = st.sampled_from([date(2020, 12, 28) + timedelta(days=n) for n in range(0, 90, 3)])
    plans = data.draw(st.lists(st.tuples(days, st.integers(0, 600)), min_size=1, max_size=8))
    has_other = data.draw(st.booleans())
    records = [
        submitted(minutes, served_on=day, volunteer=other if has_other and n % 3 == 0 else person)
        for n, (day, minutes) in enumerate(plans)
    ]
    minutes_now: dict[int, int] = {}

    for number in data.draw(st.permutations(range(len(records)))):
        confirm_record(record=records[number], by=bao)
        minutes_now[number] = plans[number][1]
        _settle_some(data)
        fate = data.draw(st.sampled_from(["stay", "stay", "correct", "void"]))
        if fate == "correct":
            minutes = data.draw(st.integers(0, 600).filter(lambda m, n=number: m != plans[n][1]))
            changed = correct_record(
                record=records[number], by=bao, credited_minutes=minutes, reason="核对"
            )
            if changed.is_waiting:  # more hours than before: a second person confirms them
                confirm_record(record=changed, by=rui)
            minutes_now[number] = minutes
        if fate == "void":
            void_record(record=records[number], by=bao, reason="没有到场")
            del minutes_now[number]
        _settle_some(data)

    if has_other:
        with transaction.atomic():
            merge_volunteers(kept=person, merged=other, by=bao)
    settle_all()
    by_day: dict[date, int] = defaultdict(int)
    for number, minutes in minutes_now.items():
        by_day[plans[number][0]] += minutes * 10 // 60
    assert balance_of(person) == expected_balance(by_day, is_student=is_student)


def _make_limits() -> None:
    if AwardRule.objects.exists():
        return
    make_rule("per_hour", 10)
    for kind, points in LIMITS.items():
        holds = {"weekly_cap": (WEEK_LIMIT_BEGAN, None), "term_cap": TERM}.get(kind)
        make_rule(kind, points, **({"holds": holds} if holds else {}))


def _settle_some(data: Any) -> None:
    if data.draw(st.booleans()):
        settle_owed_records(limit=data.draw(st.integers(1, 3)))
