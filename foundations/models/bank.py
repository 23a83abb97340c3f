"""Bank statements as they were imported, line by line, and what each line was found to be."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .foundations import Foundation
from .ledger import MoneyMovement


class BankStatement(models.Model):
    class Format(models.TextChoices):
        CSV = "csv", _("CSV")
        CAMT053 = "camt053", _("camt.053")

    foundation = models.ForeignKey(Foundation, on_delete=models.PROTECT, related_name="statements")
    currency = models.CharField(_("currency"), max_length=3)
    format = models.CharField(_("format"), max_length=8, choices=Format.choices)
    file_name = models.CharField(_("file"), max_length=200)
    file_digest = models.CharField(max_length=64)
    first_on = models.DateField(_("from"))
    last_on = models.DateField(_("until"))
    opening_minor = models.BigIntegerField(_("balance before"), null=True)
    closing_minor = models.BigIntegerField(_("balance after"), null=True)
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    imported_at = models.DateTimeField(_("imported at"), auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("bank statement")
        verbose_name_plural = _("bank statements")
        constraints = [
            models.UniqueConstraint(
                fields=["foundation", "file_digest"], name="bank_statement_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.file_name} {self.first_on}–{self.last_on}"


class BankLine(models.Model):
    """One line. Statements that overlap bring it once: `fingerprint` is made of what it says."""

    class State(models.TextChoices):
        UNMATCHED = "unmatched", _("Not explained yet")
        MATCHED = "matched", _("Matched")
        SET_ASIDE = "set_aside", _("Set aside")

    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="lines")
    foundation = models.ForeignKey(
        Foundation, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    position = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=64)
    booked_on = models.DateField(_("day"))
    amount_minor = models.BigIntegerField(_("amount"))  # below zero: paid out
    currency = models.CharField(_("currency"), max_length=3)
    counterparty = models.CharField(_("from or to"), max_length=140, blank=True)
    text = models.CharField(_("text"), max_length=500, blank=True)
    bank_ref = models.CharField(_("bank's reference"), max_length=140, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.UNMATCHED
    )
    movement = models.OneToOneField(
        MoneyMovement, null=True, on_delete=models.PROTECT, related_name="bank_line"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        ordering = ["booked_on", "id"]
        verbose_name = _("line of a bank statement")
        verbose_name_plural = _("lines of bank statements")
        constraints = [
            models.UniqueConstraint(fields=["foundation", "fingerprint"], name="bank_line_once"),
            models.CheckConstraint(condition=~Q(amount_minor=0), name="bank_line_not_nothing"),
            models.CheckConstraint(
                condition=Q(state="matched", movement__isnull=False)
                | (~Q(state="matched") & Q(movement=None)),
                name="bank_line_matched_has_a_movement",
            ),
            models.CheckConstraint(
                condition=~Q(state="set_aside") | ~Q(note=""), name="bank_line_set_aside_says_why"
            ),
        ]
        indexes = [
            models.Index(
                fields=["foundation", "booked_on"],
                condition=Q(state="unmatched"),
                name="bank_line_unmatched",
            )
        ]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.amount_minor} {self.currency} {self.counterparty}"
