"""The venue's own code: a volunteer scans it and presses one button."""

from __future__ import annotations

import hashlib
import re
import time
import uuid
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.urls import reverse
from django.utils import timezone

from campaigns import browser_marks, codes
from campaigns.actions.attendance import check_in
from campaigns.codes import poster_token, rotating_token
from campaigns.distances import rough_distance_m
from campaigns.models import Activity, Attendance, Scan, Shift
from campaigns.models.attendance import Door
from tests.campaigns.test_attendance import MINUTE, sign_up_for
from tests.cast import make_shift, make_user, make_volunteer


@pytest.fixture
def running(activity) -> Shift:
    return make_shift(activity, starts_in=timedelta(hours=-1))


@pytest.fixture
def expected(running, alice):
    return sign_up_for(running, alice.volunteer)


def venue(token: str) -> str:
    return reverse("venue_scan", args=[token])


def press(client, address: str, kind: str = "in"):
    """Open the page, press the button it shows, follow to what it says."""
    page = client.get(address)
    nonce = re.search(r'name="nonce" value="([^"]+)"', page.content.decode())
    assert nonce, page.content.decode()
    return client.post(address, {"kind": kind, "nonce": nonce[1]}, follow=True)


def outcome_of(response) -> str:
    found = re.search(r'data-outcome="([a-z_]+)"', response.content.decode())
    return found[1] if found else ""


def test_scan_press_and_be_checked_in(client, alice, running, expected):
    client.force_login(alice)
    response = press(client, venue(rotating_token(shift=running)))
    assert outcome_of(response) == "checked_in"
    attendance = Attendance.objects.get()
    assert attendance.check_in_door == Door.VENUE_SCREEN
    assert attendance.checked_in_by == alice


def test_a_visitor_signs_in_first_and_comes_back(client, alice, running, expected):
    address = venue(rotating_token(shift=running))
    response = client.get(address)
    assert response.status_code == 302
    assert address in unquote(response["Location"])


def test_the_code_may_run_out_while_one_signs_in(client, alice, running, expected, monkeypatch):
    address = venue(rotating_token(shift=running))
    client.get(address)
    client.force_login(alice)
    now = time.time()
    monkeypatch.setattr(codes.time, "time", lambda: now + 5 * 60)
    response = press(client, address)
    assert outcome_of(response) == "checked_in"


def test_the_same_code_on_another_phone_is_a_screenshot(
    client, alice, running, expected, monkeypatch
):
    token = rotating_token(shift=running, at=time.time() - 60)
    client.force_login(alice)
    response = client.get(venue(token))
    assert response.status_code == 410
    assert outcome_of(response) == "code_expired"
    assert '<form method="post">' not in response.content.decode()
    forced = client.post(venue(token), {"kind": "in", "nonce": uuid.uuid4()})
    assert outcome_of(forced) == "code_expired"
    assert not Attendance.objects.exists()
    scan = Scan.objects.first()
    assert (scan.outcome, scan.shift, scan.volunteer) == ("code_expired", running, alice.volunteer)


def test_a_remembered_code_is_forgotten_after_ten_minutes(
    client, alice, running, expected, monkeypatch
):
    address = venue(rotating_token(shift=running))
    client.force_login(alice)
    client.get(address)
    now = time.time()
    monkeypatch.setattr(codes.time, "time", lambda: now + 11 * 60)
    assert outcome_of(client.get(address)) == "code_expired"


def test_a_forged_code_says_so_and_shows_no_shift(client, alice, running):
    token = poster_token(shift=running)
    forged = ("A" if token[0] != "A" else "B") + token[1:]
    for user in (None, alice):
        if user:
            client.force_login(user)
        response = client.get(venue(forged))
        assert response.status_code == 410
        assert outcome_of(response) == "code_tampered"
        assert running.activity.role not in response.content.decode()


def test_pressing_twice_does_no_harm(client, alice, running, expected):
    client.force_login(alice)
    address = venue(rotating_token(shift=running))
    nonce = uuid.uuid4()
    first = client.post(address, {"kind": "in", "nonce": nonce}, follow=True)
    second = client.post(address, {"kind": "in", "nonce": nonce}, follow=True)
    assert outcome_of(first) == outcome_of(second) == "checked_in"
    assert Scan.objects.count() == 1


def test_after_the_press_there_is_no_button_to_press_by_mistake(client, alice, running, expected):
    client.force_login(alice)
    response = press(client, venue(rotating_token(shift=running)))
    assert 'name="kind"' not in response.content.decode()


def test_a_scan_in_the_middle_of_the_shift_does_not_push_one_out(client, alice, running, expected):
    client.force_login(alice)
    address = venue(rotating_token(shift=running))
    press(client, address)
    page = client.get(address).content.decode()
    assert outcome_of(client.get(address)) == "already_in"
    assert "<summary>" in page  # leaving early is there, behind a second press


