"""A check-out sent by a console with its own token, beside a bare view that does one INSERT."""

from __future__ import annotations

from cms.bench import Figure
from cms.bench.checkin_api import measure_kind

NAME = "checkout_api"


def measure() -> Figure:
    return measure_kind("out", name=NAME)
