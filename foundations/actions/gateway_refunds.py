"""What a gateway says of a refund: of one that the office sent, or one made at the gateway itself.

The same door serves the answer to our own call and the notification that follows it, in any order
and as often as they come. The books follow the money, the refund's state follows the gateway's.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from wagtail.log_actions import log

from foundations.actions.gift_events import gift_event
from foundations.actions.gifts import book_refund, book_refund_failed, book_refund_paid
from foundations.actions.ledger import booked, first_open_day
from foundations.actions.letters import owe_letter
from foundations.actions.settling import PaidOtherwise, lock_gift
from foundations.gateway.base import RefundState
from foundations.models import Gift, Letter, Refund
from foundations.names import new_number

State = Refund.State

# What the gateway says only ever moves a refund forward; old news may come last.
_PLACE = {State.APPROVED: 0, State.PENDING: 1, State.PAID: 2, State.FAILED: 3, State.WAIVED: 4}


@transaction.atomic
def told_of_refund(*, gift: Gift, told: RefundState) -> Refund | None:
    """Bring the refund to what the gateway says of it; one that we did not ask for begins here.

    None for an attempt that was given up since. Raises BookingRefused.
    """
    gift = lock_gift(gift)
    if told.currency != gift.currency:
        raise PaidOtherwise
    refund = _refund_told_of(gift, told)
    if refund is None:
        refund = _made_at_the_gateway(gift, told)
    elif told.attempt != refund.attempt:
        return None
    if told.amount_minor != refund.amount_minor:
        raise PaidOtherwise
    refund.gift = gift
    _book(gift, refund, told)
    _move_on(refund, told)
    return refund


def _refund_told_of(gift: Gift, told: RefundState) -> Refund | None:
    """By the gateway's name; else by ours, where its answer to our call was lost."""
    refunds = Refund.objects.select_for_update(no_key=True).filter(gift=gift)
    by_ref = refunds.filter(ref=told.ref).first()
    if by_ref or not told.refund_number:
        return by_ref
    return refunds.filter(number=told.refund_number).exclude(state=State.ASKED).first()


def _made_at_the_gateway(gift: Gift, told: RefundState) -> Refund:
    refund = Refund.objects.create(
        gift=gift, foundation=gift.foundation, number=new_number("R"), ref=told.ref,
        source=Refund.Source.PROCESSOR, amount_minor=told.amount_minor, currency=gift.currency,
        state=State.APPROVED,
    )  # fmt: skip
    book_refund(
        gift=gift.number, key=refund.number, amount_minor=told.amount_minor,
        happened_on=_day(gift, told.happened_at), by=None,
    )  # fmt: skip
    gift.refunded_minor += told.amount_minor
    gift.save(update_fields=["refunded_minor"])
    log(
        instance=refund, action="foundations.refund_at_gateway", user=None,
        data={"amount_minor": refund.amount_minor, "currency": refund.currency},
    )  # fmt: skip
    return refund


def _book(gift: Gift, refund: Refund, told: RefundState) -> None:
    """What has left the gateway's balance, and what came back to it."""
    attempt = refund.attempt
    if told.left_at:
        book_refund_paid(
            gift=gift.number, refund=refund.number, attempt=attempt,
            happened_on=_day(gift, told.left_at),
        )  # fmt: skip
    paid = booked(f"{gift_event(gift.number)}:refund:{refund.number}:paid:{attempt}")
    if told.came_back_at and paid:
        book_refund_failed(
            gift=gift.number, refund=refund.number, attempt=attempt,
            happened_on=_day(gift, told.came_back_at),
        )  # fmt: skip


def _move_on(refund: Refund, told: RefundState) -> None:
    state = State(told.status)
    # The gateway's first word on this attempt: we may have given it up for want of an answer.
    is_first = refund.ref != told.ref and refund.state != State.WAIVED
    is_news = is_first or _PLACE[state] > _PLACE[State(refund.state)]
    refund.ref = told.ref
    if is_news:
        refund.state = state
        refund.paid_at = (told.left_at or timezone.now()) if state == State.PAID else None
        refund.trouble = told.trouble[:300] if state == State.FAILED else ""
    refund.next_try_at = None
    refund.save(update_fields=["ref", "state", "paid_at", "trouble", "next_try_at"])
    if is_news and state in {State.PENDING, State.PAID}:
        owe_letter(
            kind=Letter.Kind.REFUNDED, reference=f"refunded:{refund.number}", gift=refund.gift
        )
    if is_news:
        log(
            instance=refund, action="foundations.refund_told", user=None,
            data={"state": state.value, "ref": told.ref},
        )  # fmt: skip


def _day(gift: Gift, moment: datetime) -> date:
    return first_open_day(foundation=gift.foundation, wanted=timezone.localdate(moment))
