from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import log

from points.models import AwardRule, BonusBudget
from points.rule_terms import MOST_BUDGET_POINTS, RuleTerms, Sentence
from volunteers.actions.records import owe_records_again
from volunteers.models import User

LATEST_DAY = date(2099, 12, 31)

# Rules are written one after another: what stands before and after a new one must hold still.
_WRITING_LOCK = 0x52554C45


class RuleRefused(Exception):
    """The rule cannot be written; `str()` is the sentence for the member of staff."""

    sentence: str | Promise = _("This rule cannot be written.")
    # Beside which entry of a form it is said.
    entry = "starts_on"

    def __str__(self) -> str:
        return str(self.sentence)


class RuleInThePast(RuleRefused):
    sentence = _("A rule starts today or later: what service was worth never changes afterwards.")


class RuleEndsInThePast(RuleRefused):
    entry = "last_day"
    sentence = _("A rule ends today or later: what service was worth never changes afterwards.")


class RuleTooFarAhead(RuleRefused):
    sentence = _("No day after the year 2099, please.")

    def __init__(self, entry: str) -> None:
        super().__init__()
        self.entry = entry


class RuleOfTodayInForce(RuleRefused):
    sentence = _("A rule of this kind holds today already. Its next version can start tomorrow.")


class LimitStartsToday(RuleRefused):
    sentence = _("A limit starts tomorrow at the earliest: today's points may be given already.")


class RuleEndsBeforeStart(RuleRefused):
    entry = "last_day"
    sentence = _("The last day must not be before the first.")


class RuleEndsLater(RuleRefused):
    entry = "last_day"
    sentence = _("This rule ends sooner already. To let it go on, write its next version.")


class LaterVersionExists(RuleRefused):
    sentence = _("A later version of this rule has been written already. Take that one away first.")


class RuleStarted(RuleRefused):
    sentence = _("This rule has held already. It can be ended, but not taken away.")


class TermsRefused(RuleRefused):
    """A rule that says something impossible; `faults` has a sentence by setting."""

    def __init__(self, faults: Mapping[str, Sentence]) -> None:
        super().__init__()
        self.faults = faults
        self.sentence = next(iter(faults.values()))


class BonusWithoutBudget(RuleRefused):
    sentence = _("This bonus has no budget. Its next version can have one.")


class BudgetBelowGranted(RuleRefused):
    def __init__(self, granted_points: int) -> None:
        super().__init__()
        self.sentence = _("%(points)s points of it are given already: not less than that.") % {
            "points": granted_points
        }


class BudgetTooLarge(RuleRefused):
    sentence = _("At most 100,000,000 points.")


def earliest_start(*, kind: str) -> date:
    """Tomorrow; today while the city has no rule of that kind at all, so that it can begin.

    A limit never reaches back into today: it counts from its first day's first record.
    """
    today = timezone.localdate()
    in_force = AwardRule.objects.filter(kind=kind).on(today).exists()
    return today + timedelta(days=1) if in_force or kind in AwardRule.CAPS else today


def start_award_rule(
    *,
    terms: RuleTerms,
    starts_on: date,
    by: User | None,
    last_day: date | None = None,
    tried: Mapping[str, Any] | None = None,
) -> AwardRule:
    """A rule, or the next version of one: the version in force ends the day before.

    `tried` is what a dry run said of it, for the log. Raises TermsRefused, RuleInThePast,
    RuleTooFarAhead, RuleOfTodayInForce, LimitStartsToday, RuleEndsBeforeStart, LaterVersionExists.
    """
    today = timezone.localdate()
    if starts_on < today:
        raise RuleInThePast
    _refuse_too_far_ahead(starts_on=starts_on, last_day=last_day)
    if last_day is not None and last_day < starts_on:
        raise RuleEndsBeforeStart
    if faults := terms.faults(last_day=last_day):
        raise TermsRefused(faults)
    with transaction.atomic():
        _write_alone()
        if starts_on < earliest_start(kind=terms.kind):
            raise LimitStartsToday if terms.kind in AwardRule.CAPS else RuleOfTodayInForce
        rule = terms.unsaved()
        rule.holds = _days(starts_on, last_day)
        rule.created_by = by
        _end_version_before(rule, starts_on=starts_on)
        rule.save()
        if terms.budget_points is not None:
            BonusBudget.objects.create(rule=rule, budget_points=terms.budget_points)
        log(rule, "points.rule_started", user=by, data=_what_it_says(rule) | {"tried": tried})
        if starts_on == today:
            # Service of today that was settled without it is looked at once more.
            owe_records_again(served_from=today)
    return rule


