from __future__ import annotations

import secrets
from datetime import date, timedelta

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from volunteers.language import in_language
from volunteers.models import Category, Organisation, ServiceRecord, Volunteer


class Account(models.Model):
    """Where points stand. The sum over all accounts is always zero.

    A volunteer's balance falls below zero only when hours already spent are taken back;
    `debt_points` says how far, and the CHECK lets nothing else go there.
    """

    class Kind(models.TextChoices):
        VOLUNTEER = "volunteer", _("Volunteer")
        ISSUE = "issue", _("Issued for service")
        REDEEMED = "redeemed", _("Redeemed for rewards")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    volunteer = models.OneToOneField(
        Volunteer, null=True, on_delete=models.PROTECT, related_name="points_account"
    )
    balance_points = models.BigIntegerField(default=0)
    debt_points = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("points account")
        verbose_name_plural = _("points accounts")
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="volunteer") & Q(volunteer__isnull=False))
                | (~Q(kind="volunteer") & Q(volunteer=None)),
                name="account_of_volunteer",
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(volunteer=None), name="account_system_kind_once"
            ),
            models.CheckConstraint(
                condition=~Q(kind="volunteer") | Q(balance_points__gte=-F("debt_points")),
                name="account_balance_not_below_debt",
            ),
            models.CheckConstraint(condition=Q(debt_points__gte=0), name="account_debt_positive"),
        ]

    def __str__(self) -> str:
        return str(self.volunteer or self.get_kind_display())


class AwardRuleQuerySet(models.QuerySet["AwardRule"]):
    def on(self, day: date) -> AwardRuleQuerySet:
        """Rules that hold on a day."""
        return self.filter(holds__contains=day)

    def with_key_of(self, rule: AwardRule) -> AwardRuleQuerySet:
        """The versions of one rule: same kind, category and campaign."""
        return self.filter(
            kind=rule.kind, category=rule.category_id, campaign_number=rule.campaign_number
        )


class AwardRule(models.Model):
    """What service is worth, and on which days that holds.

    Never changed in the past: a trigger refuses to change or remove what has held already.
    """

    MOST_POINTS = 10_000

    class Kind(models.TextChoices):
        PER_HOUR = "per_hour", _("Points an hour")
        CAMPAIGN_BONUS = "campaign_bonus", _("Campaign bonus")
        DAILY_CAP = "daily_cap", _("At most a day")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    # Points an hour, points a record, or points a day, by kind.
    points = models.PositiveIntegerField(_("points"))
    category = models.ForeignKey(
        Category,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="award_rules",
        verbose_name=_("category"),
        help_text=_("Empty: every category without a rule of its own."),
    )
    # The campaign's key, a plain number as in ServiceRecord: campaigns stand above this room.
    campaign_number = models.BigIntegerField(_("campaign number"), null=True, blank=True)
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
                    (Coalesce("campaign_number", 0), RangeOperators.EQUAL),
                    ("holds", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(points__gte=1, points__lte=10_000), name="award_rule_points_in_range"
            ),
            models.CheckConstraint(
                condition=Q(kind="per_hour", campaign_number=None)
                | Q(kind="campaign_bonus", category=None, campaign_number__isnull=False)
                | Q(kind="daily_cap", category=None, campaign_number=None),
                name="award_rule_concerns_what_its_kind_says",
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


class Movement(models.Model):
    """Points from one account to another. Rows are only ever added: a trigger sees to it."""

    class Kind(models.TextChoices):
        AWARD = "award", _("Service")
        CORRECTION = "correction", _("Correction")
        REDEMPTION = "redemption", _("Redeemed")
        REFUND = "refund", _("Refunded")
        MERGE = "merge", _("Accounts merged")

    # Keys without an index of their own: those below serve them.
    debit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="debits", db_index=False
    )
    credit_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="credits", db_index=False
    )
    points = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    reference = models.CharField(max_length=80, unique=True)
    record = models.ForeignKey(
        ServiceRecord,
        null=True,
        on_delete=models.PROTECT,
        related_name="movements",
        db_index=False,
    )
    record_revision = models.PositiveIntegerField(null=True)
    # How the sum came about: {"minutes": 90, "per_hour": 10, "bonus": 5, "capped": 0, "worth": 20,
    # "given": 0}; minutes are null when the record no longer counts.
    reckoning = models.JSONField(default=dict)
    reverses = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="reversed_by", db_index=False
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    happened_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("movement")
        verbose_name_plural = _("movements")
        constraints = [
            models.CheckConstraint(condition=Q(points__gt=0), name="movement_positive"),
            models.CheckConstraint(
                condition=~Q(debit_account=F("credit_account")), name="movement_between_two"
            ),
            models.UniqueConstraint(
                fields=["record", "record_revision"], name="movement_record_revision_once"
            ),
            models.CheckConstraint(
                condition=Q(record=None, record_revision=None)
                | Q(record__isnull=False, record_revision__isnull=False),
                name="movement_record_with_revision",
            ),
        ]
        indexes = [
            models.Index(fields=["debit_account", "-id"], name="movement_of_debit"),
            models.Index(fields=["credit_account", "-id"], name="movement_of_credit"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.points}"


class Standing(models.Model):
    """A volunteer's sums, and whether recognition has looked at them since they changed.

    The settlement sets `revision` above `evaluated_revision`; that is what is owed.
    """

    volunteer = models.OneToOneField(Volunteer, on_delete=models.CASCADE, related_name="standing")
    served_minutes = models.BigIntegerField(default=0)
    served_records = models.PositiveIntegerField(default=0)
    rated_records = models.PositiveIntegerField(default=0)
    rating_sum = models.PositiveIntegerField(default=0)
    revision = models.PositiveIntegerField(default=0)
    evaluated_revision = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("standing")
        verbose_name_plural = _("standings")
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(evaluated_revision__lt=F("revision")),
                name="standing_owed",
            )
        ]

    def __str__(self) -> str:
        return str(self.volunteer)

    @property
    def average_rating(self) -> float | None:
        return self.rating_sum / self.rated_records if self.rated_records else None


