from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from volunteers.models import Volunteer

from .pages import Activity


def new_venue_key() -> str:
    return secrets.token_urlsafe(24)


class ShiftQuerySet(models.QuerySet["Shift"]):
    def open(self) -> ShiftQuerySet:
        return self.filter(state=Shift.State.OPEN)

    def public(self) -> ShiftQuerySet:
        return self.open().filter(activity__campaign__live=True)

    def upcoming(self) -> ShiftQuerySet:
        return self.filter(ends_at__gt=timezone.now())

    def with_places(self) -> ShiftQuerySet:
        return self.filter(taken__lt=F("capacity"))


class Shift(models.Model):
    """A time at which an activity needs `capacity` people; `taken` of them are found.

    `taken` moves only together with the sign-ups, in one transaction; its CHECK is what
    makes a twelfth person at a shift for eleven impossible.
    """

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CANCELLED = "cancelled", _("Cancelled")

    activity = models.ForeignKey(
        Activity, on_delete=models.PROTECT, related_name="shifts", verbose_name=_("activity")
    )
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    capacity = models.PositiveIntegerField(_("people wanted"))
    taken = models.PositiveIntegerField(_("signed up"), default=0, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancel_reason = models.CharField(_("why it is cancelled"), max_length=200, blank=True)
    person_in_charge = models.CharField(_("person in charge"), max_length=60, blank=True)
    # The key of this shift's venue codes: rotating ones and the poster's are made from it.
    venue_key = models.CharField(max_length=40, default=new_venue_key, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # Set by the sweep once everyone who forgot to check out has been checked out.
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ShiftQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "id"]
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="shift_ends_after_start",
                violation_error_message=_("The end must come after the start."),
            ),
            models.CheckConstraint(
                condition=Q(taken__lte=F("capacity")),
                name="shift_never_overfull",
                violation_error_message=_("More people than that have already signed up."),
            ),
            models.CheckConstraint(condition=Q(capacity__gte=1), name="shift_wants_somebody"),
            models.CheckConstraint(
                condition=Q(state="open", cancelled_at=None)
                | Q(state="cancelled", cancelled_at__isnull=False),
                name="shift_cancelled_at_a_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["activity", "starts_at"], name="shift_of_activity"),
            models.Index(fields=["starts_at"], name="shift_by_start"),
            models.Index(fields=["ends_at"], condition=Q(closed_at=None), name="shift_to_close"),
        ]

    def __str__(self) -> str:
        return f"{self.activity} {timezone.localtime(self.starts_at):%m-%d %H:%M}"

    @property
    def free_places(self) -> int:
        return self.capacity - self.taken

    @property
    def duration_minutes(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def cancel_until(self) -> datetime:
        """Until then a volunteer simply cancels; later they ask for leave (E8)."""
        return self.starts_at - timedelta(hours=settings.LINLI_CANCEL_HOURS)


class Team(models.Model):
    """A few who work one shift together; the leader's phone checks all of them in and out."""

    SMALLEST, LARGEST = 3, 5  # with the leader

    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(_("name"), max_length=40)
    leader = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="led_teams")
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["name", "id"]
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        constraints = [
            models.UniqueConstraint(
                fields=["shift", "name"],
                name="team_name_once_a_shift",
                violation_error_message=_("There is a team of that name already."),
            ),
            models.UniqueConstraint(
                fields=["shift", "leader"],
                name="team_leader_once_a_shift",
                violation_error_message=_("This person leads another team of the shift already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SignUpQuerySet(models.QuerySet["SignUp"]):
    def holding(self) -> SignUpQuerySet:
        """Those that hold a place."""
        return self.filter(state=SignUp.State.SIGNED_UP)


class SignUp(models.Model):
    class State(models.TextChoices):
        SIGNED_UP = "signed_up", _("Signed up")
        CANCELLED = "cancelled", _("Cancelled")
        ON_LEAVE = "on_leave", _("On leave")

    # `sign_up_once` begins with the shift, so no index of its own.
    shift = models.ForeignKey(
        Shift, on_delete=models.PROTECT, related_name="sign_ups", db_index=False
    )
    volunteer = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="sign_ups")
    state = models.CharField(max_length=10, choices=State.choices, default=State.SIGNED_UP)
    # The shift's time, copied so that the database itself keeps one person in one place.
    during = DateTimeRangeField()
    signed_up_at = models.DateTimeField(default=timezone.now)
    signed_up_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    leave_reason = models.CharField(_("reason for leave"), max_length=200, blank=True)
    # Came without having signed up, and there was a place left.
    is_walk_in = models.BooleanField(default=False, db_default=False, editable=False)
    # "sign_up_of_team" serves it, and holds only the few that have one.
    team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="members",
        db_index=False,
    )
    # How often attendance was reckoned anew from all scans. While it is 0, a scan may be decided
    # in one statement (campaigns.actions.quick).
    reckonings = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects = SignUpQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-up")
        verbose_name_plural = _("sign-ups")
        constraints = [
            models.UniqueConstraint(fields=["shift", "volunteer"], name="sign_up_once"),
            models.CheckConstraint(
                condition=Q(state="signed_up", ended_at=None)
                | (~Q(state="signed_up") & Q(ended_at__isnull=False)),
                name="sign_up_ended_at_a_moment",
            ),
            ExclusionConstraint(
                name="sign_up_one_place_at_a_time",
                expressions=[
                    ("volunteer", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                condition=Q(state="signed_up"),
            ),
        ]
        indexes = [
            models.Index(fields=["team"], condition=Q(team__isnull=False), name="sign_up_of_team")
        ]

    def __str__(self) -> str:
        return f"{self.volunteer} · {self.shift}"

    @property
    def is_held(self) -> bool:
        return self.state == self.State.SIGNED_UP

    @property
    def can_cancel(self) -> bool:
        """Without an attendance: who came does not cancel."""
        return self.is_held and timezone.now() <= self.shift.cancel_until

    @property
    def can_ask_for_leave(self) -> bool:
        now = timezone.now()
        return self.is_held and self.shift.cancel_until < now < self.shift.starts_at