def replace_award_rule(
    *,
    rule: AwardRule,
    terms: RuleTerms,
    starts_on: date,
    by: User | None,
    last_day: date | None = None,
    tried: Mapping[str, Any] | None = None,
) -> AwardRule:
    """The next version of `rule`; takes its place when it has not begun. Raises as start does.

    The terms are of the same kind and concern the same as the rule's own.
    """
    with transaction.atomic():
        _write_alone()
        rule = AwardRule.objects.get(pk=rule.pk)
        if rule.starts_on is not None and rule.starts_on > timezone.localdate():
            remove_award_rule(rule=rule, by=by)
        return start_award_rule(
            terms=terms, starts_on=starts_on, last_day=last_day, by=by, tried=tried
        )


def end_award_rule(*, rule: AwardRule, last_day: date, by: User | None) -> AwardRule:
    """The rule holds up to and with `last_day`, today at the earliest.

    Raises RuleEndsInThePast, RuleTooFarAhead, RuleEndsLater, RuleEndsBeforeStart.
    """
    _refuse_too_far_ahead(last_day=last_day)
    with transaction.atomic():
        _write_alone()
        rule = AwardRule.objects.select_for_update().get(pk=rule.pk)
        starts_on = rule.starts_on
        if last_day < timezone.localdate():
            raise RuleEndsInThePast
        if rule.last_day and last_day > rule.last_day:
            raise RuleEndsLater
        if starts_on is not None and last_day < starts_on:
            raise RuleEndsBeforeStart
        rule.holds = _days(starts_on, last_day)
        rule.save(update_fields=["holds"])
        log(rule, "points.rule_ended", user=by, data={"last_day": last_day})
    return rule


def remove_award_rule(*, rule: AwardRule, by: User | None) -> None:
    """Take a rule away that has not begun; the version before holds on. Raises RuleStarted."""
    with transaction.atomic():
        _write_alone()
        rule = AwardRule.objects.select_for_update().get(pk=rule.pk)
        starts_on, last_day = rule.starts_on, rule.last_day
        if starts_on is None or starts_on <= timezone.localdate():
            raise RuleStarted
        log(rule, "points.rule_removed", user=by, data=_what_it_says(rule), deleted=True)
        versions = AwardRule.objects.with_key_of(rule)
        before = versions.filter(holds__endswith=starts_on).first()
        rule.delete()
        # A term ends when it ends, whatever was planned for the next one.
        if before is not None and before.kind != AwardRule.Kind.TERM_CAP:
            before.holds = _days(before.starts_on, last_day)
            before.save(update_fields=["holds"])


def raise_bonus_budget(*, rule: AwardRule, budget_points: int, by: User | None) -> BonusBudget:
    """The bonus may give `budget_points` in all; records settled from now on are asked for it.

    Raises BonusWithoutBudget, BudgetBelowGranted, BudgetTooLarge.
    """
    with transaction.atomic():
        budget = BonusBudget.objects.select_for_update(no_key=True).filter(rule=rule).first()
        if budget is None:
            raise BonusWithoutBudget
        if budget_points < budget.granted_points:
            raise BudgetBelowGranted(budget.granted_points)
        if budget_points > MOST_BUDGET_POINTS:
            raise BudgetTooLarge
        data = {"before": budget.budget_points, "after": budget_points}
        budget.budget_points = budget_points
        budget.save(update_fields=["budget_points"])
        log(rule, "points.budget_changed", user=by, data=data)
    return budget


def _write_alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_WRITING_LOCK])


def _refuse_too_far_ahead(**days: date | None) -> None:
    """A slip of the keyboard; the day after the calendar's last cannot be held at all."""
    for entry, day in days.items():
        if day is not None and day > LATEST_DAY:
            raise RuleTooFarAhead(entry)


def _end_version_before(rule: AwardRule, *, starts_on: date) -> None:
    versions = AwardRule.objects.select_for_update().with_key_of(rule)
    if versions.filter(holds__startswith__gte=starts_on).exists():
        raise LaterVersionExists
    current = versions.filter(holds__contains=starts_on).first()
    if current is not None:
        current.holds = _days(current.starts_on, starts_on - timedelta(days=1))
        current.save(update_fields=["holds"])


def _what_it_says(rule: AwardRule) -> dict[str, Any]:
    names = (
        "kind", "name", "points", "percent", "condition", "night_from", "night_until",
        "category_id", "role", "campaign_number", "min_minutes", "rounding", "lapse_months",
        "starts_on", "last_day",
    )  # fmt: skip
    budget = BonusBudget.objects.filter(rule=rule).values_list("budget_points", flat=True).first()
    return {name: getattr(rule, name) for name in names} | {"budget_points": budget}


def _days(first: date | None, last: date | None) -> DateRange:
    """First to last day, both held; an open end while `last` is None."""
    return DateRange(first, last + timedelta(days=1) if last else None, "[)")
