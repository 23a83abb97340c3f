"""An expense names what pays for it and the line of the budget that it is of."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from foundations.actions.entries import (
    NotInHand,
    OtherBudgetLine,
    approve_expense,
    enter_grant,
    reverse_entry,
)
from foundations.actions.gifts import book_gift
from foundations.models import BudgetLine, Expense, Foundation, Fund, MoneyAccount
from volunteers.models import User

pytestmark = pytest.mark.usefixtures("sound_books")


def held(foundation: Foundation, kind: str) -> int:
    return MoneyAccount.objects.get(foundation=foundation, kind=kind).balance_minor


@pytest.mark.parametrize("way", ["bank", "cash", "goods"])
def test_what_pays_is_what_the_expense_names(
    way: str, books: Foundation, fund: Fund, entered: Callable[..., Expense], tan: User
) -> None:
    book_gift(
        fund=fund, key="g", amount_minor=5000, happened_on=timezone.localdate(), by=None, into=way
    )

    approved = approve_expense(expense=entered(1200, paid_from=way), by=tan)
    assert held(books, way) == 3800

    reverse_entry(entry=approved, reason="写错了", by=tan)
    assert held(books, way) == 5000


def test_a_cash_box_does_not_pay_what_is_not_in_it(
    books: Foundation, fund: Fund, entered: Callable[..., Expense], tan: User
) -> None:
    book_gift(fund=fund, key="g", amount_minor=5000, happened_on=timezone.localdate(), by=None)

    with pytest.raises(NotInHand, match=r"0\.00"):
        approve_expense(expense=entered(1, paid_from="cash"), by=tan)

    assert held(books, "cash") == 0


def test_a_budget_line_is_of_the_same_fund_and_kind(
    books: Foundation, fund: Fund, general: Fund, entered: Callable[..., Expense], chen: User
) -> None:
    rice = BudgetLine.objects.create(fund=fund, name="大米", kind="programme", amount_minor=9)
    office = BudgetLine.objects.create(fund=general, name="房租", kind="programme", amount_minor=9)

    assert entered(1, budget_line=rice).budget_line == rice
    for wrong in ({"budget_line": office}, {"budget_line": rice, "kind": "administration"}):
        with pytest.raises(OtherBudgetLine):
            entered(1, **wrong)
    with pytest.raises(OtherBudgetLine):
        enter_grant(
            fund=fund, grantee="花园小组", purpose="种花", amount_minor=1, by=chen,
            happened_on=timezone.localdate(), budget_line=rice,
        )  # fmt: skip
