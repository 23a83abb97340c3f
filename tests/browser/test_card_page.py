"""The card on the phone, as the phone shows it: real Chromium, the real web server, and a decoder
that had no part in making the code."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from django.conf import settings
from django.test import Client
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from tests.cast import make_card, make_user, make_volunteer
from volunteers.card_codes import CodeState, read_card_code
from volunteers.models import User

STEP = 30
COPY_IS_KEPT = """async () => {
  const cache = await caches.open("linli-card");
  const files = (await cache.keys()).map(({ url }) => new URL(url).pathname);
  return files.includes("/me/card/") && files.some((file) => file.endsWith("/card-code.js"));
}"""
STYLES_ARE_THERE = """() =>
  getComputedStyle(document.querySelector(".volunteer-card")).borderRadius !== "0px" """
NO_ANSWER = r"ERR_INTERNET_DISCONNECTED|ERR_FAILED"
NOTHING_IS_KEPT = '() => caches.has("linli-card").then((kept) => !kept)'


def sign_in(page: Any, *, user: User, address: str) -> None:
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": address}]
    )


def code_on(page: Any) -> str:
    """What somebody else's reader finds in a picture of the page; empty when it finds nothing."""
    picture = Image.open(BytesIO(page.screenshot(full_page=True)))
    found = [code.text for code in zxingcpp.read_barcodes(picture)]
    assert len(found) <= 1
    return found[0] if found else ""


def step_of(address: str) -> int:
    code = parse_qs(urlsplit(address).query)["r"][0]
    return int.from_bytes(base64.urlsafe_b64decode(code)[:4], "big")


def open_card(page: Any, *, site: str, state: str = "live") -> None:
    page.goto(f"{site}/me/card/", wait_until="load")
    page.wait_for_selector(f"[data-card-code][data-state={state}]")


def wait_for(page: Any, script: str) -> None:
    """Until the script, which may wait itself, says yes."""
    for _try in range(100):
        if page.evaluate(script):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"never true: {script}")


def wait_for_copy(page: Any) -> None:
    wait_for(page, COPY_IS_KEPT)


@pytest.fixture
def card_page(live_site: str, open_page: Callable[..., Any], alice: User) -> Any:
    page = open_page()
    sign_in(page, user=alice, address=live_site)
    return page


def test_the_code_on_the_page_is_the_cards_code_of_this_moment(
    live_site: str, card_page: Any, alice: User
) -> None:
    open_card(card_page, site=live_site)

    address = code_on(card_page)

    token = alice.volunteer.cards.get().token
    assert address.startswith(f"{live_site}/c/{token}/?r=")
    assert read_card_code(address, at=timezone.now()).state == CodeState.ROTATING
    assert card_page.inner_text("[data-code-time]").count(":") == 2


def test_the_code_changes_with_the_step_and_every_one_counts(
    live_site: str, card_page: Any
) -> None:
    card_page.clock.install()
    open_card(card_page, site=live_site)
    seen: list[str] = []
    for _step in range(4):
        address = code_on(card_page)
        phone_time = datetime.fromtimestamp(card_page.evaluate("Date.now()") / 1000, tz=UTC)
        assert read_card_code(address, at=phone_time).state == CodeState.ROTATING
        assert address not in seen
        seen.append(address)
        old = card_page.get_attribute("[data-code] path", "d")
        card_page.clock.fast_forward(STEP * 1000)
        expect(card_page.locator("[data-code] path")).not_to_have_attribute("d", old)

    steps = [step_of(address) for address in seen]
    assert steps == sorted(steps)


def test_without_a_network_the_code_goes_on_also_after_the_page_was_closed(
    live_site: str, card_page: Any
) -> None:
    open_card(card_page, site=live_site)
    wait_for_copy(card_page)
    context = card_page.context
    context.set_offline(True)
    card_page.reload()
    card_page.wait_for_selector("[data-card-code][data-state=live]")
    assert read_card_code(code_on(card_page), at=timezone.now()).state == CodeState.ROTATING

    card_page.close()
    again = context.new_page()
    open_card(again, site=live_site)

    assert read_card_code(code_on(again), at=timezone.now()).state == CodeState.ROTATING
    assert again.evaluate(
        "getComputedStyle(document.querySelector('.volunteer-card')).borderRadius"
    )
    assert again.locator("[data-clock-off]").is_hidden()


def test_after_midnight_a_copy_goes_on_and_the_day_after_it_is_gone(
    live_site: str, card_page: Any
) -> None:
    open_card(card_page, site=live_site)
    wait_for_copy(card_page)
    card_page.clock.install()
    tomorrow_night = timezone.localtime() + timedelta(days=1)
    card_page.clock.set_fixed_time(tomorrow_night)
    card_page.context.set_offline(True)

    open_card(card_page, site=live_site)
    assert read_card_code(code_on(card_page), at=tomorrow_night).state == CodeState.ROTATING

    card_page.clock.set_fixed_time(tomorrow_night + timedelta(days=1))
    open_card(card_page, site=live_site, state="ended")
    assert code_on(card_page) == ""
    assert card_page.locator("[data-when=ended]").is_visible()


