"""A device's batch of 500 check-ins, beside one statement written by hand for 500 of them.

Both go into the same tables, in turns, and both are committed. The statement asks nothing: not
who sends it, nor whether a card's code is right, nor whether somebody is in already.
"""

from __future__ import annotations

import statistics
import time

from cms.bench import Figure
from cms.bench.load import Request, ensure_city, press, server
from cms.bench.scans import (
    check_in_by_hand,
    expect_counts,
    make_device,
    make_people,
    make_shifts,
    scan_of,
    sending,
)

NAME = "checkin_batch"

ROUNDS = 5
BATCH = 500
BATCHES = 2  # a round, of each


def measure() -> Figure:
    ensure_city()
    people = 2 * (ROUNDS + 1) * BATCHES * BATCH
    (shift,) = make_shifts(1, people=people)
    device, token = make_device([shift], name="1")
    cards = make_people(shift, people)
    batches = iter([cards[start : start + BATCH] for start in range(0, people, BATCH)])
    by_device: list[float] = []
    by_hand: list[float] = []
    with server() as port:
        for _round in range(ROUNDS + 1):
            requests = [
                sending([scan_of(shift, card) for card in next(batches)], token=token)
                for _batch in range(BATCHES)
            ]
            by_device.append(_scans_a_second(port, requests))
            began = time.perf_counter()
            for _batch in range(BATCHES):
                check_in_by_hand(shift, next(batches), device=device)
            by_hand.append(BATCHES * BATCH / (time.perf_counter() - began))
        again = _scans_a_second(port, requests)
    expect_counts([shift], scans=people, people=people)
    # The first round is not counted: caches warm.
    return Figure(
        name=NAME,
        value=statistics.median(by_device[1:]),
        unit="scans/s",
        limit=statistics.median(by_hand[1:]),
        note=(
            f"median of {ROUNDS} × {BATCHES} × {BATCH} over one connection;"
            f" batches sent again are answered at {again:,.0f} scans/s"
        ),
    )


def _scans_a_second(port: int, requests: list[Request]) -> float:
    return BATCH * press(port, requests, clients=1).per_second
