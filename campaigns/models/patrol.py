from __future__ import annotations

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from volunteers.language import in_language

from .attendance import Attendance
from .pages import Activity


def new_check_point_key() -> str:
    return secrets.token_urlsafe(16)


class CheckPoint(models.Model):
    """A place on a patrol's way, with a code on its wall. All shifts of the activity walk it."""

    activity = models.ForeignKey(Activity, on_delete=models.PROTECT, related_name="check_points")
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    position = models.PositiveSmallIntegerField(_("order on the way"), default=0)
    # What its printed code is made from; a new key makes the old print worthless.
    key = models.CharField(max_length=32, default=new_check_point_key, editable=False, unique=True)
    is_in_use = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["activity", "position", "id"]
        verbose_name = _("check point")
        verbose_name_plural = _("check points")
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "name"],
                name="check_point_name_once",
                violation_error_message=_("There is a check point of that name already."),
            )
        ]

    def __str__(self) -> str:
        return in_language(self, "name")


class CheckPointVisit(models.Model):
    """Somebody on patrol came by: a trail of points, never of positions (P3)."""

    check_point = models.ForeignKey(CheckPoint, on_delete=models.PROTECT, related_name="visits")
    attendance = models.ForeignKey(Attendance, on_delete=models.PROTECT, related_name="visits")
    visited_at = models.DateTimeField(default=timezone.now)
    nonce = models.UUIDField(default=uuid.uuid4, unique=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["visited_at", "id"]
        verbose_name = _("visit of a check point")
        verbose_name_plural = _("visits of check points")

    def __str__(self) -> str:
        return f"{self.check_point_id} {self.visited_at:%H:%M}"
