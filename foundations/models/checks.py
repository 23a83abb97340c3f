"""What the nightly proof of money's ledger found."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _


class MoneyCheck(models.Model):
    """One run of the proof over all books; `findings` is empty while everything is in order."""

    checked_at = models.DateTimeField(_("checked at"), auto_now_add=True)
    # [{"claim": …, "rows": […]}]: the claims that something contradicts, with the first rows.
    findings = models.JSONField(default=list, encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("check of the books")
        verbose_name_plural = _("checks of the books")

    def __str__(self) -> str:
        return f"{self.checked_at:%Y-%m-%d} {len(self.findings)}"
