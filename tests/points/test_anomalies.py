from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from points.actions.anomalies import (
    AnomalyDecided,
    NoteMissing,
    OwnAnomaly,
    decide_anomaly,
    find_anomalies,
    find_outliers,
)
from points.anomalies import accounts_named_in, in_words
from points.models import Anomaly
from points.tasks import sweep_anomalies, sweep_outliers
from tests.cast import make_user, make_volunteer
from volunteers.actions.records import confirm_record, enter_record_by_hand, void_record
from volunteers.models import Category, Organisation, ServiceRecord, Territory, User

Make = Callable[..., ServiceRecord]
Kind = Anomaly.Kind


def moment(hour: int, minute: int = 0) -> datetime:
    day = timezone.localdate() - timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


def look() -> int:
    return find_anomalies(since=timezone.now() - timedelta(days=2))


def sentence(anomaly: Anomaly) -> str:
    with translation.override("en"):
        return in_words(anomaly, accounts=accounts_named_in([anomaly]))


@pytest.fixture
def by_hand(
    organisation: Organisation, category: Category, bao: User, territory: Territory
) -> Callable[..., ServiceRecord]:
    """`by_hand(minutes, at=…, by=bao)`: hours typed in at that moment, each for somebody else."""

    def make(minutes: int, *, at: datetime | None = None, by: User = bao) -> ServiceRecord:
        record = enter_record_by_hand(
            volunteer=make_volunteer(user=None, name="某人", community=territory),
            organisation=organisation, activity_name="补录", category=category,
            served_on=timezone.localdate() - timedelta(days=3), credited_minutes=minutes,
            reason="忘了签到", by=by, nonce=uuid.uuid4(),
        )  # fmt: skip
        if at is not None:
            ServiceRecord.objects.filter(pk=record.pk).update(created_at=at)
        return record

    return make


# In two places at one time


def test_two_records_that_overlap_are_found_once(
    alice: User, confirmed: Make, other_organisation: Organisation
) -> None:
    one = confirmed(120, checked_in_at=moment(9), checked_out_at=moment(11))
    two = confirmed(120, checked_in_at=moment(10, 30), checked_out_at=moment(12))
    confirmed(60, checked_in_at=moment(12), checked_out_at=moment(13))  # begins as it ends

    assert look() == 1
    assert look() == 0

    found = Anomaly.objects.get()
    assert (found.kind, found.volunteer, found.minutes) == (Kind.TWO_PLACES, alice.volunteer, 30)
    assert found.record_numbers == [one.pk, two.pk]
    assert "林爱丽 has two confirmed records that overlap by 30 minutes" in sentence(found)


def test_the_same_start_at_two_places_is_found_though_nobody_checked_out(
    alice: User, confirmed: Make
) -> None:
    confirmed(60, checked_in_at=moment(9), place="东门")
    confirmed(60, checked_in_at=moment(9), place="西门")

    assert look() == 1
    assert "overlap by 0 minutes" in sentence(Anomaly.objects.get())


def test_what_is_not_counted_and_what_others_did_is_no_overlap(
    alice: User, bao: User, confirmed: Make, submitted: Make, territory: Territory
) -> None:
    times = {"checked_in_at": moment(9), "checked_out_at": moment(11)}
    confirmed(120, **times)
    submitted(120, **times)
    void_record(record=confirmed(120, **times), by=bao, reason="没有到场")
    other = make_volunteer(user=None, name="别人", community=territory)
    confirmed(120, volunteer=other, **times)

    assert look() == 0


# Hurried


def test_five_hours_typed_in_within_two_minutes_are_one_anomaly(
    by_hand: Callable[..., ServiceRecord], bao: User, organisation: Organisation
) -> None:
    records = [
        by_hand(120, at=moment(9)),
        by_hand(120, at=moment(9, 1)),
        by_hand(60, at=moment(9, 2)),
        by_hand(240, at=moment(9, 3)),
        by_hand(240, at=moment(12)),
    ]

    assert look() == 1
    assert look() == 0

    found = Anomaly.objects.get()
    assert (found.kind, found.account, found.minutes) == (Kind.HURRIED, bao, 540)
    assert found.record_numbers == [record.pk for record in records[:4]]
    assert found.organisation == organisation
    assert sentence(found) == "包组织 entered 9 hours by hand, in 4 records, within 180 seconds."


