"""What a sponsor gives for the points that people give to a project, up to a ceiling.

Points never turn into money: they say what moved a sponsor to give. When the sponsor has paid, the
money is a gift to the fund and the project's points count as used, in one transaction.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from wagtail.log_actions import log

from foundations.actions import entering
from foundations.actions.books import FundOfAnother
from foundations.actions.entering import EntryRefused
from foundations.actions.ledger import (
    Line,
    NothingToBook,
    fund_account,
    house_account,
    mirror,
    post_movements,
)
from foundations.models import (
    Entry,
    Fund,
    MoneyAccount,
    MoneyMovement,
    PledgePayment,
    PointsPledge,
)
from foundations.money import format_money
from points.actions.projects import GiftRefused, spend_project_points, take_back_spending
from points.models import Movement, PointsProject
from volunteers.models import User

Kind = MoneyAccount.Kind
State = Entry.State


class DaysReversed(EntryRefused):
    sentence = gettext_lazy("The first day comes after the last.")


class MoreThanDue(EntryRefused):
    def __init__(self, *, due: PledgeDue) -> None:
        super().__init__(due)
        self.due = due

    def __str__(self) -> str:
        return _("For the points given so far, %(due)s is due and no more.") % {
            "due": format_money(self.due.due_minor, currency=self.due.currency)
        }


class PointsUsed(EntryRefused):
    """The project's own word for why its points cannot be used."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said

    def __str__(self) -> str:
        return self.said


@dataclass(frozen=True)
class PledgeDue:
    """How a pledge stands. `paid_` is approved, `waiting_` entered and not decided yet."""

    currency: str
    given_points: int  # in the pledge's days
    paid_points: int
    paid_minor: int
    waiting_minor: int
    due_minor: int  # for the points that nobody has paid for or entered yet


def create_pledge(
    *,
    fund: Fund,
    project: PointsProject,
    sponsor: str,
    per_points: int,
    pays_minor: int,
    ceiling_minor: int,
    starts_on: date,
    ends_on: date,
    by: User | None,
    sponsor_en: str = "",
) -> PointsPledge:
    """A sponsor's promise. Nothing is booked until the sponsor pays. Raises BookingRefused.

    The project belongs to the fund's own organisation: nobody else's points are spoken for.
    """
    if project.organisation_id != fund.foundation.organisation_id:
        raise FundOfAnother
    if min(per_points, pays_minor, ceiling_minor) < 1:
        raise NothingToBook
    if starts_on > ends_on:
        raise DaysReversed
    with transaction.atomic():
        pledge = PointsPledge.objects.create(
            foundation=fund.foundation, fund=fund, project=project, sponsor=sponsor.strip(),
            sponsor_en=sponsor_en.strip(), currency=fund.currency, per_points=per_points,
            pays_minor=pays_minor, ceiling_minor=ceiling_minor, starts_on=starts_on,
            ends_on=ends_on,
        )  # fmt: skip
        log(instance=pledge, action="foundations.create_pledge", user=by)
    return pledge


