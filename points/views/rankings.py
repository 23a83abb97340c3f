from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from points.rankings import last_months, rank_volunteers
from volunteers.models import Territory
from volunteers.permissions import get_volunteer_for


@require_safe
def rankings(request: HttpRequest) -> HttpResponse:
    months = last_months(today=timezone.localdate())
    month = _chosen_month(request.GET.get("month", ""), months=months)
    districts = Territory.objects.districts()
    district = districts.filter(code=request.GET.get("district", "")).first()
    volunteer = get_volunteer_for(request.user)  # type: ignore[arg-type]
    context = {
        "places": rank_volunteers(month=month, territory=district),
        "months": months,
        "month": month,
        "districts": districts,
        "district": district,
        "volunteer": volunteer,
    }
    return render(request, "points/rankings.html", context)


def _chosen_month(text: str, *, months: list[date]) -> date:
    return next((month for month in months if f"{month:%Y-%m}" == text), months[0])
