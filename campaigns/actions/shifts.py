"""Opening, changing and calling off shifts. Pages and their revisions never come here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from psycopg import errors
from psycopg.types.range import TimestamptzRange
from wagtail.log_actions import log

from campaigns.models import Activity, Attendance, Shift, SignUp
from volunteers.models import User

LONGEST = timedelta(hours=24)  # R4: a service record stays within a day
MOST_PEOPLE = 20_000
MOST_DAYS = 62


class ShiftRefused(Exception):
    """A shift cannot be opened or changed so; the message is for the organiser's eyes."""


class CapacityBelowTaken(ShiftRefused):
    pass


class ShiftTimesClash(ShiftRefused):
    """Somebody who signed up stands in another shift at the new time."""


class ShiftIsOver(ShiftRefused):
    pass


class SomebodyCheckedIn(ShiftRefused):
    pass


def open_shift(
    *,
    activity: Activity,
    starts_at: datetime,
    ends_at: datetime,
    capacity: int,
    by: User | None,
    person_in_charge: str = "",
) -> Shift:
    """Open a shift for `capacity` people. Raises ShiftRefused with a sentence."""
    _check_times(starts_at, ends_at)
    _check_capacity(capacity)
    with transaction.atomic():
        shift = Shift.objects.create(
            activity=activity,
            starts_at=starts_at,
            ends_at=ends_at,
            capacity=capacity,
            person_in_charge=person_in_charge,
            created_by=by,
        )
        log(instance=shift, action="wagtail.create", user=by, content_changed=True)
    return shift


def open_shifts(
    *,
    activity: Activity,
    days: Iterable[date],
    starts: time,
    ends: time,
    capacity: int,
    by: User | None,
    person_in_charge: str = "",
) -> list[Shift]:
    """Open one shift on each of `days`, local times; an end before the start is next morning.

    All of them or none. Raises ShiftRefused with a sentence.
    """
    days = sorted(set(days))
    if len(days) > MOST_DAYS:
        raise ShiftRefused(_("At most %(most)s days at once, please.") % {"most": MOST_DAYS})
    with transaction.atomic():
        return [
            open_shift(
                activity=activity,
                starts_at=_moment(day, starts),
                ends_at=_moment(day + timedelta(days=ends <= starts), ends),
                capacity=capacity,
                by=by,
                person_in_charge=person_in_charge,
            )
            for day in days
        ]


def change_shift(
    *,
    shift: Shift,
    starts_at: datetime,
    ends_at: datetime,
    capacity: int,
    by: User | None,
    person_in_charge: str = "",
) -> Shift:
    """Change a shift and, with its times, those of everybody who signed up.

    Raises CapacityBelowTaken, ShiftTimesClash, ShiftIsOver or another ShiftRefused; then
    nothing has changed.
    """
    _check_times(starts_at, ends_at)
    _check_capacity(capacity)
    try:
        with transaction.atomic():
            shift = _lock(shift)
            if capacity < shift.taken:
                raise CapacityBelowTaken(
                    ngettext(
                        "%(taken)s person has signed up: fewer places than that are not possible.",
                        "%(taken)s people have signed up: fewer places than that are not possible.",
                        shift.taken,
                    )
                    % {"taken": shift.taken}
                )
            if (starts_at, ends_at) != (shift.starts_at, shift.ends_at):
                _move_sign_ups(shift, starts_at, ends_at)
            shift.starts_at, shift.ends_at = starts_at, ends_at
            shift.capacity, shift.person_in_charge = capacity, person_in_charge
            shift.save(update_fields=["starts_at", "ends_at", "capacity", "person_in_charge"])
            log(instance=shift, action="wagtail.edit", user=by, content_changed=True)
            return shift
    except IntegrityError as error:
        if isinstance(error.__cause__, errors.ExclusionViolation):
            raise ShiftTimesClash(
                _("Somebody who signed up already has another shift at that time.")
            ) from error
        raise


def cancel_shift(
    *, shift: Shift, by: User | None, reason: str = "", at: datetime | None = None
) -> Shift:
    """Call a shift off; everybody's sign-up ends. Harmless when it was called off before.

    Raises SomebodyCheckedIn or ShiftIsOver.
    """
    at = at or timezone.now()
    with transaction.atomic():
        held = Shift.objects.select_for_update(no_key=True).get(pk=shift.pk)
        if held.state == Shift.State.CANCELLED:
            return held
        if held.closed_at:
            raise ShiftIsOver(_("This shift is over."))
        sign_ups = SignUp.objects.holding().filter(shift=held).select_for_update()
        numbers = [sign_up.pk for sign_up in sign_ups.order_by("pk")]
        if Attendance.objects.filter(sign_up__in=numbers).exists():
            raise SomebodyCheckedIn(
                _("People have already checked in to this shift, so it cannot be called off.")
            )
        SignUp.objects.filter(pk__in=numbers).update(
            state=SignUp.State.CANCELLED, ended_at=at, ended_by=by
        )
        held.state, held.cancelled_at = Shift.State.CANCELLED, at
        held.cancel_reason, held.taken = reason[:200], 0
        held.save(update_fields=["state", "cancelled_at", "cancel_reason", "taken"])
        log(instance=held, action="linli.shift_cancelled", user=by, data={"reason": reason})
        return held


def _lock(shift: Shift) -> Shift:
    held = Shift.objects.select_for_update(no_key=True).get(pk=shift.pk)
    if held.state == Shift.State.CANCELLED:
        raise ShiftIsOver(_("This shift has been cancelled."))
    if held.closed_at:
        raise ShiftIsOver(_("This shift is over."))
    return held


def _move_sign_ups(shift: Shift, starts_at: datetime, ends_at: datetime) -> None:
    """Holds the shift's lock."""
    if starts_at > shift.starts_at and Attendance.objects.filter(sign_up__shift=shift).exists():
        raise SomebodyCheckedIn(
            _("People have already checked in to this shift, so it cannot begin later.")
        )
    SignUp.objects.holding().filter(shift=shift).update(during=TimestamptzRange(starts_at, ends_at))


def _check_times(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise ShiftRefused(_("The end must come after the start."))
    if ends_at - starts_at > LONGEST:
        raise ShiftRefused(_("A shift may last 24 hours at most."))


def _check_capacity(capacity: int) -> None:
    if not 1 <= capacity <= MOST_PEOPLE:
        raise ShiftRefused(_("Between 1 and %(most)s people, please.") % {"most": MOST_PEOPLE})


def _moment(day: date, clock: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, clock))
