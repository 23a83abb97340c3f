"""What the books say: balance sheets, income and spending, and the gauges of D10.

Only reads, and only whole minor units. Amounts are as people read them: what a foundation has,
owes, took in and spent is each above zero; `day` and `until` are included.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db.models import QuerySet, Sum

from foundations.models import Foundation, Fund, MoneyAccount, MoneyMovement

Kind = MoneyAccount.Kind


@dataclass(frozen=True)
class FundSheet:
    """One fund: what it began with, took in and spent; `net_minor` is what it has.

    That is its share of the foundation's bank, cash and processor accounts together.
    """

    fund: Fund
    opening_minor: int
    income: dict[str, int]
    spending: dict[str, int]
    transfers_minor: int

    @property
    def income_minor(self) -> int:
        return sum(self.income.values())

    @property
    def spending_minor(self) -> int:
        return sum(self.spending.values())

    @property
    def net_minor(self) -> int:
        """In a report of some days: by how much it grew in them."""
        return self.opening_minor + self.income_minor - self.spending_minor + self.transfers_minor


@dataclass(frozen=True)
class BalanceSheet:
    """A foundation at the end of a day, in one currency."""

    day: date
    currency: str
    assets: dict[str, int]
    liabilities: dict[str, int]
    funds: list[FundSheet]

    @property
    def assets_minor(self) -> int:
        return sum(self.assets.values())

    @property
    def liabilities_minor(self) -> int:
        return sum(self.liabilities.values())

    @property
    def restricted_minor(self) -> int:
        return sum(sheet.net_minor for sheet in self.funds if sheet.fund.is_restricted)

    @property
    def unrestricted_minor(self) -> int:
        return sum(sheet.net_minor for sheet in self.funds if not sheet.fund.is_restricted)

    @property
    def net_minor(self) -> int:
        return self.restricted_minor + self.unrestricted_minor

    @property
    def is_balanced(self) -> bool:
        return self.assets_minor == self.liabilities_minor + self.net_minor


@dataclass(frozen=True)
class Gauge:
    """A share that the law speaks of (D10): `part_minor` of `whole_minor`, in whole per cent.

    `percent` is None while there is nothing to take a share of.
    """

    part_minor: int
    whole_minor: int
    limit_percent: int
    is_at_least: bool

    @property
    def percent(self) -> int | None:
        return self.part_minor * 100 // self.whole_minor if self.whole_minor > 0 else None

    @property
    def is_met(self) -> bool:
        """Compared exactly, not by the rounded per cent."""
        part, limit = self.part_minor * 100, self.whole_minor * self.limit_percent
        return part >= limit if self.is_at_least else part <= limit


def balance_sheet(
    *, foundation: Foundation, day: date, currency: str | None = None
) -> BalanceSheet:
    """What the foundation has, owes, and holds for each fund, at the end of that day."""
    currency = currency or foundation.base_currency
    accounts = MoneyAccount.objects.filter(foundation=foundation, currency=currency)
    sums = _sums(accounts, until=day)
    by_kind: dict[str, int] = defaultdict(int)
    for account in accounts:
        by_kind[account.kind] += sums.get(account.pk, 0)
    return BalanceSheet(
        day=day,
        currency=currency,
        assets={kind: by_kind[kind] for kind in MoneyAccount.ASSETS},
        liabilities={kind: -by_kind[kind] for kind in MoneyAccount.LIABILITIES},
        funds=_fund_sheets(foundation, currency, since=None, until=day),
    )


def fund_sheet(*, fund: Fund, day: date) -> FundSheet:
    """One fund from its beginning to the end of that day."""
    return _sheet_of(fund, list(fund.accounts.all()), _sums(fund.accounts.all(), until=day))


def activity(
    *, foundation: Foundation, since: date, until: date, currency: str | None = None
) -> list[FundSheet]:
    """Each fund's income by source and spending by kind in those days, refunds taken off."""
    return _fund_sheets(foundation, currency or foundation.base_currency, since=since, until=until)


def gauges(*, foundation: Foundation, year: int) -> dict[str, Gauge]:
    """The shares of D10 for a calendar year, in the currency of the books.

    Who raises money from the public spends most of last year's income (`spent_of_income`); who
    does not, a part of what it had at last year's end (`spent_of_balance`). For both management
    stays a small part of all that is spent (`management`).
    """
    now = _totals(foundation, year)
    charitable = now[Kind.PROGRAMME] + now[Kind.GRANTS_MADE]
    shares = {
        "management": Gauge(
            part_minor=now[Kind.ADMINISTRATION],
            whole_minor=sum(now[kind] for kind in MoneyAccount.SPENDING),
            limit_percent=settings.LINLI_MANAGEMENT_PERCENT,
            is_at_least=False,
        )
    }
    if foundation.kind == Foundation.Kind.PUBLIC:
        last = _totals(foundation, year - 1)
        return {
            "spent_of_income": Gauge(
                part_minor=charitable,
                whole_minor=sum(last[kind] for kind in MoneyAccount.INCOME),
                limit_percent=settings.LINLI_SPEND_OF_INCOME_PERCENT,
                is_at_least=True,
            )
        } | shares
    ended = balance_sheet(foundation=foundation, day=date(year - 1, 12, 31))
    return {
        "spent_of_balance": Gauge(
            part_minor=charitable,
            whole_minor=ended.net_minor,
            limit_percent=settings.LINLI_SPEND_OF_BALANCE_PERCENT,
            is_at_least=True,
        )
    } | shares


def _totals(foundation: Foundation, year: int) -> dict[str, int]:
    totals: dict[str, int] = defaultdict(int)
    sheets = activity(foundation=foundation, since=date(year, 1, 1), until=date(year, 12, 31))
    for sheet in sheets:
        for kind, minor in (*sheet.income.items(), *sheet.spending.items()):
            totals[kind] += minor
    return totals


def _fund_sheets(
    foundation: Foundation, currency: str, *, since: date | None, until: date
) -> list[FundSheet]:
    accounts = MoneyAccount.objects.filter(
        foundation=foundation, currency=currency, fund__isnull=False
    )
    sums = _sums(accounts, since=since, until=until)
    of_fund: dict[int | None, list[MoneyAccount]] = defaultdict(list)
    for account in accounts:
        of_fund[account.fund_id].append(account)
    funds = Fund.objects.filter(foundation=foundation, currency=currency)
    return [_sheet_of(fund, of_fund[fund.pk], sums) for fund in funds]


def _sheet_of(fund: Fund, accounts: list[MoneyAccount], sums: dict[int, int]) -> FundSheet:
    by_kind = {account.kind: sums.get(account.pk, 0) for account in accounts}
    return FundSheet(
        fund=fund,
        opening_minor=-by_kind[Kind.OPENING],
        income={kind: -by_kind[kind] for kind in MoneyAccount.INCOME},
        spending={kind: by_kind[kind] for kind in MoneyAccount.SPENDING},
        transfers_minor=-by_kind[Kind.TRANSFERS],
    )


def _sums(
    accounts: QuerySet[MoneyAccount], *, until: date, since: date | None = None
) -> dict[int, int]:
    """Debits less credits of each account in those days."""
    movements = MoneyMovement.objects.filter(happened_on__lte=until)
    if since is not None:
        movements = movements.filter(happened_on__gte=since)
    sums: dict[int, int] = defaultdict(int)
    for side, sign in (("debit_account", 1), ("credit_account", -1)):
        of_side = movements.filter(**{f"{side}__in": accounts}).order_by()
        for account, minor in of_side.values_list(side).annotate(Sum("amount_minor")):
            sums[account] += sign * minor
    return dict(sums)
