"""What each kind of rule makes of a record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from points.models import Bucket, Movement, Standing
from tests.points.conftest import balance_of, make_rule, settle_all
from volunteers.actions.records import void_record
from volunteers.models import (
    Category,
    PublicHoliday,
    ServiceRecord,
    User,
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
