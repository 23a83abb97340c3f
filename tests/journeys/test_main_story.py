"""The main job, end to end, in a real Chromium: as Alice, Bao and Dai live it.

The web server and the Celery worker are processes of their own on the test's database; the QR
code is read off the screen by an independent decoder, as a phone would.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from campaigns.models import Attendance, CampaignPage, Shift, SignUp
from points.models import Account, AwardRule, Recognition
from tests.cast import make_shift
from volunteers.models import Organisation, PhoneMessage, ServiceRecord, Territory, User, Volunteer

PHONE = "13800005678"
PASSWORD = "lin-li-2026"


@pytest.fixture
def story_shift(activity: Any) -> Shift:
    return make_shift(activity, starts_in=timedelta(minutes=40), hours=2, capacity=5)


@pytest.fixture
def rule(db: Any, category: Any) -> AwardRule:
    return AwardRule.objects.create(
        kind=AwardRule.Kind.PER_HOUR, name="每小时十分", points=10, holds=(date(2026, 1, 1), None)
    )


def read_code(page: Any) -> str:
    """What a phone's camera makes of the code on the screen."""
    picture = Image.open(io.BytesIO(page.locator("[data-code]").screenshot())).convert("L")
    (code,) = zxingcpp.read_barcodes(picture)
    return str(code.text)


def newest_code(*, phone_ends_with: str) -> str:
    message = PhoneMessage.objects.filter(phone__endswith=phone_ends_with).latest("id")
    found = re.search(r"\d{6}", message.text)
    assert found, message.text
    return found.group()


def join(page: Any, site: str, community: Territory) -> None:
    """Alice joins with a phone number, a code, her name and her community: nothing more."""
    page.goto(f"{site}/")
    page.locator('main a[href="/accounts/signup/"]').first.click()
    page.fill("[name=phone]", PHONE)
    page.fill("[name=name]", "林爱丽")
    choose_community(page, community)
    page.check("[name=agree]")
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_selector("[name=code]")
    page.fill("[name=code]", newest_code(phone_ends_with=PHONE))
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(re.compile("/me/"))


def choose_community(page: Any, community: Territory) -> None:
    page.locator("[name=community_name]").press_sequentially(community.name[:3], delay=30)
    page.locator(f'[name=community][value="{community.pk}"]').check()


def sign_in(page: Any, site: str, login: str) -> None:
    page.goto(f"{site}/accounts/login/")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.locator("form:has([name=password]) button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/accounts/login" not in url)


def test_alice_gives_two_hours_and_sees_what_became_of_them(
    worker: Any,
    live_site: str,
    open_page: Callable[..., Any],
    wait_until: Callable[..., None],
    territory: Territory,
    organisation: Organisation,
    campaign: CampaignPage,
    story_shift: Shift,
    rule: AwardRule,
    bao: User,
    dai: User,
) -> None:
    phone = open_page()
    join(phone, live_site, territory)
    alice = Volunteer.objects.get(name="林爱丽")
    assert alice.community == territory

    # A card
    phone.goto(f"{live_site}/me/card/")
    if not alice.cards.exists():
        phone.locator("main form button[type=submit]").first.click()
    phone.wait_for_selector(".volunteer-card")
    card = alice.cards.get()
    assert card.number in phone.locator(".volunteer-card").inner_text().replace(" ", "")

    # A campaign, and one press
    phone.goto(f"{live_site}/campaigns/")
    phone.get_by_role("link", name="浮山所平安夜巡").first.click()
    press = phone.locator(f'form[action="/shifts/{story_shift.pk}/sign-up/"]')
    press.locator("[name=birth_on]").fill("1958-04-12")  # asked here, where it is first needed
    press.locator("button").click()
    wait_until(lambda: SignUp.objects.holding().filter(volunteer=alice).exists())
    phone.goto(f"{live_site}/me/shifts/")
    assert "巡逻员" in phone.locator("main").inner_text()

    # Bao's screen shows a code; Alice scans it
    desk = open_page(viewport={"width": 1280, "height": 800})
    sign_in(desk, live_site, "bao@linli.example")
    desk.goto(f"{live_site}/desk/shifts/{story_shift.pk}/screen/")
    phone.goto(read_code(desk))
    phone.locator("form:has([name=kind][value=in]) button").click()
    phone.wait_for_selector('[data-outcome="checked_in"]')

    # Two hours later she scans again
    phone.goto(f"{live_site}/demo/time/")
    phone.locator("main form button[type=submit]").click()
    phone.wait_for_load_state()
    desk.reload()
    phone.goto(read_code(desk))
    phone.locator("form:has([name=kind][value=out]) button").click()
    phone.wait_for_selector('[data-outcome="checked_out"]')
    record = ServiceRecord.objects.get(volunteer=alice)
    assert record.credited_minutes >= 115
    assert Attendance.objects.get(sign_up__volunteer=alice).record == record

    # Bao confirms the hours with two presses
    desk.goto(f"{live_site}/desk/records/?shift={story_shift.pk}")
    desk.locator(f"#record-{record.pk}").check()
    desk.locator("main form:has([name=record]) button[type=submit]:visible").first.click()
    desk.wait_for_load_state()
    record.refresh_from_db()
    assert record.state == ServiceRecord.State.CONFIRMED
    assert record.confirmed_by == bao

    # The worker gives points and recognition; Alice sees both
    wait_until(lambda: Account.objects.filter(volunteer=alice, balance_points__gt=0).exists())
    wait_until(lambda: Recognition.objects.filter(volunteer=alice, state="awarded").exists())
    points = Account.objects.get(volunteer=alice).balance_points
    assert points == record.credited_minutes * 10 // 60
    phone.goto(f"{live_site}/me/points/")
    seen = phone.locator("main").inner_text()
    assert str(points) in seen
    assert "浮山所平安夜巡" in seen
    phone.goto(f"{live_site}/me/records/")
    assert "浮山所平安夜巡" in phone.locator("main").inner_text()

    # Dai may see none of it
    outsider = open_page()
    sign_in(outsider, live_site, "dai@linli.example")
    for address in (
        f"/desk/shifts/{story_shift.pk}/",
        f"/desk/shifts/{story_shift.pk}/screen/",
        f"/desk/records/{record.pk}/",
        f"/console/{story_shift.pk}/",
    ):
        response = outsider.goto(live_site + address)
        assert response.status in {403, 404}, address
        assert "林爱丽" not in outsider.content()


def test_anyone_who_scans_a_card_sees_that_it_is_valid_and_little_more(
    live_site: str, open_page: Callable[..., Any], alice: User
) -> None:
    card = alice.volunteer.cards.get()
    stranger = open_page()
    stranger.goto(f"{live_site}/c/{card.token}/")
    seen = stranger.locator("main").inner_text()
    assert "林*" in seen
    assert "林爱丽" not in stranger.content()
    assert alice.phone not in stranger.content()
