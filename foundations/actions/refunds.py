"""Money back to a donor: one asks, another approves, the gateway or the office pays.

Whatever changes a refund holds its gift's lock, so a gift's refunds together never exceed it. What
the gateway says of a refund is written down by `gateway_refunds.py`; `sending_refunds.py` asks it.
"""

from __future__ import annotations

import logging
import uuid
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from foundations.actions.entering import DecidedAlready, FormUsed, SamePerson
from foundations.actions.entries import NotInHand
from foundations.actions.gift_events import MoreThanThere, gift_event
from foundations.actions.gifts import (
    book_refund,
    book_refund_failed,
    book_refund_paid,
    book_refund_waived,
)
from foundations.actions.ledger import (
    BookingRefused,
    NothingToBook,
    ReasonMissing,
    booked,
    first_open_day,
    house_account,
    lock_accounts,
)
from foundations.actions.letters import owe_letter
from foundations.actions.settling import lock_gift
from foundations.models import Dispute, Gift, Letter, MoneyAccount, Refund
from foundations.names import new_number
from volunteers.models import User

logger = logging.getLogger(__name__)

State = Refund.State
# Gifts of this gateway are paid back by hand.
BY_HAND = "offline"
OUT_OF = (MoneyAccount.Kind.BANK, MoneyAccount.Kind.CASH)


class RefundRefused(BookingRefused):
    """The refund stays as it is; `str()` is the sentence for the person."""


class GiftNotPaid(RefundRefused):
    sentence = gettext_lazy("Only a gift that was paid can be paid back.")


class GoodsStay(RefundRefused):
    sentence = gettext_lazy("Goods are not paid back. Please reverse the entry of this gift.")


class GiftInDispute(RefundRefused):
    sentence = gettext_lazy(
        "The donor's bank disputes this gift. Until that is decided nothing can be paid back, "
        "or it would be paid twice."
    )


class NotByHand(RefundRefused):
    sentence = gettext_lazy("The payment service pays this back. Please wait for its answer.")


class OnlyByHand(RefundRefused):
    sentence = gettext_lazy("This gift came without the payment service: please pay it by hand.")


@transaction.atomic
def ask_refund(
    *, gift: Gift, amount_minor: int, reason: str, by: User, nonce: uuid.UUID | None = None
) -> Refund:
    """Ask to pay back a gift or a part of it. The same nonce asks once; no money moves yet.

    Raises GiftNotPaid, GoodsStay, GiftInDispute, MoreThanThere, NothingToBook, ReasonMissing,
    FormUsed.
    """
    if not reason.strip():
        raise ReasonMissing
    if amount_minor < 1:
        raise NothingToBook
    gift = lock_gift(gift)
    nonce = nonce or uuid.uuid4()
    if earlier := _asked_before(nonce, gift=gift, by=by):
        return earlier
    left = askable_minor(gift)
    _refuse_gift(gift)
    if amount_minor > left:
        raise MoreThanThere(left_minor=left, currency=gift.currency)
    try:
        with transaction.atomic():
            refund = Refund.objects.create(
                gift=gift, foundation=gift.foundation, number=new_number("R"), nonce=nonce,
                amount_minor=amount_minor, currency=gift.currency, reason=reason.strip(),
                state=State.ASKED, asked_by=by,
            )  # fmt: skip
    except IntegrityError as taken:
        # The form of one gift was sent for another at the same moment.
        raise FormUsed from taken
    _log(refund, "ask_refund", by=by)
    return refund


@transaction.atomic
def approve_refund(*, refund: Refund, by: User) -> Refund:
    """The money is the donor's from now on. Pressed twice by the same person, done once.

    Raises SamePerson, DecidedAlready, GiftInDispute, MoreThanThere.
    """
    gift, refund = lock_refund(refund)
    if refund.approved_by == by and refund.state != State.ASKED:
        return refund
    if refund.state != State.ASKED:
        raise DecidedAlready
    if refund.asked_by == by:
        raise SamePerson
    _refuse_gift(gift)
    left = refundable_minor(gift)
    if refund.amount_minor > left:
        raise MoreThanThere(left_minor=left, currency=gift.currency)
    book_refund(
        gift=gift.number, key=refund.number, amount_minor=refund.amount_minor,
        happened_on=_today(refund), by=by, text=refund.reason,
    )  # fmt: skip
    gift.refunded_minor += refund.amount_minor
    gift.save(update_fields=["refunded_minor"])
    refund.state, refund.approved_by, refund.approved_at = State.APPROVED, by, timezone.now()
    refund.save(update_fields=["state", "approved_by", "approved_at"])
    _log(refund, "approve_refund", by=by)
    if gift.gateway != BY_HAND:
        transaction.on_commit(nudge_refunds, robust=True)
    return refund


