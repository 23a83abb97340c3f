"""What each kind of rule makes of a record; limits against a plain model in any order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from points.actions.settlement import settle_owed_records
from points.models import AwardRule, Bucket, CapWindow, Movement, Standing
from tests.cast import make_volunteer
from tests.points.conftest import balance_of, make_rule, settle_all
from volunteers.actions.merges import merge_volunteers
from volunteers.actions.records import confirm_record, correct_record, void_record
from volunteers.models import (
    Category,
    Organisation,
    PublicHoliday,
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


def worth_of(record: ServiceRecord) -> int:
    """What the next settlement gives for it."""
    settle_all()
    movement = record.movements.first()
    return movement.points if movement else 0


def between(day: date, came: str, went: str) -> dict[str, Any]:
    """Minutes and moments of service on a day; who goes earlier than they came stays the night."""
    start = datetime.combine(day, time.fromisoformat(came), ZONE)
    end = datetime.combine(day, time.fromisoformat(went), ZONE)
    if end <= start:
        end += timedelta(days=1)
    return {
        "minutes": int((end - start).total_seconds() // 60),
        "served_on": day,
        "checked_in_at": start,
        "checked_out_at": end,
    }


@pytest.mark.parametrize(
    ("role", "slug", "points"),
    [("队长", "patrol", 40), ("队员", "patrol", 30), ("队长", "sea", 20), ("队员", "sea", 10)],
)
def test_the_most_particular_hourly_rule_counts(
    confirmed: Make, category: Category, role: str, slug: str, points: int
) -> None:
    sea = Category.objects.create(slug="sea", name="海滩清洁")
    make_rule("per_hour", 10)
    make_rule("per_hour", 20, role="队长")
    make_rule("per_hour", 30, category=category)
    make_rule("per_hour", 40, category=category, role="队长")
    asked = {"patrol": category, "sea": sea}[slug]

    assert worth_of(confirmed(60, role=role, category=asked)) == points


def test_service_that_is_too_short_earns_no_points_but_its_hours(
    confirmed: Make, alice: User
) -> None:
    make_rule("per_hour", 10, min_minutes=30)
    make_rule("campaign_bonus", 5, campaign_number=7)
    short, enough = confirmed(29, campaign_number=7), confirmed(30, campaign_number=7)

    assert (worth_of(short), worth_of(enough)) == (0, 10)
    assert Standing.objects.get(volunteer=alice.volunteer).served_minutes == 59


@pytest.mark.parametrize(
    ("rounding", "minutes", "points"),
    [
        ("down", 59, 9), ("nearest", 59, 10), ("up", 59, 10),
        ("nearest", 56, 9), ("nearest", 57, 10), ("up", 55, 10), ("up", 60, 10), ("down", 60, 10),
    ],
)  # fmt: skip
def test_points_are_rounded_as_the_rule_says(
    confirmed: Make, rounding: str, minutes: int, points: int
) -> None:
    make_rule("per_hour", 10, rounding=rounding)

    assert worth_of(confirmed(minutes)) == points


@pytest.mark.parametrize(
    ("came", "went", "points"),
    [
        ("22:00", "23:00", 15),
        ("21:00", "23:00", 30),  # exactly half of it
        ("20:59", "23:00", 20),  # a minute more by day
        ("23:30", "00:30", 15),
        ("01:00", "03:00", 30),
        ("05:00", "07:00", 30),
        ("05:00", "07:02", 20),
        ("20:00", "08:00", 180),
        ("09:00", "10:00", 10),
    ],
)
def test_service_of_the_night_weighs_more_also_across_midnight(
    confirmed: Make, came: str, went: str, points: int
) -> None:
    make_rule("per_hour", 10)
    make_factor("night", 150)

    record = confirmed(**between(WEDNESDAY, came, went))

    assert worth_of(record) == points
    assert Movement.objects.get(record=record).reckoning["night"] is (
        points * 60 > record.credited_minutes * 10
    )


def make_factor(condition: str, percent: int, **fields: Any) -> Any:
    if condition == "night":
        fields |= {"night_from": time(22), "night_until": time(6)}
    return make_rule("factor", 0, condition=condition, percent=percent, **fields)


def test_of_several_nights_the_highest_that_the_record_lies_in_counts(
    confirmed: Make, category: Category
) -> None:
    make_rule("per_hour", 10)
    make_factor("night", 200)
    evening = {"night_from": time(19), "night_until": time(22)}
    make_rule("factor", 0, condition="night", percent=150, category=category, **evening)

    assert worth_of(confirmed(**between(WEDNESDAY, "20:00", "21:00"))) == 15
    assert worth_of(confirmed(**between(WEDNESDAY, "22:00", "23:00"))) == 20
    # Half and half: both hold, the higher one counts.
    assert worth_of(confirmed(**between(WEDNESDAY, "21:00", "23:00"))) == 40


def test_hours_without_a_check_in_are_not_of_the_night(confirmed: Make) -> None:
    make_rule("per_hour", 10)
    make_factor("night", 150)

    assert worth_of(confirmed(60)) == 10


def test_a_public_holiday_weighs_more(confirmed: Make) -> None:
    make_rule("per_hour", 10)
    make_factor("holiday", 200)
    PublicHoliday.objects.update_or_create(day=WEDNESDAY, defaults={"name": "试放假"})

    assert worth_of(confirmed(60, served_on=WEDNESDAY)) == 20
    assert worth_of(confirmed(60, served_on=WEDNESDAY + timedelta(days=1))) == 10


def test_an_emergency_is_a_campaigns_or_a_categorys(confirmed: Make, category: Category) -> None:
    make_rule("per_hour", 10)
    make_factor("emergency", 300, campaign_number=7)
    other = Category.objects.create(slug="sea", name="海滩清洁")
    make_factor("emergency", 120, category=other)

    assert worth_of(confirmed(60, campaign_number=7)) == 30
    assert worth_of(confirmed(60, campaign_number=8)) == 10
    assert worth_of(confirmed(60, category=other)) == 12


def test_of_several_factors_the_highest_counts_and_a_bonus_is_not_weighed(
    confirmed: Make,
) -> None:
    make_rule("per_hour", 10)
    make_factor("night", 150)
    make_factor("holiday", 200)
    make_rule("campaign_bonus", 7, campaign_number=7)
    PublicHoliday.objects.update_or_create(day=WEDNESDAY, defaults={"name": "试放假"})
    night = between(WEDNESDAY, "22:00", "23:00")

    assert worth_of(confirmed(**night, campaign_number=7)) == 20 + 7


def test_the_months_until_points_lapse_are_the_rules_own(confirmed: Make, alice: User) -> None:
    make_rule("per_hour", 10, lapse_months=24)
    record = confirmed(60)
    settle_all()

    month = record.confirmed_at.astimezone(ZONE).date().replace(day=1)
    bucket = Bucket.objects.get(account__volunteer=alice.volunteer)
    # Two years after the month's end: the first of the month after.
    expected = date(month.year + 2 + month.month // 12, month.month % 12 + 1, 1)
    assert (bucket.lapses_on, bucket.remaining_points) == (expected, 10)


def test_a_first_service_is_thanked_once_and_outside_the_limits(
    confirmed: Make, alice: User
) -> None:
    make_rule("per_hour", 10)
    make_rule("daily_cap", 15)
    make_rule("first_service", 50)
    confirmed(120)
    settle_all()
    confirmed(60, served_on=WEDNESDAY)
    settle_all()

    assert balance_of(alice.volunteer) == 15 + 10 + 50
    assert Movement.objects.get(kind="first").points == 50


def test_the_first_service_is_taken_back_with_the_last_record_and_given_again(
    confirmed: Make, alice: User, bao: User
) -> None:
    make_rule("per_hour", 10)
    make_rule("first_service", 50, lapse_months=12)
    first, second = confirmed(60), confirmed(60)
    settle_all()
    void_record(record=first, by=bao, reason="代签")
    settle_all()
    assert balance_of(alice.volunteer) == 10 + 50

    void_record(record=second, by=bao, reason="代签")
    settle_all()
    assert balance_of(alice.volunteer) == 0

    confirmed(60)
    settle_all()
    assert balance_of(alice.volunteer) == 10 + 50
    assert [m.points for m in Movement.objects.filter(kind="first")] == [50, 50, 50]


def test_what_a_first_service_gave_is_taken_back_from_where_it_lay(
    confirmed: Make, alice: User, bao: User
) -> None:
    make_rule("per_hour", 10)
    rule = make_rule("first_service", 50, lapse_months=12)
    record = confirmed(60)
    settle_all()
    given = Movement.objects.get(kind="first")
    assert given.reckoning["lapses_on"] == str(Bucket.objects.get(remaining_points=50).lapses_on)
    void_record(record=record, by=bao, reason="代签")
    settle_all()

    back = Movement.objects.filter(kind="first").latest("id")
    assert back.reckoning["lapses_on"] == given.reckoning["lapses_on"]
    assert not Bucket.objects.filter(remaining_points__gt=0).exists()
    assert rule.points == 50


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
