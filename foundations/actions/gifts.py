"""The postings of a gift and of all that may come of it: fees, refunds, disputes, payouts.

Thin verbs for the gateway and the office. `key` is the other side's own name for the thing (a
payment, a refund, a dispute, a payout): the same key twice books once. Everything of a gift stands
under `gift:<key>`. Each raises BookingRefused.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundations.actions.bearing import given_back_to, taken_from
from foundations.actions.ledger import (
    BookedOtherwise,
    BookingRefused,
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
from foundations.models import Foundation, Fund, MoneyAccount, MoneyMovement
from foundations.money import format_money
from volunteers.models import User

Kind = MoneyAccount.Kind
Moved = MoneyMovement.Kind


class NoSuchGift(BookingRefused):
    sentence = gettext_lazy("This gift is not in the books.")


class NoSuchPayout(BookingRefused):
    sentence = gettext_lazy("This payout is not in the books.")


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
    fund = _fund_of(gift)
    event = f"{gift_event(gift)}:fee:{_plain(key)}"
    lock_funds([fund.pk, general_fund_of(fund).pk])
    if earlier := _booked_already(event, amount_minor):
        return earlier
    lines = taken_from(
        fund=fund, amount_minor=amount_minor, own=Kind.FEES, otherwise=Kind.FEES,
        to=_processor(fund), kind=Moved.FEE,
    )  # fmt: skip
    return _post(fund, event, lines, happened_on, by)


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
    fund = _fund_of(gift)
    event = f"{gift_event(gift)}:refund:{_plain(key)}"
    lock_funds([fund.pk, general_fund_of(fund).pk])
    if earlier := booked(event):
        if sum(m.amount_minor for m in earlier if m.kind == Moved.REFUND) != amount_minor:
            raise BookedOtherwise
        return earlier
    left = _given(gift) - _refunded(gift)
    if amount_minor > left:
        raise MoreThanThere(left_minor=left, currency=fund.currency)
    lines = taken_from(
        fund=fund, amount_minor=amount_minor, own=Kind.GIFTS, otherwise=Kind.LOSSES,
        to=_payable(fund), kind=Moved.REFUND,
    )  # fmt: skip
    lines += _matching_returned(gift, fund, refunded=_refunded(gift) + amount_minor, after=lines)
    return _post(fund, event, lines, happened_on, by, text)


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
    fund = _fund_of(gift)
    money = house_account(foundation=fund.foundation, kind=out_of, currency=fund.currency)
    event = f"{gift_event(gift)}:refund:{_plain(refund)}:paid:{attempt}"
    lock_accounts([money, _payable(fund)])
    if earlier := booked(event):
        return earlier
    owed = _owed_for(gift, refund, fund)
    if owed == 0:
        raise MoreThanThere(left_minor=0, currency=fund.currency)
    return _post(
        fund, event, [Line(_payable(fund), money, owed, Moved.REFUND_PAID)], happened_on, by
    )


@transaction.atomic
def book_refund_failed(
    *, gift: str, refund: str, happened_on: date, by: User | None = None, attempt: int = 1
) -> list[MoneyMovement]:
    """The donor's bank sent the attempt back: the money is with us and still the donor's."""
    fund = _fund_of(gift)
    began = f"{gift_event(gift)}:refund:{_plain(refund)}"
    paid = booked(f"{began}:paid:{attempt}")
    if not paid:
        raise NoSuchGift
    lines = [
        Line(m.credit_account, m.debit_account, m.amount_minor, Moved.REFUND_FAILED) for m in paid
    ]
    return _post(fund, f"{began}:failed:{attempt}", lines, happened_on, by)


@transaction.atomic
def book_refund_waived(
    *, gift: str, refund: str, happened_on: date, by: User | None, text: str
) -> list[MoneyMovement]:
    """The donor leaves with us what could not be paid back: it is a gift again."""
    fund = _fund_of(gift)
    began = f"{gift_event(gift)}:refund:{_plain(refund)}"
    lock_funds([fund.pk, general_fund_of(fund).pk])
    lock_accounts([_payable(fund)])
    if earlier := booked(f"{began}:waived"):
        return earlier
    owed = _owed_for(gift, refund, fund)
    lines = given_back_to(
        taken=_taken([m for m in booked(began) if m.kind == Moved.REFUND]),
        amount_minor=owed, out_of=_payable(fund), kind=Moved.REFUND_WAIVED,
    )  # fmt: skip
    return _post(fund, f"{began}:waived", lines, happened_on, by, text)


# Disputes: withdrawal, fee and return are movements of their own


@transaction.atomic
def book_dispute(
    *, gift: str, key: str, amount_minor: int, happened_on: date, by: User | None = None
) -> list[MoneyMovement]:
    """The donor's bank took the gift back, for now: nobody may spend it meanwhile."""
    fund = _fund_of(gift)
    event = f"{gift_event(gift)}:dispute:{_plain(key)}"
    lock_funds([fund.pk, general_fund_of(fund).pk])
    if earlier := _booked_already(event, amount_minor):
        return earlier
    lines = taken_from(
        fund=fund, amount_minor=amount_minor, own=Kind.GIFTS, otherwise=Kind.LOSSES,
        to=_processor(fund), kind=Moved.DISPUTE,
    )  # fmt: skip
    return _post(fund, event, lines, happened_on, by)


