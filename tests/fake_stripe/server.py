"""The HTTP server: keys, accounts, idempotency, limits; then an operation, a page or a control."""

import base64
import contextlib
import json
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.fake_stripe import operations, parameters
from tests.fake_stripe.errors import BadParameter, Refused
from tests.fake_stripe.store import API_VERSION, DAY, Account, Object, World, current_request

SK_LIVE = ("sk_live_", "rk_live_", "pk_live_")
KEYS_ARE_KEPT = DAY  # an idempotency key used again after that makes a new call


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    begun: bool = True  # False: the call was not understood, and nothing was tried

    @classmethod
    def json(cls, status: int, body: Object, **headers: str) -> "Answer":
        text = json.dumps(body, ensure_ascii=False, indent=2, default=str)
        kind = {"Content-Type": "application/json; charset=utf-8"}
        return cls(status, text.encode(), kind | headers)


@dataclass
class Faults:
    """How the next calls go wrong; controls fill it.

    `next` holds "rate_limit" (429), "outage" (500, nothing done), "lost" (done, but the connection
    ends without an answer). `per_second` is the limit of calls; `slow` delays every call's work.
    """

    next: deque[str] = field(default_factory=deque)
    per_second: int | None = None
    slow: float = 0.0
    _recent: deque[float] = field(default_factory=deque)

    def too_many(self) -> bool:
        if self.per_second is None:
            return False
        now = time.monotonic()
        while self._recent and self._recent[0] < now - 1:
            self._recent.popleft()
        if len(self._recent) >= self.per_second:
            return True
        self._recent.append(now)
        return False


class LostAnswer(Exception):
    """The work is done and nobody is told."""


class Api:
    """Answers calls to /v1/."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.faults = Faults()
        self.requests: list[tuple[str, str]] = []  # method and path of each, for tests to count
        self._kept: dict[tuple[str, str], tuple[int, Object, Answer | None]] = {}
        self._lock = threading.Lock()

    def answer(self, method: str, target: str, headers: Any, body: str) -> Answer:
        """The answer to one call; what is refused is answered in Stripe's error shape."""
        request = self.world.new_id("req")
        try:
            self._let_in()
            account = self._account(headers)
            self._check_version(headers)
            answer = self._once(account, method, target, headers, body, request)
        except Refused as refusal:
            answer = _refusal(refusal)
        self._may_lose()
        answer.headers |= {"Request-Id": request, "Stripe-Version": API_VERSION}
        return answer

    def _let_in(self) -> None:
        with self._lock:
            fault = self.faults.next[0] if self.faults.next else None
            if fault in ("rate_limit", "outage"):
                self.faults.next.popleft()
            limited = fault == "rate_limit" or self.faults.too_many()
        if limited:
            raise Refused(
                "Too many requests hit the API too quickly. We recommend an exponential backoff of "
                "your requests.",
                status=429, code="rate_limit",
            )  # fmt: skip
        if fault == "outage":
            raise Refused("An unknown error occurred", status=500, kind="api_error")

    # Who calls, and for whom

    def _account(self, headers: Any) -> Account:
        key = _key(headers.get("Authorization", ""))
        if not key:
            raise Refused("You did not provide an API key.", status=401)
        if key.startswith(SK_LIVE):
            raise Refused(
                "This is a fake Stripe for tests: it refuses live keys. Somebody should check "
                "where this key was meant to go.",
                status=401,
            )
        if key not in self.world.keys:
            hidden = f"{key[:8]}{'*' * 8}{key[-4:]}" if len(key) > 16 else "****"
            raise Refused(f"Invalid API Key provided: {hidden}", status=401)
        platform = self.world.accounts[self.world.keys[key]]
        named = headers.get("Stripe-Account")
        if not named or named == platform.id:
            return platform
        account = self.world.accounts.get(named)
        if account is None or account.platform is not platform:
            raise Refused(
                f"The provided key '{key[:8]}****' does not have access to account '{named}' (or "
                "that account does not exist). Application access may have been revoked.",
                status=403, code="account_invalid",
            )  # fmt: skip
        return account

    def _check_version(self, headers: Any) -> None:
        version = headers.get("Stripe-Version", API_VERSION)
        if version != API_VERSION:
            raise Refused(f"This fake Stripe speaks {API_VERSION} only, not {version}.")

    # Idempotency

    def _once(
        self, account: Account, method: str, target: str, headers: Any, body: str, request: str
    ) -> Answer:
        key = headers.get("Idempotency-Key") if method == "POST" else None
        if key is None:
            return self._work(account, method, target, body, request=request, key=None)
        said = {"method": method, "target": target, "body": parameters.decode(body)}
        kept = self._claim((account.id, key), said)
        if kept:
            return Answer(kept.status, kept.body, kept.headers | {"Idempotent-Replayed": "true"})
        answer = None
        try:
            answer = self._work(account, method, target, body, request=request, key=key)
            return answer
        finally:
            self._keep((account.id, key), said, answer)

    def _claim(self, key: tuple[str, str], said: Object) -> Answer | None:
        """The answer kept for this key; None to go on, when nobody used it before."""
        if len(key[1]) > 255:
            raise Refused("Idempotency keys can be at most 255 characters.")
        now = self.world.now()
        with self._lock:
            since, first, answer = self._kept.get(key, (0, {}, None))
            if since <= now - KEYS_ARE_KEPT:
                self._kept[key] = (now, said, None)
                return None
        if first != said:
            raise Refused(
                "Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{key[1]}' if you meant to execute a "
                "different request.",
                kind="idempotency_error",
            )
        if answer is None:
            raise Refused(
                "There is currently another in-progress request using this Idempotency Key.",
                status=409, kind="idempotency_error", code="idempotency_key_in_use",
            )  # fmt: skip
        return answer

    def _keep(self, key: tuple[str, str], said: Object, answer: Answer | None) -> None:
        """Keeps whatever the work ended with; a call that was not understood keeps nothing."""
        with self._lock:
            if answer is None or not answer.begun:
                del self._kept[key]
            else:
                self._kept[key] = (self._kept[key][0], said, answer)

    # The work

    def _work(
        self, account: Account, method: str, target: str, body: str, *, request: str,
        key: str | None,
    ) -> Answer:  # fmt: skip
        parts = urlsplit(target)
        self.requests.append((method, parts.path))
        if self.faults.slow:
            time.sleep(self.faults.slow)
        try:
            operation, ids = operations.find(method, parts.path)
            said = parameters.decode(parts.query) | parameters.decode(body)
            told = current_request.set({"id": request, "idempotency_key": key})
            try:
                with self.world.lock:
                    answer = operations.run(account, operation, ids, said)
                    text = Answer.json(200, answer)
            finally:
                current_request.reset(told)
        except BadParameter as refusal:
            return _refusal(refusal, begun=False)
        except Refused as refusal:
            return _refusal(refusal)
        if key:
            text.headers["Idempotency-Key"] = key
        return text

    def _may_lose(self) -> None:
        """Ends the connection without an answer, if a control asked for it."""
        with self._lock:
            if self.faults.next and self.faults.next[0] == "lost":
                self.faults.next.popleft()
                raise LostAnswer


