"""What the figures of scans share: shifts about to begin, people with a card and a place at them,
devices, and what these send."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection
from django.utils import timezone

from campaigns.actions.devices import register_device
from campaigns.models import Activity, Attendance, ConsoleDevice, Scan, Shift
from cms.bench.load import Request
from volunteers.card_codes import rotating_url
from volunteers.models import Membership

API_PATH = "/api/v1/checkins"
REFUSED = b'"is_refused":true'


def make_shifts(how_many: int, *, people: int) -> list[Shift]:
    """They begin in half an hour, with so many places each: check-in is open."""
    activity = Activity.objects.filter(campaign__live=True).order_by("pk").first()
    assert activity is not None
    starts_at = timezone.now() + timedelta(minutes=30)
    return Shift.objects.bulk_create(
        Shift(
            activity=activity,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=2),
            capacity=people,
        )
        for _number in range(how_many)
    )


def make_people(shift: Shift, count: int) -> list[str]:
    """So many volunteers with a card and a place at the shift; returns their cards' tokens."""
    return make_people_at([shift], count)[shift.pk]


def make_people_at(shifts: Sequence[Shift], each: int) -> dict[int, list[str]]:
    """So many of them at every shift, in one statement: {shift's id: their cards' tokens}."""
    tokens: dict[int, list[str]] = {shift.pk: [] for shift in shifts}
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE_SQL, {"shifts": list(tokens), "each": each})
        for shift_id, token in cursor.fetchall():
            tokens[shift_id].append(token)
        cursor.execute(
            "UPDATE campaigns_shift SET taken = %s WHERE id = ANY(%s)", [each, list(tokens)]
        )
        cursor.execute(
            "ANALYZE volunteers_volunteer, volunteers_volunteercard, campaigns_signup,"
            " campaigns_shift, campaigns_scan, campaigns_attendance"
        )
    return tokens


def make_device(shifts: Sequence[Shift], *, name: str) -> tuple[ConsoleDevice, str]:
    """The device and its token."""
    organisation = shifts[0].activity.campaign.organisation
    member = Membership.objects.filter(
        organisation=organisation, role=Membership.Role.ORGANISER
    ).first()
    assert member is not None
    return register_device(by=member.user, organisation=organisation, shifts=shifts, name=name)


def scan_of(
    shift: Shift, card: str, *, kind: str = "in", made_at: datetime | None = None
) -> dict[str, Any]:
    """A card's code of that moment, now by default."""
    made_at = made_at or timezone.now()
    return {
        "nonce": str(uuid.uuid4()),
        "shift": shift.pk,
        "kind": kind,
        "card": rotating_url(card, made_at),
        "made_at": made_at.isoformat(),
    }


def sending(
    scans: Sequence[dict[str, Any]], *, token: str, must_contain: bytes = b'"checked_in"'
) -> Request:
    """What a device sends. No scan of it may be refused."""
    headers = {
        "Host": settings.LINLI_BASE_URL.partition("://")[2],
        "Authorization": f"Bearer {token}",
        "Accept-Language": "zh-CN,zh;q=0.9",
        "Content-Type": "application/json",
    }
    body = json.dumps({"scans": scans})
    return Request("POST", API_PATH, body, tuple(headers.items()), must_contain, REFUSED)


def check_in_by_hand(shift: Shift, cards: Sequence[str], *, device: ConsoleDevice) -> None:
    """What somebody would write who has only this to do: one statement, nothing asked."""
    with connection.cursor() as cursor:
        cursor.execute(
            _BY_HAND_SQL,
            {
                "shift": shift.pk,
                "tokens": list(cards),
                "nonces": [uuid.uuid4() for _card in cards],
                "at": timezone.now(),
                "by": device.account_id,
                "device": device.pk,
            },
        )


def expect_counts(shifts: Sequence[Shift], *, scans: int, people: int) -> None:
    """Nothing lost and nothing doubled. Raises RuntimeError."""
    kept = Scan.objects.filter(shift__in=shifts, counts=True).count()
    came = Attendance.objects.filter(sign_up__shift__in=shifts).count()
    if (kept, came) != (scans, people):
        raise RuntimeError(f"{kept} scans of {scans} and {came} people of {people} are there.")


def make_bare_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_bare, bench_page")
        cursor.execute(
            "CREATE TABLE bench_bare (id bigserial PRIMARY KEY, nonce uuid UNIQUE, card text,"
            " made_at timestamptz)"
        )
        cursor.execute("CREATE TABLE bench_page (html text)")
        cursor.execute("INSERT INTO bench_page VALUES ('')")


def bare_insert(card: str) -> Request:
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    return Request("POST", "/bare/insert/", urlencode({"card": card}), form, b'"ok"')


_PEOPLE_SQL = """
    WITH places AS (
        SELECT shift.id AS shift_id, tstzrange(shift.starts_at, shift.ends_at) AS during,
               nextval('volunteers_volunteer_id_seq') AS volunteer_id
        FROM campaigns_shift shift, generate_series(1, %(each)s)
        WHERE shift.id = ANY(%(shifts)s)
    ), people AS (
        INSERT INTO volunteers_volunteer (id, public_id, name, sex, id_type, id_number, phone,
            emergency_name, emergency_phone, is_ranked, star_level, created_at)
        SELECT volunteer_id, gen_random_uuid(), '志愿者' || volunteer_id, 9, '', NULL, '', '', '',
               false, 0, now()
        FROM places
    ), placed AS (
        INSERT INTO campaigns_signup (shift_id, volunteer_id, state, during, signed_up_at,
            leave_reason)
        SELECT shift_id, volunteer_id, 'signed_up', during, now() - interval '1 day', ''
        FROM places
    ), cards AS (
        INSERT INTO volunteers_volunteercard (volunteer_id, number, token, kind, issued_at,
            expires_on, revoke_reason)
        SELECT volunteer_id, 'B' || volunteer_id, 'bench-' || volunteer_id || '-0123456789',
               'safety', now(), current_date + 300, ''
        FROM places RETURNING volunteer_id, token
    )
    SELECT shift_id, token FROM places JOIN cards USING (volunteer_id)
"""
_BY_HAND_SQL = """
    WITH sent AS (
        SELECT * FROM unnest(%(tokens)s::text[], %(nonces)s::uuid[]) AS sent (token, nonce)
    ), places AS (
        SELECT place.id AS sign_up_id, place.volunteer_id, sent.nonce
        FROM sent
        JOIN volunteers_volunteercard card ON card.token = sent.token
        JOIN campaigns_signup place
            ON place.volunteer_id = card.volunteer_id AND place.shift_id = %(shift)s
    ), came AS (
        INSERT INTO campaigns_attendance (sign_up_id, volunteer_id, checked_in_at, check_in_door,
            checked_in_by_id, check_out_door, review)
        SELECT sign_up_id, volunteer_id, %(at)s, 'console', %(by)s, '', '' FROM places
        RETURNING id, sign_up_id
    )
    INSERT INTO campaigns_scan (shift_id, volunteer_id, kind, door, outcome, nonce, by_id, made_at,
        received_at, reason, device_id, counts, proof, browser, attendance_id)
    SELECT %(shift)s, volunteer_id, 'in', 'console', 'checked_in', nonce, %(by)s, %(at)s, %(at)s,
           '', %(device)s, true, 'rotating', '', came.id
    FROM places JOIN came USING (sign_up_id)
"""
