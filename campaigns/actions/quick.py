"""The quick way: scans that can mean one thing only are decided and kept in one statement.

Quick is a check-in of somebody who has a place, is in nowhere and has no later scan; and a
check-out of who came by one scan and has no other since. Everything else, every refusal and
every doubt goes the careful way (campaigns.actions.reckoning); what is decided here is decided
there the same, which a test compares.

It never waits. The place is locked, or left to who holds it (SKIP LOCKED). That no other scan
of the person was reckoned in between is seen by `reckonings` of the locked row, which PostgreSQL
reads anew when it locks; that nobody is in twice, by the unique indexes.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import IntegrityError, connection, models, transaction

from campaigns.actions.attempts import SCAN_COLUMNS, Attempt
from campaigns.attendance_rules import CLOCK_SKEW, Outcome, review_of
from campaigns.models import Attendance, Scan, SignUp
from campaigns.models.attendance import Door
from campaigns.permissions import RUNNING_ROLES
from volunteers.card_codes import city_day
from volunteers.models import Volunteer
from volunteers.prepared import prepared_cursor

Row = TypeVar("Row", bound=models.Model)
_ROLES = [str(role) for role in RUNNING_ROLES]


def decide_quickly(attempts: Iterable[Attempt]) -> dict[int, Attendance]:
    """{index: its attendance} of those that were decided and kept; one statement a kind.

    The attempts must be of one device or one person, and each must be of another card.
    """
    able = {number: one for number, one in enumerate(attempts) if _may_be_quick(one)}
    done: dict[int, Attendance] = {}
    for kind, sql in _SQL.items():
        some = {number: one for number, one in able.items() if one.kind == kind}
        if some:
            done |= _decide(some, sql)
    return done


def _may_be_quick(attempt: Attempt) -> bool:
    if attempt.shift is None or attempt.is_walk_in or attempt.wants_override:
        return False
    if attempt.kind == Scan.Kind.OUT and not (attempt.device or attempt.door == Door.BULK):
        return False  # whoever presses for one person is told at once what became of the hours
    return attempt.refusal_by_code() is None and attempt.refusal_by_time() is None


def _decide(attempts: dict[int, Attempt], sql: str) -> dict[int, Attendance]:
    sent = json.dumps([_sent(number, attempt) for number, attempt in attempts.items()])
    # Without a transaction of its own the one statement saves two ways to the database.
    alone = transaction.atomic() if connection.in_atomic_block else contextlib.nullcontext()
    try:
        with alone, prepared_cursor() as cursor:
            cursor.execute(sql, [sent, _ROLES, CLOCK_SKEW.total_seconds()])
            rows = cursor.fetchall()
    except IntegrityError:
        return {}  # one nonce twice at this very moment: all of them go the careful way
    return {row[0]: _attendance(attempts[row[0]], row) for row in rows}


def _sent(number: int, attempt: Attempt) -> dict[str, Any]:
    """Goes over as one JSON text: the driver needs longer for nineteen arrays."""
    assert attempt.shift is not None
    card = attempt.card
    return {
        "number": number,
        "nonce": str(attempt.nonce),
        "shift_id": attempt.shift.pk,
        "given_id": attempt.volunteer.pk if attempt.volunteer else None,
        "token": (card.token or None) if card else None,
        "card_number": (card.number or None) if card else None,
        "place_id": attempt.place_id,
        "day": city_day(attempt.at).isoformat(),
        "at": attempt.at.isoformat(),
        "made_at": (attempt.made_at or attempt.received_at).isoformat(),
        "received_at": attempt.received_at.isoformat(),
        "door": attempt.door,
        "by_id": attempt.by.pk if attempt.by else None,
        "device_id": attempt.device.pk if attempt.device else None,
        "reason": attempt.reason[:200],
        "proof": attempt.shown_proof,
        "browser": attempt.browser,
        "distance_m": attempt.distance_m,
        "review": review_of(came=attempt.mark(), left=None, ending=None, credited=None),
    }


_SENT = """
    WITH sent AS (
        SELECT * FROM json_to_recordset(%s::json) AS sent (
            number int, nonce uuid, shift_id bigint, given_id bigint, token text,
            card_number text, place_id bigint, day date, at timestamptz, made_at timestamptz,
            received_at timestamptz, door text, by_id bigint, device_id bigint, reason text,
            proof text, browser text, distance_m int, review text
        )
    ), whose AS MATERIALIZED (
        SELECT sent.*, COALESCE(
            given_id,
            (SELECT card.volunteer_id FROM volunteers_volunteercard card
             WHERE card.token = sent.token AND revoked_at IS NULL AND expires_on >= day),
            (SELECT card.volunteer_id FROM volunteers_volunteercard card
             WHERE card.number = sent.card_number AND revoked_at IS NULL AND expires_on >= day),
            (SELECT su.volunteer_id FROM campaigns_signup su
             WHERE su.id = sent.place_id AND su.shift_id = sent.shift_id)
        ) AS holder_id
        FROM sent
    ), console AS (
        -- All of one console, if of any. It may have been signed off since it was recognised.
        SELECT device.id
        FROM campaigns_consoledevice device
        JOIN volunteers_user account ON account.id = device.account_id
        WHERE device.id = (SELECT device_id FROM sent LIMIT 1)
          AND device.revoked_at IS NULL AND device.expires_at > now()
          AND account.is_active AND (
              account.is_staff OR account.is_superuser OR EXISTS (
                  SELECT FROM volunteers_membership member
                  WHERE member.user_id = account.id AND member.role = ANY(%s)
                    AND member.organisation_id = device.organisation_id
              )
          )
    )
