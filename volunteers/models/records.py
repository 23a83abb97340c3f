from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .organisations import Organisation
from .people import Category, Volunteer


class ServiceRecordQuerySet(models.QuerySet["ServiceRecord"]):
    def counted(self) -> ServiceRecordQuerySet:
        """Records whose hours count: confirmed, and those whose objection is still open."""
        return self.filter(state__in=ServiceRecord.COUNTED)

    def waiting(self) -> ServiceRecordQuerySet:
        """Records somebody has to confirm."""
        return self.filter(state__in=ServiceRecord.WAITING)

    def owed(self) -> ServiceRecordQuerySet:
        """Records the ledger has not yet followed to their newest revision."""
        return self.filter(settled_revision__lt=F("revision"))


class ServiceRecord(models.Model):
    """Hours somebody gave (R3, R4).

    Draft → submitted → confirmed → (objected → confirmed again, corrected or upheld) / voided.
    `credited_minutes` is time of service, apart from when the person came and went.
    `revision` is raised whenever what the record is worth may have changed; the ledger
    follows by `settled_revision`; `settled_minutes` and `settled_quality` are what it then took
    into the person's sums (null: nothing), so that the next revision changes them by the
    difference and never has to add up a whole life again. Nothing above this room is named:
    `source` says in a word where the record came from (`attendance:123`, `hand:<uuid>`), once each.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Waiting for confirmation")
        CONFIRMED = "confirmed", _("Confirmed")
        OBJECTED = "objected", _("Under objection")
        VOIDED = "voided", _("Voided")

    COUNTED = ("confirmed", "objected")
    WAITING = ("draft", "submitted")
    # R7: service is recorded within this many working days of the activity's end.
    CONFIRM_WORKING_DAYS = 10

    # Foreign keys without an index of their own: those below serve them, and every index here is
    # written again each time the ledger settles a record.
    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.PROTECT, related_name="records", db_index=False
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="records", db_index=False
    )
    source = models.CharField(max_length=60, unique=True)
    activity_name = models.CharField(_("activity"), max_length=160)
    activity_name_en = models.CharField(max_length=200, blank=True)
    role = models.CharField(_("role"), max_length=80, blank=True)
    role_en = models.CharField(max_length=120, blank=True)
    place = models.CharField(_("place"), max_length=160, blank=True)
    content = models.TextField(_("what was done"), blank=True)
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, related_name="records", db_index=False
    )
    # The campaign's key, for a campaign's bonus: a plain number, for campaigns stand above.
    campaign_number = models.BigIntegerField(null=True, blank=True)
    person_in_charge = models.CharField(_("person in charge"), max_length=60, blank=True)
    served_on = models.DateField(_("date"))
    checked_in_at = models.DateTimeField(null=True, blank=True)
    checked_out_at = models.DateTimeField(null=True, blank=True)
    credited_minutes = models.PositiveIntegerField(_("credited minutes"))
    quality = models.PositiveSmallIntegerField(_("rating"), null=True, blank=True)
    rated_at = models.DateTimeField(null=True, blank=True)
    review_reason = models.CharField(max_length=40, blank=True)

    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=0)
    settled_revision = models.PositiveIntegerField(default=0)
    settled_minutes = models.PositiveSmallIntegerField(null=True, editable=False)
    settled_quality = models.PositiveSmallIntegerField(null=True, editable=False)

    # E1: hours entered by hand carry a reason and a second person's approval.
    is_by_hand = models.BooleanField(default=False)
    hand_reason = models.CharField(_("reason"), max_length=200, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ServiceRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("service record")
        verbose_name_plural = _("service records")
        constraints = [
            models.CheckConstraint(
                condition=Q(settled_revision__lte=F("revision")), name="record_settled_not_ahead"
            ),
            models.CheckConstraint(
                condition=Q(credited_minutes__lte=24 * 60), name="record_within_a_day"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["confirmed", "objected"]) | Q(confirmed_at__isnull=False),
                name="record_confirmed_at_a_moment",
            ),
            models.CheckConstraint(
                condition=Q(is_by_hand=False) | ~Q(hand_reason=""), name="record_by_hand_has_reason"
            ),
            # E1: nobody approves the hours they typed in.
            models.CheckConstraint(
                condition=Q(is_by_hand=False)
                | Q(confirmed_by=None)
                | (Q(entered_by__isnull=False) & ~Q(confirmed_by=F("entered_by"))),
                name="record_by_hand_second_person",
            ),
            models.CheckConstraint(
                condition=Q(quality=None) | Q(quality__gte=1, quality__lte=5),
                name="record_quality_one_to_five",
            ),
        ]
        indexes = [
            # Holds only what is owed: it stays small however many records there are.
            models.Index(
                fields=["id"],
                condition=Q(settled_revision__lt=F("revision")),
                name="record_owed",
            ),
            models.Index(fields=["volunteer", "-served_on"], name="record_of_volunteer"),
            models.Index(fields=["organisation", "state", "-served_on"], name="record_at_desk"),
        ]

    def __str__(self) -> str:
        return f"{self.activity_name} {self.served_on}"

    @property
    def is_counted(self) -> bool:
        return self.state in self.COUNTED

    @property
    def is_waiting(self) -> bool:
        return self.state in self.WAITING

    @property
    def credited_hours(self) -> float:
        return self.credited_minutes / 60

    @property
    def confirm_by(self) -> date:
        """The last day on which confirming is in time (R7). Counts Monday to Friday."""
        return working_days_after(self.served_on, days=self.CONFIRM_WORKING_DAYS)

    @property
    def confirmed_late(self) -> bool:
        day = timezone.localdate(self.confirmed_at) if self.confirmed_at else timezone.localdate()
        return day > self.confirm_by


def working_days_after(day: date, *, days: int) -> date:
    """The `days`-th Monday-to-Friday after `day`; public holidays are not known here."""
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day


class RecordChange(models.Model):
    """What happened to a record: who, when, why, and the values after it (R8)."""

    class Kind(models.TextChoices):
        DRAFTED = "drafted", _("Drafted")
        SUBMITTED = "submitted", _("Submitted")
        CONFIRMED = "confirmed", _("Confirmed")
        OBJECTED = "objected", _("Objection raised")
        CORRECTED = "corrected", _("Corrected")
        UPHELD = "upheld", _("Upheld")
        VOIDED = "voided", _("Voided")
        RATED = "rated", _("Rated")
        MOVED = "moved", _("Moved to another registration of the same person")

    record = models.ForeignKey(ServiceRecord, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10)
    credited_minutes = models.PositiveIntegerField()
    reason = models.CharField(max_length=400, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("record change")
        verbose_name_plural = _("record changes")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d}"


class Objection(models.Model):
    """A volunteer says a record is wrong (R8); somebody answers."""

    class State(models.TextChoices):
        OPEN = "open", _("Waiting for an answer")
        CORRECTED = "corrected", _("Corrected")
        UPHELD = "upheld", _("Upheld as it was")

    record = models.ForeignKey(ServiceRecord, on_delete=models.CASCADE, related_name="objections")
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    raised_at = models.DateTimeField(auto_now_add=True)
    reason = models.CharField(_("what is wrong"), max_length=400)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.CharField(_("answer"), max_length=400, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("objection")
        verbose_name_plural = _("objections")
        constraints = [
            models.UniqueConstraint(
                fields=["record"], condition=Q(state="open"), name="objection_open_once"
            )
        ]

    def __str__(self) -> str:
        return self.reason[:40]
