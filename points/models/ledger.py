"""The ledger: accounts, movements between them, and what of each award is still there."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from volunteers.models import ServiceRecord, Volunteer


class Account(models.Model):
    """Where points stand. The sum over all accounts is always zero.

    A volunteer's balance falls below zero only when hours already spent are taken back;
    `debt_points` says how far, and the CHECK lets nothing else go there. A project's account
    (PointsProject) holds what people gave to it until its organisation accounts for it.
    """

    class Kind(models.TextChoices):
        VOLUNTEER = "volunteer", _("Volunteer")
        ISSUE = "issue", _("Issued for service")
        REDEEMED = "redeemed", _("Redeemed for rewards")
        LAPSED = "lapsed", _("Lapsed")
        PROJECT = "project", _("Given to a project")
        SPENT = "spent", _("Used by projects")

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
                fields=["kind"],
                condition=Q(volunteer=None) & ~Q(kind="project"),
                name="account_system_kind_once",
            ),
            models.CheckConstraint(
                condition=~Q(kind="volunteer") | Q(balance_points__gte=-F("debt_points")),
                name="account_balance_not_below_debt",
            ),
            models.CheckConstraint(
                condition=~Q(kind="project") | Q(balance_points__gte=0),
                name="account_project_not_below_zero",
            ),
            models.CheckConstraint(condition=Q(debt_points__gte=0), name="account_debt_positive"),
        ]

    def __str__(self) -> str:
        return str(self.volunteer or self.get_kind_display())


class Movement(models.Model):
    """Points from one account to another. Rows are only ever added: a trigger sees to it."""

    class Kind(models.TextChoices):
        AWARD = "award", _("Service")
        CORRECTION = "correction", _("Correction")
        CAP = "cap", _("Over the limit")
        FIRST = "first", _("First service")
        REDEMPTION = "redemption", _("Redeemed")
        REFUND = "refund", _("Refunded")
        LAPSE = "lapse", _("Lapsed")
        GIFT = "gift", _("Given to a project")
        SPENT = "spent", _("Used by a project")
        FAMILY = "family", _("Within the family")
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
    # How the sum came about. Of a record: {"minutes": 90, "per_hour": 10, "percent": 150,
    # "night": true, "bonus": 5, "worth": 20, "given": 0, "lapses_on": "2028-12-01"}; minutes are
    # null when the record no longer counts. Of a limit: {"rule": 3, "starts_on": …, "limit": 60,
    # "earned": 90}. Older awards of a record also have "capped".
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
            # Rows come in the order of time: a few kilobytes find a month among ten million.
            BrinIndex(fields=["created_at"], name="movement_created", pages_per_range=32),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.points}"


class Bucket(models.Model):
    """What is left of the points of one account that lapse on one day; null: never.

    They can be spent up to the day before. The sum over an account's buckets is its balance,
    or nothing while it has a debt. Spending takes the earliest bucket first (points.buckets).
    `lapsed_points` have lapsed from it; what is taken back later of these comes out of the lapse.
    """

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="buckets", db_index=False
    )
    lapses_on = models.DateField(null=True)
    remaining_points = models.BigIntegerField(default=0)
    lapsed_points = models.BigIntegerField(default=0)
    # Set by the sweep: the index of what is still to come holds only what is open.
    lapsed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("bucket")
        verbose_name_plural = _("buckets")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "lapses_on"], nulls_distinct=False, name="bucket_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(remaining_points__gte=0, lapsed_points__gte=0),
                name="bucket_not_below_zero",
            ),
            models.CheckConstraint(
                condition=Q(lapsed_at=None) | Q(remaining_points=0), name="bucket_lapsed_is_empty"
            ),
        ]
        indexes = [
            models.Index(
                fields=["lapses_on", "account"],
                condition=Q(lapsed_at=None, lapses_on__isnull=False),
                name="bucket_to_lapse",
            )
        ]

    def __str__(self) -> str:
        return f"{self.remaining_points} → {self.lapses_on or '∞'}"


class BucketDraw(models.Model):
    """How much a movement took from a bucket, so that a refund returns there."""

    movement = models.ForeignKey(Movement, on_delete=models.PROTECT, related_name="draws")
    bucket = models.ForeignKey(Bucket, on_delete=models.PROTECT, related_name="+", db_index=False)
    points = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = _("draw from a bucket")
        verbose_name_plural = _("draws from buckets")
        constraints = [
            models.CheckConstraint(condition=Q(points__gte=1), name="bucket_draw_takes_something"),
        ]

    def __str__(self) -> str:
        return f"{self.points} ← {self.bucket_id}"


class LapseNotice(models.Model):
    """That so many points lapse soon, told once a distance (30 and 7 days) and bucket."""

    bucket = models.ForeignKey(Bucket, on_delete=models.CASCADE, related_name="notices")
    days = models.PositiveSmallIntegerField()
    points = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    # Told by text message or e-mail too, where the person has either; null: not yet.
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("notice of lapsing")
        verbose_name_plural = _("notices of lapsing")
        constraints = [
            models.UniqueConstraint(fields=["bucket", "days"], name="lapse_notice_once"),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(sent_at=None), name="lapse_notice_unsent"),
        ]

    def __str__(self) -> str:
        return f"{self.points} ({self.days})"
