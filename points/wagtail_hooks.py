"""The city's staff keep award rules, rewards and honours in Wagtail's admin (points/admin/)."""

from __future__ import annotations

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
