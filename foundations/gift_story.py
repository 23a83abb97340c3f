"""What became of a gift, for its donor: its story, what the fund did since, a copy to keep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from foundations.models import (
    Confirmation,
    Disclosure,
    Dispute,
    FundUpdatePage,
    Gift,
    Refund,
)
from foundations.money import format_money, format_plain

UPDATES_SHOWN = 6
DISCLOSURES_SHOWN = 6


@dataclass(frozen=True)
class Step:
    """One line of the story; `state` is done, now or wrong, as components/timeline.html has it."""

    at: datetime
    title: str
    text: str = ""
    state: str = "done"


def story_of(gift: Gift) -> list[Step]:
    """From the first press to the last thing that happened."""
    steps = [Step(gift.created_at, _("Begun")), *_payment(gift)]
    confirmation = Confirmation.objects.filter(gift=gift).first()
    if confirmation and confirmation.fiscal_at:
        steps.append(Step(confirmation.fiscal_at, _("Fiscal receipt"), confirmation.fiscal_number))
    for refund in gift.refunds.all():
        steps += _refund(refund)
    for dispute in gift.disputes.all():
        steps += _dispute(dispute)
    return sorted(steps, key=lambda step: step.at)


def updates_since(gift: Gift) -> QuerySet[FundUpdatePage]:
    """What the project told since the gift, the newest first."""
    updates = FundUpdatePage.objects.live().order_by("-happened_on", "-id")
    page = getattr(gift.fund, "page", None)
    if page is None or gift.paid_at is None:
        return updates.none()
    return updates.child_of(page).filter(happened_on__gte=timezone.localdate(gift.paid_at))[
        :UPDATES_SHOWN
    ]


def reports_of(gift: Gift) -> QuerySet[Disclosure]:
    """What was published on the fund, as it stands now, the newest first."""
    return Disclosure.objects.filter(
        fund=gift.fund_id, published_at__isnull=False, replaced_by=None
    ).order_by("-last_on", "-id")[:DISCLOSURES_SHOWN]


def rows_of(gifts: Iterable[Gift]) -> list[dict[str, Any]]:
    """All we keep about gifts, JSON-serialisable, for the copy that their donor takes along."""
    return [
        {
            "number": gift.number,
            "foundation": gift.foundation.organisation.name,
            "fund": gift.fund.name,
            "amount": format_plain(gift.amount_minor, currency=gift.currency),
            "refunded": format_plain(gift.refunded_minor, currency=gift.currency),
            "currency": gift.currency,
            "state": gift.state,
            "way": gift.method,
            "given_by": gift.donor_name,
            "email": gift.donor.email if gift.donor else "",
            "phone": gift.donor.phone if gift.donor else "",
            "shown": gift.shown_as,
            "for_whom": gift.dedication,
            "message": gift.message,
            "begun_at": gift.created_at.isoformat(),
            "paid_at": gift.paid_at.isoformat() if gift.paid_at else None,
            "confirmation": gift.confirmation.number if hasattr(gift, "confirmation") else None,
            "questions": [
                {"question": asked.text, "answer": asked.answer}
                for asked in gift.questions.order_by("id")
            ],
        }
        for gift in gifts
    ]


def _payment(gift: Gift) -> list[Step]:
    if gift.paid_at:
        return [Step(gift.paid_at, _("Paid"), gift.get_method_display())]
    ended = gift.ended_at or gift.created_at
    if gift.state == Gift.State.FAILED:
        return [Step(ended, _("The payment did not work"), _("Nothing was taken."), "wrong")]
    if gift.state == Gift.State.EXPIRED:
        return [Step(ended, _("Not completed"), _("Nothing was taken."), "wrong")]
    if gift.state == Gift.State.PENDING:
        text = _("Your bank takes some days. The confirmation comes when it has arrived.")
        return [Step(gift.created_at, _("On its way"), text, "now")]
    return []


def _refund(refund: Refund) -> list[Step]:
    """What is only being talked about in the office is no part of the story yet."""
    amount = {"amount": format_money(refund.amount_minor, currency=refund.currency)}
    decided = refund.approved_at or refund.asked_at
    if refund.state == Refund.State.PAID:
        return [Step(refund.paid_at or decided, _("%(amount)s paid back") % amount)]
    if refund.state in {Refund.State.APPROVED, Refund.State.PENDING}:
        return [Step(decided, _("%(amount)s is on its way back") % amount, state="now")]
    if refund.state == Refund.State.FAILED:
        text = _("The foundation will find another way. You may ask below.")
        return [Step(decided, _("%(amount)s could not be paid back") % amount, text, "wrong")]
    if refund.state == Refund.State.WAIVED:
        return [Step(decided, _("%(amount)s stays with the foundation") % amount)]
    return []


def _dispute(dispute: Dispute) -> list[Step]:
    amount = {"amount": format_money(dispute.amount_minor, currency=dispute.currency)}
    steps = [Step(dispute.opened_at, _("Your bank took %(amount)s back") % amount, state="wrong")]
    if dispute.state == Dispute.State.OPEN:
        return steps
    closed = dispute.closed_at or dispute.opened_at
    if dispute.state == Dispute.State.WON:
        return [*steps, Step(closed, _("Your bank gave it to the foundation again"))]
    return [*steps, Step(closed, _("It stays with you: the gift is undone"), state="wrong")]
