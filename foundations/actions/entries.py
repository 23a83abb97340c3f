"""Expenses, grants and transfers: one person enters, another approves, and only then money moves.

Who may enter and approve is asked in permissions.py; that the two are not the same person is held
here and by the database.
"""

from __future__ import annotations

import uuid
from datetime import date
from functools import partial
from typing import Any, TypeVar

from django.core.files.base import File
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundations.actions import entering
from foundations.actions.entering import (
    DecidedAlready,
    EntryRefused,
    FormUsed,
    FundClosed,
    SamePerson,
)
from foundations.actions.invoices import refuse_file
from foundations.actions.ledger import (
    FundTooSmall,
    Line,
    fund_account,
    house_account,
    lock_accounts,
    lock_funds,
    mirror,
    post_movements,
)
from foundations.models import (
    BudgetLine,
    Expense,
    Fund,
    FundTransfer,
    Grant,
    MoneyAccount,
    MoneyMovement,
    PaidFrom,
)
from foundations.money import format_money
from volunteers.models import User

__all__ = [
    "DecidedAlready",
    "EntryRefused",
    "EvidenceMissing",
    "FormUsed",
    "FundClosed",
    "InvoiceMissing",
    "NeedsConsent",
    "NotGeneral",
    "NotTwoFunds",
    "SamePerson",
    "WordsMissing",
    "approve_expense",
    "approve_grant",
    "approve_transfer",
    "enter_expense",
    "enter_grant",
    "enter_transfer",
    "reject_expense",
    "reject_grant",
    "reject_transfer",
    "reverse_entry",
]

Kind = MoneyAccount.Kind
Moved = MoneyMovement.Kind
SomeEntry = TypeVar("SomeEntry", Expense, Grant, FundTransfer)


class InvoiceMissing(EntryRefused):
    sentence = gettext_lazy("Please add the invoice: a photograph or a PDF.")


class WordsMissing(EntryRefused):
    sentence = gettext_lazy("Please say to whom and for what.")


class EvidenceMissing(EntryRefused):
    sentence = gettext_lazy("Please say what shows that the money may be used otherwise.")


class NeedsConsent(EntryRefused):
    sentence = gettext_lazy(
        "Money leaves this fund only when its donors agreed or the new use was filed."
    )


class NotGeneral(EntryRefused):
    sentence = gettext_lazy("Out of the general fund: please choose that reason.")


class NotTwoFunds(EntryRefused):
    sentence = gettext_lazy("Please choose two funds of this foundation in one currency.")


class OtherBudgetLine(EntryRefused):
    sentence = gettext_lazy(
        "This line of the budget is another fund's, or for another kind of spending."
    )


