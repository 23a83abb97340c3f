"""Deciding a scan with all that is known of the person, in whatever order it became known.

Holds, in this order: the person, the shift where a walk-in takes a place, the person's places
nearby, their attendances. Whoever decides about the same person waits; the quick way
(campaigns.actions.quick) never waits, and sees by `reckonings` that it must not decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import F, Q
from django.utils import timezone

from campaigns.actions.attempts import Attempt
from campaigns.actions.places import find_card_by, take_walk_in_place
from campaigns.actions.presence import attendances_with_shift, follow_stay, mark_of
from campaigns.attendance_rules import (
    CLOCK_SKEW,
    NEIGHBOURHOOD,
    Mark,
    Outcome,
    Stay,
    ending_of,
    outcome_of,
    reckon,
)
from campaigns.models import Attendance, Scan, Shift, SignUp
from campaigns.outcomes import other_sign_up
from volunteers.card_codes import city_day
from volunteers.models import Volunteer, VolunteerCard

Decision = tuple[Outcome, Attendance | None]


def decide(attempt: Attempt) -> Decision:
    """What comes of a scan, and the attendance it speaks of; both are written, the scan is not.

    The caller's transaction keeps the locks.
    """
    refusal = attempt.let_pass(find_holder(attempt))
    if attempt.volunteer is None or attempt.shift is None:
        return refusal or Outcome.CARD_UNKNOWN, None
    Volunteer.objects.select_for_update(no_key=True).only("pk").get(pk=attempt.volunteer.pk)
    late = attempt.let_pass(attempt.refusal_by_time())
    attempt.counts = refusal is None and late is None
    if refusal is not None or late is Outcome.CLOCK_WRONG:
        return refusal or Outcome.CLOCK_WRONG, None
    if attempt.counts and attempt.is_walk_in and attempt.kind == Scan.Kind.IN:
        refusal = take_walk_in_place(
            shift=attempt.shift, volunteer=attempt.volunteer, at=attempt.at, by=attempt.by
        )
        if refusal is not None:
            return refusal, None
    places = _hold_places_near(attempt)
    place = places.get(attempt.shift.pk)
    if place is None or attempt.at < _held_since(place):
        return _not_expected(attempt.shift, attempt.volunteer), None
    if late is not None:
        return _out_of_time(attempt, place, late)
    return _reckon_anew(attempt, places)


def find_holder(attempt: Attempt) -> Outcome | None:
    """Find whose scan it is; returns what is wrong with what was shown."""
    if attempt.volunteer is not None:
        return None
    if attempt.place_id is not None:
        return _find_by_place(attempt, attempt.place_id)
    if attempt.card is None:
        return Outcome.CARD_UNKNOWN
    column, key = (
        ("token", attempt.card.token) if attempt.card.token else ("number", attempt.card.number)
    )
    card = find_card_by(column, key) if key else None
    if card is not None:
        attempt.volunteer = card.volunteer
    wrong_code = attempt.refusal_by_code()
    if wrong_code is Outcome.CODE_TAMPERED:
        return wrong_code
    return _wrong_card(card, at=attempt.at) or wrong_code


def _find_by_place(attempt: Attempt, place_id: int) -> Outcome | None:
    signed_up = SignUp.objects.filter(pk=place_id, shift=attempt.shift)
    found = signed_up.select_related("volunteer").defer("volunteer__id_number").first()
    if found is None:
        return Outcome.CARD_UNKNOWN
    attempt.volunteer = found.volunteer
    return None


def _wrong_card(card: VolunteerCard | None, *, at: datetime) -> Outcome | None:
    """By the moment of the scan: a card lost at noon was good in the morning."""
    if card is None:
        return Outcome.CARD_UNKNOWN
    if card.revoked_at is not None and card.revoked_at <= at:
        return Outcome.CARD_REVOKED
    return Outcome.CARD_EXPIRED if card.expires_on < city_day(at) else None


def _not_expected(shift: Shift, volunteer: Volunteer) -> Outcome:
    if other_sign_up(shift=shift, volunteer=volunteer):
        return Outcome.WRONG_SHIFT
    return Outcome.NOT_SIGNED_UP


def _out_of_time(attempt: Attempt, place: SignUp, refusal: Outcome) -> Decision:
    """The moment is wrong; but who has come and gone already need not worry."""
    attendance = attendances_with_shift().filter(sign_up=place).first()
    if attendance is None:
        return refusal if attempt.kind == Scan.Kind.IN else Outcome.NOT_IN_YET, None
    if not attendance.is_in:
        return Outcome.ALREADY_OUT, attendance
    return (Outcome.ALREADY_IN if attempt.kind == Scan.Kind.IN else refusal), attendance


def _hold_places_near(attempt: Attempt) -> dict[int, SignUp]:
    """{shift: the person's place}, locked. From now on the quick way leaves this person to us."""
    days = (attempt.at - NEIGHBOURHOOD, attempt.at + NEIGHBOURHOOD)
    own = SignUp.objects.holding().filter(volunteer=attempt.volunteer)
    # However long ago somebody came in who is in still: they are moving on from there.
    near = own.filter(
        Q(shift__starts_at__range=days)
        | Q(attendance__isnull=False, attendance__checked_out_at__isnull=True)
    )
    held = list(
        near.select_related("shift").select_for_update(no_key=True, of=("self",)).order_by("pk")
    )
    SignUp.objects.filter(pk__in=[place.pk for place in held]).update(
        reckonings=F("reckonings") + 1
    )
    return {place.shift_id: place for place in held}


def _reckon_anew(attempt: Attempt, places: Mapping[int, SignUp]) -> Decision:
    assert attempt.shift is not None
    mark = attempt.mark()
    shifts = {place.shift_id: place.shift for place in places.values()}
    stays = reckon([*_marks_kept(attempt, places), mark])
    attendances = _follow(stays, places)
    return outcome_of(mark, stays, shifts), attendances.get(attempt.shift.pk)


def _marks_kept(attempt: Attempt, places: Mapping[int, SignUp]) -> list[Mark]:
    """All scans of the person that count, at places they held at that moment."""
    scans = Scan.objects.filter(
        volunteer=attempt.volunteer, shift__in=places.keys(), counts=True
    ).exclude(nonce=attempt.nonce)
    marks = [mark_of(scan, shift_id=scan.shift_id) for scan in scans if scan.shift_id]
    return [mark for mark in marks if mark.made_at >= _held_since(places[mark.shift_id])]


def _held_since(place: SignUp) -> datetime:
    """Two clocks may differ; a walk-in's place begins with the scan itself."""
    return place.signed_up_at if place.is_walk_in else place.signed_up_at - CLOCK_SKEW


def _follow(stays: Mapping[int, Stay], places: Mapping[int, SignUp]) -> dict[int, Attendance]:
    """Let the attendances say what was reckoned; returns them by shift."""
    held = [places[shift_id].pk for shift_id in stays]
    known = attendances_with_shift().filter(sign_up__in=held)
    known = known.select_for_update(no_key=True, of=("self",))
    by_shift = {one.sign_up.shift_id: one for one in known}
    # Who moves on leaves first: the database lets nobody be in twice.
    still_in = {
        shift_id: ending_of(stay, shift=places[shift_id].shift) is None
        for shift_id, stay in stays.items()
    }
    for shift_id in sorted(stays, key=lambda shift_id: (still_in[shift_id], shift_id)):
        stay, place = stays[shift_id], places[shift_id]
        attendance = by_shift.get(shift_id) or _new_attendance(place)
        ending = ending_of(stay, shift=place.shift)
        follow_stay(attendance, came=stay.came, left=stay.left, ending=ending)
        by_shift[shift_id] = attendance
    return by_shift


def _new_attendance(place: SignUp) -> Attendance:
    """With all that a record will say, should it end at once."""
    sign_up = (
        SignUp.objects.select_related("volunteer", "shift__activity__campaign__organisation")
        .defer("volunteer__id_number", "shift__activity__campaign__story")
        .get(pk=place.pk)
    )
    return Attendance(sign_up=sign_up, volunteer=sign_up.volunteer, checked_in_at=timezone.now())
