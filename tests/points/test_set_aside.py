"""A record that cannot be settled is set aside with its reason and never blocks the others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from points.actions import settlement
from points.actions.settlement import (
    let_be_worth_nothing,
    owed_records_exist,
    settle_owed_records,
    try_set_aside_again,
)
from points.models import Account, AwardRule, Movement, SetAsideRecord
from tests.points.conftest import balance_of, make_rule, settle_all
from tests.points.test_settlement_races import run_together
from volunteers.actions.records import correct_record, void_record
from volunteers.models import ServiceRecord, User

Make = Callable[..., ServiceRecord]
pytestmark = pytest.mark.usefixtures("per_hour", "sound_ledger")

BEFORE_ALL_RULES = date(2019, 6, 1)


@pytest.fixture
def poisoned(confirmed: Make) -> ServiceRecord:
    """Its movement's reference is taken by another one: the database refuses to write it."""
    record = confirmed(60)
    Movement.objects.create(
        debit_account=Account.objects.get(kind="issue"),
        credit_account=Account.objects.get(kind="lapsed"), points=1, kind="award",
        reference=f"record:{record.pk}:1", happened_at=timezone.now(),
    )  # fmt: skip
    Account.objects.filter(kind="issue").update(balance_points=-1)
    Account.objects.filter(kind="lapsed").update(balance_points=1)
    return record


def test_a_record_of_a_day_without_a_rule_waits_with_its_reason(
    confirmed: Make, alice: User
) -> None:
    lost = confirmed(60, served_on=BEFORE_ALL_RULES)
    confirmed(60)
    settle_all()

    assert balance_of(alice.volunteer) == 10
    aside = SetAsideRecord.objects.get()
    assert (aside.record, aside.reason, aside.revision) == (lost, "no_rule", 1)
    assert set(ServiceRecord.objects.owed()) == {lost}
    assert not owed_records_exist()


def test_what_is_set_aside_is_not_looked_at_again_and_again(confirmed: Make) -> None:
    confirmed(60, served_on=BEFORE_ALL_RULES)

    assert settle_owed_records() == 1
    assert settle_owed_records() == 0


def test_hundreds_set_aside_do_not_stand_in_the_way(confirmed: Make, alice: User) -> None:
    for _ in range(6):
        confirmed(60, served_on=BEFORE_ALL_RULES)
    later = confirmed(60)
    while settle_owed_records(limit=2):
        pass

    later.refresh_from_db()
    assert later.settled_revision == 1
    assert balance_of(alice.volunteer) == 10


def test_a_record_the_database_refuses_is_found_among_the_others(
    poisoned: ServiceRecord, confirmed: Make, alice: User
) -> None:
    others = [confirmed(60) for _ in range(7)]

    assert settle_owed_records(limit=100) == 8

    aside = SetAsideRecord.objects.get()
    assert (aside.record, aside.reason) == (poisoned, "failed")
    assert "reference" in aside.detail
    assert balance_of(alice.volunteer) == 10 * len(others)


def test_a_correction_tries_it_once_more(poisoned: ServiceRecord, alice: User, bao: User) -> None:
    settle_all()
    assert SetAsideRecord.objects.exists()

    correct_record(record=poisoned, by=bao, credited_minutes=30, reason="早退")
    settle_all()

    assert balance_of(alice.volunteer) == 5
    assert not SetAsideRecord.objects.exists()


def test_voiding_it_settles_it(confirmed: Make, bao: User) -> None:
    record = confirmed(60, served_on=BEFORE_ALL_RULES)
    settle_all()
    void_record(record=record, by=bao, reason="没有到场")
    settle_all()

    assert not ServiceRecord.objects.owed().exists()
    assert not SetAsideRecord.objects.exists()


def test_once_there_is_a_rule_the_office_tries_again(confirmed: Make, alice: User) -> None:
    record = confirmed(60, served_on=BEFORE_ALL_RULES)
    settle_all()
    make_rule("per_hour", 6, holds=(date(2019, 1, 1), date(2020, 1, 1)))
    assert settle_all() == 0

    try_set_aside_again(record=record)
    settle_all()

    assert balance_of(alice.volunteer) == 6


def test_somebody_may_answer_for_it_that_it_is_worth_nothing(
    confirmed: Make, alice: User, city_staff: User
) -> None:
    record = confirmed(60, served_on=BEFORE_ALL_RULES)
    settle_all()
    let_be_worth_nothing(record=record, by=city_staff)
    settle_all()

    assert not ServiceRecord.objects.owed().exists()
    assert balance_of(alice.volunteer) == 0
    assert alice.volunteer.standing.served_minutes == 60
    assert SetAsideRecord.objects.get().worth_nothing_by == city_staff


def test_a_rule_taken_from_the_database_poisons_only_its_own_days(
    confirmed: Make, alice: User
) -> None:
    today = timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE points_awardrule DISABLE TRIGGER award_rule_keeps_its_past")
        AwardRule.objects.update(holds=(date(2020, 1, 1), today))
        cursor.execute("ALTER TABLE points_awardrule ENABLE TRIGGER award_rule_keeps_its_past")
    confirmed(60, served_on=today)
    confirmed(60)
    settle_all()

    assert SetAsideRecord.objects.count() == 1
    assert balance_of(alice.volunteer) == 10


def test_a_fault_of_the_house_is_held_against_no_record(
    confirmed: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while new code meets a database that is not migrated yet."""
    confirmed(60)
    monkeypatch.setattr(settlement, "LOCK_ACCOUNTS_SQL", "SELECT no_such_column")

    with pytest.raises(ProgrammingError), transaction.atomic():
        settle_owed_records()

    assert not SetAsideRecord.objects.exists()
    assert ServiceRecord.objects.owed().exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_a_poisoned_batch_settle_all_the_others(
    poisoned: ServiceRecord, confirmed: Make, alice: User
) -> None:
    for _ in range(20):
        confirmed(60)

    def work() -> None:
        for _ in range(12):
            settle_owed_records(limit=6)

    run_together(work, work)
    settle_all()

    assert balance_of(alice.volunteer) == 200
    assert SetAsideRecord.objects.get().record == poisoned
    call_command("check_ledger", verbosity=0)