@transaction.atomic
def book_dispute_fee(
    *, gift: str, dispute: str, amount_minor: int, happened_on: date, by: User | None = None
) -> list[MoneyMovement]:
    """What the processor takes for a dispute; no donor gave it, so the general fund pays."""
    fund = _fund_of(gift)
    fees = fund_account(fund=general_fund_of(fund), kind=Kind.FEES)
    line = Line(fees, _processor(fund), amount_minor, Moved.DISPUTE_FEE)
    event = f"{gift_event(gift)}:dispute:{_plain(dispute)}:fee"
    return _post(fund, event, [line], happened_on, by)


@transaction.atomic
def book_dispute_fee_returned(
    *, gift: str, dispute: str, amount_minor: int, happened_on: date, by: User | None = None
) -> list[MoneyMovement]:
    """The processor gave the fee of a dispute back, or a part of it."""
    fund = _fund_of(gift)
    event = f"{gift_event(gift)}:dispute:{_plain(dispute)}"
    taken = sum(m.amount_minor for m in booked(f"{event}:fee"))
    if amount_minor > taken:
        raise MoreThanThere(left_minor=taken, currency=fund.currency)
    fees = fund_account(fund=general_fund_of(fund), kind=Kind.FEES)
    line = Line(_processor(fund), fees, amount_minor, Moved.FEE_RETURNED)
    return _post(fund, f"{event}:fee_returned", [line], happened_on, by)


@transaction.atomic
def book_reinstatement(
    *,
    gift: str,
    dispute: str,
    amount_minor: int,
    happened_on: date,
    by: User | None = None,
) -> list[MoneyMovement]:
    """The dispute was won: the money is back, first for whoever stood in for the fund."""
    fund = _fund_of(gift)
    began = f"{gift_event(gift)}:dispute:{_plain(dispute)}"
    lock_funds([fund.pk, general_fund_of(fund).pk])
    event = f"{began}:reinstated"
    if earlier := _booked_already(event, amount_minor):
        return earlier
    taken = _taken(booked(began))
    if amount_minor > sum(taken.values()):
        raise MoreThanThere(left_minor=sum(taken.values()), currency=fund.currency)
    lines = given_back_to(
        taken=taken, amount_minor=amount_minor, out_of=_processor(fund), kind=Moved.REINSTATEMENT
    )
    return _post(fund, event, lines, happened_on, by)


# Payouts: from the processor to the bank, with days between


def book_payout(
    *,
    foundation: Foundation,
    key: str,
    amount_minor: int,
    currency: str,
    happened_on: date,
    by: User | None = None,
) -> list[MoneyMovement]:
    """The processor sent it on; the bank does not have it yet."""
    processor, transit = (
        house_account(foundation=foundation, kind=kind, currency=currency)
        for kind in (Kind.PROCESSOR, Kind.IN_TRANSIT)
    )
    return post_movements(
        foundation=foundation, event=f"payout:{_plain(key)}", by=by, happened_on=happened_on,
        lines=[Line(transit, processor, amount_minor, Moved.PAYOUT)],
    )  # fmt: skip


@transaction.atomic
def book_payout_arrived(
    *, key: str, happened_on: date, by: User | None = None
) -> list[MoneyMovement]:
    """The payout stands on the bank's statement."""
    sent = _payout(key)
    bank = house_account(foundation=sent.foundation, kind=Kind.BANK, currency=sent.currency)
    lock_accounts([sent.debit_account, bank])
    if booked(f"{sent.event}:failed"):
        raise MoreThanThere(left_minor=0, currency=sent.currency)
    line = Line(bank, sent.debit_account, sent.amount_minor, Moved.PAYOUT_ARRIVED)
    return _settle_payout(sent, "arrived", line, happened_on, by)


