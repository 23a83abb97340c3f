from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .people import Volunteer


def new_card_token() -> str:
    return secrets.token_urlsafe(16)


class VolunteerCardQuerySet(models.QuerySet["VolunteerCard"]):
    def valid(self) -> VolunteerCardQuerySet:
        return self.filter(revoked_at=None, expires_on__gte=timezone.localdate())


class VolunteerCard(models.Model):
    """The volunteer-service card (志愿服务卡). Its QR holds an https URL with `token`."""

    class Kind(models.TextChoices):
        SAFETY = "safety", _("Safety volunteer")
        STUDENT = "student", _("Student volunteer")

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="cards")
    number = models.CharField(_("card number"), max_length=16, unique=True)
    token = models.CharField(max_length=32, unique=True, default=new_card_token, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    issued_at = models.DateTimeField(auto_now_add=True)
    expires_on = models.DateField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    revoke_reason = models.CharField(max_length=200, blank=True)

    objects = VolunteerCardQuerySet.as_manager()

    class Meta:
        verbose_name = _("volunteer-service card")
        verbose_name_plural = _("volunteer-service cards")
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer"],
                condition=models.Q(revoked_at=None),
                name="card_in_force_once",
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None and self.expires_on >= timezone.localdate()
