"""The processor's ledger beside our books: what is missing on either side, and to the cent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from foundations.actions.books import create_fund
from foundations.actions.disputes import book_dispute, book_dispute_fee, book_reinstatement
from foundations.actions.entering import DecidedAlready
from foundations.actions.gifts import book_fee, book_gift
from foundations.actions.ledger import ReasonMissing, booked, reverse_movement
from foundations.actions.payouts import book_payout, book_payout_failed
from foundations.actions.reconciliation import reconcile, resolve_difference
from foundations.comparing import balances
from foundations.models import Difference, GatewayMark, Gift, ProcessorEntry
from foundations.tasks import reconcile_foundation
from tests.foundations.gateway_cast import ACCOUNT
from tests.foundations.recon_cast import compared, hear_all, in_short

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]


def book_all_of_payout(shop, foundation, payout):
    book_payout(
        foundation=foundation, key=payout["id"], amount_minor=payout["amount"],
        currency=payout["currency"].upper(), happened_on=timezone.localdate(),
    )  # fmt: skip


def test_when_all_is_booked_nothing_differs(shop, foundation, known_gift):
    today = timezone.localdate()
    gift, disputed = known_gift(50_000), known_gift(30_000)
    known_gift(7_700, method="alipay")
    shop.control.refund(payment=gift.payment_ref, amount=5_000)
    hear_all(foundation)
    opened = shop.control.dispute(payment=disputed.payment_ref)
    taken = {"gift": disputed.number, "dispute": opened["id"], "happened_on": today}
    book_dispute(gift=disputed.number, key=opened["id"], amount_minor=30_000, happened_on=today)
    book_dispute_fee(**taken, amount_minor=10_000)
    shop.control.close_dispute(dispute=opened["id"], won=True)
    book_reinstatement(**taken, amount_minor=30_000)
    payout = shop.control.pay_out(account=ACCOUNT)
    book_all_of_payout(shop, foundation, payout)
    shop.control.fail_payout(payout=payout["id"])
    book_payout_failed(key=payout["id"], happened_on=today)

    assert compared(foundation) == []
    (balance,) = balances(foundation=foundation, gateway="stripe")
    assert balance.ours_minor == balance.theirs_minor == payout["amount"]
    assert not ProcessorEntry.objects.filter(gift=None).exclude(kind__startswith="payout").exists()


def test_a_gift_that_nobody_booked_is_found_and_goes_once_it_is(shop, foundation, paid_gift):
    from foundations.actions.settling import settle_gift
    from foundations.gateway import get_gateway

    gift = paid_gift(12_345)
    (difference,) = compared(foundation)
    line = ProcessorEntry.objects.get()
    assert (difference.kind, difference.ref) == ("missing_here", f"charge:{line.ref}@CNY")
    assert (difference.ours_minor, difference.theirs_minor) == (None, 12_345)

    settle_gift(gift=gift, told=get_gateway("stripe").fetch_state(gift=gift))

    assert compared(foundation) == []
    difference.refresh_from_db()
    assert difference.gone_at is not None


def test_a_wrong_fee_is_found_apart_from_its_gift(shop, foundation, known_gift):
    gift = known_gift(10_000)
    fee = gift.fee_minor
    book_fee(gift=gift.number, key="twice", amount_minor=100, happened_on=timezone.localdate())

    (difference,) = compared(foundation)

    assert (difference.kind, difference.gift) == ("fee", gift)
    assert (difference.ours_minor, difference.theirs_minor) == (-fee - 100, -fee)
    assert difference.ref == f"fee:{gift.number}@CNY"


def test_what_only_our_books_know_is_found(shop, foundation, fund, known_gift):
    known_gift()
    book_gift(
        fund=fund, key="G-invented", amount_minor=800, fee_minor=30, by=None,
        happened_on=timezone.localdate(),
    )  # fmt: skip

    (difference,) = compared(foundation)

    # Its fee is not a second difference.
    assert (difference.kind, difference.ref) == ("missing_there", "charge:G-invented@CNY")
    assert (difference.ours_minor, difference.theirs_minor) == (800, None)


def test_a_movement_of_theirs_that_is_nobodys_gift_is_found(
    shop, foundation, known_gift, stripe_client
):
    known_gift(50_000)
    payout = shop.control.pay_out(account=ACCOUNT)
    (difference,) = compared(foundation)
    assert (difference.kind, difference.ref) == ("missing_here", f"payout:{payout['id']}@CNY")
    assert difference.theirs_minor == -payout["amount"]

    book_payout(
        foundation=foundation, key=payout["id"], amount_minor=payout["amount"] - 1, currency="CNY",
        happened_on=timezone.localdate(),
    )  # fmt: skip

    assert in_short(compared(foundation)) == [
        ("amount", "payout", -payout["amount"] + 1, -payout["amount"])
    ]


def test_a_refund_that_was_made_at_the_dashboard_and_a_dispute_are_found(
    shop, foundation, known_gift
):
    refunded, disputed = known_gift(20_000), known_gift(9_000)
    shop.control.refund(payment=refunded.payment_ref, amount=3_000)
    shop.control.dispute(payment=disputed.payment_ref)

    found = compared(foundation)

    fee = disputed.fee_minor
    entry = ProcessorEntry.objects.get(kind="dispute")
    assert in_short(found) == [
        ("fee", "fee", -fee, -fee - entry.fee_minor),
        ("missing_here", "dispute", None, -9_000),
        ("missing_here", "refund", None, -3_000),
    ]
    assert {difference.gift for difference in found} == {refunded, disputed}


def test_a_correction_counts_against_what_it_corrects(shop, foundation, known_gift):
    gift = known_gift()
    fee = booked(f"gift:{gift.number}")[1]
    wrong = book_fee(
        gift=gift.number, key="wrong", amount_minor=50, happened_on=timezone.localdate()
    )[0]
    assert len(compared(foundation)) == 1
    reverse_movement(movement=wrong, reason="入错了", by=None)
    assert compared(foundation) == []
    assert fee.amount_minor == gift.fee_minor


def test_each_currency_stands_for_itself(shop, foundation, known_gift, paid_gift):
    yen = create_fund(foundation=foundation, name="日元", purpose="热饭", by=None, currency="JPY")
    dinar = create_fund(
        foundation=foundation, name="第纳尔", purpose="热饭", by=None, currency="KWD"
    )
    known_gift(10_000)
    known_gift(1_234, fund=yen)
    paid_gift(5_430, fund=dinar)

    (difference,) = compared(foundation)

    assert (difference.currency, difference.theirs_minor) == ("KWD", 5_430)
    by_currency = {one.currency: one for one in balances(foundation=foundation, gateway="stripe")}
    assert set(by_currency) == {"CNY", "JPY", "KWD"}
    assert by_currency["JPY"].apart_minor == by_currency["CNY"].apart_minor == 0
    assert by_currency["KWD"].ours_minor == 0
    assert by_currency["KWD"].apart_minor == -ProcessorEntry.objects.get(currency="KWD").net_minor


def test_what_is_in_flight_is_no_difference_yet(shop, foundation, paid_gift):
    paid_gift()
    reconcile(foundation=foundation, now=timezone.now() + timedelta(minutes=2))
    assert not Difference.objects.exists()
    assert ProcessorEntry.objects.count() == 1
    assert len(compared(foundation)) == 1


def test_reading_twice_keeps_each_line_once(shop, foundation, known_gift):
    known_gift(), known_gift()
    compared(foundation)
    known_gift()
    compared(foundation)
    assert ProcessorEntry.objects.count() == 3
    assert ProcessorEntry.objects.filter(gift__state=Gift.State.PAID).count() == 3


def test_a_gateway_that_is_away_leaves_what_was_found_and_says_so(shop, foundation, paid_gift):
    paid_gift()
    assert len(compared(foundation)) == 1
    mark = GatewayMark.objects.get()

    shop.control.fail_next(fault="outage", count=2)
    assert not reconcile(foundation=foundation)

    again = GatewayMark.objects.get()
    assert (again.trouble, again.ledger_to) == ("unreachable", mark.ledger_to)
    assert Difference.objects.filter(gone_at=None).count() == 1
    compared(foundation)
    assert GatewayMark.objects.get().trouble == ""


def test_a_resolved_difference_stays_so_until_its_sums_change(shop, foundation, known_gift, chen):
    gift = known_gift()
    shop.control.refund(payment=gift.payment_ref, amount=1_000)
    (difference,) = compared(foundation)
    with pytest.raises(ReasonMissing):
        resolve_difference(difference=difference, note="  ", by=chen)
    resolve_difference(difference=difference, note="在后台退的", by=chen)

    (same,) = compared(foundation)
    assert (same.resolved_by, same.note) == (chen, "在后台退的")

    shop.control.refund(payment=gift.payment_ref, amount=500)
    (changed,) = compared(foundation)
    assert changed.pk == difference.pk
    assert (changed.theirs_minor, changed.resolved_at, changed.note) == (-1_500, None, "")


def test_a_difference_that_was_gone_and_returns_is_open_again(shop, foundation, known_gift, chen):
    gift = known_gift()
    day = timezone.localdate()
    first = book_fee(gift=gift.number, key="a", amount_minor=70, happened_on=day)[0]
    (difference,) = compared(foundation)
    resolve_difference(difference=difference, note="等手续费", by=chen)
    reverse_movement(movement=first, reason="入错了", by=None)
    assert compared(foundation) == []

    book_fee(gift=gift.number, key="b", amount_minor=70, happened_on=day)

    (returned,) = compared(foundation)
    assert (returned.pk, returned.gone_at, returned.resolved_at) == (difference.pk, None, None)


def test_two_people_do_not_resolve_the_same(shop, foundation, paid_gift, chen, tan):
    paid_gift()
    (difference,) = compared(foundation)
    resolve_difference(difference=difference, note="看过了", by=chen)
    assert resolve_difference(difference=difference, note="再按一次", by=chen).note == "看过了"
    with pytest.raises(DecidedAlready):
        resolve_difference(difference=difference, note="也看过了", by=tan)


def test_the_database_refuses_a_resolution_without_a_note(shop, foundation, paid_gift, chen):
    paid_gift()
    (difference,) = compared(foundation)
    with pytest.raises(IntegrityError), transaction.atomic():
        Difference.objects.filter(pk=difference.pk).update(
            resolved_at=timezone.now(), resolved_by=chen
        )


def test_the_other_foundation_is_compared_with_its_own_account_only(
    shop, foundation, other_foundation, paid_gift
):
    from tests.foundations.gateway_cast import connect

    paid_gift()
    connect(shop, other_foundation, "acct_of_the_other")
    assert compared(other_foundation) == []
    assert len(compared(foundation)) == 1
    assert not ProcessorEntry.objects.filter(foundation=other_foundation).exists()


def test_the_task_compares_one_foundation(shop, foundation, known_gift):
    known_gift()
    reconcile_foundation(foundation_id=foundation.pk)
    assert GatewayMark.objects.get(foundation=foundation).reconciled_at is not None


def test_without_an_account_there_is_nothing_to_compare(foundation, settings):
    assert reconcile(foundation=foundation)
    assert not GatewayMark.objects.exists()
