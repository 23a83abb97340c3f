from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from campaigns.models import CampaignPage
from points.actions.rules import (
    LaterVersionExists,
    RuleEndsBeforeStart,
    RuleEndsInThePast,
    RuleEndsLater,
    RuleInThePast,
    RuleOfTodayInForce,
    RuleStarted,
    RuleTooFarAhead,
    end_award_rule,
    remove_award_rule,
    start_award_rule,
)
from points.models import AwardRule, BonusBudget
from points.rule_terms import RuleTerms
from tests.cast import make_user
from tests.points.conftest import balance_of, make_rule, settle_all
from volunteers.actions.organisations import appoint_city_staff
from volunteers.models import Category, ServiceRecord, User

Make = Callable[..., ServiceRecord]


@pytest.fixture
def today() -> date:
    return timezone.localdate()


def start(
    starts_on: date, points: int = 20, last_day: date | None = None, **fields: Any
) -> AwardRule:
    terms = RuleTerms(**{"kind": "per_hour", "name": "每小时", "points": points} | fields)
    return start_award_rule(terms=terms, starts_on=starts_on, last_day=last_day, by=None)


def test_the_next_version_ends_the_one_in_force(per_hour: AwardRule, today: date) -> None:
    new = start(today + timedelta(days=3))

    per_hour.refresh_from_db()
    assert per_hour.last_day == today + timedelta(days=2)
    assert per_hour.points == 10
    assert new.last_day is None


def test_what_was_served_before_keeps_its_worth(
    per_hour: AwardRule, confirmed: Make, alice: User, today: date, sound_ledger: None
) -> None:
    confirmed(60)
    start(today + timedelta(days=1), points=500)
    settle_all()

    assert balance_of(alice.volunteer) == 10


def test_no_rule_starts_in_the_past(per_hour: AwardRule, today: date) -> None:
    with pytest.raises(RuleInThePast):
        start(today - timedelta(days=1))


def test_a_rule_in_force_today_changes_tomorrow_at_the_earliest(
    per_hour: AwardRule, today: date
) -> None:
    with pytest.raises(RuleOfTodayInForce):
        start(today)


def test_the_very_first_rule_reaches_todays_service(
    confirmed: Make, alice: User, today: date, sound_ledger: None
) -> None:
    confirmed(60, served_on=today)
    settle_all()
    assert balance_of(alice.volunteer) == 0

    start(today)
    settle_all()

    assert balance_of(alice.volunteer) == 20


def test_versions_are_written_in_order(per_hour: AwardRule, today: date) -> None:
    start(today + timedelta(days=10))

    with pytest.raises(LaterVersionExists):
        start(today + timedelta(days=5))


def test_a_version_that_has_not_begun_can_be_taken_away(per_hour: AwardRule, today: date) -> None:
    new = start(today + timedelta(days=5))
    remove_award_rule(rule=new, by=None)

    per_hour.refresh_from_db()
    assert per_hour.last_day is None
    assert AwardRule.objects.count() == 1


def test_a_rule_that_has_held_cannot_be_taken_away(per_hour: AwardRule) -> None:
    with pytest.raises(RuleStarted):
        remove_award_rule(rule=per_hour, by=None)


def test_a_rule_ends_today_at_the_earliest(per_hour: AwardRule, today: date) -> None:
    with pytest.raises(RuleEndsInThePast):
        end_award_rule(rule=per_hour, last_day=today - timedelta(days=1), by=None)

    assert end_award_rule(rule=per_hour, last_day=today, by=None).last_day == today


def test_a_rule_does_not_end_before_it_starts(today: date) -> None:
    with pytest.raises(RuleEndsBeforeStart):
        start(today + timedelta(days=5), last_day=today + timedelta(days=4))


def test_no_rule_reaches_the_end_of_the_calendar(
    client: Client, city_staff: User, per_hour: AwardRule, today: date
) -> None:
    the_last = date.max
    with pytest.raises(RuleTooFarAhead):
        start(the_last)
    with pytest.raises(RuleTooFarAhead):
        end_award_rule(rule=per_hour, last_day=the_last, by=None)

    client.force_login(city_staff)
    form = rule_form(today + timedelta(days=1), points=25, last_day=the_last.isoformat())
    refused = try_it(client, reverse("award-rules:edit", args=[per_hour.pk]), form)
    assert refused.status_code == 200
    assert "No day after the year 2099" in refused.content.decode()


def test_the_database_keeps_two_rules_off_the_same_day(per_hour: AwardRule) -> None:
    with pytest.raises(IntegrityError, match="award_rule_one_a_day"), transaction.atomic():
        make_rule("per_hour", 30, holds=(date(2024, 1, 1), date(2024, 2, 1)))


