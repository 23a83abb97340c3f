"""A service record's life: who may do what to it when, and what stays written (R8, E1)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.cast import make_volunteer
from volunteers.actions.organisations import add_member
from volunteers.actions.records import (
    AlreadyConfirmed,
    AlreadyObjected,
    AlreadyVoided,
    HandEntryInFuture,
    HandEntryTooLong,
    HandEntryTooOld,
    MinutesOutOfRange,
    MoreThanADay,
    NotADraft,
    NotConfirmedYet,
    ObjectionDecided,
    OwnRecord,
    RatingOutOfRange,
    ReasonMissing,
    RecordRefused,
    SameMinutes,
    SecondPersonNeeded,
    confirm_record,
    confirm_records,
    correct_record,
    draft_record,
    enter_record_by_hand,
    raise_objection,
    rate_record,
    submit_record,
    uphold_record,
    void_record,
)
from volunteers.models import Category, Objection, Organisation, RecordChange, ServiceRecord, User
from volunteers.permissions import (
    can_confirm_record,
    can_decide_objection,
    get_desk_records_for,
    get_records_for,
)
from volunteers.signals import records_owed

Make = Callable[..., ServiceRecord]
State = ServiceRecord.State
_sources = itertools.count()


@pytest.fixture
def draft(organisation: Organisation, category: Category, alice: User) -> Make:
    def make(minutes: int = 90, **fields: Any) -> ServiceRecord:
        return draft_record(
            **{
                "volunteer": alice.volunteer, "organisation": organisation, "category": category,
                "source": f"test:{next(_sources)}", "activity_name": "平安夜巡",
                "served_on": timezone.localdate(), "credited_minutes": minutes, "by": None,
            } | fields
        )  # fmt: skip

    return make


@pytest.fixture
def confirmed(draft: Make, bao: User) -> Make:
    return lambda minutes=90, **fields: confirm_record(record=draft(minutes, **fields), by=bao)


@pytest.fixture
def by_hand(organisation: Organisation, category: Category, alice: User, bao: User) -> Make:
    def make(**fields: Any) -> ServiceRecord:
        return enter_record_by_hand(
            **{
                "volunteer": alice.volunteer, "organisation": organisation, "category": category,
                "activity_name": "平安夜巡", "served_on": timezone.localdate(),
                "credited_minutes": 120, "reason": "签到设备没电", "by": bao,
            } | fields
        )  # fmt: skip

    return make


def history(record: ServiceRecord) -> list[tuple[str, str]]:
    return [(change.kind, change.state) for change in record.changes.all()]


def test_the_way_from_draft_to_confirmed_is_kept_with_who_and_when(
    draft: Make, alice: User, bao: User
) -> None:
    record = submit_record(record=draft(), by=alice)
    record = confirm_record(record=record, by=bao, quality=5)

    assert (record.state, record.confirmed_by, record.quality) == (State.CONFIRMED, bao, 5)
    assert record.confirmed_at is not None
    assert history(record) == [
        ("drafted", "draft"), ("submitted", "submitted"), ("confirmed", "confirmed"),
    ]  # fmt: skip
    assert [change.by for change in record.changes.all()] == [None, alice, bao]


def test_only_what_counts_is_owed_to_the_ledger(draft: Make, bao: User) -> None:
    record = draft()
    assert not ServiceRecord.objects.owed().exists()

    confirm_record(record=record, by=bao)

    assert ServiceRecord.objects.owed().get() == record


def test_a_change_owes_the_record_that_changed_and_no_other(
    confirmed: Make, draft: Make, bao: User
) -> None:
    """Limits are windows of their own: nobody's neighbours have to be looked at again."""
    first, waiting = confirmed(60), draft(60)
    second = confirmed(60)
    correct_record(record=second, by=bao, credited_minutes=30, reason="早退")

    assert {record.pk: record.revision for record in ServiceRecord.objects.all()} == {
        first.pk: 1, waiting.pk: 0, second.pk: 2,
    }  # fmt: skip


