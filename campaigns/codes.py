"""What the QR codes on site hold: which shift and moment, or which check point, and proof that we
made them.

A token is a head and a truncated HMAC-SHA256 (10 bytes) over it, under the shift's or the check
point's own key and the site's, in URL-safe base64. Nothing is stored: a code is checked by making
it again.

A venue's head is the shift's number (5 bytes) and the step (4); its token has 26 characters. A step
lasts 15 seconds; step 0 is the poster, which does not run out. E6: a screenshot is worth half a
minute. A check point's head is its number (5 bytes); its token has 20 characters.
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

from .models import CheckPoint, Shift
from .models.attendance import Door

STEP_SECONDS = 15
# Web servers' clocks may differ by so much; the volunteer's clock plays no part.
CLOCK_SKEW_SECONDS = 5
POSTER_STEP = 0
NUMBER_BYTES = 5
STEP_BYTES = 4
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


# A venue's codes


def rotating_token(*, shift: Shift, at: float | None = None) -> str:
    """The token a shift's screen shows at a moment (Unix seconds, now by default)."""
    return _venue_token(shift=shift, step=_step(time.time() if at is None else at))


def poster_token(*, shift: Shift) -> str:
    return _venue_token(shift=shift, step=POSTER_STEP)


def seconds_left(*, at: float | None = None) -> float:
    """For how long the token of a moment remains the newest."""
    return STEP_SECONDS - (time.time() if at is None else at) % STEP_SECONDS


def venue_url(*, token: str) -> str:
    return f"{settings.LINLI_BASE_URL}{reverse('venue_scan', args=[token])}"


def read_token(token: str, *, at: float | None = None) -> VenueCode:
    """Say what a scanned token is. One query; the code of a step counts for the next one too."""
    parts = _parts(token, head_bytes=NUMBER_BYTES + STEP_BYTES)
    if parts is None:
        return VenueCode(CodeState.TAMPERED)
    head, mac = parts
    number, step = _number(head[:NUMBER_BYTES]), _number(head[NUMBER_BYTES:])
    shift = (
        Shift.objects.select_related("activity__campaign__organisation").filter(pk=number).first()
    )
    if shift is None or not _is_ours(head, mac, use=b"venue", key=shift.venue_key):
        return VenueCode(CodeState.TAMPERED)
    if step == POSTER_STEP:
        return VenueCode(CodeState.VALID, shift, is_poster=True)
    now = time.time() if at is None else at
    newest, oldest = _step(now + CLOCK_SKEW_SECONDS), _step(now - CLOCK_SKEW_SECONDS) - 1
    state = CodeState.VALID if oldest <= step <= newest else CodeState.EXPIRED
    return VenueCode(state, shift)


def _step(at: float) -> int:
    return int(at // STEP_SECONDS)


def _venue_token(*, shift: Shift, step: int) -> str:
    head = shift.pk.to_bytes(NUMBER_BYTES, "big") + step.to_bytes(STEP_BYTES, "big")
    return _signed(head, use=b"venue", key=shift.venue_key)


# A check point's code


def check_point_token(*, check_point: CheckPoint) -> str:
    """It hangs on a wall and does not run out; a new key of the point ends it."""
    head = check_point.pk.to_bytes(NUMBER_BYTES, "big")
    return _signed(head, use=b"point", key=check_point.key)


def check_point_url(*, check_point: CheckPoint) -> str:
    token = check_point_token(check_point=check_point)
    return f"{settings.LINLI_BASE_URL}{reverse('check_point', args=[token])}"


def read_check_point_token(token: str) -> CheckPoint | None:
    """The point whose code this is; None when it is not one of ours. One query."""
    parts = _parts(token, head_bytes=NUMBER_BYTES)
    if parts is None:
        return None
    head, mac = parts
    points = CheckPoint.objects.select_related("activity__campaign__organisation")
    point = points.filter(pk=_number(head)).first()
    if point is None or not _is_ours(head, mac, use=b"point", key=point.key):
        return None
    return point


# How both are made and read


def _signed(head: bytes, *, use: bytes, key: str) -> str:
    return _spelled(head + _mac(head, use=use, key=key))


def _is_ours(head: bytes, mac: bytes, *, use: bytes, key: str) -> bool:
    return hmac.compare_digest(mac, _mac(head, use=use, key=key))


def _mac(head: bytes, *, use: bytes, key: str) -> bytes:
    # Two keys: whoever reads a dump of the database still cannot make a code.
    both = hmac.digest(settings.LINLI_CODE_KEY.encode(), key.encode(), hashlib.sha256)
    return hmac.digest(both, use + head, hashlib.sha256)[:MAC_BYTES]


def _parts(token: str, *, head_bytes: int) -> tuple[bytes, bytes] | None:
    """The token's head and its MAC; None for what cannot be one of ours."""
    if len(token) > TOKEN_LENGTH or not token.isascii():
        return None
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    # Base64 has spare bits at the end: only the one spelling we write ourselves is a code.
    if len(data) != head_bytes + MAC_BYTES or _spelled(data) != token:
        return None
    return data[:head_bytes], data[head_bytes:]


def _spelled(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")
