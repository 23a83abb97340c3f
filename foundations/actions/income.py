"""What comes in besides gifts: grants, interest, what a foundation began with, sponsors' pots.

`key` names the thing once for all: the same key twice books once. Each raises BookingRefused.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy

from foundations.actions.gift_events import NoSuchGift, gift_event
from foundations.actions.ledger import (
    BookingRefused,
    Line,
    booked,
    fund_account,
    house_account,
    lock_accounts,
    lock_funds,
    post_movements,
    pot_account,
    standing,
)
from foundations.models import Fund, MatchingPot, MoneyAccount, MoneyMovement
from volunteers.models import User

Kind = MoneyAccount.Kind
Moved = MoneyMovement.Kind


class NothingOwed(BookingRefused):
    sentence = gettext_lazy("Nothing of this is owed to us.")


class NotForThisGift(BookingRefused):
    sentence = gettext_lazy("The sponsor does not match gifts to this fund, or not on this day.")


@transaction.atomic
def book_opening(
    *, fund: Fund, key: str, amount_minor: int, happened_on: date, by: User | None,
    into: str = Kind.BANK, text: str = "",
) -> list[MoneyMovement]:  # fmt: skip
    """What the fund had before its books were kept here."""
    return _come_in(
        fund=fund, event=f"opening:{key}", source=Kind.OPENING, kind=Moved.OPENING, into=into,
        amount_minor=amount_minor, happened_on=happened_on, by=by, text=text,
    )  # fmt: skip


@transaction.atomic
def book_income(
    *, fund: Fund, source: str, key: str, amount_minor: int, happened_on: date, by: User | None,
    into: str = Kind.BANK, text: str = "",
) -> list[MoneyMovement]:  # fmt: skip
    """A grant received, interest, other income; `into` RECEIVABLE when it is agreed, not paid."""
    if source not in {Kind.GRANTS_RECEIVED, Kind.INTEREST, Kind.OTHER_INCOME}:
        raise ValueError(source)
    return _come_in(
        fund=fund, event=f"income:{key}", source=source, kind=Moved.INCOME, into=into,
        amount_minor=amount_minor, happened_on=happened_on, by=by, text=text,
    )  # fmt: skip


@transaction.atomic
def book_received(
    *, income: str, happened_on: date, by: User | None, into: str = Kind.BANK
) -> list[MoneyMovement]:
    """What was owed to us for that income has come in, whole."""
    owed = [m for m in standing(booked(f"income:{income}")) if _is_receivable(m)]
    if not owed:
        raise NothingOwed
    promised = owed[0]
    money = house_account(foundation=promised.foundation, kind=into, currency=promised.currency)
    line = Line(money, promised.debit_account, promised.amount_minor, Moved.RECEIVED)
    return post_movements(
        foundation=promised.foundation, event=f"income:{income}:received", lines=[line],
        happened_on=happened_on, by=by,
    )  # fmt: skip


# Sponsors' pots


@transaction.atomic
def book_pot(
    *, pot: MatchingPot, key: str, amount_minor: int, happened_on: date, by: User | None,
    into: str = Kind.BANK, text: str = "",
) -> list[MoneyMovement]:  # fmt: skip
    """The sponsor paid in. It is the sponsor's until a gift is matched."""
    money = house_account(foundation=pot.foundation, kind=into, currency=pot.currency)
    line = Line(money, pot_account(pot=pot), amount_minor, Moved.POT)
    return post_movements(
        foundation=pot.foundation, event=f"pot:{pot.pk}:paid_in:{key}", lines=[line],
        happened_on=happened_on, by=by, text=text,
    )  # fmt: skip


@transaction.atomic
def book_pot_return(
    *, pot: MatchingPot, key: str, amount_minor: int, happened_on: date, by: User | None,
    text: str = "",
) -> list[MoneyMovement]:  # fmt: skip
    """What was not matched goes back to the sponsor. Raises PotTooSmall."""
    bank = house_account(foundation=pot.foundation, kind=Kind.BANK, currency=pot.currency)
    line = Line(pot_account(pot=pot), bank, amount_minor, Moved.POT_RETURN)
    return post_movements(
        foundation=pot.foundation, event=f"pot:{pot.pk}:returned:{key}", lines=[line],
        happened_on=happened_on, by=by, text=text,
    )  # fmt: skip


@transaction.atomic
def book_match(
    *, pot: MatchingPot, gift: str, happened_on: date, by: User | None = None
) -> MoneyMovement | None:
    """Lay the sponsor's share beside a booked gift: what the pot still holds, once a gift and pot.

    None when the pot is empty or the share is less than one minor unit. Raises NoSuchGift,
    NotForThisGift.
    """
    event = f"{gift_event(gift)}:match:{pot.pk}"
    given = [m for m in standing(booked(gift_event(gift))) if m.kind == Moved.GIFT]
    if not given:
        raise NoSuchGift
    movement = given[0]
    fund = movement.credit_account.fund
    assert fund is not None
    if not _is_for(pot, fund, movement.happened_on):
        raise NotForThisGift
    account, income = pot_account(pot=pot), fund_account(fund=fund, kind=Kind.MATCHING)
    lock_funds([fund.pk])
    # The pot's balance is below zero: the foundation owes it to the sponsor.
    held = -lock_accounts([account, income])[account.pk]
    if earlier := booked(event):
        return earlier[0]
    share = movement.amount_minor * pot.percent // 100
    share = min(share, held, pot.most_a_gift_minor or share)
    if share < 1:
        return None
    return post_movements(
        foundation=fund.foundation, event=event, happened_on=happened_on, by=by,
        lines=[Line(account, income, share, Moved.MATCHING)], text=pot.sponsor,
    )[0]  # fmt: skip


def _come_in(
    *, fund: Fund, event: str, source: str, kind: str, into: str, amount_minor: int,
    happened_on: date, by: User | None, text: str,
) -> list[MoneyMovement]:  # fmt: skip
    money = house_account(foundation=fund.foundation, kind=into, currency=fund.currency)
    line = Line(money, fund_account(fund=fund, kind=source), amount_minor, kind)
    return post_movements(
        foundation=fund.foundation, event=event, lines=[line], happened_on=happened_on, by=by,
        text=text,
    )  # fmt: skip


def _is_receivable(movement: MoneyMovement) -> bool:
    return movement.debit_account.kind == Kind.RECEIVABLE


def _is_for(pot: MatchingPot, fund: Fund, day: date) -> bool:
    return (
        (pot.foundation_id, pot.currency) == (fund.foundation_id, fund.currency)
        and pot.fund_id in {None, fund.pk}
        and pot.starts_on <= day <= pot.ends_on
    )
