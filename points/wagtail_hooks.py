"""The city's staff keep award rules, rewards and honours in Wagtail's admin (points/admin/)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSetGroup

from points.admin.rewards import RewardViewSet
from points.admin.rules import AwardRuleViewSet


class PointsGroup(ViewSetGroup):
    menu_label = _("Points")
    menu_icon = "pick"
    menu_order = 320
    items = (AwardRuleViewSet, RewardViewSet)


@hooks.register("register_admin_viewset")
def register_points() -> PointsGroup:
    return PointsGroup()


@hooks.register("register_log_actions")
def register_rule_changes(actions: Any) -> None:
    """What happens to award rules stands in Wagtail's log, with who did it."""
    actions.register_action("points.rule_tried", _("Try"), _("Tried on past service"))
    actions.register_action("points.rule_started", _("Publish"), _("Published"))
    actions.register_action("points.rule_ended", _("End"), _("Given a last day"))
    actions.register_action("points.rule_removed", _("Take away"), _("Taken away before it began"))
    actions.register_action("points.budget_changed", _("Budget"), _("Budget changed"))
