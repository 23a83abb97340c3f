"""Money back to a donor: two people, never more than was given, by the gateway or by hand."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from foundations.actions import refunds as actions
from foundations.actions.entering import DecidedAlready, FormUsed, SamePerson
from foundations.actions.entries import NotInHand
from foundations.actions.gift_events import MoreThanThere
from foundations.actions.gifts import book_gift
from foundations.actions.ledger import DayToCome, NothingToBook, ReasonMissing
from foundations.models import Dispute, Gift, Letter, MoneyAccount, Refund
from tests.foundations.money_cast import net_of
from tests.foundations.recon_cast import now_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sound_books")]
State = Refund.State


def balance(foundation, kind):
    return MoneyAccount.objects.get(foundation=foundation, kind=kind, fund=None).balance_minor


def ask(gift, by, amount_minor=4_000, **fields):
    return actions.ask_refund(
        **{"gift": gift, "amount_minor": amount_minor, "reason": "付错了", "by": by} | fields
    )


@pytest.fixture
def approved(cash_gift, chen, tan):
    """A refund of 40 from a gift of 100 in the bank: asked by Chen, approved by Tan."""
    return actions.approve_refund(refund=ask(cash_gift(), chen), by=tan)


def test_asking_moves_nothing(cash_gift, fund, foundation, chen):
    gift = cash_gift()
    refund = ask(gift, chen)
    assert (refund.state, refund.amount_minor, refund.asked_by) == (State.ASKED, 4_000, chen)
    gift.refresh_from_db()
    assert gift.refunded_minor == 0
    assert net_of(fund) == 10_000
    assert balance(foundation, "refunds_payable") == 0


def test_approving_owes_the_money_to_the_donor(cash_gift, fund, foundation, chen, tan):
    gift = cash_gift()
    refund = actions.approve_refund(refund=ask(gift, chen), by=tan)
    assert (refund.state, refund.approved_by) == (State.APPROVED, tan)
    gift.refresh_from_db()
    assert gift.refunded_minor == 4_000
    assert net_of(fund) == 6_000
    assert balance(foundation, "refunds_payable") == -4_000
    assert balance(foundation, "bank") == 10_000
    # Pressed twice by the same person: done once.
    assert actions.approve_refund(refund=refund, by=tan).pk == refund.pk
    gift.refresh_from_db()
    assert gift.refunded_minor == 4_000


def test_who_asked_does_not_approve(cash_gift, tan):
    refund = ask(cash_gift(), tan)
    with pytest.raises(SamePerson):
        actions.approve_refund(refund=refund, by=tan)


def test_the_database_refuses_one_person_for_both(cash_gift, chen):
    refund = ask(cash_gift(), chen)
    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.filter(pk=refund.pk).update(state=State.APPROVED, approved_by=chen)


@pytest.mark.parametrize(
    ("amount_minor", "reason", "refusal"),
    [
        (0, "付错了", NothingToBook),
        (-5, "付错了", NothingToBook),
        (10_001, "付错了", MoreThanThere),
        (10**17, "付错了", MoreThanThere),
        (100, "   ", ReasonMissing),
    ],
)
def test_what_cannot_be_asked_for(cash_gift, chen, amount_minor, reason, refusal):
    with pytest.raises(refusal):
        ask(cash_gift(), chen, amount_minor, reason=reason)
    assert not Refund.objects.exists()


def test_asked_for_together_they_do_not_exceed_the_gift(cash_gift, chen):
    gift = cash_gift()
    ask(gift, chen, 6_000)
    with pytest.raises(MoreThanThere) as refused:
        ask(gift, chen, 4_001)
    assert refused.value.left_minor == 4_000
    ask(gift, chen, 4_000)


def test_only_what_was_paid_is_paid_back(cash_gift, fund, chen):
    begun = Gift.objects.create(
        foundation=fund.foundation, fund=fund, number="G1", gateway="stripe", currency="CNY",
        amount_minor=10_000,
    )  # fmt: skip
    with pytest.raises(actions.GiftNotPaid):
        ask(begun, chen)
    with pytest.raises(actions.GoodsStay):
        ask(cash_gift(method=Gift.Method.GOODS), chen)


def test_a_form_that_is_sent_twice_asks_once_and_is_nobody_elses(cash_gift, chen, tan):
    gift, nonce = cash_gift(), uuid.uuid4()
    first = ask(gift, chen, nonce=nonce)
    assert ask(gift, chen, nonce=nonce).pk == first.pk
    with pytest.raises(FormUsed):
        ask(gift, tan, nonce=nonce)
    with pytest.raises(FormUsed):
        ask(cash_gift(), chen, nonce=nonce)
    assert Refund.objects.count() == 1


def dispute(gift, state=Dispute.State.OPEN, amount_minor=3_000):
    return Dispute.objects.create(
        gift=gift, foundation=gift.foundation, ref=f"du_{gift.number}", amount_minor=amount_minor,
        currency=gift.currency, state=state, opened_at=timezone.now(),
    )  # fmt: skip


def test_nothing_is_paid_back_during_a_dispute(cash_gift, chen, tan):
    gift, asked_before = cash_gift(), cash_gift()
    waiting = ask(asked_before, chen)
    dispute(gift), dispute(asked_before)
    with pytest.raises(actions.GiftInDispute):
        ask(gift, chen)
    with pytest.raises(actions.GiftInDispute):
        actions.approve_refund(refund=waiting, by=tan)
    Dispute.objects.update(state=Dispute.State.WON)
    actions.approve_refund(refund=waiting, by=tan)


def test_what_a_lost_dispute_took_is_not_there_to_be_paid_back(cash_gift, chen):
    gift = cash_gift()
    dispute(gift, Dispute.State.LOST)
    with pytest.raises(MoreThanThere) as refused:
        ask(gift, chen, 7_001)
    assert refused.value.left_minor == 7_000
    ask(gift, chen, 7_000)


def test_a_rejected_one_leaves_the_whole_gift_to_be_asked_for(cash_gift, chen, tan):
    gift = cash_gift()
    refund = ask(gift, chen, 10_000)
    with pytest.raises(ReasonMissing):
        actions.reject_refund(refund=refund, reason=" ", by=tan)
    actions.reject_refund(refund=refund, reason="不是我们的捐款人", by=tan)
    assert (now_of(refund).state, now_of(refund).trouble) == (State.REJECTED, "不是我们的捐款人")
    with pytest.raises(DecidedAlready):
        actions.approve_refund(refund=refund, by=tan)
    ask(gift, chen, 10_000)


def test_paid_by_hand_out_of_the_bank(approved, foundation, chen):
    paid = actions.mark_refund_paid(
        refund=approved, out_of="bank", paid_on=timezone.localdate(), by=chen
    )
    assert (paid.state, paid.attempt) == (State.PAID, 1)
    assert balance(foundation, "bank") == 6_000
    assert balance(foundation, "refunds_payable") == 0
    letter = Letter.objects.get(kind=Letter.Kind.REFUNDED)
    assert (letter.reference, letter.gift) == (f"refunded:{paid.number}", paid.gift)
    # Pressed twice: once. By another: no.
    actions.mark_refund_paid(refund=paid, out_of="bank", paid_on=timezone.localdate(), by=chen)
    assert balance(foundation, "bank") == 6_000


def put_into_cash_box(fund, amount_minor):
    book_gift(
        fund=fund, key="box", amount_minor=amount_minor, into="cash", by=None,
        happened_on=timezone.localdate(),
    )  # fmt: skip


def test_the_cash_box_pays_only_what_is_in_it(approved, fund, foundation, chen):
    put_into_cash_box(fund, 3_999)
    today = timezone.localdate()
    with pytest.raises(NotInHand):
        actions.mark_refund_paid(refund=approved, out_of="cash", paid_on=today, by=chen)
    assert now_of(approved).state == State.APPROVED
    actions.mark_refund_paid(refund=approved, out_of="bank", paid_on=today, by=chen)
    assert balance(foundation, "cash") == 3_999


def test_a_day_to_come_is_no_day_of_payment(approved, chen):
    tomorrow = timezone.localdate() + timedelta(days=1)
    with pytest.raises(DayToCome):
        actions.mark_refund_paid(refund=approved, out_of="bank", paid_on=tomorrow, by=chen)
    assert now_of(approved).state == State.APPROVED


def test_what_the_bank_sent_back_is_paid_once_more(approved, fund, foundation, chen, tan):
    put_into_cash_box(fund, 5_000)
    today = timezone.localdate()
    actions.mark_refund_paid(refund=approved, out_of="bank", paid_on=today, by=chen)
    back = actions.mark_refund_came_back(refund=approved, by=chen)
    assert (back.state, back.trouble) == (State.FAILED, "bank_sent_back")
    assert balance(foundation, "bank") == 10_000
    assert balance(foundation, "refunds_payable") == -4_000
    with pytest.raises(actions.OnlyByHand):
        actions.send_refund_again(refund=back, by=chen)

    again = actions.mark_refund_paid(refund=back, out_of="cash", paid_on=today, by=tan)

    assert (again.state, again.attempt, again.trouble) == (State.PAID, 2, "")
    assert balance(foundation, "cash") == 1_000
    # The donor was told once.
    assert Letter.objects.filter(kind=Letter.Kind.REFUNDED).count() == 1


def test_left_with_us_it_is_a_gift_again(approved, fund, foundation, tan):
    with pytest.raises(ReasonMissing):
        actions.waive_refund(refund=approved, reason="", by=tan)
    waived = actions.waive_refund(refund=approved, reason="电话里说的", by=tan)
    assert (waived.state, waived.trouble) == (State.WAIVED, "电话里说的")
    assert Gift.objects.get(pk=approved.gift_id).refunded_minor == 0
    assert net_of(fund) == 10_000
    assert balance(foundation, "refunds_payable") == 0
    actions.waive_refund(refund=approved, reason="再按一次", by=tan)
    assert net_of(fund) == 10_000
    with pytest.raises(DecidedAlready):
        actions.mark_refund_paid(
            refund=approved, out_of="bank", paid_on=timezone.localdate(), by=tan
        )
    assert not Letter.objects.filter(kind=Letter.Kind.REFUNDED).exists()
