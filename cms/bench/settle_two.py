"""Two worker processes at once, beside the same bare SQL on one connection."""

from __future__ import annotations

from cms.bench import Figure
from cms.bench.settle import measure_with

NAME = "settle_records_2"


def measure() -> Figure:
    return measure_with(workers=2, name=NAME)
