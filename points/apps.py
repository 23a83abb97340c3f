from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PointsConfig(AppConfig):
    name = "points"
    verbose_name = _("Points")

    def ready(self) -> None:
        from points import handlers
        from volunteers import signals

        signals.records_owed.connect(handlers.nudge_settlement)
        signals.volunteers_merged.connect(handlers.follow_merge)
        signals.volunteer_closed.connect(handlers.let_go_of_closed)
        signals.no_shows_noted.connect(handlers.follow_no_shows)
        signals.data_copy_asked.connect(handlers.copy_points)
        signals.consent_changed.connect(handlers.follow_consent)
        signals.community_changed.connect(handlers.follow_place)
        signals.affiliation_changed.connect(handlers.follow_place)
        post_migrate.connect(_make_system_accounts, sender=self)


def _make_system_accounts(**_kwargs: Any) -> None:
    from points.actions.accounts import ensure_system_accounts

    ensure_system_accounts()
