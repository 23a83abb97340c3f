"""Fixtures that a folder of tests takes by importing them in its conftest.py."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import stripe

from tests.fake_stripe import PLATFORM, FakeStripe
from tests.fake_stripe.listener import Listener

SECRET = "whsec_of_the_platform"
CONNECT_SECRET = "whsec_of_connect"


@pytest.fixture
def fake_stripe() -> Iterator[FakeStripe]:
    """A fake Stripe of this test's own; failed deliveries are tried again within a blink."""
    with FakeStripe(retry_after=(0.05, 0.1, 0.2)) as fake:
        yield fake


@pytest.fixture
def stripe_client(fake_stripe: FakeStripe) -> stripe.StripeClient:
    """The official library, pointed at this test's fake Stripe."""
    return fake_stripe.client()


@pytest.fixture
def listener(fake_stripe: FakeStripe) -> Iterator[Listener]:
    """An endpoint of the platform's own events, registered with SECRET."""
    heard = Listener().start()
    fake_stripe.control.register_endpoint(account=PLATFORM, url=heard.url, secret=SECRET)
    yield heard
    heard.stop()


@pytest.fixture
def open_session(stripe_client: stripe.StripeClient) -> Callable[..., Any]:
    """`open_session(amount=..., currency=..., **what create takes)`: a session, open."""

    def make(
        *, amount: int = 10_000, currency: str = "cny", monthly: bool = False,
        account: str | None = None, **values: Any,
    ) -> Any:  # fmt: skip
        price: dict[str, Any] = {
            "currency": currency, "unit_amount": amount, "product_data": {"name": "为社区花园捐款"},
        }  # fmt: skip
        if monthly:
            price["recurring"] = {"interval": "month"}
        call: Any = {
            "mode": "subscription" if monthly else "payment",
            "line_items": [{"price_data": price, "quantity": 1}],
            "success_url": "http://site.example/thanks/?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://site.example/give/",
        }
        options: Any = {"stripe_account": account} if account else {}
        made: Any = stripe_client.v1.checkout.sessions.create(call | values, options)
        return made

    return make


@pytest.fixture
def paid_session(fake_stripe: FakeStripe, open_session: Any) -> Callable[..., Any]:
    """`paid_session(...)`: the same, paid by card (`card=`) or `method=`; as a dict."""

    def make(*, card: str = "4242424242424242", method: str = "card", **values: Any) -> Any:
        session = open_session(**values)
        return fake_stripe.control.pay(session=session.id, card=card, method=method)

    return make
