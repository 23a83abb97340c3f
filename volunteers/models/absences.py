from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .organisations import Organisation
from .people import Volunteer


class NoShow(models.Model):
    """Somebody had a place, neither came nor asked for leave (E8). `source` names it, once each."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="no_shows")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=60, unique=True)
    missed_on = models.DateField()
    noted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("no-show")
        verbose_name_plural = _("no-shows")
        indexes = [
            models.Index(fields=["volunteer", "-missed_on"], name="no_show_of_volunteer"),
        ]

    def __str__(self) -> str:
        return f"{self.volunteer_id} {self.missed_on}"
