from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permissions import register_permission_policy

from points.models import Reward
from volunteers.wagtail_hooks import CityStaffPolicy

# A reward is taken off the shelf, never deleted: redemptions name it.
register_permission_policy(Reward, CityStaffPolicy(Reward, {"add", "change", "view"}))


class RewardViewSet(ModelViewSet):
    model = Reward
    name = "rewards"
    menu_label = _("Rewards")
    icon = "pick"
    copy_view_enabled = False
    list_display = ["name", "price_points", "stock", "taken", "is_offered"]
    list_filter = ["is_offered"]
    search_fields = ["name", "name_en"]
    form_fields = [
        "name", "name_en", "about", "about_en", "offered_by", "pick_up_place", "price_points",
        "stock", "is_offered",
    ]  # fmt: skip