def enter_pledge_payment(
    *,
    pledge: PointsPledge,
    amount_minor: int,
    happened_on: date,
    by: User,
    nonce: uuid.UUID | None = None,
) -> PledgePayment:
    """The sponsor paid; it waits for its approval. Raises MoreThanDue, BookingRefused."""
    # As many points as the sum pays for, a part of a step as a whole one.
    steps = -(-amount_minor // pledge.pays_minor)
    payment = PledgePayment(pledge=pledge, fund=pledge.fund, points=steps * pledge.per_points)
    return entering.enter(
        payment, foundation=pledge.foundation, currency=pledge.currency, funds=[pledge.fund],
        amount_minor=amount_minor, happened_on=happened_on, by=by, nonce=nonce,
        hold=partial(_refuse_more_than_due, pledge, amount_minor),
    )  # fmt: skip


def approve_pledge_payment(*, payment: PledgePayment, by: User) -> PledgePayment:
    """A gift to the fund, and the project's points are used for it, both or neither.

    Raises SamePerson, DecidedAlready, PointsUsed.
    """
    return entering.approve(payment, by=by, book=partial(_book, by=by))


def reject_pledge_payment(*, payment: PledgePayment, reason: str, by: User) -> PledgePayment:
    """Nothing moves. Raises DecidedAlready, ReasonMissing."""
    return entering.reject(payment, reason=reason, by=by)


def reverse_pledge_payment(*, payment: PledgePayment, reason: str, by: User) -> PledgePayment:
    """It was entered wrongly: out of the books, and the points are the project's again.

    Raises DecidedAlready, FundTooSmall, ReasonMissing.
    """

    def undo(payment: PledgePayment) -> None:
        assert payment.movement is not None
        spending = Movement.objects.filter(reference=f"spent:{payment.nonce}").first()
        if spending is not None and reason.strip():
            take_back_spending(spending=spending, why=reason, by=by)
        mirror(movement=payment.movement, reason=reason, by=by)

    return entering.reverse(payment, reason=reason, by=by, undo=undo)


def due_of(pledge: PointsPledge) -> PledgeDue:
    """What the sponsor owes by now for what people gave, below the ceiling.

    Points that the project has used otherwise are nobody's to pay for.
    """
    entered = pledge.payments.filter(state__in=[State.ENTERED, State.APPROVED])
    paid = entered.filter(state=State.APPROVED).aggregate(Sum("points"), Sum("amount_minor"))
    waiting = entered.filter(state=State.ENTERED).aggregate(Sum("points"), Sum("amount_minor"))
    paid_points, paid_minor = paid["points__sum"] or 0, paid["amount_minor__sum"] or 0
    waiting_points = waiting["points__sum"] or 0
    waiting_minor = waiting["amount_minor__sum"] or 0
    given = _given_points(pledge)
    there = PointsProject.objects.values_list("account__balance_points", flat=True)
    open_points = min(given - paid_points, there.get(pk=pledge.project_id)) - waiting_points
    steps = max(0, open_points) // pledge.per_points
    left = pledge.ceiling_minor - paid_minor - waiting_minor
    return PledgeDue(
        currency=pledge.currency,
        given_points=given,
        paid_points=paid_points,
        paid_minor=paid_minor,
        waiting_minor=waiting_minor,
        due_minor=max(0, min(steps * pledge.pays_minor, left)),
    )


def _given_points(pledge: PointsPledge) -> int:
    first = _midnight(pledge.starts_on)
    after = _midnight(pledge.ends_on + timedelta(days=1))
    given = Movement.objects.filter(
        credit_account=pledge.project.account_id, kind=Movement.Kind.GIFT,
        happened_at__gte=first, happened_at__lt=after,
    )  # fmt: skip
    return given.aggregate(Sum("points"))["points__sum"] or 0


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _refuse_more_than_due(pledge: PointsPledge, amount_minor: int) -> None:
    """Under the pledge's lock: two payments at once do not both find the same points."""
    pledge = PointsPledge.objects.select_for_update(of=("self",), no_key=True).get(pk=pledge.pk)
    due = due_of(pledge)
    if amount_minor > due.due_minor:
        raise MoreThanDue(due=due)


def _book(payment: PledgePayment, *, by: User) -> MoneyMovement:
    pledge = payment.pledge
    # The ceiling is held by the database too; here it waits for whoever enters at this moment.
    PointsPledge.objects.select_for_update(of=("self",), no_key=True).get(pk=pledge.pk)
    try:
        spend_project_points(
            project=pledge.project, points=payment.points, purpose=_purpose(payment), by=by,
            nonce=payment.nonce,
        )  # fmt: skip
    except GiftRefused as refused:
        raise PointsUsed(str(refused)) from refused
    bank = house_account(foundation=payment.foundation, kind=Kind.BANK, currency=payment.currency)
    gifts = fund_account(fund=payment.fund, kind=Kind.GIFTS)
    line = Line(bank, gifts, payment.amount_minor, MoneyMovement.Kind.GIFT)
    return post_movements(
        foundation=payment.foundation, event=f"pledgepayment:{payment.pk}", lines=[line],
        happened_on=payment.happened_on, by=by, text=pledge.sponsor,
    )[0]  # fmt: skip


def _purpose(payment: PledgePayment) -> str:
    """Read by everybody who gave, on the project's page: in the city's language."""
    with override("zh-hans"):
        return _("%(sponsor)s gave %(amount)s for these points to “%(fund)s”.") % {
            "sponsor": payment.pledge.sponsor,
            "amount": format_money(payment.amount_minor, currency=payment.currency),
            "fund": payment.fund.name,
        }
