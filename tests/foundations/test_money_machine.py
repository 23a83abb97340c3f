"""Gifts, fees, refunds, disputes, expenses, transfers, corrections and closings in any order,
beside a plain model that keeps a number a fund. After each step both must agree, and at each end
the books must prove themselves."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from foundations.actions import disputes, gifts, income
from foundations.actions.books import create_fund, create_pot
from foundations.actions.entries import (
    approve_expense,
    approve_transfer,
    enter_expense,
    enter_transfer,
    reject_expense,
    reverse_entry,
)
from foundations.actions.ledger import FundTooSmall, Line, booked, first_open_day, reverse_event
from foundations.actions.periods import MonthNotOver, StillWaiting, close_period
from foundations.actions.proof import prove_money
from foundations.models import Expense, Foundation, Fund, FundBalance, MoneyAccount, Period
from foundations.reports import balance_sheet
from tests.foundations.money_cast import invoice, month_back
from volunteers.models import User

RESTRICTED = 2
GENERAL = 0
POT = 40
minors = st.integers(1, 60)
choices = st.integers(0, 99)
funds = st.integers(0, RESTRICTED)


@dataclass
class Given:
    """A gift as the model sees it."""

    fund: int
    minor: int
    refunded: int = 0
    matched: int = 0
    unmatched: int = 0
    # What of a running dispute each fund bore.
    disputed: tuple[int, int] | None = None
    was_disputed: bool = False
    is_undone: bool = False


@dataclass
class Spent:
    fund: int
    minor: int
    day: date
    state: str = "entered"


class Books(RuleBasedStateMachine):
    ground: ClassVar[dict[str, Any]]
    keys = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        foundation: Foundation = self.ground["foundation"]
        self.funds = [foundation.funds.get(kind=Fund.Kind.GENERAL)] + [
            create_fund(foundation=foundation, name=f"项目{n}", purpose="热饭", by=None)
            for n in range(RESTRICTED)
        ]
        self.foundation = foundation
        self.pot = create_pot(
            foundation=foundation, sponsor="海云公司", starts_on=month_back(4),
            ends_on=month_back(0), by=None,
        )  # fmt: skip
        self.net = [0] * (RESTRICTED + 1)
        self.processor = self.bank = self.payable = self.in_pot = 0
        self.given: dict[str, Given] = {}
        self.spent: dict[int, Spent] = {}
        self.closed: list[date] = []

    def teardown(self) -> None:
        try:
            wrong = [finding for finding in prove_money() if finding.rows]
            assert wrong == []
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def key(self) -> str:
        return f"k{next(self.keys)}"

    def day(self, months: int = 4) -> dict[str, date]:
        wanted = month_back(months)
        return {"happened_on": first_open_day(foundation=self.foundation, wanted=wanted)}

    def take(self, fund: int, minor: int) -> tuple[int, int]:
        """What the fund bears of it, and what the general fund bears in its place."""
        own = minor if fund == GENERAL else min(minor, self.net[fund])
        self.net[fund] -= own
        self.net[GENERAL] -= minor - own
        return own, minor - own

    def some_gift(self, choice: int, wanted: Callable[[Given], bool]) -> tuple[str, Given] | None:
        found = [(key, gift) for key, gift in self.given.items() if wanted(gift)]
        return found[choice % len(found)] if found else None

    # Gifts

    @rule(fund=funds, minor=minors, months=st.integers(0, 4), fee=st.integers(0, 3))
    def give(self, fund: int, minor: int, months: int, fee: int) -> None:
        key, fee = self.key(), min(fee, minor)
        for _ in range(2):
            gifts.book_gift(
                fund=self.funds[fund], key=key, amount_minor=minor, fee_minor=fee, by=None,
                **self.day(months),
            )  # fmt: skip
        self.given[key] = Given(fund, minor)
        self.net[fund] += minor - fee
        self.processor += minor - fee

    @precondition(lambda self: self.given)
    @rule(choice=choices, minor=st.integers(1, 5))
    def fee_comes_late(self, choice: int, minor: int) -> None:
        if found := self.some_gift(choice, lambda gift: not gift.is_undone):
            gifts.book_fee(gift=found[0], key=self.key(), amount_minor=minor, **self.day(0))
            self.take(found[1].fund, minor)
            self.processor -= minor

    @precondition(lambda self: self.given)
    @rule(choice=choices)
    def match(self, choice: int) -> None:
        found = self.some_gift(
            choice, lambda gift: not (gift.matched or gift.refunded or gift.is_undone)
        )
        if found is None:
            return
        key, gift = found
        if not self.in_pot:
            income.book_pot(pot=self.pot, key=self.key(), amount_minor=POT, by=None, **self.day(0))
            self.in_pot += POT
            self.bank += POT
        share = min(gift.minor, self.in_pot)
        income.book_match(pot=self.pot, gift=key, **self.day(0))
        gift.matched = share
        self.in_pot -= share
        self.net[gift.fund] += share

    @precondition(lambda self: self.given)
    @rule(choice=choices, minor=minors, is_paid=st.booleans())
    def refund(self, choice: int, minor: int, is_paid: bool) -> None:
        found = self.some_gift(
            choice, lambda gift: gift.refunded < gift.minor and not gift.is_undone
        )
        if found is None:
            return
        key, gift = found
        minor, refund = min(minor, gift.minor - gift.refunded), self.key()
        gifts.book_refund(gift=key, key=refund, amount_minor=minor, by=None, **self.day(0))
        gift.refunded += minor
        self.take(gift.fund, minor)
        back = gift.matched * gift.refunded // gift.minor - gift.unmatched
        gift.unmatched += back
        self.take(gift.fund, back)
        self.in_pot += back
        if is_paid:
            gifts.book_refund_paid(gift=key, refund=refund, **self.day(0))
            self.processor -= minor
        else:
            self.payable += minor

    @precondition(lambda self: self.given)
    @rule(choice=choices)
    def refund_comes_back_and_is_left_with_us(self, choice: int) -> None:
        found = self.some_gift(
            choice, lambda gift: gift.refunded < gift.minor and not gift.is_undone
        )
        if found is None:
            return
        key, gift = found
        told: dict[str, Any] = {"gift": key, "refund": self.key()}
        before = list(self.net)
        minor = gift.minor - gift.refunded
        gifts.book_refund(gift=key, key=told["refund"], amount_minor=minor, by=None, **self.day(0))
        self.take(gift.fund, minor)
        back = gift.matched - gift.unmatched
        taken = [then - now for then, now in zip(before, self.net, strict=True)]
        gift.unmatched += back
        self.take(gift.fund, back)
        self.in_pot += back
        gifts.book_refund_paid(**told, **self.day(0))
        gifts.book_refund_failed(**told, **self.day(0))
        gifts.book_refund_waived(**told, by=None, text="来电", **self.day(0))
        self.net = [now + was for now, was in zip(self.net, taken, strict=True)]

    @precondition(lambda self: self.given)
    @rule(choice=choices, fee=st.integers(1, 5))
    def dispute(self, choice: int, fee: int) -> None:
        found = self.some_gift(
            choice, lambda gift: not (gift.disputed or gift.was_disputed or gift.is_undone)
        )
        if found is None:
            return
        key, gift = found
        disputes.book_dispute(gift=key, key="dp", amount_minor=gift.minor, **self.day(0))
        disputes.book_dispute_fee(gift=key, dispute="dp", amount_minor=fee, **self.day(0))
        gift.disputed = self.take(gift.fund, gift.minor)
        self.take(GENERAL, fee)
        self.processor -= gift.minor + fee

    @precondition(lambda self: any(gift.disputed for gift in self.given.values()))
    @rule(choice=choices)
    def reinstate(self, choice: int) -> None:
        found = self.some_gift(choice, lambda gift: bool(gift.disputed))
        assert found is not None
        key, gift = found
        assert gift.disputed is not None
        disputes.book_reinstatement(gift=key, dispute="dp", amount_minor=gift.minor, **self.day(0))
        own, others = gift.disputed
        self.net[gift.fund] += own
        self.net[GENERAL] += others
        self.processor += gift.minor
        gift.disputed, gift.was_disputed = None, True

    @precondition(lambda self: self.given)
    @rule(choice=choices)
    def undo_gift(self, choice: int) -> None:
        """Only gifts of which nothing came: with their fee, while the fund still has them."""
        found = self.some_gift(
            choice,
            lambda gift: (
                not (gift.is_undone or gift.refunded or gift.matched)
                and not (gift.disputed or gift.was_disputed)
            ),
        )
        if found is None:
            return
        key, gift = found
        fee = sum(m.amount_minor for m in booked(f"gift:{key}") if m.kind == "fee")
        told: dict[str, Any] = {"event": f"gift:{key}", "reason": "记错了", "by": None}
        if gift.fund != GENERAL and self.net[gift.fund] < gift.minor - fee:
            with pytest.raises(FundTooSmall), transaction.atomic():
                reverse_event(**told)
            return
        reverse_event(**told)
        gift.is_undone = True
        self.net[gift.fund] -= gift.minor - fee
        self.processor -= gift.minor - fee

    # Spending

    @rule(fund=funds, minor=minors, months=st.integers(0, 4))
    def enter(self, fund: int, minor: int, months: int) -> None:
        expense = enter_expense(
            fund=self.funds[fund], kind="programme", amount_minor=minor, payee="超市",
            purpose="大米", invoice=invoice(), by=self.ground["chen"], **self.day(months),
        )  # fmt: skip
        self.spent[expense.pk] = Spent(fund, minor, expense.happened_on)

    def in_state(self, state: str, choice: int) -> tuple[Expense, Spent] | None:
        found = [number for number, spent in self.spent.items() if spent.state == state]
        if not found:
            return None
        number = found[choice % len(found)]
        return Expense.objects.get(pk=number), self.spent[number]

    @rule(choice=choices)
    def approve(self, choice: int) -> None:
        if found := self.in_state("entered", choice):
            expense, spent = found
            if self.net[spent.fund] < spent.minor:
                with pytest.raises(FundTooSmall), transaction.atomic():
                    approve_expense(expense=expense, by=self.ground["tan"])
                return
            approve_expense(expense=expense, by=self.ground["tan"])
            spent.state = "approved"
            self.net[spent.fund] -= spent.minor
            self.bank -= spent.minor

    @rule(choice=choices)
    def reject(self, choice: int) -> None:
        if found := self.in_state("entered", choice):
            reject_expense(expense=found[0], reason="重复", by=self.ground["tan"])
            found[1].state = "rejected"

    @rule(choice=choices)
    def reverse(self, choice: int) -> None:
        if found := self.in_state("approved", choice):
            expense, spent = found
            reverse_entry(entry=expense, reason="退货", by=self.ground["tan"])
            spent.state = "reversed"
            self.net[spent.fund] += spent.minor
            self.bank += spent.minor

    @rule(one=funds, two=funds, minor=minors)
    def move(self, one: int, two: int, minor: int) -> None:
        if one == two or self.net[one] < minor:
            return
        transfer = enter_transfer(
            from_fund=self.funds[one], to_fund=self.funds[two], amount_minor=minor,
            reason="donors_consent" if one else "general_fund", evidence="同意书",
            by=self.ground["chen"], **self.day(0),
        )  # fmt: skip
        approve_transfer(transfer=transfer, by=self.ground["tan"])
        self.net[one] -= minor
        self.net[two] += minor

    # Months

    @rule()
    def close(self) -> None:
        wanted = month_back(4 - len(self.closed)) if len(self.closed) <= 4 else month_back(0)
        if not self.closed and not self.given:
            return
        told = {"foundation": self.foundation, "month": wanted, "by": self.ground["tan"]}
        ends = month_back(3 - len(self.closed)) if len(self.closed) <= 3 else None
        if ends is None:
            with pytest.raises(MonthNotOver), transaction.atomic():
                close_period(**told)
            return
        if not self.closed and first_month(self.foundation) != wanted:
            return
        if any(s.state == "entered" and s.day < ends for s in self.spent.values()):
            with pytest.raises(StillWaiting), transaction.atomic():
                close_period(**told)
            return
        self.closed.append(close_period(**told).month)

    @invariant()
    def both_agree(self) -> None:
        balances = dict(FundBalance.objects.values_list("fund", "net_minor"))
        assert [balances[fund.pk] for fund in self.funds] == self.net
        accounts = MoneyAccount.objects.filter(foundation=self.foundation)
        kinds = dict(
            accounts.filter(fund=None, currency="CNY").values_list("kind", "balance_minor")
        )
        assert kinds["processor"] == self.processor
        assert kinds["bank"] == self.bank
        assert -kinds["refunds_payable"] == self.payable
        assert -kinds["pot"] == self.in_pot
        assert Period.objects.count() == len(self.closed)
        sheet = balance_sheet(foundation=self.foundation, day=self.ground["today"])
        assert sheet.is_balanced
        assert sheet.net_minor == sum(self.net)


def first_month(foundation: Foundation) -> date | None:
    first = foundation.movements.order_by("happened_on").first()
    return first.happened_on.replace(day=1) if first else None


@pytest.fixture
def ground(foundation: Foundation, chen: User, tan: User) -> dict[str, Any]:
    return {"foundation": foundation, "chen": chen, "tan": tan, "today": timezone.localdate()}


def run(*, max_examples: int) -> None:
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=max_examples,
            stateful_step_count=30,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_books_and_a_plain_model_agree_whatever_happens(ground: dict[str, Any]) -> None:
    Books.ground = ground
    run(max_examples=15)


def test_the_machine_notices_when_the_fund_gets_back_what_others_bore(
    ground: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control: books that give back to the fund alone do not pass."""
    Books.ground = ground

    def all_to_the_fund(
        *, taken: dict[MoneyAccount, int], amount_minor: int, out_of: MoneyAccount, kind: str
    ) -> list[Line]:
        first = max(taken, key=lambda account: account.kind != "losses")
        return [Line(out_of, first, amount_minor, kind)]

    monkeypatch.setattr(disputes, "given_back_to", all_to_the_fund)

    with pytest.raises(Exception, match="assert"):
        run(max_examples=200)
