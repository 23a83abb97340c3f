"""The office's pages: the form, the dry run, publishing or going back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from points.actions.rules import start_award_rule
from points.models import AwardRule
from points.rule_terms import RuleTerms
from volunteers.models import ServiceRecord, User

Make = Callable[..., ServiceRecord]


@pytest.fixture
def today() -> date:
    return timezone.localdate()


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
    limit = RuleTerms(kind="daily_cap", name="每天最多 60 分", points=60)
    start_award_rule(terms=limit, starts_on=tomorrow, by=None)
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