def test_the_same_hours_at_leisure_or_by_two_people_are_none(
    by_hand: Callable[..., ServiceRecord], rui: User
) -> None:
    by_hand(240, at=moment(9))
    by_hand(240, at=moment(9), by=rui)
    by_hand(240, at=moment(9, 5))
    by_hand(240, at=moment(9, 10))

    assert look() == 0


def test_what_was_voided_at_once_was_a_slip(
    by_hand: Callable[..., ServiceRecord], rui: User
) -> None:
    void_record(record=by_hand(240, at=moment(9)), by=rui, reason="输错了")
    by_hand(240, at=moment(9))

    assert look() == 0


def test_two_who_enter_and_approve_in_one_breath_are_found(
    by_hand: Callable[..., ServiceRecord], bao: User, rui: User
) -> None:
    for number in range(3):
        record = by_hand(30)
        confirm_record(record=record, by=rui)
        entered = moment(9 + number)
        ServiceRecord.objects.filter(pk=record.pk).update(
            created_at=entered, confirmed_at=entered + timedelta(seconds=8)
        )

    assert look() == 1

    found = Anomaly.objects.get()
    assert found.key.startswith(f"breath:{bao.pk}:{rui.pk}:")
    assert "芮审核 approved them within 8 seconds, 3 times in one day" in sentence(found)


def test_a_calm_second_look_is_none(by_hand: Callable[..., ServiceRecord], rui: User) -> None:
    for number in range(3):
        record = by_hand(30)
        confirm_record(record=record, by=rui)
        entered = moment(9 + number)
        ServiceRecord.objects.filter(pk=record.pk).update(
            created_at=entered, confirmed_at=entered + timedelta(minutes=3)
        )

    assert look() == 0


# Far above the others


def test_an_organiser_far_above_the_others_is_found_once_a_month(
    by_hand: Callable[..., ServiceRecord], bao: User, settings: Any
) -> None:
    settings.LINLI_OUTLIER_MIN_RECORDS = 3
    for number in range(5):
        other = make_user(name=f"组织者{number}", phone=f"+861390000000{number}")
        for minute in range(3):
            by_hand(20 + number, at=moment(9, minute), by=other)
    for minute in range(3):
        by_hand(600, at=moment(9, minute * 10), by=bao)

    assert find_outliers() == 1
    assert find_outliers() == 0

    found = Anomaly.objects.get()
    assert (found.kind, found.account, found.minutes) == (Kind.OUTLIER, bao, 1800)
    assert "包组织 entered 30 hours by hand in 90 days, in 3 records" in sentence(found)


def test_among_a_handful_nobody_is_an_outlier(
    by_hand: Callable[..., ServiceRecord], settings: Any
) -> None:
    settings.LINLI_OUTLIER_MIN_RECORDS = 1
    by_hand(600)

    assert find_outliers() == 0


def test_the_tasks_look_at_both(by_hand: Callable[..., ServiceRecord]) -> None:
    by_hand(240)
    by_hand(240)

    sweep_anomalies()
    sweep_outliers()

    assert Anomaly.objects.count() == 1


# Deciding


@pytest.fixture
def hurried(by_hand: Callable[..., ServiceRecord], bao: User) -> Anomaly:
    by_hand(240)
    by_hand(240)
    look()
    return Anomaly.objects.get()


def test_a_decision_needs_a_note_and_is_made_once(hurried: Anomaly, city_staff: User) -> None:
    with pytest.raises(NoteMissing):
        decide_anomaly(anomaly=hurried, state="cleared", note="  ", by=city_staff)

    decide_anomaly(anomaly=hurried, state="cleared", note="看过纸质签到表", by=city_staff)

    hurried.refresh_from_db()
    assert (hurried.state, hurried.decided_by) == ("cleared", city_staff)
    with pytest.raises(AnomalyDecided):
        decide_anomaly(anomaly=hurried, state="acted", note="再看", by=city_staff)


