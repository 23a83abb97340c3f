"""Gifts that come without a gateway: by bank transfer, in cash, in goods.

One person enters, another confirms; only then there is a gift, in the books and in the donor's
hands. Goods stand in the books at the value that the evidence shows, until they are handed out
(an expense that is paid from goods).
"""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from functools import partial
from typing import Any

from django.core.files.base import File
from django.utils import timezone
from django.utils.translation import gettext_lazy

from foundations.actions import entering
from foundations.actions.bank_lines import (
    LineGone,
    free_line,
    lock_line,
    match_to,
    refuse_decided,
)
from foundations.actions.entering import EntryRefused
from foundations.actions.gift_events import gift_event
from foundations.actions.gifts import book_gift
from foundations.actions.invoices import refuse_file
from foundations.actions.ledger import (
    booked_within,
    lock_accounts,
    lock_funds,
    mirror,
    standing,
)
from foundations.actions.settling import finish_paid, lock_gift
from foundations.models import BankLine, Donor, Fund, Gift, MoneyMovement, OfflineGift, ShownAs
from foundations.names import new_number
from volunteers.models import User

How = OfflineGift.How
GATEWAY = "offline"
NOON = time(12)


class GoodsUnnamed(EntryRefused):
    sentence = gettext_lazy("Please say what was given, how many, and what shows its value.")


class EvidenceForGoods(EntryRefused):
    sentence = gettext_lazy(
        "Please add what shows the value of the goods: an invoice, a photograph of the price."
    )


class CompanyUnnamed(EntryRefused):
    sentence = gettext_lazy("Please write the name of the company.")


class PartRefunded(EntryRefused):
    sentence = gettext_lazy(
        "A refund of this gift was asked for or made. Refund what is left of it instead."
    )


# Entering


def enter_offline_gift(
    *,
    fund: Fund,
    how: str,
    amount_minor: int,
    happened_on: date,
    by: User,
    donor_kind: str = Donor.Kind.PERSON,
    donor_name: str = "",
    donor_email: str = "",
    donor_phone: str = "",
    donor_credit_code: str = "",
    shown_as: str = ShownAs.MASKED,
    dedication: str = "",
    goods: str = "",
    note: str = "",
    evidence: File[Any] | None = None,
    bank_line: BankLine | None = None,
    nonce: uuid.UUID | None = None,
) -> OfflineGift:
    """A gift waits to be confirmed. The same nonce enters once. Raises BookingRefused.

    With a line of a bank statement it is that line's gift, to the cent.
    """
    if evidence:
        refuse_file(evidence)
    if how == How.GOODS and not goods.strip():
        raise GoodsUnnamed
    if how == How.GOODS and not evidence:
        raise EvidenceForGoods
    if donor_kind == Donor.Kind.COMPANY and not donor_name.strip():
        raise CompanyUnnamed
    gift = OfflineGift(
        fund=fund, how=how, donor_kind=donor_kind, donor_name=donor_name.strip(),
        donor_email=donor_email.strip().lower(), donor_phone=donor_phone.strip(),
        donor_credit_code=donor_credit_code.strip(), shown_as=shown_as,
        dedication=dedication.strip(), goods=goods.strip(), note=note.strip(),
        evidence=evidence or "", bank_line=bank_line,
    )  # fmt: skip
    return entering.enter(
        gift, foundation=fund.foundation, currency=fund.currency, funds=[fund],
        amount_minor=amount_minor, happened_on=happened_on, by=by, nonce=nonce,
        hold=partial(_hold_line, gift),
    )  # fmt: skip


def _hold_line(gift: OfflineGift) -> None:
    """Nobody explains the line otherwise until the gift waits for it."""
    if gift.bank_line is None:
        return
    line = lock_line(gift.bank_line)
    refuse_decided(line)
    says = (line.foundation_id, line.currency, line.amount_minor, How.BANK)
    if says != (gift.foundation_id, gift.currency, gift.amount_minor, gift.how):
        raise LineGone


# Deciding


