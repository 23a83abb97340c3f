from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .people import Volunteer


class ConsentNotice(models.Model):
    """The words a person agreed to, one row a version, never edited (P1)."""

    class Kind(models.TextChoices):
        PRIVACY = "privacy", _("Privacy notice")
        ID_NUMBER = "id_number", _("Keeping my ID number")
        LOCATION = "location", _("My place at check-in")
        RANKING = "ranking", _("Appearing in rankings")
        GUARDIAN = "guardian", _("Guardian's consent")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    version = models.PositiveSmallIntegerField(_("version"))
    text = models.TextField(_("text"))
    text_en = models.TextField(_("text in English"), blank=True)
    published_at = models.DateTimeField(_("published at"), auto_now_add=True)

    class Meta:
        ordering = ["kind", "-version"]
        verbose_name = _("consent notice")
        verbose_name_plural = _("consent notices")
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="consent_notice_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} v{self.version}"


class Consent(models.Model):
    """Who agreed to which version when, and when they took it back (P1, P2, R2)."""

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="consents")
    notice = models.ForeignKey(ConsentNotice, on_delete=models.PROTECT, related_name="consents")
    given_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    # How an organisation that entered somebody was given the consent: "signed form 12" (R2).
    evidence = models.CharField(_("how consent was given"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer", "notice"],
                condition=models.Q(withdrawn_at=None),
                name="consent_in_force_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.volunteer} · {self.notice}"
