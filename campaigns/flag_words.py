"""What there is to look at about a scan, as a sentence with its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from volunteers.language import in_language

from .models import Attendance, ScanFlag, Shift
from .models.attendance import Proof
from .outcomes import Outcome, clock

Kind = ScanFlag.Kind


def shifts_named_in(flags: Iterable[ScanFlag]) -> dict[int, Shift]:
    """The other shifts that the sentences speak of, by number; one query for all."""
    numbers = {flag.details["from_shift"] for flag in flags if "from_shift" in flag.details}
    return Shift.objects.select_related("activity").in_bulk(numbers) if numbers else {}


def in_words(flag: ScanFlag, *, shifts: Mapping[int, Shift]) -> str:
    """`shifts`: those that `shifts_named_in` found."""
    words = {
        "place": _place(shifts.get(flag.details.get("from_shift", 0))),
        "span": span(flag.details.get("minutes", 0)),
        "km": flag.details.get("km", 0),
        "people": flag.details.get("people", 0),
        "away": number_format((flag.scan.distance_m or 0) / 1000, decimal_pos=1),
        "reason": flag.scan.reason,
        "by": flag.scan.by or "",
    }
    return str(_SENTENCES[Kind(flag.kind)](flag)) % words


def _far_away(flag: ScanFlag) -> str:
    if flag.scan.distance_m is None:
        return _("Made far from the place. How far is no longer kept.")
    return _("Made about %(away)s km from the place.")


def _too_fast(_flag: ScanFlag) -> str:
    return _("Scanned at “%(place)s” %(span)s before, %(km)s km from here.")


def _shared_phone(flag: ScanFlag) -> str:
    return ngettext(
        "One phone checked in %(people)s person within twelve hours.",
        "One phone checked in %(people)s people within twelve hours.",
        flag.details.get("people", 0),
    )


def _two_places(flag: ScanFlag) -> str:
    if "from_shift" not in flag.details:
        return _("Came in here while still in at another place.")
    return _("Came in here while still in at “%(place)s”, %(span)s after coming in there.")


def _override(flag: ScanFlag) -> str:
    if flag.scan.reason:
        return _("%(by)s let them in in spite of the rules: “%(reason)s”")
    return _("%(by)s let them in in spite of the rules.")


def _walk_in_refused(flag: ScanFlag) -> str:
    if flag.scan.outcome == Outcome.NOT_ELIGIBLE:
        return _(
            "Let in without a network and without having signed up; but something that this shift"
            " asks for is missing: an age, a skill or a consent."
        )
    return _(
        "Let in without a network and without having signed up; when the scan arrived, no place"
        " was left."
    )


def _sent_late(flag: ScanFlag) -> str:
    if flag.scan.proof == Proof.NAME:
        return _("Chosen by name, without the card's code, and sent %(span)s afterwards.")
    return _("The card's number was typed, and the scan was sent %(span)s afterwards.")


def _after_confirming(_flag: ScanFlag) -> str:
    return _(
        "Came %(span)s after the hours had been confirmed, and would have made them different."
    )


_SENTENCES: dict[ScanFlag.Kind, Callable[[ScanFlag], str]] = {
    Kind.FAR_AWAY: _far_away,
    Kind.TOO_FAST: _too_fast,
    Kind.SHARED_PHONE: _shared_phone,
    Kind.TWO_PLACES: _two_places,
    Kind.OVERRIDE: _override,
    Kind.WALK_IN_REFUSED: _walk_in_refused,
    Kind.SENT_LATE: _sent_late,
    Kind.AFTER_CONFIRMING: _after_confirming,
}


def _place(shift: Shift | None) -> str:
    if shift is None:
        return _("another place")
    return f"{in_language(shift.activity, 'role')}, {in_language(shift.activity, 'place')}"


def span(minutes: int) -> str:
    if minutes < 1:
        return _("less than a minute")
    if minutes < 120:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    return ngettext("%(count)s day", "%(count)s days", hours // 24) % {"count": hours // 24}


def what_is_noted(attendance: Attendance | None) -> str:
    """What stands about the person at that shift now."""
    if attendance is None:
        return _("Nothing is noted of this person at this shift.")
    times = {"in": clock(attendance.checked_in_at), "out": clock(attendance.checked_out_at)}
    if attendance.is_in:
        return _("Noted: in since %(in)s.") % times
    if attendance.record is None:
        return _("Noted: %(in)s to %(out)s.") % times
    times["minutes"] = str(attendance.record.credited_minutes)
    return _("Noted: %(in)s to %(out)s, %(minutes)s minutes.") % times
