"""What the city's office sees of the points: sums by month, from the sums the increments keep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet, Sum

from points.models import (
    Account,
    BonusBudget,
    LedgerCheck,
    LedgerMonth,
    Movement,
    SetAsideRecord,
)

Kind = Movement.Kind

FOR_SERVICE = (Kind.AWARD, Kind.CORRECTION, Kind.CAP, Kind.FIRST)


@dataclass(frozen=True)
class MonthSums:
    """Points of one month; `outstanding` is what people had at its end."""

    month: date
    issued: int
    taken_back: int
    redeemed: int
    given: int
    lapsed: int
    outstanding: int


def sums_by_month() -> list[MonthSums]:
    """Every month since the first, oldest first, those without movements too.

    Reads a dozen rows a month, however many movements there are. What came back (refunds, points
    that had lapsed) is taken off where it had gone.
    """
    rows = defaultdict(dict)  # type: ignore[var-annotated]
    for row in LedgerMonth.objects.order_by("month"):
        rows[row.month][row.kind] = row
    outstanding = 0
    sums = []
    for month in _months(rows):
        kinds = rows.get(month, {})
        outstanding += sum(row.gained_points - row.taken_points for row in kinds.values())
        sums.append(
            MonthSums(
                month=month,
                issued=sum(kinds[kind].gained_points for kind in FOR_SERVICE if kind in kinds),
                taken_back=sum(kinds[kind].taken_points for kind in FOR_SERVICE if kind in kinds),
                redeemed=_went(kinds, Kind.REDEMPTION, Kind.REFUND),
                given=_went(kinds, Kind.GIFT),
                lapsed=_went(kinds, Kind.LAPSE),
                outstanding=outstanding,
            )
        )
    return sums


def points_in_hands() -> int:
    """What all volunteers have together, at this moment: the other side of all other accounts."""
    others = Account.objects.filter(volunteer=None)
    return -(others.aggregate(points=Sum("balance_points"))["points"] or 0)


def budgets_in_use() -> QuerySet[BonusBudget]:
    """Newest rule first."""
    return BonusBudget.objects.select_related("rule").order_by("-rule_id")


def records_set_aside() -> QuerySet[SetAsideRecord]:
    """Those that wait for the office, oldest first."""
    return (
        SetAsideRecord.objects.waiting()
        .select_related("record__organisation", "record__volunteer", "record__category")
        .defer("record__volunteer__id_number")
        .order_by("set_aside_at", "record_id")
    )


def last_checks() -> dict[str, LedgerCheck | None]:
    """The newest check of what was new, and the newest of everything."""
    checks = LedgerCheck.objects.order_by("-id")
    return {
        "newest": checks.first(),
        "whole": checks.filter(is_whole=True).first(),
    }


def _went(kinds: dict[str, LedgerMonth], *names: str) -> int:
    return sum(
        kinds[name].taken_points - kinds[name].gained_points for name in names if name in kinds
    )


def _months(found: Iterable[date]) -> list[date]:
    months = sorted(found)
    if not months:
        return []
    following, all_months = months[0], []
    while following <= months[-1]:
        all_months.append(following)
        following = date(following.year + following.month // 12, following.month % 12 + 1, 1)
    return all_months
