"""A fund's words, its plan as the law wants it (D3), and its budget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from foundations.actions.books import BooksRefused, FundNameTaken
from foundations.actions.ledger import DayToCome, constraint_of
from foundations.models import BudgetLine, Fund, FundPlan, MoneyAccount, MoneyMovement
from volunteers.models import User

# D3: filed so many days before the first; in an emergency so many days after it at the latest.
FILING_DAYS = 10

PLAN_FIELDS = (
    "starts_on", "ends_on", "target_minor", "area", "lead", "office", "methods", "account",
    "beneficiaries", "beneficiaries_en", "use", "use_en", "cost", "surplus", "is_emergency",
    "filing_number", "filed_on",
)  # fmt: skip
# A translation is not what was filed.
NOT_FILED = ("beneficiaries_en", "use_en", "filing_number", "filed_on")


class PlanRefused(BooksRefused):
    """The plan stays as it is; `str()` is the sentence for the person."""


class DaysInDisorder(PlanRefused):
    sentence = gettext_lazy("The last day comes before the first.")


class FilingIncomplete(PlanRefused):
    sentence = gettext_lazy("A filing has a number and a day: please write both, or neither.")


class FilingNumberTaken(PlanRefused):
    sentence = gettext_lazy("Another fund has this filing number. Each plan is filed for itself.")


class FiledAnew(PlanRefused):
    sentence = gettext_lazy(
        "This plan was filed. A change is filed anew: please write its new number and day."
    )


class FiledTooLate(PlanRefused):
    def __init__(self, *, latest: date) -> None:
        super().__init__(latest)
        self.latest = latest

    def __str__(self) -> str:
        return _(
            "A plan is filed at least ten days before its first day: by %(day)s at the latest."
        ) % {"day": self.latest.isoformat()}


class EmergencyFiledTooLate(FiledTooLate):
    def __str__(self) -> str:
        return _(
            "In an emergency a plan is filed within ten days after its first day: by %(day)s at"
            " the latest."
        ) % {"day": self.latest.isoformat()}


class PurposeStays(BooksRefused):
    sentence = gettext_lazy(
        "People have given for this purpose: it stays. Money for another purpose needs a transfer"
        " with the donors' consent, or a new filing."
    )


class BudgetLineInUse(BooksRefused):
    def __init__(self, *, line: BudgetLine) -> None:
        super().__init__(line)
        self.line = line

    def __str__(self) -> str:
        return _("“%(line)s” stays: money was spent on it.") % {"line": self.line}


class BudgetLineTwice(BooksRefused):
    sentence = gettext_lazy("Two lines have the same name.")


@dataclass(frozen=True)
class PlannedLine:
    """A line of the budget as it is to be; `number` None for a new one."""

    number: int | None
    name: str
    name_en: str
    kind: str
    amount_minor: int


@transaction.atomic
def change_fund(
    *, fund: Fund, name: str, name_en: str, purpose: str, purpose_en: str, by: User
) -> Fund:
    """Its words. The purpose stays once somebody has given. Raises PurposeStays, FundNameTaken."""
    fund = Fund.objects.select_for_update(no_key=True).get(pk=fund.pk)
    if fund.is_restricted and purpose.strip() != fund.purpose.strip() and _has_movements(fund):
        raise PurposeStays
    fund.name, fund.name_en = name.strip(), name_en.strip()
    fund.purpose, fund.purpose_en = purpose, purpose_en
    try:
        with transaction.atomic():
            fund.save(update_fields=["name", "name_en", "purpose", "purpose_en"])
    except IntegrityError as refused:
        if constraint_of(refused) != "fund_name_once":
            raise
        raise FundNameTaken from refused
    log(instance=fund, action="foundations.change_fund", user=by)
    return fund


@transaction.atomic
def save_plan(*, fund: Fund, by: User, **fields: Any) -> FundPlan:
    """Write the fund's plan, whole. What was filed changes only with a new filing.

    Raises PlanRefused, DayToCome.
    """
    Fund.objects.select_for_update(no_key=True).get(pk=fund.pk)
    before = FundPlan.objects.filter(fund=fund).first()
    plan = FundPlan(fund=fund, **{name: fields[name] for name in PLAN_FIELDS if name in fields})
    _refuse_plan(plan, before=before)
    try:
        with transaction.atomic():
            plan.save(force_insert=before is None, force_update=before is not None)
    except IntegrityError as refused:
        if constraint_of(refused) != "fund_plan_filing_number_once":
            raise
        raise FilingNumberTaken from refused
    log(
        instance=fund, action="foundations.save_plan", user=by,
        data={"filing_number": plan.filing_number},
    )  # fmt: skip
    return plan


@transaction.atomic
def set_budget(*, fund: Fund, lines: Iterable[PlannedLine], by: User) -> list[BudgetLine]:
    """The fund's budget is these lines, in this order. Raises BudgetLineInUse, BudgetLineTwice."""
    Fund.objects.select_for_update(no_key=True).get(pk=fund.pk)
    planned = list(lines)
    if len({line.name for line in planned}) < len(planned):
        raise BudgetLineTwice
    there = {line.pk: line for line in fund.budget_lines.all()}
    kept = {line.number for line in planned if line.number in there}
    for number, line in there.items():
        if number not in kept:
            _take_away(line)
    # Two lines may change names with one another: the old ones go out of the way first.
    for number in kept:
        assert number is not None
        BudgetLine.objects.filter(pk=number).update(name=f"\u200b{number}")
    written = []
    for position, plan in enumerate(planned):
        line = there.get(plan.number or 0) or BudgetLine(fund=fund)
        if line.pk and line.kind != plan.kind and _is_in_use(line):
            raise BudgetLineInUse(line=line)
        line.position, line.kind, line.amount_minor = position, plan.kind, plan.amount_minor
        line.name, line.name_en = plan.name, plan.name_en
        line.save()
        written.append(line)
    log(instance=fund, action="foundations.set_budget", user=by, data={"lines": len(written)})
    return written


def _refuse_plan(plan: FundPlan, *, before: FundPlan | None) -> None:
    if plan.starts_on > plan.ends_on:
        raise DaysInDisorder
    if bool(plan.filing_number) != (plan.filed_on is not None):
        raise FilingIncomplete
    if plan.filed_on and plan.filed_on > timezone.localdate():
        raise DayToCome
    was_filed = before is not None and bool(before.filing_number)
    if was_filed and before is not None:
        if _differs(plan, before) and plan.filing_number in {"", before.filing_number}:
            raise FiledAnew
        return  # a change may be filed after the first day
    if plan.filed_on is None:
        return
    if plan.is_emergency:
        latest = plan.starts_on + timedelta(days=FILING_DAYS)
        if plan.filed_on > latest:
            raise EmergencyFiledTooLate(latest=latest)
        return
    latest = plan.starts_on - timedelta(days=FILING_DAYS)
    if plan.filed_on > latest:
        raise FiledTooLate(latest=latest)


def _differs(plan: FundPlan, before: FundPlan) -> bool:
    filed = [name for name in PLAN_FIELDS if name not in NOT_FILED]
    return any(getattr(plan, name) != getattr(before, name) for name in filed)


def _take_away(line: BudgetLine) -> None:
    try:
        with transaction.atomic():
            line.delete()
    except ProtectedError as refused:
        raise BudgetLineInUse(line=line) from refused


def _is_in_use(line: BudgetLine) -> bool:
    return line.expenses.exists() or line.grants.exists()


def _has_movements(fund: Fund) -> bool:
    gifts = MoneyAccount.objects.filter(fund=fund)
    return MoneyMovement.objects.filter(credit_account__in=gifts).exists()
