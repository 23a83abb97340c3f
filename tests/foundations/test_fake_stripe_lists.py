"""Pages, filters and expanding at the fake Stripe."""

import pytest
import stripe


@pytest.fixture
def intents(stripe_client):
    """Twenty-three intents, oldest first."""
    return [
        stripe_client.v1.payment_intents.create({"amount": 1_000 + n * 10, "currency": "cny"}).id
        for n in range(23)
    ]


def test_auto_paging_walks_every_page_newest_first(fake_stripe, stripe_client, intents):
    before = len(fake_stripe.api.requests)
    first = stripe_client.v1.payment_intents.list({"limit": 5})
    walked = [intent.id for intent in first.auto_paging_iter()]
    assert walked == intents[::-1]
    assert len(fake_stripe.api.requests) - before == 5


def test_auto_paging_backwards_with_ending_before(stripe_client, intents):
    page = stripe_client.v1.payment_intents.list({"limit": 5, "ending_before": intents[0]})
    assert [intent.id for intent in page.data] == intents[5:0:-1]
    assert page.has_more
    assert [intent.id for intent in page.auto_paging_iter()] == intents[1:]


def test_a_page_has_ten_and_a_limit_has_bounds(stripe_client, intents):
    assert len(stripe_client.v1.payment_intents.list().data) == 10
    assert stripe_client.v1.payment_intents.list({"limit": 23}).has_more is False
    for limit in (0, 101):
        with pytest.raises(stripe.InvalidRequestError, match="between 1 and 100"):
            stripe_client.v1.payment_intents.list({"limit": limit})


def test_a_cursor_that_is_not_there_and_two_cursors_are_refused(stripe_client, intents):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        stripe_client.v1.payment_intents.list({"starting_after": "pi_nobody"})
    assert (refused.value.code, refused.value.param) == ("resource_missing", "starting_after")
    with pytest.raises(stripe.InvalidRequestError, match="both"):
        stripe_client.v1.payment_intents.list(
            {"starting_after": intents[0], "ending_before": intents[1]}
        )


def test_lists_are_filtered_by_time(fake_stripe, stripe_client, paid_session):
    paid_session()
    fake_stripe.control.advance(seconds=3600)
    middle = fake_stripe.world.now()
    paid_session()
    for name in ("balance_transactions", "charges", "events", "payment_intents"):
        resource = getattr(stripe_client.v1, name)
        early = resource.list({"created": {"lt": middle}, "limit": 100}).data
        late = resource.list({"created": {"gte": middle}, "limit": 100}).data
        assert early
        assert late
        assert all(item.created < middle for item in early)
        assert len(resource.list({"limit": 100}).data) == len(early) + len(late)


def test_balance_transactions_are_filtered_by_type_currency_and_source(stripe_client, paid_session):
    yuan = paid_session()
    paid_session(currency="jpy", amount=1_000)
    refund = stripe_client.v1.refunds.create({"payment_intent": yuan["payment_intent"]})
    listed = stripe_client.v1.balance_transactions.list
    assert [item.amount for item in listed({"type": "refund"}).data] == [-10_000]
    assert [item.amount for item in listed({"currency": "jpy"}).data] == [1_000]
    assert [item.id for item in listed({"source": refund.id}).data] == [refund.balance_transaction]


def test_events_are_filtered_by_name_star_and_list_of_names(stripe_client, paid_session):
    paid_session()
    listed = stripe_client.v1.events.list
    assert [event.type for event in listed({"type": "charge.*"}).data] == [
        "charge.updated", "charge.succeeded",
    ]  # fmt: skip
    both = listed({"types": ["charge.succeeded", "payment_intent.succeeded"]}).data
    assert {event.type for event in both} == {"charge.succeeded", "payment_intent.succeeded"}


def test_events_are_kept_for_thirty_days(fake_stripe, stripe_client, paid_session):
    paid_session()
    fake_stripe.control.advance(seconds=31 * 24 * 3600)
    assert stripe_client.v1.events.list({"type": "charge.succeeded"}).data == []
    assert len(stripe_client.v1.charges.list().data) == 1


def test_what_is_not_there_to_expand_is_refused(stripe_client, paid_session):
    session = paid_session()
    for path in ("colour", "payment_intent.colour", "mode"):
        with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
            stripe_client.v1.checkout.sessions.retrieve(session["id"], {"expand": [path]})
    with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
        stripe_client.v1.checkout.sessions.list({"expand": ["data.a.b.c.d.e"]})


def test_a_list_is_expanded_item_by_item(stripe_client, paid_session):
    paid_session()
    paid_session()
    listed = stripe_client.v1.charges.list({"expand": ["data.balance_transaction"]})
    assert [charge.balance_transaction.fee for charge in listed.data] == [440, 440]
