"""A word to the worker that records are to be drafted; should it get lost, a sweep finds them."""

from __future__ import annotations

import logging

from django.core.cache import cache
from django.db import transaction

logger = logging.getLogger(__name__)

NUDGE_KEY = "campaigns:drafting-nudged"
# Should the message be lost, the next check-out may send another one after this many seconds.
NUDGE_SECONDS = 10


def nudge_drafting() -> None:
    """Once it is committed. Once for a flood of check-outs: the task takes the mark away before
    it looks."""
    transaction.on_commit(_send, robust=True)


def _send() -> None:
    from campaigns.tasks import draft_records

    try:
        if cache.add(NUDGE_KEY, 1, NUDGE_SECONDS):
            draft_records.delay()
    except Exception:
        logger.warning("No nudge for the drafting; the sweep will find it.", exc_info=True)


def forget_nudge() -> None:
    try:
        cache.delete(NUDGE_KEY)
    except Exception:
        logger.warning("The nudge's mark stands until it runs out.", exc_info=True)