def test_the_worker_gives_a_copy_out_only_until_its_day_is_over(
    live_site: str, card_page: Any
) -> None:
    open_card(card_page, site=live_site)
    wait_for_copy(card_page)
    card_page.evaluate(
        """async () => {
          const cache = await caches.open("linli-card");
          const page = await cache.match("/me/card/", { ignoreVary: true });
          const headers = new Headers(page.headers);
          headers.set("X-Card-Until", String(Math.floor(Date.now() / 1000) - 1));
          await cache.put("/me/card/", new Response(await page.text(), { headers }));
        }"""
    )
    card_page.context.set_offline(True)

    with pytest.raises(Exception, match=NO_ANSWER):
        card_page.reload()


def test_signing_out_takes_the_copy_along(live_site: str, card_page: Any) -> None:
    open_card(card_page, site=live_site)
    wait_for_copy(card_page)
    card_page.click("[data-menu] summary")
    card_page.click("form[action='/accounts/logout/'] button")
    card_page.wait_for_url(f"{live_site}/")
    wait_for(card_page, NOTHING_IS_KEPT)
    card_page.context.set_offline(True)

    with pytest.raises(Exception, match=NO_ANSWER):
        card_page.goto(f"{live_site}/me/card/")


def test_who_signs_in_next_on_the_same_phone_never_sees_the_former_holders_card(
    live_site: str, card_page: Any, dai: User
) -> None:
    """Even when the session ended without anybody pressing a button."""
    open_card(card_page, site=live_site)
    wait_for_copy(card_page)
    card_page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    card_page.goto(f"{live_site}/accounts/login/")
    wait_for(card_page, NOTHING_IS_KEPT)
    sign_in(card_page, user=dai, address=live_site)
    card_page.context.set_offline(True)

    with pytest.raises(Exception, match=NO_ANSWER):
        card_page.goto(f"{live_site}/me/card/")


def test_a_page_left_open_shows_no_card_once_its_holder_is_signed_out(
    live_site: str, card_page: Any
) -> None:
    open_card(card_page, site=live_site)
    wait_for_copy(card_page)
    card_page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    card_page.evaluate("window.dispatchEvent(new Event('online'))")
    card_page.wait_for_selector("[data-card-code][data-state=signed-out]")

    assert card_page.locator(".volunteer-card").count() == 0
    assert code_on(card_page) == ""
    wait_for(card_page, NOTHING_IS_KEPT)


def test_a_page_left_open_never_shows_one_persons_name_above_anothers_code(
    live_site: str, card_page: Any
) -> None:
    open_card(card_page, site=live_site)
    wait_for_copy(card_page)
    other = make_user(name="周小满", phone="+8613911110001")
    card = make_card(make_volunteer(user=other, name="周小满", community=None), number="1000000091")
    sign_in(card_page, user=other, address=live_site)
    card_page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(card_page.locator(".volunteer-card-name")).to_have_text("周小满")
    card_page.wait_for_selector("[data-card-code][data-state=live]")

    assert f"/c/{card.token}/" in code_on(card_page)
    assert "林爱丽" not in card_page.content()


def test_a_new_card_is_the_one_that_is_shown_without_a_network(
    live_site: str, card_page: Any, alice: User
) -> None:
    open_card(card_page, site=live_site)
    wait_for_copy(card_page)
    card_page.click(".disclosure summary")
    card_page.fill("input[name=reason], textarea[name=reason]", "手机丢了")
    card_page.click("form[action='/me/card/reissue/'] button")
    card_page.wait_for_selector(".alert-success")
    wait_for_copy(card_page)
    card_page.context.set_offline(True)
    open_card(card_page, site=live_site)

    assert alice.volunteer.cards.get(revoked_at=None).token in code_on(card_page)


@pytest.mark.parametrize(
    ("minutes", "is_told"), [(0.5, False), (-0.5, False), (3, True), (-3, True)]
)
def test_a_phone_whose_clock_is_wrong_is_told_so(
    live_site: str, card_page: Any, minutes: float, is_told: bool
) -> None:
    card_page.clock.install(time=timezone.now() + timedelta(minutes=minutes))
    open_card(card_page, site=live_site)
    if is_told:
        card_page.wait_for_selector("[data-clock-off]:not([hidden])")

    assert card_page.locator("[data-clock-off]").is_visible() == is_told


def test_without_javascript_the_server_draws_the_code_and_the_page_renews_itself(
    live_site: str, open_page: Callable[..., Any], alice: User
) -> None:
    page = open_page(java_script_enabled=False)
    sign_in(page, user=alice, address=live_site)
    page.goto(f"{live_site}/me/card/")

    assert read_card_code(code_on(page), at=timezone.now()).state == CodeState.ROTATING
    refresh = page.locator("meta[http-equiv=refresh]").get_attribute("content")
    assert 1 <= int(refresh) <= STEP + 1
    assert page.locator(".code-alive").is_hidden()