def test_an_unanswered_question_keeps_the_revision(confirmed: Make, alice: User) -> None:
    record = confirmed()
    raise_objection(record=record, by=alice, reason="少记了")

    record.refresh_from_db()
    assert (record.state, record.revision, record.is_counted) == (State.OBJECTED, 1, True)


@pytest.mark.parametrize("minutes", [-1, 24 * 60 + 1])
def test_a_day_has_no_more_than_its_minutes(draft: Make, minutes: int) -> None:
    with pytest.raises(MinutesOutOfRange):
        draft(minutes)


def test_refusals_are_sentences(draft: Make, confirmed: Make, alice: User, bao: User) -> None:
    waiting, record = draft(), confirmed()
    voided = void_record(record=confirmed(), by=bao, reason="重复")
    for refusal, action in [
        (AlreadyConfirmed, lambda: confirm_record(record=record, by=bao)),
        (AlreadyVoided, lambda: confirm_record(record=voided, by=bao)),
        (AlreadyVoided, lambda: void_record(record=voided, by=bao, reason="再来")),
        (AlreadyVoided, lambda: raise_objection(record=voided, by=alice, reason="不对")),
        (AlreadyVoided, lambda: submit_record(record=voided, by=bao)),
        (AlreadyVoided, lambda: correct_record(
            record=voided, by=bao, credited_minutes=1, reason="x")),
        (NotADraft, lambda: submit_record(record=record, by=bao)),
        (NotConfirmedYet, lambda: raise_objection(record=waiting, by=alice, reason="不对")),
        (NotConfirmedYet, lambda: rate_record(record=waiting, by=bao, quality=3)),
        (RatingOutOfRange, lambda: rate_record(record=record, by=bao, quality=6)),
        (RatingOutOfRange, lambda: confirm_record(record=waiting, by=bao, quality=0)),
        (ReasonMissing, lambda: void_record(record=record, by=bao, reason="  ")),
        (ReasonMissing, lambda: raise_objection(record=record, by=alice, reason="")),
        (SameMinutes, lambda: correct_record(
            record=record, by=bao, credited_minutes=90, reason="x")),
    ]:  # fmt: skip
        with pytest.raises(refusal) as refused:
            action()
        assert isinstance(refused.value, RecordRefused)
        assert len(str(refused.value)) > 5


# Objections


def test_an_objection_is_answered_and_the_record_upheld(
    confirmed: Make, alice: User, bao: User
) -> None:
    record = confirmed()
    objection = raise_objection(record=record, by=alice, reason="应为两小时")
    record = uphold_record(objection=objection, by=bao, answer="签退时间为准")

    objection.refresh_from_db()
    assert (objection.state, objection.decided_by) == (Objection.State.UPHELD, bao)
    assert (record.state, record.revision) == (State.CONFIRMED, 1)
    assert history(record)[-2:] == [("objected", "objected"), ("upheld", "confirmed")]
    with pytest.raises(ObjectionDecided):
        uphold_record(objection=objection, by=bao, answer="再答一次")


def test_a_correction_answers_the_open_objection(confirmed: Make, alice: User, bao: User) -> None:
    record = confirmed(90)
    raise_objection(record=record, by=alice, reason="应为两小时")
    record = correct_record(record=record, by=bao, credited_minutes=120, reason="核实")

    # The volunteer asked and the organiser agreed: two people, so it counts at once.
    assert (record.state, record.credited_minutes, record.revision) == (State.CONFIRMED, 120, 2)
    assert record.objections.get().state == Objection.State.CORRECTED


def test_one_objection_at_a_time(confirmed: Make, alice: User) -> None:
    record = confirmed()
    raise_objection(record=record, by=alice, reason="不对")

    with pytest.raises(AlreadyObjected):
        raise_objection(record=record, by=alice, reason="还是不对")


def test_a_voided_record_closes_its_objection(confirmed: Make, alice: User, bao: User) -> None:
    record = confirmed()
    raise_objection(record=record, by=alice, reason="那天我没去")
    record = void_record(record=record, by=bao, reason="本人未到场")

    assert record.state == State.VOIDED
    assert record.objections.get().answer == "本人未到场"


