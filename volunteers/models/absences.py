from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .organisations import Organisation
from .people import Volunteer


class NoShowQuerySet(models.QuerySet["NoShow"]):
    def counting(self) -> NoShowQuerySet:
        """Those that nobody excused: only these count for or against anything."""
        return self.filter(excused_at=None)


class NoShow(models.Model):
    """Somebody had a place, neither came nor asked for leave (E8). `source` names it, once each."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="no_shows")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=60, unique=True)
    missed_on = models.DateField()
    noted_at = models.DateTimeField(auto_now_add=True)
    # Somebody of the organisation looked at it, and there was a good reason.
    excused_at = models.DateTimeField(null=True, blank=True)
    excused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    excuse_reason = models.CharField(
        _("reason"), max_length=200, blank=True, default="", db_default=""
    )

    objects = NoShowQuerySet.as_manager()

    class Meta:
        verbose_name = _("no-show")
        verbose_name_plural = _("no-shows")
        constraints = [
            models.CheckConstraint(
                condition=Q(excused_at=None, excuse_reason="")
                | (Q(excused_at__isnull=False) & ~Q(excuse_reason="")),
                name="no_show_excused_with_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["volunteer", "-missed_on"], name="no_show_of_volunteer"),
        ]

    def __str__(self) -> str:
        return f"{self.volunteer_id} {self.missed_on}"
