"""Places at a shift: found by person or card, and taken by who came without having signed up."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from campaigns.attendance_rules import Outcome
from campaigns.eligibility import reasons_against
from campaigns.models import Shift, SignUp
from volunteers.card_codes import read_card_code
from volunteers.models import User, Volunteer, VolunteerCard

# What speaks against signing up ahead, and not against somebody who has come.
_NO_MATTER_ON_THE_SPOT = frozenset({"shift_closed", "full", "overlap", "cool_down"})


def find_card(text: str) -> VolunteerCard | None:
    """The card with this address or number, valid or not, whatever its code proves. Blanks, dashes
    and small letters in a typed number do not matter."""
    code = read_card_code(text, at=timezone.now())
    if code.token:
        return find_card_by("token", code.token)
    return find_card_by("number", code.number) if code.number else None


def find_card_by(column: str, value: str) -> VolunteerCard | None:
    # P6: an ID number is not read, let alone decrypted, to open a door.
    cards = VolunteerCard.objects.select_related("volunteer").defer("volunteer__id_number")
    return cards.filter(**{column: value}).first()


def take_walk_in_place(
    *, shift: Shift, volunteer: Volunteer, at: datetime, by: User | None
) -> Outcome | None:
    """Give a place to who came without one, if one is left; returns why not.

    Who holds a place already keeps it; that of a walk-in counts from the earliest of their
    scans, whichever arrives first. The caller holds the person's lock.
    """
    held = SignUp.objects.filter(shift=shift, volunteer=volunteer).first()
    if held is not None and held.is_held:
        if held.is_walk_in and at < held.signed_up_at:
            SignUp.objects.filter(pk=held.pk).update(signed_up_at=at)
        return None
    if refusal := _reason_against(shift, volunteer, at=at):
        return refusal
    during = _raise_taken(shift)
    if during is None:
        return Outcome.SHIFT_FULL
    SignUp.objects.update_or_create(
        shift=shift,
        volunteer=volunteer,
        defaults={
            "state": SignUp.State.SIGNED_UP,
            "during": during,
            "signed_up_at": at,
            "signed_up_by": by,
            "is_walk_in": True,
            "ended_at": None,
            "ended_by": None,
            "leave_reason": "",
        },
    )
    return None


def _reason_against(shift: Shift, volunteer: Volunteer, *, at: datetime) -> Outcome | None:
    during = (shift.starts_at, shift.ends_at)
    if SignUp.objects.holding().filter(volunteer=volunteer, during__overlap=during).exists():
        return Outcome.WRONG_SHIFT
    whole = Shift.objects.select_related("activity__campaign").get(pk=shift.pk)
    person = Volunteer.objects.get(pk=volunteer.pk)
    reasons = reasons_against(volunteer=person, shift=whole, at=at)
    if any(reason.code not in _NO_MATTER_ON_THE_SPOT for reason in reasons):
        return Outcome.NOT_ELIGIBLE
    return None


def _raise_taken(shift: Shift) -> TimestamptzRange | None:
    """One place more is taken, if there is one; returns the shift's time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE campaigns_shift SET taken = taken + 1"
            " WHERE id = %s AND state = 'open' AND taken < capacity RETURNING starts_at, ends_at",
            [shift.pk],
        )
        row = cursor.fetchone()
    return TimestamptzRange(*row) if row else None
