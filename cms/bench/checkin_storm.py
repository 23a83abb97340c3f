"""The start of a big activity: 20,000 people at 300 gates, all scans as fast as they go.

A gate has a device. Most scans go by themselves; a gate without a network sends what it kept in
one batch; some requests are sent twice, at once or later, because their answer was lost. At the
end every scan and every person must be there once, or the figure fails.
"""

from __future__ import annotations

import random
from datetime import timedelta

from django.utils import timezone

from campaigns.models import Shift
from cms.bench import Figure
from cms.bench.load import CLIENTS, Request, ensure_city, press, press_shares, server
from cms.bench.scans import (
    bare_insert,
    expect_counts,
    make_bare_table,
    make_device,
    make_people_at,
    make_shifts,
    scan_of,
    sending,
)

NAME = "checkin_storm"

GATES = 300
PEOPLE_A_GATE = 67
# So many devices wait for an answer at the same time.
AT_ONCE = 60
WARM_UP = 480
# Every tenth gate had no network at all; the others for a while.
KEPT_OF_A_WHILE = 15
SENT_TWICE = 0.1


def measure() -> Figure:
    ensure_city()
    make_bare_table()
    shifts = make_shifts(GATES, people=PEOPLE_A_GATE)
    cards = make_people_at(shifts, PEOPLE_A_GATE)
    chance = random.Random(20_000)
    shares: list[list[Request]] = [[] for _client in range(AT_ONCE)]
    for number, shift in enumerate(shifts):
        requests = _requests(shift, cards[shift.pk], is_cut_off=number % 10 == 0)
        shares[number % AT_ONCE] += requests
        for request in requests:
            if chance.random() < SENT_TWICE:
                # By itself again, or by another way at about the same time.
                chance.choice([shares[number % AT_ONCE], chance.choice(shares)]).append(request)
    people = GATES * PEOPLE_A_GATE
    with server() as port:
        bare = press(port, [bare_insert(f"{number}") for number in range(WARM_UP)] * 4)
        storm = press_shares(port, shares)
    expect_counts(shifts, scans=people, people=people)
    return Figure(
        name=NAME,
        value=storm.per_second,
        unit="requests/s",
        limit=bare.per_second,
        note=(
            f"{people:,} people at {GATES} gates, {sum(map(len, shares)):,} requests, {AT_ONCE} at"
            f" once: each is in once; p50 {storm.p50_ms:.0f}, p95 {storm.p95_ms:.0f},"
            f" p99 {storm.p99_ms:.0f} ms; the limit is the bare view's with {CLIENTS} clients"
        ),
    )


def _requests(shift: Shift, cards: list[str], *, is_cut_off: bool) -> list[Request]:
    """What a gate's device sends: first what it kept while there was no network, then the rest."""
    _device, token = make_device([shift], name="1")
    kept, rest = (cards, []) if is_cut_off else (cards[:KEPT_OF_A_WHILE], cards[KEPT_OF_A_WHILE:])
    now = timezone.now()
    batch = [
        scan_of(shift, card, made_at=now - timedelta(seconds=600 - number))
        for number, card in enumerate(kept)
    ]
    singles = [sending([scan_of(shift, card)], token=token) for card in rest]
    return [sending(batch, token=token), *singles]
