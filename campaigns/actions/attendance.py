"""Coming and going (R4). One rule decides for every door: the venue's screen and poster, the
organiser's console, the desk. Every scan is kept, refused ones too, and a scan sent twice (the
same nonce) answers the same.

What holds against races is the database: one attendance a sign-up, one open attendance a person,
one row a nonce, and an UPDATE that only finds who is still in. Locks go in the order people,
shift, sign-up.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from campaigns.actions.places import Place, find_card_by, hold_place, read_card
from campaigns.actions.presence import attendances_with_shift, leave
from campaigns.models import Attendance, ConsoleDevice, Scan, Shift, SignUp
from campaigns.models.attendance import Door
from campaigns.outcomes import Outcome, ScanResult, other_sign_up, result_of
from volunteers.models import User, Volunteer, VolunteerCard

CLOCK_SKEW = timedelta(seconds=60)
# A device without a network keeps its scans and sends them later. What is older than a long
# weekend is a clock that stands wrong, not a queue.
MOST_DELAY_OF_DEVICES = timedelta(hours=72)
# What the organiser should look at because of the door alone.
REVIEW_BY_DOOR = {
    Door.VENUE_POSTER.value: Attendance.Review.POSTER,
    Door.DESK.value: Attendance.Review.BY_HAND,
}


@dataclass
class _Attempt:
    """A scan of which it is not yet known what comes of it; whose card it is may come later."""

    kind: Scan.Kind
    shift: Shift | None
    volunteer: Volunteer | None
    door: str
    by: User | None
    made_at: datetime | None = None
    nonce: uuid.UUID = field(default_factory=uuid.uuid4)
    reason: str = ""
    device: ConsoleDevice | None = None
    received_at: datetime = field(default_factory=timezone.now)

    @property
    def at(self) -> datetime:
        """The time that counts. A clock slightly ahead of ours counts as ours."""
        return min(self.made_at or self.received_at, self.received_at)


_Decision = tuple[Outcome, Attendance | None]


class _SeenBefore(Exception):
    """The nonce has a row: undo what this attempt did, answer what that one was answered."""


def check_in(
    *,
    shift: Shift,
    volunteer: Volunteer,
    door: str,
    by: User | None,
    made_at: datetime | None = None,
    nonce: uuid.UUID | None = None,
    reason: str = "",
) -> ScanResult:
    """Note that a volunteer has come. Never raises for a refusal: the result says why.

    `made_at` is when the scan was made, now by default; `nonce` is the client's own number for
    it. Two statements when all is well; only what they cannot do is looked into with more.
    """
    attempt = _Attempt(
        kind=Scan.Kind.IN,
        shift=shift,
        volunteer=volunteer,
        door=door,
        by=by,
        made_at=made_at,
        nonce=nonce or uuid.uuid4(),
        reason=reason,
    )
    return _settle(attempt, lambda: _come(attempt, shift, volunteer))


def check_out(
    *,
    shift: Shift,
    volunteer: Volunteer,
    door: str,
    by: User | None,
    made_at: datetime | None = None,
    nonce: uuid.UUID | None = None,
    reason: str = "",
) -> ScanResult:
    """Note that a volunteer goes, and draft the service record (E2). Otherwise as `check_in`.

    It stays possible until the shift is closed: time after its end is not credited anyway.
    """
    attempt = _Attempt(
        kind=Scan.Kind.OUT,
        shift=shift,
        volunteer=volunteer,
        door=door,
        by=by,
        made_at=made_at,
        nonce=nonce or uuid.uuid4(),
        reason=reason,
    )
    return _settle(attempt, lambda: _go(attempt, shift, volunteer))


def scan_card(
    *,
    shift: Shift,
    card: str,
    kind: str,
    by: User,
    made_at: datetime | None = None,
    nonce: uuid.UUID | None = None,
    device: ConsoleDevice | None = None,
) -> ScanResult:
    """The console's scan: `card` is a card's address or number, as it was read or typed.

    `device` is the console that sent it by its own token, after a while without a network maybe.
    """
    by_card = read_card(card)
    attempt = _Attempt(
        kind=Scan.Kind(kind),
        shift=shift,
        volunteer=None,
        door=Door.CONSOLE,
        by=by,
        made_at=made_at,
        nonce=nonce or uuid.uuid4(),
        device=device,
    )
    return _settle(attempt, lambda: _admit_card(attempt, shift, by_card))


def refuse_scan(
    *,
    outcome: Outcome,
    shift: Shift | None,
    volunteer: Volunteer | None,
    kind: str,
    door: str,
    by: User | None,
    nonce: uuid.UUID | None = None,
) -> ScanResult:
    """Keep a scan that was refused before anything could be decided: a stale code, a lost card."""
    attempt = _Attempt(
        kind=Scan.Kind(kind),
        shift=shift,
        volunteer=volunteer,
        door=door,
        by=by,
        nonce=nonce or uuid.uuid4(),
    )
    return _settle(attempt, lambda: (outcome, None))


def look_ahead(*, shift: Shift, volunteer: Volunteer) -> ScanResult | None:
    """What a check-in would be answered now, so that a page can say so before anybody presses;
    None when it would succeed. Writes and promises nothing."""
    attempt = _Attempt(kind=Scan.Kind.IN, shift=shift, volunteer=volunteer, door="", by=None)
    expected = SignUp.objects.holding().filter(shift=shift, volunteer=volunteer).exists()
    own = attendances_with_shift().select_related("record").filter(volunteer=volunteer)
    here = own.filter(sign_up__shift=shift).first()
    elsewhere = own.filter(checked_out_at=None, sign_up__shift__ends_at__gt=attempt.at).first()
    outcome: Outcome | None
    if not expected:
        outcome = _not_expected(shift, volunteer)
    elif here is not None:
        outcome = Outcome.ALREADY_IN if here.is_in else Outcome.ALREADY_OUT
    elif (outcome := _reason_not_in(attempt, shift)) is None and elsewhere is not None:
        outcome = Outcome.IN_ELSEWHERE
    return result_of(_scan(attempt, outcome, here or elsewhere)) if outcome else None


def scan_again(*, nonce: uuid.UUID) -> ScanResult | None:
    """What a kept scan was answered, in today's words; None when there is no such scan."""
    scan = (
        Scan.objects.select_related(
            "volunteer",
            "shift__activity__campaign",
            "attendance__record",
            "attendance__sign_up__shift__activity",
        )
        .defer("volunteer__id_number")
        .filter(nonce=nonce)
        .first()
    )
    return result_of(scan) if scan else None


