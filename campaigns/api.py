"""What consoles with a token of their own call: scans, rosters, and who they are.

One action decides about every scan, as at every other door. A refusal of the whole request is
`{code, message}`; what came of each scan stands in the scan's own answer. Codes are stable,
sentences are in the language that the request asks for.
"""

from __future__ import annotations

import json
import logging
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer
from pydantic import AwareDatetime, BeforeValidator, Field, StrictInt
from pydantic import ValidationError as SchemaError

from campaigns.actions.attendance import scan_card
from campaigns.actions.devices import KnownDevice, touch_device
from campaigns.outcomes import Outcome, ScanResult
from campaigns.rosters import roster_of
from volunteers.limits import LockedOut, take_call

log = logging.getLogger(__name__)

MOST_SCANS = 500
MOST_BYTES = 1024 * 1024
# Each call may bring 500 scans: a console with a queue is done in seconds, a broken one is slowed.
CALLS_A_MINUTE = 600
EARLIEST, LATEST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


# What goes over the line


def _only_text(value: Any) -> Any:
    """A number would be taken for seconds since 1970."""
    if not isinstance(value, str):
        raise ValueError("a time is written as in ISO 8601, with its zone")  # noqa: TRY004
    return value


class ScanIn(Schema):
    nonce: uuid.UUID
    shift: StrictInt
    kind: Literal["in", "out"]
    card: Annotated[str, Field(max_length=300)]
    made_at: Annotated[AwareDatetime, BeforeValidator(_only_text), Field(ge=EARLIEST, lt=LATEST)]


# Each scan is read by itself, so that a bad one does not spoil the others.
_SCANS = {"items": ScanIn.model_json_schema()}


class BatchIn(Schema):
    scans: Annotated[
        list[Any], Field(min_length=1, max_length=MOST_SCANS, json_schema_extra=_SCANS)
    ]


class ScanOut(Schema):
    """`outcome` is the stable code; `nonce` is null when the one that was sent is none."""

    nonce: uuid.UUID | None
    outcome: str
    is_done: bool
    sentence: str
    name: str
    checked_in_at: datetime | None
    checked_out_at: datetime | None


class BatchOut(Schema):
    scans: list[ScanOut]


class PlaceOut(Schema):
    """`token_hash` is the SHA-256, in hexadecimal, of what a card's address holds behind /c/."""

    name: str
    number: str | None
    token_hash: str | None
    state: str


class RosterOut(Schema):
    shift: int
    places: list[PlaceOut]


class ShiftOut(Schema):
    id: int
    starts_at: datetime
    ends_at: datetime


class MeOut(Schema):
    id: int
    name: str
    expires_at: datetime
    server_time: datetime
    shifts: list[ShiftOut]


class ErrorOut(Schema):
    code: str
    message: str


# Who calls


class Refused(Exception):
    """The whole request is refused: a status, a stable code, a sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code = status, code
        super().__init__(message)


class DeviceToken(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> KnownDevice:
        """One statement, and the counter of the device's calls. Raises Refused."""
        known = touch_device(token=token)
        if known is None:
            raise Refused(401, "token_unknown", _("This device is not known here."))
        if known.device.revoked_at:
            raise Refused(401, "device_revoked", _("This device has been signed off."))
        if not known.device.is_usable():
            raise Refused(401, "device_expired", _("This device's time is over."))
        if not known.is_account_entitled:
            raise Refused(403, "not_allowed", _("This device's owner no longer runs shifts here."))
        try:
            take_call(who=str(known.device.pk), what="device", a_minute=CALLS_A_MINUTE)
        except LockedOut as too_many:
            raise Refused(
                429, "too_many_calls", _("Too many calls at once. Please wait a minute.")
            ) from too_many
        if _bytes_sent(request) > MOST_BYTES:
            raise Refused(413, "too_large", _("That is too much at once. Please send less."))
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


@api.post("checkins", response={200: BatchOut, **REFUSALS}, summary="Send 1 to 500 scans")
def checkins(request: HttpRequest, batch: BatchIn) -> HttpResponse:
    """Decided in the order in which they were made, answered in the order in which they were sent.

    The same scan sent again, with its nonce, is answered the same.
    """
    known: KnownDevice = request.auth  # type: ignore[attr-defined]
    read = [_read(sent) for sent in batch.scans]
    answers: list[dict[str, Any]] = [{} for _sent in read]
    readable = [number for number, scan in enumerate(read) if scan is not None]
    for number in sorted(readable, key=lambda number: _made_at(read[number])):
        answers[number] = _decide(known, read[number])
    for number, scan in enumerate(read):
        if scan is None:
            answers[number] = _unreadable(batch.scans[number])
    return _json({"scans": answers})


@api.get("shifts/{int:shift_id}/roster", response={200: RosterOut, **REFUSALS})
def roster(request: HttpRequest, shift_id: int) -> HttpResponse:
    """Who is expected, as far as a scan needs it. `state` is expected, in or out."""
    known: KnownDevice = request.auth  # type: ignore[attr-defined]
    shift = known.shifts.get(shift_id)
    if shift is None:
        raise Refused(404, "shift_unknown", _("This device does not scan at that shift."))
    return _json({"shift": shift.pk, "places": roster_of(shift=shift)})


@api.get("me", response={200: MeOut, **REFUSALS})
def me(request: HttpRequest) -> HttpResponse:
    known: KnownDevice = request.auth  # type: ignore[attr-defined]
    shifts = sorted(known.shifts.values(), key=lambda shift: (shift.starts_at, shift.pk))
    return _json(
        {
            "id": known.device.pk,
            "name": known.device.name,
            "expires_at": _iso(known.device.expires_at),
            "server_time": _iso(timezone.now()),
            "shifts": [
                {"id": s.pk, "starts_at": _iso(s.starts_at), "ends_at": _iso(s.ends_at)}
                for s in shifts
            ],
        }
    )


# One scan


def _read(sent: Any) -> ScanIn | None:
    try:
        return ScanIn.model_validate(sent)
    except SchemaError:
        return None


def _made_at(scan: ScanIn | None) -> datetime:
    assert scan is not None
    return scan.made_at


def _decide(known: KnownDevice, scan: ScanIn | None) -> dict[str, Any]:
    assert scan is not None
    shift = known.shifts.get(scan.shift)
    if shift is None:
        sentence = _("This device does not scan at that shift.")
        return _refusal(scan.nonce, "shift_unknown", sentence)
    try:
        result = scan_card(
            shift=shift,
            card=scan.card,
            kind=scan.kind,
            by=known.account,
            made_at=scan.made_at,
            nonce=scan.nonce,
            device=known.device,
        )
    except DatabaseError:
        # Nothing of it was kept, and the nonce makes another try harmless.
        log.exception("A scan of device %s was not decided.", known.device.pk)
        return _refusal(scan.nonce, "try_again", _("That did not work. Please send it again."))
    return _answer(scan.nonce, result)


def _answer(nonce: uuid.UUID, result: ScanResult) -> dict[str, Any]:
    """The times as they were when it was decided: a check-in's answer knows of no check-out."""
    came = left = None
    if result.attendance is not None and not result.is_refused:
        came = result.attendance.checked_in_at
        if result.outcome in {Outcome.CHECKED_OUT, Outcome.ALREADY_OUT}:
            left = result.attendance.checked_out_at
    return {
        "nonce": str(nonce),
        "outcome": result.outcome.value,
        "is_done": result.is_done,
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
