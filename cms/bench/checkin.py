"""A card scanned at the console: the whole request, beside a bare view that does one INSERT."""

from __future__ import annotations

import uuid
from datetime import timedelta
from importlib import import_module
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.middleware.csrf import _get_new_csrf_string
from django.utils import timezone

from campaigns.models import Activity, Scan, Shift
from cms.bench import Figure
from cms.bench.load import CLIENTS, Load, Request, alternate, ensure_city, press, server
from volunteers.card_codes import rotating_url
from volunteers.models import Membership, User

NAME = "checkin_single"

ROUNDS = 3
SCANS = 480
WARM_UP = 80


def measure() -> Figure:
    ensure_city()
    _make_bare_table()
    shift = _make_shift()
    organiser = Membership.objects.filter(
        organisation=shift.activity.campaign.organisation, role=Membership.Role.ORGANISER
    ).first()
    assert organiser is not None
    headers = _headers(organiser.user)
    cards = _make_people(shift, ROUNDS * SCANS + WARM_UP)

    def scan(number: int) -> Load:
        own = cards[number * SCANS : (number + 1) * SCANS]
        return press(port, [_scan(shift, card, headers) for card in own])

    def bare(_number: int) -> Load:
        return press(port, [_bare_insert(card) for card in cards[:SCANS]])

    with server() as port:
        press(port, [_scan(shift, card, headers) for card in cards[ROUNDS * SCANS :]])
        press(port, [_bare_insert(card) for card in cards[:WARM_UP]])
        ours, limit = alternate(ROUNDS, scan, bare)
    kept = Scan.objects.filter(shift=shift, outcome="checked_in").count()
    if kept != len(cards):
        raise RuntimeError(f"{kept} of {len(cards)} scans were kept.")
    return Figure(
        name=NAME,
        value=ours.per_second,
        unit="requests/s",
        limit=limit.per_second,
        note=(
            f"{CLIENTS} clients, median of {ROUNDS} × {SCANS};"
            f" p95 {ours.p95_ms:.0f} ms beside {limit.p95_ms:.0f} ms"
        ),
    )


def _scan(shift: Shift, token: str, headers: dict[str, str]) -> Request:
    card = rotating_url(token, timezone.now())
    body = urlencode({"card": card, "kind": "in", "nonce": uuid.uuid4(), "seconds_ago": "0.0"})
    return Request(
        "POST", f"/console/{shift.pk}/scan/", body, tuple(headers.items()), b'"checked_in"'
    )


def _bare_insert(card: str) -> Request:
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    return Request("POST", "/bare/insert/", urlencode({"card": card}), form, b'"ok"')


def _headers(user: User) -> dict[str, str]:
    """What the organiser's browser sends once signed in."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    csrf = _get_new_csrf_string()
    cookies = {
        settings.SESSION_COOKIE_NAME: session.session_key,
        settings.CSRF_COOKIE_NAME: csrf,
    }
    return {
        "Host": settings.LINLI_BASE_URL.partition("://")[2],
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "X-CSRFToken": csrf,
        "Accept": "application/json",
        "Accept-Language": "zh-CN,zh;q=0.9",
        "Content-Type": "application/x-www-form-urlencoded",
    }


def _make_bare_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_bare, bench_page")
        cursor.execute(
            "CREATE TABLE bench_bare (id bigserial PRIMARY KEY, nonce uuid UNIQUE, card text,"
            " made_at timestamptz)"
        )
        cursor.execute("CREATE TABLE bench_page (html text)")
        cursor.execute("INSERT INTO bench_page VALUES ('')")


def _make_shift() -> Shift:
    activity = Activity.objects.filter(campaign__live=True).order_by("pk").first()
    assert activity is not None
    starts_at = timezone.now() + timedelta(minutes=30)
    return Shift.objects.create(
        activity=activity,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        capacity=ROUNDS * SCANS + WARM_UP,
    )


def _make_people(shift: Shift, count: int) -> list[str]:
    """So many volunteers with a card and a place at the shift; returns their cards' tokens."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH people AS (
                INSERT INTO volunteers_volunteer (public_id, name, sex, id_type, id_number, phone,
                    emergency_name, emergency_phone, is_ranked, star_level, created_at)
                SELECT gen_random_uuid(), '志愿者' || n, 9, '', NULL, '', '', '', false, 0, now()
                FROM generate_series(1, %(count)s) n RETURNING id
            ), placed AS (
                INSERT INTO campaigns_signup (shift_id, volunteer_id, state, during, signed_up_at,
                    leave_reason)
                SELECT %(shift)s, id, 'signed_up', tstzrange(%(from)s, %(to)s), now(), ''
                FROM people
            )
            INSERT INTO volunteers_volunteercard (volunteer_id, number, token, kind, issued_at,
                expires_on, revoke_reason)
            SELECT id, 'B' || id, 'bench-' || id || '-0123456789', 'safety', now(),
                   current_date + 300, ''
            FROM people RETURNING token
            """,
            {
                "count": count,
                "shift": shift.pk,
                "from": shift.starts_at,
                "to": shift.ends_at,
            },
        )
        tokens = [token for (token,) in cursor.fetchall()]
        cursor.execute(
            "UPDATE campaigns_shift SET taken = %s WHERE id = %s", [len(tokens), shift.pk]
        )
        cursor.execute("ANALYZE volunteers_volunteer, volunteers_volunteercard, campaigns_signup")
    return tokens
