"""Who may call the fake Stripe, how often, and whose objects are whose."""

import json
import urllib.error
import urllib.request

import pytest
import stripe

from tests.fake_stripe import PLATFORM, FakeStripe


@pytest.mark.parametrize("key", ["sk_test_of_somebody_else", "nonsense", "rk_test_x"])
def test_unknown_keys_are_401(fake_stripe, key):
    with pytest.raises(stripe.AuthenticationError) as refused:
        fake_stripe.client(key=key).v1.balance.retrieve()
    assert refused.value.http_status == 401
    assert key not in str(refused.value)


def test_no_key_at_all_is_401(fake_stripe):
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{fake_stripe.url}/v1/balance")
    assert refused.value.code == 401
    assert json.load(refused.value)["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("kind", ["sk_live_", "rk_live_"])
def test_live_keys_are_refused_outright(fake_stripe, kind):
    key = f"{kind}51abcdefghijklmnop"
    with pytest.raises(stripe.AuthenticationError, match="refuses live keys") as refused:
        fake_stripe.client(key=key).v1.balance.retrieve()
    assert key not in str(refused.value)


def test_a_fake_stripe_cannot_be_given_a_live_key():
    with pytest.raises(ValueError, match="sk_test_ keys only"):
        FakeStripe(keys={"sk_live_x": PLATFORM})


def test_another_version_of_the_api_is_refused(fake_stripe):
    with pytest.raises(stripe.InvalidRequestError, match="speaks"):
        fake_stripe.client(stripe_version="2024-06-20").v1.balance.retrieve()


def test_an_address_that_does_not_exist_is_404(fake_stripe):
    client = fake_stripe.client()
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as refused:
        client.v1.coupons.list()
    assert refused.value.http_status == 404


def test_too_many_calls_are_429(fake_stripe, stripe_client):
    fake_stripe.control.rate_limit(per_second=0)
    with pytest.raises(stripe.RateLimitError) as refused:
        stripe_client.v1.balance.retrieve()
    assert (refused.value.http_status, refused.value.error.code) == (429, "rate_limit")
    fake_stripe.control.rate_limit(per_second=None)
    assert stripe_client.v1.balance.retrieve()


def test_an_outage_does_nothing_and_is_over_at_the_next_call(fake_stripe, stripe_client):
    fake_stripe.control.fail_next(fault="outage")
    with pytest.raises(stripe.APIError) as refused:
        stripe_client.v1.customers.create({})
    assert refused.value.http_status == 500
    assert stripe_client.v1.customers.list().data == []
    fake_stripe.control.fail_next(fault="rate_limit")
    with pytest.raises(stripe.RateLimitError):
        stripe_client.v1.customers.create({})
    assert stripe_client.v1.customers.create({}).id


# Each account its own store


def test_accounts_see_nothing_of_one_another(fake_stripe, stripe_client, paid_session):
    one, two = (fake_stripe.control.connect_account(platform=PLATFORM)["id"] for _ in range(2))
    session = paid_session(account=one, amount=20_000)

    def amounts(account):
        options = {"stripe_account": account} if account else {}
        listed = stripe_client.v1.balance_transactions.list({}, options)
        return [item.amount for item in listed.data]

    assert (amounts(one), amounts(two), amounts(None)) == ([20_000], [], [])
    for options in ({}, {"stripe_account": two}):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            stripe_client.v1.checkout.sessions.retrieve(session["id"], {}, options)
        assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
        with pytest.raises(stripe.InvalidRequestError):
            stripe_client.v1.refunds.create({"payment_intent": session["payment_intent"]}, options)
        assert stripe_client.v1.events.list({}, options).data == []


def test_an_account_that_is_not_the_platforms_own_is_403():
    keys = {"sk_test_one": "acct_one", "sk_test_two": "acct_two"}
    with FakeStripe(keys=keys) as fake:
        account = fake.control.connect_account(platform="acct_one")["id"]
        mine = fake.client(key="sk_test_one", stripe_account=account)
        assert mine.v1.accounts.retrieve_current().id == account
        for stranger in (account, "acct_nobody", "acct_one"):
            theirs = fake.client(key="sk_test_two", stripe_account=stranger)
            with pytest.raises(stripe.PermissionError) as refused:
                theirs.v1.balance.retrieve()
            assert refused.value.http_status == 403


def test_an_account_is_connected_and_set_up_on_the_hosted_page(fake_stripe, stripe_client):
    made = stripe_client.v1.accounts.create({
        "country": "HK", "email": "office@foundation.example",
        "controller": {
            "fees": {"payer": "account"}, "losses": {"payments": "stripe"},
            "stripe_dashboard": {"type": "full"},
        },
        "capabilities": {"card_payments": {"requested": True}},
    })  # fmt: skip
    assert (made.charges_enabled, made.capabilities.card_payments) == (False, "inactive")
    link = stripe_client.v1.account_links.create({
        "account": made.id, "type": "account_onboarding",
        "return_url": f"{fake_stripe.url}/", "refresh_url": f"{fake_stripe.url}/",
    })  # fmt: skip
    assert "TEST" in urllib.request.urlopen(link.url).read().decode()
    urllib.request.urlopen(link.url, data=b"").close()
    ready = stripe_client.v1.accounts.retrieve(made.id)
    assert (ready.charges_enabled, ready.capabilities.card_payments) == (True, "active")
    (event,) = stripe_client.v1.events.list({}, {"stripe_account": made.id}).data
    assert event.type == "account.updated"
