"""What goes over the line between consoles and /api/v1: what each call is sent and answers."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    model_validator,
)

from campaigns.attendance_rules import SHORTEST_OVERRIDE_REASON

MOST_SCANS = 500
EARLIEST, LATEST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _only_text(value: Any) -> Any:
    """A number would be taken for seconds since 1970."""
    if not isinstance(value, str):
        raise ValueError("a time is written as in ISO 8601, with its zone")  # noqa: TRY004
    return value


def _no_nul(value: str) -> str:
    """PostgreSQL keeps none, and nobody types one."""
    return value.replace("\x00", "")


Words = Annotated[str, Field(max_length=200), AfterValidator(_no_nul)]


class ScanIn(BaseModel):
    """Of a card (its address or number, as read or typed) or of a place that was chosen by name.

    `walk_in`: give a place to who has none, if one is left. `override`: why the organiser lets
    pass what the rules refuse. `together`: what shows that everybody left together.
    """

    nonce: uuid.UUID
    shift: StrictInt
    kind: Literal["in", "out"]
    made_at: Annotated[AwareDatetime, BeforeValidator(_only_text), Field(ge=EARLIEST, lt=LATEST)]
    card: Annotated[str, Field(max_length=300)] = ""
    place: Annotated[StrictInt, Field(ge=1, lt=2**63)] | None = None
    walk_in: StrictBool = False
    override: Words = ""
    together: Words = ""

    @model_validator(mode="after")
    def _card_or_place(self) -> ScanIn:
        if self.place is not None and self.card:
            raise ValueError("a card or a place, not both")
        if 0 < len(self.together.strip()) < SHORTEST_OVERRIDE_REASON:
            raise ValueError("a few words about what shows it")
        return self


# Each scan is read by itself, so that a bad one does not spoil the others.
_SCANS = {"items": ScanIn.model_json_schema()}


class BatchIn(BaseModel):
    scans: Annotated[
        list[Any], Field(min_length=1, max_length=MOST_SCANS, json_schema_extra=_SCANS)
    ]


class ScanOut(Schema):
    """`outcome` is the stable code; `nonce` is null when the one that was sent is none."""

    nonce: uuid.UUID | None
    outcome: str
    is_done: bool
    is_refused: bool
    sentence: str
    name: str
    checked_in_at: datetime | None
    checked_out_at: datetime | None


class BatchOut(Schema):
    scans: list[ScanOut]


class PlaceOut(Schema):
    """`place` is the sign-up; `card` names the card without being enough to print it from: the
    first 16 bytes of the SHA-256 of what its address holds behind /c/. `keys` are its keys of the
    roster's days. Bytes are in URL-safe base64 without padding."""

    place: int
    name: str
    number: str | None
    card: str | None
    keys: list[str]
    state: Literal["expected", "in", "out"]
    at: datetime | None
    team: str


class DayOut(Schema):
    """The steps of 30 seconds since 1970 that begin on a day: from_step <= step < to_step."""

    from_step: int
    to_step: int


class RosterOut(Schema):
    shift: int
    server_time: datetime
    public_key: str
    days: list[DayOut]
    free_places: int
    places: list[PlaceOut]


class ShiftOut(Schema):
    id: int
    starts_at: datetime
    ends_at: datetime
    state: str
    closed_at: datetime | None
    title: str
    role: str
    place: str


class RulesOut(Schema):
    opens_minutes: int
    grace_minutes: int
    skew_seconds: int
    step_seconds: int
    delay_hours: int


class MeOut(Schema):
    id: int
    name: str
    expires_at: datetime
    server_time: datetime
    public_key: str
    rules: RulesOut
    shifts: list[ShiftOut]


class ErrorOut(Schema):
    code: str
    message: str
