"""The API of consoles with a token of their own: every answer, every refusal, and its cost."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from campaigns import api as api_module
from campaigns.actions import attendance as attendance_module
from campaigns.actions import devices as devices_module
from campaigns.actions.devices import ShiftsNotForDevice, register_device, revoke_device
from campaigns.models import Activity, Attendance, ConsoleDevice, Scan, Shift, SignUp
from campaigns.tasks import draft_records
from tests.campaigns.test_attendance import MINUTE, at_once, sign_up_for
from tests.cast import make_card, make_shift, make_volunteer
from volunteers.card_codes import (
    card_token_hash,
    city_day,
    day_key,
    encoded_key,
    public_key_bytes,
    rotating_url,
    signed_url,
    steps_of_day,
)
from volunteers.models import Membership, RecordChange, ServiceRecord, User, VolunteerCard

POST = "/api/v1/checkins"
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}


@pytest.fixture(autouse=True)
def _fresh_counters() -> None:
    cache.clear()


@pytest.fixture
def running(activity: Activity) -> Shift:
    """Began an hour ago, ends in an hour."""
    return make_shift(activity, starts_in=timedelta(hours=-1))


@pytest.fixture
def expected(running: Shift, alice: User) -> SignUp:
    return sign_up_for(running, alice.volunteer)


@pytest.fixture
def card(alice: User) -> VolunteerCard:
    return alice.volunteer.cards.get()


@pytest.fixture
def registered(bao: User, organisation, running) -> tuple[ConsoleDevice, str]:
    return register_device(by=bao, organisation=organisation, shifts=[running], name="一号门")


@pytest.fixture
def device(registered) -> ConsoleDevice:
    return registered[0]


@pytest.fixture
def token(registered) -> str:
    return registered[1]


def scan(shift: Shift, card: Any, kind: str = "in", **changes: Any) -> dict[str, Any]:
    return {
        "nonce": str(uuid.uuid4()),
        "shift": shift.pk,
        "kind": kind,
        "card": card if isinstance(card, str) else card.number,
        "made_at": timezone.now().isoformat(),
    } | changes


def bearer(token: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


def send(token: str, *scans: Any, **headers: str) -> Any:
    return send_raw(token, json.dumps({"scans": scans}), **headers)


def send_raw(token: str, body: Any, **headers: str) -> Any:
    client = Client(raise_request_exception=False)
    return client.post(
        POST, body, content_type="application/json", **bearer(token), **(ENGLISH | headers)
    )


def outcomes(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [answer["outcome"] for answer in response.json()["scans"]]


def get(address: str, token: str) -> Any:
    return Client(raise_request_exception=False).get(address, **bearer(token), **ENGLISH)


# What a scan is answered


def test_a_scan_is_answered_with_code_sentence_masked_name_and_time(
    running, expected, card, token, device, bao, alice
):
    sent = scan(running, rotating_url(card.token, timezone.now()))
    (answer,) = send(token, sent).json()["scans"]
    attendance = Attendance.objects.get()
    assert answer == {
        "nonce": sent["nonce"],
        "outcome": "checked_in",
        "is_done": True,
        "is_refused": False,
        "sentence": f"Checked in at {timezone.localtime():%H:%M}. Thank you for coming!",
        "name": alice.volunteer.masked_name,
        "checked_in_at": attendance.checked_in_at.isoformat(),
        "checked_out_at": None,
    }
    kept = Scan.objects.get()
    assert (kept.device, kept.by, str(kept.nonce)) == (device, bao, sent["nonce"])
    assert (
        kept.made_at.isoformat()
        == datetime.fromisoformat(sent["made_at"]).astimezone(kept.made_at.tzinfo).isoformat()
    )
    assert kept.received_at >= kept.made_at


def test_the_sentence_is_in_the_language_of_the_request(running, expected, card, token):
    response = send(token, scan(running, card), HTTP_ACCEPT_LANGUAGE="zh-CN,zh;q=0.9")
    assert "谢谢" in response.json()["scans"][0]["sentence"]
    assert response["Content-Language"] == "zh-hans"


def test_a_check_out_is_answered_at_once_and_its_record_drafted_after_it(
    running, expected, card, token, bao
):
    assert outcomes(send(token, scan(running, card))) == ["checked_in"]
    (answer,) = send(token, scan(running, card, "out")).json()["scans"]
    assert answer["outcome"] == "checked_out"
    assert answer["checked_in_at"] <= answer["checked_out_at"]
    draft_records()
    record = ServiceRecord.objects.get()
    assert record.entered_by == bao
    assert record.state == ServiceRecord.State.DRAFT
    stay = Attendance.objects.get()
    assert (stay.record, stay.review) == (record, record.review_reason)


def test_refusals_of_scans_are_kept_and_have_the_codes_of_every_door(
    running, card, token, alice, activity
):
    assert outcomes(send(token, scan(running, card), scan(running, "LL9999999999"))) == [
        "not_signed_up", "card_unknown",
    ]  # fmt: skip
    place = sign_up_for(running, alice.volunteer)
    SignUp.objects.filter(pk=place.pk).update(signed_up_at=timezone.now() + 2 * MINUTE)
    assert outcomes(send(token, scan(running, card, "out"))) == ["not_signed_up"]
    SignUp.objects.filter(pk=place.pk).update(signed_up_at=timezone.now() + MINUTE)
    assert outcomes(send(token, scan(running, card, "out"))) == ["not_in_yet"]
    VolunteerCard.objects.update(revoked_at=timezone.now())
    assert outcomes(send(token, scan(running, card))) == ["card_revoked"]
    assert Scan.objects.count() == 5


def test_a_scan_may_come_late_but_not_older_than_three_days(running, expected, card, token):
    made_at = running.starts_at + MINUTE
    assert outcomes(send(token, scan(running, card, made_at=made_at.isoformat()))) == ["checked_in"]
    assert Attendance.objects.get().checked_in_at == made_at
    old = (timezone.now() - timedelta(hours=72, minutes=1)).isoformat()
    assert outcomes(send(token, scan(running, card, "out", made_at=old))) == ["clock_wrong"]


def test_a_clock_ahead_is_borne_for_a_minute(running, expected, card, token):
    ahead = (timezone.now() + 2 * MINUTE).isoformat()
    slightly = (timezone.now() + MINUTE / 2).isoformat()
    assert outcomes(send(token, scan(running, card, made_at=ahead))) == ["clock_wrong"]
    assert outcomes(send(token, scan(running, card, made_at=slightly))) == ["checked_in"]


def test_what_was_made_first_is_decided_first_and_answered_where_it_was_sent(
    running, expected, card, token
):
    came = (timezone.now() - 30 * MINUTE).isoformat()
    left = (timezone.now() - 5 * MINUTE).isoformat()
    response = send(
        token, scan(running, card, "out", made_at=left), scan(running, card, made_at=came)
    )
    assert outcomes(response) == ["checked_out", "checked_in"]


def test_a_resent_batch_answers_the_same(running, expected, card, token):
    batch = [
        scan(running, card, made_at=(timezone.now() - 10 * MINUTE).isoformat()),
        scan(running, card, "out"),
        scan(running, "nothing"),
    ]
    first, again = send(token, *batch).json(), send(token, *batch).json()
    assert first == again
    assert Scan.objects.count() == 3
    assert Attendance.objects.get().checked_out_at is not None


def test_one_nonce_twice_in_a_batch_is_one_scan(running, expected, card, token):
    twice = scan(running, card)
    assert outcomes(send(token, twice, twice)) == ["checked_in", "checked_in"]
    assert Scan.objects.count() == 1


def test_a_nonce_of_another_scan_is_told(running, expected, card, token):
    sent = scan(running, card)
    other = scan(running, "LL9999999999", nonce=sent["nonce"])
    assert outcomes(send(token, sent, other)) == ["checked_in", "nonce_taken"]


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "1"}, {"card": "\ud800"}, {"place": 0}, {"place": 5}, {"walk_in": 1},
        {"override": "x" * 201}, {"together": None}, {"nonce": None}, {"nonce": "\ud800"},
        {"shift": "x"}, {"shift": True},
        {"kind": "sideways"}, {"card": None}, {"card": "9" * 301}, {"made_at": "yesterday"},
        {"made_at": 1700000000}, {"made_at": "2026-11-24T10:00:00"},
        {"made_at": "0001-01-01T00:00:00+14:00"}, {"made_at": "9999-12-31T23:59:59-12:00"},
    ],
)  # fmt: skip
def test_a_bad_scan_does_not_spoil_the_others(running, expected, card, token, changes):
    bad = scan(running, card) | changes
    assert outcomes(send(token, bad, scan(running, card))) == ["bad_scan", "checked_in"]


@pytest.mark.parametrize("bad", [None, 5, "x", [], {}, {"nonce": {}}])
def test_what_is_no_scan_at_all_does_not_spoil_the_others(running, expected, card, token, bad):
    assert outcomes(send(token, bad, scan(running, card))) == ["bad_scan", "checked_in"]


@pytest.mark.parametrize("card_text", ["\x00", "a\x00b", "/c/\x00/", "", "卡" * 200])
def test_a_card_of_strange_characters_is_unknown(running, token, card_text):
    assert outcomes(send(token, scan(running, card_text))) == ["card_unknown"]


def test_a_shift_of_another_organisation_is_not_the_devices(
    running, expected, card, token, dai, other_organisation, activity
):
    elsewhere = make_shift(activity, starts_in=timedelta(hours=1))
    answers = send(token, scan(elsewhere, card), scan(running, card) | {"shift": 10**30})
    assert outcomes(answers) == ["shift_unknown", "shift_unknown"]
    assert not Scan.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_when_the_database_fails_at_one_scan_the_others_are_decided(
    running, expected, card, token, monkeypatch
):
    real, calls = attendance_module.decide, []

    def fails_once(attempt: Any) -> Any:
        calls.append(attempt)
        if len(calls) == 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        return real(attempt)

    monkeypatch.setattr(attendance_module, "decide", fails_once)
    refused = [scan(running, "LL9999999999"), scan(running, "LL8888888888")]
    assert outcomes(send(token, *refused, scan(running, card))) == [
        "try_again", "card_unknown", "checked_in",
    ]  # fmt: skip
    assert Scan.objects.count() == 2


def test_five_hundred_scans_in_one_post(running, token, territory):
    people = [make_volunteer(user=None, name=f"志愿者{n}", community=territory) for n in range(500)]
    Shift.objects.filter(pk=running.pk).update(capacity=500, taken=500)
    during = (running.starts_at, running.ends_at)
    SignUp.objects.bulk_create(
        SignUp(
            shift=running,
            volunteer=person,
            during=during,
            signed_up_at=running.starts_at - timedelta(days=1),
        )
        for person in people
    )
    cards = [make_card(person, number=f"T{n:09d}") for n, person in enumerate(people)]
    came = [scan(running, card) for card in cards]
    with CaptureQueriesContext(connection) as captured:
        assert set(outcomes(send(token, *came))) == {"checked_in"}
    statements = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
    assert len(statements) <= 3  # the device, when it was last seen, and all scans at once
    assert Attendance.objects.count() == Scan.objects.count() == 500
    assert set(outcomes(send(token, *(scan(running, card, "out") for card in cards)))) == {
        "checked_out"
    }
    draft_records()
    assert ServiceRecord.objects.count() == 500


# Codes, walk-ins, overrides, names, everybody together


def test_every_wrong_code_has_its_own_reason(running, expected, card, token):
    now = timezone.now()
    right = rotating_url(card.token, now)
    tampered = right[:-1] + ("A" if right[-1] != "A" else "B")
    wrong = {
        tampered: "code_tampered",
        rotating_url(card.token, now - 3 * MINUTE): "code_expired",
        rotating_url(card.token, now + 3 * MINUTE): "clock_wrong",
        f"https://linli.example/c/{card.token}/": "code_missing",
        signed_url(card.token, city_day(now) - timedelta(days=1)): "card_expired",
        rotating_url("nobodys-token", now): "card_unknown",
    }
    for text, outcome in wrong.items():
        assert outcomes(send(token, scan(running, text))) == [outcome]
    assert not Attendance.objects.exists()
    assert Scan.objects.filter(counts=True).count() == 0
    assert outcomes(send(token, scan(running, signed_url(card.token, card.expires_on)))) == [
        "checked_in"
    ]
    assert Scan.objects.get(counts=True).proof == "signed"


def test_a_code_is_judged_by_the_time_when_it_was_scanned(running, expected, card, token):
    scanned_at = timezone.now() - 20 * MINUTE
    late = scan(running, rotating_url(card.token, scanned_at), made_at=scanned_at.isoformat())
    assert outcomes(send(token, late)) == ["checked_in"]
    assert Attendance.objects.get().checked_in_at == scanned_at
    assert Scan.objects.get().proof == "rotating"


def test_a_walk_in_gets_a_place_while_one_is_left(running, card, token, alice, territory):
    Shift.objects.filter(pk=running.pk).update(capacity=1, taken=0)
    neighbour = make_volunteer(user=None, name="邻居", community=territory)
    other = make_card(neighbour, number="T000000001")
    assert outcomes(send(token, scan(running, card))) == ["not_signed_up"]
    assert outcomes(send(token, scan(running, card, walk_in=True))) == ["checked_in"]
    place = SignUp.objects.get()
    assert (place.is_walk_in, place.volunteer) == (True, alice.volunteer)
    assert Attendance.objects.get().review == "walk_in"
    assert outcomes(send(token, scan(running, other, walk_in=True))) == ["shift_full"]
    running.refresh_from_db()
    assert running.taken == 1


def test_a_walk_in_who_may_not_serve_here_is_told_so(running, card, token, alice, activity):
    activity.minimum_age = 99
    activity.save()
    assert outcomes(send(token, scan(running, card, walk_in=True))) == ["not_eligible"]
    assert not SignUp.objects.exists()


def test_two_consoles_add_the_same_walk_in_and_the_earlier_scan_counts(running, card, token):
    later, earlier = (timezone.now() - minutes * MINUTE for minutes in (5, 10))
    for at in (later, earlier):
        send(token, scan(running, card, walk_in=True, made_at=at.isoformat()))
    assert SignUp.objects.get().signed_up_at == earlier
    assert Attendance.objects.get().checked_in_at == earlier
    running.refresh_from_db()
    assert running.taken == 1


def test_an_override_with_a_reason_lets_pass_what_may_be_let_pass(running, expected, card, token):
    bare = f"https://linli.example/c/{card.token}/"
    assert outcomes(send(token, scan(running, bare, override="abc"))) == ["code_missing"]
    assert outcomes(send(token, scan(running, bare, override="屏幕碎了，本人在场"))) == [
        "checked_in"
    ]
    kept = Scan.objects.get(is_override=True)
    assert kept.reason == "屏幕碎了，本人在场"
    assert Attendance.objects.get().review == "override"


def test_no_reason_lets_a_false_or_revoked_card_pass(running, expected, card, token):
    right = rotating_url(card.token, timezone.now())
    tampered = right[:-1] + ("A" if right[-1] != "A" else "B")
    assert outcomes(send(token, scan(running, tampered, override="本人在场"))) == ["code_tampered"]
    VolunteerCard.objects.update(revoked_at=timezone.now() - MINUTE)
    assert outcomes(send(token, scan(running, card, override="本人在场"))) == ["card_revoked"]


def test_somebody_is_chosen_by_name(running, expected, card, token, activity):
    by_name = scan(running, "", place=expected.pk)
    assert outcomes(send(token, by_name)) == ["checked_in"]
    assert Scan.objects.get().proof == "name"
    elsewhere = make_shift(activity, starts_in=timedelta(hours=3))
    stranger = sign_up_for(elsewhere, expected.volunteer)
    assert outcomes(send(token, scan(running, "", place=stranger.pk))) == ["card_unknown"]


def test_everybody_leaves_together_with_the_evidence_kept(running, expected, card, token):
    came = (running.starts_at + MINUTE).isoformat()
    send(token, scan(running, card, made_at=came))
    left = scan(running, "", "out", place=expected.pk, together="合影\x00 17:00")
    assert outcomes(send(token, left)) == ["checked_out"]
    draft_records()
    stay = Attendance.objects.get()
    assert stay.check_out_door == "bulk"
    assert Scan.objects.get(kind="out").reason == "合影 17:00"


def test_a_check_in_is_none_of_everybodys_check_outs(running, expected, card, token):
    assert outcomes(send(token, scan(running, card, together="合影 17:00"))) == ["checked_in"]
    assert Attendance.objects.get().check_in_door == "console"


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_the_database_ends_is_decided_one_by_one(
    running, expected, card, token, monkeypatch
):
    """Two devices with the same two people, in another order, wait for one another."""

    def deadlock(*_ignored: Any) -> Any:
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(attendance_module, "decide_quickly", deadlock)
    assert outcomes(send(token, scan(running, card))) == ["checked_in"]


# What the whole request is refused for


def refusal(response: Any) -> tuple[int, str]:
    body = response.json()
    assert body.keys() == {"code", "message"}
    assert body["message"]
    return response.status_code, body["code"]


def test_without_a_token_or_with_a_wrong_one_nothing_opens(running, card, token):
    client = Client()
    for address in (f"/api/v1/shifts/{running.pk}/roster", "/api/v1/me"):
        assert refusal(client.get(address)) == (401, "token_missing")
        assert refusal(get(address, token + "x")) == (401, "token_unknown")
    assert refusal(client.post(POST, "{}", content_type="application/json"))[0] == 401
    assert refusal(send("卡".encode().decode("latin-1"), scan(running, card)))[0] == 401
    assert send("x", scan(running, card))["WWW-Authenticate"] == "Bearer"
    assert not Scan.objects.exists()


def test_a_session_opens_nothing(running, card, alice, bao, rui, chen, dai, city_staff):
    for user in (alice, bao, rui, chen, dai, city_staff):
        client = Client()
        client.force_login(user)
        sent = json.dumps({"scans": [scan(running, card)]})
        assert client.post(POST, sent, content_type="application/json").status_code == 401
        assert client.get(f"/api/v1/shifts/{running.pk}/roster").status_code == 401
        assert client.get("/api/v1/me").status_code == 401


def test_a_revoked_device_is_refused(running, expected, card, device, token, rui):
    revoke_device(device=device, by=rui)
    assert refusal(send(token, scan(running, card))) == (401, "device_revoked")
    device.refresh_from_db()
    assert (device.revoked_by, device.last_seen_at) == (rui, None)


def test_a_device_that_was_remembered_is_refused_at_the_next_call_all_the_same(
    running, expected, card, device, token, rui, bao
):
    send(token, scan(running, "LL9999999999"))
    revoke_device(device=device, by=rui)
    for refused in (scan(running, card), scan(running, "LL9999999999"), {"not": "a scan"}):
        assert refusal(send(token, refused)) == (401, "device_revoked")
    ConsoleDevice.objects.update(revoked_at=None, revoked_by=None)
    Membership.objects.filter(user=bao).delete()
    assert refusal(send(token, scan(running, card))) == (403, "not_allowed")
    assert not Attendance.objects.exists()
    assert Scan.objects.count() == 1


def test_an_expired_device_is_refused(running, card, device, token):
    ConsoleDevice.objects.update(expires_at=timezone.now())
    assert refusal(send(token, scan(running, card))) == (401, "device_expired")


def test_a_device_ends_with_its_owners_role(running, card, device, token, bao):
    Membership.objects.filter(user=bao).update(role=Membership.Role.FINANCE)
    assert refusal(send(token, scan(running, card))) == (403, "not_allowed")
    Membership.objects.filter(user=bao).update(role=Membership.Role.REVIEWER)
    assert get("/api/v1/me", token).status_code == 200
    User.objects.filter(pk=bao.pk).update(is_active=False)
    assert refusal(get("/api/v1/me", token)) == (403, "not_allowed")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "bad_request"),
        (b"\xff\xfe", 400, "bad_request"),
        ("\x00", 400, "bad_request"),
        ("[" * 100_000, 400, "bad_request"),
        ("1" * 5000, 400, "bad_request"),
        ("", 422, "bad_batch"),
        ("[]", 422, "bad_batch"),
        ("{}", 422, "bad_batch"),
        ('{"scans": []}', 422, "bad_batch"),
        ('{"scans": {}}', 422, "bad_batch"),
        ('{"scans": NaN}', 422, "bad_batch"),
        (json.dumps({"scans": [1] * 501}), 422, "bad_batch"),
        (" " * (1024 * 1024 + 1), 413, "too_large"),
    ],
)
def test_a_body_nobody_can_use_is_refused_with_a_code(token, body, status, code):
    assert refusal(send_raw(token, body)) == (status, code)


def test_an_address_nobody_knows_is_answered_in_json(token):
    for address in ("/api/v1/nothing", "/api/", "/api/v1/me\x00", "/api/v1/docs"):
        assert refusal(get(address, token)) == (404, "unknown_address")


def test_too_many_calls_of_one_device_wait(token, monkeypatch, bao, organisation, running):
    monkeypatch.setattr(api_module, "CALLS_A_MINUTE", 3)
    assert [get("/api/v1/me", token).status_code for _ in range(4)] == [200, 200, 200, 429]
    response = get("/api/v1/me", token)
    assert refusal(response) == (429, "too_many_calls")
    assert response["Retry-After"] == "60"
    _other, others = register_device(
        by=bao, organisation=organisation, shifts=[running], name="二号门"
    )
    assert get("/api/v1/me", others).status_code == 200


def test_without_the_cache_scans_go_on(running, expected, card, token, settings):
    settings.CACHES = {
        "default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    }
    assert outcomes(send(token, scan(running, card))) == ["checked_in"]


# Roster and me


def test_the_roster_holds_what_a_scan_needs_and_no_more(running, expected, card, token, alice):
    address = f"/api/v1/shifts/{running.pk}/roster"
    roster = get(address, token).json()
    assert roster["shift"] == running.pk
    assert roster["free_places"] == running.capacity - 1
    assert roster["public_key"] == encoded_key(public_key_bytes())
    days = [city_day(running.starts_at - 60 * MINUTE), city_day(running.ends_at + 60 * MINUTE)]
    assert [(day["from_step"], day["to_step"]) for day in roster["days"]] == [
        steps_of_day(day) for day in sorted(set(days))
    ]
    assert roster["places"] == [
        {
            "place": expected.pk,
            "name": alice.volunteer.masked_name,
            "number": card.number,
            "card": card_token_hash(card.token),
            "keys": [encoded_key(day_key(card.token, day)) for day in sorted(set(days))],
            "state": "expected",
            "at": None,
            "team": "",
        }
    ]
    assert card.token not in json.dumps(roster)
    send(token, scan(running, card))
    place = get(address, token).json()["places"][0]
    assert place["state"] == "in"
    assert datetime.fromisoformat(place["at"]) == Attendance.objects.get().checked_in_at
    send(token, scan(running, card, "out"))
    assert get(address, token).json()["places"][0]["state"] == "out"


def test_a_revoked_card_is_not_on_the_roster(running, expected, card, token):
    VolunteerCard.objects.update(revoked_at=timezone.now())
    (place,) = get(f"/api/v1/shifts/{running.pk}/roster", token).json()["places"]
    assert (place["number"], place["card"], place["keys"]) == (None, None, [])


def test_a_roster_that_has_not_changed_is_not_sent_again(running, expected, card, token):
    address = f"/api/v1/shifts/{running.pk}/roster"
    tag = get(address, token)["ETag"]
    ask = {**bearer(token), **ENGLISH, "HTTP_IF_NONE_MATCH": tag}
    same = Client().get(address, **ask)
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
    send(token, scan(running, card))
    changed = Client().get(address, **ask)
    assert changed.status_code == 200
    assert changed["ETag"] != tag


def test_a_device_that_signs_off_opens_nothing_any_more(running, device, token):
    response = Client().post("/api/v1/sign-off", **bearer(token))
    assert (response.status_code, response.content) == (204, b"")
    assert refusal(get("/api/v1/me", token)) == (401, "device_revoked")
    device.refresh_from_db()
    assert device.revoked_by == device.account


def test_the_roster_of_another_shift_is_not_shown(activity, token):
    other = make_shift(activity, starts_in=timedelta(hours=5))
    for number in (other.pk, 10**30):
        response = get(f"/api/v1/shifts/{number}/roster", token)
        assert refusal(response) == (404, "shift_unknown")


def test_me_tells_the_device_its_shifts_and_the_servers_time(running, device, token):
    me = get("/api/v1/me", token).json()
    assert (me["id"], me["name"]) == (device.pk, "一号门")
    assert [shift["id"] for shift in me["shifts"]] == [running.pk]
    assert abs(datetime.fromisoformat(me["server_time"]) - timezone.now()) < MINUTE
    assert datetime.fromisoformat(me["expires_at"]) == running.ends_at + timedelta(hours=72)


def test_last_seen_is_written_at_most_every_ten_seconds(device, token):
    get("/api/v1/me", token)
    device.refresh_from_db()
    seen = device.last_seen_at
    assert seen is not None
    get("/api/v1/me", token)
    device.refresh_from_db()
    assert device.last_seen_at == seen
    ConsoleDevice.objects.update(last_seen_at=seen - timedelta(seconds=11))
    get("/api/v1/me", token)
    device.refresh_from_db()
    assert device.last_seen_at >= seen


# Registering


def test_only_shifts_to_come_that_one_runs_can_be_chosen(
    bao, dai, chen, organisation, other_organisation, running, activity
):
    over = make_shift(activity, starts_in=timedelta(hours=-5))
    for by, house, shifts in (
        (dai, organisation, [running]),
        (dai, other_organisation, [running]),
        (chen, organisation, [running]),
        (bao, other_organisation, [running]),
        (bao, organisation, [over]),
        (bao, organisation, [running, over]),
        (bao, organisation, []),
    ):
        with pytest.raises(ShiftsNotForDevice):
            register_device(by=by, organisation=house, shifts=shifts, name="x")
    assert not ConsoleDevice.objects.exists()


def test_the_token_is_not_kept(device, token):
    assert device.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert len(token) >= 43


def test_the_desk_adds_a_device_shows_its_token_once_and_signs_it_off(
    client, bao, dai, running, expected, card
):
    client.force_login(bao)
    page = reverse("desk_devices")
    added = client.post(page, {"name": "一号门", "shifts": [running.pk]})
    token = added.context["token"]
    assert token in added.content.decode()
    assert "<svg" in added.content.decode()
    assert "no-store" in added["Cache-Control"]
    assert outcomes(send(token, scan(running, card))) == ["checked_in"]
    again = client.get(page).content.decode()
    assert "一号门" in again
    assert token not in again
    revoke = reverse("desk_device_revoke", args=[ConsoleDevice.objects.get().pk])
    client.force_login(dai)
    assert "一号门" not in client.get(page).content.decode()
    assert client.post(revoke).status_code == 404
    assert client.post(page, {"name": "x", "shifts": [running.pk]}).context["form"].errors
    client.force_login(bao)
    assert client.post(revoke).status_code == 302
    assert refusal(get("/api/v1/me", token)) == (401, "device_revoked")


# Cost


@pytest.mark.parametrize("kind", ["in", "out"])
def test_a_scan_takes_two_statements_and_one_while_the_device_is_remembered(
    running, expected, card, token, kind
):
    if kind == "out":
        send(token, scan(running, card))
    touched = ConsoleDevice.objects.get()
    forget_devices()
    ConsoleDevice.objects.filter(pk=touched.pk).update(last_seen_at=timezone.now())
    for most, nonce in ((2, str(uuid.uuid4())), (1, str(uuid.uuid4()))):
        with CaptureQueriesContext(connection) as captured, transaction.atomic():
            assert outcomes(send(token, scan(running, card, kind, nonce=nonce))) == [
                f"checked_{kind}"
            ]
            transaction.set_rollback(True)
        statements = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
        # The device with its shifts; place, attendance and scan in one.
        assert len(statements) == most, statements


def forget_devices() -> None:
    devices_module._remembered.clear()


def test_a_devices_call_leaves_no_cookie(running, expected, card, token):
    response = send(token, scan(running, card))
    assert not response.cookies
    assert response["Content-Length"] == str(len(response.content))
    assert response["X-Content-Type-Options"] == "nosniff"


# Many at once


@pytest.mark.django_db(transaction=True)
def test_eight_posts_of_one_nonce_make_one_row_in_and_out(running, expected, card, token):
    for kind in ("in", "out"):
        sent = scan(running, card, kind)
        responses = at_once(8, lambda _n, sent=sent: send(token, sent))
        assert {tuple(outcomes(response)) for response in responses} == {(f"checked_{kind}",)}
        assert len({response.content for response in responses}) == 1
    assert Attendance.objects.count() == 1
    assert Scan.objects.count() == 2
    at_once(4, lambda _n: draft_records())
    draft_records()
    assert ServiceRecord.objects.count() == RecordChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_unique_nonce_the_race_makes_several_rows(
    running, expected, card, token, monkeypatch
):
    """The same eight posts with the constraint taken away: the test above can fail."""
    monkeypatch.setattr(attendance_module, "_keep", keep_after_a_look())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE campaigns_scan DROP CONSTRAINT campaigns_scan_nonce_key")
    try:
        sent = scan(running, "LL9999999999")
        at_once(8, lambda _n: send(token, sent))
        assert Scan.objects.filter(nonce=sent["nonce"]).count() == 8
    finally:
        Scan.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE campaigns_scan ADD CONSTRAINT campaigns_scan_nonce_key UNIQUE (nonce)"
            )


def keep_after_a_look() -> Any:
    """As somebody would write it who trusts a look before the write."""
    gate = threading.Barrier(8)

    def keep(scan: Scan) -> None:
        if not Scan.objects.filter(nonce=scan.nonce).exists():
            gate.wait(10)
            scan.save()

    return keep


# Whatever anybody sends


@pytest.mark.django_db(transaction=True)  # each call over WSGI ends its connection
def test_whatever_is_sent_within_the_openapi_or_against_it_never_is_a_500(
    running, expected, card, token
):
    import schemathesis
    from hypothesis import HealthCheck, given, settings
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import response_schema_conformance

    from config.wsgi import application

    described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    tried = []
    for described_operation in described.get_all_operations():
        operation = described_operation.ok()
        valid = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        invalid = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

        @settings(
            max_examples=40, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=valid | invalid)
        def attack(case: Any) -> None:
            case.call_and_validate(
                headers={"Authorization": f"Bearer {token}"},
                checks=[not_a_server_error, response_schema_conformance],
            )

        attack()
        tried.append(operation.label)
    assert len(tried) == 4
