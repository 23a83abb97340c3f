"""The postings of a gift and of all that may come of it: fees, refunds, disputes, payouts.

Thin verbs for the gateway and the office. `key` is the other side's own name for the thing (a
payment, a refund, a dispute, a payout): the same key twice books once. Everything of a gift stands
under `gift:<key>`. Each raises BookingRefused.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction

from foundations.actions.bearing import given_back_to, taken_from
from foundations.actions.gift_events import (
    MoreThanThere,
    NoSuchGift,
    booked_already,
    fund_of_gift,
    gift_event,
    given_minor,
    plain_key,
    post_for,
    processor_of,
    taken_by,
)
from foundations.actions.ledger import (
    BookedOtherwise,
    Line,
    NothingToBook,
    booked,
    booked_within,
    fund_account,
    general_fund_of,
    house_account,
    lock_accounts,
    lock_funds,
    post_movements,
    standing,
)
from foundations.models import Fund, MoneyAccount, MoneyMovement
from volunteers.models import User

Kind = MoneyAccount.Kind
Moved = MoneyMovement.Kind


@transaction.atomic
def book_gift(
    *,
    fund: Fund,
    key: str,
    amount_minor: int,
    happened_on: date,
    by: User | None,
    fee_minor: int = 0,
    into: str = Kind.PROCESSOR,
    text: str = "",
) -> list[MoneyMovement]:
    """A gift that was paid: at the processor, or (`into`) at the bank or in cash."""
    event = gift_event(key)
    money = house_account(foundation=fund.foundation, kind=into, currency=fund.currency)
    lines = [Line(money, fund_account(fund=fund, kind=Kind.GIFTS), amount_minor, Moved.GIFT)]
    if fee_minor:
        if not 0 < fee_minor <= amount_minor:
            raise NothingToBook
        fees = fund_account(fund=fund, kind=Kind.FEES)
        lines.append(Line(fees, money, fee_minor, Moved.FEE))
    return post_movements(
        foundation=fund.foundation, event=event, lines=lines, happened_on=happened_on, by=by,
        text=text,
    )  # fmt: skip


@transaction.atomic
def book_fee(
    *, gift: str, key: str, amount_minor: int, happened_on: date, by: User | None = None
) -> list[MoneyMovement]:
    """A fee that became known after the gift; the general fund bears what the fund has spent."""
    fund = fund_of_gift(gift)
    event = f"{gift_event(gift)}:fee:{plain_key(key)}"
    lock_funds([fund.pk, general_fund_of(fund).pk])
    if earlier := booked_already(event, amount_minor):
        return earlier
    lines = taken_from(
        fund=fund, amount_minor=amount_minor, own=Kind.FEES, otherwise=Kind.FEES,
        to=processor_of(fund), kind=Moved.FEE,
    )  # fmt: skip
    return post_for(fund, event, lines, happened_on, by)


# Refunds: decided, then paid; what comes back is owed again


@transaction.atomic
def book_refund(
    *,
    gift: str,
    key: str,
    amount_minor: int,
    happened_on: date,
    by: User | None,
    text: str = "",
) -> list[MoneyMovement]:
    """A refund, whole or in part, is owed to the donor from now on.

    What a sponsor laid beside the gift goes back to the pot in the same proportion.
    """
    fund = fund_of_gift(gift)
    event = f"{gift_event(gift)}:refund:{plain_key(key)}"
    lock_funds([fund.pk, general_fund_of(fund).pk])
    if earlier := booked(event):
        if sum(m.amount_minor for m in earlier if m.kind == Moved.REFUND) != amount_minor:
            raise BookedOtherwise
        return earlier
    left = given_minor(gift) - _refunded(gift)
    if amount_minor > left:
        raise MoreThanThere(left_minor=left, currency=fund.currency)
    lines = taken_from(
        fund=fund, amount_minor=amount_minor, own=Kind.GIFTS, otherwise=Kind.LOSSES,
        to=_payable(fund), kind=Moved.REFUND,
    )  # fmt: skip
    lines += _matching_returned(gift, fund, refunded=_refunded(gift) + amount_minor, after=lines)
    return post_for(fund, event, lines, happened_on, by, text)


@transaction.atomic
def book_refund_paid(
    *,
    gift: str,
    refund: str,
    happened_on: date,
    by: User | None = None,
    out_of: str = Kind.PROCESSOR,
    attempt: int = 1,
) -> list[MoneyMovement]:
    """The refund left us: at the processor, or the bank where the processor's way had failed.

    Whoever pays once more after a failure counts the attempts.
    """
    fund = fund_of_gift(gift)
    money = house_account(foundation=fund.foundation, kind=out_of, currency=fund.currency)
    event = f"{gift_event(gift)}:refund:{plain_key(refund)}:paid:{attempt}"
    lock_accounts([money, _payable(fund)])
    if earlier := booked(event):
        return earlier
    owed = _owed_for(gift, refund, fund)
    if owed == 0:
        raise MoreThanThere(left_minor=0, currency=fund.currency)
    return post_for(
        fund, event, [Line(_payable(fund), money, owed, Moved.REFUND_PAID)], happened_on, by
    )


@transaction.atomic
def book_refund_failed(
    *, gift: str, refund: str, happened_on: date, by: User | None = None, attempt: int = 1
) -> list[MoneyMovement]:
    """The donor's bank sent the attempt back: the money is with us and still the donor's."""
    fund = fund_of_gift(gift)
    began = f"{gift_event(gift)}:refund:{plain_key(refund)}"
    paid = booked(f"{began}:paid:{attempt}")
    if not paid:
        raise NoSuchGift
    lines = [
        Line(m.credit_account, m.debit_account, m.amount_minor, Moved.REFUND_FAILED) for m in paid
    ]
    return post_for(fund, f"{began}:failed:{attempt}", lines, happened_on, by)


@transaction.atomic
def book_refund_waived(
    *, gift: str, refund: str, happened_on: date, by: User | None, text: str
) -> list[MoneyMovement]:
    """The donor leaves with us what could not be paid back: it is a gift again."""
    fund = fund_of_gift(gift)
    began = f"{gift_event(gift)}:refund:{plain_key(refund)}"
    lock_funds([fund.pk, general_fund_of(fund).pk])
    lock_accounts([_payable(fund)])
    if earlier := booked(f"{began}:waived"):
        return earlier
    owed = _owed_for(gift, refund, fund)
    lines = given_back_to(
        taken=taken_by([m for m in booked(began) if m.kind == Moved.REFUND]),
        amount_minor=owed, out_of=_payable(fund), kind=Moved.REFUND_WAIVED,
    )  # fmt: skip
    return post_for(fund, f"{began}:waived", lines, happened_on, by, text)


def _payable(fund: Fund) -> MoneyAccount:
    return house_account(
        foundation=fund.foundation, kind=Kind.REFUNDS_PAYABLE, currency=fund.currency
    )


def _refunded(gift: str) -> int:
    """Decided refunds less those that the donor left with us."""
    of_it = standing(booked_within(f"{gift_event(gift)}:refund"))
    decided = sum(m.amount_minor for m in of_it if m.kind == Moved.REFUND)
    return decided - sum(m.amount_minor for m in of_it if m.kind == Moved.REFUND_WAIVED)


def _owed_for(gift: str, refund: str, fund: Fund) -> int:
    """What of this refund has neither been paid nor left with us. Holds the payable account."""
    payable = _payable(fund)
    owed = 0
    for movement in standing(booked_within(f"{gift_event(gift)}:refund:{plain_key(refund)}")):
        if movement.credit_account == payable:
            owed += movement.amount_minor
        if movement.debit_account == payable:
            owed -= movement.amount_minor
    return owed


def _matching_returned(gift: str, fund: Fund, *, refunded: int, after: list[Line]) -> list[Line]:
    """To each pot its share of all that is refunded by now, less what it has back already."""
    given = given_minor(gift)
    lines: list[Line] = []
    for matched in standing(booked_within(f"{gift_event(gift)}:match")):
        pot = matched.debit_account
        returned = sum(
            m.amount_minor
            for m in standing(booked_within(f"{gift_event(gift)}:refund"))
            if m.kind == Moved.MATCHING_RETURNED and m.credit_account == pot
        )
        share = matched.amount_minor * refunded // given - returned
        if share > 0:
            lines += taken_from(
                fund=fund, amount_minor=share, own=Kind.MATCHING, otherwise=Kind.LOSSES,
                to=pot, kind=Moved.MATCHING_RETURNED, after=[*after, *lines],
            )  # fmt: skip
    return lines
