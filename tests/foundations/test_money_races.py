"""Many at once, with real threads and real transactions: no fund or pot gives what it has not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from foundations.actions import gifts, income
from foundations.actions.books import create_fund, create_pot
from foundations.actions.entries import approve_expense, approve_transfer, enter_transfer
from foundations.actions.gifts import book_gift
from foundations.actions.ledger import BookingRefused, FundTooSmall, MonthClosed
from foundations.actions.periods import close_period
from foundations.models import Expense, Foundation, Fund, MoneyMovement, Period
from tests.foundations.money_cast import month_back, net_of
from tests.points.test_settlement_races import run_together
from volunteers.models import User

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sound_books"),
]


def attempt(job: Callable[[], Any]) -> Callable[[], Any]:
    """The job, with a refusal as its answer."""

    def run() -> Any:
        try:
            return job()
        except BookingRefused as refused:
            return refused

    return run


def give(fund: Fund, minor: int, *, key: str) -> Callable[[], Any]:
    day = timezone.localdate()
    return lambda: book_gift(fund=fund, key=key, amount_minor=minor, happened_on=day, by=None)


def test_twenty_expenses_on_money_for_ten(
    fund: Fund, entered: Callable[..., Expense], tan: User
) -> None:
    give(fund, 10_000, key="first")()
    waiting = [entered(1000) for _ in range(20)]

    answers = run_together(
        *(attempt(lambda expense=expense: approve_expense(expense=expense, by=tan))
          for expense in waiting)
    )  # fmt: skip

    assert sum(isinstance(answer, Expense) for answer in answers) == 10
    assert sum(isinstance(answer, FundTooSmall) for answer in answers) == 10
    assert net_of(fund) == 0


def test_one_expense_approved_by_ten_at_once_is_paid_once(
    fund: Fund, entered: Callable[..., Expense], tan: User
) -> None:
    give(fund, 10_000, key="first")()
    expense = entered(1000)

    run_together(*[attempt(lambda: approve_expense(expense=expense, by=tan))] * 10)

    assert net_of(fund) == 9000
    assert MoneyMovement.objects.filter(kind="expense").count() == 1


def test_a_matching_pot_is_never_overspent(fund: Fund) -> None:
    today = timezone.localdate()
    other = create_fund(foundation=fund.foundation, name="花园", purpose="种花", by=None)
    pot = create_pot(
        foundation=fund.foundation, sponsor="海云公司", starts_on=today, ends_on=today, by=None
    )
    income.book_pot(pot=pot, key="p", amount_minor=10_500, happened_on=today, by=None)

    def matched(number: int) -> Callable[[], Any]:
        def run() -> Any:
            give(fund if number % 2 else other, 1000, key=f"pi_{number}")()
            return income.book_match(pot=pot, gift=f"pi_{number}", happened_on=today)

        return run

    answers = run_together(*(matched(number) for number in range(20)))

    shares = sorted(answer.amount_minor for answer in answers if answer)
    assert shares == [500, *[1000] * 10]


def test_the_same_gift_told_twelve_times_at_once_is_booked_once(fund: Fund) -> None:
    answers = run_together(*[give(fund, 5000, key="pi_1")] * 12)

    assert len({movements[0].pk for movements in answers}) == 1
    assert net_of(fund) == 5000


def test_two_refunds_at_once_never_give_back_more_than_was_given(fund: Fund) -> None:
    give(fund, 5000, key="pi_1")()

    answers = run_together(
        *(
            attempt(
                lambda number=number: gifts.book_refund(
                    gift="pi_1", key=f"re_{number}", amount_minor=3000, by=None,
                    happened_on=timezone.localdate(),
                )
            )
            for number in range(6)
        )
    )  # fmt: skip

    assert sum(isinstance(answer, list) for answer in answers) == 1
    assert net_of(fund) == 2000


def test_transfers_in_both_directions_do_not_wait_in_a_circle(
    fund: Fund, chen: User, tan: User
) -> None:
    other = create_fund(foundation=fund.foundation, name="花园", purpose="种花", by=None)
    for number, one in enumerate((fund, other)):
        give(one, 5000, key=f"g{number}")()
    waiting = [
        enter_transfer(
            from_fund=one, to_fund=two, amount_minor=100, reason="donors_consent",
            evidence="同意书", happened_on=timezone.localdate(), by=chen,
        )
        for _ in range(8)
        for one, two in ((fund, other), (other, fund))
    ]  # fmt: skip

    run_together(
        *(lambda transfer=transfer: approve_transfer(transfer=transfer, by=tan)
          for transfer in waiting)
    )  # fmt: skip

    assert (net_of(fund), net_of(other)) == (5000, 5000)


def test_a_month_that_closes_while_gifts_come_holds_all_that_was_booked(
    books: Foundation, fund: Fund, tan: User
) -> None:
    day = month_back(1, day=9)

    def late(number: int) -> Callable[[], Any]:
        told = {"fund": fund, "amount_minor": 100, "happened_on": day, "by": None}
        return attempt(lambda: book_gift(**told, key=f"pi_{number}"))

    late(99)()
    answers = run_together(
        *(late(number) for number in range(10)),
        lambda: close_period(foundation=books, month=day, by=tan),
        *(late(number) for number in range(10, 20)),
    )

    booked = sum(isinstance(answer, list) for answer in answers)
    refused = sum(isinstance(answer, MonthClosed) for answer in answers)
    assert booked + refused == 20
    assert Period.objects.get().movements == 1 + booked


def test_past_the_actions_the_check_alone_keeps_the_fund(fund: Fund) -> None:
    """Whoever writes rows without asking `post_movements`: one gets through, the rest do not."""
    give(fund, 1000, key="first")()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.id, c.id FROM foundations_moneyaccount d, foundations_moneyaccount c"
            " WHERE d.fund_id = %s AND d.kind = 'programme' AND c.kind = 'bank'"
            " AND c.foundation_id = d.foundation_id",
            [fund.pk],
        )
        debit, credit = cursor.fetchone()

    def spend(number: int) -> Callable[[], Any]:
        def run() -> Any:
            try:
                return MoneyMovement.objects.create(
                    foundation=fund.foundation,
                    debit_account_id=debit,
                    credit_account_id=credit,
                    amount_minor=1000,
                    currency="CNY",
                    kind="income",
                    event="raw",
                    reference=f"raw{number}",
                    happened_on=timezone.localdate(),
                )
            except IntegrityError as refused:
                return refused

        return run

    answers = run_together(*(spend(number) for number in range(6)))

    assert sum(isinstance(answer, MoneyMovement) for answer in answers) == 1
    assert net_of(fund) == 0
