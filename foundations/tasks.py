"""Doors for Celery: the message says when to look, the database says what is owed."""

from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from foundations.actions.checking import back_fill, check_next_gift, check_next_monthly
from foundations.actions.disclosures import draw_up_disclosures
from foundations.actions.letters import (
    forget_links,
    forget_nudge,
    owe_year_letters,
    send_next_letter,
    year_to_tell,
)
from foundations.actions.money_checks import check_books
from foundations.actions.notifications import forget_nudge as forget_notifications_nudge
from foundations.actions.notifications import work_on_next_notification
from foundations.actions.reconciliation import LONG_OVERLAP, OVERLAP, reconcile
from foundations.actions.sending_refunds import send_owed_refunds
from foundations.models import Foundation

# A worker looks up from its work after this many seconds, and sends for itself again.
STINT_SECONDS = 120


@shared_task
def send_letters() -> None:
    """One letter after the other, each an outside call of its own."""
    forget_nudge()
    until = time.monotonic() + STINT_SECONDS
    while send_next_letter():
        if time.monotonic() > until:
            send_letters.delay()
            return


@shared_task
def sweep_letters() -> None:
    """By beat: whatever a lost nudge left behind, and what is to be tried again."""
    send_letters()


@shared_task
def sweep_letters_of_days() -> None:
    """By beat, every night: in January the year's letters; old links are forgotten."""
    if year := year_to_tell(today=timezone.localdate()):
        owe_year_letters(year=year)
    forget_links()


@shared_task
def send_refunds() -> None:
    """One approved refund after the other, each an outside call of its own."""
    until = time.monotonic() + STINT_SECONDS
    while send_owed_refunds(limit=1):
        if time.monotonic() > until:
            send_refunds.delay()
            return


@shared_task
def sweep_refunds() -> None:
    """By beat: whatever a lost nudge left behind, and what is to be tried again."""
    send_refunds()


@shared_task
def reconcile_foundation(*, foundation_id: int, is_long: bool = False) -> None:
    """Read what is new in the processor's ledger, and lay it beside the books."""
    foundation = Foundation.objects.get(pk=foundation_id)
    reconcile(foundation=foundation, overlap=LONG_OVERLAP if is_long else OVERLAP)


@shared_task
def reconcile_foundations(*, is_long: bool = False) -> None:
    """By beat, each hour: every foundation by itself, so that none holds up another."""
    for number in Foundation.objects.exclude(stripe_account="").values_list("pk", flat=True):
        reconcile_foundation.delay(foundation_id=number, is_long=is_long)


@shared_task
def reconcile_foundations_of_days() -> None:
    """By beat, every night: what came late to the processor's ledger is read too."""
    reconcile_foundations(is_long=True)


@shared_task
def sweep_disclosures() -> None:
    """Every night: what a foundation owes the public from this day on."""
    draw_up_disclosures()


@shared_task
def check_money_books() -> None:
    """By beat, every night: the proof of all books, kept where the office sees it."""
    check_books()


@shared_task
def work_on_notifications() -> None:
    """One notification after the other: asked about, booked, done."""
    # First, or one that came after the last look would find the mark and send nobody.
    forget_notifications_nudge()
    until = time.monotonic() + STINT_SECONDS
    while work_on_next_notification():
        if time.monotonic() > until:
            work_on_notifications.delay()
            return


@shared_task
def sweep_notifications() -> None:
    """By beat: what a lost nudge or a dead worker left behind, and what is to be tried again."""
    work_on_notifications()


@shared_task
def back_fill_notifications() -> None:
    """By beat, each hour: what the gateway has to tell and nobody delivered."""
    back_fill()


@shared_task
def check_quiet_payments() -> None:
    """By beat: gifts and monthly gifts that were begun and of which nobody has told us more."""
    until = time.monotonic() + STINT_SECONDS
    while check_next_gift() and time.monotonic() < until:
        pass
    last: int | None = 0
    while last is not None and time.monotonic() < until:
        last = check_next_monthly(after=last)