@transaction.atomic
def book_payout_failed(
    *, key: str, happened_on: date, by: User | None = None
) -> list[MoneyMovement]:
    """The bank did not take it, or sent it back days later: it is at the processor again."""
    sent = _payout(key)
    bank = house_account(foundation=sent.foundation, kind=Kind.BANK, currency=sent.currency)
    lock_accounts([sent.debit_account, sent.credit_account, bank])
    was_at = bank if booked(f"{sent.event}:arrived") else sent.debit_account
    line = Line(sent.credit_account, was_at, sent.amount_minor, Moved.PAYOUT_FAILED)
    return _settle_payout(sent, "failed", line, happened_on, by)


# Names and sums


def gift_event(key: str) -> str:
    """What everything of this gift begins with in the ledger: see `booked_within`."""
    return f"gift:{_plain(key)}"


def _plain(key: str) -> str:
    if not key or {":", "/"} & set(key):
        raise ValueError(f"A key has neither a colon nor a slash: {key!r}")
    return key


def _gift(key: str) -> MoneyMovement:
    for movement in booked(gift_event(key)):
        if movement.kind == Moved.GIFT:
            return movement
    raise NoSuchGift


def _fund_of(key: str) -> Fund:
    fund = _gift(key).credit_account.fund
    assert fund is not None
    return fund


def _payout(key: str) -> MoneyMovement:
    sent = booked(f"payout:{_plain(key)}")
    if not sent:
        raise NoSuchPayout
    return sent[0]


def _settle_payout(
    sent: MoneyMovement, how: str, line: Line, happened_on: date, by: User | None
) -> list[MoneyMovement]:
    return post_movements(
        foundation=sent.foundation, event=f"{sent.event}:{how}", lines=[line],
        happened_on=happened_on, by=by,
    )  # fmt: skip


def _processor(fund: Fund) -> MoneyAccount:
    return house_account(foundation=fund.foundation, kind=Kind.PROCESSOR, currency=fund.currency)


def _payable(fund: Fund) -> MoneyAccount:
    return house_account(
        foundation=fund.foundation, kind=Kind.REFUNDS_PAYABLE, currency=fund.currency
    )


def _post(
    fund: Fund, event: str, lines: list[Line], happened_on: date, by: User | None, text: str = ""
) -> list[MoneyMovement]:
    return post_movements(
        foundation=fund.foundation, event=event, lines=lines, happened_on=happened_on, by=by,
        text=text,
    )  # fmt: skip


def _booked_already(event: str, amount_minor: int) -> list[MoneyMovement]:
    """How it was split depends on what the fund had then: only the sum can be compared."""
    earlier = booked(event)
    if earlier and sum(movement.amount_minor for movement in earlier) != amount_minor:
        raise BookedOtherwise
    return earlier


def _taken(movements: list[MoneyMovement]) -> dict[MoneyAccount, int]:
    taken: Counter[MoneyAccount] = Counter()
    for movement in standing(movements):
        taken[movement.debit_account] += movement.amount_minor
    return dict(taken)


def _given(gift: str) -> int:
    return sum(m.amount_minor for m in standing(booked(gift_event(gift))) if m.kind == Moved.GIFT)


def _refunded(gift: str) -> int:
    """Decided refunds less those that the donor left with us."""
    of_it = standing(booked_within(f"{gift_event(gift)}:refund"))
    decided = sum(m.amount_minor for m in of_it if m.kind == Moved.REFUND)
    return decided - sum(m.amount_minor for m in of_it if m.kind == Moved.REFUND_WAIVED)


def _owed_for(gift: str, refund: str, fund: Fund) -> int:
    """What of this refund has neither been paid nor left with us. Holds the payable account."""
    payable = _payable(fund)
    owed = 0
    for movement in standing(booked_within(f"{gift_event(gift)}:refund:{_plain(refund)}")):
        if movement.credit_account == payable:
            owed += movement.amount_minor
        if movement.debit_account == payable:
            owed -= movement.amount_minor
    return owed


def _matching_returned(gift: str, fund: Fund, *, refunded: int, after: list[Line]) -> list[Line]:
    """To each pot its share of all that is refunded by now, less what it has back already."""
    given = _given(gift)
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
