from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from volunteers.models import Volunteer


class Standing(models.Model):
    """A volunteer's sums, and whether recognition has looked at them since they changed.

    The settlement sets `revision` above `evaluated_revision`; that is what is owed.
    """

    volunteer = models.OneToOneField(Volunteer, on_delete=models.CASCADE, related_name="standing")
    served_minutes = models.BigIntegerField(default=0)
    served_records = models.PositiveIntegerField(default=0)
    rated_records = models.PositiveIntegerField(default=0)
    rating_sum = models.PositiveIntegerField(default=0)
    # What the first-service bonus gave; 0 once no service is left.
    first_points = models.PositiveIntegerField(default=0, db_default=0)
    # The earliest day whose sums changed since rankings last looked.
    touched_from = models.DateField(null=True)
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


class RankingEntry(models.Model):
    """Somebody's hours of a month within one territory, university or organisation (R14).

    Only of people who asked to be ranked, brought up to date with their recognition. One index
    answers every top list, however long the ledger is.
    """

    class Scope(models.TextChoices):
        TERRITORY = "territory", _("Area")
        UNIVERSITY = "university", _("University")
        ORGANISATION = "organisation", _("Organisation")

    scope = models.CharField(max_length=12, choices=Scope.choices)
    # A territory's or an organisation's key.
    scope_number = models.BigIntegerField()
    month = models.DateField()
    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    minutes = models.PositiveIntegerField()
    records = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("ranking entry")
        verbose_name_plural = _("ranking entries")
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer", "month", "scope", "scope_number"], name="ranking_entry_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["scope", "scope_number", "month", "-minutes", "volunteer"],
                name="ranking_top",
            )
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.scope} {self.scope_number}: {self.minutes}"
