"""One fake Stripe: its server, its controls, and a client of the official library for it."""

import contextlib
import threading
from typing import Any, Self

import stripe

from tests.fake_stripe import controls, server
from tests.fake_stripe.controls import Controls
from tests.fake_stripe.pages import Pages
from tests.fake_stripe.server import Api
from tests.fake_stripe.store import World
from tests.fake_stripe.webhooks import Attempt, Postman

KEY = "sk_test_fake_stripe_of_linli"
PLATFORM = "acct_platform"


class FakeStripe:
    """A fake Stripe on a port of its own, from `start` (or `with`) to `stop`.

    `retry_after` says when a failed delivery is tried again, in real seconds.
    """

    def __init__(
        self, *, port: int = 0, keys: dict[str, str] | None = None,
        retry_after: tuple[float, ...] = (1, 5, 30), seed: int = 0,
    ) -> None:  # fmt: skip
        for key in keys or {}:
            if not key.startswith("sk_test_"):
                raise ValueError("a fake Stripe takes sk_test_ keys only")
        self._postman = Postman(retry_after=retry_after, seed=seed)
        self.world = World(keys=keys or {KEY: PLATFORM}, postman=self._postman)
        self.api = Api(self.world)
        self.control = Controls(self.world, self.api)
        self._server = server.Server(
            port, api=self.api.answer, pages=Pages(self.world), controls=controls.door(self.control)
        )
        self._running = contextlib.ExitStack()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.world.address = self.url

    def start(self) -> Self:
        self._running.enter_context(server.ticking(self.world))
        serve = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05},
            name="fake-stripe", daemon=True,
        )  # fmt: skip
        serve.start()
        self._running.callback(serve.join)
        self._running.callback(self._server.server_close)
        self._running.callback(self._server.shutdown)
        return self

    def stop(self) -> None:
        self._postman.close()
        self._running.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def client(self, *, key: str = KEY, **options: Any) -> stripe.StripeClient:
        """The official library, pointed here; nothing else about it differs."""
        addresses: Any = dict.fromkeys(("api", "connect", "files", "meter_events"), self.url)
        options.setdefault("max_network_retries", 0)
        return stripe.StripeClient(key, base_addresses=addresses, **options)

    @property
    def attempts(self) -> list[Attempt]:
        """Every knock at an endpoint so far."""
        return list(self._postman.attempts)

    @property
    def dropped(self) -> list[str]:
        """The ids of events whose deliveries were lost on purpose."""
        return list(self._postman.dropped)
