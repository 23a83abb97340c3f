"""The same core calls against the real Stripe, in its test mode.

Skipped unless STRIPE_TEST_SECRET_KEY holds an sk_test_ key; without it nothing outside is
contacted. STRIPE_TEST_CURRENCY names a currency the account can charge (usd unless told). What
passes here and fails at the fake, or the other way, is a mistake of the fake.

    STRIPE_TEST_SECRET_KEY=sk_test_... make test PYTEST_ARGS="-k against_real_stripe"
"""

import os
import time
import uuid

import pytest
import stripe

from tests.fake_stripe import FakeStripe, parameters

KEY = os.environ.get("STRIPE_TEST_SECRET_KEY", "")
CURRENCY = os.environ.get("STRIPE_TEST_CURRENCY", "usd")


@pytest.fixture(params=["fake", "real"])
def client(request):
    """Either Stripe: so both are held to the same words."""
    if request.param == "fake":
        with FakeStripe() as fake:
            yield fake.client()
        return
    if not KEY:
        pytest.skip("no STRIPE_TEST_SECRET_KEY")
    if not KEY.startswith("sk_test_"):
        pytest.fail("STRIPE_TEST_SECRET_KEY must be a test key")
    yield stripe.StripeClient(KEY, max_network_retries=2)


def session_call(**values):
    price = {"currency": CURRENCY, "unit_amount": 2_000, "product_data": {"name": "Gift"}}
    call = {
        "mode": "payment",
        "line_items": [{"price_data": price, "quantity": 1}],
        "success_url": "https://example.org/thanks?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://example.org/give",
        "allowed_payment_method_types": ["card"],
    }
    return call | values


def pay(client, **values):
    call = {
        "amount": 2_000, "currency": CURRENCY, "confirm": True, "payment_method": "pm_card_visa",
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }  # fmt: skip
    return client.v1.payment_intents.create(call | values)


def test_a_session_is_opened_read_and_expired(client):
    session = client.v1.checkout.sessions.create(
        session_call(
            metadata={"gift": "7"}, client_reference_id="gift-7", submit_type="donate",
            expires_at=int(time.time()) + 1_900, payment_intent_data={"metadata": {"gift": "7"}},
        )
    )  # fmt: skip
    assert (session.status, session.payment_status, session.livemode) == ("open", "unpaid", False)
    assert session.payment_intent is None
    assert session.amount_total == 2_000
    assert session.metadata["gift"] == "7"
    expired = client.v1.checkout.sessions.expire(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.expire(session.id)


def test_a_payment_has_a_balance_transaction_whose_parts_add_up(client):
    intent = pay(client)
    deadline = time.monotonic() + 30
    while True:
        charge = client.v1.charges.retrieve(
            intent.latest_charge, {"expand": ["balance_transaction"]}
        )
        if charge.balance_transaction or time.monotonic() > deadline:
            break
        time.sleep(1)
    booked = charge.balance_transaction
    assert (intent.status, charge.status) == ("succeeded", "succeeded")
    assert booked.amount - booked.fee == booked.net
    assert (booked.type, booked.source) == ("charge", charge.id)


def test_a_declined_card_is_a_card_error(client):
    with pytest.raises(stripe.CardError) as refused:
        pay(client, payment_method="pm_card_visa_chargeDeclined")
    assert (refused.value.http_status, refused.value.code) == (402, "card_declined")


def test_a_refund_in_part_and_too_much(client):
    intent = pay(client)
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 500})
    assert refund.status in ("succeeded", "pending")
    assert client.v1.charges.retrieve(refund.charge).amount_refunded == 500
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 1_501})


def test_an_idempotency_key_replays_and_conflicts(client):
    key = {"idempotency_key": str(uuid.uuid4())}
    first = client.v1.customers.create({"email": "a@example.org"}, key)
    assert client.v1.customers.create({"email": "a@example.org"}, key).id == first.id
    with pytest.raises(stripe.IdempotencyError):
        client.v1.customers.create({"email": "b@example.org"}, key)


@pytest.mark.parametrize(
    ("values", "param"),
    [
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"colour": "red"}, "colour"),
        ({"payment_intent_data": {"colour": "red"}}, "payment_intent_data[colour]"),
    ],
)
def test_unknown_parameters_are_refused(client, values, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.checkout.sessions.create(session_call(**values))
    assert refused.value.code == "parameter_unknown"
    assert refused.value.param == param


def test_what_is_not_there_is_404(client):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.retrieve("pi_of_nobody")
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_events_are_listed_newest_first_and_filtered(client):
    intent = pay(client)
    listed = client.v1.events.list({"types": ["payment_intent.succeeded"], "limit": 5}).data
    assert intent.id in {event.data.object["id"] for event in listed}
    assert [event.created for event in listed] == sorted(
        (event.created for event in listed), reverse=True
    )


def test_the_call_of_this_suite_is_one_the_library_has():
    known = parameters.names("checkout.SessionCreateParams")
    assert session_call().keys() <= known