# Deciding


def _settle(attempt: _Attempt, decide: Callable[[], _Decision]) -> ScanResult:
    """Decide and keep the scan, all or nothing."""
    try:
        with transaction.atomic():
            outcome, attendance = decide()
            # A check-in that succeeded has kept its scan in the same statement.
            if outcome is not Outcome.CHECKED_IN:
                _keep(attempt, outcome, attendance)
    except _SeenBefore:
        return _answer_as_before(attempt)
    return result_of(_scan(attempt, outcome, attendance))


def _come(attempt: _Attempt, shift: Shift, volunteer: Volunteer) -> _Decision:
    place = hold_place(shift, "volunteer", volunteer.pk)
    return _admit(attempt, shift, volunteer, place)


def _admit_card(attempt: _Attempt, shift: Shift, condition: tuple[str, str] | None) -> _Decision:
    """In one statement for who is expected; the card is looked for only when nobody is."""
    if condition is None:
        return Outcome.CARD_UNKNOWN, None
    place = hold_place(shift, *condition)
    if place is None:
        found = find_card_by(*condition)
        attempt.volunteer = found.volunteer if found else None
        if found is None or not found.is_valid:
            return _what_is_wrong_with(found), None
        return _not_expected(shift, found.volunteer), None
    attempt.volunteer = place.volunteer
    act = _depart if attempt.kind == Scan.Kind.OUT else _admit
    return act(attempt, shift, place.volunteer, place)


