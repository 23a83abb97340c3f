"""A rule is tried before it is published: the trial says what would be, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wagtail.models import ModelLogEntry

from points.actions import dry_run
from points.actions.dry_run import DryRun, DryRunTooLong, try_award_rule
from points.actions.rules import start_award_rule
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

    with pytest.raises(DryRunTooLong, match="Try fewer days"):
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
    from tests.points.test_rule_kinds import make_student

    make_student(alice.volunteer, university)
    confirmed(300)
    found = try_it(kind="term_cap", points=20)

    assert (found.worth.then, found.over_limits.then, found.total.then) == (50, -30, 20)


# The pages


def form_of(starts_on: date, **fields: Any) -> dict[str, Any]:
    return {
        "kind": "per_hour", "name": "每小时", "points": 25, "starts_on": starts_on.isoformat(),
    } | fields  # fmt: skip


def press(client: Client, url: str, form: dict[str, Any]) -> HttpResponse:
    return client.post(url, form, headers={"accept-language": "en"})


@pytest.fixture
def edit_url(per_hour: AwardRule) -> str:
    return reverse("award-rules:edit", args=[per_hour.pk])


@pytest.fixture
def tomorrow(today: date) -> date:
    return today + timedelta(days=1)


def test_staff_see_the_trial_and_nothing_is_published_by_it(
    client: Client, city_staff: User, edit_url: str, confirmed: Make, tomorrow: date
) -> None:
    confirmed(60)
    client.force_login(city_staff)
    page = press(client, edit_url, form_of(tomorrow)).content.decode()

    assert "1 person would have got more or less" in page
    assert "+15" in page
    assert "林*" in page
    assert "林爱丽" not in page
    assert AwardRule.objects.count() == 1
    assert ModelLogEntry.objects.get(action="points.rule_tried").user == city_staff


def test_the_way_back_loses_nothing_that_was_typed(
    client: Client, city_staff: User, edit_url: str, tomorrow: date
) -> None:
    client.force_login(city_staff)
    state = press(client, edit_url, form_of(tomorrow, name="新的名字")).context["state"]
    page = press(client, edit_url, {"state": state, "back": "1"}).content.decode()

    assert "新的名字" in page
    assert 'value="25"' in page
    assert AwardRule.objects.count() == 1


def test_publishing_keeps_what_the_trial_said(
    client: Client, city_staff: User, edit_url: str, confirmed: Make, tomorrow: date
) -> None:
    confirmed(60)
    client.force_login(city_staff)
    state = press(client, edit_url, form_of(tomorrow)).context["state"]
    assert press(client, edit_url, {"state": state, "publish": "1"}).status_code == 302

    entry = ModelLogEntry.objects.get(action="points.rule_started")
    assert entry.user == city_staff
    assert entry.data["tried"]["points_then"] == "25"
    # The button pressed twice publishes once.
    press(client, edit_url, {"state": state, "publish": "1"})
    assert AwardRule.objects.count() == 2


def test_a_rule_written_meanwhile_is_tried_again_before_this_one(
    client: Client, city_staff: User, edit_url: str, tomorrow: date
) -> None:
    client.force_login(city_staff)
    state = press(client, edit_url, form_of(tomorrow)).context["state"]
    start_award_rule(terms=terms("daily_cap", 60), starts_on=tomorrow, by=None)
    response = press(client, edit_url, {"state": state, "publish": "1"})

    assert "Another rule was written in the meantime" in response.content.decode()
    assert not AwardRule.objects.filter(points=25).exists()
    again = {"state": response.context["state"], "publish": "1"}
    assert press(client, edit_url, again).status_code == 302
    assert AwardRule.objects.filter(points=25).exists()


@pytest.mark.parametrize("change", ["altered", "another's", "of another rule"])
def test_only_what_was_tried_can_be_published(
    client: Client, city_staff: User, edit_url: str, tomorrow: date, change: str
) -> None:
    client.force_login(city_staff)
    state = press(client, edit_url, form_of(tomorrow)).context["state"]
    url = edit_url
    if change == "altered":
        state = state[:-1] + ("a" if state[-1] != "a" else "b")
    elif change == "another's":
        other = User.objects.create_user(
            name="另一位", phone="+8613800000077", is_staff=True, is_superuser=True
        )
        client.force_login(other)
    else:
        url = reverse("award-rules:add")
    response = client.post(url, {"state": state, "publish": "1"}, follow=True)

    assert response.status_code == 200
    assert AwardRule.objects.count() == 1


def test_fewer_days_can_be_tried(
    client: Client, city_staff: User, edit_url: str, confirmed: Make, today: date, tomorrow: date
) -> None:
    confirmed(60, served_on=today - timedelta(days=40))
    client.force_login(city_staff)

    long = press(client, edit_url, form_of(tomorrow)).context["dry_run"]
    short = press(client, edit_url, form_of(tomorrow, days="30")).context["dry_run"]
    assert (long.records, short.records) == (1, 0)
    assert (long.days, short.days) == (90, 30)


@pytest.mark.parametrize(
    ("fields", "entry", "sentence"),
    [
        ({"kind": "factor", "points": "", "percent": "150"}, "condition", "Choose when"),
        ({"kind": "factor", "points": "", "percent": "90", "condition": "holiday"}, "percent",
         "Between 101 and 500"),
        ({"kind": "factor", "points": "", "percent": "150", "condition": "night"}, "night_from",
         "Say when the night begins"),
        ({"kind": "factor", "points": "", "percent": "150", "condition": "emergency"},
         "last_day", "An emergency passes"),
        ({"kind": "factor", "points": "5", "percent": "150", "condition": "holiday"}, "points",
         "does not use this"),
        ({"kind": "term_cap", "points": "100"}, "last_day", "A term has a last day"),
        ({"kind": "daily_cap", "points": "0"}, "points", "Between 1 and 10,000"),
        ({"kind": "daily_cap", "points": "60", "min_minutes": "30"}, "min_minutes",
         "does not use this"),
        ({"kind": "first_service", "points": "20", "lapse_months": "500"}, "lapse_months",
         "Between 1 and 120"),
    ],
)  # fmt: skip
def test_what_a_kind_of_rule_lacks_is_said_beside_its_entry(
    client: Client, city_staff: User, tomorrow: date, fields: dict[str, Any], entry: str,
    sentence: str,
) -> None:  # fmt: skip
    client.force_login(city_staff)
    response = press(client, reverse("award-rules:add"), form_of(tomorrow, **fields))

    assert sentence in str(response.context["form"].errors[entry])
    assert "dry_run" not in response.context


def test_a_limit_begins_tomorrow_at_the_earliest(
    client: Client, city_staff: User, per_hour: AwardRule, today: date
) -> None:
    client.force_login(city_staff)
    url = reverse("award-rules:add")
    response = press(client, url, form_of(today, kind="weekly_cap"))

    assert "A limit starts tomorrow" in str(response.context["form"].errors["starts_on"])


@pytest.mark.django_db(transaction=True)
def test_the_form_puts_away_what_a_kind_does_not_have(
    live_site: str, open_page: Any, city_staff: User
) -> None:
    staff = Client()
    staff.force_login(city_staff)
    page = open_page(viewport={"width": 1200, "height": 900})
    session = {"name": "sessionid", "value": staff.cookies["sessionid"].value, "url": live_site}
    page.context.add_cookies([session])
    page.goto(live_site + reverse("award-rules:add"))

    page.select_option("#id_kind", "factor")
    assert page.is_visible("#id_percent")
    assert not page.is_visible("#id_points")
    assert not page.is_visible("#id_night_from")
    page.select_option("#id_condition", "night")
    assert page.is_visible("#id_night_from")
    page.select_option("#id_kind", "weekly_cap")
    assert page.is_visible("#id_points")
    # What is put away is not sent either: nobody is told off for what they cannot see.
    assert page.is_disabled("#id_condition")
    page.fill("#id_name", "每周最多 300 分")
    page.fill("#id_points", "300")
    page.click("button.button-longrunning")
    page.wait_for_selector("button[name=publish]")
    page.click("button[name=publish]")
    page.wait_for_url("**/award-rules/")
    assert AwardRule.objects.get().points == 300
