"""What a foundation's staff finds in the morning: what waits for them, and what they have."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from wagtail.admin.viewsets.base import ViewSet

from foundations.admin.viewsets import FoundationStaffItem
from foundations.checkout import missing
from foundations.models import Foundation, MoneyCheck
from foundations.office import day_of
from foundations.permissions import get_foundations_for, has_any_role
from foundations.reports import balance_sheet

FOUNDATIONS_SHOWN = 20


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if not has_any_role(user):
        raise PermissionDenied
    foundations = get_foundations_for(user).order_by("pk")[:FOUNDATIONS_SHOWN]
    check = MoneyCheck.objects.first()
    context = {
        "page_title": _("Today"),
        "header_icon": "home",
        "desks": [_desk(foundation) for foundation in foundations],
        "check": check,
        "findings": check.findings if check and user.is_superuser else [],
    }
    return render(request, "foundations/admin/overview.html", context)


class OverviewViewSet(ViewSet):
    name = "foundation-today"
    menu_label = gettext_lazy("Today")
    icon = "home"
    menu_item_class = FoundationStaffItem

    def get_urlpatterns(self) -> list[Any]:
        return [path("", overview, name="index")]


def _desk(foundation: Foundation) -> dict[str, Any]:
    sheet = balance_sheet(foundation=foundation, day=timezone.localdate())
    return {
        "foundation": foundation,
        "panel_id": f"to-do-{foundation.pk}",
        "sheet": sheet,
        "day": day_of(foundation),
        "missing": missing(foundation),
        "is_open": foundation.checkout_opened_at is not None,
    }
