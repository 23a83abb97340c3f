"""What a gateway says of disputes and payouts. Told twice, or out of order, it is booked once."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from wagtail.log_actions import log

from foundations.actions.disputes import (
    book_dispute,
    book_dispute_fee,
    book_dispute_fee_returned,
    book_reinstatement,
)
from foundations.actions.ledger import booked, first_open_day
from foundations.actions.payouts import book_payout, book_payout_arrived, book_payout_failed
from foundations.actions.settling import PaidOtherwise, lock_gift
from foundations.gateway.base import DisputeState, PayoutState
from foundations.models import Dispute, Foundation, Gift


@transaction.atomic
def told_of_dispute(*, gift: Gift, told: DisputeState) -> Dispute:
    """Withdrawal, fee and return are booked as each becomes known. Raises BookingRefused."""
    gift = lock_gift(gift)
    if told.currency != gift.currency:
        raise PaidOtherwise
    dispute, is_new = Dispute.objects.get_or_create(
        foundation=gift.foundation, ref=told.ref,
        defaults={
            "gift": gift, "amount_minor": told.amount_minor, "currency": gift.currency,
            "opened_at": told.opened_at, "reason": told.reason[:60],
        },
    )  # fmt: skip
    _book_dispute(gift, told)
    _move_on(dispute, told)
    if is_new:
        log(
            instance=dispute, action="foundations.dispute_opened", user=None,
            data={"amount_minor": told.amount_minor, "reason": told.reason},
        )  # fmt: skip
    return dispute


def _book_dispute(gift: Gift, told: DisputeState) -> None:
    number, ref = gift.number, told.ref
    taken_on = _day(gift.foundation, told.withdrawn_at or told.opened_at)
    back_on = _day(gift.foundation, told.reinstated_at or told.opened_at)
    if told.withdrawn_minor:
        book_dispute(gift=number, key=ref, amount_minor=told.withdrawn_minor, happened_on=taken_on)
    if told.fee_minor:
        book_dispute_fee(
            gift=number, dispute=ref, amount_minor=told.fee_minor, happened_on=taken_on
        )
    if told.reinstated_minor:
        book_reinstatement(
            gift=number, dispute=ref, amount_minor=told.reinstated_minor, happened_on=back_on
        )
    if told.fee_returned_minor:
        book_dispute_fee_returned(
            gift=number, dispute=ref, amount_minor=told.fee_returned_minor, happened_on=back_on
        )


def _move_on(dispute: Dispute, told: DisputeState) -> None:
    """Holds the gift's lock. What was decided stays decided: old news may come last."""
    dispute.fee_minor = max(dispute.fee_minor, told.fee_minor - told.fee_returned_minor)
    if dispute.state == Dispute.State.OPEN:
        dispute.answer_by = told.answer_by
        if told.status != Dispute.State.OPEN:
            dispute.state, dispute.closed_at = Dispute.State(told.status), timezone.now()
            log(
                instance=dispute, action="foundations.dispute_decided", user=None,
                data={"state": told.status},
            )  # fmt: skip
    dispute.save(update_fields=["fee_minor", "answer_by", "state", "closed_at"])


@transaction.atomic
def told_of_payout(*, foundation: Foundation, told: PayoutState) -> None:
    """On its way, arrived, or back at the processor. Raises BookingRefused."""
    book_payout(
        foundation=foundation, key=told.ref, amount_minor=told.amount_minor,
        currency=told.currency, happened_on=_day(foundation, told.sent_at),
    )  # fmt: skip
    failed = bool(booked(f"payout:{told.ref}:failed"))
    if told.status == "arrived" and not failed:
        book_payout_arrived(
            key=told.ref, happened_on=_day(foundation, told.arrived_at or told.sent_at)
        )
    if told.status == "failed":
        book_payout_failed(
            key=told.ref, happened_on=_day(foundation, told.failed_at or timezone.now())
        )


def _day(foundation: Foundation, moment: datetime) -> date:
    """A bank's day may be ahead of ours by hours: nothing is booked on a day to come."""
    wanted = min(timezone.localdate(moment), timezone.localdate())
    return first_open_day(foundation=foundation, wanted=wanted)
