from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .organisations import Organisation
from .people import Volunteer


class StudentAffiliation(models.Model):
    class Proof(models.TextChoices):
        EMAIL = "email", _("Campus e-mail")
        SINGLE_SIGN_ON = "single_sign_on", _("Campus single sign-on")
        ROSTER = "roster", _("The university's roster")

    volunteer = models.OneToOneField(Volunteer, on_delete=models.CASCADE, related_name="student")
    university = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="students",
        verbose_name=_("university"),
    )
    college = models.CharField(_("college"), max_length=80, blank=True)
    student_number = models.CharField(_("student number"), max_length=40)
    campus_email = models.EmailField(_("campus e-mail"), blank=True)
    proof = models.CharField(max_length=20, choices=Proof.choices, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("student affiliation")
        verbose_name_plural = _("student affiliations")
        constraints = [
            # Only a proven student holds the number: a typed claim blocks nobody.
            models.UniqueConstraint(
                fields=["university", "student_number"],
                condition=models.Q(verified_at__isnull=False),
                name="student_number_once",
            ),
            models.CheckConstraint(
                condition=models.Q(verified_at=None) | ~models.Q(proof=""),
                name="student_verified_by_proof",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.university} {self.student_number}"


class StudentRosterEntry(models.Model):
    """A line of the list of students that a university uploaded."""

    university = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="roster")
    student_number = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    college = models.CharField(max_length=80, blank=True)
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("roster entry")
        verbose_name_plural = _("roster entries")
        constraints = [
            models.UniqueConstraint(
                fields=["university", "student_number"], name="roster_student_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.student_number} {self.name}"
