from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from volunteers.models import ServiceRecord, Volunteer

from .devices import ConsoleDevice
from .shifts import Shift, SignUp


class Door(models.TextChoices):
    """Through which door somebody came in or went out."""

    VENUE_SCREEN = "venue_screen", _("Scanned the screen")
    VENUE_POSTER = "venue_poster", _("Scanned the poster")
    CONSOLE = "console", _("Card scanned by the organiser")
    DESK = "desk", _("Entered at the desk")
    TEAM = "team", _("Scanned by the team's leader")
    BULK = "bulk", _("Checked out together with everybody")
    MOVED = "moved", _("Came in at another place")
    CLOSING = "closing", _("Closed at the shift's end")


class Proof(models.TextChoices):
    """What showed that it was this volunteer, from strong to weak."""

    VENUE = "venue", _("The venue's code, on their own phone")
    ROTATING = "rotating", _("The card's code of that moment")
    SIGNED = "signed", _("A printed card's signed code")
    NUMBER = "number", _("The card's number, typed")
    NAME = "name", _("Chosen by name")


class Attendance(models.Model):
    """Came and went (R4). Check-in, check-out and credited time are kept apart."""

    class Review(models.TextChoices):
        NONE = "", _("Nothing to look at")
        FORGOT_CHECK_OUT = "forgot_check_out", _("Forgot to check out")
        SHORT = "short", _("Stayed for too small a share of the shift")
        POSTER = "poster", _("Came by the printed poster")
        BY_HAND = "by_hand", _("Entered by hand")
        BULK = "bulk", _("Checked out together with everybody")
        OVERRIDE = "override", _("Let in by the organiser in spite of the rules")
        WALK_IN = "walk_in", _("Came without having signed up")
        MOVED = "moved", _("Came in at another place before leaving this one")
        LATE = "late", _("Sent long afterwards, without the card's own code")

    sign_up = models.OneToOneField(SignUp, on_delete=models.PROTECT, related_name="attendance")
    # The sign-up's volunteer, copied so that the database itself keeps one person in one place.
    volunteer = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="attendances")
    checked_in_at = models.DateTimeField()
    check_in_door = models.CharField(max_length=20, choices=Door.choices)
    # By whom has no index: nothing looks for it, and a stadium writes it 20,000 times.
    checked_in_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    checked_out_at = models.DateTimeField(null=True, blank=True)
    check_out_door = models.CharField(max_length=20, choices=Door.choices, blank=True)
    checked_out_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    review = models.CharField(max_length=20, choices=Review.choices, blank=True, default="")
    record = models.OneToOneField(
        ServiceRecord, null=True, blank=True, on_delete=models.PROTECT, related_name="attendance"
    )

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        constraints = [
            models.CheckConstraint(
                condition=Q(checked_out_at=None) | Q(checked_out_at__gte=F("checked_in_at")),
                name="attendance_out_after_in",
            ),
            models.CheckConstraint(
                condition=Q(checked_out_at=None) | ~Q(check_out_door=""),
                name="attendance_out_by_a_door",
            ),
            # E6: one person is in at one place at a time.
            models.UniqueConstraint(
                fields=["volunteer"], condition=Q(checked_out_at=None), name="attendance_in_once"
            ),
        ]
        indexes = [
            # Holds only those whose record is still to be drafted.
            models.Index(
                fields=["id"],
                condition=Q(checked_out_at__isnull=False, record=None),
                name="attendance_record_owed",
            )
        ]

    def __str__(self) -> str:
        return str(self.sign_up)

    @property
    def is_in(self) -> bool:
        return self.checked_out_at is None


class Evidence(models.Model):
    """What shows that a whole shift left together at a time (E1): words, and a photograph maybe."""

    shift = models.ForeignKey(Shift, on_delete=models.PROTECT, related_name="evidence")
    text = models.CharField(_("what shows it"), max_length=400)
    photo = models.FileField(_("photograph"), upload_to="evidence/%Y/%m/", blank=True)
    left_at = models.DateTimeField(_("left at"))
    nonce = models.UUIDField(default=uuid.uuid4, unique=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")

    def __str__(self) -> str:
        return self.text[:40]


class Scan(models.Model):
    """Every scan, refused ones too: who held what to whom, when, and what came of it."""

    class Kind(models.TextChoices):
        IN = "in", _("Check-in")
        OUT = "out", _("Check-out")

    # Without an index of its own: "scan_of_shift" begins with it.
    shift = models.ForeignKey(
        Shift, null=True, on_delete=models.PROTECT, related_name="scans", db_index=False
    )
    # Without one either: "scan_of_volunteer" begins with it.
    volunteer = models.ForeignKey(
        Volunteer, null=True, on_delete=models.PROTECT, related_name="scans", db_index=False
    )
    kind = models.CharField(max_length=3, choices=Kind.choices)
    door = models.CharField(max_length=20, choices=Door.choices)
    # What was answered when it came. What it means may become clear only when others have come.
    outcome = models.CharField(max_length=30)
    # Nothing is wrong with the scan by itself: attendance is reckoned from all such scans.
    counts = models.BooleanField(default=False, db_default=False)
    proof = models.CharField(max_length=10, choices=Proof.choices, blank=True, db_default="")
    is_walk_in = models.BooleanField(default=False, db_default=False)
    is_override = models.BooleanField(default=False, db_default=False)
    # Which browser a volunteer's own scan came from: one phone that scans for many is looked at.
    browser = models.CharField(max_length=32, blank=True, default="", db_default="")
    # How far from the place, in steps of 500 m, where the volunteer agreed (P3); gone after review.
    distance_m = models.PositiveIntegerField(null=True, blank=True)
    # What the scan made, ended or ran into; none where nobody came in.
    attendance = models.ForeignKey(
        Attendance, null=True, on_delete=models.PROTECT, related_name="scans"
    )
    # Why somebody at the desk did by hand what a scan does by itself.
    reason = models.CharField(max_length=200, blank=True)
    # The client's own number for this scan: the same scan sent twice is one row.
    nonce = models.UUIDField(default=uuid.uuid4, unique=True)
    # By whom, and by which console with a token of its own: nothing looks for scans that way.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    device = models.ForeignKey(
        ConsoleDevice, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(default=timezone.now)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("scan")
        verbose_name_plural = _("scans")
        indexes = [
            models.Index(fields=["shift", "-received_at"], name="scan_of_shift"),
            models.Index(fields=["volunteer", "made_at"], name="scan_of_volunteer"),
            # Rows come in the order of this time, so a few bytes for each stretch of the table
            # tell where the newest lie; a scan pays next to nothing for it.
            BrinIndex(
                fields=["received_at"],
                name="scan_by_arrival",
                pages_per_range=32,
                autosummarize=True,
            ),
            models.Index(
                fields=["received_at"],
                condition=Q(distance_m__isnull=False),
                name="scan_with_distance",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.outcome}"
