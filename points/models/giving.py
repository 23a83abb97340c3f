"""Points that go to others: a neighbourhood project, or somebody of the family."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from volunteers.language import in_language
from volunteers.models import Organisation, Volunteer

from .ledger import Account


class PointsProjectQuerySet(models.QuerySet["PointsProject"]):
    def open(self) -> PointsProjectQuerySet:
        return self.filter(closed_at=None)


class PointsProject(models.Model):
    """A project that people give points to; its account stands here, in the room of points.

    Who runs the project's organisation accounts for the points (`spend_project_points`), and the
    rooms above (foundations) may do so when a sponsor has paid for them. Points never turn into
    money: a movement to «used by projects» says what they moved somebody else to give.
    """

    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    about = models.CharField(_("about"), max_length=300)
    about_en = models.CharField(_("about, in English"), max_length=400, blank=True)
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="points_projects",
        verbose_name=_("organisation"),
    )
    account = models.OneToOneField(
        Account, on_delete=models.PROTECT, related_name="project", editable=False
    )
    target_points = models.PositiveIntegerField(_("target in points"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PointsProjectQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("project for points")
        verbose_name_plural = _("projects for points")

    def __str__(self) -> str:
        return in_language(self, "name")


class Family(models.Model):
    """People who may send points to one another: where the city allows it, within a limit."""

    name = models.CharField(_("name of the family"), max_length=40)
    founded_by = models.ForeignKey(
        Volunteer, on_delete=models.PROTECT, related_name="families_founded"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("family")
        verbose_name_plural = _("families")

    def __str__(self) -> str:
        return self.name


class FamilyMember(models.Model):
    """One family a person; in it once the person has said yes."""

    family = models.ForeignKey(Family, on_delete=models.CASCADE, related_name="members")
    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.CASCADE, related_name="family_memberships"
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    invited_at = models.DateTimeField(auto_now_add=True)
    joined_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("member of a family")
        verbose_name_plural = _("members of families")
        constraints = [
            models.UniqueConstraint(fields=["family", "volunteer"], name="family_member_once"),
            models.UniqueConstraint(
                fields=["volunteer"],
                condition=Q(joined_at__isnull=False),
                name="family_member_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.volunteer} · {self.family}"
