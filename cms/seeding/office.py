"""What beat would have done by the time somebody of the city's staff looks: checks and finds."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from points.actions.anomalies import find_anomalies, find_outliers
from points.actions.chain import close_months
from points.actions.increments import check_increment, last_checked_movement, settled_horizon

LOOKS_BACK = timedelta(days=90)


def look_after_the_ledger() -> None:
    """The sums by month, the digests of months gone by, and what stands out in the records."""
    while last_checked_movement() < settled_horizon():
        check_increment()
    close_months()
    find_anomalies(since=timezone.now() - LOOKS_BACK)
    find_outliers()
