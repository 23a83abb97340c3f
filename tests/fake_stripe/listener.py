"""A webhook endpoint for tests: takes what arrives, and answers as it is told."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import stripe


@dataclass(frozen=True)
class Received:
    payload: bytes
    signature: str

    def event(self, secret: str) -> stripe.Event:
        """The event, its signature verified by the official library."""
        found: stripe.Event = stripe.Webhook.construct_event(  # type: ignore[no-untyped-call]
            self.payload, self.signature, secret
        )
        return found


@dataclass
class Listener:
    """Listens from `start` to `stop`. `statuses` are answered first, in order; then 200."""

    statuses: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    def start(self) -> Self:
        listener, changed = self, threading.Condition()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                payload = self.rfile.read(int(self.headers["Content-Length"]))
                with changed:
                    status = listener.statuses.pop(0) if listener.statuses else 200
                    found = Received(payload, self.headers["Stripe-Signature"])
                    listener.received.append(found)
                    changed.notify_all()
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._changed = changed
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhook/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, condition: Callable[[], bool], *, seconds: float = 20) -> None:
        with self._changed:
            if not self._changed.wait_for(condition, timeout=seconds):
                raise TimeoutError(f"only {len(self.received)} deliveries came")

    def events(self, secret: str) -> list[stripe.Event]:
        return [found.event(secret) for found in list(self.received)]

    def types(self, secret: str) -> list[str]:
        return [event.type for event in self.events(secret)]
