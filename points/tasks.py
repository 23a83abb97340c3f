"""Thin doors: the message says when to look, the database says what is owed."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from points.actions.anomalies import find_anomalies, find_outliers
from points.actions.chain import close_months
from points.actions.credentials import issue_credentials, revoke_credentials
from points.actions.increments import check_increment, last_checked_movement, settled_horizon
from points.actions.lapsing import lapse_buckets
from points.actions.notices import note_lapsing, send_next_notice
from points.actions.recognition import award_noticed_recognition, evaluate_recognition
from points.actions.refunds import expire_redemptions
from points.actions.settlement import settle_owed_records
from points.handlers import NUDGE_KEY

logger = logging.getLogger(__name__)

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


@shared_task
def sweep_lapsed_points() -> None:
    """By beat: points whose day has come lapse; whose day comes soon is told."""
    until = time.monotonic() + STINT_SECONDS
    while lapse_buckets():
        if time.monotonic() > until:
            sweep_lapsed_points.delay()
            return
    note_lapsing()
    send_lapse_notices.delay()


@shared_task
def send_lapse_notices() -> None:
    """One notice after the other, each an outside call of its own."""
    until = time.monotonic() + STINT_SECONDS
    last = 0
    while (sent := send_next_notice(after=last)) is not None and time.monotonic() < until:
        last = sent


@shared_task
def check_new_movements() -> None:
    """By beat: prove what was written since the last look, and bring the sums by month up to it."""
    until = time.monotonic() + STINT_SECONDS
    while (check := check_increment()) is not None and time.monotonic() < until:
        if check.findings:
            logger.error("The ledger is not what it says: %s", check.findings)
        if last_checked_movement() >= settled_horizon():
            return


@shared_task
def close_ledger_months() -> None:
    """By beat: a month that is over gets its digest."""
    close_months()


@shared_task
def sweep_redemptions() -> None:
    """By beat: what was not picked up in time goes back, and its points to who redeemed it."""
    until = time.monotonic() + STINT_SECONDS
    while expire_redemptions():
        if time.monotonic() > until:
            sweep_redemptions.delay()
            return


@shared_task
def sweep_credentials() -> None:
    """By beat: sign the badges that were awarded, revoke those that were withdrawn."""
    until = time.monotonic() + STINT_SECONDS
    while revoke_credentials() + issue_credentials():
        if time.monotonic() > until:
            sweep_credentials.delay()
            return


@shared_task
def sweep_anomalies() -> None:
    """By beat: look through what was entered or changed in the last two days."""
    find_anomalies(since=timezone.now() - timedelta(days=2))


@shared_task
def sweep_outliers() -> None:
    """By beat, seldom: what grows over months."""
    find_outliers()


def _forget_nudge() -> None:
    try:
        cache.delete(NUDGE_KEY)
    except Exception:  # noqa: BLE001 - without the cache there is no mark to take away
        return
