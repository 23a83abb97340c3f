from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class VolunteersConfig(AppConfig):
    name = "volunteers"
    verbose_name = _("Volunteers")

    def ready(self) -> None:
        from volunteers import handlers

        handlers.connect()
        post_migrate.connect(_load_public_holidays, sender=self)


def _load_public_holidays(**_kwargs: Any) -> None:
    from volunteers.actions.calendar import load_public_holidays

    load_public_holidays()
