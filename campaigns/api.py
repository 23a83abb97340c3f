"""What consoles with a token of their own call: scans, rosters, and who they are.

One action decides about every scan, as at every other door. A refusal of the whole request is
`{code, message}`; what came of each scan stands in the scan's own answer. Codes are stable,
sentences are in the language that the request asks for.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer
from pydantic import ValidationError as SchemaError

from campaigns.actions.attempts import Attempt
from campaigns.actions.attendance import card_attempt, settle_scans
from campaigns.actions.devices import (
    KnownDevice,
    recall_device,
    revoke_device,
    touch_device,
)
from campaigns.api_schemas import BatchIn, BatchOut, ErrorOut, MeOut, RosterOut, ScanIn
from campaigns.attendance_rules import CLOCK_SKEW, MOST_DELAY_OF_DEVICES
from campaigns.models import Shift
from campaigns.outcomes import Outcome, ScanResult
from campaigns.rosters import roster_of
from volunteers.card_codes import STEP_SECONDS, encoded_key, public_key_bytes
from volunteers.language import in_language
from volunteers.limits import LockedOut, take_call

MOST_BYTES = 1024 * 1024
# Each call may bring 500 scans: a console with a queue is done in seconds, a broken one is slowed.
CALLS_A_MINUTE = 600


# Who calls


class Refused(Exception):
    """The whole request is refused: a status, a stable code, a sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code = status, code
        super().__init__(message)


class DeviceToken(HttpBearer):
    """`ask` finds the device: anew at each call, or as this process remembers it."""

    def __init__(self, ask: Callable[..., KnownDevice | None] = touch_device) -> None:
        super().__init__()
        self.ask = ask

    def authenticate(self, request: HttpRequest, token: str) -> KnownDevice:
        """At most one statement, and the counter of the device's calls. Raises Refused."""
        known = usable(self.ask(token=token))
        try:
            take_call(who=str(known.device.pk), what="device", a_minute=CALLS_A_MINUTE)
        except LockedOut as too_many:
            raise Refused(
                429, "too_many_calls", _("Too many calls at once. Please wait a minute.")
            ) from too_many
        if _bytes_sent(request) > MOST_BYTES:
            raise Refused(413, "too_large", _("That is too much at once. Please send less."))
        request.device_token = token  # type: ignore[attr-defined]
        return known


def usable(known: KnownDevice | None) -> KnownDevice:
    """Raises Refused for a device that may do nothing (any more)."""
    if known is None:
        raise Refused(401, "token_unknown", _("This device is not known here."))
    if known.device.revoked_at:
        raise Refused(401, "device_revoked", _("This device has been signed off."))
    if not known.device.is_usable():
        raise Refused(401, "device_expired", _("This device's time is over."))
    if not known.is_account_entitled:
        raise Refused(403, "not_allowed", _("This device's owner no longer runs shifts here."))
    return known


