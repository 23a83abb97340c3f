from __future__ import annotations

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.utils.translation import gettext_lazy as _

from volunteers.language import in_language


class TerritoryQuerySet(models.QuerySet["Territory"]):
    def within(self, territory: Territory) -> TerritoryQuerySet:
        """The territory itself and everything below it."""
        return self.filter(
            code_system=territory.code_system,
            code_version=territory.code_version,
            path__startswith=territory.path,
        )

    def districts(self) -> TerritoryQuerySet:
        return self.filter(level=Territory.Level.DISTRICT)

    def streets(self) -> TerritoryQuerySet:
        return self.filter(level=Territory.Level.STREET)

    def communities(self) -> TerritoryQuerySet:
        return self.filter(level=Territory.Level.COMMUNITY)


class Territory(models.Model):
    """A node of the one tree city → district → street → community → grid.

    The same code names different places in different code systems, so the system and its
    version stand beside the code. `path` is the codes from the city down, `/3702/370202/…/`:
    a prefix match finds a whole branch.
    """

    class Level(models.IntegerChoices):
        CITY = 2, _("City")
        DISTRICT = 3, _("District")
        STREET = 4, _("Street")
        COMMUNITY = 5, _("Community")
        GRID = 6, _("Grid")

    code_system = models.CharField(max_length=40)
    code_version = models.CharField(max_length=20)
    code = models.CharField(max_length=24)
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=120, blank=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    path = models.CharField(max_length=160)

    objects = TerritoryQuerySet.as_manager()

    class Meta:
        ordering = ["path"]
        verbose_name = _("territory")
        verbose_name_plural = _("territories")
        constraints = [
            models.UniqueConstraint(
                fields=["code_system", "code_version", "code"], name="territory_code_once"
            ),
            models.UniqueConstraint(
                fields=["code_system", "code_version", "path"], name="territory_path_once"
            ),
        ]
        indexes = [
            models.Index(OpClass("path", name="text_pattern_ops"), name="territory_path_prefix"),
            models.Index(fields=["level", "code"], name="territory_level_code"),
        ]

    def __str__(self) -> str:
        return in_language(self, "name")

    def contains(self, other: Territory) -> bool:
        return (self.code_system, self.code_version) == (
            other.code_system,
            other.code_version,
        ) and other.path.startswith(self.path)
