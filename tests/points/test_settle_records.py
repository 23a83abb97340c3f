from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from points.actions.accounts import get_system_account, move_points
from points.actions.settlement import (
    let_be_worth_nothing,
    owed_records_exist,
    settle_owed_records,
    try_set_aside_again,
)
from points.models import Account, AwardRule, Movement, SetAsideRecord, Standing
from tests.points.conftest import balance_of, make_rule, settle_all
from volunteers.actions.records import (
    confirm_record,
    correct_record,
    raise_objection,
    rate_record,
    uphold_record,
    void_record,
)
from volunteers.models import Category, ServiceRecord, User

pytestmark = pytest.mark.usefixtures("per_hour", "sound_ledger")

Make = Callable[..., ServiceRecord]


def test_confirmed_hours_become_points_by_the_minute(confirmed: Make, alice: User) -> None:
    confirmed(95)

    assert settle_all() == 1
    assert balance_of(alice.volunteer) == 15  # floor(95 × 10 / 60)


def test_a_waiting_record_earns_nothing(submitted: Make, alice: User) -> None:
    submitted(90)

    assert settle_all() == 0
    assert balance_of(alice.volunteer) == 0


def test_the_movement_says_how_its_points_came_about(confirmed: Make) -> None:
    record = confirmed(90)
    settle_all()

    movement = Movement.objects.get(record=record)
    assert movement.kind == Movement.Kind.AWARD
    assert movement.record_revision == record.revision == 1
    assert movement.reckoning == {
        "minutes": 90, "per_hour": 10, "percent": 100, "night": False, "bonus": 0, "worth": 15,
        "given": 0, "lapses_on": None,
    }  # fmt: skip


def test_what_volunteers_have_the_issue_account_lacks(confirmed: Make, alice: User) -> None:
    confirmed(120)
    settle_all()

    assert balance_of(alice.volunteer) == 20
    assert Account.objects.get(kind="issue").balance_points == -20


def test_settling_again_changes_nothing(confirmed: Make, alice: User) -> None:
    confirmed(60)
    settle_all()

    assert settle_all() == 0
    assert Movement.objects.count() == 1
    assert balance_of(alice.volunteer) == 10


def test_a_record_pushed_back_to_owed_is_not_given_twice(confirmed: Make, alice: User) -> None:
    record = confirmed(60)
    settle_all()
    ServiceRecord.objects.filter(pk=record.pk).update(settled_revision=0)

    assert settle_all() == 1
    assert balance_of(alice.volunteer) == 10


def test_a_smaller_correction_takes_the_difference_back(
    confirmed: Make, alice: User, bao: User
) -> None:
    record = confirmed(120)
    settle_all()
    correct_record(record=record, by=bao, credited_minutes=60, reason="提前一小时离开")
    settle_all()

    assert balance_of(alice.volunteer) == 10
    back = Movement.objects.get(kind=Movement.Kind.CORRECTION)
    assert back.points == 10
    assert back.debit_account == alice.volunteer.points_account
    assert back.reverses == Movement.objects.get(kind=Movement.Kind.AWARD)


def test_a_larger_correction_asked_for_by_the_volunteer_adds_the_difference(
    confirmed: Make, alice: User, bao: User
) -> None:
    record = confirmed(60)
    settle_all()
    raise_objection(record=record, by=alice, reason="我服务了两小时")
    correct_record(record=record, by=bao, credited_minutes=120, reason="核实无误")
    settle_all()

    assert balance_of(alice.volunteer) == 20


def test_a_voided_record_gives_everything_back(confirmed: Make, alice: User, bao: User) -> None:
    record = confirmed(120, quality=5)
    settle_all()
    void_record(record=record, by=bao, reason="没有到场")
    settle_all()

    assert balance_of(alice.volunteer) == 0
    standing = Standing.objects.get(volunteer=alice.volunteer)
    assert (standing.served_minutes, standing.served_records) == (0, 0)
    assert (standing.rated_records, standing.rating_sum) == (0, 0)


def test_a_record_corrected_before_the_first_settlement_is_settled_once(
    confirmed: Make, alice: User, bao: User
) -> None:
    record = confirmed(120)
    correct_record(record=record, by=bao, credited_minutes=60, reason="早退")
    settle_all()

    assert Movement.objects.get().points == 10
    assert balance_of(alice.volunteer) == 10


def test_an_objection_that_is_turned_down_moves_no_points(
    confirmed: Make, alice: User, bao: User
) -> None:
    record = confirmed(60)
    settle_all()
    objection = raise_objection(record=record, by=alice, reason="少了")
    uphold_record(objection=objection, by=bao, answer="签到记录如此")
    settle_all()

    assert Movement.objects.count() == 1
    assert balance_of(alice.volunteer) == 10


def test_points_already_spent_leave_a_debt_that_later_service_repays_first(
    confirmed: Make, alice: User, bao: User
) -> None:
    record = confirmed(120)
    settle_all()
    account = Account.objects.get(volunteer=alice.volunteer)
    move_points(
        debit=account,
        credit=get_system_account(Account.Kind.REDEEMED),
        points=15,
        kind=Movement.Kind.REDEMPTION,
        reference="spent",
        by=alice,
    )
    void_record(record=record, by=bao, reason="代签")
    settle_all()
    account.refresh_from_db()
    assert (account.balance_points, account.debt_points) == (-15, 15)

    confirmed(60, served_on=timezone.localdate() - timedelta(days=3))
    settle_all()
    account.refresh_from_db()
    assert (account.balance_points, account.debt_points) == (-5, 5)


