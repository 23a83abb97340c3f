"""Around the console: the vendored reader with a film in place of the camera, the page without
JavaScript, the venue's screen. The console itself is in test_console_app.py."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from django.conf import settings
from django.test import Client
from django.urls import reverse
from PIL import Image
from playwright.sync_api import expect

from campaigns.actions.devices import register_device
from campaigns.actions.sign_ups import sign_up
from campaigns.models import Attendance, Scan, Shift
from tests.conftest import CHROMIUM_ARGUMENTS, chromium_path
from volunteers.card_codes import signed_url
from volunteers.models import User
from volunteers.qr import qr_png

STATIC = settings.BASE_DIR / "static"

READER_PAGE = """<!DOCTYPE html><meta charset="utf-8"><title>Reader</title>
<video playsinline muted></video><output></output>
<script type="module" src="/reader-page.js"></script>"""

READER_SCRIPT = """
import { createReader } from "/static/js/console/reader.js";
const video = document.querySelector("video");
video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
await video.play();
const read = createReader();
for (;;) {
  const texts = await read(video);
  if (texts.length) { document.querySelector("output").textContent = texts.join(); break; }
  await new Promise((resolve) => setTimeout(resolve, 50));
}
"""


def film_of(url: str, *, path: Path) -> Path:
    """A film in which somebody holds the code a little askew before a grey wall."""
    code = Image.open(BytesIO(qr_png(url=url))).convert("RGB").resize((360, 360))
    held = code.rotate(8, expand=True, fillcolor="white")
    frame = Image.new("RGB", (1280, 720), (120, 130, 125))
    frame.paste(held, (430, 140))
    picture = BytesIO()
    frame.save(picture, "JPEG", quality=85)
    path.write_bytes(picture.getvalue() * 5)
    return path


@pytest.fixture
def open_camera_page(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """`open_camera_page(film)`: a page whose camera shows the film; `None` for no camera at all."""
    browsers = []

    def make(film: Path | None, **options: Any) -> Any:
        camera = ["--use-fake-ui-for-media-stream"]
        if film is not None:
            camera += [
                "--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}",
            ]  # fmt: skip
        browser = chromium.browser_type.launch(
            executable_path=chromium_path(), args=[*CHROMIUM_ARGUMENTS, *camera]
        )
        browsers.append(browser)
        context = browser.new_context(
            **{"viewport": {"width": 390, "height": 844}, "locale": "zh-CN"} | options
        )
        context.set_default_timeout(15_000)
        return context.new_page()

    yield make
    for browser in browsers:
        browser.close()


def test_the_vendored_reader_reads_a_code_and_asks_nobody_else_for_anything(
    open_camera_page: Callable[..., Any], tmp_path: Path
) -> None:
    url = "https://linli.example.org/c/Q3nS8kV0aZpW2r/"
    page = open_camera_page(film_of(url, path=tmp_path / "film.mjpeg"))
    strangers: list[str] = []

    def answer(route: Any) -> None:
        address = route.request.url
        if not address.startswith("http://localhost/"):
            strangers.append(address)
            route.abort()
            return
        name = address.removeprefix("http://localhost/")
        if name.startswith("static/"):
            file = STATIC / name.removeprefix("static/")
            route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(file)[0])
        elif name == "reader-page.js":
            route.fulfill(body=READER_SCRIPT, content_type="text/javascript")
        else:
            policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"
            route.fulfill(
                body=READER_PAGE,
                content_type="text/html",
                headers={"Content-Security-Policy": policy},
            )

    page.route("**/*", answer)
    page.goto("http://localhost/")
    page.wait_for_selector("output:not(:empty)")

    assert page.text_content("output") == url
    assert strangers == []


# The console


def test_a_card_held_before_the_camera_is_one_scan_each_way(
    live_site: str,
    open_camera_page: Callable[..., Any],
    shift: Shift,
    alice: User,
    bao: User,
    tmp_path: Path,
) -> None:
    sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    organisation = shift.activity.campaign.organisation
    _device, token = register_device(by=bao, organisation=organisation, shifts=[shift], name="门")
    card = alice.volunteer.cards.get()
    url = signed_url(card.token, card.expires_on)
    page = open_camera_page(film_of(url, path=tmp_path / "film.mjpeg"))
    strangers: list[str] = []
    page.on(
        "request",
        lambda request: (
            strangers.append(request.url)
            if not request.url.startswith((live_site, "data:", "blob:"))
            else None
        ),
    )
    page.goto(f"{live_site}/console/#token={token}")
    page.wait_for_selector("body[data-screen=scan]")
    page.click("[data-camera-open]")
    page.wait_for_selector("[data-result][data-outcome=ok]")
    page.wait_for_timeout(4000)  # held in view for longer than the quiet time
    expect(page.locator("[data-result]")).to_have_attribute("data-code", "checked_in")
    assert Scan.objects.filter(shift=shift).count() == 1
    page.locator("input[name=kind][value=out]").check(force=True)
    page.wait_for_selector("[data-result][data-code=checked_out]")
    expect(page.locator("[data-waiting]")).to_have_attribute("data-count", "0")

    assert list(Scan.objects.order_by("made_at").values_list("kind", "proof")) == [
        ("in", "signed"), ("out", "signed"),
    ]  # fmt: skip
    assert strangers == []


def test_a_device_without_a_camera_says_so_and_still_takes_numbers(
    live_site: str, open_camera_page: Callable[..., Any], shift: Shift, alice: User, bao: User
) -> None:
    sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    organisation = shift.activity.campaign.organisation
    _device, token = register_device(by=bao, organisation=organisation, shifts=[shift], name="门")
    page = open_camera_page(None)
    page.goto(f"{live_site}/console/#token={token}")
    page.wait_for_selector("body[data-screen=scan]")
    page.click("[data-camera-open]")
    page.wait_for_selector("[data-camera-notice]:not([hidden])")

    assert page.inner_text("[data-camera-notice]") != ""
    page.fill("[data-type] input[name=text]", alice.volunteer.cards.get().number)
    page.press("[data-type] input[name=text]", "Enter")
    page.wait_for_selector("[data-result][data-outcome=ok]")


# The page without JavaScript


def sign_in(page: Any, *, user: Any, address: str) -> None:
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": address}]
    )


def test_a_typed_number_checks_in_without_javascript(
    live_site: str, open_page: Callable[..., Any], shift: Shift, alice: User, bao: User
) -> None:
    place = sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    page = open_page(java_script_enabled=False)
    sign_in(page, user=bao, address=live_site)
    page.goto(f"{live_site}{reverse('console', args=[shift.pk])}")
    page.fill("input[name=card]", alice.volunteer.cards.get().number)
    page.click("[data-console-form] button[type=submit]")
    page.wait_for_load_state()

    assert alice.volunteer.name in page.inner_text("main")
    assert Attendance.objects.filter(sign_up=place).exists()


# The venue's screen


def test_the_venue_screen_takes_a_new_code_and_says_when_the_connection_is_lost(
    live_site: str, open_page: Callable[..., Any], shift: Shift, bao: User
) -> None:
    page = open_page(viewport={"width": 1366, "height": 768})
    sign_in(page, user=bao, address=live_site)
    page.goto(f"{live_site}{reverse('venue_screen', args=[shift.pk])}")
    code = page.locator("[data-code] path")
    expect(code).not_to_have_attribute("d", code.get_attribute("d"), timeout=20_000)

    assert page.get_attribute("[data-venue-screen]", "data-state") == "live"
    assert codes_on(page) != []
    page.context.set_offline(True)
    page.wait_for_selector("[data-venue-screen][data-state=lost]", timeout=25_000)
    assert page.locator(".venue-alarm [data-when=lost]").is_visible()
    page.context.set_offline(False)
    page.wait_for_selector("[data-venue-screen][data-state=live]")


def codes_on(page: Any) -> list[str]:
    picture = Image.open(BytesIO(page.screenshot()))
    return [code.text for code in zxingcpp.read_barcodes(picture)]
