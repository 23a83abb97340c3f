"""A card scanned at the console: the whole request, beside a bare view that does one INSERT."""

from __future__ import annotations

import uuid
from importlib import import_module
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.middleware.csrf import _get_new_csrf_string
from django.utils import timezone

from campaigns.models import Shift
from cms.bench import Figure
from cms.bench.load import CLIENTS, Load, Request, alternate, beside, ensure_city, press, server
from cms.bench.scans import bare_insert, expect_counts, make_bare_table, make_people, make_shifts
from volunteers.card_codes import rotating_url
from volunteers.models import Membership, User

NAME = "checkin_single"

ROUNDS = 3
SCANS = 480
WARM_UP = 80


def measure() -> Figure:
    ensure_city()
    make_bare_table()
    shift = make_shifts(1, people=ROUNDS * SCANS + WARM_UP)[0]
    organiser = Membership.objects.filter(
        organisation=shift.activity.campaign.organisation, role=Membership.Role.ORGANISER
    ).first()
    assert organiser is not None
    headers = _headers(organiser.user)
    cards = make_people(shift, ROUNDS * SCANS + WARM_UP)

    def scan(number: int) -> Load:
        own = cards[number * SCANS : (number + 1) * SCANS]
        return press(port, [_scan(shift, card, headers) for card in own])

    def bare(_number: int) -> Load:
        return press(port, [bare_insert(card) for card in cards[:SCANS]])

    with server() as port:
        press(port, [_scan(shift, card, headers) for card in cards[ROUNDS * SCANS :]])
        press(port, [bare_insert(card) for card in cards[:WARM_UP]])
        ours, limit = alternate(ROUNDS, scan, bare)
    expect_counts([shift], scans=len(cards), people=len(cards))
    return Figure(
        name=NAME,
        value=ours.per_second,
        unit="requests/s",
        limit=limit.per_second,
        note=(f"{CLIENTS} clients, median of {ROUNDS} × {SCANS}; {beside(ours, limit)}"),
    )


def _scan(shift: Shift, token: str, headers: dict[str, str]) -> Request:
    card = rotating_url(token, timezone.now())
    body = urlencode({"card": card, "kind": "in", "nonce": uuid.uuid4(), "seconds_ago": "0.0"})
    return Request(
        "POST", f"/console/{shift.pk}/scan/", body, tuple(headers.items()), b'"checked_in"'
    )


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
