"""The database itself keeps money's ledger, whoever writes to it."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from foundations.actions.books import close_fund, create_fund, create_pot
from foundations.actions.entries import approve_expense
from foundations.actions.gifts import book_gift
from foundations.actions.ledger import (
    BookedOtherwise,
    DayToCome,
    FundTooSmall,
    Line,
    NothingToBook,
    NotToBeReversed,
    fund_account,
    house_account,
    post_movements,
    reverse_event,
    reverse_movement,
)
from foundations.actions.periods import close_period
from foundations.models import (
    Expense,
    Foundation,
    Fund,
    MoneyAccount,
    MoneyMovement,
    Period,
)
from tests.foundations.money_cast import month_back, net_of, new_key
from volunteers.models import User

Kind = MoneyAccount.Kind


@pytest.fixture
def gift(fund: Fund) -> MoneyMovement:
    return book_gift(
        fund=fund, key=new_key(), amount_minor=10000, fee_minor=60, happened_on=month_back(0),
        by=None,
    )[0]  # fmt: skip


def run_sql(statement: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def insert(debit: MoneyAccount, credit: MoneyAccount, **fields: Any) -> MoneyMovement:
    with transaction.atomic():
        return MoneyMovement.objects.create(
            **{
                "foundation": debit.foundation, "debit_account": debit, "credit_account": credit,
                "amount_minor": 5, "currency": debit.currency, "kind": "gift", "event": "raw",
                "reference": new_key("raw"), "happened_on": timezone.localdate(),
            }
            | fields
        )  # fmt: skip


def bank_of(foundation: Foundation, currency: str = "CNY") -> MoneyAccount:
    return house_account(foundation=foundation, kind=Kind.BANK, currency=currency)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE foundations_moneymovement SET amount_minor = amount_minor + 1",
        "UPDATE foundations_moneymovement SET text = 'x' WHERE false",
        "DELETE FROM foundations_moneymovement",
        "TRUNCATE foundations_moneymovement CASCADE",
        "UPDATE foundations_moneyaccount SET balance_minor = balance_minor + 1",
        "UPDATE foundations_fundbalance SET net_minor = net_minor + 1",
    ],
)
def test_what_is_booked_and_balances_are_never_changed_by_hand(
    gift: MoneyMovement, statement: str
) -> None:
    run_sql("SELECT 1")
    with pytest.raises(DatabaseError, match="append-only"):
        run_sql(statement)

    assert MoneyMovement.objects.get(pk=gift.pk).amount_minor == 10000


def test_balances_stand_beside_the_ledger_whoever_writes_it(fund: Fund) -> None:
    income, bank = fund_account(fund=fund, kind=Kind.GIFTS), bank_of(fund.foundation)

    insert(bank, income, amount_minor=700)

    bank.refresh_from_db()
    assert (bank.balance_minor, net_of(fund)) == (700, 700)


@pytest.mark.parametrize("minor", [0, -5])
def test_a_movement_moves_something(fund: Fund, minor: int) -> None:
    with pytest.raises(IntegrityError, match="money_positive"):
        insert(
            bank_of(fund.foundation), fund_account(fund=fund, kind=Kind.GIFTS), amount_minor=minor
        )


def test_a_movement_is_between_two_accounts(foundation: Foundation) -> None:
    bank = bank_of(foundation)

    with pytest.raises(IntegrityError, match="money_between_two"):
        insert(bank, bank)


def test_no_movement_goes_from_one_foundation_to_another(
    fund: Fund, other_foundation: Foundation
) -> None:
    income = fund_account(fund=fund, kind=Kind.GIFTS)

    with pytest.raises(IntegrityError, match="of_one_currency"):
        insert(bank_of(other_foundation), income)


def test_no_movement_goes_from_one_currency_to_another(fund: Fund) -> None:
    create_fund(foundation=fund.foundation, name="日元", purpose="热饭", currency="JPY", by=None)
    income = fund_account(fund=fund, kind=Kind.GIFTS)

    with pytest.raises(IntegrityError, match="of_one_currency"):
        insert(bank_of(fund.foundation, "JPY"), income)
    with pytest.raises(IntegrityError, match="of_one_currency"):
        insert(bank_of(fund.foundation, "CNY"), income, currency="JPY")


def test_a_restricted_fund_is_never_below_zero_and_a_general_one_may_be(
    fund: Fund, general: Fund, gift: MoneyMovement
) -> None:
    spent = fund_account(fund=fund, kind=Kind.PROGRAMME)
    with pytest.raises(IntegrityError, match="fund_restricted_not_below_zero"):
        insert(spent, bank_of(fund.foundation), amount_minor=9941)
    insert(fund_account(fund=general, kind=Kind.LOSSES), bank_of(fund.foundation))

    assert (net_of(fund), net_of(general)) == (9940, -5)


def test_a_funds_kind_and_currency_stay(fund: Fund) -> None:
    with pytest.raises(IntegrityError, match="fund_balance_of_its_kind"):
        run_sql("UPDATE foundations_fund SET kind = 'restricted' WHERE kind = 'general'")
    with pytest.raises(IntegrityError, match="money_account_of_its_fund"):
        run_sql("UPDATE foundations_fund SET currency = 'USD' WHERE id = %s", fund.pk)


def test_a_sponsors_pot_is_not_overspent(fund: Fund) -> None:
    pot = create_pot(
        foundation=fund.foundation, sponsor="海云公司", starts_on=month_back(1),
        ends_on=timezone.localdate(), by=None,
    )  # fmt: skip
    account = MoneyAccount.objects.get(pot=pot)

    with pytest.raises(IntegrityError, match="money_account_pot_not_overspent"):
        insert(account, fund_account(fund=fund, kind=Kind.MATCHING))


def test_a_correction_is_the_mirror_of_its_movement_and_comes_once(fund: Fund) -> None:
    told = {"happened_on": month_back(0), "by": None}
    gift = book_gift(fund=fund, key="pi_1", amount_minor=10000, **told)[0]
    mirrored = {"kind": "reversal", "reverses": gift}
    with pytest.raises(IntegrityError, match="the other way round"):
        insert(gift.credit_account, gift.debit_account, amount_minor=9999, **mirrored)
    once = reverse_movement(movement=gift, reason="记错了项目", by=None)
    with pytest.raises(IntegrityError, match="reverses_id"):
        insert(gift.credit_account, gift.debit_account, amount_minor=10000, **mirrored)

    assert reverse_movement(movement=gift, reason="记错了项目", by=None) == once
    with pytest.raises(NotToBeReversed):
        reverse_movement(movement=once, reason="又错了", by=None)


def test_a_gift_is_corrected_together_with_its_fee(fund: Fund, gift: MoneyMovement) -> None:
    with pytest.raises(FundTooSmall):
        reverse_movement(movement=gift, reason="记错了项目", by=None)

    corrections = reverse_event(event=gift.event, reason="记错了项目", by=None)

    assert [movement.amount_minor for movement in corrections] == [60, 10000]
    assert reverse_event(event=gift.event, reason="记错了项目", by=None) == []
    assert net_of(fund) == 0


def test_what_the_fund_has_spent_cannot_be_corrected_away(
    gift: MoneyMovement, entered: Callable[..., Expense], tan: User, fund: Fund
) -> None:
    approve_expense(expense=entered(9000), by=tan)

    with pytest.raises(FundTooSmall, match=r"9\.40"):
        reverse_movement(movement=gift, reason="记错了项目", by=None)

    assert net_of(fund) == 940


def test_the_same_event_is_booked_once_and_never_with_another_amount(fund: Fund) -> None:
    told = {"fund": fund, "key": "pi_1", "happened_on": month_back(0), "by": None}

    first = book_gift(**told, amount_minor=5000, fee_minor=30)

    assert book_gift(**told, amount_minor=5000, fee_minor=30) == first
    with pytest.raises(BookedOtherwise):
        book_gift(**told, amount_minor=5001, fee_minor=30)
    assert net_of(fund) == 4970


def test_nothing_and_days_to_come_are_not_booked(fund: Fund) -> None:
    tomorrow = timezone.localdate() + timezone.timedelta(days=1)
    told = {"fund": fund, "key": "pi_1", "by": None}

    with pytest.raises(NothingToBook):
        book_gift(**told, amount_minor=0, happened_on=timezone.localdate())
    with pytest.raises(DayToCome):
        book_gift(**told, amount_minor=1, happened_on=tomorrow)


def test_all_lines_of_an_event_are_booked_or_none(fund: Fund, general: Fund) -> None:
    income, bank = fund_account(fund=fund, kind=Kind.GIFTS), bank_of(fund.foundation)
    spent = fund_account(fund=fund, kind=Kind.PROGRAMME)

    with pytest.raises(FundTooSmall):
        post_movements(
            foundation=fund.foundation, event="both", happened_on=month_back(0), by=None,
            lines=[Line(bank, income, 100, "gift"), Line(spent, bank, 101, "expense")],
        )  # fmt: skip

    assert not MoneyMovement.objects.exists()


# check_money


def report() -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("check_money", stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def full_books(
    gift: MoneyMovement, entered: Callable[..., Expense], chen: User, tan: User, fund: Fund
) -> Foundation:
    """A gift and an expense of last month, which is closed; one more expense of today."""
    last = month_back(1, day=5)
    book_gift(fund=fund, key="past", amount_minor=5000, happened_on=last, by=None)
    approve_expense(expense=entered(700, happened_on=last), by=tan)
    close_period(foundation=fund.foundation, month=last, by=tan)
    approve_expense(expense=entered(300), by=tan)
    return fund.foundation


def test_check_money_is_content_with_sound_books(full_books: Foundation) -> None:
    code, said = report()

    assert code == 0
    assert "WRONG" not in said
    assert "ok    each closed month is what it was when it was closed" in said


def off(table: str, statement: str) -> Callable[[], None]:
    """What the owner of the database can do: guards off, a row changed, guards on again."""

    def plant() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(statement)
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    return plant


UNAPPROVE = """
UPDATE foundations_expense
SET state = 'rejected', approved_by_id = NULL, approved_at = NULL, movement_id = NULL,
    ended_by_id = entered_by_id, ended_at = now(), end_reason = 'x'