@pytest.mark.parametrize(
    "change",
    [
        {"points": 99},
        {"holds": (date(2021, 1, 1), None)},
        {"holds": (date(2020, 1, 1), date(2024, 1, 1))},
    ],
)
def test_the_database_keeps_the_past_of_a_rule(per_hour: AwardRule, change: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError, match="has held already"), transaction.atomic():
        AwardRule.objects.filter(pk=per_hour.pk).update(**change)
    with pytest.raises(DatabaseError, match="has held already"), transaction.atomic():
        AwardRule.objects.filter(pk=per_hour.pk).delete()


def test_the_database_asks_what_day_it_is_in_the_city(db: None) -> None:
    rule = make_rule("per_hour", 10, holds=(timezone.localdate(), None))
    with connection.cursor() as cursor:
        # A day behind the city at every hour, as UTC is until eight in the morning.
        cursor.execute("SET LOCAL timezone = '<far>+24'")

    with pytest.raises(DatabaseError, match="has held already"), transaction.atomic():
        AwardRule.objects.filter(pk=rule.pk).update(points=99)


def rule_form(starts_on: date, **fields: Any) -> dict[str, Any]:
    return {
        "kind": "per_hour", "name": "每小时", "name_en": "", "points": 20, "category": "",
        "starts_on": starts_on.isoformat(), "last_day": "",
    } | fields  # fmt: skip


def try_it(client: Client, url: str, form: dict[str, Any]) -> HttpResponse:
    return client.post(url, form, headers={"accept-language": "en"})


def publish(client: Client, url: str, form: dict[str, Any]) -> HttpResponse:
    """What staff do: the form, the dry run's page, its button."""
    state = try_it(client, url, form).context["state"]
    return client.post(url, {"state": state, "publish": "1"}, headers={"accept-language": "en"})


def test_city_staff_change_a_rule_and_a_new_version_begins(
    client: Client, city_staff: User, per_hour: AwardRule, today: date
) -> None:
    client.force_login(city_staff)
    form = rule_form(today + timedelta(days=1), points=25)
    response = publish(client, reverse("award-rules:edit", args=[per_hour.pk]), form)

    assert response.status_code == 302
    per_hour.refresh_from_db()
    assert (per_hour.points, per_hour.last_day) == (10, today)
    new = AwardRule.objects.get(points=25)
    assert (new.starts_on, new.created_by) == (today + timedelta(days=1), city_staff)


def test_a_date_in_the_past_is_refused_beside_the_form_and_nothing_is_written(
    client: Client, city_staff: User, per_hour: AwardRule, today: date
) -> None:
    client.force_login(city_staff)
    form = rule_form(today - timedelta(days=1), points=25)
    response = client.post(
        reverse("award-rules:edit", args=[per_hour.pk]), form, headers={"accept-language": "en"}
    )

    assert response.status_code == 200
    assert "A rule starts today or later" in response.content.decode()
    assert AwardRule.objects.get() == per_hour


def test_city_staff_write_the_first_bonus(
    client: Client, city_staff: User, per_hour: AwardRule, campaign: CampaignPage, today: date
) -> None:
    client.force_login(city_staff)
    form = rule_form(today, kind="campaign_bonus", budget_points=500)
    page = try_it(client, reverse("award-rules:add"), form).content.decode()
    assert "Choose the campaign that the bonus is for." in page

    form["campaign"] = campaign.pk
    assert publish(client, reverse("award-rules:add"), form).status_code == 302
    bonus = AwardRule.objects.get(kind="campaign_bonus")
    assert (bonus.campaign_number, bonus.budget.budget_points) == (campaign.pk, 500)
    assert campaign.title in client.get(reverse("award-rules:index")).content.decode()


def test_a_rule_that_has_held_stays_when_staff_press_delete(
    client: Client, city_staff: User, per_hour: AwardRule
) -> None:
    client.force_login(city_staff)
    client.post(reverse("award-rules:delete", args=[per_hour.pk]))

    assert AwardRule.objects.get() == per_hour


def test_the_rules_are_the_citys_alone(client: Client, bao: User, per_hour: AwardRule) -> None:
    client.force_login(bao)

    assert client.get(reverse("award-rules:index")).status_code in (302, 403)


def test_the_list_says_in_words_what_each_rule_gives(
    client: Client, city_staff: User, per_hour: AwardRule
) -> None:
    client.force_login(city_staff)
    page = client.get(reverse("award-rules:index"), headers={"accept-language": "en"})

    assert per_hour.name in page.content.decode()
    assert "10 points an hour" in page.content.decode()


