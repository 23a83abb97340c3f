"""What a line of a bank statement is: a movement that stands in the books, or set aside with a
word. No money moves here; it says only that the bank and the books speak of the same thing.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from foundations.actions.ledger import (
    BookingRefused,
    ReasonMissing,
    constraint_of,
    house_account,
)
from foundations.models import BankLine, Entry, MoneyAccount, MoneyMovement, OfflineGift
from volunteers.models import User

State = BankLine.State


class LineRefused(BookingRefused):
    """The line stays as it is; `str()` is the sentence for the person."""


class LineDecided(LineRefused):
    sentence = gettext_lazy("Somebody has explained this line already.")


class GiftWaits(LineRefused):
    sentence = gettext_lazy("A gift from this line waits to be confirmed.")


class LineGone(LineRefused):
    sentence = gettext_lazy("This gift is not what the line of the statement says.")


class OtherAmount(LineRefused):
    sentence = gettext_lazy("The line and the entry in the books do not have the same amount.")


class MovementTaken(LineRefused):
    sentence = gettext_lazy("Another line of a statement is matched with this already.")


class UndoneMovement(LineRefused):
    sentence = gettext_lazy("This was corrected in the books. It is not at the bank.")


class GiftHoldsLine(LineRefused):
    sentence = gettext_lazy("A gift was entered from this line. Please reverse the gift.")


@transaction.atomic
def match_line(*, line: BankLine, movement: MoneyMovement, by: User) -> BankLine:
    """The line is that movement on the bank account. Pressed twice, done once.

    Raises LineDecided, GiftWaits, OtherAmount, MovementTaken, UndoneMovement.
    """
    line = lock_line(line)
    if line.state == State.MATCHED and line.movement_id == movement.pk:
        return line
    refuse_decided(line)
    if signed_minor(movement, line=line) != line.amount_minor:
        raise OtherAmount
    if movement.reverses_id is not None or hasattr(movement, "reversed_by"):
        raise UndoneMovement
    try:
        with transaction.atomic():
            return match_to(line=line, movement=movement, by=by)
    except IntegrityError as refused:
        # Two lines of one amount, matched at the same moment too.
        if "movement" not in constraint_of(refused):
            raise
        raise MovementTaken from refused


@transaction.atomic
def set_line_aside(*, line: BankLine, note: str, by: User) -> BankLine:
    """Nothing in the books answers to it, for the reason in `note`. Raises LineDecided."""
    if not note.strip():
        raise ReasonMissing
    line = lock_line(line)
    if (line.state, line.note) == (State.SET_ASIDE, note.strip()):
        return line
    refuse_decided(line)
    return _decide(line, State.SET_ASIDE, by=by, action="set_line_aside", note=note.strip())


@transaction.atomic
def unmatch_line(*, line: BankLine, reason: str, by: User) -> BankLine:
    """It is to be explained anew. Raises GiftHoldsLine, ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    line = lock_line(line)
    if line.state == State.UNMATCHED:
        return line
    if line.offline_gifts.filter(state=Entry.State.APPROVED).exists():
        raise GiftHoldsLine
    return free_line(line=line, reason=reason, by=by)


# For who holds the line's lock


def lock_line(line: BankLine) -> BankLine:
    return (
        BankLine.objects.select_for_update(of=("self",), no_key=True)
        .select_related("foundation")
        .get(pk=line.pk)
    )


def refuse_decided(line: BankLine, *, meant_for: OfflineGift | None = None) -> None:
    """Raises LineDecided; GiftWaits when a gift other than `meant_for` was entered from it."""
    if line.state != State.UNMATCHED:
        raise LineDecided
    waiting = line.offline_gifts.filter(state=Entry.State.ENTERED)
    if any(gift != meant_for for gift in waiting):
        raise GiftWaits


def match_to(*, line: BankLine, movement: MoneyMovement, by: User) -> BankLine:
    line.movement = movement
    return _decide(line, State.MATCHED, by=by, action="match_line", note="")


def free_line(*, line: BankLine, reason: str, by: User) -> BankLine:
    was = {"movement": line.movement_id, "note": line.note, "reason": reason.strip()}
    line.movement, line.note = None, ""
    line.state, line.decided_by, line.decided_at = State.UNMATCHED, None, None
    _save(line)
    log(instance=line, action="foundations.unmatch_line", user=by, data=was)
    return line


def bank_of(line: BankLine) -> MoneyAccount:
    return house_account(
        foundation=line.foundation, kind=MoneyAccount.Kind.BANK, currency=line.currency
    )


def signed_minor(movement: MoneyMovement, *, line: BankLine) -> int:
    """What the movement did to the line's bank account; 0 when it did not touch it."""
    bank = bank_of(line).pk
    if movement.debit_account_id == bank:
        return movement.amount_minor
    return -movement.amount_minor if movement.credit_account_id == bank else 0


def _decide(line: BankLine, state: BankLine.State, *, by: User, action: str, note: str) -> BankLine:
    line.state, line.note = state, note
    line.decided_by, line.decided_at = by, timezone.now()
    _save(line)
    log(
        instance=line, action=f"foundations.{action}", user=by,
        data={"movement": line.movement_id, "note": note},
    )  # fmt: skip
    return line


def _save(line: BankLine) -> None:
    line.save(update_fields=["state", "movement", "note", "decided_by", "decided_at"])
