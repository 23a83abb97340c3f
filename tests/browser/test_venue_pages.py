"""The venue's pages in a real browser: the rough distance told only by who ticks it, the screen
that says when something about its device is wrong, a team and a patrol on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from campaigns.actions.patrol import add_check_point
from campaigns.actions.teams import form_team
from campaigns.codes import check_point_token, poster_token, rotating_token
from campaigns.models import Activity, Attendance, CheckPointVisit, Scan, Shift
from tests.campaigns.test_attendance import sign_up_for
from tests.cast import make_shift, make_volunteer
from volunteers.models import User

WHERE_ALICE_STANDS = {"latitude": 36.0634567, "longitude": 120.3801234}
# Counts how often the page asks where it is, and listens to what it sends.
COUNT_QUESTIONS = """
window.questions = 0;
const ask = navigator.geolocation.getCurrentPosition.bind(navigator.geolocation);
navigator.geolocation.getCurrentPosition = (...rest) => {
  window.questions += 1;
  return ask(...rest);
};
"""


def sign_in(page: Any, *, user: User, address: str) -> None:
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": address}]
    )


@pytest.fixture
def running(activity: Activity, alice: User) -> Shift:
    Activity.objects.filter(pk=activity.pk).update(latitude="36.06", longitude="120.38")
    shift = make_shift(activity, starts_in=timedelta(hours=-1))
    sign_up_for(shift, alice.volunteer)
    return shift


def open_poster(page: Any, *, user: User, site: str, shift: Shift) -> None:
    sign_in(page, user=user, address=site)
    page.add_init_script(COUNT_QUESTIONS)
    page.goto(f"{site}{reverse('venue_scan', args=[poster_token(shift=shift)])}")


def test_the_phone_is_asked_only_on_the_tick_and_tells_three_decimals(
    live_site: str, open_page: Callable[..., Any], running: Shift, alice: User
) -> None:
    page = open_page(geolocation=WHERE_ALICE_STANDS, permissions=["geolocation"])
    open_poster(page, user=alice, site=live_site, shift=running)
    box = page.locator("[name=tells_distance]")
    expect(box).not_to_be_checked()
    assert page.evaluate("window.questions") == 0
    box.check()
    expect(page.locator("[name=latitude]")).to_have_value("36.063")
    expect(page.locator("[name=longitude]")).to_have_value("120.380")
    assert page.evaluate("window.questions") == 1
    page.click("main button[type=submit]")
    page.wait_for_selector("[data-outcome=checked_in]")
    scan = Scan.objects.get()
    assert scan.distance_m == 500
    assert scan.browser
    assert scan.attendance.review == ""


def test_unticking_takes_it_back(
    live_site: str, open_page: Callable[..., Any], running: Shift, alice: User
) -> None:
    page = open_page(geolocation=WHERE_ALICE_STANDS, permissions=["geolocation"])
    open_poster(page, user=alice, site=live_site, shift=running)
    box = page.locator("[name=tells_distance]")
    box.check()
    expect(page.locator("[name=latitude]")).to_have_value("36.063")
    box.uncheck()
    expect(page.locator("[name=latitude]")).to_have_value("")


def test_a_phone_that_may_not_say_where_it_is_checks_in_all_the_same(
    live_site: str, open_page: Callable[..., Any], running: Shift, alice: User
) -> None:
    page = open_page(permissions=[])
    open_poster(page, user=alice, site=live_site, shift=running)
    note = page.locator("[data-distance-note]")
    page.locator("[name=tells_distance]").check()
    expect(note).to_have_text(note.get_attribute("data-unknown"), timeout=20_000)
    page.click("main button[type=submit]")
    page.wait_for_selector("[data-outcome=checked_in]")
    assert Scan.objects.get().distance_m is None
    assert Attendance.objects.get().review == "poster"


def test_without_javascript_there_is_the_button_and_no_box(
    live_site: str, open_page: Callable[..., Any], running: Shift, alice: User
) -> None:
    page = open_page(java_script_enabled=False)
    sign_in(page, user=alice, address=live_site)
    page.goto(f"{live_site}{reverse('venue_scan', args=[poster_token(shift=running)])}")
    assert not page.locator("[name=tells_distance]").is_visible()
    page.click("main button[type=submit]")
    page.wait_for_selector("[data-outcome=checked_in]")


def test_a_leader_ticks_the_team_and_presses_once_then_walks_the_patrol(
    live_site: str, open_page: Callable[..., Any], running: Shift, alice: User
) -> None:
    members = [make_volunteer(user=None, name=f"邻居{n}", community=None) for n in range(2)]
    for member in members:
        sign_up_for(running, member)
    form_team(shift=running, name="一队", leader=alice.volunteer, members=members, by=None)
    gate = add_check_point(activity=running.activity, name="北门", by=None)
    add_check_point(activity=running.activity, name="池塘边", by=None)
    page = open_page()
    sign_in(page, user=alice, address=live_site)
    page.goto(f"{live_site}{reverse('venue_scan', args=[rotating_token(shift=running)])}")
    page.get_by_label("邻居0").check()
    page.click("main .button-large")
    page.wait_for_selector("[data-outcome=checked_in]")
    here = Attendance.objects.filter(checked_out_at=None)
    assert {one.volunteer.name for one in here} == {alice.volunteer.name, "邻居0"}

    page.goto(f"{live_site}{reverse('check_point', args=[check_point_token(check_point=gate)])}")
    page.click("main .button-large")
    page.wait_for_selector("[data-outcome=visited]")
    assert CheckPointVisit.objects.get().attendance.volunteer == alice.volunteer
    assert page.locator(".timeline-done").count() == 1
    assert page.locator(".timeline-item").count() == 2


def test_the_screen_says_when_its_clock_is_wrong_and_when_it_may_fall_asleep(
    live_site: str, open_page: Callable[..., Any], running: Shift, bao: User
) -> None:
    page = open_page(viewport={"width": 1366, "height": 768})
    sign_in(page, user=bao, address=live_site)
    page.add_init_script(
        "const now = Date.now; Date.now = () => now() + 300000;"
        "Object.defineProperty(Navigator.prototype, 'wakeLock', { get: undefined });"
        "delete Navigator.prototype.wakeLock;"
    )
    page.goto(f"{live_site}{reverse('venue_screen', args=[running.pk])}")
    expect(page.locator("[data-sleepy]")).to_be_visible()
    expect(page.locator("[data-clock-wrong]")).to_be_visible(timeout=25_000)
    assert page.get_attribute("[data-venue-screen]", "data-state") == "live"


def test_a_screen_that_slept_takes_a_new_code_at_once(
    live_site: str, open_page: Callable[..., Any], running: Shift, bao: User
) -> None:
    page = open_page(viewport={"width": 1366, "height": 768})
    sign_in(page, user=bao, address=live_site)
    # What a sleep looks like from within: the clock went on, nothing else did.
    page.add_init_script(
        "let slept = 0; const now = Date.now; Date.now = () => now() + slept;"
        "window.sleepFor = (ms) => { slept += ms; };"
    )
    address = f"{live_site}{reverse('venue_screen', args=[running.pk])}"
    page.route(address, with_a_code_for_an_hour)
    page.goto(address)
    expect(page.locator("[data-code-left]")).to_have_attribute("style", re.compile("scaleX"))
    with page.expect_response("**/code/"):
        page.evaluate("window.sleepFor(30000)")


def with_a_code_for_an_hour(route: Any) -> None:
    """So that nothing but the waking fetches the next one."""
    body = re.sub(r'data-expires-in="\d+"', 'data-expires-in="3600"', route.fetch().text())
    route.fulfill(body=body, content_type="text/html; charset=utf-8")


def test_a_screen_in_order_says_nothing_of_the_kind(
    live_site: str, open_page: Callable[..., Any], running: Shift, bao: User
) -> None:
    page = open_page(viewport={"width": 1366, "height": 768})
    sign_in(page, user=bao, address=live_site)
    page.add_init_script(
        "Object.defineProperty(navigator, 'wakeLock', { configurable: true, value:"
        " { request: () => { window.asked = true; return Promise.resolve({}); } } });"
    )
    with page.expect_response("**/code/", timeout=25_000):
        page.goto(f"{live_site}{reverse('venue_screen', args=[running.pk])}")
    assert page.evaluate("window.asked")
    expect(page.locator("[data-sleepy]")).to_be_hidden()
    expect(page.locator("[data-clock-wrong]")).to_be_hidden()
