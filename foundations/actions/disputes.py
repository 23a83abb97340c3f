"""The postings of a dispute: withdrawal, fee and return are movements of their own.

`gift` and `dispute` are the other side's names: the same twice books once. Each raises
BookingRefused.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction

from foundations.actions.bearing import given_back_to, taken_from
from foundations.actions.gift_events import (
    MoreThanThere,
    booked_already,
    fund_of_gift,
    gift_event,
    plain_key,
    post_for,
    processor_of,
    taken_by,
)
from foundations.actions.ledger import (
    Line,
    booked,
    fund_account,
    general_fund_of,
    lock_funds,
)
from foundations.models import MoneyAccount, MoneyMovement
from volunteers.models import User

Kind = MoneyAccount.Kind
Moved = MoneyMovement.Kind


@transaction.atomic
def book_dispute(
    *, gift: str, key: str, amount_minor: int, happened_on: date, by: User | None = None
) -> list[MoneyMovement]:
    """The donor's bank took the gift back, for now: nobody may spend it meanwhile."""
    fund = fund_of_gift(gift)
    event = f"{gift_event(gift)}:dispute:{plain_key(key)}"
    lock_funds([fund.pk, general_fund_of(fund).pk])
    if earlier := booked_already(event, amount_minor):
        return earlier
    lines = taken_from(
        fund=fund, amount_minor=amount_minor, own=Kind.GIFTS, otherwise=Kind.LOSSES,
        to=processor_of(fund), kind=Moved.DISPUTE,
    )  # fmt: skip
    return post_for(fund, event, lines, happened_on, by)


@transaction.atomic
def book_dispute_fee(
    *, gift: str, dispute: str, amount_minor: int, happened_on: date, by: User | None = None
) -> list[MoneyMovement]:
    """What the processor takes for a dispute; no donor gave it, so the general fund pays."""
    fund = fund_of_gift(gift)
    fees = fund_account(fund=general_fund_of(fund), kind=Kind.FEES)
    line = Line(fees, processor_of(fund), amount_minor, Moved.DISPUTE_FEE)
    event = f"{gift_event(gift)}:dispute:{plain_key(dispute)}:fee"
    return post_for(fund, event, [line], happened_on, by)


@transaction.atomic
def book_dispute_fee_returned(
    *, gift: str, dispute: str, amount_minor: int, happened_on: date, by: User | None = None
) -> list[MoneyMovement]:
    """The processor gave the fee of a dispute back, or a part of it."""
    fund = fund_of_gift(gift)
    event = f"{gift_event(gift)}:dispute:{plain_key(dispute)}"
    taken = sum(m.amount_minor for m in booked(f"{event}:fee"))
    if amount_minor > taken:
        raise MoreThanThere(left_minor=taken, currency=fund.currency)
    fees = fund_account(fund=general_fund_of(fund), kind=Kind.FEES)
    line = Line(processor_of(fund), fees, amount_minor, Moved.FEE_RETURNED)
    return post_for(fund, f"{event}:fee_returned", [line], happened_on, by)


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
    fund = fund_of_gift(gift)
    began = f"{gift_event(gift)}:dispute:{plain_key(dispute)}"
    lock_funds([fund.pk, general_fund_of(fund).pk])
    event = f"{began}:reinstated"
    if earlier := booked_already(event, amount_minor):
        return earlier
    taken = taken_by(booked(began))
    if amount_minor > sum(taken.values()):
        raise MoreThanThere(left_minor=sum(taken.values()), currency=fund.currency)
    lines = given_back_to(
        taken=taken, amount_minor=amount_minor, out_of=processor_of(fund), kind=Moved.REINSTATEMENT
    )
    return post_for(fund, event, lines, happened_on, by)