def test_scanning_when_leaving_checks_out(client, alice, activity):
    shift = make_shift(activity, starts_in=timedelta(minutes=-110))
    sign_up_for(shift, alice.volunteer)
    check_in(
        shift=shift, volunteer=alice.volunteer, door=Door.CONSOLE, by=None, made_at=shift.starts_at
    )
    client.force_login(alice)
    response = press(client, venue(rotating_token(shift=shift)), kind="out")
    assert outcome_of(response) == "checked_out"
    assert "110" in response.content.decode()
    attendance = Attendance.objects.get()
    assert attendance.check_out_door == Door.VENUE_SCREEN
    assert attendance.record.credited_minutes == 110


def test_the_poster_lets_in_and_is_marked_for_the_organiser(client, alice, running, expected):
    client.force_login(alice)
    response = press(client, venue(poster_token(shift=running)))
    assert outcome_of(response) == "checked_in"
    attendance = Attendance.objects.get()
    assert (attendance.check_in_door, attendance.review) == (Door.VENUE_POSTER, "poster")


def test_who_is_not_expected_is_told_before_pressing(client, alice, running):
    client.force_login(alice)
    response = client.get(venue(rotating_token(shift=running)))
    assert outcome_of(response) == "not_signed_up"
    assert 'name="kind"' not in response.content.decode()
    assert running.activity.campaign.url in response.content.decode()


def test_who_comes_too_early_is_told_when_it_opens(client, alice, activity):
    shift = make_shift(activity, starts_in=timedelta(hours=3))
    sign_up_for(shift, alice.volunteer)
    client.force_login(alice)
    response = client.get(venue(rotating_token(shift=shift)))
    assert outcome_of(response) == "too_early"
    opens = timezone.localtime(shift.starts_at - 60 * MINUTE)
    assert f"{opens:%H:%M}" in response.content.decode()


def test_an_account_without_a_profile_is_led_to_it_and_back(client, running):
    client.force_login(make_user(name="新人", phone="+8613800009999"))
    address = venue(rotating_token(shift=running))
    response = client.get(address)
    assert response["Location"].startswith(reverse("my_profile"))
    assert address in unquote(response["Location"])


def test_somebody_elses_result_is_not_shown(client, alice, bao, running, expected, territory):
    nonce = uuid.uuid4()
    check_in(shift=running, volunteer=alice.volunteer, door=Door.CONSOLE, by=bao, nonce=nonce)
    stranger = make_user(name="路人", phone="+8613800008888")
    make_volunteer(user=stranger, name="路人", community=territory)
    client.force_login(stranger)
    response = client.get(venue(rotating_token(shift=running)), {"scan": nonce})
    assert outcome_of(response) == "not_signed_up"


@pytest.mark.parametrize("token", ["x", "a" * 26, "%E5%8D%A1", "a" * 300])
def test_no_token_breaks_the_page(client, organisation, token):
    assert client.get(f"/v/{token}/").status_code == 410


# How far away, told only by who ticks it (P3), and never a gate (E5)

PLACE = {"latitude": "36.06000", "longitude": "120.38000"}
NEAR = {"latitude": "36.063", "longitude": "120.380"}  # 330 m
FAR = {"latitude": "36.090", "longitude": "120.380"}  # 3.3 km


@pytest.fixture
def placed(running):
    """The running shift, whose place is known."""
    Activity.objects.filter(pk=running.activity_id).update(**PLACE)
    running.activity.refresh_from_db()
    return running


def come_by_poster(client, shift, **chosen):
    address = venue(poster_token(shift=shift))
    chosen = {"kind": "in", "nonce": uuid.uuid4()} | chosen
    return client.post(address, chosen, follow=True)


def test_who_tells_that_they_are_near_needs_no_look_at_the_poster(client, alice, placed, expected):
    client.force_login(alice)
    response = come_by_poster(client, placed, tells_distance="1", **NEAR)
    assert outcome_of(response) == "checked_in"
    assert Scan.objects.get().distance_m == 500
    assert Attendance.objects.get().review == ""


def test_who_is_far_away_is_let_in_all_the_same_and_looked_at(client, alice, placed, expected):
    client.force_login(alice)
    response = come_by_poster(client, placed, tells_distance="1", **FAR)
    assert outcome_of(response) == "checked_in"
    assert Scan.objects.get().distance_m == 3500
    assert Attendance.objects.get().review == "poster"


def test_without_the_tick_no_distance_is_kept_whatever_was_sent(client, alice, placed, expected):
    client.force_login(alice)
    response = come_by_poster(client, placed, **NEAR)
    assert outcome_of(response) == "checked_in"
    assert Scan.objects.get().distance_m is None
    assert not alice.volunteer.consents.filter(notice__kind="location").exists()


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [("", ""), ("nan", "120"), ("91", "120"), ("36", "181"), ("here", "there"), ("1e999", "0")],
)
def test_what_is_no_position_changes_nothing(
    client, alice, placed, expected, latitude, longitude
):  # fmt: skip
    client.force_login(alice)
    response = come_by_poster(
        client, placed, tells_distance="1", latitude=latitude, longitude=longitude
    )
    assert outcome_of(response) == "checked_in"
    assert Scan.objects.get().distance_m is None


def test_telling_it_is_a_consent_of_its_own_and_is_logged_once(client, alice, placed, expected):
    client.force_login(alice)
    for _time in range(2):
        come_by_poster(client, placed, tells_distance="1", **NEAR)
    assert alice.volunteer.consents.filter(notice__kind="location").count() == 1