"""


@pytest.mark.parametrize(
    ("table", "statement", "claim"),
    [
        (
            "foundations_moneyaccount",
            "UPDATE foundations_moneyaccount SET balance_minor = 1 WHERE kind = 'cash'",
            "the sum of all accounts is zero in each currency",
        ),
        (
            "foundations_moneymovement",
            "UPDATE foundations_moneymovement SET amount_minor = amount_minor + 1",
            "each balance is what its movements add up to",
        ),
        (
            "foundations_fundbalance",
            "UPDATE foundations_fundbalance SET net_minor = net_minor + 1",
            "each fund has what its accounts add up to",
        ),
        (
            "foundations_expense",
            "UPDATE foundations_expense SET amount_minor = amount_minor + 1",
            "each approved entry is its movement, and no other has one",
        ),
        (
            "foundations_expense",
            UNAPPROVE,
            "each expense, grant and transfer in the ledger was approved",
        ),
        (
            "foundations_moneymovement",
            "UPDATE foundations_moneymovement SET text = 'something else'",
            "each closed month is what it was when it was closed",
        ),
        (
            "foundations_period",
            "UPDATE foundations_period SET digest = repeat('a', 64)",
            "each closed month is what it was when it was closed",
        ),
    ],
)
def test_check_money_finds_a_planted_error_and_names_the_rows(
    full_books: Foundation, table: str, statement: str, claim: str
) -> None:
    off(table, statement)()

    code, said = report()

    assert code == 1
    assert "=" in said.split(f"WRONG {claim}\n")[1].splitlines()[0]


def test_check_money_sees_a_guard_that_is_off(full_books: Foundation) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE foundations_moneymovement DISABLE TRIGGER money_month_is_open")

    code, said = report()

    assert code == 1
    assert "guard=money_month_is_open" in said


def test_an_empty_fund_is_closed_and_a_full_one_is_not(
    fund: Fund, gift: MoneyMovement, entered: Callable[..., Expense], tan: User
) -> None:
    with pytest.raises(Exception, match=r"99\.40"):
        close_fund(fund=fund, by=tan)
    approve_expense(expense=entered(9940), by=tan)

    assert close_fund(fund=fund, by=tan).state == Fund.State.CLOSED
    assert Period.objects.count() == 0
