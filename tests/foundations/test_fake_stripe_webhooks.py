"""Deliveries of the fake Stripe: signed, repeated, and every mishap in order."""

import time

import pytest
import stripe

from tests.fake_stripe import PLATFORM, signature
from tests.fake_stripe.fixtures import CONNECT_SECRET, SECRET
from tests.fake_stripe.listener import Listener

OF_A_GIFT = {
    "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "charge.updated",
    "checkout.session.completed",
}  # fmt: skip


@pytest.fixture
def connect_listener(fake_stripe):
    """An endpoint of the platform for its connected accounts' events."""
    heard = Listener().start()
    fake_stripe.control.register_endpoint(
        account=PLATFORM, url=heard.url, secret=CONNECT_SECRET, connect_events=True
    )
    yield heard
    heard.stop()


def ids(listener):
    return [event.id for event in listener.events(SECRET)]


def test_events_are_signed_as_the_library_verifies(fake_stripe, listener, paid_session):
    session = paid_session(metadata={"gift": "7"})
    fake_stripe.control.wait_until_idle()
    events = {event.type: event for event in listener.events(SECRET)}
    assert events.keys() == OF_A_GIFT
    completed = events["checkout.session.completed"]
    assert completed.data.object["id"] == session["id"]
    assert completed.data.object["metadata"]["gift"] == "7"
    assert completed.livemode is False
    assert completed.api_version == "2026-10-28.endive"
    assert "account" not in completed.to_dict()


def test_another_secret_and_a_changed_body_do_not_verify(fake_stripe, listener, paid_session):
    paid_session()
    fake_stripe.control.wait_until_idle()
    received = listener.received[0]
    for body, secret in (
        (received.payload, CONNECT_SECRET),
        (received.payload.replace(b"cny", b"usd"), SECRET),
    ):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, received.signature, secret)


def test_an_old_signature_does_not_verify():
    payload = b'{"id": "evt_1", "object": "event"}'
    old = signature(payload, secret=SECRET, at=int(time.time()) - 600)
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        stripe.Webhook.construct_event(payload, old, SECRET)


def test_the_clock_moved_forward_leaves_signatures_valid(fake_stripe, listener, paid_session):
    fake_stripe.control.advance(seconds=40 * 24 * 3600)
    paid_session()
    fake_stripe.control.wait_until_idle()
    assert set(listener.types(SECRET)) == OF_A_GIFT


def test_a_delivery_is_tried_again_until_it_is_accepted(
    fake_stripe, stripe_client, listener, open_session
):
    listener.statuses = [500, 503]
    stripe_client.v1.customers.create({"email": "a@example.org"})
    fake_stripe.control.wait_until_idle()
    (event,) = set(ids(listener))
    assert len(listener.received) == 3
    assert [attempt.status for attempt in fake_stripe.attempts] == [500, 503, 200]
    assert stripe_client.v1.events.retrieve(event).pending_webhooks == 0


def test_an_endpoint_that_stays_down_is_given_up_and_the_event_list_still_has_it(
    fake_stripe, stripe_client, listener
):
    listener.stop()
    stripe_client.v1.customers.create({"email": "a@example.org"})
    fake_stripe.control.wait_until_idle()
    assert [attempt.status for attempt in fake_stripe.attempts] == [0, 0, 0, 0]
    (missed,) = stripe_client.v1.events.list({"delivery_success": False}).data
    assert (missed.type, missed.pending_webhooks) == ("customer.created", 1)
    listener.start()  # the fixture stops it


def test_held_deliveries_come_when_they_are_released_in_any_order(
    fake_stripe, stripe_client, listener
):
    fake_stripe.control.hold()
    for n in range(12):
        stripe_client.v1.customers.create({"email": f"{n}@example.org"})
    assert listener.received == []
    assert fake_stripe.control.state()["held"] == 12

    assert fake_stripe.control.release(shuffled=True) == 12
    fake_stripe.control.wait_until_idle()

    made = [event.id for event in stripe_client.v1.events.list({"limit": 100}).data[::-1]]
    assert sorted(ids(listener)) == sorted(made)
    assert ids(listener) != made


def test_duplicated_deliveries_are_the_same_event(fake_stripe, stripe_client, listener):
    fake_stripe.control.duplicate(copies=5)
    stripe_client.v1.customers.create({})
    fake_stripe.control.wait_until_idle()
    assert len(listener.received) == 5
    assert len(set(ids(listener))) == 1


def test_dropped_deliveries_are_found_in_the_event_list_only(fake_stripe, stripe_client, listener):
    fake_stripe.control.drop_next(count=2)
    for _ in range(3):
        stripe_client.v1.customers.create({})
    fake_stripe.control.wait_until_idle()
    listed = [event.id for event in stripe_client.v1.events.list().data]
    assert len(listed) == 3
    assert set(listed) == set(ids(listener)) | set(fake_stripe.dropped)
    assert len(ids(listener)) == 1


def test_a_share_is_dropped_and_calm_ends_all_mishaps(fake_stripe, stripe_client, listener):
    fake_stripe.control.drop_share(share=1.0)
    fake_stripe.control.shuffle()
    stripe_client.v1.customers.create({})
    fake_stripe.control.calm()
    stripe_client.v1.customers.create({})
    fake_stripe.control.wait_until_idle()
    assert len(ids(listener)) == 1
    assert len(fake_stripe.dropped) == 1


def test_an_event_is_sent_again_by_order(fake_stripe, stripe_client, listener):
    fake_stripe.control.drop_next()
    stripe_client.v1.customers.create({})
    (event,) = stripe_client.v1.events.list().data
    fake_stripe.control.resend(event=event.id)
    fake_stripe.control.wait_until_idle()
    assert ids(listener) == [event.id]


def test_connect_events_name_their_account_and_go_to_connect_endpoints_only(
    fake_stripe, listener, connect_listener, paid_session
):
    account = fake_stripe.control.connect_account(platform=PLATFORM)["id"]
    paid_session(account=account)
    fake_stripe.control.wait_until_idle()
    assert listener.received == []
    events = connect_listener.events(CONNECT_SECRET)
    assert {event.type for event in events} == OF_A_GIFT
    assert {event.account for event in events} == {account}


def test_an_endpoint_registered_by_call_hears_what_it_asked_for(fake_stripe, stripe_client):
    heard = Listener().start()
    made = stripe_client.v1.webhook_endpoints.create(
        {"url": heard.url, "enabled_events": ["customer.created"]}
    )
    customer = stripe_client.v1.customers.create({})
    stripe_client.v1.customers.update(customer.id, {"name": "李"})
    fake_stripe.control.wait_until_idle()
    assert heard.types(made.secret) == ["customer.created"]
    kept = stripe_client.v1.webhook_endpoints.retrieve(made.id)
    assert "secret" not in kept.to_dict()

    assert stripe_client.v1.webhook_endpoints.delete(made.id).deleted
    stripe_client.v1.customers.create({})
    fake_stripe.control.wait_until_idle()
    assert len(heard.received) == 1
    heard.stop()
