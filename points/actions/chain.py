"""A month's movements as one digest, chained to the month before, so that history stands still.

The SHA-256 of a month is taken over the digest before it in hex, a line feed, the month
(`2026-11`), a line feed, and the month's movements by number as PostgreSQL's COPY writes them
(tab-separated text, times in UTC). A month is closed an hour after its end, once nothing of it can
still be on its way. Before the first month stand sixty-four zeros.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import connection, transaction
from django.utils import timezone

from points.actions.increments import settled_horizon
from points.models import LedgerDigest, Movement

GENESIS = "0" * 64
CLOSES_AFTER = timedelta(hours=1)

COPY_SQL = """
COPY (SELECT id, debit_account_id, credit_account_id, points, kind, reference, record_id,
             record_revision, reckoning, reverses_id, by_id, happened_at, created_at
      FROM points_movement
      WHERE created_at >= %s AND created_at < %s
      ORDER BY id) TO STDOUT
"""


@dataclass(frozen=True)
class Mismatch:
    """A month whose movements do not give the digest that was published."""

    month: date
    published: str
    recomputed: str


def close_months() -> list[LedgerDigest]:
    """Write the digests of all months that are over; returns the new ones."""
    closed = []
    while (month := _next_month()) is not None:
        previous = LedgerDigest.objects.order_by("-month").first()
        # Waits for whatever is being written: afterwards nothing of that month can come.
        settled_horizon()
        before = previous.digest if previous else GENESIS
        digest, movements = digest_month(month, previous=before)
        made, is_new = LedgerDigest.objects.get_or_create(
            month=month, defaults={"movements": movements, "previous": before, "digest": digest}
        )
        if is_new:
            closed.append(made)
    return closed


def verify_chain() -> list[Mismatch]:
    """Recompute every closed month; the ones that are not what was published."""
    mismatches = []
    previous = GENESIS
    for published in LedgerDigest.objects.order_by("month"):
        digest, _movements = digest_month(published.month, previous=previous)
        if digest != published.digest or published.previous != previous:
            mismatches.append(Mismatch(published.month, published.digest, digest))
        # Each month is held against what was published before it: one forgery is named once.
        previous = published.digest
    return mismatches


def digest_month(month: date, *, previous: str) -> tuple[str, int]:
    """(digest, number of movements); reads the month once, in a few kilobytes of memory."""
    digest = hashlib.sha256(f"{previous}\n{month:%Y-%m}\n".encode())
    movements = 0
    for block in _movements_of(month):
        digest.update(block)
        movements += block.count(b"\n")
    return digest.hexdigest(), movements


def _movements_of(month: date) -> Iterator[bytes]:
    begins, ends = _moment(month), _moment(_following(month))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'")
        with cursor.copy(COPY_SQL, [begins, ends]) as copy:
            for block in copy:
                yield bytes(block)


def _next_month() -> date | None:
    """The first month that is over and has no digest; None when there is none."""
    newest = LedgerDigest.objects.order_by("-month").values_list("month", flat=True).first()
    if newest is not None:
        month = _following(newest)
    else:
        first = Movement.objects.order_by("pk").values_list("created_at", flat=True).first()
        if first is None:
            return None
        month = timezone.localdate(first).replace(day=1)
    return month if timezone.now() >= _moment(_following(month)) + CLOSES_AFTER else None


def _following(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _moment(month: date) -> datetime:
    return timezone.make_aware(datetime.combine(month, time()))
