"""What a test, a bench or the demo may order: everything at Stripe that is not ours to decide.

The same names over HTTP: `POST /_control/renew` with the arguments as JSON.
"""

import json
from typing import Any

from tests.fake_stripe import balance, checkout, connect, disputes, refunds, subscriptions
from tests.fake_stripe.cards import CARDS, VISA
from tests.fake_stripe.errors import Refused
from tests.fake_stripe.payments import Payer
from tests.fake_stripe.server import Answer, Api
from tests.fake_stripe.store import Account, Object, World, public
from tests.fake_stripe.webhooks import Mishaps


class Controls:
    """Orders to one fake Stripe. Ids in, the changed object out."""

    def __init__(self, world: World, api: Api) -> None:
        self._world = world
        self._api = api

    # Deliveries

    def hold(self) -> None:
        """Keeps every delivery back until `release`."""
        self._world.postman.mishaps.held = True

    def release(self, *, shuffled: bool = False) -> int:
        return self._world.postman.release(shuffled=shuffled)

    def drop_next(self, *, count: int = 1) -> None:
        """The next deliveries never arrive and are not tried again."""
        self._world.postman.mishaps.drop_next += count

    def drop_share(self, *, share: float) -> None:
        """Each delivery is lost with this chance (0 to 1), by the seed's dice."""
        self._world.postman.mishaps.drop_share = share

    def duplicate(self, *, copies: int) -> None:
        """Everything is delivered so many times."""
        self._world.postman.mishaps.copies = copies

    def shuffle(self, *, shuffled: bool = True) -> None:
        """Deliveries overtake one another on the way."""
        self._world.postman.mishaps.shuffled = shuffled

    def calm(self) -> None:
        """No more mishaps; what was held is let go."""
        self._world.postman.mishaps = Mishaps()
        self._world.postman.release()

    def resend(self, *, event: str) -> None:
        """Delivers an event again, as the button at Stripe's dashboard does."""
        with self._world.lock:
            account, found = self._world.owner_of(event)
            platform = account.platform.id if account.platform else None
            self._world.postman.post(found, account=account.id, platform=platform)

    def wait_until_idle(self, *, seconds: float = 30) -> None:
        self._world.postman.wait_until_idle(seconds=seconds)

    # The API's own moods

    def rate_limit(self, *, per_second: int | None) -> None:
        self._api.faults.per_second = per_second

    def fail_next(self, *, fault: str, count: int = 1) -> None:
        """The next calls meet a "rate_limit", an "outage", or do their work and are "lost"."""
        if fault not in ("rate_limit", "outage", "lost"):
            raise Refused(f"There is no such fault: {fault}")
        self._api.faults.next.extend([fault] * count)

    def slow(self, *, seconds: float) -> None:
        """Every call takes this long, and holds its idempotency key meanwhile."""
        self._api.faults.slow = seconds

    # Time

    def advance(self, *, seconds: int) -> int:
        """Moves the clock; what falls due on the way is done. The new time."""
        self._world.advance(seconds)
        return self._world.now()

    # Donors and their banks

    def pay(self, *, session: str, method: str = "card", card: str = VISA.number,
            email: str = "donor@example.org", name: str = "Test Donor") -> Object:  # fmt: skip
        """Pays a session as the hosted page does; raises where the card is refused."""
        with self._world.lock:
            account, found = self._world.owner_of(session)
            payer = Payer(email=email, name=name, card=CARDS[card])
            return public(checkout.pay_session(account, found, method=method, payer=payer))

    def promise(self, *, session: str, succeeds: bool, email: str = "donor@example.org") -> Object:
        """Pays a session by a method that is decided later."""
        with self._world.lock:
            account, found = self._world.owner_of(session)
            payer = Payer(email=email, name="Test Donor")
            return public(checkout.promise_session(account, found, succeeds=succeeds, payer=payer))

    def decide(self, *, session: str, succeeds: bool) -> bool:
        """Decides at once what was promised; False when it was decided before."""
        with self._world.lock:
            account, found = self._world.owner_of(session)
            return checkout.decide_session(account, found, succeeds=succeeds)

    def renew(self, *, subscription: str) -> Object | None:
        """The next month, now. Its invoice."""
        with self._world.lock:
            account, found = self._world.owner_of(subscription)
            invoice = subscriptions.renew(account, found)
            return public(invoice) if invoice else None

    def fail_card(self, *, customer: str) -> None:
        """The customer's card is refused from now on, until they give another."""
        self._world.outcomes.failing_cards.add(customer)

    def mend_card(self, *, customer: str) -> None:
        self._world.outcomes.failing_cards.discard(customer)

    def dispute(self, *, payment: str, reason: str = "fraudulent", withdraw: bool = True) -> Object:
        """The bank disputes a charge (or an intent's charge)."""
        with self._world.lock:
            account, charge = self._charge(payment)
            opened = disputes.open_dispute(account, charge, reason=reason, withdraw=withdraw)
            return public(opened)

    def withdraw(self, *, dispute: str) -> None:
        with self._world.lock:
            disputes.withdraw_funds(*self._world.owner_of(dispute))

    def close_dispute(self, *, dispute: str, won: bool) -> Object:
        with self._world.lock:
            account, found = self._world.owner_of(dispute)
            return public(disputes.close_dispute(account, found, won=won))

    # The foundation, at Stripe's own dashboard

    def refund(self, *, payment: str, amount: int | None = None) -> Object:
        """A refund that our site did not ask for."""
        with self._world.lock:
            account, charge = self._charge(payment)
            values = {"charge": charge["id"]} | ({"amount": amount} if amount else {})
            return public(refunds.refund(account, values))

    def next_refund(self, *, outcome: str) -> None:
        """What becomes of the next refund: a word of `refunds.OUTCOMES`."""
        if outcome not in refunds.OUTCOMES:
            raise Refused(f"There is no such outcome: {outcome}")
        self._world.outcomes.refunds.append(outcome)

    def settle_refund(self, *, refund: str, status: str) -> bool:
        """The bank's last word now: "succeeded" or "failed"."""
        with self._world.lock:
            account, found = self._world.owner_of(refund)
            return refunds.settle_refund(account, found, status=status)

    def pay_out(self, *, account: str, currency: str = "cny") -> Object:
        """Stripe's automatic payout of everything not paid out before."""
        with self._world.lock:
            return public(balance.pay_out_all(self._world.accounts[account], currency=currency))

    def fail_payout(self, *, payout: str) -> Object:
        with self._world.lock:
            account, found = self._world.owner_of(payout)
            return public(balance.fail_payout(account, found))

    # Setting up

    def connect_account(
        self, *, platform: str, ready: bool = True, account: str | None = None, **values: Any
    ) -> Object:
        """A connected account, set up already unless `ready` is off."""
        with self._world.lock:
            made = connect.connect_account(
                self._world.accounts[platform], values, ready=ready, named=account
            )
            return public(made)

    def register_endpoint(
        self, *, account: str, url: str, secret: str | None = None, connect_events: bool = False,
        events: list[str] | None = None,
    ) -> Object:  # fmt: skip
        """Where events go, with a secret of one's own choosing."""
        values = {"url": url, "connect": connect_events, "enabled_events": events or ["*"]}
        with self._world.lock:
            return connect.register_endpoint(self._world.accounts[account], values, secret=secret)

    def state(self) -> Object:
        """Counts of what there is, for a look from outside."""
        with self._world.lock:
            return {
                "now": self._world.now(),
                "held": self._world.postman.waiting(),
                "dropped": len(self._world.postman.dropped),
                "attempts": len(self._world.postman.attempts),
                "accounts": {
                    name: account.counts() for name, account in self._world.accounts.items()
                },
            }

    def _charge(self, payment: str) -> tuple[Account, Object]:
        account, found = self._world.owner_of(payment)
        if found["object"] == "payment_intent":
            found = account.get("charge", found["latest_charge"])
        return account, found


ORDERS = {name for name in vars(Controls) if not name.startswith("_")}


def door(controls: Controls) -> Any:
    """`POST /_control/<name>` with JSON arguments."""

    def answer(method: str, target: str, headers: Any, body: str) -> Answer:
        name = target.partition("?")[0].removeprefix("/_control/")
        if method == "GET" and name in ("", "state"):
            return Answer.json(200, controls.state() | {"orders": sorted(ORDERS)})
        if method != "POST" or name not in ORDERS:
            return Answer.json(404, {"error": {"message": f"There is no such order: {name}"}})
        try:
            result = getattr(controls, name)(**json.loads(body or "{}"))
        except Refused as refusal:
            return Answer.json(refusal.status, refusal.body)
        except (TypeError, ValueError, KeyError, TimeoutError) as reason:
            return Answer.json(400, {"error": {"message": f"{type(reason).__name__}: {reason}"}})
        return Answer.json(200, {"result": result})

    return answer
