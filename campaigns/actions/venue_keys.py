"""The key from which a shift's venue codes are made."""

from __future__ import annotations

from campaigns.models import Shift
from campaigns.models.shifts import new_venue_key


def renew_venue_key(*, shift: Shift) -> Shift:
    """Every code and poster of the shift made so far stops working."""
    shift.venue_key = new_venue_key()
    shift.save(update_fields=["venue_key"])
    return shift
