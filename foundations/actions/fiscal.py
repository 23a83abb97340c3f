"""The numbers of fiscal receipts (D5): the tax office's system gives them, we keep them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from foundations.actions.ledger import BookingRefused, constraint_of
from foundations.models import Confirmation, Foundation
from volunteers.models import User


class FiscalRefused(BookingRefused):
    """No number was kept; `str()` is the sentence for the person."""


class NumberMissing(FiscalRefused):
    sentence = gettext_lazy("Please write the number of the fiscal receipt.")


class NumberTooLong(FiscalRefused):
    sentence = gettext_lazy("A number or check code has at most 40 letters and digits.")


class NumberTaken(FiscalRefused):
    sentence = gettext_lazy("This number belongs to another confirmation.")


class NoSuchConfirmation(FiscalRefused):
    sentence = gettext_lazy("There is no confirmation with this number.")


class OtherNumberThere(FiscalRefused):
    sentence = gettext_lazy(
        "This confirmation has another number already. Please correct it alone."
    )


@dataclass(frozen=True)
class FiscalRow:
    """One line of a file: which confirmation, and what the tax office's system gave for it."""

    row: int
    confirmation: str
    number: str
    check_code: str


@dataclass(frozen=True)
class FiscalAnswer:
    """What became of a line; `trouble` is the sentence when nothing did."""

    row: FiscalRow
    trouble: str | Promise = ""
    is_new: bool = False


@transaction.atomic
def store_fiscal_receipt(
    *, confirmation: Confirmation, number: str, check_code: str, by: User
) -> Confirmation:
    """Keep the receipt's number, or correct it: the log keeps what stood there before.

    Raises FiscalRefused.
    """
    number, check_code = _plain(number), _plain(check_code)
    if not number:
        raise NumberMissing
    confirmation = Confirmation.objects.select_for_update(no_key=True).get(pk=confirmation.pk)
    was = (confirmation.fiscal_number, confirmation.fiscal_check_code)
    if was == (number, check_code):
        return confirmation
    confirmation.fiscal_number, confirmation.fiscal_check_code = number, check_code
    confirmation.fiscal_by, confirmation.fiscal_at = by, timezone.now()
    try:
        with transaction.atomic():
            confirmation.save(
                update_fields=["fiscal_number", "fiscal_check_code", "fiscal_by", "fiscal_at"]
            )
    except IntegrityError as refused:
        if constraint_of(refused) != "confirmation_fiscal_number_once":
            raise
        raise NumberTaken from refused
    log(
        instance=confirmation, user=by,
        action="foundations.correct_fiscal" if was[0] else "foundations.store_fiscal",
        data={"was": list(was), "now": [number, check_code]},
    )  # fmt: skip
    return confirmation


def store_fiscal_receipts(
    *, foundation: Foundation, rows: Sequence[FiscalRow], by: User
) -> list[FiscalAnswer]:
    """Each line by itself: what can be kept is kept, the others say why not.

    A file never corrects a number that is there already: a column that slipped would change many.
    """
    return [_answer(foundation, row, by=by) for row in rows]


def _answer(foundation: Foundation, row: FiscalRow, *, by: User) -> FiscalAnswer:
    try:
        with transaction.atomic():
            found = Confirmation.objects.select_for_update(no_key=True).filter(
                foundation=foundation, number=row.confirmation
            )
            confirmation = found.first()
            if confirmation is None:
                raise NoSuchConfirmation
            told = (_plain(row.number), _plain(row.check_code))
            is_there = bool(confirmation.fiscal_number)
            if is_there and (confirmation.fiscal_number, confirmation.fiscal_check_code) != told:
                raise OtherNumberThere
            store_fiscal_receipt(
                confirmation=confirmation, number=row.number, check_code=row.check_code, by=by
            )
    except FiscalRefused as refused:
        return FiscalAnswer(row, trouble=str(refused))
    return FiscalAnswer(row, is_new=not is_there)


def _plain(text: str) -> str:
    """What a spreadsheet puts around a number is not part of it."""
    text = "".join(text.split()).strip("'\"=")
    if len(text) > 40 or "\x00" in text:
        raise NumberTooLong
    return text
