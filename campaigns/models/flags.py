from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from volunteers.models import Organisation, User, Volunteer

from .attendance import Scan
from .shifts import Shift


class ScanFlagQuerySet(models.QuerySet["ScanFlag"]):
    def open(self) -> ScanFlagQuerySet:
        return self.filter(decided_at=None)

    def decided(self) -> ScanFlagQuerySet:
        return self.filter(decided_at__isnull=False).order_by("-decided_at", "-id")

    def of_others(self, user: User) -> ScanFlagQuerySet:
        """What the user may decide: neither they were scanned, nor did they scan (E1)."""
        return self.exclude(scan__by=user).exclude(volunteer__user=user)


class ScanFlag(models.Model):
    """Something about a scan that a person should look at. It refuses nobody anything (E5, E6)."""

    class Kind(models.TextChoices):
        FAR_AWAY = "far_away", _("Made far from the place")
        TOO_FAST = "too_fast", _("At two places faster than one can travel")
        SHARED_PHONE = "shared_phone", _("One phone checked in several people")
        TWO_PLACES = "two_places", _("Came in here while still in elsewhere")
        OVERRIDE = "override", _("Let in in spite of the rules")
        WALK_IN_REFUSED = "walk_in_refused", _("Let in without a network, but no place was left")
        SENT_LATE = "sent_late", _("Sent long afterwards, without the card's own code")
        AFTER_CONFIRMING = "after_confirming", _("Came after the hours had been confirmed")

    class Verdict(models.TextChoices):
        FINE = "fine", _("All in order")
        NOT_FINE = "not_fine", _("Not in order")

    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, related_name="flags")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    # Copied from the scan, so that an organisation's queue is one index away.
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="flags")
    volunteer = models.ForeignKey(
        Volunteer, null=True, on_delete=models.PROTECT, related_name="scan_flags"
    )
    # The figures behind it: {"km": 31, "minutes": 4, "from_shift": 12}, {"people": 6}. How far away
    # a scan was made stands on the scan alone, where it is deleted after review (P3).
    details = models.JSONField(default=dict, blank=True)
    found_at = models.DateTimeField(default=timezone.now)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    remark = models.CharField(_("remark"), max_length=400, blank=True)

    objects = ScanFlagQuerySet.as_manager()

    class Meta:
        ordering = ["-found_at", "-id"]
        verbose_name = _("scan to look at")
        verbose_name_plural = _("scans to look at")
        constraints = [
            models.UniqueConstraint(fields=["scan", "kind"], name="scan_flag_once"),
            models.CheckConstraint(
                condition=Q(verdict="", decided_at=None)
                | (~Q(verdict="") & Q(decided_at__isnull=False)),
                name="scan_flag_decided_at_a_moment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "-found_at"],
                condition=Q(decided_at=None),
                name="scan_flag_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.scan_id}"
