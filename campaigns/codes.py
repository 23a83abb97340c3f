"""What a venue's QR code holds: which shift, which moment, and proof that we made it.

A token is 19 bytes in URL-safe base64, 26 characters: the shift's number (5 bytes), the step (4),
and a truncated HMAC-SHA256 (10) under the shift's own key and the site's. A step lasts 15
seconds; step 0 is the poster, which does not run out. Nothing is stored: a code is checked by
making it again. E6: a screenshot is worth half a minute.
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
import hmac
import time
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from .models import Shift
from .models.attendance import Door

STEP_SECONDS = 15
# Web servers' clocks may differ by so much; the volunteer's clock plays no part.
CLOCK_SKEW_SECONDS = 5
POSTER_STEP = 0
MAC_BYTES = 10
TOKEN_LENGTH = 26


class CodeState(enum.Enum):
    VALID = "valid"
    EXPIRED = "expired"
    TAMPERED = "tampered"


@dataclass(frozen=True)
class VenueCode:
    """What a token turned out to be. `shift` is None when it is not one of ours."""

    state: CodeState
    shift: Shift | None = None
    is_poster: bool = False

    @property
    def door(self) -> Door:
        return Door.VENUE_POSTER if self.is_poster else Door.VENUE_SCREEN


def rotating_token(*, shift: Shift, at: float | None = None) -> str:
    """The token a shift's screen shows at a moment (Unix seconds, now by default)."""
    return _token(shift=shift, step=_step(time.time() if at is None else at))


def poster_token(*, shift: Shift) -> str:
    return _token(shift=shift, step=POSTER_STEP)


def seconds_left(*, at: float | None = None) -> float:
    """For how long the token of a moment remains the newest."""
    return STEP_SECONDS - (time.time() if at is None else at) % STEP_SECONDS


def venue_url(*, token: str) -> str:
    return f"{settings.LINLI_BASE_URL}{reverse('venue_scan', args=[token])}"


def read_token(token: str, *, at: float | None = None) -> VenueCode:
    """Say what a scanned token is. One query; the code of a step counts for the next one too."""
    parts = _parts(token)
    if parts is None:
        return VenueCode(CodeState.TAMPERED)
    number, step, mac = parts
    shift = (
        Shift.objects.select_related("activity__campaign__organisation").filter(pk=number).first()
    )
    if shift is None or not hmac.compare_digest(mac, _mac(shift=shift, step=step)):
        return VenueCode(CodeState.TAMPERED)
    if step == POSTER_STEP:
        return VenueCode(CodeState.VALID, shift, is_poster=True)
    now = time.time() if at is None else at
    newest, oldest = _step(now + CLOCK_SKEW_SECONDS), _step(now - CLOCK_SKEW_SECONDS) - 1
    state = CodeState.VALID if oldest <= step <= newest else CodeState.EXPIRED
    return VenueCode(state, shift)


def _step(at: float) -> int:
    return int(at // STEP_SECONDS)


def _token(*, shift: Shift, step: int) -> str:
    head = shift.pk.to_bytes(5, "big") + step.to_bytes(4, "big")
    return base64.urlsafe_b64encode(head + _mac(shift=shift, step=step)).decode().rstrip("=")


def _mac(*, shift: Shift, step: int) -> bytes:
    # Two keys: whoever reads a dump of the database still cannot make a code.
    key = hmac.digest(settings.LINLI_CODE_KEY.encode(), shift.venue_key.encode(), hashlib.sha256)
    head = shift.pk.to_bytes(5, "big") + step.to_bytes(4, "big")
    return hmac.digest(key, b"venue" + head, hashlib.sha256)[:MAC_BYTES]


def _parts(token: str) -> tuple[int, int, bytes] | None:
    if len(token) != TOKEN_LENGTH or not token.isascii():
        return None
    try:
        data = base64.b64decode(token + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    # Base64 has spare bits at the end: only the one spelling we write ourselves is a code.
    if base64.urlsafe_b64encode(data).decode().rstrip("=") != token:
        return None
    return int.from_bytes(data[:5], "big"), int.from_bytes(data[5:9], "big"), data[9:]
