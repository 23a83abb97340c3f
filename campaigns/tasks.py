"""Doors for Celery: nothing but the call of an action."""

from __future__ import annotations

from celery import shared_task

from campaigns.actions.closing import close_finished_shifts
from campaigns.actions.drafting import forget_nudge
from campaigns.actions.presence import draft_owed_records


@shared_task
def sweep_finished_shifts() -> None:
    close_finished_shifts()


@shared_task
def draft_records() -> None:
    # First, or a check-out after the last look would find the mark and send nobody.
    forget_nudge()
    while draft_owed_records():
        pass
