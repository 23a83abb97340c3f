"""How a gift and what came of it are named in the ledger, and what they add up to."""

from __future__ import annotations

from collections import Counter
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundations.actions.ledger import (
    BookedOtherwise,
    BookingRefused,
    Line,
    booked,
    house_account,
    post_movements,
    standing,
)
from foundations.models import Fund, MoneyAccount, MoneyMovement
from foundations.money import format_money
from volunteers.models import User

Kind = MoneyAccount.Kind
Moved = MoneyMovement.Kind


class NoSuchGift(BookingRefused):
    sentence = gettext_lazy("This gift is not in the books.")


class MoreThanThere(BookingRefused):
    """More is refunded than was given, paid than is owed, or reinstated than was taken."""

    def __init__(self, *, left_minor: int, currency: str) -> None:
        super().__init__(left_minor, currency)
        self.left_minor = left_minor
        self.currency = currency

    def __str__(self) -> str:
        return _("Only %(left)s of it is left.") % {
            "left": format_money(self.left_minor, currency=self.currency)
        }


def gift_event(key: str) -> str:
    """What everything of this gift begins with in the ledger: see `booked_within`."""
    return f"gift:{plain_key(key)}"


def plain_key(key: str) -> str:
    if not key or {":", "/"} & set(key):
        raise ValueError(f"A key has neither a colon nor a slash: {key!r}")
    return key


def booked_gift(key: str) -> MoneyMovement:
    for movement in booked(gift_event(key)):
        if movement.kind == Moved.GIFT:
            return movement
    raise NoSuchGift


def fund_of_gift(key: str) -> Fund:
    fund = booked_gift(key).credit_account.fund
    assert fund is not None
    return fund


def processor_of(fund: Fund) -> MoneyAccount:
    return house_account(foundation=fund.foundation, kind=Kind.PROCESSOR, currency=fund.currency)


def post_for(
    fund: Fund, event: str, lines: list[Line], happened_on: date, by: User | None, text: str = ""
) -> list[MoneyMovement]:
    return post_movements(
        foundation=fund.foundation, event=event, lines=lines, happened_on=happened_on, by=by,
        text=text,
    )  # fmt: skip


def booked_already(event: str, amount_minor: int) -> list[MoneyMovement]:
    """How it was split depends on what the fund had then: only the sum can be compared."""
    earlier = booked(event)
    if earlier and sum(movement.amount_minor for movement in earlier) != amount_minor:
        raise BookedOtherwise
    return earlier


def taken_by(movements: list[MoneyMovement]) -> dict[MoneyAccount, int]:
    taken: Counter[MoneyAccount] = Counter()
    for movement in standing(movements):
        taken[movement.debit_account] += movement.amount_minor
    return dict(taken)


def given_minor(gift: str) -> int:
    return sum(m.amount_minor for m in standing(booked(gift_event(gift))) if m.kind == Moved.GIFT)
