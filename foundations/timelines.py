"""What happened to a refund, in the order in which it did: from the row, the books and the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.models import ModelLogEntry

from foundations.models import MoneyAccount, MoneyMovement, Refund
from volunteers.models import User

Moved = MoneyMovement.Kind
Kind = MoneyAccount.Kind

BY_PEOPLE: dict[str, str | Promise] = {
    "foundations.ask_refund": _("Asked for"),
    "foundations.approve_refund": _("Approved"),
    "foundations.reject_refund": _("Rejected"),
    "foundations.send_refund_again": _("Sent once more"),
    "foundations.mark_refund_paid": _("Written down as paid by hand"),
    "foundations.mark_refund_came_back": _("Written down as sent back"),
    "foundations.waive_refund": _("Left with us by the donor"),
    "foundations.refund_at_gateway": _("Made at the payment service"),
}
IN_THE_BOOKS: dict[str, str | Promise] = {
    Moved.REFUND: _("Taken out of the fund; owed to the donor"),
    Moved.REFUND_PAID: _("Money left the payment service"),
    Moved.REFUND_FAILED: _("Money came back; owed to the donor"),
    Moved.REFUND_WAIVED: _("Put back into the fund"),
    Moved.MATCHING_RETURNED: _("The sponsor's share went back to the pot"),
}
BY_HAND: dict[str, str | Promise] = {
    Kind.BANK: _("Money left the bank"),
    Kind.CASH: _("Money left the cash box"),
}


@dataclass(frozen=True)
class Moment:
    """`by` None: nobody here, the payment service told of it."""

    at: datetime
    words: str | Promise
    by: User | None = None
    amount_minor: int | None = None
    # A person did it; else the books followed.
    is_deed: bool = True


def refund_timeline(refund: Refund) -> list[Moment]:
    moments = [*_deeds(refund), *_bookings(refund)]
    return sorted(moments, key=lambda moment: (moment.at, not moment.is_deed))


def _deeds(refund: Refund) -> list[Moment]:
    logged = ModelLogEntry.objects.for_instance(refund).filter(action__in=BY_PEOPLE)
    return [
        Moment(entry.timestamp, BY_PEOPLE[entry.action], entry.user)
        for entry in logged.select_related("user")
    ]


def _bookings(refund: Refund) -> list[Moment]:
    event = f"gift:{refund.gift.number}:refund:{refund.number}"
    movements = MoneyMovement.objects.filter(Q(event=event) | Q(event__startswith=f"{event}:"))
    return [
        Moment(moved.created_at, _words(moved), None, moved.amount_minor, is_deed=False)
        for moved in movements.select_related("credit_account").order_by("pk")
    ]


def _words(moved: MoneyMovement) -> str | Promise:
    if moved.kind == Moved.REFUND_PAID and moved.credit_account.kind in BY_HAND:
        return BY_HAND[moved.credit_account.kind]
    return IN_THE_BOOKS.get(moved.kind, moved.get_kind_display())