def test_staff_give_a_rule_its_last_day(
    client: Client, city_staff: User, per_hour: AwardRule, today: date
) -> None:
    client.force_login(city_staff)
    url = reverse("award-rules:end", args=[per_hour.pk])
    assert client.get(url).status_code == 200

    early = {"last_day": (today - timedelta(days=1)).isoformat()}
    refused = client.post(url, early, headers={"accept-language": "en"})
    assert "A rule ends today or later" in refused.content.decode()
    assert client.post(url, {"last_day": today.isoformat()}).status_code == 302
    per_hour.refresh_from_db()
    assert per_hour.last_day == today
    assert ModelLogEntry.objects.get(action="points.rule_ended").user == city_staff


def test_a_rule_ended_already_does_not_go_on_by_itself(per_hour: AwardRule, today: date) -> None:
    end_award_rule(rule=per_hour, last_day=today + timedelta(days=3), by=None)

    with pytest.raises(RuleEndsLater):
        end_award_rule(rule=per_hour, last_day=today + timedelta(days=5), by=None)


def test_taking_a_term_away_leaves_the_term_before_as_it_was(db: None, today: date) -> None:
    end = today + timedelta(days=10)
    autumn = start(today + timedelta(days=1), kind="term_cap", last_day=end)
    spring = start(end + timedelta(days=1), kind="term_cap", last_day=end + timedelta(days=90))
    remove_award_rule(rule=spring, by=None)

    autumn.refresh_from_db()
    assert autumn.last_day == end


def test_versions_are_told_apart_by_role_and_condition_too(
    per_hour: AwardRule, today: date
) -> None:
    tomorrow = today + timedelta(days=1)
    start(tomorrow, role="队长")
    start(tomorrow, kind="factor", points=0, percent=150, condition="holiday")
    start(tomorrow, kind="factor", points=0, percent=120, condition="emergency", campaign_number=7)

    per_hour.refresh_from_db()
    assert per_hour.last_day is None
    assert AwardRule.objects.filter(holds__upper_inf=True).count() == 4


def test_the_next_version_of_a_bonus_starts_with_what_is_left(
    client: Client, city_staff: User, campaign: CampaignPage, per_hour: AwardRule, today: date
) -> None:
    bonus = make_rule("campaign_bonus", 5, campaign_number=campaign.pk)
    BonusBudget.objects.create(rule=bonus, budget_points=100, granted_points=30)
    client.force_login(city_staff)
    url = reverse("award-rules:edit", args=[bonus.pk])
    form = client.get(url).context["form"]
    assert form["budget_points"].value() == 70

    typed = {"name": "活动加分", "points": 8, "budget_points": 70}
    typed["starts_on"] = (today + timedelta(days=1)).isoformat()
    assert publish(client, url, typed).status_code == 302
    new = AwardRule.objects.get(points=8)
    assert (new.campaign_number, new.budget.budget_points) == (campaign.pk, 70)


def test_the_campaign_of_a_bonus_is_chosen_by_an_office_without_rights_on_pages(
    client: Client, campaign: CampaignPage
) -> None:
    user = make_user(name="市局同事", phone="+8613800000078")
    appoint_city_staff(user=user, by=None)
    client.force_login(user)
    assert "campaigns.campaignpage" in client.get(reverse("award-rules:add")).content.decode()

    chooser = reverse("wagtailadmin_choose_page_search")
    query = {"q": campaign.title[:3], "page_type": "campaigns.campaignpage"}
    assert campaign.title in client.get(chooser, query).content.decode()


def test_visitors_read_the_rules_of_today_and_what_is_announced(
    client: Client, category: Category, campaign: CampaignPage, today: date
) -> None:
    make_rule("per_hour", 10, min_minutes=30, lapse_months=24, rounding="up")
    make_rule("per_hour", 15, category=category, role="队长")
    make_rule("factor", 0, percent=150, condition="night", night_from="22:00", night_until="06:00")
    bonus = make_rule("campaign_bonus", 20, campaign_number=campaign.pk)
    BonusBudget.objects.create(rule=bonus, budget_points=100, granted_points=40)
    make_rule("first_service", 25)
    make_rule("weekly_cap", 300)
    start(today + timedelta(days=40), points=12)
    end_award_rule(rule=bonus, last_day=today + timedelta(days=9), by=None)
    page = client.get(reverse("award_rules"), headers={"accept-language": "en"}).content.decode()

    for words in (
        "10 points an hour",
        "From 30 minutes of service on",
        "Up to whole points",
        "Lapse 24 months after the month they were given in",
        "队长",
        "15 points an hour",
        "At night (22:00–06:00)",
        "1.5 times the points",
        "20 points on top",
        campaign.title_en,
        "60 of 100 points still to be given",
        "25 points, once",
        "At most 300 points a week",
        ": 12 points an hour",
    ):
        assert words in page, words
    assert "Until " in page


def test_a_city_without_rules_says_so(db: None, client: Client) -> None:
    page = client.get(reverse("award_rules"), headers={"accept-language": "en"}).content.decode()

    assert "No rule yet" in page
