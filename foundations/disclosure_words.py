"""A disclosure's figures as people read them, in the reader's language."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from foundations.models import MoneyAccount
from foundations.money import format_money

GAUGE_WORDS = {
    "spent_of_income": gettext_lazy("Spent on the purpose, of last year's income"),
    "spent_of_balance": gettext_lazy("Spent on the purpose, of what was there a year ago"),
    "management": gettext_lazy("Management, of all that was spent"),
}


def shown_figures(figures: dict[str, Any]) -> dict[str, Any]:
    """Tables of (words, amount) under the names of disclosure_figures; {} for none."""
    if not figures:
        return {}
    currency = figures["currency"]

    def money(minor: int) -> str:
        return format_money(minor, currency=currency)

    def kinds(name: str) -> list[tuple[str, str]]:
        return [
            (str(MoneyAccount.Kind(row["kind"]).label), money(row["minor"]))
            for row in figures.get(name, [])
        ]

    return {
        "sums": _sums(figures, money),
        "income": kinds("income"),
        "spending": kinds("spending"),
        "assets": kinds("assets"),
        "liabilities": kinds("liabilities"),
        "budget": [
            (_named(row), money(row["planned_minor"]), money(row["spent_minor"]))
            for row in figures.get("budget", [])
        ],
        "funds": [
            (_named(row), money(row["income_minor"]), money(row["spending_minor"]))
            for row in figures.get("funds", [])
        ],
        "entries": [
            (row["day"], row["purpose"], row["payee"], money(row["amount_minor"]))
            for row in figures.get("entries", [])
        ],
        "gauges": [_gauge_row(name, gauge) for name, gauge in figures.get("gauges", {}).items()],
        "gifts": figures.get("gifts"),
    }


def _sums(figures: dict[str, Any], money: Any) -> list[tuple[str, str]]:
    rows = [
        (_("There before"), money(figures["before_minor"])),
        (_("Came in"), money(figures["income_minor"])),
        (_("Spent"), money(figures["spending_minor"])),
    ]
    if figures["transfers_minor"]:
        rows.append(
            (_("From and to other funds, brought forward"), money(figures["transfers_minor"]))
        )
    rows.append((_("There at the end"), money(figures["after_minor"])))
    if "restricted_minor" in figures:
        rows += [
            (_("Of it for its purpose only"), money(figures["restricted_minor"])),
            (_("Of it unrestricted"), money(figures["unrestricted_minor"])),
        ]
    return rows


def _gauge_row(name: str, gauge: dict[str, Any]) -> tuple[str, str, str, bool]:
    limit = _("at least %(percent)s %%") if gauge["is_at_least"] else _("at most %(percent)s %%")
    percent = "–" if gauge["percent"] is None else f"{gauge['percent']} %"
    return (
        str(GAUGE_WORDS[name]), percent, limit % {"percent": gauge["limit_percent"]},
        gauge["is_met"],
    )  # fmt: skip


def _named(row: dict[str, str]) -> str:
    is_english = (get_language() or "").startswith("en")
    return (is_english and row["name_en"]) or row["name"]
