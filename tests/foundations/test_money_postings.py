"""What each thing that happens does to the books: every posting the decision names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from foundations.actions import disputes, gifts, income, payouts
from foundations.actions.books import create_fund, create_pot
from foundations.actions.entries import approve_expense
from foundations.actions.gift_events import MoreThanThere
from foundations.models import Expense, Foundation, Fund, MatchingPot, MoneyAccount
from foundations.reports import activity, balance_sheet, fund_sheet, gauges
from tests.foundations.money_cast import month_back, net_of
from volunteers.models import User

pytestmark = pytest.mark.usefixtures("sound_books")
TODAY: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _today() -> None:
    TODAY.update(happened_on=timezone.localdate())


def balances(foundation: Foundation) -> dict[str, int]:
    """What is not zero, as debits less credits: fund accounts as `gifts` and `general.gifts`."""
    found = {}
    for account in MoneyAccount.objects.filter(foundation=foundation).select_related("fund"):
        if account.balance_minor:
            prefix = "general." if account.fund and not account.fund.is_restricted else ""
            found[f"{prefix}{account.kind}"] = account.balance_minor
    return found


def give(fund: Fund, minor: int = 10000, *, key: str = "pi_1", fee: int = 0) -> None:
    gifts.book_gift(fund=fund, key=key, amount_minor=minor, fee_minor=fee, by=None, **TODAY)


def test_a_gift_is_booked_gross_and_its_fee_beside_it(fund: Fund) -> None:
    give(fund, fee=60)

    assert balances(fund.foundation) == {"processor": 9940, "gifts": -10000, "fees": 60}


def test_a_gift_at_the_bank_has_no_processor(fund: Fund) -> None:
    gifts.book_gift(
        fund=fund, key="bank_1", amount_minor=500, into=MoneyAccount.Kind.BANK, by=None, **TODAY
    )

    assert balances(fund.foundation) == {"bank": 500, "gifts": -500}


def test_a_payout_is_on_its_way_until_the_bank_has_it(fund: Fund) -> None:
    give(fund)
    payouts.book_payout(
        foundation=fund.foundation, key="po_1", amount_minor=10000, currency="CNY", **TODAY
    )
    assert balances(fund.foundation) == {"in_transit": 10000, "gifts": -10000}

    payouts.book_payout_arrived(key="po_1", **TODAY)
    assert balances(fund.foundation) == {"bank": 10000, "gifts": -10000}

    payouts.book_payout_failed(key="po_1", **TODAY)
    assert balances(fund.foundation) == {"processor": 10000, "gifts": -10000}


def test_a_payout_that_failed_does_not_arrive(fund: Fund) -> None:
    give(fund)
    payouts.book_payout(
        foundation=fund.foundation, key="po_1", amount_minor=10000, currency="CNY", **TODAY
    )
    payouts.book_payout_failed(key="po_1", **TODAY)

    with pytest.raises(MoreThanThere):
        payouts.book_payout_arrived(key="po_1", **TODAY)


def test_a_partial_refund_is_owed_then_paid_and_the_rest_may_follow(fund: Fund) -> None:
    give(fund)
    gifts.book_refund(gift="pi_1", key="re_1", amount_minor=3000, by=None, **TODAY)
    owed = balances(fund.foundation)
    gifts.book_refund_paid(gift="pi_1", refund="re_1", **TODAY)
    gifts.book_refund_paid(gift="pi_1", refund="re_1", **TODAY)

    assert owed == {"processor": 10000, "gifts": -7000, "refunds_payable": -3000}
    assert balances(fund.foundation) == {"processor": 7000, "gifts": -7000}
    with pytest.raises(MoreThanThere, match=r"70\.00"):
        gifts.book_refund(gift="pi_1", key="re_2", amount_minor=7001, by=None, **TODAY)
    gifts.book_refund(gift="pi_1", key="re_2", amount_minor=7000, by=None, **TODAY)


def test_a_failed_refund_is_owed_again_and_paid_by_the_bank(fund: Fund) -> None:
    give(fund)
    told = {"gift": "pi_1", "refund": "re_1"}
    gifts.book_refund(gift="pi_1", key="re_1", amount_minor=10000, by=None, **TODAY)
    gifts.book_refund_paid(**told, **TODAY)
    gifts.book_refund_failed(**told, **TODAY)
    assert balances(fund.foundation) == {"processor": 10000, "refunds_payable": -10000}

    gifts.book_refund_paid(**told, out_of=MoneyAccount.Kind.BANK, attempt=2, **TODAY)
    assert balances(fund.foundation) == {"processor": 10000, "bank": -10000}
    with pytest.raises(MoreThanThere):
        gifts.book_refund_paid(**told, attempt=3, **TODAY)


def test_a_refund_that_the_donor_leaves_with_us_is_a_gift_again(fund: Fund) -> None:
    give(fund)
    gifts.book_refund(gift="pi_1", key="re_1", amount_minor=4000, by=None, **TODAY)
    gifts.book_refund_waived(gift="pi_1", refund="re_1", by=None, text="来电", **TODAY)

    assert balances(fund.foundation) == {"processor": 10000, "gifts": -10000}


def test_what_the_project_has_spent_is_refunded_out_of_the_general_fund(
    fund: Fund, general: Fund, entered: Callable[..., Expense], tan: User
) -> None:
    give(fund)
    approve_expense(expense=entered(8000), by=tan)
    gifts.book_refund(gift="pi_1", key="re_1", amount_minor=10000, by=None, **TODAY)

    assert (net_of(fund), net_of(general)) == (0, -8000)
    assert balances(fund.foundation)["general.losses"] == 8000


def test_a_dispute_its_fee_and_its_end_are_movements_of_their_own(
    fund: Fund, general: Fund, entered: Callable[..., Expense], tan: User
) -> None:
    give(fund)
    approve_expense(expense=entered(1000), by=tan)
    told = {"gift": "pi_1", "dispute": "dp_1"}
    disputes.book_dispute(gift="pi_1", key="dp_1", amount_minor=10000, **TODAY)
    disputes.book_dispute_fee(**told, amount_minor=1500, **TODAY)
    assert (net_of(fund), net_of(general)) == (0, -2500)

    disputes.book_reinstatement(**told, amount_minor=10000, **TODAY)
    disputes.book_reinstatement(**told, amount_minor=10000, **TODAY)
    disputes.book_dispute_fee_returned(**told, amount_minor=1500, **TODAY)
    assert (net_of(fund), net_of(general)) == (9000, 0)
    assert balances(fund.foundation) == {
        "processor": 10000, "gifts": -10000, "programme": 1000, "bank": -1000,
    }  # fmt: skip


def test_a_fee_that_comes_late_is_borne_by_the_fund_as_far_as_it_reaches(
    fund: Fund, general: Fund, entered: Callable[..., Expense], tan: User
) -> None:
    give(fund)
    approve_expense(expense=entered(9990), by=tan)
    gifts.book_fee(gift="pi_1", key="txn_1", amount_minor=60, **TODAY)

    assert (net_of(fund), net_of(general)) == (0, -50)


def test_grants_and_interest_come_in_also_when_first_only_promised(general: Fund) -> None:
    told = {"fund": general, "source": "grants_received", "by": None} | TODAY
    income.book_income(**told, key="g1", amount_minor=900, into=MoneyAccount.Kind.RECEIVABLE)
    assert balances(general.foundation) == {"receivable": 900, "general.grants_received": -900}

    income.book_received(income="g1", by=None, **TODAY)
    income.book_income(**told | {"source": "interest"}, key="i1", amount_minor=7)
    assert balances(general.foundation) == {
        "bank": 907, "general.grants_received": -900, "general.interest": -7,
    }  # fmt: skip


# Matching


@pytest.fixture
def pot(fund: Fund) -> MatchingPot:
    pot = create_pot(
        foundation=fund.foundation, fund=fund, sponsor="海云公司", percent=50,
        starts_on=month_back(1), ends_on=timezone.localdate(), by=None,
    )  # fmt: skip
    income.book_pot(pot=pot, key="p1", amount_minor=6000, by=None, happened_on=timezone.localdate())
    return pot


def test_a_gift_is_matched_by_ratio_until_the_pot_is_empty(fund: Fund, pot: MatchingPot) -> None:
    give(fund, key="pi_1")
    give(fund, key="pi_2")
    give(fund, key="pi_3")
    shares = [income.book_match(pot=pot, gift=f"pi_{n}", **TODAY) for n in (1, 1, 2, 3)]

    assert [share and share.amount_minor for share in shares] == [5000, 5000, 1000, None]
    assert balances(fund.foundation) == {
        "processor": 30000, "bank": 6000, "gifts": -30000, "matching": -6000,
    }  # fmt: skip


def test_a_refund_returns_its_share_to_the_pot(fund: Fund, pot: MatchingPot) -> None:
    give(fund)
    income.book_match(pot=pot, gift="pi_1", **TODAY)
    gifts.book_refund(gift="pi_1", key="re_1", amount_minor=3333, by=None, **TODAY)
    gifts.book_refund(gift="pi_1", key="re_2", amount_minor=6667, by=None, **TODAY)

    assert net_of(fund) == 0
    assert balances(fund.foundation)["pot"] == -6000


def test_no_sponsor_matches_gifts_to_other_funds(fund: Fund, pot: MatchingPot) -> None:
    other = create_fund(foundation=fund.foundation, name="花园", purpose="种花", by=None)
    give(other)

    with pytest.raises(income.NotForThisGift):
        income.book_match(pot=pot, gift="pi_1", **TODAY)


# Reports


def test_the_balance_sheet_says_what_there_is_at_the_end_of_a_day(
    fund: Fund, general: Fund, entered: Callable[..., Expense], tan: User, pot: MatchingPot
) -> None:
    before = month_back(1, day=9)
    income.book_opening(fund=general, key="o", amount_minor=2000, happened_on=before, by=None)
    give(fund, fee=100)
    approve_expense(expense=entered(2500), by=tan)
    gifts.book_refund(gift="pi_1", key="re_1", amount_minor=1000, by=None, **TODAY)

    then = balance_sheet(foundation=fund.foundation, day=before)
    now = balance_sheet(foundation=fund.foundation, day=timezone.localdate())

    assert (then.assets_minor, then.unrestricted_minor, then.restricted_minor) == (2000, 2000, 0)
    assert now.assets == {
        "bank": 2000 + 6000 - 2500, "cash": 0, "processor": 9900, "in_transit": 0, "receivable": 0,
        "goods": 0,
    }  # fmt: skip
    assert now.liabilities == {"refunds_payable": 1000, "pot": 6000}
    assert (now.restricted_minor, now.unrestricted_minor) == (6400, 2000)
    assert then.is_balanced
    assert now.is_balanced
    assert fund_sheet(fund=fund, day=timezone.localdate()).net_minor == net_of(fund)


def test_income_and_spending_of_some_days_leave_out_what_came_before(
    fund: Fund, entered: Callable[..., Expense], tan: User
) -> None:
    before = month_back(1, day=9)
    gifts.book_gift(fund=fund, key="old", amount_minor=700, happened_on=before, by=None)
    give(fund, fee=100)
    approve_expense(expense=entered(2500), by=tan)

    sheets = activity(foundation=fund.foundation, since=month_back(0), until=timezone.localdate())
    sheet = next(sheet for sheet in sheets if sheet.fund == fund)

    assert (sheet.income["gifts"], sheet.income_minor) == (10000, 10000)
    assert (sheet.spending["programme"], sheet.spending["fees"]) == (2500, 100)
    assert (sheet.spending_minor, sheet.net_minor) == (2600, 7400)


def test_the_gauges_compare_exactly(fund: Fund, entered: Callable[..., Expense], tan: User) -> None:
    year = timezone.localdate().year - 1
    march = timezone.localdate().replace(year=year, month=3, day=1)
    income.book_opening(
        fund=fund, key="o", amount_minor=100_000, by=None,
        happened_on=march.replace(year=year - 1),
    )  # fmt: skip
    gifts.book_gift(
        fund=fund, key="g", amount_minor=10000, by=None, happened_on=march.replace(year=year - 1)
    )
    for kind, minor in (("programme", 6999), ("administration", 778)):
        approve_expense(expense=entered(minor, kind=kind, happened_on=march), by=tan)

    shown = gauges(foundation=fund.foundation, year=year)
    assert (shown["spent_of_income"].percent, shown["spent_of_income"].is_met) == (69, False)
    assert (shown["management"].percent, shown["management"].is_met) == (10, False)

    approve_expense(expense=entered(1, happened_on=march), by=tan)
    assert gauges(foundation=fund.foundation, year=year)["spent_of_income"].is_met

    Foundation.objects.update(kind=Foundation.Kind.NON_PUBLIC)
    foundation = Foundation.objects.get(pk=fund.foundation_id)
    shown = gauges(foundation=foundation, year=year)
    assert shown["spent_of_balance"].whole_minor == 110_000
    assert not shown["spent_of_balance"].is_met