def approve_offline_gift(*, entry: OfflineGift, by: User) -> OfflineGift:
    """It came: from now on a paid gift, with its confirmation, thanks and sponsors' shares.

    Raises SamePerson, DecidedAlready, BookingRefused.
    """
    return entering.approve(entry, by=by, book=partial(_book, by=by))


def reject_offline_gift(*, entry: OfflineGift, reason: str, by: User) -> OfflineGift:
    """It did not come, or not so. Raises DecidedAlready, ReasonMissing."""
    return entering.reject(entry, reason=reason, by=by)


def reverse_offline_gift(
    *, entry: OfflineGift, reason: str, by: User, happened_on: date | None = None
) -> OfflineGift:
    """It was entered wrongly: out of the books again, with the sponsors' shares.

    The gift and the number of its confirmation stay, as fully taken back. For money that goes
    back to a donor there are refunds. Raises PartRefunded, FundTooSmall, DecidedAlready.
    """
    undo = partial(_undo, reason=reason, by=by, happened_on=happened_on)
    return entering.reverse(entry, reason=reason, by=by, undo=undo)


def _book(entry: OfflineGift, *, by: User) -> MoneyMovement:
    line = lock_line(entry.bank_line) if entry.bank_line else None
    if line is not None:
        refuse_decided(line, meant_for=entry)
    gift = Gift.objects.create(
        foundation=entry.foundation, fund=entry.fund, number=new_number("G"), gateway=GATEWAY,
        amount_minor=entry.amount_minor, currency=entry.currency, donor=_donor_of(entry),
        donor_name=entry.donor_name, shown_as=entry.shown_as, state=Gift.State.PAID,
        method=entry.how, fee_minor=0, dedication=entry.dedication,
        paid_at=_moment_of(entry.happened_on), is_live=True, offline=entry,
    )  # fmt: skip
    movements = book_gift(
        fund=entry.fund, key=gift.number, amount_minor=entry.amount_minor,
        happened_on=entry.happened_on, by=by, into=entry.how,
    )  # fmt: skip
    finish_paid(gift=gift, by=by)
    if line is not None:
        match_to(line=line, movement=movements[0], by=by)
    return movements[0]


def _undo(entry: OfflineGift, *, reason: str, by: User, happened_on: date | None) -> None:
    line = lock_line(entry.bank_line) if entry.bank_line else None
    gift = lock_gift(entry.gift)
    if gift.refunded_minor or gift.refunds.exclude(state="rejected").exists():
        raise PartRefunded
    movements = standing(booked_within(gift_event(gift.number)))
    accounts = [a for m in movements for a in (m.debit_account, m.credit_account)]
    lock_funds(account.fund_id for account in accounts if account.fund_id)
    lock_accounts(accounts)
    # The sponsors' shares first: they came last.
    for movement in reversed(movements):
        mirror(movement=movement, reason=reason, by=by, happened_on=happened_on)
    gift.refunded_minor = gift.amount_minor
    gift.save(update_fields=["refunded_minor"])
    if line is not None:
        free_line(line=line, reason=reason, by=by)


def _donor_of(entry: OfflineGift) -> Donor | None:
    """Somebody known by mail is the same donor; without a mail each gift has a donor of its own.

    Two people of one name are not one donor.
    """
    if not (entry.donor_name or entry.donor_email):
        return None
    facts = {
        "name": entry.donor_name,
        "phone": entry.donor_phone,
        "credit_code": entry.donor_credit_code,
    }
    # Not the donor of an account: that somebody wrote down an address proves nothing.
    who = {"foundation": entry.foundation, "kind": entry.donor_kind, "user": None}
    if not entry.donor_email:
        return Donor.objects.create(**who, **facts)
    known = Donor.objects.filter(**who, email__iexact=entry.donor_email).order_by("pk").first()
    if known is not None:
        return known
    # Two of one donor's gifts may be confirmed at the same moment.
    made, _is_new = Donor.objects.get_or_create(**who, email=entry.donor_email, defaults=facts)
    return made


def _moment_of(day: date) -> datetime:
    """Noon of the day, or now while it is still morning."""
    noon = timezone.make_aware(datetime.combine(day, NOON))
    return min(noon, timezone.now())