def test_the_rule_of_the_category_goes_before_the_general_one(
    confirmed: Make, alice: User, category: Category
) -> None:
    make_rule("per_hour", 30, category=category)
    other = Category.objects.create(slug="sea", name="海滩清洁")
    confirmed(60)
    confirmed(60, category=other)
    settle_all()

    assert balance_of(alice.volunteer) == 30 + 10


def test_a_campaign_bonus_is_given_once_a_record(confirmed: Make, alice: User) -> None:
    make_rule("campaign_bonus", 7, campaign_number=42)
    confirmed(60, campaign_number=42)
    confirmed(60, campaign_number=43)
    settle_all()

    assert balance_of(alice.volunteer) == 17 + 10


def test_the_rule_in_force_on_the_day_of_service_counts(
    confirmed: Make, alice: User, category: Category
) -> None:
    today = timezone.localdate()
    turn = today - timedelta(days=10)
    make_rule("per_hour", 30, category=category, holds=(date(2020, 1, 1), turn))
    make_rule("per_hour", 20, category=category, holds=(turn, None))
    confirmed(60, served_on=turn - timedelta(days=1))
    confirmed(60, served_on=turn)
    settle_all()

    assert balance_of(alice.volunteer) == 30 + 20


def test_a_day_without_a_rule_is_set_aside_with_its_reason_and_stops_nobody(
    confirmed: Make, alice: User
) -> None:
    without = confirmed(60, served_on=date(2019, 6, 1))
    confirmed(60)

    assert settle_all() == 2
    assert balance_of(alice.volunteer) == 10
    assert ServiceRecord.objects.owed().get() == without
    assert SetAsideRecord.objects.get().reason == SetAsideRecord.Reason.NO_RULE
    assert not owed_records_exist()


def test_what_is_set_aside_is_settled_once_its_day_has_a_rule(confirmed: Make, alice: User) -> None:
    without = confirmed(60, served_on=date(2019, 6, 1))
    settle_all()
    make_rule("per_hour", 8, holds=(date(2019, 1, 1), date(2020, 1, 1)))
    try_set_aside_again(record=without)
    settle_all()

    assert balance_of(alice.volunteer) == 8
    assert not SetAsideRecord.objects.exists()


def test_staff_may_answer_that_it_is_worth_nothing_and_its_hours_count(
    confirmed: Make, alice: User, city_staff: User
) -> None:
    without = confirmed(60, served_on=date(2019, 6, 1))
    settle_all()
    assert not Standing.objects.filter(served_minutes__gt=0).exists()
    let_be_worth_nothing(record=without, by=city_staff)
    settle_all()

    assert balance_of(alice.volunteer) == 0
    assert Standing.objects.get(volunteer=alice.volunteer).served_minutes == 60
    assert not ServiceRecord.objects.owed().exists()


def test_the_daily_cap_takes_back_what_lies_over_it_in_a_movement_of_its_own(
    confirmed: Make, alice: User, daily_cap: AwardRule
) -> None:
    for minutes in (240, 180, 60):
        confirmed(minutes)
    settle_all()

    given = Movement.objects.filter(kind="award").order_by("record_id")
    assert list(given.values_list("points", flat=True)) == [40, 30, 10]
    over = Movement.objects.get(kind=Movement.Kind.CAP)
    assert (over.points, over.debit_account) == (20, alice.volunteer.points_account)
    assert over.reckoning == {
        "cap": "daily_cap", "rule": daily_cap.pk, "limit": 60, "earned": 80, "over": 20,
        "starts_on": (timezone.localdate() - timedelta(days=1)).isoformat(), "lapses_on": None,
    }  # fmt: skip
    assert balance_of(alice.volunteer) == 60


def test_the_daily_cap_is_each_days_own(confirmed: Make, alice: User, daily_cap: AwardRule) -> None:
    confirmed(600)
    confirmed(600, served_on=timezone.localdate() - timedelta(days=5))
    settle_all()

    assert balance_of(alice.volunteer) == 120


def test_voiding_the_first_record_of_a_full_day_frees_points_for_the_next(
    confirmed: Make, alice: User, bao: User, daily_cap: AwardRule
) -> None:
    first = confirmed(300)
    confirmed(300)
    settle_all()
    assert balance_of(alice.volunteer) == 60
    void_record(record=first, by=bao, reason="重复登记")
    settle_all()

    assert balance_of(alice.volunteer) == 50


def test_confirming_an_earlier_record_of_a_full_day_leaves_the_later_one_alone(
    submitted: Make, confirmed: Make, alice: User, bao: User, daily_cap: AwardRule
) -> None:
    earlier = submitted(300)
    later = confirmed(300)
    settle_all()
    assert balance_of(alice.volunteer) == 50
    confirm_record(record=earlier, by=bao)
    settle_all()

    assert balance_of(alice.volunteer) == 60
    assert [(m.kind, m.points) for m in later.movements.all()] == [("award", 50)]
    assert Movement.objects.get(kind="cap").points == 40


def test_a_limit_leaves_the_rest_owed(confirmed: Make) -> None:
    for _ in range(5):
        confirmed(60)

    assert settle_owed_records(limit=2) == 2
    assert ServiceRecord.objects.filter(settled_revision__lt=F("revision")).count() == 3
    settle_all()


def test_standings_add_up_hours_and_ratings(confirmed: Make, alice: User, bao: User) -> None:
    confirmed(60, quality=4)
    unrated = confirmed(90)
    settle_all()
    rate_record(record=unrated, by=bao, quality=5)
    settle_all()

    standing = Standing.objects.get(volunteer=alice.volunteer)
    assert (standing.served_minutes, standing.served_records) == (150, 2)
    assert (standing.rated_records, standing.rating_sum) == (2, 9)
    assert Movement.objects.count() == 2  # a rating moves no points
