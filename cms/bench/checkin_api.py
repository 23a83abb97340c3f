"""A scan sent by a console with its own token, beside a bare view that does one INSERT."""

from __future__ import annotations

import json
import uuid

from django.conf import settings
from django.utils import timezone

from campaigns.actions.devices import register_device
from campaigns.models import Scan, Shift
from cms.bench import Figure
from cms.bench.checkin import (
    ROUNDS,
    SCANS,
    WARM_UP,
    _bare_insert,
    _make_bare_table,
    _make_people,
    _make_shift,
)
from cms.bench.load import CLIENTS, Load, Request, alternate, ensure_city, press, server
from volunteers.card_codes import rotating_url
from volunteers.models import Membership

NAME = "checkin_api"


def measure() -> Figure:
    ensure_city()
    _make_bare_table()
    shift = _make_shift()
    tokens = _make_devices(shift)
    cards = _make_people(shift, ROUNDS * SCANS + WARM_UP)

    def scans(own: list[str]) -> list[Request]:
        # `press` gives every eighth request to the same client: a client is a device.
        return [_scan(shift, card, tokens[n % CLIENTS]) for n, card in enumerate(own)]

    def ours_once(number: int) -> Load:
        return press(port, scans(cards[number * SCANS : (number + 1) * SCANS]))

    def bare(_number: int) -> Load:
        return press(port, [_bare_insert(card) for card in cards[:SCANS]])

    with server() as port:
        press(port, scans(cards[ROUNDS * SCANS :]))
        press(port, [_bare_insert(card) for card in cards[:WARM_UP]])
        ours, limit = alternate(ROUNDS, ours_once, bare)
    kept = Scan.objects.filter(shift=shift, outcome="checked_in").count()
    if kept != len(cards):
        raise RuntimeError(f"{kept} of {len(cards)} scans were kept.")
    return Figure(
        name=NAME,
        value=ours.per_second,
        unit="requests/s",
        limit=limit.per_second,
        note=(
            f"{CLIENTS} devices, median of {ROUNDS} × {SCANS};"
            f" p95 {ours.p95_ms:.0f} ms beside {limit.p95_ms:.0f} ms"
        ),
    )


def _make_devices(shift: Shift) -> list[str]:
    organisation = shift.activity.campaign.organisation
    member = Membership.objects.filter(
        organisation=organisation, role=Membership.Role.ORGANISER
    ).first()
    assert member is not None
    return [
        register_device(
            by=member.user, organisation=organisation, shifts=[shift], name=f"{number}"
        )[1]
        for number in range(CLIENTS)
    ]


def _scan(shift: Shift, card: str, token: str) -> Request:
    now = timezone.now()
    scan = {
        "nonce": str(uuid.uuid4()),
        "shift": shift.pk,
        "kind": "in",
        "card": rotating_url(card, now),
        "made_at": now.isoformat(),
    }
    headers = {
        "Host": settings.LINLI_BASE_URL.partition("://")[2],
        "Authorization": f"Bearer {token}",
        "Accept-Language": "zh-CN,zh;q=0.9",
        "Content-Type": "application/json",
    }
    body = json.dumps({"scans": [scan]})
    return Request("POST", "/api/v1/checkins", body, tuple(headers.items()), b'"checked_in"')
