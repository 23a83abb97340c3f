from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .people import Volunteer


class PhoneMessage(models.Model):
    """A text message as the embedded SMS backend keeps it, for /demo/messages/ and the tests."""

    phone = models.CharField(max_length=20)
    text = models.CharField(max_length=500)
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-sent_at", "-id"]
        verbose_name = _("text message")
        verbose_name_plural = _("text messages")

    def __str__(self) -> str:
        return f"{self.phone}: {self.text}"


class ProofCode(models.Model):
    """A code sent to a phone or a mailbox that the account does not own yet, to prove that it may.

    Tries are counted here and not in the session: a new session brings no new tries.
    """

    class Purpose(models.TextChoices):
        CAMPUS_EMAIL = "campus_email", _("Campus e-mail")
        MERGE = "merge", _("Merging two registrations")
        GUARDIAN = "guardian", _("Guardian's consent")

    LIFETIME = timedelta(minutes=10)
    MAX_TRIES = 5

    volunteer = models.ForeignKey(Volunteer, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    sent_to = models.CharField(max_length=254)
    # What the code is about, where the purpose alone does not say it: a merge request's number.
    subject = models.CharField(max_length=40, blank=True)
    code_hash = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("proof code")
        verbose_name_plural = _("proof codes")
        indexes = [
            models.Index(fields=["sent_to", "-sent_at"], name="proof_code_sent_to"),
            models.Index(fields=["volunteer", "purpose", "-sent_at"], name="proof_code_of"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.sent_to}"

    @property
    def is_open(self) -> bool:
        return (
            self.used_at is None
            and self.tries < self.MAX_TRIES
            and self.sent_at > timezone.now() - self.LIFETIME
        )


class SecurityEvent(models.Model):
    """Who came in, who was kept out, who changed what others may do (P7, P8). Only ever added."""

    class Kind(models.TextChoices):
        LOGGED_IN = "logged_in", _("Logged in")
        LOGIN_FAILED = "login_failed", _("Log-in failed")
        LOCKED_OUT = "locked_out", _("Locked out after too many tries")
        PHONE_CHANGED = "phone_changed", _("Phone number changed")
        PASSWORD_CHANGED = "password_changed", _("Password changed")
        SECOND_FACTOR = "second_factor", _("Second factor added or removed")
        ORGANISATION_CREATED = "organisation_created", _("Organisation created")
        ROLE_GIVEN = "role_given", _("Role given")
        ROLE_TAKEN = "role_taken", _("Role taken away")
        VOLUNTEER_CLAIMED = "volunteer_claimed", _("Registration claimed")
        VOLUNTEERS_MERGED = "volunteers_merged", _("Registrations merged")
        CONSENT_WITHDRAWN = "consent_withdrawn", _("Consent withdrawn")
        PROFILE_CHANGED_FOR = "profile_changed_for", _("Profile changed by another")
        ID_NUMBER_SET = "id_number_set", _("ID number given or changed")
        DATA_COPIED = "data_copied", _("Own data downloaded")
        ACCOUNT_CLOSED = "account_closed", _("Account closed")
        CARD_REVOKED = "card_revoked", _("Card revoked")

    kind = models.CharField(_("what happened"), max_length=24, choices=Kind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("account"),
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("done by"),
    )
    address = models.GenericIPAddressField(_("address"), null=True)
    detail = models.CharField(_("detail"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("security event")
        verbose_name_plural = _("security events")
        indexes = [
            models.Index(fields=["user", "-at"], name="security_event_of_user"),
            models.Index(fields=["-at"], name="security_event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"
