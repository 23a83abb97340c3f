"""The postings of a payout: from the processor to the bank, with days between.

`key` is the processor's name for it: the same twice books once. Each raises BookingRefused.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy

from foundations.actions.gift_events import (
    MoreThanThere,
    plain_key,
)
from foundations.actions.ledger import (
    BookingRefused,
    Line,
    booked,
    house_account,
    lock_accounts,
    post_movements,
)
from foundations.models import Foundation, MoneyAccount, MoneyMovement
from volunteers.models import User

Kind = MoneyAccount.Kind
Moved = MoneyMovement.Kind


class NoSuchPayout(BookingRefused):
    sentence = gettext_lazy("This payout is not in the books.")


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
        foundation=foundation, event=f"payout:{plain_key(key)}", by=by, happened_on=happened_on,
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


def _payout(key: str) -> MoneyMovement:
    sent = booked(f"payout:{plain_key(key)}")
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
