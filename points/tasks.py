"""Thin doors: the message says when to look, the database says what is owed."""

from __future__ import annotations

import time

from celery import shared_task
from django.core.cache import cache

from points.actions.recognition import award_noticed_recognition, evaluate_recognition
from points.actions.settlement import settle_owed_records
from points.handlers import NUDGE_KEY

BATCH = 4000
# A worker looks up from its work after this many seconds, and sends for itself again.
STINT_SECONDS = 120


@shared_task
def settle_records() -> None:
    """Settle until nothing is owed, then see whom that earns recognition."""
    # First, or a record confirmed after the last look would find the mark and send nobody.
    _forget_nudge()
    until = time.monotonic() + STINT_SECONDS
    while settle_owed_records(limit=BATCH):
        if time.monotonic() > until:
            settle_records.delay()
            return
    while evaluate_recognition(limit=BATCH):
        if time.monotonic() > until:
            sweep_recognition.delay()
            return


@shared_task
def sweep_owed_records() -> None:
    """By beat: whatever a lost nudge left behind."""
    settle_records()


@shared_task
def sweep_recognition() -> None:
    """By beat: evaluate what is owed, award what has stood in notice long enough."""
    until = time.monotonic() + STINT_SECONDS
    while evaluate_recognition(limit=BATCH):
        if time.monotonic() > until:
            sweep_recognition.delay()
            return
    award_noticed_recognition()


def _forget_nudge() -> None:
    try:
        cache.delete(NUDGE_KEY)
    except Exception:  # noqa: BLE001 - without the cache there is no mark to take away
        return
