"""What a sponsor pays into a pot and gets back: entered by one, approved by another.

It is money of the sponsor's until a gift is matched (`book_match`); so the two-person rule stands
for it as for every other.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.db.models import QuerySet, Sum

from foundations.actions import entering
from foundations.actions.income import book_pot, book_pot_return
from foundations.actions.ledger import (
    PotTooSmall,
    lock_accounts,
    mirror,
    pot_account,
)
from foundations.models import MatchingPot, MoneyMovement, PotPayment
from volunteers.models import User

Direction = PotPayment.Direction
Moved = MoneyMovement.Kind


@dataclass(frozen=True)
class PotSheet:
    """What came into a pot, what went out of it, and what is left; each above zero."""

    paid_in_minor: int
    matched_minor: int
    returned_minor: int
    held_minor: int
    gifts: int


def enter_pot_payment(
    *,
    pot: MatchingPot,
    direction: str,
    amount_minor: int,
    happened_on: date,
    by: User,
    note: str = "",
    nonce: uuid.UUID | None = None,
) -> PotPayment:
    """Waits for its approval. The same nonce enters once. Raises PotTooSmall, BookingRefused."""
    if direction == Direction.RETURNED and amount_minor > sheet_of(pot).held_minor:
        raise PotTooSmall
    payment = PotPayment(pot=pot, direction=direction, note=note.strip())
    return entering.enter(
        payment, foundation=pot.foundation, currency=pot.currency,
        funds=[pot.fund] if pot.fund and direction == Direction.PAID_IN else [],
        amount_minor=amount_minor, happened_on=happened_on, by=by, nonce=nonce,
    )  # fmt: skip


def approve_pot_payment(*, payment: PotPayment, by: User) -> PotPayment:
    """At the bank, and in the pot. Raises SamePerson, DecidedAlready, PotTooSmall."""
    return entering.approve(payment, by=by, book=partial(_book, by=by))


def reject_pot_payment(*, payment: PotPayment, reason: str, by: User) -> PotPayment:
    """Nothing moves. Raises DecidedAlready, ReasonMissing."""
    return entering.reject(payment, reason=reason, by=by)


def reverse_pot_payment(*, payment: PotPayment, reason: str, by: User) -> PotPayment:
    """It was entered wrongly. Raises PotTooSmall when gifts were matched with it already."""

    def undo(payment: PotPayment) -> None:
        assert payment.movement is not None
        mirror(movement=payment.movement, reason=reason, by=by)

    return entering.reverse(payment, reason=reason, by=by, undo=undo)


def sheet_of(pot: MatchingPot) -> PotSheet:
    """Corrections taken off."""
    account = pot_account(pot=pot)
    standing = MoneyMovement.objects.filter(reverses=None, reversed_by=None)
    into, out_of = standing.filter(credit_account=account), standing.filter(debit_account=account)
    matched = out_of.filter(kind=Moved.MATCHING)
    return PotSheet(
        paid_in_minor=_sum(into.filter(kind=Moved.POT)),
        matched_minor=_sum(matched) - _sum(into.filter(kind=Moved.MATCHING_RETURNED)),
        returned_minor=_sum(out_of.filter(kind=Moved.POT_RETURN)),
        held_minor=-account.balance_minor,
        gifts=matched.count(),
    )


def _book(payment: PotPayment, *, by: User) -> MoneyMovement:
    told: dict[str, Any] = {
        "pot": payment.pot, "key": f"payment-{payment.pk}", "amount_minor": payment.amount_minor,
        "happened_on": payment.happened_on, "by": by, "text": payment.note,
    }  # fmt: skip
    if payment.direction == Direction.PAID_IN:
        return book_pot(**told)[0]
    account = pot_account(pot=payment.pot)
    if -lock_accounts([account])[account.pk] < payment.amount_minor:
        raise PotTooSmall
    return book_pot_return(**told)[0]


def _sum(movements: QuerySet[MoneyMovement]) -> int:
    return movements.aggregate(minor=Sum("amount_minor"))["minor"] or 0
