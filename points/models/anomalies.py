from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from volunteers.models import Organisation, Volunteer


class Anomaly(models.Model):
    """Something in the records that somebody should look at (E1). It changes nothing by itself."""

    class Kind(models.TextChoices):
        TWO_PLACES = "two_places", _("In two places at one time")
        HURRIED = "hurried", _("Many hours entered within minutes")
        OUTLIER = "outlier", _("Far more hours by hand than other organisers")

    class State(models.TextChoices):
        OPEN = "open", _("To be looked at")
        CLEARED = "cleared", _("All in order")
        ACTED = "acted", _("Something was done")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    # What it is about, once each: `two_places:12:15`, `hurried:<account>:<minute>`.
    key = models.CharField(max_length=100, unique=True)
    volunteer = models.ForeignKey(
        Volunteer,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("volunteer"),
    )
    # The account that entered or confirmed.
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("account"),
    )
    organisation = models.ForeignKey(
        Organisation,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("organisation"),
    )
    record_numbers = ArrayField(models.BigIntegerField(), default=list)
    minutes = models.PositiveIntegerField(_("minutes"), default=0)
    # What the sentence needs besides: {"seconds": 110}, {"times": 4.2, "records": 31}.
    detail = models.JSONField(default=dict)
    happened_on = models.DateField(_("day"))
    found_at = models.DateTimeField(_("found at"), auto_now_add=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    note = models.CharField(_("what was found out"), max_length=400, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("anomaly")
        verbose_name_plural = _("anomalies")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None)
                | (~Q(state="open") & Q(decided_at__isnull=False) & ~Q(note="")),
                name="anomaly_decided_with_a_note",
            )
        ]
        indexes = [
            models.Index(fields=["-id"], condition=Q(state="open"), name="anomaly_open"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.happened_on}"
