"""Idempotency keys at the fake Stripe: replayed, in conflict, and under eight threads."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

CALL = {"amount": 5_000, "currency": "cny", "confirm": True, "payment_method": "pm_card_visa"}


def with_key(key):
    return {"idempotency_key": key}


def test_a_key_replays_the_same_answer(stripe_client):
    first = stripe_client.v1.payment_intents.create(CALL, with_key("a"))
    again = stripe_client.v1.payment_intents.create(CALL, with_key("a"))
    assert first.id == again.id
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(stripe_client.v1.charges.list().data) == 1


def test_the_replayed_answer_is_the_first_one_whatever_happened_since(stripe_client, paid_session):
    charge = stripe_client.v1.payment_intents.retrieve(paid_session()["payment_intent"])
    call = {"payment_intent": charge.id, "amount": 1_000}
    first = stripe_client.v1.refunds.create(call, with_key("r"))
    stripe_client.v1.refunds.update(first.id, {"metadata": {"seen": "yes"}})
    again = stripe_client.v1.refunds.create(call, with_key("r"))
    assert again.id == first.id
    assert again.metadata.to_dict() == {}


def test_the_same_key_with_other_parameters_is_an_idempotency_error(stripe_client):
    stripe_client.v1.payment_intents.create(CALL, with_key("a"))
    with pytest.raises(stripe.IdempotencyError) as refused:
        stripe_client.v1.payment_intents.create(CALL | {"amount": 6_000}, with_key("a"))
    assert refused.value.http_status == 400
    assert refused.value.error.type == "idempotency_error"
    with pytest.raises(stripe.IdempotencyError):
        stripe_client.v1.customers.create({}, with_key("a"))
    assert len(stripe_client.v1.charges.list().data) == 1


def test_a_declined_card_is_replayed_and_a_misunderstood_call_is_not(stripe_client):
    declined = CALL | {"payment_method": "pm_card_chargeDeclined"}
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            stripe_client.v1.payment_intents.create(declined, with_key("d"))
    assert len(stripe_client.v1.charges.list().data) == 1

    with pytest.raises(stripe.InvalidRequestError):
        stripe_client.v1.payment_intents.create(CALL | {"colour": "red"}, with_key("u"))
    assert stripe_client.v1.payment_intents.create(CALL, with_key("u")).status == "succeeded"


def test_a_key_belongs_to_one_account(fake_stripe, stripe_client):
    account = fake_stripe.control.connect_account(platform="acct_platform")["id"]
    here = stripe_client.v1.payment_intents.create(CALL, with_key("a"))
    there = stripe_client.v1.payment_intents.create(
        CALL, with_key("a") | {"stripe_account": account}
    )
    assert here.id != there.id


def test_a_key_is_forgotten_after_a_day(fake_stripe, stripe_client):
    first = stripe_client.v1.payment_intents.create(CALL, with_key("a"))
    fake_stripe.control.advance(seconds=23 * 3600)
    assert stripe_client.v1.payment_intents.create(CALL, with_key("a")).id == first.id
    fake_stripe.control.advance(seconds=2 * 3600)
    assert stripe_client.v1.payment_intents.create(CALL, with_key("a")).id != first.id


def test_eight_threads_with_one_key_make_one_payment(fake_stripe):
    def create(_):
        client = fake_stripe.client(max_network_retries=5)
        return client.v1.payment_intents.create(CALL, with_key("one")).id

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(create, range(24)))
    assert len(made) == 1
    assert len(fake_stripe.client().v1.charges.list().data) == 1


def test_eight_threads_with_keys_of_their_own_make_as_many(fake_stripe):
    def create(number):
        client = fake_stripe.client()
        return client.v1.payment_intents.create(CALL, with_key(f"own-{number}")).id

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(create, range(24)))
    listed = fake_stripe.client().v1.payment_intents.list({"limit": 100})
    assert made == {intent.id for intent in listed.data}
    assert len(made) == 24


def test_a_key_whose_call_is_still_running_conflicts(fake_stripe):
    fake_stripe.control.slow(seconds=0.5)

    def create(_):
        try:
            return fake_stripe.client().v1.payment_intents.create(CALL, with_key("busy")).id
        except stripe.APIError as refused:  # so the library takes a 409
            return refused.http_status, refused.error.code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(create, range(2)))
    assert (409, "idempotency_key_in_use") in answers
    assert len(fake_stripe.client().v1.charges.list().data) == 1


def test_a_lost_answer_is_found_again_by_the_librarys_own_retry(fake_stripe):
    fake_stripe.control.fail_next(fault="lost")
    made = fake_stripe.client(max_network_retries=2).v1.payment_intents.create(CALL)
    listed = fake_stripe.client().v1.payment_intents.list()
    assert [intent.id for intent in listed.data] == [made.id]
    assert made.last_response.headers["Idempotent-Replayed"] == "true"
