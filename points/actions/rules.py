from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from points.models import AwardRule
from volunteers.actions.records import owe_records_again
from volunteers.models import Category, User


class RuleRefused(Exception):
    """The rule cannot be written; `str()` is the sentence for the member of staff."""

    sentence: str | Promise = _("This rule cannot be written.")

    def __str__(self) -> str:
        return str(self.sentence)


class RuleInThePast(RuleRefused):
    sentence = _("A rule starts today or later: what service was worth never changes afterwards.")


class RuleOfTodayInForce(RuleRefused):
    sentence = _("A rule of this kind holds today already. Its next version can start tomorrow.")


class RuleEndsBeforeStart(RuleRefused):
    sentence = _("The last day must not be before the first.")


class LaterVersionExists(RuleRefused):
    sentence = _("A later version of this rule has been written already. Take that one away first.")


class RuleStarted(RuleRefused):
    sentence = _("This rule has held already. It can be ended, but not taken away.")


def earliest_start(*, kind: str) -> date:
    """Tomorrow; today while the city has no rule of that kind at all, so that it can begin."""
    today = timezone.localdate()
    in_force = AwardRule.objects.filter(kind=kind).on(today).exists()
    return today + timedelta(days=1) if in_force else today


def start_award_rule(
    *,
    kind: str,
    name: str,
    points: int,
    starts_on: date,
    by: User | None,
    name_en: str = "",
    category: Category | None = None,
    campaign_number: int | None = None,
    last_day: date | None = None,
) -> AwardRule:
    """A rule, or the next version of one: the version in force ends the day before.

    Raises RuleInThePast, RuleOfTodayInForce, RuleEndsBeforeStart, LaterVersionExists.
    """
    today = timezone.localdate()
    if starts_on < today:
        raise RuleInThePast
    if last_day is not None and last_day < starts_on:
        raise RuleEndsBeforeStart
    with transaction.atomic():
        if starts_on < earliest_start(kind=kind):
            raise RuleOfTodayInForce
        rule = AwardRule(
            kind=kind,
            name=name,
            name_en=name_en,
            points=points,
            category=category,
            campaign_number=campaign_number,
            holds=_days(starts_on, last_day),
            created_by=by,
        )
        _end_version_before(rule, starts_on=starts_on)
        rule.save()
        if starts_on == today:
            # Service of today that was settled without it is looked at once more.
            owe_records_again(served_from=today)
    return rule


def replace_award_rule(
    *,
    rule: AwardRule,
    name: str,
    points: int,
    starts_on: date,
    by: User | None,
    name_en: str = "",
    last_day: date | None = None,
) -> AwardRule:
    """The next version of `rule`; takes its place when it has not begun. Raises as start does."""
    with transaction.atomic():
        if rule.starts_on is not None and rule.starts_on > timezone.localdate():
            remove_award_rule(rule=AwardRule.objects.get(pk=rule.pk))
        return start_award_rule(
            kind=rule.kind,
            category=rule.category,
            campaign_number=rule.campaign_number,
            name=name,
            name_en=name_en,
            points=points,
            starts_on=starts_on,
            last_day=last_day,
            by=by,
        )


def end_award_rule(*, rule: AwardRule, last_day: date) -> AwardRule:
    """The rule holds up to and with `last_day`, today at the earliest. Raises RuleInThePast."""
    with transaction.atomic():
        rule = AwardRule.objects.select_for_update().get(pk=rule.pk)
        starts_on = rule.starts_on
        if last_day < timezone.localdate() or (rule.last_day and last_day > rule.last_day):
            raise RuleInThePast
        if starts_on is not None and last_day < starts_on:
            raise RuleEndsBeforeStart
        rule.holds = _days(starts_on, last_day)
        rule.save(update_fields=["holds"])
    return rule


def remove_award_rule(*, rule: AwardRule) -> None:
    """Take a rule away that has not begun; the version before holds on. Raises RuleStarted."""
    with transaction.atomic():
        rule = AwardRule.objects.select_for_update().get(pk=rule.pk)
        starts_on, last_day = rule.starts_on, rule.last_day
        if starts_on is None or starts_on <= timezone.localdate():
            raise RuleStarted
        before = AwardRule.objects.with_key_of(rule).filter(holds__endswith=starts_on).first()
        rule.delete()
        if before is not None:
            before.holds = _days(before.starts_on, last_day)
            before.save(update_fields=["holds"])


def _end_version_before(rule: AwardRule, *, starts_on: date) -> None:
    versions = AwardRule.objects.select_for_update().with_key_of(rule)
    if versions.filter(holds__startswith__gte=starts_on).exists():
        raise LaterVersionExists
    current = versions.filter(holds__contains=starts_on).first()
    if current is not None:
        current.holds = _days(current.starts_on, starts_on - timedelta(days=1))
        current.save(update_fields=["holds"])


def _days(first: date | None, last: date | None) -> DateRange:
    """First to last day, both held; an open end while `last` is None."""
    return DateRange(first, last + timedelta(days=1) if last else None, "[)")
