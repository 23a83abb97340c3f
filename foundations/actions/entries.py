"""Expenses, grants and transfers: one person enters, another approves, and only then money moves.

Who may enter and approve is asked in permissions.py; that the two are not the same person is held
here and by the database.
"""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any, TypeVar

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from foundations.actions.invoices import refuse_file
from foundations.actions.ledger import (
    BookingRefused,
    DayToCome,
    FundTooSmall,
    Line,
    MonthClosed,
    NothingToBook,
    ReasonMissing,
    constraint_of,
    first_open_day,
    fund_account,
    house_account,
    lock_funds,
    mirror,
    post_movements,
    refuse_closed_month,
)
from foundations.models import (
    Entry,
    Expense,
    Fund,
    FundTransfer,
    Grant,
    MoneyAccount,
    MoneyMovement,
)
from volunteers.models import User

Kind = MoneyAccount.Kind
Moved = MoneyMovement.Kind
SomeEntry = TypeVar("SomeEntry", Expense, Grant, FundTransfer)


class EntryRefused(BookingRefused):
    """Nothing was entered, approved or rejected; `str()` is the sentence for the person."""


class InvoiceMissing(EntryRefused):
    sentence = gettext_lazy("Please add the invoice: a photograph or a PDF.")


class WordsMissing(EntryRefused):
    sentence = gettext_lazy("Please say to whom and for what.")


class EvidenceMissing(EntryRefused):
    sentence = gettext_lazy("Please say what shows that the money may be used otherwise.")


class FundClosed(EntryRefused):
    sentence = gettext_lazy("This fund is closed.")


class NeedsConsent(EntryRefused):
    sentence = gettext_lazy(
        "Money leaves this fund only when its donors agreed or the new use was filed."
    )


class NotGeneral(EntryRefused):
    sentence = gettext_lazy("Out of the general fund: please choose that reason.")


class NotTwoFunds(EntryRefused):
    sentence = gettext_lazy("Please choose two funds of this foundation in one currency.")


class SamePerson(EntryRefused):
    sentence = gettext_lazy("You entered this yourself. Somebody else has to approve it.")


class FormUsed(EntryRefused):
    sentence = gettext_lazy("This form has been used already. Please open the page again.")


class DecidedAlready(EntryRefused):
    sentence = gettext_lazy("Somebody has decided this already.")


# Entering


def enter_expense(
    *,
    fund: Fund,
    kind: str,
    amount_minor: int,
    payee: str,
    purpose: str,
    invoice: File[Any] | None,
    happened_on: date,
    by: User,
    nonce: uuid.UUID | None = None,
) -> Expense:
    """An expense waits for its approval. The same nonce enters once. Raises BookingRefused."""
    if not invoice:
        raise InvoiceMissing
    refuse_file(invoice)
    _refuse_empty(payee, purpose)
    return _enter(
        Expense(
            fund=fund, kind=kind, payee=payee.strip(), purpose=purpose.strip(), invoice=invoice
        ),
        fund=fund, amount_minor=amount_minor, happened_on=happened_on, by=by, nonce=nonce,
    )  # fmt: skip


def enter_grant(
    *,
    fund: Fund,
    amount_minor: int,
    grantee: str,
    purpose: str,
    happened_on: date,
    by: User,
    agreement: File[Any] | None = None,
    nonce: uuid.UUID | None = None,
) -> Grant:
    """A grant waits for its approval. The same nonce enters once. Raises BookingRefused."""
    if agreement:
        refuse_file(agreement)
    _refuse_empty(grantee, purpose)
    return _enter(
        Grant(
            fund=fund, grantee=grantee.strip(), purpose=purpose.strip(), agreement=agreement or ""
        ),
        fund=fund, amount_minor=amount_minor, happened_on=happened_on, by=by, nonce=nonce,
    )  # fmt: skip


