"""Checkout sessions of the fake Stripe, through the official library."""

import pytest
import stripe

from tests.fake_stripe.payments import Declined


def test_a_session_is_opened_paid_and_fetched_with_all_it_led_to(
    fake_stripe, stripe_client, open_session
):
    session = open_session(
        amount=12_345, metadata={"gift": "7"}, client_reference_id="gift-7", submit_type="donate"
    )
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert session.url.startswith(fake_stripe.url)
    assert session.payment_intent is None

    fake_stripe.control.pay(session=session.id)

    paid = stripe_client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge.balance_transaction", "line_items"]}
    )
    booked = paid.payment_intent.latest_charge.balance_transaction
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert (paid.metadata["gift"], paid.client_reference_id) == ("7", "gift-7")
    assert paid.livemode is False
    assert (booked.amount, booked.fee, booked.net) == (12_345, 520, 11_825)
    assert paid.line_items.data[0].amount_total == 12_345


def test_line_items_are_absent_until_they_are_asked_for(stripe_client, open_session):
    session = stripe_client.v1.checkout.sessions.retrieve(open_session().id)
    with pytest.raises(AttributeError):
        _ = session.line_items
    listed = stripe_client.v1.checkout.sessions.line_items.list(session.id)
    assert [item.description for item in listed.data] == ["为社区花园捐款"]


def test_only_allowed_methods_that_suit_the_currency_and_the_mode_are_offered(open_session):
    allowed = ["card", "alipay", "wechat_pay"]
    assert open_session(allowed_payment_method_types=allowed).payment_method_types == allowed
    assert open_session(
        allowed_payment_method_types=allowed, currency="kwd", amount=1_500
    ).payment_method_types == ["card"]
    assert open_session(
        allowed_payment_method_types=allowed, monthly=True
    ).payment_method_types == ["card"]
    with pytest.raises(stripe.InvalidRequestError, match="No valid payment method types"):
        open_session(allowed_payment_method_types=["alipay"], monthly=True)


def test_a_refused_card_leaves_the_session_open_for_another(
    fake_stripe, stripe_client, open_session
):
    session = open_session()
    with pytest.raises(Declined):
        fake_stripe.control.pay(session=session.id, card="4000000000000002")

    tried = stripe_client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert tried.status == "open"
    assert tried.payment_intent.last_payment_error.decline_code == "generic_decline"

    fake_stripe.control.pay(session=session.id)
    paid = stripe_client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert paid.payment_intent.id == tried.payment_intent.id
    charges = stripe_client.v1.charges.list({"payment_intent": paid.payment_intent.id})
    assert [charge.status for charge in charges.data] == ["succeeded", "failed"]


def test_a_session_is_expired_by_a_call_or_by_time(fake_stripe, stripe_client, open_session):
    by_call, by_time, paid = open_session(), open_session(), open_session()
    fake_stripe.control.pay(session=paid.id)

    assert stripe_client.v1.checkout.sessions.expire(by_call.id).status == "expired"
    fake_stripe.control.advance(seconds=24 * 3600 + 1)

    assert stripe_client.v1.checkout.sessions.retrieve(by_time.id).status == "expired"
    assert stripe_client.v1.checkout.sessions.retrieve(paid.id).status == "complete"
    expired = stripe_client.v1.events.list({"type": "checkout.session.expired"})
    assert [event.data.object["id"] for event in expired.data] == [by_time.id, by_call.id]
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        stripe_client.v1.checkout.sessions.expire(paid.id)


def test_a_short_expiry_is_half_an_hour_at_least(fake_stripe, open_session):
    now = fake_stripe.world.now()
    assert open_session(expires_at=now + 1800).expires_at == now + 1800
    with pytest.raises(stripe.InvalidRequestError, match="at least 30 minutes"):
        open_session(expires_at=now + 600)


@pytest.mark.parametrize(
    ("values", "param"),
    [
        ({"mode": "subscription"}, "line_items[0]"),
        ({"submit_type": "donate", "monthly": True}, "submit_type"),
        ({"subscription_data": {"description": "x"}}, "subscription_data"),
        ({"customer": "cus_of_nobody"}, "customer"),
        ({"success_url": ""}, "success_url"),
    ],
)
def test_calls_that_do_not_fit_together_are_refused(open_session, values, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        open_session(**values)
    assert refused.value.param == param


def test_what_this_fake_does_not_do_is_refused_and_not_let_fall(open_session):
    with pytest.raises(stripe.InvalidRequestError, match="does not do automatic_tax"):
        open_session(automatic_tax={"enabled": True})
