"""A gift becomes what its gateway says it is: on its way, paid, or over.

The one place where a payment enters the books. Whoever asks, how often and in which order does not
matter: what was told already changes nothing.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from wagtail.log_actions import log

from foundations.actions.confirmations import issue_confirmation
from foundations.actions.gifts import book_fee, book_gift
from foundations.actions.income import book_match
from foundations.actions.ledger import BookingRefused, first_open_day
from foundations.actions.letters import owe_letter
from foundations.gateway.base import PaymentState, PaymentStatus
from foundations.models import Gift, Letter, MatchingPot
from volunteers.models import User


class PaidOtherwise(BookingRefused):
    """What was paid is not what was asked for: somebody must look at it before it is booked."""


@transaction.atomic
def settle_gift(*, gift: Gift, told: PaymentState) -> Gift:
    """Bring the gift to what the gateway says of it now. Raises PaidOtherwise.

    Money that came is booked even if the gift was held to be over.
    """
    gift = lock_gift(gift)
    if told.status == PaymentStatus.PAID:
        return _paid(gift, told)
    if gift.state not in {Gift.State.STARTED, Gift.State.PENDING}:
        return gift
    if told.status == PaymentStatus.PENDING:
        gift.state = Gift.State.PENDING
        gift.method = told.method or gift.method
    if told.status in {PaymentStatus.FAILED, PaymentStatus.EXPIRED}:
        gift.state = Gift.State(told.status.value)
        gift.ended_at = timezone.now()
    gift.payment_ref = told.payment_ref or gift.payment_ref
    gift.save(update_fields=["state", "method", "ended_at", "payment_ref"])
    return gift


def finish_paid(*, gift: Gift, by: User | None) -> None:
    """What follows once a gift is in the books: the sponsors' share, the paper, the thanks.

    Holds the gift's lock, in the transaction that booked it.
    """
    if gift.method != Gift.Method.GOODS:
        _match(gift)
    issue_confirmation(gift=gift)
    if gift.donor and gift.donor.email:
        owe_letter(kind=Letter.Kind.THANKS, reference=f"thanks:{gift.number}", gift=gift)
    log(instance=gift, action="foundations.gift_paid", user=by)


def lock_gift(gift: Gift) -> Gift:
    """The row as it is now, held until the transaction ends."""
    return (
        Gift.objects.select_for_update(of=("self",), no_key=True)
        .select_related("fund", "foundation", "donor")
        .get(pk=gift.pk)
    )


def _paid(gift: Gift, told: PaymentState) -> Gift:
    if gift.state == Gift.State.PAID:
        return _add_fee(gift, told)
    if (told.amount_minor, told.currency) != (gift.amount_minor, gift.currency):
        raise PaidOtherwise
    paid_at = told.paid_at or timezone.now()
    book_gift(
        fund=gift.fund, key=gift.number, amount_minor=gift.amount_minor,
        fee_minor=told.fee_minor or 0, by=None,
        happened_on=first_open_day(
            foundation=gift.foundation, wanted=timezone.localdate(paid_at)
        ),
    )  # fmt: skip
    gift.state, gift.paid_at, gift.ended_at = Gift.State.PAID, paid_at, None
    gift.method = told.method or Gift.Method.OTHER
    gift.fee_minor, gift.is_live = told.fee_minor, told.is_live
    gift.payment_ref = told.payment_ref or gift.payment_ref
    gift.invoice_ref = told.invoice_ref or gift.invoice_ref
    gift.save(
        update_fields=[
            "state", "paid_at", "ended_at", "method", "fee_minor", "is_live", "payment_ref",
            "invoice_ref",
        ]
    )  # fmt: skip
    finish_paid(gift=gift, by=None)
    return gift


def _add_fee(gift: Gift, told: PaymentState) -> Gift:
    """The fee is often known only after the payment."""
    if gift.fee_minor is not None or told.fee_minor is None:
        return gift
    if told.fee_minor:
        book_fee(
            gift=gift.number, key="fee", amount_minor=told.fee_minor,
            happened_on=first_open_day(
                foundation=gift.foundation, wanted=timezone.localdate(gift.paid_at)
            ),
        )  # fmt: skip
    gift.fee_minor = told.fee_minor
    gift.save(update_fields=["fee_minor"])
    return gift


def _match(gift: Gift) -> None:
    """Every sponsor whose pot is for this fund and day, the oldest first."""
    assert gift.paid_at is not None
    day = timezone.localdate(gift.paid_at)
    pots = MatchingPot.objects.filter(
        foundation=gift.foundation, currency=gift.currency, starts_on__lte=day, ends_on__gte=day
    )
    booked_on = first_open_day(foundation=gift.foundation, wanted=day)
    if booked_on != day:
        return  # its month is closed: the sponsor's terms are for the staff to read
    for pot in pots.order_by("pk"):
        if pot.fund_id in {None, gift.fund_id}:
            book_match(pot=pot, gift=gift.number, happened_on=day)