class NotInHand(EntryRefused):
    def __init__(self, *, account: MoneyAccount, left_minor: int) -> None:
        super().__init__(account, left_minor)
        self.account = account
        self.left_minor = left_minor

    def __str__(self) -> str:
        return _("%(account)s: there is only %(left)s.") % {
            "account": self.account.get_kind_display(),
            "left": format_money(self.left_minor, currency=self.account.currency),
        }


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
    payee_is_person: bool = False,
    budget_line: BudgetLine | None = None,
    paid_from: str = PaidFrom.BANK,
    nonce: uuid.UUID | None = None,
) -> Expense:
    """An expense waits for its approval. The same nonce enters once. Raises BookingRefused."""
    if not invoice:
        raise InvoiceMissing
    refuse_file(invoice)
    _refuse_empty(payee, purpose)
    _refuse_other_line(budget_line, fund=fund, kind=kind)
    return _enter(
        Expense(
            fund=fund, kind=kind, payee=payee.strip(), payee_is_person=payee_is_person,
            purpose=purpose.strip(), invoice=invoice, budget_line=budget_line,
            paid_from=paid_from,
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
    grantee_is_person: bool = False,
    budget_line: BudgetLine | None = None,
    nonce: uuid.UUID | None = None,
) -> Grant:
    """A grant waits for its approval. The same nonce enters once. Raises BookingRefused."""
    if agreement:
        refuse_file(agreement)
    _refuse_empty(grantee, purpose)
    _refuse_other_line(budget_line, fund=fund, kind=BudgetLine.Kind.GRANTS)
    return _enter(
        Grant(
            fund=fund, grantee=grantee.strip(), grantee_is_person=grantee_is_person,
            purpose=purpose.strip(), agreement=agreement or "", budget_line=budget_line,
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
    """Paid out of what it names and booked on its day. Pressed twice by the same person, done once.

    Raises SamePerson, DecidedAlready, FundTooSmall, NotInHand, MonthClosed.
    """
    return entering.approve(expense, by=by, book=partial(_book, by=by))


def approve_grant(*, grant: Grant, by: User) -> Grant:
    """As `approve_expense`."""
    return entering.approve(grant, by=by, book=partial(_book, by=by))


def approve_transfer(*, transfer: FundTransfer, by: User) -> FundTransfer:
    """As `approve_expense`."""
    return entering.approve(transfer, by=by, book=partial(_book, by=by))


def reject_expense(*, expense: Expense, reason: str, by: User) -> Expense:
    """Nothing is paid. Whoever entered it may take it back this way. Raises DecidedAlready."""
    return entering.reject(expense, reason=reason, by=by)


def reject_grant(*, grant: Grant, reason: str, by: User) -> Grant:
    """As `reject_expense`."""
    return entering.reject(grant, reason=reason, by=by)


def reject_transfer(*, transfer: FundTransfer, reason: str, by: User) -> FundTransfer:
    """As `reject_expense`."""
    return entering.reject(transfer, reason=reason, by=by)


def reverse_entry(
    *, entry: SomeEntry, reason: str, by: User, happened_on: date | None = None
) -> SomeEntry:
    """Undo what was approved by a further movement, dated today unless told.

    Raises DecidedAlready when it is not approved (any more), FundTooSmall, MonthClosed.
    """

    def undo(entry: SomeEntry) -> None:
        assert entry.movement is not None
        mirror(movement=entry.movement, reason=reason, by=by, happened_on=happened_on)

    return entering.reverse(entry, reason=reason, by=by, undo=undo)


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
    return entering.enter(
        entry, foundation=fund.foundation, currency=fund.currency,
        funds=[fund, *([other] if other else [])], amount_minor=amount_minor,
        happened_on=happened_on, by=by, nonce=nonce,
    )  # fmt: skip


def _book(entry: Expense | Grant | FundTransfer, *, by: User) -> MoneyMovement:
    _refuse_more_than_there(entry)
    line = _line_of(entry)
    _refuse_more_than_in_hand(line)
    return post_movements(
        foundation=entry.foundation, event=f"{entry._meta.model_name}:{entry.pk}",
        lines=[line], happened_on=entry.happened_on, by=by,
    )[0]  # fmt: skip


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
    if isinstance(entry, Grant):
        debit = fund_account(fund=entry.fund, kind=Kind.GRANTS_MADE)
        return Line(debit, _paying(entry, Kind.BANK), entry.amount_minor, Moved.GRANT)
    # An expense's kind is the name of the account it is spent from; `paid_from` of what pays.
    debit = fund_account(fund=entry.fund, kind=entry.kind)
    return Line(debit, _paying(entry, entry.paid_from), entry.amount_minor, Moved.EXPENSE)


def _paying(entry: Expense | Grant, kind: str) -> MoneyAccount:
    return house_account(foundation=entry.foundation, kind=kind, currency=entry.currency)


def _refuse_more_than_in_hand(line: Line) -> None:
    """A cash box and a store cannot pay what is not in them. Holds the fund's lock.

    The bank may be short in our books while money is still on its way from the processor.
    """
    if line.credit.kind not in {Kind.CASH, Kind.GOODS}:
        return
    held = lock_accounts([line.debit, line.credit])[line.credit.pk]
    if held < line.amount_minor:
        raise NotInHand(account=line.credit, left_minor=held)


def _refuse_other_line(line: BudgetLine | None, *, fund: Fund, kind: str) -> None:
    if line is not None and (line.fund_id, line.kind) != (fund.pk, kind):
        raise OtherBudgetLine


def _refuse_empty(*words: str) -> None:
    if not all(word.strip() for word in words):
        raise WordsMissing
