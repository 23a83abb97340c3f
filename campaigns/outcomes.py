"""What came of a scan: a stable code for consoles and reports, a sentence for the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from volunteers.language import in_language
from volunteers.models import Volunteer

from .attendance_rules import Outcome, credited_minutes
from .models import Attendance, Scan, Shift, SignUp

__all__ = ["DONE", "HARMLESS", "Outcome", "ScanResult", "clock", "result_of", "sentence_of"]


DONE = frozenset({Outcome.CHECKED_IN, Outcome.CHECKED_OUT, Outcome.MOVED_HERE})
HARMLESS = frozenset({Outcome.ALREADY_IN, Outcome.ALREADY_OUT})


@dataclass(frozen=True)
class ScanResult:
    """The answer to a scan. `attendance` is what the scan made, ended, found or ran into."""

    outcome: Outcome
    sentence: str
    kind: str
    shift: Shift | None = None
    volunteer: Volunteer | None = None
    attendance: Attendance | None = None
    at: datetime | None = None

    @property
    def is_done(self) -> bool:
        return self.outcome in DONE

    @property
    def is_harmless(self) -> bool:
        return self.outcome in HARMLESS

    @property
    def is_refused(self) -> bool:
        return not (self.is_done or self.is_harmless)


def result_of(scan: Scan) -> ScanResult:
    """The answer that belongs to a kept scan, in the reader's language."""
    outcome = Outcome(scan.outcome)
    return ScanResult(
        outcome=outcome,
        sentence=sentence_of(
            outcome, shift=scan.shift, volunteer=scan.volunteer, attendance=scan.attendance
        ),
        kind=scan.kind,
        shift=scan.shift,
        volunteer=scan.volunteer,
        attendance=scan.attendance,
        at=scan.made_at,
    )


def sentence_of(
    outcome: Outcome,
    *,
    shift: Shift | None,
    volunteer: Volunteer | None,
    attendance: Attendance | None,
) -> str:
    """One friendly sentence. It names nobody: the volunteer reads it, and so does the organiser."""
    match outcome:
        case Outcome.CHECKED_OUT if attendance is not None:
            return _sentence_on_leaving(attendance)
        case Outcome.WRONG_SHIFT if shift is not None and volunteer is not None:
            return _sentence_on_wrong_shift(shift, volunteer)
    return str(_SENTENCES[outcome]()) % _times(outcome, shift, attendance)


def _times(outcome: Outcome, shift: Shift | None, attendance: Attendance | None) -> dict[str, str]:
    times = {}
    if attendance is not None:
        times["in"] = clock(attendance.checked_in_at)
        times["out"] = clock(attendance.checked_out_at)
    # Put into words only where a sentence says them: that costs more than it looks.
    if shift is not None and outcome in {Outcome.TOO_EARLY, Outcome.SHIFT_OVER}:
        opens = shift.starts_at - timedelta(minutes=settings.LINLI_CHECK_IN_OPENS_MINUTES)
        times |= {"opens": _moment(opens), "end": _moment(shift.ends_at)}
    return times


_SENTENCES = {
    Outcome.CHECKED_IN: lambda: _("Checked in at %(in)s. Thank you for coming!"),
    Outcome.CHECKED_OUT: lambda: _("Checked out at %(out)s. Thank you!"),
    Outcome.MOVED_HERE: lambda: _(
        "Checked in at %(in)s. The check-in at the place before ended with it."
    ),
    Outcome.ALREADY_IN: lambda: _("Already checked in at %(in)s. All is well."),
    Outcome.ALREADY_OUT: lambda: _("Already checked out at %(out)s. Nothing more to do."),
    Outcome.NOT_IN_YET: lambda: _("Not checked in yet, so there is nothing to check out."),
    Outcome.NOT_SIGNED_UP: lambda: _("Not signed up for this shift."),
    Outcome.WRONG_SHIFT: lambda: _("Signed up for another shift, not for this one."),
    Outcome.SHIFT_FULL: lambda: _("No place is left at this shift."),
    Outcome.NOT_ELIGIBLE: lambda: _(
        "This shift asks for something that is missing here: an age, a skill or a consent."
    ),
    Outcome.TOO_EARLY: lambda: _("A little early: check-in opens at %(opens)s."),
    Outcome.SHIFT_OVER: lambda: _("This shift ended at %(end)s."),
    Outcome.SHIFT_CANCELLED: lambda: _("This shift has been cancelled."),
    Outcome.CARD_REVOKED: lambda: _("This card is no longer valid. Ask for the newest one."),
    Outcome.CARD_EXPIRED: lambda: _("This card has run out and has to be renewed."),
    Outcome.CARD_UNKNOWN: lambda: _("No card has this code or number. Please look again."),
    Outcome.CODE_EXPIRED: lambda: _(
        "This code is out of date. Please scan the one of this moment."
    ),
    Outcome.CODE_MISSING: lambda: _("This code proves nothing. Please open the card on the phone."),
    Outcome.CODE_TAMPERED: lambda: _("This is not a code of ours. Please scan the real one."),
    Outcome.CLOCK_WRONG: lambda: _("This phone's clock is wrong. Please set it and scan again."),
    Outcome.NONCE_TAKEN: lambda: _("This scan was mixed up with another. Please scan again."),
}


def _sentence_on_leaving(attendance: Attendance) -> str:
    out = clock(attendance.checked_out_at)
    minutes = _minutes_of(attendance)
    if minutes is None:
        return _("Checked out at %(out)s. Thank you!") % {"out": out}
    if minutes == 0:
        return _(
            "Checked out at %(out)s. That was too short a part of the shift to count by itself;"
            " the organiser will have a look."
        ) % {"out": out}
    return _("Checked out at %(out)s. %(minutes)s minutes of service are noted. Thank you!") % {
        "out": out,
        "minutes": minutes,
    }


def _minutes_of(attendance: Attendance) -> int | None:
    """As the record says, or as it will say once it is drafted."""
    if attendance.record is not None:
        return attendance.record.credited_minutes
    if attendance.checked_out_at is None:
        return None
    return credited_minutes(
        shift=attendance.sign_up.shift,
        came_at=attendance.checked_in_at,
        left_at=attendance.checked_out_at,
    )


def _sentence_on_wrong_shift(shift: Shift, volunteer: Volunteer) -> str:
    sign_up = other_sign_up(shift=shift, volunteer=volunteer)
    if sign_up is None:
        return str(_SENTENCES[Outcome.WRONG_SHIFT]())
    return _("Signed up for another shift: %(role)s, %(when)s, %(place)s.") % {
        "role": in_language(sign_up.shift.activity, "role"),
        "when": _moment(sign_up.shift.starts_at),
        "place": in_language(sign_up.shift.activity, "place"),
    }


def other_sign_up(*, shift: Shift, volunteer: Volunteer) -> SignUp | None:
    """Where somebody who is not expected here is expected on that day, nearest in time."""
    day = timedelta(hours=18)
    others = (
        SignUp.objects.holding()
        .filter(
            volunteer=volunteer,
            shift__state=Shift.State.OPEN,
            during__overlap=(shift.starts_at - day, shift.ends_at + day),
        )
        .exclude(shift=shift)
        .select_related("shift__activity")
    )
    return min(
        others, key=lambda sign_up: abs(sign_up.shift.starts_at - shift.starts_at), default=None
    )


def clock(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%H:%M}" if at else ""


def _moment(at: datetime) -> str:
    """The time, with the date when it is not today."""
    local = timezone.localtime(at)
    if local.date() == timezone.localdate():
        return clock(at)
    return f"{date_format(local, 'MONTH_DAY_FORMAT')} {clock(at)}"
