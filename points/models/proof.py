"""What proves the ledger: increments of checking, sums by month, and the chain of digests."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .ledger import Account, Movement


class LedgerCheck(models.Model):
    """One run of check_ledger, whole or from the last checked movement to `last_movement`."""

    is_whole = models.BooleanField()
    first_movement = models.BigIntegerField()
    last_movement = models.BigIntegerField()
    movements = models.BigIntegerField()
    # {claim: [row, …]}; empty when all was well.
    findings = models.JSONField(default=dict)
    checked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("check of the ledger")
        verbose_name_plural = _("checks of the ledger")

    def __str__(self) -> str:
        return f"{self.first_movement}–{self.last_movement}"


class SystemSum(models.Model):
    """What a system account's movements add up to, up to the last checked one.

    Its movements are too many to add up each time; a volunteer's are not.
    """

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.CASCADE)
    points = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("sum of a system account")
        verbose_name_plural = _("sums of system accounts")

    def __str__(self) -> str:
        return f"{self.account_id}: {self.points}"


class LedgerMonth(models.Model):
    """What came to and went from volunteers in a month, by kind; kept by the increments."""

    month = models.DateField()
    kind = models.CharField(max_length=12, choices=Movement.Kind.choices)
    movements = models.BigIntegerField(default=0)
    gained_points = models.BigIntegerField(default=0)
    taken_points = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("month of the ledger")
        verbose_name_plural = _("months of the ledger")
        constraints = [
            models.UniqueConstraint(fields=["month", "kind"], name="ledger_month_kind_once")
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.kind}"


class LedgerDigest(models.Model):
    """A month's movements as one SHA-256, which takes in the digest of the month before.

    Published on the city page: whoever wrote one down can tell whether history was rewritten.
    """

    month = models.DateField(unique=True)
    movements = models.BigIntegerField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)
    closed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-month"]
        verbose_name = _("digest of a month")
        verbose_name_plural = _("digests of months")

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.digest[:12]}"