"""
_PLACE = """
        FROM whose
        JOIN campaigns_signup su ON su.shift_id = whose.shift_id AND su.volunteer_id = holder_id
        JOIN campaigns_shift shift ON shift.id = su.shift_id
        JOIN volunteers_volunteer person ON person.id = su.volunteer_id
"""
_PLACE_IS_PLAIN = """
            su.state = 'signed_up' AND su.reckonings = 0
            AND su.signed_up_at <= at + %s * interval '1 second'
            AND shift.state = 'open' AND shift.closed_at IS NULL
            AND (whose.device_id IS NULL OR whose.device_id IN (SELECT id FROM console))
            AND NOT EXISTS (SELECT FROM campaigns_scan scan WHERE scan.nonce = whose.nonce)
"""
# One scan of a person at a time, and people in one order: two devices that send the same people
# do not wait for one another.
_PLAIN = """
    plain AS (SELECT DISTINCT ON (volunteer_id) * FROM held ORDER BY volunteer_id, at, nonce)
"""
_KEEP = f"""
    kept AS (
        INSERT INTO campaigns_scan ({SCAN_COLUMNS})
        SELECT shift_id, volunteer_id, {{kind}}, door, {{outcome}}, nonce, by_id, made_at,
               received_at, reason, device_id, true, proof, false, false, browser, distance_m,
               attendance_id
        FROM done
    )
    SELECT number, attendance_id, sign_up_id, volunteer_id, user_id, name, came_at, left_at
    FROM done
"""

# An attendance's number is drawn beforehand, and who arrived is looked up in an array: of a join
# PostgreSQL would expect one row, and so compare each of 500 people with each.
_IN_SQL = f"""
    {_SENT}, held AS (
        SELECT whose.*, su.id AS sign_up_id, su.volunteer_id, person.user_id, person.name
        {_PLACE}
        WHERE {_PLACE_IS_PLAIN}
            AND NOT EXISTS (
                SELECT FROM campaigns_attendance stay
                WHERE stay.volunteer_id = su.volunteer_id
                  AND (stay.checked_out_at IS NULL OR stay.checked_out_at > at)
            )
            AND NOT EXISTS (
                SELECT FROM campaigns_scan scan
                WHERE scan.volunteer_id = su.volunteer_id AND scan.counts AND scan.made_at >= at
            )
        FOR NO KEY UPDATE OF su SKIP LOCKED
    ), {_PLAIN}, arriving AS (
        SELECT plain.*, nextval('campaigns_attendance_id_seq') AS attendance_id,
               at AS came_at, NULL::timestamptz AS left_at
        FROM plain
    ), arrived AS (
        INSERT INTO campaigns_attendance
            (id, sign_up_id, volunteer_id, checked_in_at, check_in_door, checked_in_by_id,
             check_out_door, review)
        SELECT attendance_id, sign_up_id, volunteer_id, at, door, by_id, '', review FROM arriving
        ON CONFLICT DO NOTHING
        RETURNING id
    ), done AS (
        SELECT * FROM arriving WHERE attendance_id = ANY (ARRAY(SELECT id FROM arrived))
    ), {_KEEP.format(kind="'in'", outcome="'checked_in'")}
"""

_OUT_SQL = f"""
    {_SENT}, held AS (
        SELECT whose.*, su.id AS sign_up_id, su.volunteer_id, person.user_id, person.name,
               stay.id AS attendance_id
        {_PLACE}
        JOIN campaigns_attendance stay ON stay.sign_up_id = su.id
        WHERE {_PLACE_IS_PLAIN}
            AND stay.checked_out_at IS NULL AND stay.checked_in_at < at
            AND NOT EXISTS (
                SELECT FROM campaigns_scan scan
                WHERE scan.volunteer_id = su.volunteer_id AND scan.counts
                  AND scan.made_at > stay.checked_in_at
            )
        FOR NO KEY UPDATE OF su SKIP LOCKED
    ), {_PLAIN}, done AS (
        UPDATE campaigns_attendance stay
        SET checked_out_at = plain.at, check_out_door = plain.door,
            checked_out_by_id = plain.by_id
        FROM plain
        WHERE stay.id = plain.attendance_id AND stay.checked_out_at IS NULL
        RETURNING plain.*, stay.checked_in_at AS came_at, stay.checked_out_at AS left_at
    ), {_KEEP.format(kind="'out'", outcome="'checked_out'")}
"""

_SQL = {Scan.Kind.IN: _IN_SQL, Scan.Kind.OUT: _OUT_SQL}
OUTCOMES = {Scan.Kind.IN: Outcome.CHECKED_IN, Scan.Kind.OUT: Outcome.CHECKED_OUT}


def _attendance(attempt: Attempt, row: tuple[Any, ...]) -> Attendance:
    """The attempt learns whose it is."""
    _number, pk, sign_up_id, volunteer_id, user_id, name, came_at, left_at = row
    attempt.counts = True
    attempt.volunteer = _known(Volunteer, id=volunteer_id, user_id=user_id, name=name)
    sign_up = _known(SignUp, id=sign_up_id)
    assert attempt.shift is not None
    sign_up.shift, sign_up.volunteer = attempt.shift, attempt.volunteer
    attendance = _known(
        Attendance, id=pk, checked_in_at=came_at, checked_out_at=left_at, record_id=None
    )
    attendance.sign_up, attendance.volunteer = sign_up, attempt.volunteer
    return attendance


def _known(model: type[Row], **values: Any) -> Row:
    """As Django makes one when it reads some columns only: in the model's own order."""
    return model.from_db(connection.alias, list(values), list(values.values()))
