"""Taking a place at a shift and giving it back.

Whoever locks more than one row locks in this order: volunteer, shift, sign-up.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg import errors
from psycopg.types.range import TimestamptzRange

from campaigns import eligibility
from campaigns.eligibility import Refusal, reasons_against
from campaigns.models import Attendance, Scan, ScanFlag, Shift, SignUp
from volunteers.models import User, Volunteer


class SignUpRefused(Exception):
    """The sentence a person sees stands in `refusal`, and in str() of the exception."""

    refusal: Refusal

    def __init__(self, refusal: Refusal | None = None) -> None:
        if refusal is not None:
            self.refusal = refusal
        super().__init__(self.refusal.code)

    def __str__(self) -> str:
        return str(self.refusal)


class ShiftFull(SignUpRefused):
    refusal = eligibility.SHIFT_FULL


class ShiftClosed(SignUpRefused):
    """Cancelled, begun, or its campaign is not public."""

    refusal = eligibility.SHIFT_CLOSED


class OverlapsAnotherShift(SignUpRefused):
    refusal = eligibility.OVERLAP


class CoolingDown(SignUpRefused):
    """E8: too many no-shows of late; signing up pauses for a while."""


class NotEligible(SignUpRefused):
    """Age, skill, guardian's consent, insurance, or an account that is closed."""


class AlreadySignedUp(SignUpRefused):
    refusal = Refusal("already_signed_up", _("You are already signed up for this shift."))


class NotSignedUp(SignUpRefused):
    refusal = Refusal("not_signed_up", _("You are not signed up for this shift."))


class TooLateToCancel(SignUpRefused):
    refusal = Refusal(
        "too_late_to_cancel", _("It is too late to cancel: please ask for leave instead.")
    )


class ShiftHasBegun(SignUpRefused):
    refusal = Refusal("shift_has_begun", _("The shift has already begun."))


class AlreadyThere(SignUpRefused):
    refusal = Refusal("already_there", _("You have already checked in to this shift."))


_EXCEPTIONS: dict[str, type[SignUpRefused]] = {
    eligibility.SHIFT_FULL.code: ShiftFull,
    eligibility.SHIFT_CLOSED.code: ShiftClosed,
    eligibility.SHIFT_CANCELLED.code: ShiftClosed,
    eligibility.OVERLAP.code: OverlapsAnotherShift,
    eligibility.COOL_DOWN: CoolingDown,
}


def sign_up(
    *, shift: Shift, volunteer: Volunteer, by: User | None, at: datetime | None = None
) -> SignUp:
    """Give `volunteer` a place at `shift`, at the moment `at` (now by default).

    Raises AlreadySignedUp, ShiftClosed, ShiftFull, OverlapsAnotherShift, CoolingDown or
    NotEligible; then nothing has changed. However many press at once, `taken` never passes
    `capacity`.
    """
    at = at or timezone.now()
    try:
        with transaction.atomic():
            return _sign_up(shift_id=shift.pk, volunteer_id=volunteer.pk, by=by, at=at)
    except IntegrityError as error:
        if isinstance(error.__cause__, errors.ExclusionViolation):
            raise OverlapsAnotherShift from error
        if isinstance(error.__cause__, errors.UniqueViolation):
            raise AlreadySignedUp from error
        raise


def _sign_up(*, shift_id: int, volunteer_id: int, by: User | None, at: datetime) -> SignUp:
    # One person's presses come one after the other: two inserts that exclude each other
    # would otherwise wait for one another until the database kills one.
    volunteer = Volunteer.objects.select_for_update(no_key=True).get(pk=volunteer_id)
    former = SignUp.objects.filter(shift=shift_id, volunteer=volunteer).first()
    if former is not None and former.state == SignUp.State.SIGNED_UP:
        raise AlreadySignedUp
    shift = Shift.objects.select_related("activity__campaign").get(pk=shift_id)
    for reason in reasons_against(volunteer=volunteer, shift=shift, at=at):
        raise _EXCEPTIONS.get(reason.code, NotEligible)(reason)
    during = _take_place(shift, at)
    if former is None:
        return SignUp.objects.create(
            shift=shift, volunteer=volunteer, during=during, signed_up_by=by, signed_up_at=at
        )
    former.state = SignUp.State.SIGNED_UP
    former.during = during
    former.signed_up_by, former.signed_up_at = by, at
    former.ended_at = former.ended_by = None
    former.leave_reason = ""
    former.save()
    return former


