"""A check-in sent by a console with its own token, beside a bare view that does one INSERT."""

from __future__ import annotations

from django.core.cache import cache

from cms.bench import Figure
from cms.bench.load import CLIENTS, Load, Request, alternate, beside, ensure_city, press, server
from cms.bench.scans import (
    bare_insert,
    check_in_by_hand,
    expect_counts,
    make_bare_table,
    make_device,
    make_people,
    make_shifts,
    scan_of,
    sending,
)

NAME = "checkin_api"

ROUNDS = 5
SCANS = 480
WARM_UP = 160


def measure() -> Figure:
    return measure_kind("in", name=NAME)


def measure_kind(kind: str, *, name: str) -> Figure:
    """Single scans of a kind, each of a person who is expected to come or to go."""
    ensure_city()
    make_bare_table()
    cache.clear()  # devices of an earlier run had the same numbers, and have made their calls
    (shift,) = make_shifts(1, people=ROUNDS * SCANS + WARM_UP)
    devices = [make_device([shift], name=f"{number}") for number in range(CLIENTS)]
    cards = make_people(shift, ROUNDS * SCANS + WARM_UP)
    if kind == "out":
        check_in_by_hand(shift, cards, device=devices[0][0])
    came_before = len(cards) if kind == "out" else 0

    def scans(own: list[str]) -> list[Request]:
        # `press` gives every eighth request to the same client: a client is a device.
        return [
            sending(
                [scan_of(shift, card, kind=kind)],
                token=devices[number % CLIENTS][1],
                must_contain=f'"checked_{kind}"'.encode(),
            )
            for number, card in enumerate(own)
        ]

    def ours_once(number: int) -> Load:
        return press(port, scans(cards[number * SCANS : (number + 1) * SCANS]))

    def bare(_number: int) -> Load:
        return press(port, [bare_insert(card) for card in cards[:SCANS]])

    with server() as port:
        press(port, scans(cards[ROUNDS * SCANS :]))
        press(port, [bare_insert(card) for card in cards[:WARM_UP]])
        ours, limit = alternate(ROUNDS, ours_once, bare)
    expect_counts([shift], scans=came_before + len(cards), people=len(cards))
    return Figure(
        name=name,
        value=ours.per_second,
        unit="requests/s",
        limit=limit.per_second,
        note=f"{CLIENTS} devices, median of {ROUNDS} × {SCANS}; {beside(ours, limit)}",
    )
