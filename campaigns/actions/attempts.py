"""A scan of which it is not yet known what comes of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from campaigns.attendance_rules import (
    OVERRIDABLE,
    SHORTEST_OVERRIDE_REASON,
    Mark,
    Outcome,
    is_clock_wrong,
    refusal_by_time,
    time_that_counts,
)
from campaigns.models import Attendance, ConsoleDevice, Scan, Shift
from campaigns.models.attendance import Proof
from volunteers.card_codes import CardCode, CodeState
from volunteers.models import User, Volunteer

_REFUSAL_BY_CODE = {
    CodeState.NOT_OURS: Outcome.CARD_UNKNOWN,
    CodeState.TAMPERED: Outcome.CODE_TAMPERED,
    CodeState.MISSING: Outcome.CODE_MISSING,
    CodeState.EXPIRED: Outcome.CODE_EXPIRED,
    CodeState.AHEAD: Outcome.CLOCK_WRONG,
    CodeState.CARD_EXPIRED: Outcome.CARD_EXPIRED,
}
_PROOF_BY_CODE = {
    CodeState.ROTATING: Proof.ROTATING,
    CodeState.SIGNED: Proof.SIGNED,
    CodeState.NUMBER: Proof.NUMBER,
}


@dataclass
class Attempt:
    """Whose it is stands in `volunteer`, or has to be found by `card` or `place_id` (the sign-up
    that somebody chose by name)."""

    kind: Scan.Kind
    shift: Shift | None
    door: str
    by: User | None
    volunteer: Volunteer | None = None
    card: CardCode | None = None
    place_id: int | None = None
    made_at: datetime | None = None
    nonce: uuid.UUID = field(default_factory=uuid.uuid4)
    # Why somebody did by hand, or in spite of the rules, what a scan does by itself.
    reason: str = ""
    device: ConsoleDevice | None = None
    proof: str = ""
    is_walk_in: bool = False
    wants_override: bool = False
    browser: str = ""
    distance_m: int | None = None
    received_at: datetime = field(default_factory=timezone.now)
    # Known once it is decided: nothing is wrong with the scan by itself.
    counts: bool = False
    is_override: bool = False

    @property
    def at(self) -> datetime:
        return time_that_counts(made_at=self.made_at, received_at=self.received_at)

    @property
    def shown_proof(self) -> str:
        if self.card is not None:
            return _PROOF_BY_CODE.get(self.card.state, "")
        return Proof.NAME if self.place_id is not None else self.proof

    @property
    def may_override(self) -> bool:
        return self.wants_override and len(self.reason.strip()) >= SHORTEST_OVERRIDE_REASON

    def refusal_by_code(self) -> Outcome | None:
        """What is wrong with the card's code."""
        return _REFUSAL_BY_CODE.get(self.card.state) if self.card is not None else None

    def refusal_by_time(self) -> Outcome | None:
        """What is wrong with the moment."""
        assert self.shift is not None
        is_from_device = self.device is not None
        if is_clock_wrong(
            made_at=self.made_at, received_at=self.received_at, is_from_device=is_from_device
        ):
            return Outcome.CLOCK_WRONG
        # Only a device brings scans for a closed shift: hours are not made up by hand (E3).
        if self.kind == Scan.Kind.IN and self.shift.closed_at and not is_from_device:
            return Outcome.SHIFT_OVER
        return refusal_by_time(kind=self.kind, shift=self.shift, at=self.at)

    def let_pass(self, refusal: Outcome | None) -> Outcome | None:
        """The refusal, or None where the organiser takes it on themselves."""
        # A device's own clock is no matter of judgement: the time of the scan would be a guess.
        if refusal not in OVERRIDABLE or not self.may_override or self._is_own_clock_wrong:
            return refusal
        self.is_override = True
        return None

    @property
    def _is_own_clock_wrong(self) -> bool:
        return is_clock_wrong(
            made_at=self.made_at,
            received_at=self.received_at,
            is_from_device=self.device is not None,
        )

    def mark(self) -> Mark:
        assert self.shift is not None
        return Mark(
            shift_id=self.shift.pk,
            kind=self.kind,
            made_at=self.at,
            nonce=self.nonce,
            door=self.door,
            by_id=self.by.pk if self.by else None,
            proof=self.shown_proof,
            is_walk_in=self.is_walk_in,
            is_override=self.is_override,
            received_at=self.received_at,
            distance_m=self.distance_m,
        )

    def scan(self, outcome: Outcome, attendance: Attendance | None) -> Scan:
        return Scan(
            shift=self.shift,
            volunteer=self.volunteer,
            kind=self.kind,
            door=self.door,
            outcome=outcome,
            nonce=self.nonce,
            by=self.by,
            made_at=self.made_at or self.received_at,
            received_at=self.received_at,
            reason=self.reason[:200],
            device=self.device,
            attendance=attendance,
            counts=self.counts,
            proof=self.shown_proof,
            is_walk_in=self.is_walk_in,
            is_override=self.is_override,
            browser=self.browser,
            distance_m=self.distance_m,
        )


SCAN_COLUMNS = (
    "shift_id, volunteer_id, kind, door, outcome, nonce, by_id, made_at, received_at, reason,"
    " device_id, counts, proof, is_walk_in, is_override, browser, distance_m, attendance_id"
)


def scan_values(scan: Scan) -> list[Any]:
    """As SCAN_COLUMNS names them."""
    return [
        scan.shift_id, scan.volunteer_id, scan.kind, scan.door, scan.outcome, scan.nonce,
        scan.by_id, scan.made_at, scan.received_at, scan.reason, scan.device_id, scan.counts,
        scan.proof, scan.is_walk_in, scan.is_override, scan.browser, scan.distance_m,
        scan.attendance_id,
    ]  # fmt: skip
