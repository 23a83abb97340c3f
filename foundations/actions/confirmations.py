"""The paper for a gift (D5): numbered without a gap, one a gift."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from foundations.models import Confirmation, ConfirmationCounter, Gift


@transaction.atomic
def issue_confirmation(*, gift: Gift) -> Confirmation:
    """The gift's confirmation; asked twice, the same. The caller holds the gift's lock."""
    if earlier := Confirmation.objects.filter(gift=gift).first():
        return earlier
    assert gift.paid_at is not None
    year = timezone.localdate(gift.paid_at).year
    running = _next(foundation_id=gift.foundation_id, year=year)
    return Confirmation.objects.create(
        gift=gift, foundation=gift.foundation, year=year, running=running,
        number=f"{year}-{running:06d}", is_waived=gift.waives_receipt,
    )  # fmt: skip


def _next(*, foundation_id: int, year: int) -> int:
    """Under the counter's lock: a transaction that fails gives its number back."""
    ConfirmationCounter.objects.bulk_create(
        [ConfirmationCounter(foundation_id=foundation_id, year=year)], ignore_conflicts=True
    )
    counter = ConfirmationCounter.objects.select_for_update().get(
        foundation_id=foundation_id, year=year
    )
    counter.last += 1
    counter.save(update_fields=["last"])
    return counter.last
