"""One person enters, another approves; months close for good."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from wagtail.models import ModelLogEntry

from foundations.actions import entries
from foundations.actions.books import close_fund, create_fund
from foundations.actions.entries import (
    DecidedAlready,
    approve_expense,
    approve_grant,
    approve_transfer,
    enter_grant,
    enter_transfer,
    reject_expense,
    reverse_entry,
)
from foundations.actions.gifts import book_gift
from foundations.actions.invoices import InvoiceUnreadable
from foundations.actions.ledger import (
    BelongsToEntry,
    BookingRefused,
    FundTooSmall,
    MonthClosed,
    first_open_day,
    reverse_movement,
)
from foundations.actions.periods import (
    MonthNotOver,
    NotTheNextMonth,
    StillWaiting,
    close_period,
    next_month_to_close,
)
from foundations.models import Expense, Fund, FundTransfer, MoneyMovement, Period
from tests.foundations.money_cast import invoice, month_back, net_of
from volunteers.models import User

pytestmark = pytest.mark.usefixtures("sound_books")

Enter = Callable[..., Expense]


@pytest.fixture(autouse=True)
def _money(fund: Fund) -> None:
    """A hundred yuan came in two months ago."""
    book_gift(fund=fund, key="first", amount_minor=10000, happened_on=month_back(2), by=None)


def run_sql(statement: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_an_expense_moves_money_once_somebody_else_has_approved_it(
    entered: Enter, fund: Fund, tan: User
) -> None:
    expense = entered(1000)
    assert net_of(fund) == 10000

    expense = approve_expense(expense=expense, by=tan)
    again = approve_expense(expense=expense, by=tan)

    assert (net_of(fund), again.movement) == (9000, expense.movement)
    assert ModelLogEntry.objects.filter(action="foundations.approve_entry", user=tan).count() == 1


def test_nobody_approves_what_they_entered(entered: Enter, chen: User, fund: Fund) -> None:
    expense = entered(1000)

    with pytest.raises(entries.SamePerson):
        approve_expense(expense=expense, by=chen)
    with pytest.raises(IntegrityError, match="expense_by_two_people"):
        run_sql(
            "UPDATE foundations_expense SET state = 'approved', approved_by_id = entered_by_id,"
            " approved_at = now(), movement_id = (SELECT min(id) FROM foundations_moneymovement)"
        )

    assert net_of(fund) == 10000


def test_what_was_rejected_is_not_approved_and_the_other_way_round(
    entered: Enter, chen: User, tan: User
) -> None:
    rejected = reject_expense(expense=entered(1000), reason="重复", by=chen)
    approved = approve_expense(expense=entered(1000), by=tan)

    with pytest.raises(DecidedAlready):
        approve_expense(expense=rejected, by=tan)
    with pytest.raises(DecidedAlready):
        reject_expense(expense=approved, reason="重复", by=chen)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE foundations_expense SET amount_minor = 1",
        "UPDATE foundations_expense SET payee = 'x'",
        "UPDATE foundations_expense SET state = 'reversed'",
        "DELETE FROM foundations_expense",
    ],
)
def test_what_was_entered_stays_as_it_was(entered: Enter, statement: str) -> None:
    expense = entered(1000)

    with pytest.raises(IntegrityError, match="what was entered stays"):
        run_sql(statement)

    assert Expense.objects.get().amount_minor == expense.amount_minor


def test_a_form_sent_twice_enters_once(entered: Enter, tan: User) -> None:
    nonce = uuid.uuid4()

    assert entered(1000, nonce=nonce) == entered(1000, nonce=nonce)
    with pytest.raises(entries.FormUsed):
        entered(1000, nonce=nonce, by=tan)
    assert Expense.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"invoice": None}, entries.InvoiceMissing),
        ({"invoice": invoice("发票.pdf", b"<html>")}, InvoiceUnreadable),
        ({"invoice": invoice("发票.exe")}, InvoiceUnreadable),
        ({"invoice": invoice("发票.pdf", b"")}, InvoiceUnreadable),
        ({"payee": " "}, entries.WordsMissing),
        ({"amount_minor": 0}, BookingRefused),
    ],
)
def test_an_expense_without_what_it_needs_is_refused_with_a_sentence(
    entered: Enter, fields: dict[str, Any], refused: type[BookingRefused]
) -> None:
    with pytest.raises(refused) as raised:
        entered(**fields)

    assert str(raised.value)
    assert not Expense.objects.exists()


def test_no_fund_pays_more_than_it_has(entered: Enter, tan: User, general: Fund) -> None:
    for expense in (entered(10001), entered(1, fund=general)):
        with pytest.raises(FundTooSmall):
            approve_expense(expense=expense, by=tan)

    assert Expense.objects.waiting().count() == 2


def test_an_approved_expense_is_reversed_by_itself_and_not_by_its_movement(
    entered: Enter, tan: User, fund: Fund
) -> None:
    expense = approve_expense(expense=entered(1000), by=tan)
    assert expense.movement is not None

    with pytest.raises(BelongsToEntry):
        reverse_movement(movement=expense.movement, reason="退货", by=tan)
    for _ in range(2):
        expense = reverse_entry(entry=expense, reason="退货", by=tan)

    assert (expense.state, net_of(fund)) == ("reversed", 10000)


def test_a_grant_is_approved_by_a_second_person(fund: Fund, chen: User, tan: User) -> None:
    grant = enter_grant(
        fund=fund, amount_minor=4000, grantee="花园小组", purpose="种花",
        happened_on=timezone.localdate(), by=chen,
    )  # fmt: skip
    with pytest.raises(entries.SamePerson):
        approve_grant(grant=grant, by=chen)
    approve_grant(grant=grant, by=tan)

    assert net_of(fund) == 6000


# Transfers, as D6 allows them


def transfer(from_fund: Fund, to_fund: Fund, by: User, **fields: Any) -> FundTransfer:
    return enter_transfer(
        **{
            "from_fund": from_fund, "to_fund": to_fund, "amount_minor": 100, "by": by,
            "reason": "donors_consent", "evidence": "捐赠人同意书 3 份",
            "happened_on": timezone.localdate(),
        }
        | fields
    )  # fmt: skip


def test_money_leaves_a_restricted_fund_with_consent_only(
    fund: Fund, general: Fund, chen: User, tan: User
) -> None:
    with pytest.raises(entries.NeedsConsent):
        transfer(fund, general, chen, reason="general_fund")
    with pytest.raises(entries.EvidenceMissing):
        transfer(fund, general, chen, evidence=" ")
    with pytest.raises(entries.NotGeneral):
        transfer(general, fund, chen)
    for kind, guard in (
        ("restricted", "fundtransfer_as_the_law_allows"),
        ("general", "fundtransfer_of_its_kind"),
    ):
        with pytest.raises(IntegrityError, match=guard), transaction.atomic():
            FundTransfer.objects.create(
                foundation=fund.foundation, amount_minor=1, currency="CNY", entered_by=chen,
                from_fund=fund, from_kind=kind, to_fund=general, reason="general_fund",
                evidence="x", happened_on=timezone.localdate(),
            )  # fmt: skip

    approve_transfer(transfer=transfer(fund, general, chen), by=tan)
    assert (net_of(fund), net_of(general)) == (9900, 100)

    approve_transfer(transfer=transfer(general, fund, chen, reason="general_fund"), by=tan)
    assert (net_of(fund), net_of(general)) == (10000, 0)


def test_no_transfer_leaves_the_foundation_or_the_currency(
    fund: Fund, other_foundation: Any, chen: User
) -> None:
    yen = create_fund(
        foundation=fund.foundation, name="日元", purpose="热饭", currency="JPY", by=None
    )
    for other in (other_foundation.funds.get(), yen, fund):
        with pytest.raises(entries.NotTwoFunds):
            transfer(fund, other, chen)

    assert not FundTransfer.objects.exists()


def test_a_closed_fund_pays_nothing(fund: Fund, entered: Enter, tan: User) -> None:
    approve_expense(expense=entered(10000), by=tan)
    close_fund(fund=fund, by=tan)

    with pytest.raises(entries.FundClosed):
        entered(1)


# Months


def test_nothing_is_booked_into_a_closed_month(fund: Fund, entered: Enter, tan: User) -> None:
    close_period(foundation=fund.foundation, month=month_back(2), by=tan)

    for day in (month_back(2, day=28), month_back(3)):
        with pytest.raises(MonthClosed, match=month_back(1).isoformat()):
            book_gift(fund=fund, key="late", amount_minor=1, happened_on=day, by=None)
        with pytest.raises(MonthClosed):
            entered(1, happened_on=day)
    late = first_open_day(foundation=fund.foundation, wanted=month_back(2))
    book_gift(fund=fund, key="late", amount_minor=1, happened_on=late, by=None)

    assert late == month_back(1)


def test_the_database_itself_refuses_a_closed_month(fund: Fund, entered: Enter, tan: User) -> None:
    close_period(foundation=fund.foundation, month=month_back(2), by=tan)
    movement = MoneyMovement.objects.get()

    for table in ("moneymovement", "expense"):
        row = movement if table == "moneymovement" else entered(1)
        with pytest.raises(IntegrityError, match="is closed"):
            run_sql(
                f"""
                INSERT INTO foundations_{table}
                SELECT (jsonb_populate_record(row, '{{"id": 999, "reference": "x", "happened_on":
                        "{month_back(2)}", "nonce": "{uuid.uuid4()}"}}')).*
                FROM foundations_{table} row WHERE id = %s""",
                row.pk,
            )


def test_what_is_told_again_of_a_closed_month_is_not_booked_again(fund: Fund, tan: User) -> None:
    close_period(foundation=fund.foundation, month=month_back(2), by=tan)

    book_gift(fund=fund, key="first", amount_minor=10000, happened_on=month_back(2), by=None)

    assert MoneyMovement.objects.count() == 1


def test_months_close_one_after_the_other_with_nothing_waiting(
    fund: Fund, entered: Enter, chen: User, tan: User
) -> None:
    told = {"foundation": fund.foundation, "by": tan}
    waiting = entered(1, happened_on=month_back(2))

    with pytest.raises(MonthNotOver):
        close_period(**told, month=month_back(0))
    with pytest.raises(NotTheNextMonth, match=f"{month_back(2):%Y-%m}"):
        close_period(**told, month=month_back(1))
    with pytest.raises(StillWaiting, match=" 1 "):
        close_period(**told, month=month_back(2))
    with pytest.raises(IntegrityError, match="waits to be approved"), transaction.atomic():
        Period.objects.create(
            foundation=fund.foundation, month=month_back(2), movements=0, previous="", digest="",
            closed_by=tan,
        )  # fmt: skip
    reject_expense(expense=waiting, reason="重复", by=chen)
    first = close_period(**told, month=month_back(2))
    second = close_period(**told, month=month_back(1))

    assert (first.movements, second.movements, second.previous) == (1, 0, first.digest)
    assert close_period(**told, month=month_back(2)) == first
    assert next_month_to_close(foundation=fund.foundation) == month_back(0)


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM foundations_period", "UPDATE foundations_period SET movements = 0"],
)
def test_a_closed_month_is_never_opened_again(fund: Fund, tan: User, statement: str) -> None:
    close_period(foundation=fund.foundation, month=month_back(2), by=tan)

    with pytest.raises(IntegrityError, match="append-only"):
        run_sql(statement)

    assert Period.objects.count() == 1
