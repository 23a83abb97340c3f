"""Doors for Celery: the message says when to look, the database says what is owed."""

from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from foundations.actions.letters import (
    forget_links,
    forget_nudge,
    owe_year_letters,
    send_next_letter,
    year_to_tell,
)

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
