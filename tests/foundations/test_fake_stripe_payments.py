"""Payments of the fake Stripe: methods, fees, currencies, decisions that come later."""

import pytest
import stripe


def booked_for(client, session):
    intent = client.v1.payment_intents.retrieve(
        session["payment_intent"], {"expand": ["latest_charge.balance_transaction"]}
    )
    return intent.latest_charge.balance_transaction


@pytest.mark.parametrize(
    ("currency", "amount", "fee"),
    [("cny", 10_000, 440), ("jpy", 1_000, 74), ("kwd", 12_340, 510), ("usd", 2_501, 115)],
)
def test_amount_less_fee_is_net_in_every_exponent(
    stripe_client, paid_session, currency, amount, fee
):
    booked = booked_for(stripe_client, paid_session(amount=amount, currency=currency))
    assert (booked.currency, booked.amount) == (currency, amount)
    assert (booked.fee, booked.net) == (fee, amount - fee)
    assert [detail.amount for detail in booked.fee_details] == [fee]


@pytest.mark.parametrize("method", ["alipay", "wechat_pay"])
def test_wallets_are_booked_as_payments_and_cost_less(stripe_client, paid_session, method):
    session = paid_session(method=method)
    booked = booked_for(stripe_client, session)
    charge = stripe_client.v1.charges.retrieve(booked.source)
    assert (booked.type, booked.fee) == ("payment", 320)
    assert charge.id.startswith("py_")
    assert charge.payment_method_details.type == method


@pytest.mark.parametrize(
    ("currency", "amount", "code"),
    [
        ("cny", 399, "amount_too_small"),
        ("cny", 100_000_000, "amount_too_large"),
        ("kwd", 1_234, "parameter_invalid_integer"),
    ],
)
def test_amounts_out_of_bounds_are_refused(open_session, currency, amount, code):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        open_session(amount=amount, currency=currency)
    assert refused.value.code == code


@pytest.mark.parametrize("succeeds", [True, False])
def test_a_method_decided_later_is_pending_until_then(
    fake_stripe, stripe_client, open_session, succeeds
):
    session = open_session(metadata={"gift": "9"})
    fake_stripe.control.promise(session=session.id, succeeds=succeeds)

    pending = stripe_client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent"]}
    )
    assert (pending.status, pending.payment_status) == ("complete", "unpaid")
    assert pending.payment_intent.status == "processing"
    assert stripe_client.v1.balance_transactions.list().data == []

    fake_stripe.control.advance(seconds=24 * 3600)

    decided = stripe_client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent"]}
    )
    booked = stripe_client.v1.balance_transactions.list().data
    word = "succeeded" if succeeds else "failed"
    events = stripe_client.v1.events.list({"type": f"checkout.session.async_payment_{word}"})
    assert [event.data.object["metadata"]["gift"] for event in events.data] == ["9"]
    assert decided.payment_status == ("paid" if succeeds else "unpaid")
    assert decided.payment_intent.status == ("succeeded" if succeeds else "requires_payment_method")
    assert [item.amount for item in booked] == ([10_000] if succeeds else [])


def test_a_decision_is_made_once_whichever_way_it_was_foreseen(fake_stripe, open_session):
    session = open_session()
    fake_stripe.control.promise(session=session.id, succeeds=True)
    assert fake_stripe.control.decide(session=session.id, succeeds=False)
    assert not fake_stripe.control.decide(session=session.id, succeeds=True)
    fake_stripe.control.advance(seconds=2 * 24 * 3600)
    _, found = fake_stripe.world.owner_of(session.id)
    assert found["payment_status"] == "unpaid"


def test_the_first_event_of_a_charge_does_not_yet_name_its_balance_transaction(
    stripe_client, paid_session
):
    paid_session()
    (first,) = stripe_client.v1.events.list({"type": "charge.succeeded"}).data
    (second,) = stripe_client.v1.events.list({"type": "charge.updated"}).data
    assert first.data.object["balance_transaction"] is None
    assert second.data.object["balance_transaction"].startswith("txn_")


def test_an_intent_is_made_and_confirmed_by_call(stripe_client):
    intent = stripe_client.v1.payment_intents.create(
        {"amount": 5_000, "currency": "cny", "confirm": True, "payment_method": "pm_card_visa"}
    )
    assert (intent.status, intent.amount_received) == ("succeeded", 5_000)
    with pytest.raises(stripe.InvalidRequestError, match="cannot cancel"):
        stripe_client.v1.payment_intents.cancel(intent.id)


def test_a_declined_card_is_stripes_card_error(stripe_client):
    with pytest.raises(stripe.CardError) as refused:
        stripe_client.v1.payment_intents.create(
            {
                "amount": 5_000, "currency": "cny", "confirm": True,
                "payment_method": "pm_card_chargeDeclinedInsufficientFunds",
            }
        )  # fmt: skip
    assert (refused.value.http_status, refused.value.code) == (402, "card_declined")
    assert refused.value.error.decline_code == "insufficient_funds"


def test_an_intent_that_nobody_pays_is_canceled(stripe_client):
    intent = stripe_client.v1.payment_intents.create({"amount": 5_000, "currency": "cny"})
    canceled = stripe_client.v1.payment_intents.cancel(
        intent.id, {"cancellation_reason": "abandoned"}
    )
    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")


def test_money_becomes_available_after_two_days(fake_stripe, stripe_client, paid_session):
    session = paid_session()
    assert booked_for(stripe_client, session).status == "pending"
    assert stripe_client.v1.balance.retrieve().pending[0].amount == 9_560
    fake_stripe.control.advance(seconds=2 * 24 * 3600)
    assert booked_for(stripe_client, session).status == "available"
    assert stripe_client.v1.balance.retrieve().available[0].amount == 9_560
