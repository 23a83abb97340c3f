"""Payouts of the fake Stripe, and which movements each consists of."""

import pytest
import stripe

from tests.fake_stripe import PLATFORM


def test_a_payout_is_the_sum_of_what_it_consists_of(fake_stripe, stripe_client, paid_session):
    session = paid_session(amount=50_000)
    paid_session(amount=20_000)
    stripe_client.v1.refunds.create({"payment_intent": session["payment_intent"], "amount": 5_000})
    first = fake_stripe.control.pay_out(account=PLATFORM)
    paid_session(amount=30_000)
    second = fake_stripe.control.pay_out(account=PLATFORM)

    for payout in (first, second):
        booked = stripe_client.v1.balance_transactions.list(
            {"payout": payout["id"], "limit": 100}
        ).data
        paid = [item for item in booked if item.type == "payout"]
        others = [item for item in booked if item.type != "payout"]
        assert [item.amount for item in paid] == [-payout["amount"]]
        assert sum(item.net for item in others) == payout["amount"]
    assert first["amount"] == 50_000 - 1_800 + 20_000 - 780 - 5_000
    assert second["amount"] == 30_000 - 1_120


def test_a_payout_arrives_a_day_later(fake_stripe, stripe_client, paid_session):
    paid_session()
    payout = fake_stripe.control.pay_out(account=PLATFORM)
    assert payout["status"] == "in_transit"
    fake_stripe.control.advance(seconds=24 * 3600)
    assert stripe_client.v1.payouts.retrieve(payout["id"]).status == "paid"
    types = {event.type for event in stripe_client.v1.events.list({"type": "payout.*"})}
    assert types == {"payout.created", "payout.paid", "payout.reconciliation_completed"}


def test_a_failed_payout_is_on_the_balance_again(fake_stripe, stripe_client, paid_session):
    paid_session()
    payout = fake_stripe.control.pay_out(account=PLATFORM)
    fake_stripe.control.fail_payout(payout=payout["id"])
    fake_stripe.control.advance(seconds=3 * 24 * 3600)
    assert stripe_client.v1.payouts.retrieve(payout["id"]).status == "failed"
    (back,) = stripe_client.v1.balance_transactions.list({"type": "payout_failure"}).data
    assert back.amount == payout["amount"]
    assert stripe_client.v1.balance.retrieve().available[0].amount == payout["amount"]


def test_a_payout_that_was_asked_for_cannot_exceed_what_is_available(
    fake_stripe, stripe_client, paid_session
):
    paid_session()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stripe_client.v1.payouts.create({"amount": 9_000, "currency": "cny"})
    assert refused.value.code == "balance_insufficient"
    fake_stripe.control.advance(seconds=2 * 24 * 3600)
    payout = stripe_client.v1.payouts.create({"amount": 9_000, "currency": "cny"})
    assert stripe_client.v1.balance.retrieve().available[0].amount == 560
    with pytest.raises(stripe.InvalidRequestError, match="only be filtered on automatic payouts"):
        stripe_client.v1.balance_transactions.list({"payout": payout.id})
    assert stripe_client.v1.payouts.cancel(payout.id).status == "canceled"
    assert stripe_client.v1.balance.retrieve().available[0].amount == 9_560


def test_a_currency_is_paid_out_by_itself(fake_stripe, paid_session):
    paid_session(amount=10_000, currency="cny")
    paid_session(amount=1_000, currency="jpy")
    assert fake_stripe.control.pay_out(account=PLATFORM, currency="jpy")["amount"] == 926
    assert fake_stripe.control.pay_out(account=PLATFORM, currency="cny")["amount"] == 9_560
