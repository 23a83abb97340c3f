"""Deliveries: signed as Stripe signs them, tried again when an endpoint fails; and every mishap
that real deliveries meet (held up, lost, doubled, out of order) to be ordered by a test."""

import contextlib
import hashlib
import hmac
import http.client
import itertools
import json
import queue
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

CARRIERS = 4
TIMEOUT = 20
USER_AGENT = "Stripe/1.0 (+https://stripe.com/docs/webhooks) fake"


@dataclass(frozen=True)
class Endpoint:
    """Where events go. `owner` is the account that registered it; with `connect`, it hears of the
    accounts connected to the owner instead of the owner itself."""

    id: str
    url: str
    secret: str
    owner: str
    connect: bool = False
    types: frozenset[str] = frozenset({"*"})

    def wants(self, type: str) -> bool:
        return "*" in self.types or type in self.types


@dataclass
class Delivery:
    endpoint: Endpoint
    event: dict[str, Any]
    payload: bytes
    tries: int = 0


@dataclass(frozen=True)
class Attempt:
    """One knock at an endpoint: what it answered, or 0 when nobody did."""

    event: str
    type: str
    endpoint: str
    status: int


@dataclass
class Mishaps:
    """What befalls deliveries from now on."""

    held: bool = False
    copies: int = 1
    drop_next: int = 0
    drop_share: float = 0.0
    shuffled: bool = False


@dataclass
class Postman:
    """Delivers events in threads of its own. Stripe promises no order, and neither does he."""

    retry_after: tuple[float, ...] = (1, 5, 30)
    seed: int = 0
    mishaps: Mishaps = field(default_factory=Mishaps)
    attempts: list[Attempt] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._endpoints: dict[str, Endpoint] = {}
        self._waiting: list[Delivery] = []  # held
        self._due: queue.PriorityQueue[tuple[float, int, Delivery | None]] = queue.PriorityQueue()
        self._order = itertools.count()
        self._dice = random.Random(self.seed)
        self._lock = threading.Condition()
        self._under_way = 0
        self._open = True
        for number in range(CARRIERS):
            threading.Thread(
                target=self._carry, name=f"fake-stripe-postman-{number}", daemon=True
            ).start()

    # Who wants to hear

    def register(self, endpoint: Endpoint) -> None:
        with self._lock:
            self._endpoints[endpoint.id] = endpoint

    def unregister(self, id: str) -> None:
        with self._lock:
            self._endpoints.pop(id, None)

    def post(self, event: dict[str, Any], *, account: str, platform: str | None) -> None:
        """Sends the event to the account's own endpoints, and to its platform's Connect endpoints,
        which are told whose event it is."""
        with self._lock:
            for endpoint in self._endpoints.values():
                if not endpoint.wants(event["type"]):
                    continue
                if endpoint.owner == account and not endpoint.connect:
                    self._send(endpoint, event, told=event)
                elif endpoint.connect and endpoint.owner == platform:
                    self._send(endpoint, event, told=event | {"account": account})

    def _send(self, endpoint: Endpoint, event: dict[str, Any], *, told: dict[str, Any]) -> None:
        if self.mishaps.drop_next > 0:
            self.mishaps.drop_next -= 1
            self.dropped.append(event["id"])
            return
        for _ in range(self.mishaps.copies):
            if self._dice.random() < self.mishaps.drop_share:
                self.dropped.append(event["id"])
                continue
            event["pending_webhooks"] += 1
            payload = json.dumps(told | {"pending_webhooks": 1}, indent=2, ensure_ascii=False)
            self._accept(Delivery(endpoint, event, payload.encode()))

    def _accept(self, delivery: Delivery) -> None:
        if self.mishaps.held:
            self._waiting.append(delivery)
            return
        detour = self._dice.random() * 0.3 if self.mishaps.shuffled else 0
        self._queue(delivery, after=detour)

    def _queue(self, delivery: Delivery, *, after: float = 0) -> None:
        self._under_way += 1
        self._due.put((time.monotonic() + after, next(self._order), delivery))

    # Mishaps

    def release(self, *, shuffled: bool = False) -> int:
        """Lets what was held go, in order or in any order; answers how many."""
        with self._lock:
            self.mishaps.held = False
            waiting, self._waiting = self._waiting, []
            if shuffled:
                self._dice.shuffle(waiting)
            for delivery in waiting:
                self._queue(delivery)
            return len(waiting)

    def waiting(self) -> int:
        with self._lock:
            return len(self._waiting)

    def wait_until_idle(self, *, seconds: float = 30) -> None:
        """Until everything sent has arrived or was given up; what is held does not count."""
        with self._lock:
            idle = self._lock.wait_for(lambda: self._under_way == 0, timeout=seconds)
        if not idle:
            raise TimeoutError(f"{self._under_way} deliveries are still under way")

    def close(self) -> None:
        self._open = False
        for _ in range(CARRIERS):
            self._due.put((0, next(self._order), None))

    # On the road

    def _carry(self) -> None:
        while True:
            due, order, delivery = self._due.get()
            if delivery is None or not self._open:
                return
            ahead = due - time.monotonic()
            if ahead > 0:  # not yet: put it back, and look again soon
                self._due.put((due, order, delivery))
                time.sleep(min(ahead, 0.02))
                continue
            self._deliver(delivery)

    def _deliver(self, delivery: Delivery) -> None:
        status = knock(delivery.endpoint.url, delivery.payload, secret=delivery.endpoint.secret)
        delivery.tries += 1
        event = delivery.event
        with self._lock:
            self.attempts.append(Attempt(event["id"], event["type"], delivery.endpoint.id, status))
            if 200 <= status < 300:
                event["pending_webhooks"] -= 1
            elif delivery.tries <= len(self.retry_after):
                self._queue(delivery, after=self.retry_after[delivery.tries - 1])
            self._under_way -= 1
            self._lock.notify_all()


def knock(url: str, payload: bytes, *, secret: str) -> int:
    """Posts the payload once; the status it was answered with, 0 when nobody answered."""
    parts = urlsplit(url)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": USER_AGENT,
        "Stripe-Signature": signature(payload, secret=secret),
    }
    with _connected(parts.scheme, parts.netloc) as connection:
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body=payload, headers=headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0


@contextlib.contextmanager
def _connected(scheme: str, host: str) -> Iterator[http.client.HTTPConnection]:
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(host, timeout=TIMEOUT)
    try:
        yield connection
    finally:
        connection.close()


def signature(payload: bytes, *, secret: str, at: int | None = None) -> str:
    """The Stripe-Signature header. The moment is the real one, whatever the fake's clock says:
    whoever verifies compares it with the time of day."""
    moment = int(time.time()) if at is None else at
    signed = hmac.new(secret.encode(), f"{moment}.".encode() + payload, hashlib.sha256)
    return f"t={moment},v1={signed.hexdigest()}"
