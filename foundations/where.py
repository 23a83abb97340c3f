"""Where the money went: what came in by source, what was spent by fund and kind, month by month.

Straight from the movements of the days asked for, so every figure here is a sum over the books;
down to each grant and expense, persons' names masked. Amounts are above zero, refunds taken off.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Min, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from foundations.actions.ledger import following_month
from foundations.models import Entry, Foundation, Fund, MoneyAccount, MoneyMovement
from foundations.names import public_payee

Kind = MoneyAccount.Kind
# Each of these movements has an entry of its own to show; fees and losses stand as one sum.
SHOWN_ONE_BY_ONE = (Kind.PROGRAMME, Kind.GRANTS_MADE, Kind.ADMINISTRATION, Kind.FUNDRAISING)
WHOLE = 100


@dataclass(frozen=True)
class Share:
    """One bar: `percent` of the longest one, never below zero."""

    name: str
    minor: int
    percent: int
    slug: str = ""


@dataclass(frozen=True)
class Month:
    first_on: date
    income_minor: int
    spending_minor: int
    income_percent: int
    spending_percent: int


@dataclass(frozen=True)
class Picture:
    """The money of some foundations in one currency and some days."""

    currency: str
    since: date
    until: date
    income: list[Share]
    spending_by_kind: list[Share]
    spending_by_fund: list[Share]
    months: list[Month]

    @property
    def income_minor(self) -> int:
        return sum(share.minor for share in self.income)

    @property
    def spending_minor(self) -> int:
        return sum(share.minor for share in self.spending_by_kind)


@dataclass(frozen=True)
class Spent:
    """A grant or an expense as strangers may read it; `amount_minor` is below zero for what
    was undone."""

    happened_on: date
    foundation: str
    fund: str
    kind: str
    payee: str
    purpose: str
    amount_minor: int
    currency: str

    @property
    def is_undone(self) -> bool:
        return self.amount_minor < 0


def draw(
    *, foundations: Collection[Foundation], currency: str, since: date, until: date
) -> Picture:
    """Two queries over the movements, whatever the number of foundations and months."""
    by_kind: dict[str, int] = defaultdict(int)
    by_fund: dict[int, int] = defaultdict(int)
    by_month: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for month, kind, fund, minor in _sums(foundations, currency, since, until):
        is_income = kind in MoneyAccount.INCOME
        amount = -minor if is_income else minor
        by_kind[kind] += amount
        by_month[month][0 if is_income else 1] += amount
        if not is_income:
            by_fund[fund] += amount
    names = {fund.pk: str(fund) for fund in Fund.objects.filter(pk__in=by_fund)}
    return Picture(
        currency=currency,
        since=since,
        until=until,
        income=_shares((Kind(kind), by_kind[kind]) for kind in MoneyAccount.INCOME),
        spending_by_kind=_shares((Kind(kind), by_kind[kind]) for kind in MoneyAccount.SPENDING),
        spending_by_fund=_shares((_Named(pk, names[pk]), minor) for pk, minor in by_fund.items()),
        months=_months(by_month, since, until),
    )


def spent(
    *,
    foundations: Collection[Foundation],
    currency: str,
    since: date,
    until: date,
    fund: Fund | None = None,
) -> QuerySet[MoneyMovement]:
    """The movements of grants and expenses, newest first; `row_of` makes each one readable."""
    side = Q(debit_account__kind__in=SHOWN_ONE_BY_ONE) | Q(
        credit_account__kind__in=SHOWN_ONE_BY_ONE
    )
    movements = MoneyMovement.objects.filter(
        side, foundation__in=foundations, currency=currency, happened_on__range=(since, until)
    )
    if fund is not None:
        movements = movements.filter(Q(debit_account__fund=fund) | Q(credit_account__fund=fund))
    return movements.select_related(
        "foundation__organisation", "debit_account__fund", "credit_account__fund", "expense",
        "grant", "reverses__expense", "reverses__grant",
    ).order_by("-happened_on", "-pk")  # fmt: skip


def row_of(movement: MoneyMovement) -> Spent:
    is_spent = movement.debit_account.kind in SHOWN_ONE_BY_ONE
    account = movement.debit_account if is_spent else movement.credit_account
    payee, purpose = _words_of(movement)
    return Spent(
        happened_on=movement.happened_on,
        foundation=str(movement.foundation),
        fund=str(account.fund),
        kind=str(Kind(account.kind).label),
        payee=payee,
        purpose=purpose,
        amount_minor=movement.amount_minor if is_spent else -movement.amount_minor,
        currency=movement.currency,
    )


def rows_of(movements: Iterable[MoneyMovement]) -> Iterator[Spent]:
    return (row_of(movement) for movement in movements)


def years_of(foundations: Collection[Foundation]) -> list[int]:
    """The years in which something is in the books, this one first."""
    first = MoneyMovement.objects.filter(foundation__in=foundations).aggregate(
        first=Min("happened_on")
    )["first"]
    this_year = timezone.localdate().year
    return list(range(this_year, (first.year if first else this_year) - 1, -1))


@dataclass(frozen=True)
class _Named:
    """A fund where an account's kind could stand."""

    value: Any
    label: str


