"""What the fake Stripe knows: accounts, each with its own objects and events, and the time."""

import copy
import heapq
import itertools
import random
import string
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import stripe
from stripe import StripeObject
from stripe._api_version import _ApiVersion

from tests.fake_stripe import errors
from tests.fake_stripe.shapes import shape
from tests.fake_stripe.webhooks import Postman

API_VERSION = _ApiVersion.CURRENT
SECOND, DAY = 1, 86_400
EVENTS_ARE_KEPT = 30 * DAY

Object = dict[str, Any]

# Which call is being answered: events name it.
current_request: ContextVar[Object | None] = ContextVar("current_request", default=None)


@dataclass
class Outcomes:
    """What happens next where people, cards and banks decide; controls set it."""

    delayed_after: int = DAY  # by the fake's clock: when a method that settles later settles
    refund_after: int = DAY
    refunds: list[str] = field(default_factory=list)  # of the next refunds; then "succeeded"
    failing_cards: set[str] = field(default_factory=set)  # customers whose card is refused


class World:
    """Everything one fake Stripe holds. Whoever reads or writes it holds `lock`."""

    def __init__(self, *, keys: dict[str, str], postman: Postman) -> None:
        self.lock = threading.RLock()
        self.address = ""  # where the server answers, once it does
        self.keys = keys
        self.postman = postman
        self.outcomes = Outcomes()
        self.accounts: dict[str, Account] = {}
        self._ahead = 0
        self._jobs: list[tuple[int, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._dice = random.SystemRandom()
        for platform in keys.values():
            self.open_account(platform)

    def open_account(self, id: str, *, platform: "Account | None" = None) -> "Account":
        return self.accounts.setdefault(id, Account(self, id, platform))

    def new_id(self, prefix: str) -> str:
        letters = string.ascii_letters + string.digits
        return f"{prefix}_{''.join(self._dice.choices(letters, k=24))}"

    def owner_of(self, id: str) -> tuple["Account", Object]:
        """The account that has an object, and the object; ids are never used twice."""
        for account in self.accounts.values():
            found = account.find(id)
            if found is not None:
                return account, found
        raise errors.missing("object", id)

    # Time: the real one, plus what a test moved it forward

    def now(self) -> int:
        return int(time.time()) + self._ahead

    def later(self, seconds: int, job: Callable[[], object]) -> None:
        heapq.heappush(self._jobs, (self.now() + seconds, next(self._order), job))

    def advance(self, seconds: int) -> None:
        """Moves the clock forward, doing what falls due on the way at its own moment."""
        with self.lock:
            until = self.now() + seconds
            while self._jobs and self._jobs[0][0] <= until:
                due, _, job = heapq.heappop(self._jobs)
                self._ahead += max(0, due - self.now())
                job()
            self._ahead += max(0, until - self.now())

    def catch_up(self) -> None:
        """Does what has fallen due meanwhile; the server calls it every moment."""
        self.advance(0)


class Account:
    """One Stripe account's store. What another account has does not exist here."""

    def __init__(self, world: World, id: str, platform: "Account | None") -> None:
        self.world = world
        self.id = id
        self.platform = platform
        self._tables: dict[str, dict[str, Object]] = {}
        self._where: dict[str, str] = {}

    def make(self, kind: type[StripeObject], prefix: str, **values: Any) -> Object:
        """A new object of the library's class, kept under a new id."""
        if "livemode" in kind.__annotations__:
            values.setdefault("livemode", False)
        if "created" in kind.__annotations__:
            values.setdefault("created", self.world.now())
        return self.keep(shape(kind, id=self.world.new_id(prefix), **values))

    def keep(self, made: Object) -> Object:
        self._tables.setdefault(made["object"], {})[made["id"]] = made
        self._where[made["id"]] = made["object"]
        return made

    def get(self, kind: str, id: str, *, param: str = "id") -> Object:
        found = self._tables.get(kind, {}).get(id)
        if found is None:
            raise errors.missing(kind.rpartition(".")[2], id, param=param)
        return found

    def find(self, id: str) -> Object | None:
        """An object of any kind, or None."""
        return self._tables[self._where[id]][id] if id in self._where else None

    def all(self, kind: str) -> list[Object]:
        """Oldest first."""
        return list(self._tables.get(kind, {}).values())

    def counts(self) -> dict[str, int]:
        return {kind: len(table) for kind, table in self._tables.items()}

    def forget(self, kind: str, id: str) -> None:
        self._tables[kind].pop(id, None)
        self._where.pop(id, None)

    def emit(self, type: str, subject: Object, *, before: Object | None = None) -> Object:
        """Writes an event down and hands it to the endpoints that want it."""
        data: Object = {"object": copy.deepcopy(public(subject))}
        if before is not None:
            data["previous_attributes"] = before
        event = self.make(
            stripe.Event, "evt", type=type, data=data, api_version=API_VERSION, pending_webhooks=0,
            request=current_request.get() or {"id": None, "idempotency_key": None},
        )  # fmt: skip
        self.world.postman.post(
            event, account=self.id, platform=self.platform.id if self.platform else None
        )
        return event

    def change(self, subject: Object, **values: Any) -> Object:
        """Changes an object and answers what the changed fields were, for an event to say."""
        before = {name: copy.deepcopy(subject[name]) for name in values if name in subject}
        subject.update(values)
        return before


def public(subject: Object) -> Object:
    """The object without what only the fake itself needs to know."""
    return {name: value for name, value in subject.items() if not name.startswith("_")}
