"""Closing a month of a foundation's books, for good: there is no way to open one again.

The digest of a month is the SHA-256 over the digest of the month before in hex, a line feed, the
foundation's number and the month (`7 2026-11`), a line feed, and the month's movements by number
as PostgreSQL's COPY writes them (tab-separated text, times in UTC).
"""

from __future__ import annotations

import hashlib
from datetime import date

from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.log_actions import log

from foundations.actions.ledger import BookingRefused, following_month
from foundations.models import (
    Expense,
    Foundation,
    FundTransfer,
    Grant,
    MoneyMovement,
    OfflineGift,
    Period,
    PledgePayment,
    PotPayment,
)
from volunteers.models import User

GENESIS = "0" * 64

COPY_SQL = """
COPY (SELECT id, debit_account_id, credit_account_id, amount_minor, currency, kind, event,
             reference, happened_on, created_at, reverses_id, by_id, text
      FROM foundations_moneymovement
      WHERE foundation_id = %s AND happened_on >= %s AND happened_on < %s
      ORDER BY id) TO STDOUT
"""


class ClosingRefused(BookingRefused):
    """The month stays open; `str()` is the sentence for the person who asked."""


class MonthNotOver(ClosingRefused):
    sentence = gettext_lazy("This month is not over yet.")


class NotTheNextMonth(ClosingRefused):
    def __init__(self, *, next_month: date) -> None:
        super().__init__(next_month)
        self.next_month = next_month

    def __str__(self) -> str:
        return _("Months are closed one after the other. Next is %(month)s.") % {
            "month": f"{self.next_month:%Y-%m}"
        }


class StillWaiting(ClosingRefused):
    def __init__(self, *, count: int) -> None:
        super().__init__(count)
        self.count = count

    def __str__(self) -> str:
        return ngettext(
            "%(count)s entry up to the end of this month still waits for a decision.",
            "%(count)s entries up to the end of this month still wait for a decision.",
            self.count,
        ) % {"count": self.count}


@transaction.atomic
def close_period(*, foundation: Foundation, month: date, by: User) -> Period:
    """Close the month: nothing is booked into it, or before it, ever again. Closed twice, once.

    Raises MonthNotOver, NotTheNextMonth, StillWaiting.
    """
    month = month.replace(day=1)
    if following_month(month) > timezone.localdate():
        raise MonthNotOver
    # Alone with the foundation: whoever is booking has finished, whoever comes now waits.
    Foundation.objects.select_for_update().get(pk=foundation.pk)
    closed = Period.objects.filter(foundation=foundation, month=month).first()
    if closed is not None:
        return closed
    expected = next_month_to_close(foundation=foundation)
    if expected is not None and month != expected:
        raise NotTheNextMonth(next_month=expected)
    waiting = _count_waiting(foundation, before=following_month(month))
    if waiting:
        raise StillWaiting(count=waiting)
    before = Period.objects.filter(foundation=foundation).order_by("-month").first()
    previous = before.digest if before else GENESIS
    digest, movements = digest_month(foundation.pk, month, previous=previous)
    period = Period.objects.create(
        foundation=foundation, month=month, movements=movements, previous=previous,
        digest=digest, closed_by=by,
    )  # fmt: skip
    log(
        instance=foundation, action="foundations.close_period", user=by,
        data={"month": f"{month:%Y-%m}", "digest": digest},
    )  # fmt: skip
    return period


def next_month_to_close(*, foundation: Foundation) -> date | None:
    """The month after the newest closed one, else the first in which anything was booked."""
    newest = Period.objects.filter(foundation=foundation).aggregate(month=Max("month"))["month"]
    if newest is not None:
        return following_month(newest)
    movements = MoneyMovement.objects.filter(foundation=foundation)
    first = movements.aggregate(day=Min("happened_on"))["day"]
    return first.replace(day=1) if first else None


def digest_month(foundation_id: int, month: date, *, previous: str) -> tuple[str, int]:
    """(digest, number of movements) of what the ledger holds of that month now."""
    digest = hashlib.sha256(f"{previous}\n{foundation_id} {month:%Y-%m}\n".encode())
    movements = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'")
        values = [foundation_id, month, following_month(month)]
        with cursor.copy(COPY_SQL, values) as copy:
            for block in copy:
                digest.update(block)
                movements += bytes(block).count(b"\n")
    return digest.hexdigest(), movements


def _count_waiting(foundation: Foundation, *, before: date) -> int:
    models = (Expense, Grant, FundTransfer, OfflineGift, PledgePayment, PotPayment)
    return sum(
        model.objects.waiting().filter(foundation=foundation, happened_on__lt=before).count()
        for model in models
    )
