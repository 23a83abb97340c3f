"""What Stripe tells, taken in: the signature verified and the row kept, beside a bare INSERT."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import time

from cms.bench import Figure
from cms.bench.load import CLIENTS, Load, Request, alternate, beside, press, server
from cms.bench.scans import bare_insert, make_bare_table
from foundations.models import WebhookEvent

NAME = "webhook_intake"

ROUNDS = 3
EVENTS = 1000
WARM_UP = 100
SECRET = "whsec_of_the_bench"


def measure() -> Figure:
    make_bare_table()
    # The server is a process of its own, and takes its settings from here.
    os.environ["LINLI_STRIPE_CONNECT_SECRET"] = SECRET

    def take_in(_number: int) -> Load:
        return press(port, [_event() for _one in range(EVENTS)])

    def bare(_number: int) -> Load:
        return press(port, [bare_insert(secrets.token_hex(12)) for _one in range(EVENTS)])

    before = WebhookEvent.objects.count()
    with server() as port:
        press(port, [_event() for _one in range(WARM_UP)])
        press(port, [bare_insert(secrets.token_hex(12)) for _one in range(WARM_UP)])
        ours, limit = alternate(ROUNDS, take_in, bare)
    kept = WebhookEvent.objects.count() - before
    if kept != ROUNDS * EVENTS + WARM_UP:
        raise RuntimeError(f"{kept} notifications are kept.")
    return Figure(
        name=NAME, value=ours.per_second, unit="requests/s", limit=limit.per_second,
        note=f"{CLIENTS} clients, median of {ROUNDS} × {EVENTS}; {beside(ours, limit)}",
    )  # fmt: skip


def _event() -> Request:
    """As long as Stripe's own; of no kind that means work, so that no worker takes part."""
    body = json.dumps(
        {
            "id": f"evt_{secrets.token_hex(12)}", "object": "event", "type": "bench.measured",
            "livemode": False, "account": "acct_of_the_bench", "created": int(time.time()),
            "data": {"object": {"id": "ch_bench", "object": "charge", "padding": "x" * 3500}},
        }
    )  # fmt: skip
    moment = int(time.time())
    signed = hmac.new(SECRET.encode(), f"{moment}.{body}".encode(), hashlib.sha256).hexdigest()
    headers = (
        ("Content-Type", "application/json; charset=utf-8"),
        ("Stripe-Signature", f"t={moment},v1={signed}"),
    )
    return Request("POST", "/gateways/stripe/connect/", body, headers)
