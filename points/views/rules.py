from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from points.models import AwardRule


@require_safe
def how_points_work(request: HttpRequest) -> HttpResponse:
    """Today's rules, from the rules themselves."""
    rules = AwardRule.objects.on(timezone.localdate()).select_related("category")
    by_kind = {kind: rules.filter(kind=kind).order_by("category__position", "id") for kind in
               AwardRule.Kind.values}  # fmt: skip
    return render(request, "points/rules.html", {"rules": by_kind})
