"""What a disclosure says in figures: taken from the books, as plain data that is kept with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from foundations.figures import budget_of
from foundations.models import Disclosure, Gift, MoneyAccount
from foundations.reports import Gauge, activity, balance_sheet, fund_sheet, gauges
from foundations.where import row_of, spent

Kind = MoneyAccount.Kind


def figures_for(disclosure: Disclosure) -> dict[str, Any]:
    """Amounts in whole minor units of `currency`; names as strangers may read them."""
    if disclosure.kind == Disclosure.Kind.ANNUAL:
        return _of_the_year(disclosure)
    return _of_a_fund(disclosure)


def _of_a_fund(disclosure: Disclosure) -> dict[str, Any]:
    fund = disclosure.fund
    assert fund is not None
    before = fund_sheet(fund=fund, day=disclosure.first_on - timedelta(days=1))
    after = fund_sheet(fund=fund, day=disclosure.last_on)
    income = {kind: after.income[kind] - before.income[kind] for kind in after.income}
    spending = {kind: after.spending[kind] - before.spending[kind] for kind in after.spending}
    gifts = Gift.objects.paid().filter(
        fund=fund, paid_at__date__range=(disclosure.first_on, disclosure.last_on)
    )
    return {
        "currency": fund.currency,
        "fund": fund.name,
        "fund_en": fund.name_en,
        "before_minor": before.net_minor,
        "income": _rows(income),
        "income_minor": sum(income.values()),
        "spending": _rows(spending),
        "spending_minor": sum(spending.values()),
        "transfers_minor": after.transfers_minor
        + after.opening_minor
        - before.transfers_minor
        - before.opening_minor,
        "after_minor": after.net_minor,
        "gifts": gifts.count(),
        "budget": [
            {
                "name": row.line.name, "name_en": row.line.name_en,
                "planned_minor": row.line.amount_minor, "spent_minor": row.spent_minor,
            }
            for row in budget_of(fund)
        ],
        "entries": _entries(disclosure, [fund.foundation], fund.currency),
    }  # fmt: skip


def _of_the_year(disclosure: Disclosure) -> dict[str, Any]:
    foundation = disclosure.foundation
    sheets = activity(foundation=foundation, since=disclosure.first_on, until=disclosure.last_on)
    at_end = balance_sheet(foundation=foundation, day=disclosure.last_on)
    at_start = balance_sheet(foundation=foundation, day=disclosure.first_on - timedelta(days=1))
    income = {k: sum(s.income[k] for s in sheets) for k in MoneyAccount.INCOME}
    spending = {k: sum(s.spending[k] for s in sheets) for k in MoneyAccount.SPENDING}
    return {
        "currency": foundation.base_currency,
        "before_minor": at_start.net_minor,
        "income": _rows(income),
        "income_minor": sum(income.values()),
        "spending": _rows(spending),
        "spending_minor": sum(spending.values()),
        "transfers_minor": sum(sheet.transfers_minor + sheet.opening_minor for sheet in sheets),
        "after_minor": at_end.net_minor,
        "assets": _rows(at_end.assets),
        "liabilities": _rows(at_end.liabilities),
        "restricted_minor": at_end.restricted_minor,
        "unrestricted_minor": at_end.unrestricted_minor,
        "funds": [
            {
                "name": sheet.fund.name, "name_en": sheet.fund.name_en,
                "income_minor": sheet.income_minor, "spending_minor": sheet.spending_minor,
            }
            for sheet in sheets
        ],
        "gauges": {
            name: _gauge(gauge)
            for name, gauge in gauges(foundation=foundation, year=disclosure.first_on.year).items()
        },
    }  # fmt: skip


def _entries(disclosure: Disclosure, foundations: Any, currency: str) -> list[dict[str, Any]]:
    movements = spent(
        foundations=foundations, currency=currency, since=disclosure.first_on,
        until=disclosure.last_on, fund=disclosure.fund,
    )  # fmt: skip
    rows = [row_of(movement) for movement in movements]
    return [
        {
            "day": row.happened_on.isoformat(), "payee": row.payee, "purpose": row.purpose,
            "amount_minor": row.amount_minor,
        }
        for row in reversed(rows)
    ]  # fmt: skip


def _rows(amounts: dict[str, int]) -> list[dict[str, Any]]:
    """By account kind: its words are looked up in the reader's language when shown."""
    return [{"kind": kind, "minor": minor} for kind, minor in amounts.items() if minor]


def _gauge(gauge: Gauge) -> dict[str, Any]:
    return {
        "part_minor": gauge.part_minor, "whole_minor": gauge.whole_minor,
        "percent": gauge.percent, "limit_percent": gauge.limit_percent,
        "is_at_least": gauge.is_at_least, "is_met": gauge.is_met,
    }  # fmt: skip
