from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from points.year import FIRST_YEAR, sum_up_year, years_of
from points.year_picture import draw_year
from volunteers.models import Volunteer
from volunteers.views.access import volunteer_required


@volunteer_required
@require_safe
def my_year(request: HttpRequest, volunteer: Volunteer, year: int) -> HttpResponse:
    _check_year(year)
    summary = sum_up_year(volunteer=volunteer, year=year)
    most = max((minutes for _name, minutes in summary.categories), default=1)
    context: dict[str, Any] = {
        "summary": summary,
        "categories": [
            {"name": name, "hours": minutes / 60, "minutes": minutes}
            for name, minutes in summary.categories
        ],
        "most_minutes": most,
        "years": years_of(volunteer),
        "shows_name": _shows_name(request),
        "name": _chosen_name(request, volunteer),
    }
    return render(request, "points/year.html", context)


@volunteer_required
@require_safe
def my_year_picture(request: HttpRequest, volunteer: Volunteer, year: int) -> HttpResponse:
    """The name on it is masked unless its owner asks for it."""
    _check_year(year)
    picture = draw_year(
        summary=sum_up_year(volunteer=volunteer, year=year),
        name=_chosen_name(request, volunteer),
        site=urlsplit(settings.LINLI_BASE_URL).netloc,
    )
    return HttpResponse(
        picture,
        content_type="image/png",
        headers={"Content-Disposition": f'inline; filename="linli-{year}.png"'},
    )


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= timezone.localdate().year:
        raise Http404


def _shows_name(request: HttpRequest) -> bool:
    return request.GET.get("name") == "shown"


def _chosen_name(request: HttpRequest, volunteer: Volunteer) -> str:
    return volunteer.name if _shows_name(request) else volunteer.masked_name
