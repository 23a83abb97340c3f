from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from volunteers.language import in_language
from volunteers.models import Category, ServiceRecord, Volunteer


class AwardRuleQuerySet(models.QuerySet["AwardRule"]):
    def on(self, day: date) -> AwardRuleQuerySet:
        """Rules that hold on a day."""
        return self.filter(holds__contains=day)

    def with_key_of(self, rule: AwardRule) -> AwardRuleQuerySet:
        """The versions of one rule: same kind, category, role, campaign and condition."""
        return self.filter(
            kind=rule.kind,
            category=rule.category_id,
            role=rule.role,
            campaign_number=rule.campaign_number,
            condition=rule.condition,
        )


class AwardRule(models.Model):
    """What service is worth, and on which days that holds.

    Never changed in the past: a trigger refuses to change or remove what has held already.
    """

    MOST_POINTS = 10_000

    MOST_PERCENT = 500

    class Kind(models.TextChoices):
        PER_HOUR = "per_hour", _("Points an hour")
        FACTOR = "factor", _("Factor")
        CAMPAIGN_BONUS = "campaign_bonus", _("Campaign bonus")
        FIRST_SERVICE = "first_service", _("For the first service")
        DAILY_CAP = "daily_cap", _("At most a day")
        WEEKLY_CAP = "weekly_cap", _("At most a week")
        YEARLY_CAP = "yearly_cap", _("At most a year")
        TERM_CAP = "term_cap", _("At most a term, for students")

    # In the order in which they are applied: what a day's limit leaves counts towards the week.
    CAPS = ("daily_cap", "weekly_cap", "yearly_cap", "term_cap")

    class Condition(models.TextChoices):
        NIGHT = "night", _("At night")
        HOLIDAY = "holiday", _("On public holidays")
        EMERGENCY = "emergency", _("In an emergency")

    class Rounding(models.TextChoices):
        DOWN = "down", _("Down to whole points")
        NEAREST = "nearest", _("To the nearest point")
        UP = "up", _("Up to whole points")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    # Points an hour, a record, a first service, a day, a week, a year or a term, by kind.
    points = models.PositiveIntegerField(_("points"), default=0, blank=True)
    # Of a factor: 150 makes one and a half times the points an hour.
    percent = models.PositiveSmallIntegerField(_("per cent"), null=True, blank=True)
    condition = models.CharField(_("when"), max_length=10, choices=Condition.choices, blank=True)
    # A record is of the night when at least half of it lies between these two.
    night_from = models.TimeField(_("night begins"), null=True, blank=True)
    night_until = models.TimeField(_("night ends"), null=True, blank=True)
    category = models.ForeignKey(
        Category,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="award_rules",
        verbose_name=_("category"),
        help_text=_("Empty: every category without a rule of its own."),
    )
    role = models.CharField(
        _("role"),
        max_length=80,
        blank=True,
        help_text=_("As the activity calls it. Empty: every role without a rule of its own."),
    )
    # The campaign's key, a plain number as in ServiceRecord: campaigns stand above this room.
    campaign_number = models.BigIntegerField(_("campaign number"), null=True, blank=True)
    min_minutes = models.PositiveSmallIntegerField(
        _("from this many minutes on"),
        default=0,
        blank=True,
        help_text=_("Shorter service earns no points; its hours count all the same."),
    )
    rounding = models.CharField(
        _("rounding"), max_length=10, choices=Rounding.choices, default=Rounding.DOWN
    )
    lapse_months = models.PositiveSmallIntegerField(
        _("lapse after months"),
        null=True,
        blank=True,
        help_text=_(
            "Whole months after the month in which the hours were confirmed. Empty: never."
        ),
    )
    # From the first day to the day before the last: [2026-01-01, 2027-01-01).
    holds = DateRangeField(_("holds"))
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = AwardRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("award rule")
        verbose_name_plural = _("award rules")
        constraints = [
            ExclusionConstraint(
                name="award_rule_one_a_day",
                expressions=[
                    ("kind", RangeOperators.EQUAL),
                    (Coalesce("category", 0), RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (Coalesce("campaign_number", 0), RangeOperators.EQUAL),
                    ("condition", RangeOperators.EQUAL),
                    ("holds", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(kind="factor", points=0, percent__gte=101, percent__lte=500)
                | (~Q(kind="factor") & Q(points__gte=1, points__lte=10_000, percent=None)),
                name="award_rule_amount_in_range",
            ),
            models.CheckConstraint(
                condition=Q(kind="per_hour", campaign_number=None)
                | Q(kind="factor", role="")
                | Q(kind="campaign_bonus", category=None, role="", campaign_number__isnull=False)
                | (
                    ~Q(kind__in=["per_hour", "factor", "campaign_bonus"])
                    & Q(category=None, role="", campaign_number=None)
                ),
                name="award_rule_concerns_what_its_kind_says",
            ),
            models.CheckConstraint(
                condition=(Q(kind="factor") & ~Q(condition=""))
                | (~Q(kind="factor") & Q(condition="")),
                name="award_rule_factor_has_condition",
            ),
            models.CheckConstraint(
                condition=Q(condition="night", night_from__isnull=False, night_until__isnull=False)
                | (~Q(condition="night") & Q(night_from=None, night_until=None)),
                name="award_rule_night_has_hours",
            ),
            # A term has a last day: it is the window within which its limit counts.
            models.CheckConstraint(
                condition=~Q(kind="term_cap")
                | Q(holds__startswith__isnull=False, holds__endswith__isnull=False),
                name="award_rule_term_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return in_language(self, "name")

    @property
    def starts_on(self) -> date | None:
        return self.holds.lower if self.holds else None

    @property
    def last_day(self) -> date | None:
        """The last day it holds; None while no end is set."""
        upper = self.holds.upper if self.holds else None
        return upper - timedelta(days=1) if upper else None


class BonusBudget(models.Model):
    """How many points a campaign's bonus may give in all; its CHECK makes one more impossible."""

    rule = models.OneToOneField(
        AwardRule, primary_key=True, on_delete=models.CASCADE, related_name="budget"
    )
    budget_points = models.PositiveBigIntegerField()
    granted_points = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("budget of a bonus")
        verbose_name_plural = _("budgets of bonuses")
        constraints = [
            models.CheckConstraint(
                condition=Q(granted_points__lte=F("budget_points")),
                name="bonus_budget_not_overspent",
            )
        ]

    def __str__(self) -> str:
        return f"{self.granted_points} / {self.budget_points}"

    @property
    def left_points(self) -> int:
        return self.budget_points - self.granted_points


class BonusGrant(models.Model):
    """That a record got its campaign's bonus while the budget lasted; gone when it is voided."""

    record = models.OneToOneField(
        ServiceRecord, primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    budget = models.ForeignKey(BonusBudget, on_delete=models.PROTECT, related_name="grants")
    points = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("granted bonus")
        verbose_name_plural = _("granted bonuses")

    def __str__(self) -> str:
        return f"{self.record_id}: {self.points}"


class CapWindow(models.Model):
    """What somebody earned in the days of one limit, and how much of it lay over the limit.

    `earned_points` is what the records of these days are worth (for the wider limits: what the
    narrower ones left of it); `over_points` is what the ledger took back for it, always
    max(0, earned − limit). So it does not matter in which order records are settled.
    """

    # Both keys without an index of their own: `cap_window_once` begins with the volunteer.
    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    # Not checked by the database row by row: every settlement would lock the one rule, and a rule
    # that has held can not be removed (a trigger sees to it).
    rule = models.ForeignKey(
        AwardRule,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    starts_on = models.DateField()
    earned_points = models.BigIntegerField(default=0)
    over_points = models.BigIntegerField(default=0)
    # How many movements there were for it: the next one's number.
    moves = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("days of a limit")
        verbose_name_plural = _("days of limits")
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer", "rule", "starts_on"], name="cap_window_once"
            ),
            models.CheckConstraint(
                condition=Q(over_points__gte=0, earned_points__gte=0),
                name="cap_window_not_below_zero",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.starts_on}"


class SetAsideRecordQuerySet(models.QuerySet["SetAsideRecord"]):
    def waiting(self) -> SetAsideRecordQuerySet:
        """Those whose record is as it was, and for which nobody has answered (LOCK_OWED_SQL)."""
        return self.filter(worth_nothing_by=None, revision__gte=F("record__revision"))


class SetAsideRecord(models.Model):
    """An owed record that cannot be settled, and why. It blocks nobody; the office sees it.

    It is tried again as soon as the record's revision rises or somebody presses «try again»,
    which removes this row. `worth_nothing_by` decided that it earns no points.
    """

    class Reason(models.TextChoices):
        NO_RULE = "no_rule", _("No award rule held on that day")
        FAILED = "failed", _("The settlement failed")

    record = models.OneToOneField(
        ServiceRecord, primary_key=True, on_delete=models.CASCADE, related_name="set_aside"
    )
    revision = models.PositiveIntegerField()
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices)
    detail = models.CharField(_("detail"), max_length=400, blank=True)
    set_aside_at = models.DateTimeField(_("since"), auto_now_add=True)
    worth_nothing_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = SetAsideRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("record set aside")
        verbose_name_plural = _("records set aside")

    def __str__(self) -> str:
        return f"{self.record_id}: {self.get_reason_display()}"
