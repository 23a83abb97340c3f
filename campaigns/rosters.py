"""Who is expected at a shift, as far as a console needs it to decide by itself."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from campaigns.attendance_rules import check_out_until, opens_at
from campaigns.models import Shift
from volunteers.card_codes import (
    card_token_hash,
    city_day,
    day_key,
    encoded_key,
    public_key_bytes,
    steps_of_day,
)
from volunteers.models.people import mask_name

_ROSTER_SQL = """
    SELECT su.id, volunteer.name, card.number, card.token,
           CASE WHEN attendance.id IS NULL THEN 'expected'
                WHEN attendance.checked_out_at IS NULL THEN 'in' ELSE 'out' END,
           COALESCE(attendance.checked_out_at, attendance.checked_in_at),
           COALESCE(team.name, '')
    FROM campaigns_signup su
    JOIN volunteers_volunteer volunteer ON volunteer.id = su.volunteer_id
    LEFT JOIN volunteers_volunteercard card ON card.volunteer_id = su.volunteer_id
         AND card.revoked_at IS NULL AND card.expires_on >= %(today)s
    LEFT JOIN campaigns_attendance attendance ON attendance.sign_up_id = su.id
    LEFT JOIN campaigns_team team ON team.id = su.team_id
    WHERE su.shift_id = %(shift)s AND su.state = 'signed_up'
    ORDER BY su.id
"""


def roster_of(*, shift: Shift) -> dict[str, Any]:
    """Names masked (R14), cards in force only, and the cards' keys for the days of the shift."""
    fresh = Shift.objects.only("starts_at", "ends_at", "capacity", "taken").get(pk=shift.pk)
    days = _days(fresh)
    with connection.cursor() as cursor:
        cursor.execute(_ROSTER_SQL, {"shift": shift.pk, "today": timezone.localdate()})
        rows = cursor.fetchall()
    return {
        "shift": shift.pk,
        "server_time": timezone.now().isoformat(),
        "public_key": encoded_key(public_key_bytes()),
        "days": [
            {"from_step": from_step, "to_step": to_step}
            for from_step, to_step in map(steps_of_day, days)
        ],
        "free_places": fresh.free_places,
        "places": [_place(row, days) for row in rows],
    }


def _days(shift: Shift) -> list[date]:
    first, last = city_day(opens_at(shift)), city_day(check_out_until(shift))
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _place(row: tuple[Any, ...], days: list[date]) -> dict[str, Any]:
    place, name, number, token, state, at, team = row
    return {
        "place": place,
        "name": mask_name(name),
        "number": number,
        "card": card_token_hash(token) if token else None,
        "keys": [encoded_key(day_key(token, day)) for day in days] if token else [],
        "state": state,
        "at": at.isoformat() if at else None,
        "team": team,
    }
