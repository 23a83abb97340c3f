"""What Stripe knocks with: kept once when it is signed, never when it is not, worked on later."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from foundations.actions.checking import back_fill, check_next_gift, check_next_monthly
from foundations.actions.disputes import book_dispute
from foundations.actions.notifications import (
    look_again,
    receive_notifications,
    work_on_next_notification,
)
from foundations.gateway import get_gateway
from foundations.models import (
    Confirmation,
    Dispute,
    Gift,
    Letter,
    MoneyAccount,
    MonthlyGift,
    Refund,
    WebhookEvent,
)
from tests.fake_stripe import signature
from tests.fake_stripe.fixtures import CONNECT_SECRET, SECRET
from tests.foundations.gateway_cast import ACCOUNT, begin_gift, begin_monthly, connect
from tests.foundations.money_cast import net_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]
DOOR = "stripe_connect_webhook"
_event = {
    "id": "evt_1", "object": "event", "type": "charge.succeeded", "livemode": False,
    "account": ACCOUNT, "created": 1_790_000_000, "data": {"object": {"id": "ch_1"}},
}  # fmt: skip


def knock(client, event=None, *, secret=CONNECT_SECRET, door=DOOR, body=None, signed=None):
    body = body or json.dumps(event or _event, default=str).encode()
    signed = signature(body, secret=secret) if signed is None else signed
    return client.post(
        reverse(door), body, content_type="application/json", headers={"Stripe-Signature": signed}
    ).status_code


def events_of(stripe_client, account=ACCOUNT):
    listed = stripe_client.v1.events.list({"limit": 100}, {"stripe_account": account})
    return [event.to_dict() | {"account": account} for event in listed.data[::-1]]


def hear(stripe_client, client, account=ACCOUNT):
    for event in events_of(stripe_client, account):
        assert knock(client, event) == 200
    work()


def work():
    """As the worker does; what waits for its hour is due now."""
    WebhookEvent.objects.filter(state="owed").update(next_try_at=None)
    while work_on_next_notification():
        pass


def processor_minor(foundation, currency="CNY"):
    return MoneyAccount.objects.get(
        foundation=foundation, kind="processor", currency=currency
    ).balance_minor


def theirs_minor(stripe_client, account=ACCOUNT):
    page = stripe_client.v1.balance_transactions.list({"limit": 100}, {"stripe_account": account})
    return sum(line.net for line in page.auto_paging_iter())


def reasons():
    return sorted(WebhookEvent.objects.filter(state="quarantined").values_list("reason", flat=True))


# At the door


def test_what_is_signed_is_kept_once_and_by_one_query(client, shop, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert knock(client) == 200
    assert knock(client) == 200
    kept = WebhookEvent.objects.get()
    assert (kept.event_ref, kept.account_ref, kept.state) == ("evt_1", ACCOUNT, "owed")


def test_what_is_not_signed_for_this_door_is_never_kept(client, shop):
    old = signature(json.dumps(_event).encode(), secret=CONNECT_SECRET, at=int(time.time()) - 900)
    assert knock(client, signed="") == 400
    assert knock(client, signed="t=x,v1=y") == 400
    assert knock(client, signed=old) == 400
    assert knock(client, secret=SECRET) == 400
    assert knock(client, door="stripe_webhook") == 400
    assert knock(client, body=b"\xff\xfe") == 400
    for garbled in (b"[]", b"{}", b'{"id": 7}', b"null"):
        assert knock(client, body=garbled) == 400
    assert knock(client, _event | {"id": "evt_\x00"}) == 400
    assert not WebhookEvent.objects.exists()


def test_a_secret_can_be_replaced_without_a_gap(client, shop, settings):
    settings.LINLI_STRIPE_CONNECT_SECRET = f"whsec_new, {CONNECT_SECRET}"
    assert knock(client) == 200
    assert knock(client, _event | {"id": "evt_2"}, secret="whsec_new") == 200
    assert WebhookEvent.objects.count() == 2


def test_without_a_secret_stripe_is_asked_to_come_again(client, shop, settings):
    settings.LINLI_STRIPE_CONNECT_SECRET = ""
    assert knock(client) == 404


def test_other_methods_and_great_bodies_are_refused(client, shop):
    assert client.get(reverse(DOOR)).status_code == 405
    assert knock(client, body=b" " * 600_000) == 413
    assert not WebhookEvent.objects.exists()


def test_nothing_of_the_donor_is_kept(client, shop, stripe_client, paid_gift):
    gift = paid_gift()
    hear(stripe_client, client)
    for kept in WebhookEvent.objects.all():
        assert gift.donor.email not in json.dumps(kept.payload)
        assert "4242" not in json.dumps(kept.payload)


# Payments


def test_a_paid_gift_is_booked_with_its_fee_and_gets_one_confirmation(
    client, shop, stripe_client, paid_gift, fund
):
    gift = paid_gift(12_300)
    hear(stripe_client, client)
    gift.refresh_from_db()
    assert (gift.state, gift.method) == ("paid", "card")
    assert net_of(fund) == 12_300 - gift.fee_minor
    assert processor_minor(fund.foundation) == theirs_minor(stripe_client)
    assert Confirmation.objects.filter(gift=gift).count() == 1
    assert Letter.objects.filter(kind="thanks").count() == 1


def test_every_event_thrice_and_backwards_changes_nothing(
    client, shop, stripe_client, paid_gift, fund
):
    paid_gift()
    events = events_of(stripe_client)
    for event in [*events[::-1], *events, *events]:
        knock(client, event)
    work()
    hear(stripe_client, client)
    assert processor_minor(fund.foundation) == theirs_minor(stripe_client)
    assert Confirmation.objects.count() == 1
    assert not WebhookEvent.objects.filter(state__in=["owed", "quarantined"]).exists()


def test_what_is_decided_later_gets_no_confirmation_before_it_is_paid(
    client, shop, stripe_client, fund
):
    good, bad = begin_gift(fund), begin_gift(fund)
    shop.control.promise(session=good.session_ref, succeeds=True)
    shop.control.promise(session=bad.session_ref, succeeds=False)
    hear(stripe_client, client)
    assert set(Gift.objects.values_list("state", flat=True)) == {"pending"}
    assert not Confirmation.objects.exists()
    shop.control.decide(session=good.session_ref, succeeds=True)
    shop.control.decide(session=bad.session_ref, succeeds=False)
    hear(stripe_client, client)
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.state, bad.state) == ("paid", "failed")
    assert Confirmation.objects.get().gift == good


def test_a_page_that_nobody_paid_is_over(client, shop, stripe_client, fund):
    gift = begin_gift(fund)
    shop.control.advance(seconds=3600)
    hear(stripe_client, client)
    gift.refresh_from_db()
    assert gift.state == "expired"


# What does not belong here


def test_strangers_are_set_aside_with_their_reason(
    client, shop, stripe_client, paid_gift, other_foundation, fund
):
    connect(shop, other_foundation, "acct_other")
    paid_gift()
    told = next(e for e in events_of(stripe_client) if e["type"].endswith("session.completed"))
    knock(client, told | {"id": "evt_a", "account": "acct_nobody"})
    knock(client, told | {"id": "evt_b", "livemode": True})
    knock(client, told | {"id": "evt_c", "account": "acct_other"})
    knock(client, told | {"id": "evt_d", "type": "treasury.something"})
    work()
    assert reasons() == ["livemode_mismatch", "refused", "unknown_account"]
    assert WebhookEvent.objects.get(event_ref="evt_d").state == "ignored"
    assert net_of(fund) == 0


def test_a_number_that_stands_on_anothers_payment_is_set_aside(
    client, shop, stripe_client, other_foundation, open_session, fund
):
    connect(shop, other_foundation, "acct_other")
    gift = begin_gift(fund)
    for account in (ACCOUNT, "acct_other"):
        other = open_session(account=account, metadata={"gift": gift.number})
        shop.control.pay(session=other.id)
    open_session(account=ACCOUNT, metadata={})
    hear(stripe_client, client)
    hear(stripe_client, client, account="acct_other")
    assert set(reasons()) == {"other_page", "other_account"}
    gift.refresh_from_db()
    assert gift.state == "started"


def test_another_amount_than_was_asked_is_set_aside_until_somebody_looks(
    client, shop, stripe_client, paid_gift, tan, fund
):
    gift = paid_gift(5_000)
    Gift.objects.filter(pk=gift.pk).update(amount_minor=4_999)
    hear(stripe_client, client)
    assert set(reasons()) == {"paid_otherwise"}
    Gift.objects.filter(pk=gift.pk).update(amount_minor=5_000)
    for event in WebhookEvent.objects.filter(state="quarantined"):
        look_again(event=event, by=tan)
    work()
    assert reasons() == []
    assert processor_minor(fund.foundation) == theirs_minor(stripe_client)


def test_a_gateway_that_is_away_is_asked_again_later(client, shop, stripe_client, paid_gift, fund):
    paid_gift()
    for event in events_of(stripe_client):
        knock(client, event)
    shop.control.fail_next(fault="outage", count=2)
    assert work_on_next_notification()
    waiting = WebhookEvent.objects.filter(state="owed", trouble__gt="").get()
    assert waiting.next_try_at > timezone.now()
    work()
    assert processor_minor(fund.foundation) == theirs_minor(stripe_client)


def test_what_fails_in_our_own_code_holds_up_nothing_and_is_set_aside(
    client, shop, stripe_client, paid_gift, fund, monkeypatch
):
    from foundations.actions import notifications

    paid_gift()
    for event in events_of(stripe_client):
        knock(client, event)

    def broken(**_said):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(notifications, "book_state", broken)
        for _try in range(notifications.MOST_TRIES + 1):
            work()
            WebhookEvent.objects.filter(state="owed").update(next_try_at=None)
    assert set(reasons()) == {"poison"}
    assert not work_on_next_notification()


# Monthly


def test_each_month_of_a_monthly_gift_is_a_gift(client, shop, stripe_client, fund):
    monthly = begin_monthly(fund)
    shop.control.pay(session=monthly.session_ref)
    hear(stripe_client, client)
    monthly.refresh_from_db()
    assert (monthly.state, monthly.gifts.count()) == ("active", 1)
    assert monthly.next_on > timezone.localdate()
    shop.control.renew(subscription=monthly.subscription_ref)
    hear(stripe_client, client)
    assert [gift.state for gift in monthly.gifts.all()] == ["paid", "paid"]
    assert Confirmation.objects.count() == 2
    assert processor_minor(fund.foundation) == theirs_minor(stripe_client)


def test_a_refused_card_is_told_once_and_mended(client, shop, stripe_client, fund):
    monthly = begin_monthly(fund)
    shop.control.pay(session=monthly.session_ref)
    hear(stripe_client, client)
    monthly.refresh_from_db()
    options = {"stripe_account": ACCOUNT}
    found = stripe_client.v1.subscriptions.retrieve(monthly.subscription_ref, options=options)
    shop.control.fail_card(customer=found.customer)
    invoice = shop.control.renew(subscription=monthly.subscription_ref)
    hear(stripe_client, client)
    hear(stripe_client, client)
    monthly.refresh_from_db()
    assert monthly.state == "past_due"
    assert Letter.objects.filter(kind="card_refused").count() == 1
    assert get_gateway("stripe").fetch_monthly(monthly=monthly).card_url
    shop.control.mend_card(customer=found.customer)
    stripe_client.v1.invoices.pay(invoice["id"], options=options)
    hear(stripe_client, client)
    monthly.refresh_from_db()
    assert (monthly.state, monthly.gifts.count()) == ("active", 2)


def test_a_monthly_gift_that_is_changed_and_stopped_at_the_gateway(
    client, shop, stripe_client, fund
):
    monthly = begin_monthly(fund)
    shop.control.pay(session=monthly.session_ref)
    hear(stripe_client, client)
    monthly.refresh_from_db()
    gateway = get_gateway("stripe")
    assert gateway.change_monthly(monthly=monthly, amount_minor=8_000).amount_minor == 8_000
    shop.control.renew(subscription=monthly.subscription_ref)
    hear(stripe_client, client)
    monthly.refresh_from_db()
    assert monthly.amount_minor == 8_000
    assert {gift.amount_minor for gift in monthly.gifts.all()} == {5_000, 8_000}
    assert gateway.stop_monthly(monthly=monthly).status == MonthlyGift.State.STOPPED
    assert gateway.stop_monthly(monthly=monthly).status == MonthlyGift.State.STOPPED
    hear(stripe_client, client)
    monthly.refresh_from_db()
    assert monthly.state == "stopped"
    assert monthly.stopped_at
    assert Letter.objects.filter(kind="monthly_stopped").count() == 1


# Refunds, disputes, payouts


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("succeeded", "paid"),
        ("pending", "paid"),
        ("failed", "failed"),
        ("pending_failed", "failed"),
    ],
)
def test_a_refund_made_at_stripe_is_found_and_follows_the_money(
    client, shop, stripe_client, paid_gift, fund, outcome, state
):
    gift = paid_gift(10_000)
    hear(stripe_client, client)
    gift.refresh_from_db()
    shop.control.next_refund(outcome=outcome)
    shop.control.refund(payment=gift.payment_ref, amount=4_000)
    hear(stripe_client, client)
    refund = Refund.objects.get()
    assert (refund.source, refund.amount_minor) == ("processor", 4_000)
    assert refund.state == ("pending" if "pending" in outcome else "paid")
    assert processor_minor(fund.foundation) == theirs_minor(stripe_client)
    if outcome != "succeeded":
        shop.control.settle_refund(
            refund=refund.ref, status="failed" if state == "failed" else "succeeded"
        )
    hear(stripe_client, client)
    refund.refresh_from_db()
    gift.refresh_from_db()
    assert (refund.state, gift.refunded_minor) == (state, 4_000)
    assert processor_minor(fund.foundation) == theirs_minor(stripe_client)


def test_a_refund_that_overtakes_its_payment_is_booked_behind_it(
    client, shop, stripe_client, paid_gift, fund
):
    gift = paid_gift(10_000)
    session = stripe_client.v1.checkout.sessions.retrieve(
        gift.session_ref, options={"stripe_account": ACCOUNT}
    )
    shop.control.refund(payment=session.payment_intent)
    for event in events_of(stripe_client)[::-1]:
        knock(client, event)
        work()
    gift.refresh_from_db()
    assert (gift.state, gift.refunded_minor) == ("paid", 10_000)
    assert reasons() == []
    assert processor_minor(fund.foundation) == theirs_minor(stripe_client)


@pytest.mark.parametrize(("won", "state"), [(True, "won"), (False, "lost")])
def test_a_dispute_withdraws_costs_and_is_decided(
    client, shop, stripe_client, paid_gift, fund, won, state
):
    gift = paid_gift(30_000)
    hear(stripe_client, client)
    gift.refresh_from_db()
    opened = shop.control.dispute(payment=gift.payment_ref)
    hear(stripe_client, client)
    dispute = Dispute.objects.get()
    assert (dispute.state, dispute.amount_minor, dispute.fee_minor) == ("open", 30_000, 10_000)
    assert dispute.answer_by
    assert processor_minor(fund.foundation) == theirs_minor(stripe_client)
    shop.control.close_dispute(dispute=opened["id"], won=won)
    hear(stripe_client, client)
    dispute.refresh_from_db()
    assert dispute.state == state
    assert processor_minor(fund.foundation) == theirs_minor(stripe_client)
    assert net_of(fund) == (30_000 - gift.fee_minor if won else 0)


def test_payouts_go_to_the_bank_and_may_come_back(client, shop, stripe_client, paid_gift, fund):
    paid_gift(10_000)
    payout = shop.control.pay_out(account=ACCOUNT)
    hear(stripe_client, client)
    assert processor_minor(fund.foundation) == 0
    shop.control.advance(seconds=2 * 86_400)
    hear(stripe_client, client)
    bank = MoneyAccount.objects.get(foundation=fund.foundation, kind="bank", currency="CNY")
    assert bank.balance_minor == payout["amount"]
    shop.control.fail_payout(payout=payout["id"])
    hear(stripe_client, client)
    assert processor_minor(fund.foundation) == payout["amount"] == theirs_minor(stripe_client)


# What nobody told


def test_the_back_fill_finds_what_was_never_delivered(shop, stripe_client, paid_gift, fund):
    paid_gift()
    assert back_fill() > 0
    assert back_fill() == 0
    work()
    assert processor_minor(fund.foundation) == theirs_minor(stripe_client)
    assert WebhookEvent.objects.filter(state="done").first().is_back_filled


def test_an_account_that_was_closed_does_not_keep_others_from_being_read(
    shop, other_foundation, paid_gift
):
    other_foundation.stripe_account = "acct_gone"
    other_foundation.save()
    paid_gift()
    assert back_fill() > 0


def test_a_gift_that_has_gone_quiet_is_asked_about(shop, paid_gift, fund):
    paid, left = paid_gift(), begin_gift(fund)
    Gift.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert check_next_gift()
    assert check_next_gift()
    assert not check_next_gift()
    paid.refresh_from_db()
    left.refresh_from_db()
    assert (paid.state, left.state) == ("paid", "started")
    shop.control.advance(seconds=3600)
    Gift.objects.update(checked_at=None)
    assert check_next_gift()
    left.refresh_from_db()
    assert left.state == "expired"


def test_a_monthly_gift_that_has_gone_quiet_is_asked_about(shop, fund):
    paid, left = begin_monthly(fund), begin_monthly(fund)
    shop.control.pay(session=paid.session_ref)
    shop.control.advance(seconds=3600)
    MonthlyGift.objects.update(created_at=timezone.now() - timedelta(hours=2))
    last = 0
    while last is not None:
        last = check_next_monthly(after=last)
    paid.refresh_from_db()
    left.refresh_from_db()
    assert (paid.state, left.state) == ("active", "expired")


# Many at once


@pytest.mark.django_db(transaction=True)
def test_four_workers_book_each_gift_once(shop, stripe_client, paid_gift, fund):
    for _number in range(6):
        paid_gift()
    told = list(
        get_gateway("stripe").list_notifications(
            foundation=fund.foundation, since=timezone.now() - timedelta(hours=1)
        )
    )
    at_once(4, lambda: receive_notifications(gateway="stripe", told=told))
    assert WebhookEvent.objects.count() == len(told)
    at_once(4, work_until_nothing)
    assert Confirmation.objects.count() == 6
    assert processor_minor(fund.foundation) == theirs_minor(stripe_client)


def at_once(threads, what):
    troubles = []

    def one():
        try:
            what()
        except Exception as trouble:  # noqa: BLE001 - told to the test
            troubles.append(trouble)
        finally:
            connection.close()

    running = [threading.Thread(target=one) for _thread in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert troubles == []


def work_until_nothing():
    while work_on_next_notification():
        pass


def test_without_the_ledgers_own_key_a_dispute_told_twice_would_be_taken_twice(
    client, shop, stripe_client, paid_gift, fund
):
    """The control: what a handler does that names each telling anew."""
    gift = paid_gift(30_000)
    hear(stripe_client, client)
    gift.refresh_from_db()
    for naive in ("evt_1", "evt_2"):
        book_dispute(
            gift=gift.number, key=naive, amount_minor=30_000, happened_on=timezone.localdate()
        )
    assert processor_minor(fund.foundation) == 30_000 - gift.fee_minor - 60_000
