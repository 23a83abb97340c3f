"""Who holds a place at a shift, found by person or by card, and held while it is decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils import timezone

from campaigns.models import Shift
from volunteers.models import Volunteer, VolunteerCard


@dataclass(frozen=True)
class Place:
    """The place somebody holds at a shift, with all that a check-in asks of it."""

    sign_up_id: int
    attendance_id: int | None
    starts_at: datetime
    ends_at: datetime
    state: str
    closed_at: datetime | None
    volunteer: Volunteer


# Every scan asks this, so it is written by hand: Django takes longer to write it than PostgreSQL
# to answer it. What is joined was read before the lock was granted and may be a moment old.
_PLACE_SQL = """
    SELECT su.id, attendance.id, shift.starts_at, shift.ends_at, shift.state, shift.closed_at,
           volunteer.id, volunteer.user_id, volunteer.name
    FROM campaigns_signup su
    JOIN campaigns_shift shift ON shift.id = su.shift_id
    JOIN volunteers_volunteer volunteer ON volunteer.id = su.volunteer_id
    LEFT JOIN campaigns_attendance attendance ON attendance.sign_up_id = su.id
    WHERE su.shift_id = %(shift)s AND su.state = 'signed_up' AND su.volunteer_id = {who}
    FOR NO KEY UPDATE OF su
"""
_CARD_SQL = """(
    SELECT card.volunteer_id FROM volunteers_volunteercard card
    WHERE card.{column} = %(key)s AND card.revoked_at IS NULL AND card.expires_on >= %(today)s
)"""
_HOLD_SQL = {
    "volunteer": _PLACE_SQL.format(who="%(key)s"),
    "token": _PLACE_SQL.format(who=_CARD_SQL.format(column="token")),
    "number": _PLACE_SQL.format(who=_CARD_SQL.format(column="number")),
}


def hold_place(shift: Shift, column: str, key: int | str) -> Place | None:
    """The place held here by that volunteer, or by the holder of that valid card.

    Its sign-up is locked: it cannot be given back meanwhile.
    """
    with connection.cursor() as cursor:
        values = {"shift": shift.pk, "key": key, "today": timezone.localdate()}
        cursor.execute(_HOLD_SQL[column], values)
        row = cursor.fetchone()
    if row is None:
        return None
    # As Django makes one when it reads some columns only, in the model's own order.
    person = Volunteer.from_db(connection.alias, ["id", "user_id", "name"], row[6:])
    return Place(
        sign_up_id=row[0],
        attendance_id=row[1],
        starts_at=row[2],
        ends_at=row[3],
        state=row[4],
        closed_at=row[5],
        volunteer=person,
    )


def find_card(text: str) -> VolunteerCard | None:
    """The card with this address or number, valid or not. Blanks, dashes and small letters in a
    typed number do not matter."""
    condition = read_card(text)
    return find_card_by(*condition) if condition else None


def find_card_by(column: str, value: str) -> VolunteerCard | None:
    # P6: an ID number is not read, let alone decrypted, to open a door.
    cards = VolunteerCard.objects.select_related("volunteer").defer("volunteer__id_number")
    return cards.filter(**{column: value}).first()


def read_card(text: str) -> tuple[str, str] | None:
    """Which column of the card must hold what; None for what can be no card."""
    _before, is_address, rest = text.strip().partition("/c/")
    if is_address:
        token = rest.partition("?")[0].strip("/")
        is_token = 0 < len(token) <= 32 and token.isascii() and token.isprintable()
        return ("token", token) if is_token else None
    number = "".join(character for character in text.upper() if character.isalnum())
    return ("number", number) if 0 < len(number) <= 16 else None