class RecognitionQuerySet(models.QuerySet["Recognition"]):
    def in_force(self) -> RecognitionQuerySet:
        """In notice or awarded."""
        return self.exclude(state=Recognition.State.WITHDRAWN)

    def awarded(self) -> RecognitionQuerySet:
        return self.filter(state=Recognition.State.AWARDED)

    def in_notice(self) -> RecognitionQuerySet:
        return self.filter(state=Recognition.State.IN_NOTICE)


class Recognition(models.Model):
    """A star level or a badge. A star stands in public notice before it is given (R6)."""

    class Kind(models.TextChoices):
        FIRST_SERVICE = "first_service", _("First service")
        STAR = "star", _("Star volunteer")

    class State(models.TextChoices):
        IN_NOTICE = "in_notice", _("In public notice")
        AWARDED = "awarded", _("Awarded")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="recognitions")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    level = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices)
    notice_until = models.DateTimeField(null=True, blank=True)
    awarded_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RecognitionQuerySet.as_manager()

    class Meta:
        verbose_name = _("recognition")
        verbose_name_plural = _("recognitions")
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer", "kind", "level"],
                condition=~Q(state="withdrawn"),
                name="recognition_in_force_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["notice_until"],
                condition=Q(state="in_notice"),
                name="recognition_in_notice",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.level or ''}".strip()


class RewardQuerySet(models.QuerySet["Reward"]):
    def offered(self) -> RewardQuerySet:
        return self.filter(is_offered=True)


class Reward(models.Model):
    """Something points can be redeemed for. `taken` moves only with a redemption."""

    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    about = models.CharField(_("about"), max_length=300, blank=True)
    about_en = models.CharField(_("about, in English"), max_length=400, blank=True)
    offered_by = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="rewards",
        verbose_name=_("offered by"),
    )
    pick_up_place = models.CharField(_("pick-up place"), max_length=160, blank=True)
    price_points = models.PositiveIntegerField(_("price in points"))
    stock = models.PositiveIntegerField(_("stock"))
    taken = models.PositiveIntegerField(_("redeemed so far"), default=0, editable=False)
    is_offered = models.BooleanField(_("on offer"), default=True)

    objects = RewardQuerySet.as_manager()

    class Meta:
        ordering = ["price_points", "id"]
        verbose_name = _("reward")
        verbose_name_plural = _("rewards")
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("stock")), name="reward_not_oversold"),
            models.CheckConstraint(condition=Q(price_points__gte=1), name="reward_has_price"),
        ]

    def __str__(self) -> str:
        return in_language(self, "name")

    @property
    def left(self) -> int:
        return self.stock - self.taken


def new_pick_up_code() -> str:
    """Eight digits that a shop assistant can type."""
    return f"{secrets.randbelow(10**8):08d}"


class Redemption(models.Model):
    volunteer = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="redemptions")
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="redemptions")
    points = models.PositiveIntegerField()
    code = models.CharField(max_length=10, unique=True, default=new_pick_up_code)
    movement = models.OneToOneField(Movement, on_delete=models.PROTECT, related_name="redemption")
    redeemed_at = models.DateTimeField(auto_now_add=True)
    # A form sent twice carries the same nonce and redeems once.
    nonce = models.UUIDField(unique=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")

    def __str__(self) -> str:
        return f"{self.reward} · {self.code}"
