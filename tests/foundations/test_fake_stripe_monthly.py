"""Monthly gifts at the fake Stripe: subscriptions, their invoices, cards that are refused."""

from datetime import UTC, datetime

import pytest
import stripe


@pytest.fixture
def monthly(stripe_client, paid_session):
    """A subscription of 50 yuan a month, with its first month paid."""
    session = paid_session(
        amount=5_000, monthly=True, subscription_data={"metadata": {"gift": "m1"}}
    )
    return stripe_client.v1.subscriptions.retrieve(session["subscription"])


def statuses(client, subscription):
    """The statuses of its invoices, oldest first."""
    listed = client.v1.invoices.list({"subscription": subscription.id}).data[::-1]
    return [invoice.status for invoice in listed]


def test_the_first_month_is_paid_and_leads_back_to_its_payment(stripe_client, monthly):
    assert (monthly.status, monthly.metadata["gift"]) == ("active", "m1")
    invoice = stripe_client.v1.invoices.retrieve(
        monthly.latest_invoice, {"expand": ["payments.data.payment.payment_intent"]}
    )
    details = invoice.parent.subscription_details
    assert (invoice.status, invoice.billing_reason) == ("paid", "subscription_create")
    assert (details.subscription, details.metadata["gift"]) == (monthly.id, "m1")
    intent = invoice.payments.data[0].payment.payment_intent
    assert (intent.status, intent.amount_received) == ("succeeded", 5_000)
    (kept,) = stripe_client.v1.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": intent.id}}
    ).data
    assert kept.invoice == invoice.id
    assert stripe_client.v1.customers.retrieve(monthly.customer).email == "donor@example.org"


def test_a_month_is_renewed_by_order_and_by_time(fake_stripe, stripe_client, monthly):
    first_end = monthly["items"].data[0].current_period_end
    assert fake_stripe.control.renew(subscription=monthly.id)["billing_reason"] == (
        "subscription_cycle"
    )
    renewed = stripe_client.v1.subscriptions.retrieve(monthly.id)
    assert renewed["items"].data[0].current_period_start == first_end

    ahead = renewed["items"].data[0].current_period_end - fake_stripe.world.now()
    fake_stripe.control.advance(seconds=ahead + 1)
    assert statuses(stripe_client, monthly) == ["paid"] * 3
    assert len(stripe_client.v1.balance_transactions.list({"type": "charge"}).data) == 3


def test_a_month_ends_on_the_same_day_or_the_months_last(fake_stripe, stripe_client, paid_session):
    now = datetime.fromtimestamp(fake_stripe.world.now(), UTC)
    last_of_january = datetime(now.year + 1, 1, 31, 12, tzinfo=UTC)
    fake_stripe.control.advance(seconds=int((last_of_january - now).total_seconds()))
    session = paid_session(amount=5_000, monthly=True)
    ends = []
    for _ in range(3):
        subscription = stripe_client.v1.subscriptions.retrieve(session["subscription"])
        end = subscription["items"].data[0].current_period_end
        ends.append(datetime.fromtimestamp(end, UTC).strftime("%m-%d"))
        fake_stripe.control.renew(subscription=subscription.id)
    assert ends[0] in ("02-28", "02-29")
    assert ends[1:] == ["03-31", "04-30"]


def test_a_refused_card_is_past_due_until_it_pays(fake_stripe, stripe_client, monthly):
    fake_stripe.control.fail_card(customer=monthly.customer)
    invoice = fake_stripe.control.renew(subscription=monthly.id)
    assert (invoice["status"], invoice["attempt_count"]) == ("open", 1)
    assert stripe_client.v1.subscriptions.retrieve(monthly.id).status == "past_due"
    with pytest.raises(stripe.CardError):
        stripe_client.v1.invoices.pay(invoice["id"])

    paid = stripe_client.v1.invoices.pay(invoice["id"], {"payment_method": "pm_card_visa"})

    assert (paid.status, paid.attempt_count) == ("paid", 3)
    assert stripe_client.v1.subscriptions.retrieve(monthly.id).status == "active"
    assert len(stripe_client.v1.events.list({"type": "invoice.payment_failed"}).data) == 2
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        stripe_client.v1.invoices.pay(invoice["id"])


def test_a_card_may_pay_now_and_be_refused_next_month(fake_stripe, stripe_client, paid_session):
    session = paid_session(amount=5_000, monthly=True, card="4000000000000341")
    assert fake_stripe.control.renew(subscription=session["subscription"])["status"] == "open"


def test_the_amount_is_changed_from_next_month(fake_stripe, stripe_client, monthly):
    item = monthly["items"].data[0]
    stripe_client.v1.subscriptions.update(
        monthly.id,
        {
            "proration_behavior": "none",
            "items": [{
                "id": item.id,
                "price_data": {
                    "currency": "cny", "product": item.price.product, "unit_amount": 8_000,
                    "recurring": {"interval": "month"},
                },
            }],
        },
    )  # fmt: skip
    assert fake_stripe.control.renew(subscription=monthly.id)["amount_paid"] == 8_000


def test_a_monthly_gift_ends_at_once_or_with_its_month(
    fake_stripe, stripe_client, monthly, paid_session
):
    assert stripe_client.v1.subscriptions.cancel(monthly.id).status == "canceled"
    other = paid_session(amount=5_000, monthly=True)["subscription"]
    ending = stripe_client.v1.subscriptions.update(other, {"cancel_at_period_end": True})
    assert (ending.status, ending.cancel_at_period_end) == ("active", True)

    fake_stripe.control.advance(seconds=32 * 24 * 3600)

    assert stripe_client.v1.subscriptions.retrieve(other).status == "canceled"
    assert len(stripe_client.v1.invoices.list().data) == 2
    assert stripe_client.v1.subscriptions.list().data == []
    assert len(stripe_client.v1.subscriptions.list({"status": "all"}).data) == 2


def test_a_paused_gift_costs_nothing(fake_stripe, stripe_client, monthly):
    stripe_client.v1.subscriptions.update(monthly.id, {"pause_collection": {"behavior": "void"}})
    assert fake_stripe.control.renew(subscription=monthly.id)["status"] == "void"
    stripe_client.v1.subscriptions.update(monthly.id, {"pause_collection": ""})
    assert fake_stripe.control.renew(subscription=monthly.id)["status"] == "paid"


def test_a_first_card_that_is_refused_makes_nothing(fake_stripe, stripe_client, open_session):
    from tests.fake_stripe.errors import Refused

    session = open_session(amount=5_000, monthly=True)
    with pytest.raises(Refused):
        fake_stripe.control.pay(session=session.id, card="4000000000000002")
    assert stripe_client.v1.subscriptions.list({"status": "all"}).data == []
    assert stripe_client.v1.checkout.sessions.retrieve(session.id).status == "open"
