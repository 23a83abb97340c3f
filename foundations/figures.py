"""What pages say of funds in numbers: straight from the accounts' balances, few queries for many.

`reports.py` adds up the movements of any days; here it is always now, and the database has carried
the balances already. Both must say the same: a test compares them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, F, QuerySet, Sum
from django.utils import timezone

from foundations.models import (
    BudgetLine,
    Entry,
    Expense,
    Foundation,
    Fund,
    FundPlan,
    Gift,
    Grant,
    MatchingPot,
    MoneyAccount,
)

Kind = MoneyAccount.Kind
WHOLE = 100


@dataclass(frozen=True)
class Figures:
    """One fund, or one foundation in the currency of its books; each amount above zero."""

    currency: str
    income: dict[str, int]
    spending: dict[str, int]
    # Brought forward, and what came from other funds less what went to them.
    opening_minor: int
    transfers_minor: int
    gifts: int

    @property
    def received_minor(self) -> int:
        return sum(self.income.values())

    @property
    def spent_minor(self) -> int:
        return sum(self.spending.values())

    @property
    def left_minor(self) -> int:
        return self.opening_minor + self.received_minor - self.spent_minor + self.transfers_minor

    @property
    def income_rows(self) -> list[tuple[str, int]]:
        return _named(self.income)

    @property
    def spending_rows(self) -> list[tuple[str, int]]:
        return _named(self.spending)


@dataclass(frozen=True)
class Progress:
    """How much of a plan's target has come in; more than all of it is all of it to a bar."""

    received_minor: int
    target_minor: int

    @property
    def percent(self) -> int:
        return max(0, self.received_minor) * WHOLE // self.target_minor

    @property
    def bar(self) -> int:
        return min(WHOLE, self.percent)


@dataclass(frozen=True)
class BudgetRow:
    line: BudgetLine
    spent_minor: int

    @property
    def bar(self) -> int:
        """Never beyond the end: what was overspent is said in figures."""
        return min(WHOLE, max(0, self.spent_minor) * WHOLE // self.line.amount_minor)

    @property
    def is_over(self) -> bool:
        return self.spent_minor > self.line.amount_minor


@dataclass(frozen=True)
class PotRow:
    pot: MatchingPot
    left_minor: int


def figures_of(funds: Collection[Fund]) -> dict[int, Figures]:
    """By fund, in two queries however many there are."""
    balances: dict[int | None, dict[str, int]] = defaultdict(dict)
    for account in MoneyAccount.objects.filter(fund__in=funds):
        balances[account.fund_id][account.kind] = account.balance_minor
    gifts = dict(
        _given().filter(fund__in=funds).order_by().values_list("fund").annotate(Count("pk"))
    )
    return {
        fund.pk: _figures(fund.currency, balances[fund.pk], gifts.get(fund.pk, 0)) for fund in funds
    }


def figures_of_foundations(foundations: Collection[Foundation]) -> dict[int, Figures]:
    """By foundation, all its funds in the currency of its books together, in two queries."""
    balances: dict[int, dict[str, int]] = defaultdict(dict)
    accounts = MoneyAccount.objects.filter(
        foundation__in=foundations, fund__isnull=False, currency=F("foundation__base_currency")
    )
    of_kinds = accounts.order_by().values_list("foundation", "kind").annotate(Sum("balance_minor"))
    for foundation, kind, minor in of_kinds:
        balances[foundation][kind] = minor
    gifts = dict(
        _given()
        .filter(foundation__in=foundations)
        .order_by()
        .values_list("foundation")
        .annotate(Count("pk"))
    )
    return {
        one.pk: _figures(one.base_currency, balances[one.pk], gifts.get(one.pk, 0))
        for one in foundations
    }


def progress_of(figures: Figures, plan: FundPlan | None) -> Progress | None:
    if plan is None:
        return None
    return Progress(received_minor=figures.received_minor, target_minor=plan.target_minor)


def budget_of(fund: Fund) -> list[BudgetRow]:
    """Each line of the budget beside what was spent on it so far."""
    spent: dict[int | None, int] = defaultdict(int)
    for entries in (Expense.objects, Grant.objects):
        of_lines = entries.filter(fund=fund, state=Entry.State.APPROVED).order_by()
        for line, minor in of_lines.values_list("budget_line").annotate(Sum("amount_minor")):
            spent[line] += minor
    return [BudgetRow(line=line, spent_minor=spent[line.pk]) for line in fund.budget_lines.all()]


def pots_beside(fund: Fund) -> list[PotRow]:
    """Sponsors who lay something beside a gift made today, as long as their pots last."""
    today = timezone.localdate()
    accounts = MoneyAccount.objects.filter(
        kind=Kind.POT, foundation=fund.foundation_id, currency=fund.currency,
        balance_minor__lt=0, pot__starts_on__lte=today, pot__ends_on__gte=today,
    ).select_related("pot")  # fmt: skip
    return [
        PotRow(pot=account.pot, left_minor=-account.balance_minor)
        for account in accounts.order_by("pot")
        if account.pot is not None and account.pot.fund_id in {None, fund.pk}
    ]


def _given() -> QuerySet[Gift]:
    """Paid, and not wholly paid back."""
    return Gift.objects.paid().filter(refunded_minor__lt=F("amount_minor"))


def _figures(currency: str, balances: dict[str, int], gifts: int) -> Figures:
    return Figures(
        currency=currency,
        income={kind: -balances.get(kind, 0) for kind in MoneyAccount.INCOME},
        spending={kind: balances.get(kind, 0) for kind in MoneyAccount.SPENDING},
        opening_minor=-balances.get(Kind.OPENING, 0),
        transfers_minor=-balances.get(Kind.TRANSFERS, 0),
        gifts=gifts,
    )


def _named(amounts: dict[str, int]) -> list[tuple[str, int]]:
    """The most first; what is nothing is not said."""
    rows = [(str(Kind(kind).label), minor) for kind, minor in amounts.items() if minor]
    return sorted(rows, key=lambda row: -row[1])
