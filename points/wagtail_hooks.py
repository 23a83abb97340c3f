"""The city's staff keep award rules, rewards and honours in Wagtail's admin (points/admin/)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSetGroup

from points.admin.anomalies import AnomalyViewSet
from points.admin.office import OverviewViewSet
from points.admin.projects import PointsProjectViewSet
from points.admin.recognition import BadgeViewSet, StarObjectionViewSet, YearlyHonourViewSet
from points.admin.redemptions import RedemptionViewSet
from points.admin.rewards import PartnerViewSet, PickUpPlaceViewSet, RewardViewSet
from points.admin.rules import AwardRuleViewSet


class PointsGroup(ViewSetGroup):
    menu_label = _("Points")
    menu_icon = "pick"
    menu_order = 320
    items = (
        OverviewViewSet,
        AnomalyViewSet,
        AwardRuleViewSet,
        BadgeViewSet,
        StarObjectionViewSet,
        YearlyHonourViewSet,
        RewardViewSet,
        RedemptionViewSet,
        PartnerViewSet,
        PickUpPlaceViewSet,
        PointsProjectViewSet,
    )


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


@hooks.register("register_log_actions")
def register_catalogue_changes(actions: Any) -> None:
    """Partners' links, projects and families: what has no form of its own in the admin."""
    actions.register_action("points.renew_partner_link", _("New link"), _("Given a new link"))
    actions.register_action("points.close_partner", _("Close"), _("Closed"))
    actions.register_action("points.close_points_project", _("Close"), _("Closed"))
    actions.register_action("points.join_family", _("Join"), _("Joined"))
    actions.register_action("points.refuse_family", _("Refuse"), _("Refused"))
    actions.register_action("points.leave_family", _("Leave"), _("Left"))