def _admit(attempt: _Attempt, shift: Shift, volunteer: Volunteer, place: Place | None) -> _Decision:
    if place is None:
        return _not_expected(shift, volunteer), None
    if place.attendance_id:
        return _already(Attendance.objects.get(pk=place.attendance_id))
    if refusal := _reason_not_in(attempt, place) or _closed_meanwhile(shift, place):
        return refusal, None
    if arrived := _arrive(attempt, place):
        return Outcome.CHECKED_IN, arrived
    return _why_not_arrived(attempt, place)


def _already(attendance: Attendance) -> _Decision:
    return (Outcome.ALREADY_IN if attendance.is_in else Outcome.ALREADY_OUT), attendance


def _why_not_arrived(attempt: _Attempt, place: Place) -> _Decision:
    """The database refused the row: somebody was quicker here, or the person is in elsewhere."""
    existing = Attendance.objects.filter(sign_up=place.sign_up_id).first()
    if existing is not None:
        return _already(existing)
    open_ones = attendances_with_shift().filter(checked_out_at=None)
    elsewhere = open_ones.filter(volunteer=place.volunteer.pk).first()
    if elsewhere is not None:
        if elsewhere.sign_up.shift.ends_at > attempt.at:
            return Outcome.IN_ELSEWHERE, elsewhere
        # Forgot to check out there, and has come here: nobody is turned away for that.
        leave(elsewhere, at=elsewhere.sign_up.shift.ends_at, door=Door.CLOSING, by=None)
    arrived = _arrive(attempt, place)
    return (Outcome.CHECKED_IN, arrived) if arrived else (Outcome.IN_ELSEWHERE, elsewhere)


def _go(attempt: _Attempt, shift: Shift, volunteer: Volunteer) -> _Decision:
    place = hold_place(shift, "volunteer", volunteer.pk)
    return _depart(attempt, shift, volunteer, place)


def _depart(
    attempt: _Attempt, shift: Shift, volunteer: Volunteer, place: Place | None
) -> _Decision:
    if place is None:
        return _not_expected(shift, volunteer), None
    # Read after the lock was granted, with all that the record will say.
    attendance = attendances_with_shift().filter(sign_up=place.sign_up_id).first()
    if attendance is None:
        return Outcome.NOT_IN_YET, None
    if attendance.is_in and _clock_is_wrong(attempt):
        return Outcome.CLOCK_WRONG, attendance
    if attendance.is_in and leave(attendance, at=attempt.at, door=attempt.door, by=attempt.by):
        return Outcome.CHECKED_OUT, attendance
    attendance.refresh_from_db()
    return Outcome.ALREADY_OUT, attendance


def _not_expected(shift: Shift, volunteer: Volunteer) -> Outcome:
    if other_sign_up(shift=shift, volunteer=volunteer):
        return Outcome.WRONG_SHIFT
    return Outcome.NOT_SIGNED_UP


def _reason_not_in(attempt: _Attempt, place: Place | Shift) -> Outcome | None:
    opens = place.starts_at - timedelta(minutes=settings.LINLI_CHECK_IN_OPENS_MINUTES)
    if place.state == Shift.State.CANCELLED:
        return Outcome.SHIFT_CANCELLED
    if _clock_is_wrong(attempt):
        return Outcome.CLOCK_WRONG
    if attempt.at < opens:
        return Outcome.TOO_EARLY
    # Once a shift is closed its hours wait for confirmation: what is missing is entered by hand.
    if attempt.at >= place.ends_at or place.closed_at:
        return Outcome.SHIFT_OVER
    return None


def _closed_meanwhile(shift: Shift, place: Place) -> Outcome | None:
    """A late scan may have waited for the closing, and `place` was read before that."""
    if timezone.now() < place.ends_at:
        return None
    is_closed = Shift.objects.filter(pk=shift.pk, closed_at__isnull=False).exists()
    return Outcome.SHIFT_OVER if is_closed else None


