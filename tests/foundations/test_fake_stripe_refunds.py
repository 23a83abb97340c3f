"""Refunds and disputes of the fake Stripe, each movement of the balance by itself."""

import pytest
import stripe


def movements(client):
    """Type, category, amount and fee of every balance transaction, oldest first."""
    listed = client.v1.balance_transactions.list({"limit": 100}).data[::-1]
    return [(item.type, item.reporting_category, item.amount, item.fee) for item in listed]


def charge_of(client, session):
    intent = client.v1.payment_intents.retrieve(session["payment_intent"])
    return client.v1.charges.retrieve(intent.latest_charge, {"expand": ["refunds"]})


CHARGED = ("charge", "charge", 10_000, 440)


def test_a_refund_in_part_and_the_rest(stripe_client, paid_session):
    session = paid_session()
    first = stripe_client.v1.refunds.create(
        {"payment_intent": session["payment_intent"], "amount": 4_000, "metadata": {"why": "x"}}
    )
    assert (first.status, first.metadata["why"]) == ("succeeded", "x")
    assert charge_of(stripe_client, session).refunded is False

    rest = stripe_client.v1.refunds.create({"charge": first.charge})

    charge = charge_of(stripe_client, session)
    assert rest.amount == 6_000
    assert (charge.refunded, charge.amount_refunded) == (True, 10_000)
    assert {refund.id for refund in charge.refunds.data} == {first.id, rest.id}
    assert movements(stripe_client) == [
        CHARGED, ("refund", "refund", -4_000, 0), ("refund", "refund", -6_000, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (10_001, None),
        (0, "parameter_invalid_integer"),
    ],
)
def test_amounts_that_cannot_be_refunded(stripe_client, paid_session, amount, code):
    session = paid_session()
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stripe_client.v1.refunds.create(
            {"payment_intent": session["payment_intent"], "amount": amount}
        )
    assert refused.value.code == code
    assert movements(stripe_client) == [CHARGED]


def test_a_second_full_refund_is_refused(stripe_client, paid_session):
    session = paid_session()
    stripe_client.v1.refunds.create({"payment_intent": session["payment_intent"]})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stripe_client.v1.refunds.create({"payment_intent": session["payment_intent"]})
    assert refused.value.code == "charge_already_refunded"


def test_a_wallets_refund_is_booked_as_such(stripe_client, paid_session):
    session = paid_session(method="alipay")
    refund = stripe_client.v1.refunds.create({"payment_intent": session["payment_intent"]})
    assert refund.id.startswith("pyr_")
    assert movements(stripe_client)[-1] == ("payment_refund", "refund", -10_000, 0)


def test_a_pending_refund_arrives_later(fake_stripe, stripe_client, paid_session):
    session = paid_session(card="4000000000007726")
    refund = stripe_client.v1.refunds.create({"payment_intent": session["payment_intent"]})
    assert (refund.status, refund.pending_reason) == ("pending", "processing")

    fake_stripe.control.advance(seconds=24 * 3600)

    assert stripe_client.v1.refunds.retrieve(refund.id).status == "succeeded"
    assert len(stripe_client.v1.events.list({"type": "refund.updated"}).data) == 1


@pytest.mark.parametrize("outcome", ["failed", "pending_failed"])
def test_a_failed_refund_brings_the_money_back(fake_stripe, stripe_client, paid_session, outcome):
    session = paid_session()
    fake_stripe.control.next_refund(outcome=outcome)
    refund = stripe_client.v1.refunds.create({"payment_intent": session["payment_intent"]})
    assert refund.status == ("pending" if outcome == "pending_failed" else "succeeded")

    fake_stripe.control.advance(seconds=24 * 3600)

    failed = stripe_client.v1.refunds.retrieve(
        refund.id, {"expand": ["failure_balance_transaction"]}
    )
    assert (failed.status, failed.failure_balance_transaction.amount) == ("failed", 10_000)
    assert charge_of(stripe_client, session).amount_refunded == 0
    assert movements(stripe_client)[1:] == [
        ("refund", "refund", -10_000, 0), ("refund_failure", "refund_failure", 10_000, 0),
    ]  # fmt: skip
    assert len(stripe_client.v1.events.list({"type": "refund.failed"}).data) == 1


