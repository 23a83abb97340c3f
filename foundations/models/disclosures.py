"""What a foundation must publish, and by when (D8, D9)."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .foundations import Foundation, Fund


class Disclosure(models.Model):
    """A report that is owed or published. The figures are taken from the books when published.

    A published one is never changed: what was wrong is published anew and names what it replaces.
    """

    class Kind(models.TextChoices):
        PROGRESS = "progress", _("Every three months")
        EMERGENCY = "emergency", _("Every five days")
        FINAL = "final", _("At the end")
        ANNUAL = "annual", _("The year")

    foundation = models.ForeignKey(Foundation, on_delete=models.PROTECT, related_name="disclosures")
    # None: the foundation as a whole (the year).
    fund = models.ForeignKey(
        Fund, null=True, blank=True, on_delete=models.PROTECT, related_name="disclosures"
    )
    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    first_on = models.DateField(_("from"))
    last_on = models.DateField(_("until"))
    due_on = models.DateField(_("due on"))
    words = models.TextField(_("what was done"), max_length=4000, blank=True)
    words_en = models.TextField(_("what was done, in English"), max_length=5000, blank=True)
    figures = models.JSONField(default=dict, editable=False)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    prepared_at = models.DateTimeField(null=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)
    replaces = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="replaced_by"
    )

    class Meta:
        ordering = ["due_on", "id"]
        verbose_name = _("disclosure")
        verbose_name_plural = _("disclosures")
        constraints = [
            models.UniqueConstraint(
                fields=["foundation", "fund", "kind", "first_on"],
                condition=Q(replaces=None),
                nulls_distinct=False,
                name="disclosure_once",
            ),
            models.CheckConstraint(
                condition=Q(first_on__lte=F("last_on"), last_on__lte=F("due_on")),
                name="disclosure_days_in_order",
            ),
            models.CheckConstraint(
                condition=Q(published_at=None, published_by=None)
                | (Q(published_at__isnull=False, published_by__isnull=False) & ~Q(words="")),
                name="disclosure_published_has_words",
            ),
        ]
        indexes = [
            models.Index(
                fields=["foundation", "due_on"],
                condition=Q(published_at=None),
                name="disclosure_owed",
            )
        ]

    @property
    def was_replaced(self) -> bool:
        """A corrected one has been published in its place."""
        return Disclosure.objects.filter(replaces=self, published_at__isnull=False).exists()

    @property
    def state_words(self) -> str:
        if self.published_at is not None:
            return str(_("Published"))
        return str(_("Overdue")) if self.is_overdue else str(_("Owed"))

    @property
    def is_overdue(self) -> bool:
        return self.published_at is None and self.due_on < timezone.localdate()

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.first_on}–{self.last_on}"
