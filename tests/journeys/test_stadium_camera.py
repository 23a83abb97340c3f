"""Before the camera of the gate: a film of what people hold up to it, read by the real reader.

The film is made of a picture of Alice's phone, taken right before the browser with that camera
starts: a code counts for a minute and a half.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from campaigns.models import Attendance, ConsoleDevice, Scan, Shift, SignUp
from tests.browser.test_card_page import open_card, wait_for_copy
from tests.browser.test_console_app import cut, open_console, scan, shown, sign_in, waits
from volunteers.card_codes import rotating_url, signed_url
from volunteers.models import User
from volunteers.qr import qr_png

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def token(place: SignUp, new_token: Callable[[str], str]) -> str:
    return new_token("一号门")


@pytest.fixture
def phone(live_site: str, open_page: Callable[..., Any], alice: User) -> Any:
    """Alice's, signed in."""
    page = open_page(device_scale_factor=2)
    sign_in(page, user=alice, address=live_site)
    return page


def film_of(picture: bytes, *, path: Path) -> Path:
    """Somebody holds it a little askew before a grey wall."""
    code = Image.open(io.BytesIO(picture)).convert("RGB").resize((380, 380))
    held = code.rotate(8, expand=True, fillcolor="white")
    frame = Image.new("RGB", (1280, 720), (120, 130, 125))
    frame.paste(held, (420, 130))
    jpeg = io.BytesIO()
    frame.save(jpeg, "JPEG", quality=85)
    path.write_bytes(jpeg.getvalue() * 5)
    return path


def look(page: Any) -> tuple[str, str]:
    """Opens the camera and returns the colour and the code of what it saw."""
    page.click("[data-camera-open]")
    page.wait_for_selector(
        "[data-result][data-outcome]:not([data-outcome=''], [data-outcome=asking])"
    )
    return shown(page)


def test_bao_holds_a_phone_before_alices_card_and_types_nothing(
    live_site: str,
    phone: Any,
    open_camera_page: Callable[..., Any],
    tmp_path: Path,
    running: Shift,
    place: SignUp,
    alice: User,
    bao: User,
) -> None:
    open_card(phone, site=live_site)
    picture = phone.locator("[data-code]").screenshot()
    gate = open_camera_page(film_of(picture, path=tmp_path / "alice.mjpeg"))
    sign_in(gate, user=bao, address=live_site)
    gate.goto(f"{live_site}/console/#shift={running.pk}")
    gate.click("[data-prepare] button[type=submit]")
    gate.wait_for_selector("body[data-screen=scan]")

    assert look(gate) == ("ok", "checked_in")

    assert alice.volunteer.masked_name in gate.inner_text("[data-result]")
    assert gate.input_value("[data-type] input[name=text]") == ""
    waits(gate, 0)
    kept = Scan.objects.get()
    assert (kept.outcome, kept.proof) == ("checked_in", "rotating")
    assert kept.device == ConsoleDevice.objects.get(account=bao)
    assert Attendance.objects.get(sign_up=place).check_in_door == "console"


def test_without_a_network_the_camera_refuses_a_friends_picture_and_takes_the_printed_card(
    live_site: str,
    token: str,
    open_camera_page: Callable[..., Any],
    tmp_path: Path,
    place: SignUp,
    alice: User,
) -> None:
    card = alice.volunteer.cards.get()
    old = rotating_url(card.token, timezone.now() - timedelta(minutes=3))
    sentences = []
    for name, url, verdict in (
        ("picture", old, ("refused", "code_expired")),
        ("printed", signed_url(card.token, card.expires_on), ("ok", "checked_in")),
    ):
        film = film_of(qr_png(url=url), path=tmp_path / f"{name}.mjpeg")
        gate = open_console(open_camera_page(film), f"{live_site}/console/#token={token}")
        cut(gate)
        assert look(gate) == verdict
        waits(gate, 1)
        sentences.append(gate.inner_text("[data-result] [data-message]"))
        gate.click("[data-camera-close]")
        cut(gate, is_cut=False)
        waits(gate, 0)

    assert sentences[0] != sentences[1]
    kept = Scan.objects.order_by("made_at")
    assert [one.outcome for one in kept] == ["code_expired", "checked_in"]
    assert kept[1].proof == "signed"
    assert Attendance.objects.get().sign_up == place


def test_a_card_opened_in_the_morning_is_taken_where_neither_phone_has_a_network(
    live_site: str,
    phone: Any,
    open_page: Callable[..., Any],
    token: str,
    place: SignUp,
) -> None:
    gate = open_console(open_page(), f"{live_site}/console/#token={token}")
    open_card(phone, site=live_site)
    wait_for_copy(phone)
    phone.context.set_offline(True)
    cut(gate)
    phone.clock.install()
    open_card(phone, site=live_site)
    morning = code_on(phone)
    drawn = phone.get_attribute("[data-code] path", "d")
    phone.clock.fast_forward(30_000)
    expect(phone.locator("[data-code] path")).not_to_have_attribute("d", drawn)
    now = code_on(phone)
    assert now != morning

    assert scan(gate, now) == ("ok", "checked_in")

    waits(gate, 1)
    assert not Scan.objects.exists()
    cut(gate, is_cut=False)
    waits(gate, 0)
    assert Scan.objects.get().proof == "rotating"
    assert Attendance.objects.get(sign_up=place).is_in


def code_on(page: Any) -> str:
    """What an independent decoder reads off a picture of the screen."""
    (code,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot(full_page=True))))
    return str(code.text)
