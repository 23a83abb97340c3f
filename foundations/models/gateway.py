"""What payment processors tell us, and where their books and ours differ."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .foundations import Foundation
from .giving import Gift


class WebhookEvent(models.Model):
    """A notification as it came, each once. What it says is not believed: the worker asks again.

    `state` OWED is what the worker looks for; a row is moved on under its lock, in the same
    transaction as what came of it.
    """

    class State(models.TextChoices):
        OWED = "owed", _("To be worked on")
        DONE = "done", _("Done")
        IGNORED = "ignored", _("Nothing to do")
        QUARANTINED = "quarantined", _("Set aside")

    gateway = models.CharField(max_length=12)
    event_ref = models.CharField(max_length=255)
    # "" for the platform's own; else the connected account.
    account_ref = models.CharField(max_length=255, blank=True)
    kind = models.CharField(_("kind"), max_length=80)
    object_ref = models.CharField(max_length=255, blank=True)
    is_live = models.BooleanField(default=False)
    payload = models.JSONField(default=dict)
    happened_at = models.DateTimeField(_("happened at"))
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    # True: found in the list of events, nobody had delivered it.
    is_back_filled = models.BooleanField(default=False)
    foundation = models.ForeignKey(
        Foundation, null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.OWED)
    # Why it was set aside or ignored: a stable word.
    reason = models.CharField(_("reason"), max_length=60, blank=True)
    trouble = models.CharField(max_length=300, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(_("done at"), null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.UniqueConstraint(fields=["gateway", "event_ref"], name="webhook_event_once")
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="owed"), name="webhook_event_owed"),
            models.Index(
                fields=["id"], condition=Q(state="quarantined"), name="webhook_event_aside"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_ref}"


class GatewayMark(models.Model):
    """How far a foundation's events and ledger lines at a gateway have been read."""

    foundation = models.ForeignKey(Foundation, on_delete=models.CASCADE, related_name="+")
    gateway = models.CharField(max_length=12)
    events_to = models.DateTimeField(null=True)
    ledger_to = models.DateTimeField(null=True)
    reconciled_at = models.DateTimeField(_("compared at"), null=True)
    trouble = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["foundation", "gateway"], name="gateway_mark_once")
        ]

    def __str__(self) -> str:
        return f"{self.foundation} {self.gateway}"


class ProcessorEntry(models.Model):
    """A line of the processor's own ledger (a balance transaction), as it told us."""

    foundation = models.ForeignKey(Foundation, on_delete=models.PROTECT, related_name="+")
    gateway = models.CharField(max_length=12)
    ref = models.CharField(max_length=255)
    kind = models.CharField(_("kind"), max_length=60)
    amount_minor = models.BigIntegerField(_("amount"))  # signed, before the fee
    fee_minor = models.BigIntegerField(_("fee"), default=0)
    net_minor = models.BigIntegerField(_("net"))
    currency = models.CharField(_("currency"), max_length=3)
    source_ref = models.CharField(max_length=255, blank=True)
    # Leads to the gift, which may become known only after the line was read.
    payment_ref = models.CharField(max_length=255, blank=True)
    happened_at = models.DateTimeField(_("happened at"))
    gift = models.ForeignKey(
        Gift, null=True, on_delete=models.PROTECT, related_name="processor_entries"
    )
    seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-happened_at", "-id"]
        verbose_name = _("processor's entry")
        verbose_name_plural = _("processor's entries")
        constraints = [
            models.UniqueConstraint(
                fields=["foundation", "gateway", "ref"], name="processor_entry_once"
            )
        ]
        indexes = [models.Index(fields=["foundation", "happened_at"], name="processor_entry_when")]

    def __str__(self) -> str:
        return self.ref


class Difference(models.Model):
    """Where the processor's ledger and ours disagree; it stands until it is gone or explained."""

    class Kind(models.TextChoices):
        MISSING_HERE = "missing_here", _("Not in our books")
        MISSING_THERE = "missing_there", _("Not at the processor")
        AMOUNT = "amount", _("Another amount")
        FEE = "fee", _("Another fee")
        BALANCE = "balance", _("Another balance")

    foundation = models.ForeignKey(Foundation, on_delete=models.PROTECT, related_name="differences")
    gateway = models.CharField(max_length=12)
    kind = models.CharField(_("kind"), max_length=14, choices=Kind.choices)
    ref = models.CharField(max_length=255)
    gift = models.ForeignKey(Gift, null=True, on_delete=models.PROTECT, related_name="differences")
    ours_minor = models.BigIntegerField(_("in our books"), null=True)
    theirs_minor = models.BigIntegerField(_("at the processor"), null=True)
    currency = models.CharField(_("currency"), max_length=3)
    happened_on = models.DateField(_("day"))
    found_at = models.DateTimeField(_("found at"), auto_now_add=True)
    # A later comparison did not find it any more.
    gone_at = models.DateTimeField(_("gone at"), null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    resolved_at = models.DateTimeField(_("resolved at"), null=True)
    note = models.CharField(_("note"), max_length=400, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        constraints = [
            models.UniqueConstraint(
                fields=["foundation", "gateway", "kind", "ref"], name="difference_once"
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None) | (Q(resolved_by__isnull=False) & ~Q(note="")),
                name="difference_resolved_with_a_note",
            ),
        ]
        indexes = [
            models.Index(
                fields=["foundation"],
                condition=Q(resolved_at=None, gone_at=None),
                name="difference_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"