def test_the_box_stands_unticked_at_the_poster_and_only_where_the_place_is_known(
    client, alice, running, expected
):
    client.force_login(alice)
    poster = venue(poster_token(shift=running))
    assert "tells_distance" not in client.get(poster).content.decode()
    Activity.objects.filter(pk=running.activity_id).update(**PLACE)
    page = client.get(poster).content.decode()
    box = re.search(r'<input[^>]*name="tells_distance"[^>]*>', page)
    assert box
    assert "checked" not in box[0]
    screen = client.get(venue(rotating_token(shift=running))).content.decode()
    assert "tells_distance" not in screen


@pytest.mark.parametrize(
    ("north", "metres"),
    [("36.060", 500), ("36.064", 500), ("36.065", 1000), ("36.0649", 1000), ("-90", 14017500)],
)
def test_the_distance_counts_in_steps_of_500_metres(placed, north, metres):
    """36.0649 is rounded as a phone rounds it, to 36.065: 556 m."""
    found = rough_distance_m(activity=placed.activity, latitude=north, longitude="120.380")
    assert found == metres


# The browser's mark


def test_a_scan_keeps_by_which_browser_it_was_made(client, alice, running, expected):
    client.force_login(alice)
    page = client.get(venue(rotating_token(shift=running)))
    cookie = page.cookies[browser_marks.COOKIE]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"]) == ("Lax", "/v/")
    assert cookie["max-age"] == 90 * 24 * 3600
    press(client, venue(rotating_token(shift=running)))
    mark = hashlib.sha256(cookie.value.encode()).hexdigest()[:32]
    assert Scan.objects.get().browser == mark


def test_the_same_browser_is_the_same_for_another_person(
    client, alice, running, expected, territory
):
    client.force_login(alice)
    press(client, venue(rotating_token(shift=running)))
    user = make_user(name="另一位", phone="+8613800009998")
    sign_up_for(running, make_volunteer(user=user, name="另一位", community=territory))
    client.force_login(user)
    press(client, venue(rotating_token(shift=running)))
    marks = set(Scan.objects.values_list("browser", flat=True))
    assert len(marks) == 1
    assert marks != {""}


def test_a_browser_that_keeps_no_cookies_checks_in_too(client, alice, running, expected):
    client.force_login(alice)
    nonce = uuid.uuid4()
    address = venue(rotating_token(shift=running))
    assert outcome_of(client.post(address, {"kind": "in", "nonce": nonce}, follow=True)) == (
        "checked_in"
    )
    assert Scan.objects.get().browser == ""


@pytest.mark.parametrize("made_up", ["邻里", "a" * 4000, "a\tb", "x"])
def test_a_mark_that_we_never_gave_is_replaced(client, alice, running, expected, made_up):
    """What goes back into a header is ours: a strange one would break the answer on its way."""
    client.force_login(alice)
    made_up = made_up.encode().decode("latin-1")  # as a server hands it over
    client.cookies[browser_marks.COOKIE] = made_up
    page = client.get(venue(rotating_token(shift=running)))
    given = page.cookies[browser_marks.COOKIE].value
    assert re.fullmatch(r"[\w-]{24}", given, re.ASCII)
    client.cookies[browser_marks.COOKIE] = made_up
    client.post(venue(rotating_token(shift=running)), {"kind": "in", "nonce": uuid.uuid4()})
    assert Scan.objects.get().browser == ""


def test_a_code_that_is_not_ours_leaves_no_mark(client, alice, organisation):
    client.force_login(alice)
    assert browser_marks.COOKIE not in client.get(venue("a" * 26)).cookies


# The screen and the poster


def test_the_screen_shows_a_code_that_opens_the_shift(client, bao, running):
    client.force_login(bao)
    assert client.get(reverse("venue_screen", args=[running.pk])).status_code == 200
    answer = client.get(reverse("venue_code", args=[running.pk]))
    assert answer["Cache-Control"].startswith("max-age=0")
    code = answer.json()
    assert 0 < code["expires_in"] <= 15
    assert code["svg"].startswith("<svg")
    token = code["url"].rstrip("/").rpartition("/")[2]
    assert codes.read_token(token).shift == running


def test_the_poster_is_a_pdf(client, bao, running):
    client.force_login(bao)
    response = client.get(reverse("venue_poster", args=[running.pk]))
    assert response["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF")


def test_new_codes_end_the_old_poster(client, bao, running):
    old = poster_token(shift=running)
    client.force_login(bao)
    client.post(reverse("desk_new_codes", args=[running.pk]))
    client.logout()
    assert outcome_of(client.get(venue(old))) == "code_tampered"


@pytest.mark.parametrize("name", ["venue_screen", "venue_code", "venue_poster"])
def test_codes_are_for_the_shifts_own_organisers(client, alice, dai, chen, running, name):
    address = reverse(name, args=[running.pk])
    assert client.get(address).status_code == 302
    for outsider in (alice, dai, chen):
        client.force_login(outsider)
        assert client.get(address).status_code == 404, outsider.name
