"""A donor changes or stops a monthly gift.

The gateway is asked first, outside of any transaction; what it answers is then written down, so
that the page is right at once and the notification that follows finds nothing new.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from foundations.actions.letters import owe_letter
from foundations.gateway import SubscriptionState, get_gateway
from foundations.models import Letter, MonthlyGift
from volunteers.models import User

State = MonthlyGift.State
OVER = (State.STOPPED, State.EXPIRED)


class MonthlyRefused(Exception):
    """Nothing was changed; `str()` is the sentence for the person."""

    sentence: str | Promise = ""

    def __str__(self) -> str:
        return str(self.sentence)


class NotRunning(MonthlyRefused):
    sentence = gettext_lazy("This monthly gift is not running.")


class NoCardAskedFor(MonthlyRefused):
    sentence = gettext_lazy("No card is needed just now: nothing is owed for this monthly gift.")


def stop_monthly(*, monthly: MonthlyGift, by: User | None) -> MonthlyGift:
    """No further month is taken; stopped already, nothing happens.

    `by` None: by a link in the donor's mail. Raises GatewayError.
    """
    if monthly.state in OVER:
        return monthly
    told = get_gateway(monthly.gateway).stop_monthly(monthly=monthly)
    return _note_stopped(monthly=monthly, told=told, by=by)


def change_monthly(*, monthly: MonthlyGift, amount_minor: int, by: User | None) -> MonthlyGift:
    """Another amount from the next month on. Raises NotRunning or GatewayError."""
    if monthly.state not in {State.ACTIVE, State.PAST_DUE}:
        raise NotRunning
    if amount_minor == monthly.amount_minor:
        return monthly
    told = get_gateway(monthly.gateway).change_monthly(monthly=monthly, amount_minor=amount_minor)
    return _note_changed(monthly=monthly, told=told, by=by)


def card_url_of(*, monthly: MonthlyGift) -> str:
    """Where another card is given. Raises NoCardAskedFor or GatewayError."""
    if monthly.state in OVER:
        raise NotRunning
    url = get_gateway(monthly.gateway).fetch_monthly(monthly=monthly).card_url
    if not url:
        raise NoCardAskedFor
    return url


@transaction.atomic
def _note_stopped(*, monthly: MonthlyGift, told: SubscriptionState, by: User | None) -> MonthlyGift:
    monthly = _lock(monthly)
    if monthly.state in OVER:
        return monthly  # pressed twice, or the notification was quicker
    was_running = monthly.state != State.STARTED
    monthly.state = State.STOPPED if was_running else State.EXPIRED
    if told.status in OVER:
        monthly.state = State(told.status)
    monthly.subscription_ref = monthly.subscription_ref or told.subscription_ref
    monthly.stopped_at, monthly.stopped_by, monthly.next_on = timezone.now(), by, None
    monthly.save(update_fields=["state", "subscription_ref", "stopped_at", "stopped_by", "next_on"])
    if monthly.state == State.STOPPED:
        owe_letter(
            kind=Letter.Kind.MONTHLY_STOPPED, reference=f"stopped:{monthly.number}",
            monthly=monthly,
        )  # fmt: skip
    log(instance=monthly, action="foundations.stop_monthly", user=by)
    return monthly


@transaction.atomic
def _note_changed(*, monthly: MonthlyGift, told: SubscriptionState, by: User | None) -> MonthlyGift:
    """Whatever the gateway takes next month. The fee's share was a share of the old amount."""
    monthly = _lock(monthly)
    before = monthly.amount_minor
    monthly.amount_minor, monthly.cover_minor = told.amount_minor, 0
    monthly.save(update_fields=["amount_minor", "cover_minor"])
    log(
        instance=monthly, action="foundations.change_monthly", user=by,
        data={"from_minor": before, "to_minor": monthly.amount_minor},
    )  # fmt: skip
    return monthly


def _lock(monthly: MonthlyGift) -> MonthlyGift:
    return (
        MonthlyGift.objects.select_for_update(of=("self",), no_key=True)
        .select_related("foundation", "fund", "donor")
        .get(pk=monthly.pk)
    )
