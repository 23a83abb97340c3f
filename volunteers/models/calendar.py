from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from volunteers.language import in_language


class PublicHoliday(models.Model):
    """A day on which the country rests by law (国务院办公厅's yearly notice)."""

    day = models.DateField(_("day"), primary_key=True)
    name = models.CharField(_("name"), max_length=40)
    name_en = models.CharField(_("name in English"), max_length=60, blank=True)

    class Meta:
        ordering = ["-day"]
        verbose_name = _("public holiday")
        verbose_name_plural = _("public holidays")

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {in_language(self, 'name')}"
