"""Who is expected at a shift, as far as a console needs it to decide by itself."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils import timezone

from campaigns.models import Shift
from volunteers.models.people import mask_name

_ROSTER_SQL = """
    SELECT volunteer.name, card.number, encode(sha256(card.token::bytea), 'hex'),
           CASE WHEN attendance.id IS NULL THEN 'expected'
                WHEN attendance.checked_out_at IS NULL THEN 'in' ELSE 'out' END
    FROM campaigns_signup su
    JOIN volunteers_volunteer volunteer ON volunteer.id = su.volunteer_id
    LEFT JOIN volunteers_volunteercard card ON card.volunteer_id = su.volunteer_id
         AND card.revoked_at IS NULL AND card.expires_on >= %(today)s
    LEFT JOIN campaigns_attendance attendance ON attendance.sign_up_id = su.id
    WHERE su.shift_id = %(shift)s AND su.state = 'signed_up'
    ORDER BY su.id
"""


def roster_of(*, shift: Shift) -> list[dict[str, Any]]:
    """[{name, number, token_hash, state}]: names masked (R14), cards in force only."""
    with connection.cursor() as cursor:
        cursor.execute(_ROSTER_SQL, {"shift": shift.pk, "today": timezone.localdate()})
        return [
            {"name": mask_name(name), "number": number, "token_hash": token_hash, "state": state}
            for name, number, token_hash, state in cursor.fetchall()
        ]