def _take_place(shift: Shift, at: datetime) -> TimestamptzRange:
    """Raise `taken` by one if there is room, and return the times as they stand in that row.

    One statement, so that the row everybody wants is locked for as short as possible.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_shift SET taken = taken + 1"
            " WHERE id = %s AND state = 'open' AND starts_at > %s AND taken < capacity"
            " RETURNING starts_at, ends_at",
            [shift.pk, at],
        )
        row = cursor.fetchone()
    if row is not None:
        return TimestamptzRange(*row)
    shift.refresh_from_db(fields=["state", "starts_at", "taken", "capacity"])
    if shift.state == Shift.State.CANCELLED:
        raise ShiftClosed(eligibility.SHIFT_CANCELLED)
    raise ShiftClosed if shift.starts_at <= at else ShiftFull


def cancel_sign_up(*, sign_up: SignUp, by: User | None, at: datetime | None = None) -> SignUp:
    """Give the place back, until `shift.cancel_until`.

    Raises NotSignedUp, AlreadyThere, or TooLateToCancel, after which `ask_for_leave` is the way.
    """
    at = at or timezone.now()
    with transaction.atomic():
        sign_up = _hold(sign_up)
        if at > sign_up.shift.cancel_until:
            raise TooLateToCancel
        return _give_back(sign_up, state=SignUp.State.CANCELLED, by=by, at=at)


def ask_for_leave(
    *, sign_up: SignUp, reason: str, by: User | None, at: datetime | None = None
) -> SignUp:
    """E8: say before the start that one cannot come; the place is free for somebody else.

    Raises NotSignedUp, AlreadyThere or ShiftHasBegun.
    """
    at = at or timezone.now()
    with transaction.atomic():
        sign_up = _hold(sign_up)
        if at >= sign_up.shift.starts_at:
            raise ShiftHasBegun
        sign_up.leave_reason = reason[:200]
        return _give_back(sign_up, state=SignUp.State.ON_LEAVE, by=by, at=at)


def _hold(sign_up: SignUp) -> SignUp:
    """Lock the shift, then the sign-up that holds a place there, and return it fresh."""
    shift = Shift.objects.select_for_update(no_key=True).get(pk=sign_up.shift_id)
    # A whole lock: a check-in, whose new row points at the sign-up, has to wait for it.
    held = SignUp.objects.select_for_update().get(pk=sign_up.pk)
    held.shift = shift
    if held.state != SignUp.State.SIGNED_UP:
        raise NotSignedUp
    if Attendance.objects.filter(sign_up=held).exists():
        raise AlreadyThere
    return held


def _give_back(sign_up: SignUp, *, state: SignUp.State, by: User | None, at: datetime) -> SignUp:
    """Holds the locks of shift and sign-up."""
    sign_up.state, sign_up.ended_at, sign_up.ended_by = state, at, by
    sign_up.save(update_fields=["state", "ended_at", "ended_by", "leave_reason"])
    Shift.objects.filter(pk=sign_up.shift_id).update(taken=F("taken") - 1)
    return sign_up


@transaction.atomic
def move_sign_ups(*, kept: Volunteer, merged: Volunteer, by: User | None) -> None:
    """Two registrations turned out to be one person (E4): sign-ups, attendance and scans move.

    Where both stand in one shift, or in two at the same time, the one that was attended stays,
    else the kept person's own; the other place is given back. Nothing that was attended is lost:
    what cannot move stays with the merged registration.
    """
    locked = Volunteer.objects.select_for_update(no_key=True).filter(pk__in=[kept.pk, merged.pk])
    list(locked.order_by("pk"))
    _lock_shifts_of(kept, merged)
    for sign_up in _with_attendance(merged):
        if _make_room(sign_up, kept, by=by):
            SignUp.objects.filter(pk=sign_up.pk).update(volunteer=kept)
            _move_attendance(sign_up, kept)
    Scan.objects.filter(volunteer=merged).update(volunteer=kept)
    ScanFlag.objects.filter(volunteer=merged).update(volunteer=kept)


def _lock_shifts_of(*volunteers: Volunteer) -> None:
    shifts = Shift.objects.filter(sign_ups__volunteer__in=volunteers).values("pk")
    list(Shift.objects.select_for_update(no_key=True).filter(pk__in=shifts).order_by("pk"))


def _with_attendance(volunteer: Volunteer) -> list[SignUp]:
    sign_ups = SignUp.objects.filter(volunteer=volunteer).select_related("attendance")
    return list(sign_ups.order_by("pk"))


def _make_room(sign_up: SignUp, kept: Volunteer, *, by: User | None) -> bool:
    """Settle what stands in the way of moving `sign_up` to `kept`; False when it must stay."""
    rivals = [own for own in _with_attendance(kept) if _exclude_each_other(own, sign_up)]
    was_there = hasattr(sign_up, "attendance")
    if any(hasattr(rival, "attendance") for rival in rivals) or (
        any(rival.is_held for rival in rivals) and not was_there
    ):
        if was_there:
            return False
        if sign_up.is_held:
            _give_back(sign_up, state=SignUp.State.CANCELLED, by=by, at=timezone.now())
        return all(rival.shift_id != sign_up.shift_id for rival in rivals)
    for rival in rivals:
        if rival.is_held:
            _give_back(rival, state=SignUp.State.CANCELLED, by=by, at=timezone.now())
        if rival.shift_id == sign_up.shift_id:
            rival.delete()
    return True


def _exclude_each_other(one: SignUp, other: SignUp) -> bool:
    if one.shift_id == other.shift_id:
        return True
    first, second = one.during, other.during
    overlap = first.lower < second.upper and second.lower < first.upper
    return bool(one.is_held and other.is_held and overlap)


def _move_attendance(sign_up: SignUp, kept: Volunteer) -> None:
    """A person cannot be in at two places: a second open attendance ends where it began."""
    attendance = Attendance.objects.filter(sign_up=sign_up).first()
    if attendance is None:
        return
    if attendance.is_in and Attendance.objects.filter(volunteer=kept, checked_out_at=None).exists():
        return
    Attendance.objects.filter(pk=attendance.pk).update(volunteer=kept)
