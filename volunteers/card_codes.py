"""What a card's QR code holds beside its address, and what a scanned or typed text turns out to be.

A card's address is `/c/<token>/`. Alone it opens no door: it stays the same for years, and anyone
who once saw it has it. What is shown or printed carries a proof in addition.

`?r=` on the phone: the step (4 bytes, big endian, 30 seconds each since 1970) and 8 bytes of an
HMAC-SHA256 over it under the card's key of that day. Whoever holds the day's key (the holder's
page, an organiser's console) makes or checks the code without a network, and for that day only.

`?s=` on a printed card: the day until which it counts (4 bytes, days since 1970) and an Ed25519
signature (64 bytes) over token and day. The public key checks it and can make none.

Both in URL-safe base64 without padding. Nothing is stored, and nothing here asks the database:
whether the card is known, in force or revoked is for the caller to find out.
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

STEP_SECONDS = 30
# Two phones without a network may differ by so much, either way.
CLOCK_SKEW_SECONDS = 60
DAY_KEY_BYTES = 16
STEP_BYTES = 4
MAC_BYTES = 8
EXPIRY_BYTES = 4
SIGNATURE_BYTES = 64
NUMBER_LENGTH = 16

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,32}")
_FIRST_DAY = date(1970, 1, 1)
_A_DAY = timedelta(days=1)


class CodeState(enum.Enum):
    ROTATING = "rotating"  # the code of this moment
    SIGNED = "signed"  # a printed card's code
    NUMBER = "number"  # a typed number: no code, somebody sees the person
    MISSING = "missing"  # a card's bare address
    EXPIRED = "expired"  # the right code of an earlier moment: a picture of it
    AHEAD = "ahead"  # the right code of a moment to come: a clock is wrong
    TAMPERED = "tampered"  # none that we made for this card
    CARD_EXPIRED = "card_expired"  # the printed code counted until an earlier day
    NOT_OURS = "not_ours"  # neither a card's address nor a number


@dataclass(frozen=True, slots=True)
class CardCode:
    """What a text turned out to be. A card's address gives its `token`, whatever the code's state;
    a typed number gives `number`."""

    state: CodeState
    token: str = ""
    number: str = ""


def read_card_code(text: str, *, at: datetime) -> CardCode:
    """Say what was scanned or typed at a moment. Every state is an answer: nothing is raised."""
    text = text.strip()
    _before, is_address, rest = text.partition("/c/")
    if not is_address:
        number = "" if "/" in text else _typed_number(text)
        return CardCode(CodeState.NUMBER, number=number) if number else CardCode(CodeState.NOT_OURS)
    path, _mark, query = rest.partition("#")[0].partition("?")
    token = path.removesuffix("/")
    if not _TOKEN.fullmatch(token):
        return CardCode(CodeState.NOT_OURS)
    return CardCode(_state(token, query, at=at), token=token)


def rotating_code(token: str, at: datetime) -> str:
    """The code that the phone shows at a moment."""
    step = step_of(at).to_bytes(STEP_BYTES, "big")
    return _encoded(step + _step_mac(day_key(token, city_day(at)), step))


def signed_code(token: str, expires_on: date) -> str:
    """The code that is printed; it counts until that day, the day itself included."""
    expiry = _day_number(expires_on).to_bytes(EXPIRY_BYTES, "big")
    return _encoded(expiry + _signing_key().sign(_signed_text(token, expiry)))


def card_url(token: str) -> str:
    """The card's bare address: anyone may look, it opens no door."""
    return f"{settings.LINLI_BASE_URL}{reverse('card_public', args=[token])}"


def rotating_url(token: str, at: datetime) -> str:
    return f"{card_url(token)}?r={rotating_code(token, at)}"


def signed_url(token: str, expires_on: date) -> str:
    return f"{card_url(token)}?s={signed_code(token, expires_on)}"


def card_token_hash(token: str) -> str:
    """How a roster names a card: enough to know it by, not enough to print it from."""
    return _encoded(hashlib.sha256(token.encode()).digest()[:16])


def day_key(token: str, day: date) -> bytes:
    """The key of one card for one day of the city."""
    secret = _derived_key(settings.LINLI_CODE_KEY, b"card-day")
    card_on_day = b"%b\0%b" % (token.encode(), day.isoformat().encode())
    return hmac.digest(secret, card_on_day, hashlib.sha256)[:DAY_KEY_BYTES]


def steps_of_day(day: date) -> tuple[int, int]:
    """The steps that begin on a day of the city, half-open: `from_step <= step < to_step`."""
    return step_of(_midnight(day)), step_of(_midnight(day + _A_DAY))