def test_a_pending_refund_is_canceled_and_a_done_one_is_not(
    fake_stripe, stripe_client, paid_session
):
    fake_stripe.control.next_refund(outcome="pending")
    pending = stripe_client.v1.refunds.create(
        {"charge": charge_of(stripe_client, paid_session()).id}
    )
    assert stripe_client.v1.refunds.cancel(pending.id).status == "canceled"
    done = stripe_client.v1.refunds.create({"charge": charge_of(stripe_client, paid_session()).id})
    with pytest.raises(stripe.InvalidRequestError, match="no longer pending"):
        stripe_client.v1.refunds.cancel(done.id)


def test_a_refund_at_stripes_own_dashboard_is_heard_of(fake_stripe, stripe_client, paid_session):
    session = paid_session()
    refund = fake_stripe.control.refund(payment=session["payment_intent"], amount=2_500)
    (event,) = stripe_client.v1.events.list({"type": "charge.refunded"}).data
    assert event.data.object["amount_refunded"] == 2_500
    assert event.data.previous_attributes["amount_refunded"] == 0
    assert event.request.id is None
    assert stripe_client.v1.refunds.retrieve(refund["id"]).amount == 2_500


# Disputes


def test_a_dispute_takes_the_money_with_a_fee_and_a_won_one_brings_it_back(
    fake_stripe, stripe_client, paid_session
):
    session = paid_session()
    opened = fake_stripe.control.dispute(payment=session["payment_intent"])
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stripe_client.v1.refunds.create({"payment_intent": session["payment_intent"]})
    assert refused.value.code == "charge_disputed"

    stripe_client.v1.disputes.update(
        opened["id"], {"evidence": {"uncategorized_text": "winning_evidence"}, "submit": True}
    )

    dispute = stripe_client.v1.disputes.retrieve(opened["id"])
    assert dispute.status == "won"
    assert [item.amount for item in dispute.balance_transactions] == [-10_000, 10_000]
    assert movements(stripe_client)[1:] == [
        ("adjustment", "dispute", -10_000, 10_000),
        ("adjustment", "dispute_reversal", 10_000, 0),
    ]
    types = [event.type for event in stripe_client.v1.events.list({"type": "charge.dispute.*"})]
    assert types[::-1] == [
        "charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.updated",
        "charge.dispute.funds_reinstated", "charge.dispute.closed",
    ]  # fmt: skip
    assert stripe_client.v1.refunds.create({"payment_intent": session["payment_intent"]}).amount


def test_a_lost_dispute_gives_nothing_back(fake_stripe, stripe_client, paid_session):
    session = paid_session(card="4000000000000259")  # is disputed at once
    (opened,) = stripe_client.v1.disputes.list().data
    assert stripe_client.v1.disputes.close(opened.id).status == "lost"
    assert sum(amount - fee for _, _, amount, fee in movements(stripe_client)) == -10_440
    with pytest.raises(stripe.InvalidRequestError):
        stripe_client.v1.refunds.create({"payment_intent": session["payment_intent"]})


def test_withdrawal_may_follow_the_dispute_later(fake_stripe, stripe_client, paid_session):
    session = paid_session()
    opened = fake_stripe.control.dispute(payment=session["payment_intent"], withdraw=False)
    assert movements(stripe_client) == [CHARGED]
    fake_stripe.control.withdraw(dispute=opened["id"])
    fake_stripe.control.withdraw(dispute=opened["id"])
    assert movements(stripe_client)[1:] == [("adjustment", "dispute", -10_000, 10_000)]
