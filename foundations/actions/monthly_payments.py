"""A monthly gift follows what its gateway says of it; each month's payment is a gift of its own."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from wagtail.log_actions import log

from foundations.actions.letters import owe_letter
from foundations.actions.settling import PaidOtherwise, settle_gift
from foundations.gateway.base import PaymentState, PaymentStatus, SubscriptionState
from foundations.models import Gift, Letter, MonthlyGift
from foundations.names import new_number

State = MonthlyGift.State


@transaction.atomic
def told_of_monthly(*, monthly: MonthlyGift, told: SubscriptionState) -> MonthlyGift:
    """Bring the promise to what the gateway says of it now. Told twice, it changes nothing.

    Whoever stops or changes it at the gateway passes the answer here as well.
    """
    monthly = lock_monthly(monthly)
    if told.currency != monthly.currency:
        raise PaidOtherwise
    if monthly.state == State.STOPPED:
        return monthly  # what is stopped stays stopped: old news may come last
    before = monthly.state
    monthly.subscription_ref = monthly.subscription_ref or told.subscription_ref
    monthly.state = State(told.status)
    monthly.next_on = timezone.localdate(told.next_at) if told.next_at else None
    _take_amount(monthly, told)
    if monthly.state == State.ACTIVE and monthly.started_at is None:
        monthly.started_at = timezone.now()
    if monthly.state == State.STOPPED:
        monthly.stopped_at = monthly.stopped_at or timezone.now()
        owe_letter(
            kind=Letter.Kind.MONTHLY_STOPPED, reference=f"stopped:{monthly.number}",
            monthly=monthly,
        )  # fmt: skip
    monthly.save(
        update_fields=[
            "subscription_ref", "state", "next_on", "amount_minor", "cover_minor", "started_at",
            "stopped_at",
        ]
    )  # fmt: skip
    if monthly.state != before:
        log(
            instance=monthly, action="foundations.monthly_told", user=None,
            data={"state": str(monthly.state)},
        )  # fmt: skip
    return monthly


@transaction.atomic
def settle_monthly_payment(*, monthly: MonthlyGift, told: PaymentState) -> Gift | None:
    """One month's payment: a gift once it is paid, a letter when the card was refused.

    Raises PaidOtherwise.
    """
    monthly = lock_monthly(monthly)
    if told.status == PaymentStatus.FAILED:
        owe_letter(
            kind=Letter.Kind.CARD_REFUSED, reference=f"card_refused:{told.invoice_ref}",
            monthly=monthly,
        )  # fmt: skip
        return None
    if told.status != PaymentStatus.PAID or not told.amount_minor:
        return None
    if told.currency != monthly.currency:
        raise PaidOtherwise
    return settle_gift(gift=_gift_of_the_month(monthly, told), told=told)


def lock_monthly(monthly: MonthlyGift) -> MonthlyGift:
    return (
        MonthlyGift.objects.select_for_update(of=("self",), no_key=True)
        .select_related("fund", "foundation", "donor")
        .get(pk=monthly.pk)
    )


def _take_amount(monthly: MonthlyGift, told: SubscriptionState) -> None:
    """Changed at the gateway: nothing of the new amount was said to be for the fee."""
    if told.subscription_ref and told.amount_minor not in {0, monthly.amount_minor}:
        monthly.amount_minor, monthly.cover_minor = told.amount_minor, 0


def _gift_of_the_month(monthly: MonthlyGift, told: PaymentState) -> Gift:
    """Made under the monthly gift's lock; the invoice's unique name holds it to one."""
    gifts = Gift.objects.filter(gateway=monthly.gateway, invoice_ref=told.invoice_ref)
    if earlier := gifts.first():
        return earlier
    is_as_promised = told.amount_minor == monthly.amount_minor
    return Gift.objects.create(
        foundation=monthly.foundation, fund=monthly.fund, monthly=monthly, donor=monthly.donor,
        number=new_number("G"), gateway=monthly.gateway, invoice_ref=told.invoice_ref,
        amount_minor=told.amount_minor, currency=monthly.currency,
        cover_minor=monthly.cover_minor if is_as_promised else 0,
        donor_name=monthly.donor_name, shown_as=monthly.shown_as, language=monthly.language,
        dedication=monthly.dedication, waives_receipt=monthly.waives_receipt,
        # Once is enough on the donor wall.
        message="" if monthly.gifts.exists() else monthly.message,
    )  # fmt: skip