def keys_for_page(token: str, *, at: datetime) -> list[dict[str, object]]:
    """What the holder's page needs to go on without a network: the keys of today and of tomorrow,
    for a night patrol checks out after midnight. Just after midnight the day before too: the
    phone's clock may still be in it."""
    first, last = city_day(at - timedelta(seconds=CLOCK_SKEW_SECONDS)), city_day(at) + _A_DAY
    days = [first + number * _A_DAY for number in range((last - first).days + 1)]
    return [
        {"from_step": start, "to_step": end, "key": encoded_key(day_key(token, day))}
        for day in days
        for start, end in [steps_of_day(day)]
    ]


def step_of(at: datetime) -> int:
    return int(at.timestamp() // STEP_SECONDS)


def city_day(at: datetime) -> date:
    """The day in the city, whatever time zone the reader has asked for."""
    return at.astimezone(timezone.get_default_timezone()).date()


def public_key_bytes() -> bytes:
    """The 32 bytes by which anyone checks a printed card."""
    return _public_key().public_bytes_raw()


def encoded_key(key: bytes) -> str:
    """A key as the card's page, the rosters and the API write it: URL-safe base64, no padding."""
    return _encoded(key)


def _state(token: str, query: str, *, at: datetime) -> CodeState:
    for parameter in query.split("&"):
        name, is_given, code = parameter.partition("=")
        if is_given and name == "r":
            return _rotating_state(token, code, at=at)
        if is_given and name == "s":
            return _signed_state(token, code, at=at)
    return CodeState.MISSING


def _rotating_state(token: str, code: str, *, at: datetime) -> CodeState:
    raw = _decoded(code, length=STEP_BYTES + MAC_BYTES)
    if raw is None:
        return CodeState.TAMPERED
    step, mac = raw[:STEP_BYTES], raw[STEP_BYTES:]
    begins = int.from_bytes(step, "big") * STEP_SECONDS
    day = city_day(datetime.fromtimestamp(begins, tz=timezone.get_default_timezone()))
    # Made again before the moment is looked at: only who has the key learns what was wrong.
    if not hmac.compare_digest(mac, _step_mac(day_key(token, day), step)):
        return CodeState.TAMPERED
    age = at.timestamp() - begins
    if age > STEP_SECONDS + CLOCK_SKEW_SECONDS:
        return CodeState.EXPIRED
    return CodeState.AHEAD if age < -CLOCK_SKEW_SECONDS else CodeState.ROTATING


def _signed_state(token: str, code: str, *, at: datetime) -> CodeState:
    raw = _decoded(code, length=EXPIRY_BYTES + SIGNATURE_BYTES)
    if raw is None:
        return CodeState.TAMPERED
    expiry, signature = raw[:EXPIRY_BYTES], raw[EXPIRY_BYTES:]
    try:
        _public_key().verify(signature, _signed_text(token, expiry))
    except InvalidSignature:
        return CodeState.TAMPERED
    is_over = int.from_bytes(expiry, "big") < _day_number(city_day(at))
    return CodeState.CARD_EXPIRED if is_over else CodeState.SIGNED


def _typed_number(text: str) -> str:
    """A number as the card has it. Blanks, dashes, small letters and full-width digits (an input
    method's) do not matter. Empty for what can be no number."""
    plain = unicodedata.normalize("NFKC", text).upper()
    number = "".join(character for character in plain if character.isalnum())
    return number if number.isascii() and len(number) <= NUMBER_LENGTH else ""


def _step_mac(key: bytes, step: bytes) -> bytes:
    return hmac.digest(key, b"linli-card-step\0" + step, hashlib.sha256)[:MAC_BYTES]


def _signed_text(token: str, expiry: bytes) -> bytes:
    return b"linli-card\0%b\0%b" % (token.encode(), expiry)


def _day_number(day: date) -> int:
    return (day - _FIRST_DAY).days


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(code: str, *, length: int) -> bytes | None:
    try:
        raw = base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    # Base64 has spare bits at the end: only the one spelling we write ourselves is a code.
    return raw if len(raw) == length and _encoded(raw) == code else None


def _derived_key(code_key: str, purpose: bytes) -> bytes:
    """One secret of the site's, a key of its own for each purpose."""
    return hmac.digest(code_key.encode(), purpose, hashlib.sha256)


def _signing_key() -> Ed25519PrivateKey:
    return _key_pair(settings.LINLI_CODE_KEY)[0]


def _public_key() -> Ed25519PublicKey:
    return _key_pair(settings.LINLI_CODE_KEY)[1]


@lru_cache(maxsize=4)
def _key_pair(code_key: str) -> tuple[Ed25519PrivateKey, Ed25519PublicKey]:
    """Made once in a process, not once a scan."""
    private = Ed25519PrivateKey.from_private_bytes(_derived_key(code_key, b"card-signing"))
    return private, private.public_key()
