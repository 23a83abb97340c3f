"""Two people at once: one gift, one line, one ceiling."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from foundations.actions.bank_import import ImportedBefore, import_statement
from foundations.actions.bank_lines import LineRefused, MovementTaken, match_line
from foundations.actions.gifts import book_gift
from foundations.actions.offline import approve_offline_gift, enter_offline_gift
from foundations.actions.pledges import approve_pledge_payment, create_pledge, enter_pledge_payment
from foundations.models import BankLine, BankStatement, Foundation, Fund, Gift, PledgePayment
from points.actions.accounts import (
    ensure_account,
    ensure_system_accounts,
    get_system_account,
    move_points,
)
from points.actions.projects import create_points_project, give_points
from points.models import Account, Movement
from tests.cast import make_user
from tests.foundations.bank_cast import bank_csv, imported, some_day
from tests.foundations.money_cast import net_of
from tests.foundations.test_money_races import attempt
from tests.points.test_settlement_races import run_together
from volunteers.models import User

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sound_books", "books"),
]


def test_one_gift_confirmed_by_eight_at_once_is_one_gift(fund: Fund, chen: User, tan: User) -> None:
    lin = make_user(name="林司库", phone="+8613800000049")
    entry = enter_offline_gift(
        fund=fund, how="cash", amount_minor=5000, happened_on=timezone.localdate(), by=chen
    )

    run_together(
        *[attempt(lambda: approve_offline_gift(entry=entry, by=tan))] * 4,
        *[attempt(lambda: approve_offline_gift(entry=entry, by=lin))] * 4,
    )

    assert (Gift.objects.count(), net_of(fund)) == (1, 5000)


def test_many_gifts_confirmed_at_once_leave_no_gap_in_their_papers(
    fund: Fund, chen: User, tan: User
) -> None:
    entries = [
        enter_offline_gift(
            fund=fund, how="bank", amount_minor=100, donor_email="wang@example.org",
            donor_name="王小明", happened_on=timezone.localdate(), by=chen,
        )
        for _ in range(8)
    ]  # fmt: skip

    run_together(
        *(lambda entry=entry: approve_offline_gift(entry=entry, by=tan) for entry in entries)
    )

    running = Gift.objects.order_by("confirmation").values_list("confirmation__running", flat=True)
    assert sorted(running) == list(range(1, 9))
    assert Gift.objects.values("donor").distinct().count() == 1


def test_a_line_and_a_movement_are_matched_once(books: Foundation, fund: Fund, chen: User) -> None:
    row = (some_day(), "5.00", "李四", "捐赠", "")
    lines = imported(books, chen, row, row, row)
    today = {"happened_on": some_day(), "by": None, "into": "bank", "amount_minor": 500}
    moves = [book_gift(fund=fund, key=f"g{number}", **today)[0] for number in range(3)]

    answers = run_together(
        *(
            attempt(lambda line=line, move=move: match_line(line=line, movement=move, by=chen))
            for line in lines
            for move in moves
        )
    )

    refused = [answer for answer in answers if isinstance(answer, LineRefused)]
    matched = BankLine.objects.filter(state="matched")
    assert len(answers) - len(refused) == matched.count()
    assert len({line.movement_id for line in matched}) == matched.count() > 0
    one = run_together(
        *[attempt(lambda: match_line(line=lines[0], movement=moves[0], by=chen))] * 2
    )
    assert all(isinstance(answer, BankLine | LineRefused | MovementTaken) for answer in one)


def test_a_line_that_is_matched_while_its_gift_is_entered_is_explained_once(
    books: Foundation, fund: Fund, chen: User, tan: User
) -> None:
    (line,) = imported(books, chen, (some_day(), "5.00", "李四", "捐赠", "R"))
    told = {"happened_on": some_day(), "by": None, "into": "bank"}
    move = book_gift(fund=fund, key="g", amount_minor=500, **told)[0]

    def enter() -> Any:
        entry = enter_offline_gift(
            fund=fund, how="bank", amount_minor=500, happened_on=some_day(), bank_line=line, by=chen
        )
        return approve_offline_gift(entry=entry, by=tan)

    answers = run_together(
        *[attempt(enter)] * 3, *[attempt(lambda: match_line(line=line, movement=move, by=chen))] * 3
    )

    line.refresh_from_db()
    assert line.state == "matched"
    assert Gift.objects.count() == (0 if line.movement_id == move.pk else 1)
    assert any(not isinstance(answer, Exception) for answer in answers)


def test_one_file_imported_by_six_at_once_is_one_statement(books: Foundation, chen: User) -> None:
    content = bank_csv(*[(some_day(), "5.00", "李四", "捐赠", "")] * 3)
    told = {"foundation": books, "currency": "CNY", "file_name": "a.csv", "by": chen}

    answers = run_together(*[attempt(lambda: import_statement(content=content, **told))] * 6)

    assert sum(isinstance(answer, ImportedBefore) for answer in answers) == 5
    assert (BankStatement.objects.count(), BankLine.objects.count()) == (1, 3)


def test_a_pledge_is_never_paid_past_its_ceiling(
    fund: Fund, alice: User, chen: User, tan: User
) -> None:
    ensure_system_accounts()
    today = timezone.localdate()
    project = create_points_project(
        name="热饭", about="热饭", organisation=fund.foundation.organisation, by=None
    )
    move_points(
        debit=get_system_account(Account.Kind.ISSUE),
        credit=ensure_account(volunteer=alice.volunteer), points=2000,
        kind=Movement.Kind.AWARD, reference="award:race", by=None,
    )  # fmt: skip
    give_points(
        project=project, volunteer=alice.volunteer, points=2000, by=alice,
        nonce="0b0e3a1e-4d5a-4d36-9d3a-0d7a5a1b2c3d",
    )  # fmt: skip
    pledge = create_pledge(
        fund=fund, project=project, sponsor="海云公司", per_points=100, pays_minor=1000,
        ceiling_minor=5500, starts_on=today, ends_on=today, by=None,
    )  # fmt: skip

    def pay() -> Any:
        payment = enter_pledge_payment(pledge=pledge, amount_minor=1000, happened_on=today, by=chen)
        return approve_pledge_payment(payment=payment, by=tan)

    run_together(*[attempt(pay)] * 10)

    assert PledgePayment.objects.filter(state="approved").count() == 5
    assert net_of(fund) == 5000