def _bytes_sent(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if str(length).isdecimal() else 0


REFUSALS: dict[int, type[Schema]] = dict.fromkeys((400, 401, 403, 404, 413, 422, 429), ErrorOut)

api = NinjaAPI(
    title="Linli check-in",
    version="1",
    auth=DeviceToken(),
    docs_url=None,  # its page would load scripts from elsewhere, which our policy forbids
    urls_namespace="api",
)


# What may be asked


@api.post(
    "checkins",
    response={200: BatchOut, **REFUSALS},
    summary="Send 1 to 500 scans",
    auth=DeviceToken(recall_device),
)
def checkins(request: HttpRequest, batch: BatchIn) -> HttpResponse:
    """Decided in the order in which they were made, answered in the order in which they were sent.

    The same scan sent again, with its nonce, is answered the same.
    """
    known: KnownDevice = request.auth  # type: ignore[attr-defined]
    answers: dict[int, dict[str, Any]] = {}
    attempts: dict[int, Attempt] = {}
    for number, sent in enumerate(batch.scans):
        scan = _read(sent)
        if scan is None:
            answers[number] = _unreadable(sent)
        elif scan.shift not in known.shifts:
            sentence = _("This device does not scan at that shift.")
            answers[number] = _refusal(scan.nonce, "shift_unknown", sentence)
        else:
            attempts[number] = _attempt(known, scan)

    def ask_again() -> None:
        usable(touch_device(token=request.device_token))  # type: ignore[attr-defined]

    if not attempts:
        ask_again()
    results = settle_scans(list(attempts.values()), before_the_careful_way=ask_again)
    for (number, attempt), result in zip(attempts.items(), results, strict=True):
        answers[number] = _answer(attempt.nonce, result)
    return _json({"scans": [answers[number] for number in range(len(batch.scans))]})


@api.get("shifts/{int:shift_id}/roster", response={200: RosterOut, 304: None, **REFUSALS})
def roster(request: HttpRequest, shift_id: int) -> HttpResponse:
    """Who is expected, as far as a scan needs it. `state` is expected, in or out."""
    known: KnownDevice = request.auth  # type: ignore[attr-defined]
    shift = known.shifts.get(shift_id)
    if shift is None:
        raise Refused(404, "shift_unknown", _("This device does not scan at that shift."))
    return _unless_known(request, roster_of(shift=shift))


@api.get("me", response={200: MeOut, **REFUSALS})
def me(request: HttpRequest) -> HttpResponse:
    known: KnownDevice = request.auth  # type: ignore[attr-defined]
    shifts = Shift.objects.filter(pk__in=known.shifts).select_related("activity__campaign")
    return _json(
        {
            "id": known.device.pk,
            "name": known.device.name,
            "expires_at": _iso(known.device.expires_at),
            "server_time": _iso(timezone.now()),
            "public_key": encoded_key(public_key_bytes()),
            "rules": {
                "opens_minutes": settings.LINLI_CHECK_IN_OPENS_MINUTES,
                "grace_minutes": settings.LINLI_GRACE_MINUTES,
                "skew_seconds": int(CLOCK_SKEW.total_seconds()),
                "step_seconds": STEP_SECONDS,
                "delay_hours": int(MOST_DELAY_OF_DEVICES.total_seconds() // 3600),
            },
            "shifts": [_shift(shift) for shift in shifts.order_by("starts_at", "pk")],
        }
    )


def _shift(shift: Shift) -> dict[str, Any]:
    activity = shift.activity
    return {
        "id": shift.pk,
        "starts_at": _iso(shift.starts_at),
        "ends_at": _iso(shift.ends_at),
        "state": shift.state,
        "closed_at": _iso(shift.closed_at),
        "title": in_language(activity.campaign, "title"),
        "role": in_language(activity, "role"),
        "place": in_language(activity, "place"),
    }


@api.post("sign-off", response={204: None, **REFUSALS}, summary="End this device's token")
def sign_off(request: HttpRequest) -> HttpResponse:
    """From the next call on the token opens nothing. Scans that wait are to be sent before."""
    known: KnownDevice = request.auth  # type: ignore[attr-defined]
    revoke_device(device=known.device, by=known.account)
    return HttpResponse(status=204)


# One scan


def _read(sent: Any) -> ScanIn | None:
    try:
        return ScanIn.model_validate(sent)
    except SchemaError:
        return None


def _attempt(known: KnownDevice, scan: ScanIn) -> Attempt:
    return card_attempt(
        shift=known.shifts[scan.shift],
        kind=scan.kind,
        by=known.account,
        nonce=scan.nonce,
        card=scan.card,
        place_id=scan.place,
        made_at=scan.made_at,
        device=known.device,
        is_walk_in=scan.walk_in,
        override_reason=scan.override.strip(),
        evidence=scan.together.strip(),
    )


def _answer(nonce: uuid.UUID, result: ScanResult | None) -> dict[str, Any]:
    """The times as they were when it was decided: a check-in's answer knows of no check-out."""
    if result is None:
        return _refusal(nonce, "try_again", _("That did not work. Please send it again."))
    came = left = None
    if result.attendance is not None and not result.is_refused:
        came = result.attendance.checked_in_at
        if result.outcome in {Outcome.CHECKED_OUT, Outcome.ALREADY_OUT}:
            left = result.attendance.checked_out_at
    return {
        "nonce": str(nonce),
        "outcome": result.outcome.value,
        "is_done": result.is_done,
        "is_refused": result.is_refused,
        "sentence": result.sentence,
        "name": result.volunteer.masked_name if result.volunteer else "",
        "checked_in_at": _iso(came),
        "checked_out_at": _iso(left),
    }


def _unreadable(sent: Any) -> dict[str, Any]:
    nonce = sent.get("nonce") if isinstance(sent, dict) else None
    try:
        number = uuid.UUID(nonce) if isinstance(nonce, str) else None
    except ValueError:
        number = None
    return _refusal(number, "bad_scan", _("This scan is not complete."))


def _refusal(nonce: uuid.UUID | None, code: str, sentence: str) -> dict[str, Any]:
    return {
        "nonce": str(nonce) if nonce else None,
        "outcome": code,
        "is_done": False,
        "is_refused": True,
        "sentence": sentence,
        "name": "",
        "checked_in_at": None,
        "checked_out_at": None,
    }


# Answers


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _json(body: dict[str, Any], *, status: int = 200) -> HttpResponse:
    response = HttpResponse(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        content_type="application/json",
        status=status,
    )
    response["Cache-Control"] = "no-store"
    return response


def _unless_known(request: HttpRequest, roster: dict[str, Any]) -> HttpResponse:
    """A console asks every few seconds: what it has already does not go over the line again."""
    content = json.dumps({**roster, "server_time": None}, sort_keys=True).encode()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    else:
        response = _json(roster)
    response["ETag"] = tag
    return response


def _error(status: int, code: str, message: str) -> HttpResponse:
    response = _json({"code": code, "message": message}, status=status)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if status == 429:
        response["Retry-After"] = "60"
    return response


@api.exception_handler(Refused)
def _on_refused(_request: HttpRequest, refused: Refused) -> HttpResponse:
    return _error(refused.status, refused.code, str(refused))


@api.exception_handler(AuthenticationError)
def _on_no_token(_request: HttpRequest, _raised: AuthenticationError) -> HttpResponse:
    return _error(401, "token_missing", _("Please send the device's token."))


@api.exception_handler(ValidationError)
def _on_invalid(_request: HttpRequest, _raised: ValidationError) -> HttpResponse:
    return _error(422, "bad_batch", _("Please send a list of 1 to 500 scans."))


@api.exception_handler(HttpError)
def _on_unreadable(_request: HttpRequest, error: HttpError) -> HttpResponse:
    return _error(error.status_code, "bad_request", _("This cannot be read as JSON."))


@api.exception_handler(Http404)
def on_unknown_address(_request: HttpRequest, _raised: Http404) -> HttpResponse:
    return _error(404, "unknown_address", _("There is nothing at this address."))
