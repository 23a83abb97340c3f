"""The rules of coming and going, all of them, for every door (R4, E5, E6, E9). Nothing here asks
the database: a scan is judged by itself, and attendance is reckoned from all scans of a person.

- Check-in is open from an hour before the start (LINLI_CHECK_IN_OPENS_MINUTES) to the end, and
  check-out until the time of grace after it is gone (LINLI_GRACE_MINUTES).
- A clock may stand wrong by a minute. A device without a network may bring scans of three days.
- The earliest check-in counts, and the earliest check-out after it. Nobody is in at two places:
  coming in at another one ends the stay before it, which is then looked at. So it does not matter
  in which order, through how many devices and how often scans arrive: the same scans make the
  same attendance.
- Credited is time of the shift's own, and nothing below a share of it (E9).
- Place, speed and a shared phone are signals for a person to look at and refuse nobody (E5).
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from .models import Attendance, Scan, Shift
from .models.attendance import Door, Proof


class Outcome(enum.StrEnum):
    """What came of a scan: stable codes, for consoles, devices and reports."""

    CHECKED_IN = "checked_in"
    CHECKED_OUT = "checked_out"
    MOVED_HERE = "moved_here"
    ALREADY_IN = "already_in"
    ALREADY_OUT = "already_out"
    NOT_IN_YET = "not_in_yet"
    NOT_SIGNED_UP = "not_signed_up"
    WRONG_SHIFT = "wrong_shift"
    SHIFT_FULL = "shift_full"
    NOT_ELIGIBLE = "not_eligible"
    TOO_EARLY = "too_early"
    SHIFT_OVER = "shift_over"
    SHIFT_CANCELLED = "shift_cancelled"
    CARD_REVOKED = "card_revoked"
    CARD_EXPIRED = "card_expired"
    CARD_UNKNOWN = "card_unknown"
    CODE_EXPIRED = "code_expired"
    CODE_MISSING = "code_missing"
    CODE_TAMPERED = "code_tampered"
    CLOCK_WRONG = "clock_wrong"
    NONCE_TAKEN = "nonce_taken"


CLOCK_SKEW = timedelta(seconds=60)
# A device without a network keeps its scans and sends them later. What is older than a long
# weekend is a clock that stands wrong, not a queue.
MOST_DELAY_OF_DEVICES = timedelta(hours=72)
# A scan that comes so much later than it was made, and shows no code of the card's, is looked at.
SENT_LATE_AFTER = timedelta(minutes=15)
# The printed poster proves little by itself; being so near to the place is the second signal.
NEAR_METRES = 1000
# Shifts further apart than this cannot touch each other: none lasts so long.
NEIGHBOURHOOD = timedelta(days=6)
SHORTEST_OVERRIDE_REASON = 4
# What an organiser who sees the person may let pass, with the reason.
OVERRIDABLE = frozenset(
    {
        Outcome.TOO_EARLY,
        Outcome.CODE_EXPIRED,
        Outcome.CODE_MISSING,
        Outcome.CLOCK_WRONG,
        Outcome.CARD_EXPIRED,
    }
)

Review = Attendance.Review


# One scan by itself


def opens_at(shift: Shift) -> datetime:
    return shift.starts_at - timedelta(minutes=settings.LINLI_CHECK_IN_OPENS_MINUTES)


def check_out_until(shift: Shift) -> datetime:
    return shift.ends_at + timedelta(minutes=settings.LINLI_GRACE_MINUTES)


def time_that_counts(*, made_at: datetime | None, received_at: datetime) -> datetime:
    """A clock slightly ahead of ours counts as ours."""
    return min(made_at or received_at, received_at)


def is_clock_wrong(
    *, made_at: datetime | None, received_at: datetime, is_from_device: bool
) -> bool:
    if made_at is None:
        return False
    if is_from_device and made_at < received_at - MOST_DELAY_OF_DEVICES:
        return True
    return made_at > received_at + CLOCK_SKEW


def refusal_by_time(*, kind: str, shift: Shift, at: datetime) -> Outcome | None:
    """What speaks against a scan at that moment, whoever holds the card."""
    if kind == Scan.Kind.OUT:
        return Outcome.SHIFT_OVER if at > check_out_until(shift) else None
    if shift.state == Shift.State.CANCELLED:
        return Outcome.SHIFT_CANCELLED
    if at < opens_at(shift):
        return Outcome.TOO_EARLY
    return Outcome.SHIFT_OVER if at >= shift.ends_at else None


# All scans of a person


@dataclass(frozen=True)
class Mark:
    """A scan with nothing wrong by itself, at a shift where the person had a place then."""

    shift_id: int
    kind: str
    made_at: datetime
    nonce: uuid.UUID
    door: str
    by_id: int | None = None
    proof: str = ""
    is_walk_in: bool = False
    is_override: bool = False
    received_at: datetime | None = None
    distance_m: int | None = None

    @property
    def order(self) -> tuple[datetime, str, str]:
        """Of the same moment, coming is before going; then any rule will do, if it is one."""
        return self.made_at, self.kind, str(self.nonce)


@dataclass(frozen=True)
class Stay:
    """How long somebody was at a shift. `moved` is the coming in elsewhere that ended it."""

    came: Mark
    left: Mark | None = None
    moved: Mark | None = None


@dataclass(frozen=True)
class Ending:
    at: datetime
    door: str
    by_id: int | None = None


def reckon(marks: Iterable[Mark]) -> dict[int, Stay]:
    """The stay at each shift, from all marks of one person, in whatever order they are given."""
    ordered = sorted(marks, key=lambda mark: mark.order)
    came: dict[int, Mark] = {}
    for mark in ordered:
        if mark.kind == Scan.Kind.IN:
            came.setdefault(mark.shift_id, mark)
    return {shift_id: _stay(first, ordered, came) for shift_id, first in came.items()}


def _stay(first: Mark, ordered: list[Mark], came: Mapping[int, Mark]) -> Stay:
    left = next(
        (
            mark
            for mark in ordered
            if mark.kind == Scan.Kind.OUT
            and mark.shift_id == first.shift_id
            and mark.order > first.order
        ),
        None,
    )
    later = [mark for mark in came.values() if mark.order > first.order]
    moved = min(later, key=lambda mark: mark.order, default=None)
    if left is not None and (moved is None or left.order < moved.order):
        return Stay(first, left=left)
    return Stay(first, moved=moved)


def ending_of(stay: Stay, *, shift: Shift) -> Ending | None:
    """When and how it ended; None while somebody is in. Who forgot to check out was there to the
    end, unless seen elsewhere before."""
    if stay.left is not None:
        return Ending(stay.left.made_at, stay.left.door, stay.left.by_id)
    if stay.moved is not None and stay.moved.made_at < shift.ends_at:
        return Ending(stay.moved.made_at, Door.MOVED)
    if stay.moved is not None or shift.closed_at is not None:
        return Ending(max(shift.ends_at, stay.came.made_at), Door.CLOSING)
    return None


def outcome_of(mark: Mark, stays: Mapping[int, Stay], shifts: Mapping[int, Shift]) -> Outcome:
    """What one of the marks did, as far as is known now."""
    stay = stays.get(mark.shift_id)
    if mark.kind == Scan.Kind.OUT:
        if stay is None or stay.came.order > mark.order:
            return Outcome.NOT_IN_YET
        is_this = stay.left is not None and stay.left.nonce == mark.nonce
        return Outcome.CHECKED_OUT if is_this else Outcome.ALREADY_OUT
    assert stay is not None
    if stay.came.nonce == mark.nonce:
        is_move = any(_was_ended_by(mark, other, shifts) for other in stays.values())
        return Outcome.MOVED_HERE if is_move else Outcome.CHECKED_IN
    ending = ending_of(stay, shift=shifts[mark.shift_id])
    return Outcome.ALREADY_OUT if ending and ending.at <= mark.made_at else Outcome.ALREADY_IN


def _was_ended_by(mark: Mark, stay: Stay, shifts: Mapping[int, Shift]) -> bool:
    """True when somebody came in here while that shift was still running."""
    is_this = stay.moved is not None and stay.moved.nonce == mark.nonce
    return is_this and mark.made_at < shifts[stay.came.shift_id].ends_at


# What it comes to


def credited_minutes(*, shift: Shift, came_at: datetime, left_at: datetime) -> int:
    """Whole minutes of the shift's own time (R4); none below the share of E9.

    Who stayed too short is not lost: the record comes to the organiser with that remark, and
    the organiser may credit what was really given, with the reason.
    """
    present = min(left_at, shift.ends_at) - max(came_at, shift.starts_at)
    minutes = max(0, int(present.total_seconds() // 60))
    return minutes if minutes >= settings.LINLI_PRESENCE_SHARE * shift.duration_minutes else 0


def review_of(*, came: Mark, left: Mark | None, ending: Ending | None, credited: int | None) -> str:
    """The one thing the organiser should look at first; `credited` is None while somebody is in."""
    marks = [mark for mark in (came, left) if mark is not None]
    by_ending = _REVIEW_BY_ENDING.get(ending.door, Review.NONE) if ending else Review.NONE
    remarks = (
        (credited == 0, Review.SHORT),
        (came.is_walk_in, Review.WALK_IN),
        (any(mark.is_override for mark in marks), Review.OVERRIDE),
        (bool(by_ending), by_ending),
        (any(mark.door == Door.DESK for mark in marks), Review.BY_HAND),
        (any(was_sent_late(mark) for mark in marks), Review.LATE),
        (any(_is_by_poster_alone(mark) for mark in marks), Review.POSTER),
    )
    return next((remark for applies, remark in remarks if applies), Review.NONE)


_REVIEW_BY_ENDING = {
    Door.CLOSING.value: Review.FORGOT_CHECK_OUT.value,
    Door.MOVED.value: Review.MOVED.value,
    Door.BULK.value: Review.BULK.value,
}


def was_sent_late(mark: Mark) -> bool:
    """Told afterwards by number or name: nobody but the organiser says that the card was there."""
    if mark.received_at is None or mark.proof not in {Proof.NUMBER, Proof.NAME}:
        return False
    return mark.received_at - mark.made_at > SENT_LATE_AFTER


def _is_by_poster_alone(mark: Mark) -> bool:
    is_near = mark.distance_m is not None and mark.distance_m <= NEAR_METRES
    return mark.door == Door.VENUE_POSTER and not is_near