def enter_transfer(
    *,
    from_fund: Fund,
    to_fund: Fund,
    amount_minor: int,
    reason: str,
    evidence: str,
    happened_on: date,
    by: User,
    nonce: uuid.UUID | None = None,
) -> FundTransfer:
    """A transfer waits for its approval (D6). The same nonce enters once. Raises BookingRefused."""
    if not evidence.strip():
        raise EvidenceMissing
    sides = {(fund.foundation_id, fund.currency) for fund in (from_fund, to_fund)}
    if from_fund == to_fund or len(sides) > 1:
        raise NotTwoFunds
    if from_fund.is_restricted == (reason == FundTransfer.Reason.GENERAL_FUND):
        raise NeedsConsent if from_fund.is_restricted else NotGeneral
    return _enter(
        FundTransfer(
            from_fund=from_fund, from_kind=from_fund.kind, to_fund=to_fund, reason=reason,
            evidence=evidence.strip(),
        ),
        fund=from_fund, other=to_fund, amount_minor=amount_minor, happened_on=happened_on, by=by,
        nonce=nonce,
    )  # fmt: skip


# Deciding


def approve_expense(*, expense: Expense, by: User) -> Expense:
    """Paid out of the bank and booked on its day. Pressed twice by the same person, done once.

    Raises SamePerson, DecidedAlready, FundTooSmall, MonthClosed.
    """
    return _approve(expense, by=by)


def approve_grant(*, grant: Grant, by: User) -> Grant:
    """As `approve_expense`."""
    return _approve(grant, by=by)


def approve_transfer(*, transfer: FundTransfer, by: User) -> FundTransfer:
    """As `approve_expense`."""
    return _approve(transfer, by=by)


def reject_expense(*, expense: Expense, reason: str, by: User) -> Expense:
    """Nothing is paid. Whoever entered it may take it back this way. Raises DecidedAlready."""
    return _reject(expense, reason=reason, by=by)


def reject_grant(*, grant: Grant, reason: str, by: User) -> Grant:
    """As `reject_expense`."""
    return _reject(grant, reason=reason, by=by)


def reject_transfer(*, transfer: FundTransfer, reason: str, by: User) -> FundTransfer:
    """As `reject_expense`."""
    return _reject(transfer, reason=reason, by=by)


@transaction.atomic
def reverse_entry(
    *, entry: SomeEntry, reason: str, by: User, happened_on: date | None = None
) -> SomeEntry:
    """Undo what was approved by a further movement, dated today unless told.

    Raises DecidedAlready when it is not approved (any more), FundTooSmall, MonthClosed.
    """
    entry = _lock(entry)
    if entry.state == Entry.State.REVERSED and entry.ended_by == by:
        return entry
    if entry.state != Entry.State.APPROVED:
        raise DecidedAlready
    assert entry.movement is not None
    mirror(movement=entry.movement, reason=reason, by=by, happened_on=happened_on)
    return _end(entry, Entry.State.REVERSED, reason=reason, by=by, action="reverse")


def _enter(
    entry: SomeEntry,
    *,
    fund: Fund,
    amount_minor: int,
    happened_on: date,
    by: User,
    nonce: uuid.UUID | None,
    other: Fund | None = None,
) -> SomeEntry:
    if amount_minor < 1:
        raise NothingToBook
    if happened_on > timezone.localdate():
        raise DayToCome
    entry.nonce = nonce or entry.nonce
    if earlier := _entered_before(entry, by=by):
        return earlier
    entry.foundation = fund.foundation
    entry.amount_minor, entry.currency = amount_minor, fund.currency
    entry.happened_on, entry.entered_by = happened_on, by
    try:
        with transaction.atomic():
            _hold_open(fund, other)
            refuse_closed_month(foundation=entry.foundation, day=happened_on)
            entry.save(force_insert=True)
            _log(entry, "enter", by=by)
    except IntegrityError as refused:
        _forget_file(entry)
        # Pressed twice at once, or the month was closed between our look and our row.
        if earlier := _entered_before(entry, by=by):
            return earlier
        if constraint_of(refused) != "money_month_is_open":
            raise
        raise MonthClosed(first_open=first_open_day(foundation=fund.foundation)) from refused
    return entry


def _entered_before(entry: SomeEntry, *, by: User) -> SomeEntry | None:
    earlier = type(entry).objects.filter(nonce=entry.nonce).first()
    if earlier is not None and earlier.entered_by != by:
        raise FormUsed
    return earlier


def _forget_file(entry: Expense | Grant | FundTransfer) -> None:
    """The file is written before the row; without the row nobody would ever find it."""
    if isinstance(entry, Expense):
        entry.invoice.delete(save=False)
    if isinstance(entry, Grant) and entry.agreement:
        entry.agreement.delete(save=False)


