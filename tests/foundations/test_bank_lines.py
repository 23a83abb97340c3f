"""Statements come in once, and each of their lines is explained once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from wagtail.models import ModelLogEntry

from foundations.actions import bank_lines
from foundations.actions.bank_import import (
    CannotRead,
    ImportedBefore,
    NoAccount,
    import_statement,
)
from foundations.actions.bank_lines import match_line, set_line_aside, unmatch_line
from foundations.actions.entries import approve_expense
from foundations.actions.gifts import book_gift
from foundations.actions.ledger import ReasonMissing, reverse_movement
from foundations.actions.offline import (
    approve_offline_gift,
    enter_offline_gift,
    reject_offline_gift,
    reverse_offline_gift,
)
from foundations.bank_matching import (
    compare,
    lines_of_corrected,
    movements_without_line,
    suggestions,
)
from foundations.models import (
    BankLine,
    BankStatement,
    Expense,
    Foundation,
    Fund,
    Gift,
    MoneyMovement,
    OfflineGift,
)
from tests.foundations.bank_cast import bank_csv, imported, some_day
from volunteers.models import User

pytestmark = pytest.mark.usefixtures("sound_books", "books")


def at_bank(fund: Fund, minor: int, *, key: str, back: int = 0) -> MoneyMovement:
    return book_gift(
        fund=fund, key=key, amount_minor=minor, happened_on=some_day(back), by=None, into="bank"
    )[0]


def bring(foundation: Foundation, by: User, content: bytes, **fields: Any) -> Any:
    return import_statement(
        **{
            "foundation": foundation, "currency": "CNY", "content": content,
            "file_name": "明细.csv", "by": by,
        }
        | fields
    )  # fmt: skip


def offline(line: BankLine, fund: Fund, by: User, **fields: Any) -> OfflineGift:
    return enter_offline_gift(
        **{
            "fund": fund, "how": "bank", "amount_minor": line.amount_minor,
            "happened_on": line.booked_on, "donor_name": line.counterparty, "bank_line": line,
            "by": by,
        }
        | fields
    )  # fmt: skip


def test_statements_that_overlap_bring_each_line_once(books: Foundation, chen: User) -> None:
    two = (some_day(2), "10.00", "王小明", "捐赠", "")
    first = bank_csv((some_day(3), "5.00", "李四", "捐赠", ""), two, two)
    second = bank_csv(two, two, two, (some_day(1), "7.00", "李四", "捐赠", ""))

    assert bring(books, chen, first).new == 3
    told = bring(books, chen, second)

    assert (told.new, told.known) == (2, 2)
    assert BankLine.objects.count() == 5


def test_the_banks_reference_names_a_line_whatever_its_words(books: Foundation, chen: User) -> None:
    bring(books, chen, bank_csv((some_day(), "5.00", "李四", "捐赠", "R1")))
    again = bring(books, chen, bank_csv((some_day(), "5.00", "Li Si", "gift", "R1")))

    assert (again.new, BankLine.objects.count()) == (0, 1)


def test_the_same_file_is_imported_once_in_each_foundation(
    books: Foundation, other_foundation: Foundation, chen: User
) -> None:
    content = bank_csv((some_day(), "5.00", "李四", "捐赠", "R1"))
    statement = bring(books, chen, content).statement

    with pytest.raises(ImportedBefore) as raised:
        bring(books, chen, content)
    assert raised.value.statement == statement
    assert bring(other_foundation, chen, content).new == 1


def test_a_file_that_cannot_be_read_leaves_nothing(books: Foundation, chen: User) -> None:
    with pytest.raises(CannotRead, match=r"5\.00\.1"):
        bring(books, chen, bank_csv((some_day(), "5.00.1", "李四", "捐赠", "")))
    with pytest.raises(NoAccount):
        bring(books, chen, b"x", currency="JPY")

    assert not BankStatement.objects.exists()


def test_a_line_finds_what_it_may_be_in_the_books(
    books: Foundation, fund: Fund, chen: User, tan: User, entered: Callable[..., Expense]
) -> None:
    near = at_bank(fund, 5000, key="near", back=3)
    at_bank(fund, 5000, key="far", back=9)
    paid = approve_expense(expense=entered(1200), by=tan)
    gift_in, expense_out, named, unknown = suggestions(
        imported(
            books, chen, (some_day(2), "50.00", "王小明", "转账", "1"),
            (some_day(1), "-12.00", "利群超市", "大米", "2"),
            (some_day(), "8.00", "李四", "捐给老人食堂", "3"),
            (some_day(), "-9.00", "电力公司", "电费", "4"),
        )
    )  # fmt: skip

    assert gift_in.movements == [near]
    assert expense_out.movements == [paid.movement]
    assert (named.movements, named.fund, named.looks_like_a_gift) == ([], fund, True)
    assert (unknown.movements, unknown.looks_like_a_gift) == ([], False)


def test_a_line_is_matched_once_and_a_movement_too(
    books: Foundation, fund: Fund, chen: User
) -> None:
    movement = at_bank(fund, 500, key="a")
    row = (some_day(), "5.00", "李四", "捐赠", "")
    first, second = imported(books, chen, row, row)

    for _ in range(2):
        first = match_line(line=first, movement=movement, by=chen)
    with pytest.raises(bank_lines.MovementTaken):
        match_line(line=second, movement=movement, by=chen)
    with pytest.raises(bank_lines.LineDecided):
        set_line_aside(line=first, note="重复", by=chen)

    assert (first.state, first.movement, first.decided_by) == ("matched", movement, chen)
    assert suggestions([second])[0].movements == []
    assert ModelLogEntry.objects.filter(action="foundations.match_line").count() == 1


def test_other_amounts_accounts_and_foundations_do_not_match(
    books: Foundation, fund: Fund, other_foundation: Foundation, chen: User
) -> None:
    (line,) = imported(books, chen, (some_day(), "5.00", "李四", "捐赠", ""))
    cash = {"amount_minor": 500, "happened_on": some_day(), "by": None, "into": "cash"}
    wrong = [
        at_bank(fund, 501, key="a"),
        at_bank(other_foundation.funds.get(), 500, key="b"),
        book_gift(fund=fund, key="c", **cash)[0],
    ]
    for movement in wrong:
        with pytest.raises(bank_lines.OtherAmount):
            match_line(line=line, movement=movement, by=chen)
    undone = at_bank(fund, 500, key="d")
    reverse_movement(movement=undone, reason="重复", by=chen)
    with pytest.raises(bank_lines.UndoneMovement):
        match_line(line=line, movement=MoneyMovement.objects.get(pk=undone.pk), by=chen)


def test_what_the_books_do_not_hold_is_set_aside_with_a_word_and_explained_anew(
    books: Foundation, chen: User
) -> None:
    (line,) = imported(books, chen, (some_day(), "5.00", "李四", "捐赠", ""))

    with pytest.raises(ReasonMissing):
        set_line_aside(line=line, note=" ", by=chen)
    line = set_line_aside(line=line, note="银行自己的更正", by=chen)
    assert (line.state, line.note) == ("set_aside", "银行自己的更正")
    line = unmatch_line(line=line, reason="看错了", by=chen)

    assert (line.state, line.note, line.decided_by) == ("unmatched", "", None)
    logged = ModelLogEntry.objects.get(action="foundations.unmatch_line")
    assert logged.data["reason"] == "看错了"


def test_a_gift_from_a_line_is_matched_when_it_is_confirmed(
    books: Foundation, fund: Fund, chen: User, tan: User
) -> None:
    (line,) = imported(books, chen, (some_day(), "5.00", "李四", "捐赠", "R1"))
    entry = offline(line, fund, chen)
    with pytest.raises(bank_lines.GiftWaits):
        offline(line, fund, chen)
    with pytest.raises(bank_lines.GiftWaits):
        set_line_aside(line=line, note="x", by=chen)

    entry = approve_offline_gift(entry=entry, by=tan)
    line.refresh_from_db()
    assert (line.state, line.movement) == ("matched", entry.movement)
    with pytest.raises(bank_lines.GiftHoldsLine):
        unmatch_line(line=line, reason="看错了", by=chen)

    reverse_offline_gift(entry=entry, reason="记错了", by=tan)
    line.refresh_from_db()
    assert line.state == "unmatched"
    again = approve_offline_gift(entry=offline(line, fund, chen), by=tan)
    assert Gift.objects.filter(offline=again).exists()


@pytest.mark.parametrize(
    "fields",
    [{"amount_minor": 499}, {"how": "cash"}],
)
def test_a_gift_from_a_line_is_what_the_line_says(
    books: Foundation, fund: Fund, chen: User, fields: dict[str, Any]
) -> None:
    (line,) = imported(books, chen, (some_day(), "5.00", "李四", "捐赠", "R1"))

    with pytest.raises(bank_lines.LineGone):
        offline(line, fund, chen, **fields)


def test_another_foundations_line_is_no_gift_here(
    books: Foundation, fund: Fund, other_foundation: Foundation, chen: User
) -> None:
    (line,) = imported(other_foundation, chen, (some_day(), "5.00", "李四", "捐赠", "R1"))

    with pytest.raises(bank_lines.LineGone):
        offline(line, fund, chen)


def test_a_rejected_gift_leaves_the_line_to_others(
    books: Foundation, fund: Fund, chen: User
) -> None:
    (line,) = imported(books, chen, (some_day(), "5.00", "李四", "捐赠", "R1"))
    reject_offline_gift(entry=offline(line, fund, chen), reason="不是捐款", by=chen)

    assert set_line_aside(line=line, note="退款", by=chen).state == "set_aside"


def test_the_bank_and_the_books_are_laid_side_by_side(
    books: Foundation, fund: Fund, chen: User
) -> None:
    known, unknown = at_bank(fund, 500, key="a"), at_bank(fund, 900, key="b")
    text = f"日期,金额,余额,摘要\n{some_day()},5.00,5.00,捐赠\n{some_day()},7.00,12.00,捐赠\n"
    bring(books, chen, text.encode())
    first = BankLine.objects.get(amount_minor=500)
    match_line(line=first, movement=known, by=chen)

    told = compare(foundation=books, currency="CNY")

    assert (told.statement.closing_minor, told.ours_minor, told.apart_minor) == (1200, 1400, -200)
    assert (told.unmatched, told.unmatched_minor) == (1, 700)
    assert (told.without_line, told.without_line_minor) == (1, 900)
    assert list(movements_without_line(foundation=books, currency="CNY")) == [unknown]
    reverse_movement(movement=known, reason="重复", by=chen)
    assert list(lines_of_corrected(books)) == [first]


def test_a_statement_that_is_missing_between_two_is_named(books: Foundation, chen: User) -> None:
    for back, opening in ((9, 0), (3, 50)):
        text = f"日期,金额,余额\n{some_day(back)},1.00,{opening + 1}.00\n"
        bring(books, chen, text.encode())

    ((before, after),) = compare(foundation=books, currency="CNY").gaps

    assert (before.last_on, after.first_on) == (some_day(9), some_day(3))


def test_the_database_holds_what_matched_means(books: Foundation, chen: User) -> None:
    imported(books, chen, (some_day(), "5.00", "李四", "捐赠", "R1"))

    for harm in ("state = 'matched'", "state = 'set_aside'", "amount_minor = 0"):
        with pytest.raises(IntegrityError, match="bank_line"), transaction.atomic():
            connection.cursor().execute(f"UPDATE foundations_bankline SET {harm}")
