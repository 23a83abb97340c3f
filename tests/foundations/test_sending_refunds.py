"""Refunds at the gateway: sent once, pending, failed after success, and what its dashboard did."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from foundations.actions import refunds as actions
from foundations.actions.sending_refunds import MOST_TRIES, send_owed_refunds
from foundations.gateway import get_gateway
from foundations.models import Dispute, Gift, Letter, MoneyAccount, Refund
from foundations.refund_words import words_of_trouble
from tests.foundations.gateway_cast import ACCOUNT
from tests.foundations.money_cast import net_of
from tests.foundations.recon_cast import compared, hear_all, in_short, now_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]
State = Refund.State


@pytest.fixture
def approve(known_gift, chen, tan):
    """`approve(amount_minor)`: a refund of a gift of 100 by card, asked for and approved."""

    def make(amount_minor: int = 4_000, gift: Gift | None = None) -> Refund:
        asked = actions.ask_refund(
            gift=gift or known_gift(), amount_minor=amount_minor, reason="付错了", by=chen
        )
        return actions.approve_refund(refund=asked, by=tan)

    return make


def at_stripe(client):
    return client.v1.refunds.list(options={"stripe_account": ACCOUNT}).data


def owed(foundation):
    return -MoneyAccount.objects.get(
        foundation=foundation, kind=MoneyAccount.Kind.REFUNDS_PAYABLE
    ).balance_minor


def test_a_part_is_paid_back_once(shop, stripe_client, approve, foundation, fund):
    refund = approve(4_000)
    assert owed(foundation) == 4_000
    assert send_owed_refunds() == 1
    assert send_owed_refunds() == 0
    (made,) = at_stripe(stripe_client)
    assert (made.amount, made.metadata["refund"]) == (4_000, refund.number)
    refund = now_of(refund)
    assert (refund.state, refund.ref, refund.trouble) == (State.PAID, made.id, "")
    assert refund.paid_at is not None
    assert owed(foundation) == 0
    assert refund.gift.refunded_minor == 4_000
    assert Letter.objects.filter(kind=Letter.Kind.REFUNDED).count() == 1
    hear_all(foundation)
    assert Refund.objects.count() == 1
    assert now_of(refund).state == State.PAID
    assert compared(foundation) == []
    assert net_of(fund) == 10_000 - 4_000 - refund.gift.fee_minor


def test_the_whole_is_paid_back_in_two_parts_and_no_more(shop, approve, known_gift, chen):
    gift = known_gift()
    approve(4_000, gift), approve(6_000, gift)
    send_owed_refunds()
    gift.refresh_from_db()
    assert gift.left_minor == 0
    with pytest.raises(actions.MoreThanThere):
        actions.ask_refund(gift=gift, amount_minor=1, reason="再来", by=chen)


def test_a_pending_one_left_us_and_arrives_later(shop, approve, foundation):
    shop.control.next_refund(outcome="pending")
    refund = approve()
    send_owed_refunds()
    assert now_of(refund).state == State.PENDING
    assert send_owed_refunds() == 0
    assert compared(foundation) == []
    shop.control.settle_refund(refund=now_of(refund).ref, status="succeeded")
    hear_all(foundation)
    assert now_of(refund).state == State.PAID
    assert compared(foundation) == []


def test_one_that_fails_after_success_is_owed_again_and_sent_again(
    shop, stripe_client, approve, foundation, chen
):
    refund = approve()
    send_owed_refunds()
    shop.control.settle_refund(refund=now_of(refund).ref, status="failed")
    hear_all(foundation)
    back = now_of(refund)
    assert back.state == State.FAILED
    with translation.override("en"):
        assert "lost or stolen" in words_of_trouble(back)
    assert owed(foundation) == 4_000
    assert compared(foundation) == []

    actions.send_refund_again(refund=back, by=chen)
    send_owed_refunds()
    hear_all(foundation)

    again = now_of(refund)
    assert (again.state, again.attempt) == (State.PAID, 2)
    assert len(at_stripe(stripe_client)) == 2
    assert owed(foundation) == 0
    assert again.gift.refunded_minor == 4_000
    assert compared(foundation) == []
    # The donor was told once.
    assert Letter.objects.filter(kind=Letter.Kind.REFUNDED).count() == 1


def test_one_that_came_back_is_paid_from_the_bank(shop, approve, foundation, chen):
    shop.control.next_refund(outcome="pending_failed")
    refund = approve()
    send_owed_refunds()
    with pytest.raises(actions.DecidedAlready):
        actions.mark_refund_paid(
            refund=refund, out_of="bank", paid_on=timezone.localdate(), by=chen
        )
    shop.control.settle_refund(refund=now_of(refund).ref, status="failed")
    hear_all(foundation)
    actions.mark_refund_paid(refund=refund, out_of="bank", paid_on=timezone.localdate(), by=chen)
    hear_all(foundation)
    assert (now_of(refund).state, now_of(refund).attempt) == (State.PAID, 2)
    assert owed(foundation) == 0
    assert compared(foundation) == []


def test_one_that_came_back_is_left_with_us(shop, approve, foundation, fund, tan):
    refund = approve()
    send_owed_refunds()
    shop.control.settle_refund(refund=now_of(refund).ref, status="failed")
    hear_all(foundation)
    actions.waive_refund(refund=refund, reason="电话里说的", by=tan)
    hear_all(foundation)
    assert now_of(refund).state == State.WAIVED
    assert now_of(refund).gift.refunded_minor == 0
    assert net_of(fund) == 10_000 - now_of(refund).gift.fee_minor
    assert compared(foundation) == []


def test_a_lost_answer_pays_once(shop, stripe_client, approve, foundation):
    refund = approve()
    shop.control.fail_next(fault="lost", count=2)
    send_owed_refunds()
    waiting = now_of(refund)
    assert (waiting.state, waiting.trouble, waiting.tries) == (State.APPROVED, "unreachable", 1)
    assert send_owed_refunds() == 0, "not before its time"

    Refund.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
    send_owed_refunds()

    assert now_of(refund).state == State.PAID
    assert len(at_stripe(stripe_client)) == 1
    assert owed(foundation) == 0


def test_a_worker_that_dies_after_the_call_leaves_it_to_be_asked_again(
    shop, stripe_client, approve, foundation
):
    refund = approve()
    get_gateway("stripe").refund(refund=refund)  # and died before it wrote anything down
    send_owed_refunds()
    assert now_of(refund).state == State.PAID
    assert len(at_stripe(stripe_client)) == 1


def test_news_of_it_that_overtakes_our_own_answer_changes_nothing(shop, approve, foundation):
    refund = approve()
    get_gateway("stripe").refund(refund=refund)
    hear_all(foundation)
    assert now_of(refund).state == State.PAID
    assert send_owed_refunds() == 0
    assert Refund.objects.count() == 1
    assert compared(foundation) == []


def test_after_most_of_a_day_somebody_has_to_look(shop, approve, foundation):
    refund = approve()
    Refund.objects.update(tries=MOST_TRIES - 1)
    shop.control.fail_next(fault="outage", count=2)
    send_owed_refunds()
    given_up = now_of(refund)
    assert given_up.state == State.FAILED
    with translation.override("en"):
        assert "dashboard" in words_of_trouble(given_up)
    assert owed(foundation) == 4_000


def test_what_the_gateway_refuses_comes_back_with_words(shop, approve, foundation, known_gift):
    gift = known_gift()
    refund = approve(10_000, gift)
    shop.control.refund(payment=gift.payment_ref, amount=10_000)
    send_owed_refunds()
    refused = now_of(refund)
    assert (refused.state, refused.trouble) == (State.FAILED, "charge_already_refunded")
    assert words_of_trouble(refused)
    assert owed(foundation) == 10_000


def test_a_dispute_that_came_first_stops_it(shop, approve, known_gift, foundation, chen):
    gift = known_gift()
    refund = approve(4_000, gift)
    opened = shop.control.dispute(payment=gift.payment_ref)
    send_owed_refunds()
    assert (now_of(refund).state, now_of(refund).trouble) == (State.FAILED, "charge_disputed")
    hear_all(foundation)
    assert Dispute.objects.get().ref == opened["id"]
    with pytest.raises(actions.GiftInDispute):
        actions.send_refund_again(refund=refund, by=chen)
    with pytest.raises(actions.GiftInDispute):
        actions.mark_refund_paid(
            refund=refund, out_of="bank", paid_on=timezone.localdate(), by=chen
        )
    shop.control.close_dispute(dispute=opened["id"], won=True)
    hear_all(foundation)
    actions.send_refund_again(refund=refund, by=chen)
    send_owed_refunds()
    assert now_of(refund).state == State.PAID
    assert compared(foundation) == []


def test_a_refund_at_the_dashboard_is_in_the_books_and_the_gift_knows(
    shop, known_gift, foundation, fund
):
    gift = known_gift()
    made = shop.control.refund(payment=gift.payment_ref, amount=2_500)
    hear_all(foundation)
    refund = Refund.objects.get()
    assert (refund.source, refund.ref, refund.state) == (
        Refund.Source.PROCESSOR, made["id"], State.PAID,
    )  # fmt: skip
    gift.refresh_from_db()
    assert gift.refunded_minor == 2_500
    assert net_of(fund) == 7_500 - gift.fee_minor
    assert compared(foundation) == []
    shop.control.settle_refund(refund=made["id"], status="failed")
    hear_all(foundation)
    assert now_of(refund).state == State.FAILED
    assert owed(foundation) == 2_500
    assert compared(foundation) == []


def test_a_payout_and_what_the_books_say_of_it_agree(shop, approve, foundation, known_gift):
    known_gift(50_000)
    approve()
    send_owed_refunds()
    payout = shop.control.pay_out(account=ACCOUNT)
    assert in_short(compared(foundation)) == [("missing_here", "payout", None, -payout["amount"])]
    hear_all(foundation)
    assert compared(foundation) == []
    shop.control.fail_payout(payout=payout["id"])
    hear_all(foundation)
    assert compared(foundation) == []


def test_a_wallets_refund_goes_the_same_way(shop, known_gift, approve, foundation):
    gift = known_gift(8_800, method="wechat_pay")
    refund = approve(8_800, gift)
    send_owed_refunds()
    assert now_of(refund).state == State.PAID
    assert compared(foundation) == []
