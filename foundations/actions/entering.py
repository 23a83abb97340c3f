"""Entered by one person, decided by another: what every entry has in common.

What kind of entry it is, and which movement its approval books, its own file knows: `entries.py`
expenses, grants and transfers, `offline.py` gifts, `pots.py` and `pledges.py` what sponsors pay.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from foundations.actions.ledger import (
    BookingRefused,
    DayToCome,
    MonthClosed,
    NothingToBook,
    ReasonMissing,
    constraint_of,
    first_open_day,
    refuse_closed_month,
)
from foundations.models import Entry, Foundation, Fund, MoneyMovement
from volunteers.models import User

SomeEntry = TypeVar("SomeEntry", bound=Entry)


class EntryRefused(BookingRefused):
    """Nothing was entered, approved or rejected; `str()` is the sentence for the person."""


class FundClosed(EntryRefused):
    sentence = gettext_lazy("This fund is closed.")


class SamePerson(EntryRefused):
    sentence = gettext_lazy("You entered this yourself. Somebody else has to approve it.")


class FormUsed(EntryRefused):
    sentence = gettext_lazy("This form has been used already. Please open the page again.")


class DecidedAlready(EntryRefused):
    sentence = gettext_lazy("Somebody has decided this already.")


def enter(
    entry: SomeEntry,
    *,
    foundation: Foundation,
    currency: str,
    funds: Iterable[Fund],
    amount_minor: int,
    happened_on: date,
    by: User,
    nonce: uuid.UUID | None,
    hold: Callable[[], None] = lambda: None,
) -> SomeEntry:
    """Keep the entry until somebody decides. The same nonce enters once.

    `hold` looks, in the same transaction and before the row, at what else must be so, and locks it.
    """
    if amount_minor < 1:
        raise NothingToBook
    if happened_on > timezone.localdate():
        raise DayToCome
    entry.nonce = nonce or entry.nonce
    if earlier := _entered_before(entry, by=by):
        return earlier
    entry.foundation = foundation
    entry.amount_minor, entry.currency = amount_minor, currency
    entry.happened_on, entry.entered_by = happened_on, by
    try:
        with transaction.atomic():
            hold()
            _hold_open(funds)
            refuse_closed_month(foundation=foundation, day=happened_on)
            entry.save(force_insert=True)
            log_entry(entry, "enter", by=by)
    except IntegrityError as refused:
        _forget_files(entry)
        # Pressed twice at once, or the month was closed between our look and our row.
        if earlier := _entered_before(entry, by=by):
            return earlier
        if constraint_of(refused) != "money_month_is_open":
            raise
        raise MonthClosed(first_open=first_open_day(foundation=foundation)) from refused
    return entry


@transaction.atomic
def approve(entry: SomeEntry, *, by: User, book: Callable[[SomeEntry], MoneyMovement]) -> SomeEntry:
    """`book` moves the money, under the entry's lock. Pressed twice by the same person, done once.

    Raises SamePerson, DecidedAlready, and what `book` raises.
    """
    entry = lock_entry(entry)
    if entry.state == Entry.State.APPROVED and entry.approved_by == by:
        return entry
    if not entry.is_waiting:
        raise DecidedAlready
    if entry.entered_by == by:
        raise SamePerson
    entry.movement = book(entry)
    entry.state = Entry.State.APPROVED
    entry.approved_by, entry.approved_at = by, timezone.now()
    entry.save(update_fields=["movement", "state", "approved_by", "approved_at"])
    log_entry(entry, "approve", by=by)
    return entry


@transaction.atomic
def reject(entry: SomeEntry, *, reason: str, by: User) -> SomeEntry:
    """Nothing moves. Raises DecidedAlready, ReasonMissing."""
    entry = lock_entry(entry)
    if entry.state == Entry.State.REJECTED and entry.ended_by == by:
        return entry
    if not entry.is_waiting:
        raise DecidedAlready
    return _end(entry, Entry.State.REJECTED, reason=reason, by=by, action="reject")


@transaction.atomic
def reverse(
    entry: SomeEntry, *, reason: str, by: User, undo: Callable[[SomeEntry], None]
) -> SomeEntry:
    """`undo` books the way back, under the entry's lock. Raises DecidedAlready, ReasonMissing."""
    entry = lock_entry(entry)
    if entry.state == Entry.State.REVERSED and entry.ended_by == by:
        return entry
    if entry.state != Entry.State.APPROVED:
        raise DecidedAlready
    undo(entry)
    return _end(entry, Entry.State.REVERSED, reason=reason, by=by, action="reverse")


def lock_entry(entry: SomeEntry) -> SomeEntry:
    """The row as it is now, held until the transaction ends."""
    rows: Any = type(entry)._default_manager.select_for_update(of=("self",), no_key=True)
    locked: SomeEntry = rows.select_related("foundation").get(pk=entry.pk)
    return locked


def log_entry(entry: Entry, action: str, *, by: User) -> None:
    log(
        instance=entry, action=f"foundations.{action}_entry", user=by,
        data={"amount_minor": entry.amount_minor, "currency": entry.currency},
    )  # fmt: skip


def _end(entry: SomeEntry, state: Entry.State, *, reason: str, by: User, action: str) -> SomeEntry:
    if not reason.strip():
        raise ReasonMissing
    entry.state = state
    entry.ended_by, entry.ended_at, entry.end_reason = by, timezone.now(), reason.strip()
    entry.save(update_fields=["state", "ended_by", "ended_at", "end_reason"])
    log_entry(entry, action, by=by)
    return entry


def _entered_before(entry: SomeEntry, *, by: User) -> SomeEntry | None:
    rows: Any = type(entry)._default_manager
    earlier: SomeEntry | None = rows.filter(nonce=entry.nonce).first()
    if earlier is not None and earlier.entered_by != by:
        raise FormUsed
    return earlier


def _forget_files(entry: Entry) -> None:
    """The file is written before the row; without the row nobody would ever find it."""
    for field in entry._meta.concrete_fields:
        value = getattr(entry, field.attname)
        if isinstance(value, FieldFile) and value:
            value.delete(save=False)


def _hold_open(funds: Iterable[Fund]) -> None:
    """Nobody closes them until what is entered here is in."""
    wanted = {fund.pk for fund in funds}
    held = Fund.objects.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True)
    if any(fund.state != Fund.State.OPEN for fund in held):
        raise FundClosed
