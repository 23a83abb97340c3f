"""What is said to Stripe, and how its answers are understood."""

from __future__ import annotations

import pytest

from foundations.actions.books import create_fund
from foundations.gateway import GatewayRefused, GatewayUnreachable, PaymentStatus, get_gateway
from foundations.models import Gift, MonthlyGift
from tests.foundations.gateway_cast import ACCOUNT, begin_gift, begin_monthly

pytestmark = pytest.mark.django_db
URLS = {"success_url": "https://linli.example/thanks/", "cancel_url": "https://linli.example/"}


def test_a_page_opens_in_the_foundations_own_account(shop, stripe_client, fund):
    gift = begin_gift(fund, 12_345, language="en")
    session = stripe_client.v1.checkout.sessions.retrieve(
        gift.session_ref, options={"stripe_account": ACCOUNT}
    )
    assert (session.amount_total, session.currency, session.locale) == (12_345, "cny", "en")
    assert session.client_reference_id == session.metadata["gift"] == gift.number
    assert session.customer_email == gift.donor.email
    assert session.payment_method_types == ["card", "alipay", "wechat_pay"]
    assert 30 * 60 <= session.expires_at - session.created <= 35 * 60
    shop.control.pay(session=session.id)
    intent = stripe_client.v1.payment_intents.list(options={"stripe_account": ACCOUNT}).data[0]
    assert intent.metadata["gift"] == gift.number


def test_the_same_payment_twice_is_the_same_page(shop, fund):
    gift = begin_gift(fund)
    gateway = get_gateway("stripe")
    again = gateway.start(payment=gift, email=gift.donor.email, **URLS | {
        "cancel_url": "https://linli.example/give/"})  # fmt: skip
    assert again.session_ref == gift.session_ref
    assert again.url


def test_a_monthly_gift_is_by_card_and_carries_its_number(shop, stripe_client, fund):
    monthly = begin_monthly(fund)
    options = {"stripe_account": ACCOUNT}
    session = stripe_client.v1.checkout.sessions.retrieve(monthly.session_ref, options=options)
    assert (session.mode, session.payment_method_types) == ("subscription", ["card"])
    shop.control.pay(session=session.id)
    state = get_gateway("stripe").fetch_monthly(monthly=monthly)
    assert (state.status, state.monthly_number) == (MonthlyGift.State.ACTIVE, monthly.number)
    assert (state.amount_minor, state.currency) == (5_000, "CNY")
    assert state.next_at is not None


@pytest.mark.parametrize(
    ("currency", "amount_minor", "code"),
    [
        ("CNY", 399, "amount_too_small"),
        ("CNY", 100_000_000, "amount_too_large"),
        ("KWD", 1_234, "amount_last_digit"),
        ("JPY", 49, "amount_too_small"),
    ],
)
def test_an_amount_that_stripe_does_not_take_is_refused_with_a_code(
    shop, foundation, currency, amount_minor, code
):
    fund = create_fund(foundation=foundation, name="外币", purpose="书", currency=currency, by=None)
    with pytest.raises(GatewayRefused) as refused:
        begin_gift(fund, amount_minor)
    assert refused.value.code == code
    assert str(refused.value) != str(GatewayRefused.sentence)


@pytest.mark.parametrize(("currency", "amount_minor"), [("JPY", 500), ("KWD", 12_340)])
def test_amounts_of_other_exponents_arrive_as_they_are(
    shop, stripe_client, foundation, currency, amount_minor
):
    fund = create_fund(foundation=foundation, name="外币", purpose="书", currency=currency, by=None)
    gift = begin_gift(fund, amount_minor)
    shop.control.pay(session=gift.session_ref)
    state = get_gateway("stripe").fetch_state(gift=gift)
    assert (state.amount_minor, state.currency) == (amount_minor, currency)
    assert state.status == PaymentStatus.PAID


@pytest.mark.parametrize("method", ["card", "alipay", "wechat_pay"])
def test_a_paid_gift_is_read_with_its_way_and_fee(shop, fund, method):
    gift = begin_gift(fund)
    before = get_gateway("stripe").fetch_state(gift=gift)
    assert before.status == PaymentStatus.OPEN
    shop.control.pay(session=gift.session_ref, method=method)
    state = get_gateway("stripe").fetch_state(gift=gift)
    assert (state.status, state.method, state.gift_number) == (
        PaymentStatus.PAID, method, gift.number,
    )  # fmt: skip
    assert state.fee_minor
    assert state.paid_at
    assert not state.is_live


def test_what_is_decided_later_is_pending_then_paid_or_failed(shop, fund):
    good, bad = begin_gift(fund), begin_gift(fund)
    gateway = get_gateway("stripe")
    shop.control.promise(session=good.session_ref, succeeds=True)
    shop.control.promise(session=bad.session_ref, succeeds=False)
    assert gateway.fetch_state(gift=good).status == PaymentStatus.PENDING
    shop.control.decide(session=good.session_ref, succeeds=True)
    shop.control.decide(session=bad.session_ref, succeeds=False)
    assert gateway.fetch_state(gift=good).status == PaymentStatus.PAID
    assert gateway.fetch_state(gift=bad).status == PaymentStatus.FAILED


@pytest.mark.parametrize("fault", ["rate_limit", "outage"])
def test_a_gateway_that_stays_away_is_unreachable(shop, fund, fault):
    shop.control.fail_next(fault=fault, count=2)
    with pytest.raises(GatewayUnreachable):
        begin_gift(fund)


def test_a_lost_answer_is_asked_for_again_and_opens_one_page(shop, stripe_client, fund):
    shop.control.fail_next(fault="lost")
    begin_gift(fund)
    pages = stripe_client.v1.checkout.sessions.list(options={"stripe_account": ACCOUNT})
    assert len(pages.data) == 1


def test_an_account_that_is_not_ours_is_refused(shop, fund):
    fund.foundation.stripe_account = "acct_of_somebody"
    with pytest.raises(GatewayRefused):
        begin_gift(fund)


def test_a_key_that_moves_money_is_shown_to_nobody_else(shop, settings, fund):
    settings.LINLI_STRIPE_KEY = "sk_live_of_the_platform"
    with pytest.raises(GatewayRefused) as refused:
        begin_gift(fund)
    assert refused.value.code == "not_configured"
    assert not Gift.objects.exclude(session_ref="").exists()


def test_without_a_key_nothing_is_asked(settings, fund):
    settings.LINLI_STRIPE_KEY = ""
    assert not get_gateway("stripe").is_configured
    with pytest.raises(GatewayRefused) as refused:
        begin_gift(fund)
    assert refused.value.code == "not_configured"