@transaction.atomic
def _approve(entry: SomeEntry, *, by: User) -> SomeEntry:
    entry = _lock(entry)
    if entry.state == Entry.State.APPROVED and entry.approved_by == by:
        return entry
    if not entry.is_waiting:
        raise DecidedAlready
    if entry.entered_by == by:
        raise SamePerson
    _refuse_more_than_there(entry)
    entry.movement = post_movements(
        foundation=entry.foundation, event=f"{entry._meta.model_name}:{entry.pk}",
        lines=[_line_of(entry)], happened_on=entry.happened_on, by=by,
    )[0]  # fmt: skip
    entry.state = Entry.State.APPROVED
    entry.approved_by, entry.approved_at = by, timezone.now()
    entry.save(update_fields=["movement", "state", "approved_by", "approved_at"])
    _log(entry, "approve", by=by)
    return entry


@transaction.atomic
def _reject(entry: SomeEntry, *, reason: str, by: User) -> SomeEntry:
    entry = _lock(entry)
    if entry.state == Entry.State.REJECTED and entry.ended_by == by:
        return entry
    if not entry.is_waiting:
        raise DecidedAlready
    return _end(entry, Entry.State.REJECTED, reason=reason, by=by, action="reject")


def _end(entry: SomeEntry, state: Entry.State, *, reason: str, by: User, action: str) -> SomeEntry:
    if not reason.strip():
        raise ReasonMissing
    entry.state = state
    entry.ended_by, entry.ended_at, entry.end_reason = by, timezone.now(), reason.strip()
    entry.save(update_fields=["state", "ended_by", "ended_at", "end_reason"])
    _log(entry, action, by=by)
    return entry


def _lock(entry: SomeEntry) -> SomeEntry:
    model = type(entry)
    return (
        model.objects.select_for_update(of=("self",), no_key=True)
        .select_related("foundation")
        .get(pk=entry.pk)
    )


def _hold_open(*funds: Fund | None) -> None:
    """Nobody closes them until what is entered here is in."""
    wanted = {fund.pk for fund in funds if fund is not None}
    held = Fund.objects.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True)
    if any(fund.state != Fund.State.OPEN for fund in held):
        raise FundClosed


def _fund_of(entry: Expense | Grant | FundTransfer) -> Fund:
    return entry.from_fund if isinstance(entry, FundTransfer) else entry.fund


def _refuse_more_than_there(entry: Expense | Grant | FundTransfer) -> None:
    """The general fund too pays only what it has; losses alone may take it below zero."""
    fund = _fund_of(entry)
    touched = [fund.pk, *([entry.to_fund_id] if isinstance(entry, FundTransfer) else [])]
    left = lock_funds(touched)[fund.pk]
    if left < entry.amount_minor:
        raise FundTooSmall(fund=fund, left_minor=left)


def _line_of(entry: Expense | Grant | FundTransfer) -> Line:
    if isinstance(entry, FundTransfer):
        debit = fund_account(fund=entry.from_fund, kind=Kind.TRANSFERS)
        credit = fund_account(fund=entry.to_fund, kind=Kind.TRANSFERS)
        return Line(debit, credit, entry.amount_minor, Moved.TRANSFER)
    bank = house_account(foundation=entry.foundation, kind=Kind.BANK, currency=entry.currency)
    if isinstance(entry, Grant):
        debit = fund_account(fund=entry.fund, kind=Kind.GRANTS_MADE)
        return Line(debit, bank, entry.amount_minor, Moved.GRANT)
    # An expense's kind is the name of the account it is spent from.
    debit = fund_account(fund=entry.fund, kind=entry.kind)
    return Line(debit, bank, entry.amount_minor, Moved.EXPENSE)


def _refuse_empty(*words: str) -> None:
    if not all(word.strip() for word in words):
        raise WordsMissing


def _log(entry: Expense | Grant | FundTransfer, action: str, *, by: User) -> None:
    log(
        instance=entry, action=f"foundations.{action}_entry", user=by,
        data={"amount_minor": entry.amount_minor, "currency": entry.currency},
    )  # fmt: skip