def _sums(
    foundations: Collection[Foundation], currency: str, since: date, until: date
) -> Iterator[tuple[date, str, int, int]]:
    """(month, account's kind, fund, debits less credits), one side after the other."""
    movements = MoneyMovement.objects.filter(
        foundation__in=foundations, currency=currency, happened_on__range=(since, until)
    )
    wanted = (*MoneyAccount.INCOME, *MoneyAccount.SPENDING)
    for side, sign in (("debit_account", 1), ("credit_account", -1)):
        of_side = (
            movements.filter(**{f"{side}__kind__in": wanted})
            .order_by()
            .annotate(month=TruncMonth("happened_on"))
            .values_list("month", f"{side}__kind", f"{side}__fund")
            .annotate(Sum("amount_minor"))
        )
        for month, kind, fund, minor in of_side:
            yield month, kind, fund, sign * minor


def _shares(amounts: Iterable[tuple[Any, int]]) -> list[Share]:
    """The most first; what is nothing is left out."""
    rows = sorted(((named, minor) for named, minor in amounts if minor), key=lambda row: -row[1])
    most = max((minor for _named, minor in rows), default=0)
    return [
        Share(
            name=str(named.label), minor=minor, percent=_percent(minor, most),
            slug=str(named.value),
        )
        for named, minor in rows
    ]  # fmt: skip


def _months(sums: dict[date, list[int]], since: date, until: date) -> list[Month]:
    """Every month of the days asked for, from the first in which something happened."""
    if not sums:
        return []
    most = max(max(pair) for pair in sums.values())
    months = []
    month, last = max(min(sums), since.replace(day=1)), min(until, timezone.localdate())
    while month <= last:
        income, spending = sums.get(month, [0, 0])
        months.append(
            Month(
                first_on=month, income_minor=income, spending_minor=spending,
                income_percent=_percent(income, most), spending_percent=_percent(spending, most),
            )
        )  # fmt: skip
        month = following_month(month)
    return months


def _percent(minor: int, most: int) -> int:
    return max(0, minor) * WHOLE // most if most > 0 else 0


def _words_of(movement: MoneyMovement) -> tuple[str, str]:
    """Whom it went to and for what; a movement without an entry says what the books say of it."""
    stands = movement.reverses or movement
    if expense := _entry(stands, "expense"):
        return public_payee(expense.payee, is_person=expense.payee_is_person), expense.purpose
    if grant := _entry(stands, "grant"):
        return public_payee(grant.grantee, is_person=grant.grantee_is_person), grant.purpose
    return "", ""


def _entry(movement: MoneyMovement, name: str) -> Any:
    """The reverse side of a one-to-one key is missing by raising."""
    entry: Entry | None = getattr(movement, name, None)
    return entry
