"""What the page and the printed card show, read by somebody else's decoder and checked by another
program, written here from the text of the format alone (docs/decisions/card-codes.md): `hmac` and
`hashlib`, and Ed25519 as RFC 8032 writes it down. Nothing of ours but the secret goes in."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
from base64 import b64decode
from datetime import UTC, date, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.volunteers.test_qr import drawn
from volunteers.card_codes import public_key_bytes, rotating_url, signed_url
from volunteers.models import User, VolunteerCard

CITY = ZoneInfo("Asia/Shanghai")


# Ed25519: RFC 8032, section 5.1, step by step; slow, and never used outside this test

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int]


def point_of(data: bytes) -> Point | None:
    y = int.from_bytes(data, "little") & ((1 << 255) - 1)
    sign = data[31] >> 7
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x, y)


def added(one: Point, other: Point) -> Point:
    product = D * one[0] * other[0] * one[1] * other[1] % P
    x = (one[0] * other[1] + other[0] * one[1]) * pow(1 + product, P - 2, P)
    y = (one[1] * other[1] + one[0] * other[0]) * pow(1 - product, P - 2, P)
    return (x % P, y % P)


def times(number: int, point: Point) -> Point:
    total: Point = (0, 1)
    while number:
        if number & 1:
            total = added(total, point)
        point, number = added(point, point), number >> 1
    return total


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = point_of(BASE_Y.to_bytes(32, "little"))


def is_signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    holder, half = point_of(public_key), point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if holder is None or half is None or BASE is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    return times(scalar, BASE) == added(half, times(challenge, holder))


# The card's codes, as their format is described


def without_padding(text: str) -> bytes:
    return b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))


def parts_of(address: str) -> tuple[str, dict[str, bytes]]:
    path = urlsplit(address).path
    found = re.fullmatch(r"/c/([A-Za-z0-9_-]+)/", path)
    assert found is not None, path
    query = parse_qs(urlsplit(address).query)
    return found[1], {name: without_padding(values[0]) for name, values in query.items()}


def rotating_is_right(address: str, *, secret: str, at: datetime) -> bool:
    token, codes = parts_of(address)
    step, mac = codes["r"][:4], codes["r"][4:]
    begins = int.from_bytes(step, "big") * 30
    day = datetime.fromtimestamp(begins, CITY).strftime("%Y-%m-%d")
    all_days = hmac.new(secret.encode(), b"card-day", "sha256").digest()
    key = hmac.new(all_days, token.encode() + b"\0" + day.encode(), "sha256").digest()[:16]
    right = hmac.new(key, b"linli-card-step\0" + step, "sha256").digest()[:8]
    return mac == right and -60 <= at.timestamp() - begins <= 90


def signed_until(address: str, *, public_key: bytes) -> date | None:
    token, codes = parts_of(address)
    expiry, signature = codes["s"][:4], codes["s"][4:]
    message = b"linli-card\0" + token.encode() + b"\0" + expiry
    if not is_signed_by(public_key, message, signature):
        return None
    return date(1970, 1, 1) + timedelta(days=int.from_bytes(expiry, "big"))


# What is shown


@pytest.fixture
def code_key() -> str:
    key: str = django_settings.LINLI_CODE_KEY
    return key


@pytest.fixture
def card(alice: User) -> VolunteerCard:
    found: VolunteerCard = alice.volunteer.cards.get()
    return found


def test_the_code_that_the_page_shows_is_right_by_another_programs_reckoning(
    client: Client, alice: User, card: VolunteerCard, code_key: str
) -> None:
    client.force_login(alice)
    page = client.get("/me/card/").content.decode()
    svg = next(
        found for found in re.findall(r"<svg.*?</svg>", page, re.DOTALL) if "M4 4h7" in found
    )

    [code] = zxingcpp.read_barcodes(drawn(svg))

    assert parts_of(code.text)[0] == card.token
    assert rotating_is_right(code.text, secret=code_key, at=timezone.now())


def test_the_keys_that_the_page_holds_make_every_code_of_today_and_tomorrow(
    client: Client, alice: User, card: VolunteerCard
) -> None:
    client.force_login(alice)
    page = client.get("/me/card/").content.decode()
    found = re.search(r'data-card-code="([^"]*)"', page)
    assert found is not None
    held = json.loads(unescape(found[1]))
    today = timezone.localdate()
    for hours in range(48):
        at = datetime.combine(today, datetime.min.time(), CITY) + timedelta(hours=hours, minutes=7)
        step = int(at.timestamp()) // 30
        [day] = [day for day in held["days"] if day["from_step"] <= step < day["to_step"]]
        text = b"linli-card-step\0" + step.to_bytes(4, "big")
        mac = hmac.new(without_padding(day["key"]), text, "sha256").digest()[:8]

        assert parts_of(rotating_url(card.token, at))[1]["r"] == step.to_bytes(4, "big") + mac


def test_the_page_holds_no_key_of_a_later_day(
    client: Client, alice: User, card: VolunteerCard
) -> None:
    client.force_login(alice)
    days = client.get("/me/card/keys/").json()["days"]
    after_tomorrow = datetime.combine(
        timezone.localdate() + timedelta(days=2), datetime.min.time(), CITY
    )

    assert days[-1]["to_step"] == int(after_tomorrow.timestamp()) // 30
    assert len(days) <= 3


def test_the_printed_code_is_right_by_another_programs_reckoning(
    client: Client, alice: User, card: VolunteerCard
) -> None:
    client.force_login(alice)
    pdf = pypdfium2.PdfDocument(client.get("/me/card.pdf").content)

    [code] = zxingcpp.read_barcodes(pdf[0].render(scale=150 / 72).to_pil())

    assert parts_of(code.text)[0] == card.token
    assert signed_until(code.text, public_key=public_key_bytes()) == card.expires_on


def test_a_printed_code_is_read_in_its_real_size_also_askew_and_from_a_poor_camera(
    client: Client, alice: User, card: VolunteerCard
) -> None:
    """150 points to the inch: a card that fills two fifths of a frame 1280 points wide."""
    client.force_login(alice)
    pdf = pypdfium2.PdfDocument(client.get("/me/card.pdf").content)
    seen = pdf[0].render(scale=150 / 72).to_pil().convert("L")
    for angle in (0, 7, -15, 45):
        picture = seen.rotate(angle, Image.Resampling.BILINEAR, expand=True, fillcolor=255)
        poor = io.BytesIO()
        picture.save(poor, "JPEG", quality=60)

        [code] = zxingcpp.read_barcodes(Image.open(poor))

        assert signed_until(code.text, public_key=public_key_bytes()) == card.expires_on


@settings(max_examples=5, deadline=None)
@given(st.binary(max_size=80))
def test_the_other_ed25519_agrees_with_the_library(message: bytes) -> None:
    private = Ed25519PrivateKey.generate()
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)

    assert is_signed_by(public, message, signature)
    assert not is_signed_by(public, message + b"!", signature)


def test_the_other_program_refuses_another_card_and_another_secret(code_key: str) -> None:
    at = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)
    moving, printed = rotating_url("one-card", at), signed_url("one-card", date(2030, 1, 1))
    secret, key = code_key, public_key_bytes()

    assert rotating_is_right(moving, secret=secret, at=at)
    assert not rotating_is_right(moving.replace("one", "two"), secret=secret, at=at)
    assert not rotating_is_right(moving, secret="another", at=at)
    assert signed_until(printed, public_key=key) == date(2030, 1, 1)
    assert signed_until(printed.replace("one", "two"), public_key=key) is None
