"""A campaign's bonus never gives more than its budget, whoever settles at the same time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from wagtail.models import ModelLogEntry

from points.actions import settlement
from points.actions.rules import (
    BonusWithoutBudget,
    BudgetBelowGranted,
    raise_bonus_budget,
)
from points.actions.settlement import settle_owed_records
from points.models import AwardRule, BonusBudget, BonusGrant, Movement
from tests.cast import make_volunteer
from tests.points.conftest import balance_of, make_rule, settle_all
from tests.points.test_settlement_races import run_together
from volunteers.actions.records import correct_record, void_record
from volunteers.models import ServiceRecord, Territory, User

Make = Callable[..., ServiceRecord]
CAMPAIGN = 7


def make_bonus(points: int, budget_points: int, **fields: Any) -> BonusBudget:
    rule = make_rule("campaign_bonus", points, campaign_number=CAMPAIGN, **fields)
    return BonusBudget.objects.create(rule=rule, budget_points=budget_points)


@pytest.fixture
def many(confirmed: Make, territory: Territory) -> list[ServiceRecord]:
    """200 confirmed records of one campaign, of forty people."""
    people = [
        make_volunteer(user=None, name=f"志愿者{number}", community=territory)
        for number in range(40)
    ]
    return [
        confirmed(60, volunteer=people[number % 40], campaign_number=CAMPAIGN)
        for number in range(200)
    ]


def work() -> int:
    settled = 0
    while done := settle_owed_records(limit=7):
        settled += done
    return settled


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("workers", [2, 4])
def test_workers_side_by_side_never_overspend_a_budget(
    per_hour: Any, many: list[ServiceRecord], workers: int, sound_ledger: None
) -> None:
    budget = make_bonus(5, budget_points=50 * 5)

    assert sum(run_together(*[work] * workers)) == 200
    budget.refresh_from_db()
    assert (budget.granted_points, BonusGrant.objects.count()) == (250, 50)
    given = Movement.objects.filter(kind="award").values_list("points", flat=True)
    assert sorted(given) == [10] * 150 + [15] * 50


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_on_the_budget_the_database_still_refuses_to_overspend(
    per_hour: Any, many: list[ServiceRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control: the lock is what makes it smooth, the CHECK is what makes it certain."""
    unlocked = settlement.LOCK_BUDGETS_SQL.replace("FOR NO KEY UPDATE OF budget", "")
    assert unlocked != settlement.LOCK_BUDGETS_SQL
    monkeypatch.setattr(settlement, "LOCK_BUDGETS_SQL", unlocked)
    budget = make_bonus(5, budget_points=50 * 5)

    def work_while_it_lasts() -> None:
        for _ in range(40):
            settle_owed_records(limit=7)

    run_together(*[work_while_it_lasts] * 4)
    budget.refresh_from_db()
    assert budget.granted_points <= 250


def test_the_database_refuses_to_grant_more_than_the_budget(db: None) -> None:
    budget = make_bonus(5, budget_points=10)

    with pytest.raises(IntegrityError, match="bonus_budget_not_overspent"):
        BonusBudget.objects.filter(pk=budget.pk).update(granted_points=11)


sound = pytest.mark.usefixtures("per_hour", "sound_ledger")


@sound
def test_a_budget_goes_to_who_was_entered_first(confirmed: Make) -> None:
    make_bonus(5, budget_points=12)
    records = [confirmed(60, campaign_number=CAMPAIGN) for _ in range(3)]
    settle_all()

    assert [record.movements.get().points for record in records] == [15, 15, 10]


@sound
def test_a_budget_gets_back_what_a_voided_record_held(
    confirmed: Make, bao: User, alice: User
) -> None:
    budget = make_bonus(5, budget_points=5)
    first = confirmed(60, campaign_number=CAMPAIGN)
    late = confirmed(60, campaign_number=CAMPAIGN)
    settle_all()
    void_record(record=first, by=bao, reason="没有到场")
    settle_all()
    budget.refresh_from_db()
    assert budget.granted_points == 0

    confirmed(60, campaign_number=CAMPAIGN)
    settle_all()
    budget.refresh_from_db()
    assert budget.granted_points == 5
    assert late.movements.get().points == 10
    assert balance_of(alice.volunteer) == 10 + 15


