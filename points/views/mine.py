from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from points.honours import next_star
from points.permissions import (
    get_account_for,
    get_movements_for,
    get_recognitions_for,
)
from points.statement import write_statement
from volunteers.models import ServiceRecord, User, Volunteer
from volunteers.permissions import get_records_for
from volunteers.views.access import volunteer_required

LINES_PER_PAGE = 20


@volunteer_required
@require_safe
def my_points(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    account = get_account_for(request.user)  # type: ignore[arg-type]
    movements = get_movements_for(request.user)  # type: ignore[arg-type]
    page = Paginator(movements, LINES_PER_PAGE).get_page(request.GET.get("page"))
    lines = write_statement(movements=page.object_list, account=account) if account else []
    context = _summary(request, volunteer) | {"page_obj": page, "lines": lines}
    return render(request, "points/my_points.html", context)


@volunteer_required
@require_safe
def my_points_summary(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    """The head of the page by itself: htmx asks for it again while something is being settled."""
    return render(request, "points/summary.html", _summary(request, volunteer))


def _summary(request: HttpRequest, volunteer: Volunteer) -> dict[str, object]:
    user: User = request.user  # type: ignore[assignment]
    return {
        "volunteer": volunteer,
        "account": get_account_for(user),
        "recognitions": get_recognitions_for(user),
        "next_star": next_star(volunteer=volunteer),
        "owed": get_records_for(user).filter(pk__in=ServiceRecord.objects.owed()).exists(),
    }