# E1: nobody makes hours alone


def test_hours_entered_by_hand_wait_for_a_second_person(
    by_hand: Make, bao: User, rui: User
) -> None:
    record = by_hand()
    assert (record.state, record.is_by_hand, record.hand_reason) == (
        State.SUBMITTED, True, "签到设备没电",
    )  # fmt: skip
    with pytest.raises(SecondPersonNeeded):
        confirm_record(record=record, by=bao)

    assert confirm_record(record=record, by=rui).is_counted


def test_the_database_too_wants_a_second_person(by_hand: Make, bao: User) -> None:
    record = by_hand()

    with (
        pytest.raises(IntegrityError, match="record_by_hand_second_person"),
        transaction.atomic(),
    ):
        ServiceRecord.objects.filter(pk=record.pk).update(
            state="confirmed", confirmed_by=bao, confirmed_at=timezone.now()
        )


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"reason": " "}, ReasonMissing),
        ({"credited_minutes": 721}, HandEntryTooLong),
        ({"served_on": timezone.localdate() + timedelta(days=1)}, HandEntryInFuture),
        ({"served_on": timezone.localdate() - timedelta(days=91)}, HandEntryTooOld),
    ],
)
def test_hours_by_hand_have_limits(
    by_hand: Make, fields: dict[str, Any], refusal: type[RecordRefused]
) -> None:
    with pytest.raises(refusal):
        by_hand(**fields)
    assert not ServiceRecord.objects.exists()


def test_hours_by_hand_never_make_a_day_longer_than_a_day(by_hand: Make) -> None:
    by_hand(credited_minutes=720)
    by_hand(credited_minutes=700)

    with pytest.raises(MoreThanADay):
        by_hand(credited_minutes=30)


def test_more_minutes_than_the_doors_saw_go_back_for_a_second_person(
    confirmed: Make, bao: User, rui: User
) -> None:
    came = timezone.now() - timedelta(hours=2)
    record = confirmed(100, checked_in_at=came, checked_out_at=came + timedelta(minutes=110))
    record = correct_record(record=record, by=bao, credited_minutes=110, reason="少算了十分钟")
    assert record.is_counted

    record = correct_record(record=record, by=bao, credited_minutes=240, reason="提前到场")
    assert (record.state, record.is_by_hand, record.revision) == (State.SUBMITTED, True, 3)
    with pytest.raises(SecondPersonNeeded):
        confirm_record(record=record, by=bao)
    assert confirm_record(record=record, by=rui).credited_minutes == 240


def test_nobody_decides_about_their_own_hours(
    draft: Make, confirmed: Make, alice: User, bao: User, organisation: Organisation
) -> None:
    add_member(organisation=organisation, user=alice, role="organiser", by=None)
    waiting, record = draft(), confirmed()

    for action in (
        lambda: confirm_record(record=waiting, by=alice),
        lambda: rate_record(record=record, by=alice, quality=5),
        lambda: correct_record(record=record, by=alice, credited_minutes=1, reason="x"),
    ):
        with pytest.raises(OwnRecord):
            action()
    assert not can_confirm_record(alice, waiting)


# Many at once


def test_confirming_many_says_of_each_what_became_of_it(
    draft: Make, confirmed: Make, by_hand: Make, bao: User
) -> None:
    fine, done, own_entry = draft(), confirmed(), by_hand()
    outcomes = confirm_records(records=[fine, done, own_entry], by=bao, quality=4)

    said = {outcome.record_id: outcome for outcome in outcomes}
    assert said[fine.pk].confirmed
    assert said[fine.pk].sentence == ""
    assert not said[done.pk].confirmed
    assert said[done.pk].sentence == str(AlreadyConfirmed())
    assert said[own_entry.pk].sentence == str(SecondPersonNeeded())
    fine.refresh_from_db()
    assert (fine.state, fine.quality, fine.revision) == (State.CONFIRMED, 4, 1)