def _refusal(refusal: Refused, *, begun: bool = True) -> Answer:
    answer = Answer.json(refusal.status, refusal.body)
    answer.begun = begun
    return answer


def _key(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme == "Bearer":
        return value.strip()
    if scheme == "Basic":
        with contextlib.suppress(ValueError):
            return base64.b64decode(value).decode().partition(":")[0]
    return ""


# HTTP


Door = Callable[[str, str, Any, str], Answer]  # method, target, headers, body


class Server(ThreadingHTTPServer):
    """A thread a connection; behind it the calls, the pages and the controls."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, *, api: Door, pages: Door, controls: Door) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self._doors = {"v1": api, "v2": api, "_control": controls}
        self._pages = pages

    def door(self, target: str) -> Door:
        first = urlsplit(target).path.split("/")[1]
        return self._doors.get(first, self._pages)


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "FakeStripe"
    disable_nagle_algorithm = True  # else every answer waits for a delayed acknowledgement

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode(errors="replace")
        try:
            self._send(self._found(body))
        except LostAnswer:
            self.close_connection = True

    def _found(self, body: str) -> Answer:
        try:
            return self.server.door(self.path)(self.command, self.path, self.headers, body)
        except LostAnswer:
            raise
        except Exception:  # noqa: BLE001 - a fault of the fake's own: shown, and answered
            traceback.print_exc()
            said = {"type": "api_error", "message": traceback.format_exc(limit=-3)}
            return Answer.json(500, {"error": said})

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Keys and pages' addresses are nobody's business: nothing is logged."""


@contextlib.contextmanager
def ticking(world: World, *, every: float = 0.2) -> Iterator[None]:
    """Does what falls due while the server runs."""
    stop = threading.Event()

    def tick() -> None:
        while not stop.wait(every):
            world.catch_up()

    thread = threading.Thread(target=tick, name="fake-stripe-clock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