def _clock_is_wrong(attempt: _Attempt) -> bool:
    if attempt.made_at is None:
        return False
    if attempt.device and attempt.made_at < attempt.received_at - MOST_DELAY_OF_DEVICES:
        return True
    return attempt.made_at > attempt.received_at + CLOCK_SKEW


def _what_is_wrong_with(card: VolunteerCard | None) -> Outcome:
    if card is None:
        return Outcome.CARD_UNKNOWN
    return Outcome.CARD_REVOKED if card.revoked_at else Outcome.CARD_EXPIRED


# Writing


def _arrive(attempt: _Attempt, place: Place) -> Attendance | None:
    """Write the attendance and its scan in one statement; None when the database says no.

    Raises _SeenBefore when only the scan's nonce is in the way.
    """
    attendance = Attendance(
        sign_up_id=place.sign_up_id,
        volunteer=place.volunteer,
        checked_in_at=attempt.at,
        check_in_door=attempt.door,
        checked_in_by=attempt.by,
        review=REVIEW_BY_DOOR.get(attempt.door, Attendance.Review.NONE),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH arrived AS (
                INSERT INTO campaigns_attendance
                    (sign_up_id, volunteer_id, checked_in_at, check_in_door, checked_in_by_id,
                     check_out_door, review)
                VALUES (%s, %s, %s, %s, %s, '', %s)
                ON CONFLICT DO NOTHING
                RETURNING id
            ), kept AS (
                INSERT INTO campaigns_scan
                    (shift_id, volunteer_id, kind, door, outcome, nonce, by_id, made_at,
                     received_at, reason, device_id, attendance_id)
                SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, arrived.id FROM arrived
                ON CONFLICT (nonce) DO NOTHING
                RETURNING id
            )
            SELECT arrived.id, kept.id FROM arrived LEFT JOIN kept ON true
            """,
            [
                place.sign_up_id,
                place.volunteer.pk,
                attendance.checked_in_at,
                attendance.check_in_door,
                attempt.by.pk if attempt.by else None,
                attendance.review,
                *_scan_values(_scan(attempt, Outcome.CHECKED_IN, None)),
            ],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    attendance.pk, scan_id = row
    attendance._state.adding = False
    if scan_id is None:
        raise _SeenBefore
    return attendance


def _scan(attempt: _Attempt, outcome: Outcome, attendance: Attendance | None) -> Scan:
    return Scan(
        shift=attempt.shift,
        volunteer=attempt.volunteer,
        kind=attempt.kind,
        door=attempt.door,
        outcome=outcome,
        nonce=attempt.nonce,
        by=attempt.by,
        made_at=attempt.made_at or attempt.received_at,
        received_at=attempt.received_at,
        reason=attempt.reason[:200],
        device=attempt.device,
        attendance=attendance,
    )


def _scan_values(scan: Scan) -> list[Any]:
    """As the INSERTs name them, without the attendance."""
    return [
        scan.shift_id, scan.volunteer_id, scan.kind, scan.door, scan.outcome, scan.nonce,
        scan.by_id, scan.made_at, scan.received_at, scan.reason, scan.device_id,
    ]  # fmt: skip


def _keep(attempt: _Attempt, outcome: Outcome, attendance: Attendance | None) -> None:
    """Write the scan. Raises _SeenBefore when its nonce has a row already."""
    scan = _scan(attempt, outcome, attendance)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO campaigns_scan
                (shift_id, volunteer_id, kind, door, outcome, nonce, by_id, made_at,
                 received_at, reason, device_id, attendance_id)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (nonce) DO NOTHING
            """,
            [*_scan_values(scan), scan.attendance_id],
        )
        if cursor.rowcount == 0:
            raise _SeenBefore


def _answer_as_before(attempt: _Attempt) -> ScanResult:
    before = scan_again(nonce=attempt.nonce)
    is_the_same = (
        before is not None
        and before.kind == attempt.kind
        and before.shift == attempt.shift
        and before.volunteer == attempt.volunteer
    )
    if before is not None and is_the_same:
        return before
    return result_of(_scan(attempt, Outcome.NONCE_TAKEN, None))