def test_nobody_decides_about_themselves(
    hurried: Anomaly, bao: User, alice: User, confirmed: Make
) -> None:
    with pytest.raises(OwnAnomaly):
        decide_anomaly(anomaly=hurried, state="cleared", note="没问题", by=bao)

    confirmed(60, checked_in_at=moment(9), checked_out_at=moment(11))
    confirmed(60, checked_in_at=moment(9), checked_out_at=moment(11))
    look()
    own = Anomaly.objects.get(kind=Kind.TWO_PLACES)
    with pytest.raises(OwnAnomaly):
        decide_anomaly(anomaly=own, state="cleared", note="没问题", by=alice)


# The queue


def test_the_queue_shows_sentences_and_takes_a_decision(
    client: Client, hurried: Anomaly, city_staff: User
) -> None:
    client.force_login(city_staff)
    queue = client.get(
        reverse("points-anomalies:index"), headers={"accept-language": "en"}
    ).content.decode()
    assert "entered 8 hours by hand" in queue

    address = reverse("points-anomalies:decide", args=[hurried.pk])
    detail = client.get(address).content.decode()
    for number in hurried.record_numbers:
        assert reverse("desk_record", args=[number]) in detail

    assert "note" in client.post(address, {"state": "acted", "note": ""}).content.decode()
    hurried.refresh_from_db()
    assert hurried.state == "open"

    client.post(address, {"state": "acted", "note": "两条已作废"})
    hurried.refresh_from_db()
    assert (hurried.state, hurried.note) == ("acted", "两条已作废")
    assert (
        "两条已作废"
        in client.get(reverse("points-anomalies:index"), {"state": "acted"}).content.decode()
    )


@pytest.mark.parametrize("who", ["bao", "rui", "dai", "alice"])
def test_the_queue_is_the_citys_alone(
    client: Client, hurried: Anomaly, who: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    addresses = [
        reverse("points-anomalies:index"),
        reverse("points-anomalies:decide", args=[hurried.pk]),
    ]
    for address in addresses:
        assert client.get(address).status_code in {302, 403, 404}
        client.post(address, {"state": "cleared", "note": "x"})
    hurried.refresh_from_db()
    assert hurried.state == "open"


def test_a_staff_member_sees_why_the_own_anomaly_waits_for_somebody_else(
    client: Client, hurried: Anomaly, bao: User
) -> None:
    User.objects.filter(pk=bao.pk).update(is_staff=True, is_superuser=True)
    bao.refresh_from_db()
    client.force_login(bao)

    response = client.post(
        reverse("points-anomalies:decide", args=[hurried.pk]),
        {"state": "cleared", "note": "没问题"}, headers={"accept-language": "en"},
    )  # fmt: skip

    assert "somebody else decides" in response.content.decode()
    hurried.refresh_from_db()
    assert hurried.state == "open"


def test_two_sittings_of_one_account_are_two_though_each_was_typed_in_one_moment(
    confirmed: Any, bao: User
) -> None:
    """Rows of one moment have no order among themselves: their numbers give them one."""
    now = timezone.now()
    records = [confirmed(90) for _ in range(8)]
    for number, record in enumerate(records):
        # The later sitting's rows got the lower numbers.
        at = now - timedelta(hours=1) if number < 4 else now - timedelta(hours=7)
        ServiceRecord.objects.filter(pk=record.pk).update(
            is_by_hand=True, hand_reason="补录", entered_by=bao, confirmed_by=None, created_at=at
        )
    find_anomalies(since=now - timedelta(days=1))

    found = Anomaly.objects.filter(kind="hurried")
    assert [(one.minutes, one.detail["seconds"]) for one in found] == [(360, 0), (360, 0)]
    assert "within 1 second." in sentence(found[0])
