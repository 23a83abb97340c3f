"""The proof of all books, run each night and kept, so that the office sees what it found."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from foundations.actions.proof import prove_money
from foundations.models import MoneyCheck

logger = logging.getLogger(__name__)

ROWS_KEPT = 20
DAYS_KEPT = 400


def check_books() -> MoneyCheck:
    """Prove every claim; what contradicts one is kept, and told to whoever reads the log."""
    found = [finding for finding in prove_money(rows=ROWS_KEPT) if finding.rows]
    for finding in found:
        logger.error("The books of foundations are wrong: not %s.", finding.claim)
    check = MoneyCheck.objects.create(
        findings=[{"claim": finding.claim, "rows": finding.rows} for finding in found]
    )
    old = timezone.now() - timedelta(days=DAYS_KEPT)
    MoneyCheck.objects.filter(checked_at__lt=old, findings=[]).delete()
    return check
