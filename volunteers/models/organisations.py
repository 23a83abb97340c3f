from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from volunteers.language import in_language

from .territory import Territory


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def active(self) -> OrganisationQuerySet:
        return self.filter(closed_on=None)

    def universities(self) -> OrganisationQuerySet:
        return self.filter(kind=Organisation.Kind.UNIVERSITY)


class Organisation(models.Model):
    """Whoever organises service, keeps its records and answers for them (R12)."""

    class Kind(models.TextChoices):
        STREET_OFFICE = "street_office", _("Street office")
        COMMUNITY = "community", _("Residents' committee")
        SOCIAL_ORGANISATION = "social_organisation", _("Social organisation")
        VOLUNTEER_TEAM = "volunteer_team", _("Volunteer team")
        UNIVERSITY = "university", _("University")
        FOUNDATION = "foundation", _("Foundation")
        HUB = "hub", _("Hub organisation")
        PUBLIC_BODY = "public_body", _("Public body")

    class Registration(models.TextChoices):
        REGISTERED = "registered", _("Registered")
        FILED = "filed", _("Filed with the street office")
        NONE = "none", _("Not registered")

    name = models.CharField(_("name"), max_length=120, unique=True)
    name_en = models.CharField(_("name in English"), max_length=160, blank=True)
    slug = models.SlugField(_("word in addresses"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=30, choices=Kind.choices)
    registration = models.CharField(
        _("registration"),
        max_length=20,
        choices=Registration.choices,
        default=Registration.NONE,
    )
    registration_number = models.CharField(_("registration number"), max_length=40, blank=True)
    hub = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="supported",
        verbose_name=_("parent hub"),
    )
    territory = models.ForeignKey(
        Territory, on_delete=models.PROTECT, related_name="organisations", verbose_name=_("area")
    )
    person_in_charge = models.CharField(_("person in charge"), max_length=60, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    about = models.TextField(_("about"), blank=True)
    about_en = models.TextField(_("about, in English"), blank=True)
    # Only a university has these: an address at one of them proves that a student is one.
    email_domains = ArrayField(
        models.CharField(max_length=80), default=list, blank=True, verbose_name=_("mail domains")
    )
    created_at = models.DateTimeField(auto_now_add=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(hub=models.F("id")), name="organisation_not_its_own_hub"
            ),
            models.CheckConstraint(
                condition=models.Q(registration="none") | ~models.Q(registration_number=""),
                name="organisation_registration_has_number",
            ),
        ]

    def __str__(self) -> str:
        return in_language(self, "name")


class Membership(models.Model):
    class Role(models.TextChoices):
        ORGANISER = "organiser", _("Organiser")
        REVIEWER = "reviewer", _("Reviewer")
        FINANCE = "finance", _("Finance")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("account"),
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.CASCADE,
        related_name="memberships",
        verbose_name=_("organisation"),
    )
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organisation", "role"], name="membership_role_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation} · {self.get_role_display()}"