@transaction.atomic
def reject_refund(*, refund: Refund, reason: str, by: User) -> Refund:
    """Nothing is paid back. Whoever asked may take it back this way.

    Raises DecidedAlready, ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing
    _gift, refund = lock_refund(refund)
    if refund.state == State.REJECTED:
        return refund
    if refund.state != State.ASKED:
        raise DecidedAlready
    refund.state, refund.trouble = State.REJECTED, reason.strip()
    refund.save(update_fields=["state", "trouble"])
    _log(refund, "reject_refund", by=by)
    return refund


# What came back, and what is paid by hand


@transaction.atomic
def send_refund_again(*, refund: Refund, by: User) -> Refund:
    """Another attempt at the gateway, under a key of its own.

    Raises DecidedAlready when it did not come back (any more), GiftInDispute, OnlyByHand.
    """
    gift, refund = lock_refund(refund)
    if refund.state in {State.APPROVED, State.PENDING}:
        return refund
    if refund.state != State.FAILED:
        raise DecidedAlready
    if gift.gateway == BY_HAND:
        raise OnlyByHand
    _refuse_in_dispute(gift)
    refund.state, refund.attempt = State.APPROVED, refund.attempt + 1
    refund.tries, refund.next_try_at, refund.trouble = 0, None, ""
    refund.save(update_fields=["state", "attempt", "tries", "next_try_at", "trouble"])
    _log(refund, "send_refund_again", by=by)
    transaction.on_commit(nudge_refunds, robust=True)
    return refund


@transaction.atomic
def mark_refund_paid(*, refund: Refund, out_of: str, paid_on: date, by: User) -> Refund:
    """Paid by hand: a gift from the bank or the cash box, or what the gateway could not pay.

    Raises DecidedAlready, NotByHand, GiftInDispute, NotInHand, and what a booking of that day
    raises.
    """
    assert out_of in OUT_OF
    gift, refund = lock_refund(refund)
    if refund.state == State.PAID and _was_marked_by(gift, refund, by):
        return refund
    if refund.state == State.APPROVED and gift.gateway != BY_HAND:
        raise NotByHand
    if refund.state not in {State.APPROVED, State.FAILED}:
        raise DecidedAlready
    _refuse_in_dispute(gift)
    if out_of == MoneyAccount.Kind.CASH:
        _refuse_more_than_in_box(refund)
    if refund.state == State.FAILED:
        refund.attempt += 1
    book_refund_paid(
        gift=gift.number, refund=refund.number, happened_on=paid_on, by=by, out_of=out_of,
        attempt=refund.attempt,
    )  # fmt: skip
    refund.state, refund.paid_at, refund.trouble = State.PAID, timezone.now(), ""
    refund.save(update_fields=["state", "attempt", "paid_at", "trouble"])
    tell_donor(refund)
    _log(refund, "mark_refund_paid", by=by)
    return refund


@transaction.atomic
def mark_refund_came_back(*, refund: Refund, by: User) -> Refund:
    """The donor's bank sent back what was paid by hand: it is owed again.

    Raises DecidedAlready, NotByHand.
    """
    gift, refund = lock_refund(refund)
    if refund.state == State.FAILED:
        return refund
    if refund.state != State.PAID:
        raise DecidedAlready
    if not was_paid_by_hand(refund):
        raise NotByHand
    book_refund_failed(
        gift=gift.number, refund=refund.number, happened_on=_today(refund), by=by,
        attempt=refund.attempt,
    )  # fmt: skip
    refund.state, refund.paid_at, refund.trouble = State.FAILED, None, "bank_sent_back"
    refund.save(update_fields=["state", "paid_at", "trouble"])
    _log(refund, "mark_refund_came_back", by=by)
    return refund


@transaction.atomic
def waive_refund(*, refund: Refund, reason: str, by: User) -> Refund:
    """The donor leaves with us what could not be paid back: it is a gift again.

    Raises ReasonMissing, DecidedAlready, NotByHand while the gateway may still pay it.
    """
    if not reason.strip():
        raise ReasonMissing
    gift, refund = lock_refund(refund)
    if refund.state == State.WAIVED:
        return refund
    if refund.state == State.APPROVED and gift.gateway != BY_HAND:
        raise NotByHand
    if refund.state not in {State.APPROVED, State.FAILED}:
        raise DecidedAlready
    book_refund_waived(
        gift=gift.number, refund=refund.number, happened_on=_today(refund), by=by,
        text=reason.strip(),
    )  # fmt: skip
    gift.refunded_minor -= refund.amount_minor
    gift.save(update_fields=["refunded_minor"])
    refund.state, refund.trouble = State.WAIVED, reason.strip()
    refund.save(update_fields=["state", "trouble"])
    _log(refund, "waive_refund", by=by)
    return refund


# What others need to know


def refundable_minor(gift: Gift) -> int:
    """What can still be paid back: what a bank took for good in a dispute is gone."""
    lost = gift.disputes.filter(state=Dispute.State.LOST).aggregate(sum=Sum("amount_minor"))
    return max(0, gift.left_minor - (lost["sum"] or 0))


def askable_minor(gift: Gift) -> int:
    """What nobody has asked to pay back yet."""
    waiting = gift.refunds.filter(state=State.ASKED).aggregate(sum=Sum("amount_minor"))
    return max(0, refundable_minor(gift) - (waiting["sum"] or 0))


def is_in_dispute(gift: Gift) -> bool:
    return gift.disputes.filter(state=Dispute.State.OPEN).exists()


def was_paid_by_hand(refund: Refund) -> bool:
    """Out of the bank or the cash box, not by the gateway."""
    paid = booked(_paid_event(refund.gift, refund))
    return bool(paid) and paid[0].credit_account.kind in OUT_OF


def lock_refund(refund: Refund) -> tuple[Gift, Refund]:
    """The gift and the refund as they are now, held until the transaction ends."""
    gift = lock_gift(refund.gift)
    now = (
        Refund.objects.select_for_update(of=("self",), no_key=True)
        .select_related("foundation", "asked_by", "approved_by")
        .get(pk=refund.pk)
    )
    now.gift = gift
    return gift, now


def tell_donor(refund: Refund) -> None:
    """Money is on its way back: said once, however often it has to be sent."""
    owe_letter(
        kind=Letter.Kind.REFUNDED, reference=f"refunded:{refund.number}", gift=refund.gift
    )  # fmt: skip


def nudge_refunds() -> None:
    """Ask a worker to look. A broker that is away costs nothing but the time until the sweep."""
    from foundations.tasks import send_refunds

    try:
        send_refunds.delay()
    except Exception:
        logger.warning("No nudge for the refunds; the sweep will find them.", exc_info=True)


def _asked_before(nonce: uuid.UUID, *, gift: Gift, by: User) -> Refund | None:
    earlier = Refund.objects.filter(nonce=nonce).select_related("gift").first()
    if earlier is not None and (earlier.asked_by_id, earlier.gift_id) != (by.pk, gift.pk):
        raise FormUsed
    return earlier


def _refuse_gift(gift: Gift) -> None:
    if gift.state != Gift.State.PAID:
        raise GiftNotPaid
    if gift.method == Gift.Method.GOODS:
        raise GoodsStay
    _refuse_in_dispute(gift)


def _refuse_in_dispute(gift: Gift) -> None:
    if is_in_dispute(gift):
        raise GiftInDispute


def _refuse_more_than_in_box(refund: Refund) -> None:
    """A cash box cannot pay what is not in it. Its balance is held."""
    box, payable = (
        house_account(foundation=refund.foundation, kind=kind, currency=refund.currency)
        for kind in (MoneyAccount.Kind.CASH, MoneyAccount.Kind.REFUNDS_PAYABLE)
    )
    held = lock_accounts([box, payable])[box.pk]
    if held < refund.amount_minor:
        raise NotInHand(account=box, left_minor=held)


def _was_marked_by(gift: Gift, refund: Refund, by: User) -> bool:
    return any(paid.by_id == by.pk for paid in booked(_paid_event(gift, refund)))


def _paid_event(gift: Gift, refund: Refund) -> str:
    return f"{gift_event(gift.number)}:refund:{refund.number}:paid:{refund.attempt}"


def _today(refund: Refund) -> date:
    return first_open_day(foundation=refund.foundation, wanted=timezone.localdate())


def _log(refund: Refund, action: str, *, by: User) -> None:
    log(
        instance=refund, action=f"foundations.{action}", user=by,
        data={"amount_minor": refund.amount_minor, "currency": refund.currency},
    )  # fmt: skip
