"""Doors for Celery: nothing but the call of an action."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from campaigns.actions.closing import close_finished_shifts
from campaigns.actions.drafting import forget_nudge
from campaigns.actions.flags import forget_distances, look_over_scans
from campaigns.actions.presence import draft_all_owed_records


@shared_task
def sweep_finished_shifts() -> None:
    close_finished_shifts()


@shared_task
def sweep_scans() -> None:
    """By beat, every minute: what came in the last quarter of an hour."""
    look_over_scans(since=timezone.now() - timedelta(minutes=15))


@shared_task
def sweep_scans_of_days() -> None:
    """By beat, every night: the same with more patience, and distances that are old enough go."""
    look_over_scans(since=timezone.now() - timedelta(days=3))
    forget_distances()


@shared_task
def draft_records() -> None:
    # First, or a check-out after the last look would find the mark and send nobody.
    forget_nudge()
    draft_all_owed_records()
