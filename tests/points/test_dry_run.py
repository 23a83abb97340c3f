"""A rule is tried before it is published: the trial says what would be, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from points.actions import dry_run
from points.actions.dry_run import DryRun, DryRunTooLong, try_award_rule
from points.models import Account, AwardRule, BonusBudget, CapWindow, Movement, SetAsideRecord
from points.rule_terms import RuleTerms
from tests.cast import make_volunteer
from tests.points.conftest import balance_of, make_rule, settle_all
from volunteers.models import Category, PublicHoliday, ServiceRecord, Territory, User, Volunteer

Make = Callable[..., ServiceRecord]
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def today() -> date:
    return timezone.localdate()


def terms(kind: str = "per_hour", points: int = 20, **fields: Any) -> RuleTerms:
    return RuleTerms(kind=kind, name="试一试", points=points, **fields)


def try_it(**fields: Any) -> DryRun:
    return try_award_rule(terms=terms(**fields), by=None)


def test_it_says_what_would_have_been_given_to_whom(
    per_hour: AwardRule, confirmed: Make, territory: Territory, category: Category
) -> None:
    neighbour = make_volunteer(user=None, name="王小明", community=territory)
    confirmed(60)
    confirmed(120, volunteer=neighbour)
    found = try_it(points=15)

    assert (found.records_looked_at, found.records, found.people) == (2, 2, 2)
    assert (found.total.now, found.total.then, found.total.difference) == (30, 45, 15)
    [line] = found.categories
    assert (line.name, line.now, line.then) == (category, 30, 45)
    assert sum(line.difference for line in found.months) == 15
    assert [(line.name, line.difference) for line in found.most_affected] == [
        ("王*", 10), ("林*", 5),
    ]  # fmt: skip


def test_it_writes_nothing(
    per_hour: AwardRule, daily_cap: AwardRule, confirmed: Make, today: date
) -> None:
    record = confirmed(300)
    settle_all()
    confirmed(60)
    before = everything()
    found = try_it(kind="campaign_bonus", points=5, campaign_number=9, budget_points=50)

    assert found.total.difference == 0
    assert everything() == before
    assert record.movements.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'dry_run%'")
        assert cursor.fetchone()[0] == 0
        cursor.execute("SELECT 'points_awardrule'::regclass = 'public.points_awardrule'::regclass")
        assert cursor.fetchone()[0]


def everything() -> list[Any]:
    tables = (AwardRule, BonusBudget, CapWindow, Movement, Account, SetAsideRecord, ServiceRecord)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def test_only_the_days_asked_for_are_looked_at(
    per_hour: AwardRule, confirmed: Make, today: date
) -> None:
    for days in (0, 1, 30, 31, 90, 91):
        confirmed(60, served_on=today - timedelta(days=days))

    assert try_it().records_looked_at == 4
    assert try_award_rule(terms=terms(), by=None, days=30).records_looked_at == 2


def test_a_budget_is_used_up_in_the_trial_as_it_would_be(
    per_hour: AwardRule, confirmed: Make
) -> None:
    for _ in range(5):
        confirmed(60, campaign_number=9)
    found = try_it(kind="campaign_bonus", points=5, campaign_number=9, budget_points=17)

    assert found.budget is not None
    assert (found.budget.granted_points, found.budget.refused) == (15, 2)
    assert found.total.difference == 15


def test_service_that_no_rule_knows_is_said_to_be_so(confirmed: Make, today: date) -> None:
    sea = Category.objects.create(slug="sea", name="海滩清洁")
    confirmed(60)
    confirmed(60, category=sea)
    found = try_it(category=sea)

    assert (found.records_without_rule, found.total.then) == (1, 20)


def test_it_gives_up_in_plain_words_when_it_takes_too_long(
    per_hour: AwardRule, confirmed: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed(60)
    slow = f"SELECT pg_sleep(2); {dry_run.RECORDS_SQL}"
    monkeypatch.setattr(dry_run, "RECORDS_SQL", slow)
    monkeypatch.setattr(dry_run, "STATEMENT_SECONDS", 1)

    with pytest.raises(DryRunTooLong):
        try_it()
    monkeypatch.undo()
    assert try_it().records == 1


# What else holds, what is tried, and (kind of city) what the people did.
CANDIDATES: list[dict[str, Any]] = [
    {"kind": "per_hour", "points": 13, "rounding": "up"},
    {"kind": "per_hour", "points": 13, "role": "队长", "min_minutes": 45},
    {"kind": "factor", "points": 0, "percent": 150, "condition": "night",
     "night_from": time(22), "night_until": time(6)},
    {"kind": "factor", "points": 0, "percent": 200, "condition": "holiday"},
    {"kind": "factor", "points": 0, "percent": 300, "condition": "emergency",
     "campaign_number": 9},
    {"kind": "campaign_bonus", "points": 9, "campaign_number": 9},
    {"kind": "campaign_bonus", "points": 9, "campaign_number": 9, "budget_points": 30},
    {"kind": "first_service", "points": 25},
    {"kind": "daily_cap", "points": 40},
    {"kind": "weekly_cap", "points": 90},
    {"kind": "yearly_cap", "points": 150},
]  # fmt: skip


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda c: f"{c['kind']}-{len(c)}")
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_the_trial_says_what_a_settlement_under_the_rule_really_gives(
    confirmed: Make, territory: Territory, today: date, candidate: dict[str, Any], data: Any
) -> None:
    forget_everything()
    since = today - timedelta(days=90)
    make_rule("per_hour", 10)
    if candidate["kind"] != "daily_cap":
        make_rule("daily_cap", 60)
    PublicHoliday.objects.filter(day=since + timedelta(days=20)).exists() or (
        PublicHoliday.objects.create(day=since + timedelta(days=20), name="试放假")
    )
    people = [make_volunteer(user=None, name="志愿者", community=territory) for _ in range(3)]
    for _ in range(data.draw(st.integers(3, 12))):
        serve(confirmed, data, people=people, since=since)
    found = try_award_rule(terms=terms(**candidate), by=None)

    settle_all()
    assert given_to(people) == found.total.now
    # The same city, had the rule been written in time.
    replay(terms(**candidate), since=since)
    assert given_to(people) == found.total.then


def serve(confirmed: Make, data: Any, *, people: list[Volunteer], since: date) -> None:
    day = since + timedelta(days=data.draw(st.sampled_from([0, 3, 19, 20, 21, 60, 89])))
    minutes = data.draw(st.sampled_from([30, 44, 60, 185, 400]))
    came = datetime.combine(day, time(data.draw(st.sampled_from([9, 21, 23]))), ZONE)
    confirmed(
        minutes,
        volunteer=data.draw(st.sampled_from(people)),
        served_on=day,
        role=data.draw(st.sampled_from(["", "队长"])),
        campaign_number=data.draw(st.sampled_from([None, 9])),
        checked_in_at=came,
        checked_out_at=came + timedelta(minutes=minutes),
    )


def given_to(people: list[Volunteer]) -> int:
    return sum(balance_of(volunteer) for volunteer in people)


def forget_everything() -> None:
    """The ledger and its rules of the example before, which a transaction holds together."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in (
            "points_bucketdraw", "points_bucket", "points_bonusgrant", "points_bonusbudget",
            "points_capwindow", "points_movement", "points_awardrule", "points_setasiderecord",
            "points_standing", "volunteers_recordchange", "volunteers_servicerecord",
        ):  # fmt: skip
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("DELETE FROM points_account WHERE volunteer_id IS NOT NULL")
        cursor.execute("UPDATE points_account SET balance_points = 0")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def replay(asked: RuleTerms, *, since: date) -> None:
    """Empty the ledger, let the rule have held since then, and settle everything anew."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in (
            "points_bucketdraw", "points_bucket", "points_bonusgrant", "points_capwindow",
            "points_movement", "points_standing",
        ):  # fmt: skip
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("DELETE FROM points_account WHERE volunteer_id IS NOT NULL")
        cursor.execute("UPDATE points_account SET balance_points = 0")
        cursor.execute(
            "UPDATE volunteers_servicerecord SET settled_revision = 0, settled_minutes = NULL,"
            " settled_quality = NULL"
        )
        rule = asked.unsaved()
        rule.holds = (since, None)
        versions = AwardRule.objects.with_key_of(rule).values_list("pk", flat=True)
        cursor.execute(
            "UPDATE points_awardrule SET holds = daterange(lower(holds), %s) WHERE id = ANY(%s)",
            [since, list(versions)],
        )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    rule.save()
    if asked.budget_points is not None:
        BonusBudget.objects.create(rule=rule, budget_points=asked.budget_points)
    settle_all()


def test_a_terms_limit_is_tried_on_students(
    confirmed: Make, per_hour: AwardRule, alice: User, university: Any, today: date
) -> None:
    from tests.points.test_limits import make_student

    make_student(alice.volunteer, university)
    confirmed(300)
    found = try_it(kind="term_cap", points=20)

    assert (found.worth.then, found.over_limits.then, found.total.then) == (50, -30, 20)