@sound
def test_a_correction_keeps_the_bonus_that_was_granted(
    confirmed: Make, bao: User, alice: User
) -> None:
    budget = make_bonus(5, budget_points=5)
    record = confirmed(120, campaign_number=CAMPAIGN)
    settle_all()
    correct_record(record=record, by=bao, credited_minutes=60, reason="早退")
    settle_all()

    budget.refresh_from_db()
    assert (balance_of(alice.volunteer), budget.granted_points) == (15, 5)


@sound
def test_a_budget_is_not_spent_on_service_too_short_for_points(
    confirmed: Make, bao: User, per_hour: AwardRule
) -> None:
    make_rule("per_hour", 10, role="队长", min_minutes=30)
    budget = make_bonus(5, budget_points=5)
    confirmed(20, campaign_number=CAMPAIGN, role="队长")
    long = confirmed(40, campaign_number=CAMPAIGN, role="队长")
    settle_all()
    assert BonusGrant.objects.get().record == long

    correct_record(record=long, by=bao, credited_minutes=20, reason="早退")
    settle_all()
    budget.refresh_from_db()
    assert budget.granted_points == 0


@sound
def test_a_raised_budget_serves_who_comes_afterwards(confirmed: Make, city_staff: User) -> None:
    budget = make_bonus(5, budget_points=5)
    for _ in range(2):
        confirmed(60, campaign_number=CAMPAIGN)
    settle_all()
    raise_bonus_budget(rule=budget.rule, budget_points=10, by=city_staff)
    late = confirmed(60, campaign_number=CAMPAIGN)
    settle_all()

    assert late.movements.get().points == 15
    budget.refresh_from_db()
    assert budget.left_points == 0


@sound
def test_a_budget_never_falls_below_what_is_granted(confirmed: Make, city_staff: User) -> None:
    budget = make_bonus(5, budget_points=50)
    confirmed(60, campaign_number=CAMPAIGN)
    settle_all()

    with pytest.raises(BudgetBelowGranted):
        raise_bonus_budget(rule=budget.rule, budget_points=4, by=city_staff)


@sound
def test_a_bonus_without_a_budget_gets_none_afterwards(city_staff: User) -> None:
    rule = make_rule("campaign_bonus", 5, campaign_number=CAMPAIGN)

    with pytest.raises(BonusWithoutBudget):
        raise_bonus_budget(rule=rule, budget_points=4, by=city_staff)


def test_city_staff_change_the_budget_and_it_is_noted_who(
    client: Client, city_staff: User, per_hour: AwardRule
) -> None:
    budget = make_bonus(5, budget_points=50)
    BonusBudget.objects.filter(pk=budget.pk).update(granted_points=20)
    client.force_login(city_staff)
    url = reverse("award-rules:budget", args=[budget.rule.pk])
    assert "50" in client.get(url).content.decode()

    refused = client.post(url, {"budget_points": 19}, headers={"accept-language": "en"})
    assert "20 points of it are given already" in refused.content.decode()
    assert client.post(url, {"budget_points": 100}).status_code == 302
    budget.refresh_from_db()
    assert budget.budget_points == 100
    entry = ModelLogEntry.objects.get(action="points.budget_changed")
    assert (entry.user, entry.data) == (city_staff, {"before": 50, "after": 100})
    assert url in client.get(reverse("award-rules:edit", args=[budget.rule.pk])).content.decode()


def test_only_the_citys_staff_change_a_budget(client: Client, bao: User) -> None:
    budget = make_bonus(5, budget_points=50)
    client.force_login(bao)

    url = reverse("award-rules:budget", args=[budget.rule.pk])
    assert client.post(url, {"budget_points": 100}).status_code in (302, 403)
    budget.refresh_from_db()
    assert budget.budget_points == 50
