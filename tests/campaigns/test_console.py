"""The organiser's console: scan a card or type its number."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Attendance, Scan, Shift
from campaigns.models.attendance import Door
from tests.campaigns.test_attendance import MINUTE, sign_up_for
from tests.cast import make_shift
from volunteers.card_codes import rotating_url

JSON = {"headers": {"accept": "application/json"}}


@pytest.fixture
def running(activity) -> Shift:
    return make_shift(activity, starts_in=timedelta(hours=-1))


@pytest.fixture
def expected(running, alice):
    return sign_up_for(running, alice.volunteer)


@pytest.fixture
def card(alice):
    return alice.volunteer.cards.get()


def scan(client, shift, **data):
    data = {"kind": "in", "nonce": uuid.uuid4()} | data
    return client.post(reverse("console_scan", args=[shift.pk]), data, **JSON)


def test_a_scanned_card_is_answered_in_json(client, bao, alice, running, expected, card):
    client.force_login(bao)
    response = scan(client, running, card=rotating_url(card.token, timezone.now()))
    assert response.status_code == 200
    answer = response.json()
    assert (answer["outcome"], answer["code"]) == ("ok", "checked_in")
    assert answer["name"] == alice.volunteer.name
    assert answer["time"] == f"{timezone.localtime():%H:%M}"
    attendance = Attendance.objects.get()
    assert (attendance.check_in_door, attendance.checked_in_by) == (Door.CONSOLE, bao)


def test_in_twice_then_out_twice(client, bao, running, expected, card):
    client.force_login(bao)
    answers = [
        scan(client, running, card=card.number, kind=kind).json()
        for kind in ("in", "in", "out", "out", "in")
    ]
    assert [(answer["outcome"], answer["code"]) for answer in answers] == [
        ("ok", "checked_in"),
        ("warn", "already_in"),
        ("ok", "checked_out"),
        ("warn", "already_out"),
        ("warn", "already_out"),
    ]


def test_the_same_post_again_answers_the_same(client, bao, running, expected, card):
    client.force_login(bao)
    nonce = uuid.uuid4()
    first = scan(client, running, card=card.number, nonce=nonce).json()
    again = scan(client, running, card=card.number, nonce=nonce).json()
    assert first == again
    assert Scan.objects.count() == 1


def test_a_stranger_with_a_card_is_refused_and_not_named_in_full(client, bao, alice, running, card):
    client.force_login(bao)
    answer = scan(client, running, card=card.number).json()
    assert (answer["outcome"], answer["code"]) == ("refused", "not_signed_up")
    assert answer["name"] == alice.volunteer.masked_name != alice.volunteer.name


def test_without_javascript_the_page_comes_back_with_the_answer(
    client, bao, alice, running, expected, card
):
    client.force_login(bao)
    response = client.post(
        reverse("console_scan", args=[running.pk]),
        {"card": card.number, "kind": "in", "nonce": uuid.uuid4()},
        follow=True,
    )
    assert response.redirect_chain
    page = response.content.decode()
    assert 'data-outcome="ok"' in page
    assert alice.volunteer.name in page


def test_the_latest_scans_stand_on_the_page(client, bao, running, expected, card):
    client.force_login(bao)
    scan(client, running, card="nothing")
    scan(client, running, card=card.number)
    recent = client.get(reverse("console", args=[running.pk])).context["recent_scans"]
    assert [row["code"] for row in recent] == ["checked_in", "card_unknown"]


@pytest.mark.parametrize(
    "data",
    [{"kind": "sideways"}, {"nonce": "1"}, {"kind": ""}],
)
def test_an_incomplete_post_gets_a_sentence_and_writes_nothing(
    client, bao, running, expected, card, data
):
    client.force_login(bao)
    response = scan(client, running, card=card.number, **data)
    assert response.status_code == 400
    assert response.json()["message"]
    assert not Scan.objects.exists()


@pytest.mark.parametrize("seconds_ago", ["", "yesterday", "nan", "inf", "-600"])
def test_a_delay_nobody_can_read_is_ignored(client, bao, running, expected, card, seconds_ago):
    client.force_login(bao)
    answer = scan(client, running, card=card.number, seconds_ago=seconds_ago).json()
    assert answer["outcome"] == "ok"
    assert timezone.now() - Attendance.objects.get().checked_in_at < MINUTE


def test_a_scan_that_waited_for_the_network_keeps_its_time_within_reason(
    client, bao, running, expected, card
):
    client.force_login(bao)
    scan(client, running, card=card.number, seconds_ago="600.5")
    waited = timezone.now() - Attendance.objects.get().checked_in_at
    assert 10 * MINUTE < waited < 11 * MINUTE
    # E3: nobody makes up an hour afterwards.
    scan(client, running, card=card.number, kind="out", seconds_ago="3600")
    assert timezone.now() - Attendance.objects.get().checked_out_at < MINUTE


def test_only_the_shifts_own_organisers_may_scan(client, alice, dai, chen, running, expected, card):
    page, post = reverse("console", args=[running.pk]), reverse("console_scan", args=[running.pk])
    assert client.get(page).status_code == 302
    assert client.post(post, {"card": card.number, "kind": "in"}).status_code == 302
    for outsider in (alice, dai, chen):
        client.force_login(outsider)
        assert client.get(page).status_code == 404
        assert scan(client, running, card=card.number).status_code == 404
    assert not Scan.objects.exists()


def test_another_shifts_scan_is_not_shown(client, bao, dai, running, expected, card, activity):
    other = make_shift(activity, starts_in=timedelta(hours=5))
    client.force_login(bao)
    nonce = uuid.uuid4()
    scan(client, running, card=card.number, nonce=nonce)
    page = client.get(reverse("console", args=[other.pk]), {"scan": nonce})
    assert page.context["result"] is None


def test_a_scan_takes_few_queries(
    client, bao, running, expected, card, django_assert_max_num_queries
):
    client.force_login(bao)
    scan(client, running, card="warm up")
    # Session, account, shift; the place, attendance with its scan; begin and commit.
    with django_assert_max_num_queries(7):
        assert scan(client, running, card=card.number).json()["outcome"] == "ok"