def test_confirming_many_costs_no_more_queries_than_confirming_few(
    draft: Make, bao: User, django_assert_max_num_queries: Any
) -> None:
    records = [draft(served_on=date(2026, 1, 1 + number)) for number in range(28)]

    with django_assert_max_num_queries(9):
        outcomes = confirm_records(records=ServiceRecord.objects.all(), by=bao)

    assert all(outcome.confirmed for outcome in outcomes)
    assert RecordChange.objects.filter(kind="confirmed").count() == len(records)


def test_the_ledger_is_told_once_after_the_commit(
    draft: Make, bao: User, django_capture_on_commit_callbacks: Any
) -> None:
    told: list[Any] = []

    def listen(**kwargs: Any) -> None:
        told.append(kwargs)

    records_owed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            confirm_records(records=[draft(), draft()], by=bao)
            assert told == []
    finally:
        records_owed.disconnect(listen)
    assert len(told) == 1


# R7


def test_ten_working_days_are_two_weeks(draft: Make) -> None:
    record = draft(served_on=date(2026, 10, 30))  # a Friday

    assert record.confirm_by == date(2026, 11, 13)
    assert draft(served_on=date(2026, 10, 31)).confirm_by == date(2026, 11, 13)


# Who sees and decides


def test_records_are_seen_by_their_volunteer_and_their_desk(
    confirmed: Make, alice: User, bao: User, rui: User, chen: User, dai: User
) -> None:
    record = confirmed()

    assert get_records_for(alice).get() == record
    assert get_desk_records_for(bao).get() == record
    assert get_desk_records_for(rui).get() == record
    for outsider in (chen, dai, alice):
        assert not get_desk_records_for(outsider).exists()
        assert not can_decide_objection(outsider, record)
    assert can_decide_objection(bao, record)
    assert not get_records_for(dai).exists()


def test_whoever_typed_hours_in_cannot_confirm_them(by_hand: Make, bao: User, rui: User) -> None:
    record = by_hand()

    assert not can_confirm_record(bao, record)
    assert can_confirm_record(rui, record)


# The volunteer's own pages


def test_my_records_add_up_what_counts(
    client: Client, alice: User, confirmed: Make, draft: Make
) -> None:
    confirmed(90)
    draft(600)
    client.force_login(alice)

    response = client.get(reverse("my_records"))

    assert response.context["hours"] == 1.5
    assert (response.context["counted"], response.context["waiting"]) == (1, 1)
    assert "平安夜巡" in response.content.decode()


def test_a_record_shows_its_history_and_takes_an_objection(
    client: Client, alice: User, bao: User, confirmed: Make
) -> None:
    record = confirmed(90)
    client.force_login(alice)
    address = reverse("my_record", args=[record.pk])
    assert "包组织" in client.get(address).content.decode()

    empty = client.post(address, {"reason": " "}, headers={"accept-language": "en"})
    assert "Please say what is wrong with the record." in empty.content.decode()

    page = client.post(address, {"reason": "我待到了八点半"}, follow=True).content.decode()
    assert "我待到了八点半" in page
    record.refresh_from_db()
    assert record.state == State.OBJECTED


def test_a_second_objection_is_refused_in_words(
    client: Client, alice: User, confirmed: Make
) -> None:
    record = confirmed()
    client.force_login(alice)
    raise_objection(record=record, by=alice, reason="不对")

    page = client.post(
        reverse("my_record", args=[record.pk]), {"reason": "再说一次"},
        headers={"accept-language": "en"},
    ).content.decode()  # fmt: skip

    assert Objection.objects.count() == 1
    assert "being looked into" in page


@pytest.mark.parametrize("who", ["bao", "dai"])
def test_nobody_opens_somebody_elses_record(
    client: Client, confirmed: Make, who: str, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(who)
    make_volunteer(user=user, name="别人", community=None)
    client.force_login(user)

    assert client.get(reverse("my_record", args=[confirmed().pk])).status_code == 404
