"""The office's overview of the points, with what waits for the office."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet

from points.actions.settlement import let_be_worth_nothing, try_set_aside_again
from points.models import BonusBudget, SetAsideRecord, StarObjection, YearlyHonour
from points.office import (
    MonthSums,
    budgets_in_use,
    last_checks,
    points_in_hands,
    records_set_aside,
    sums_by_month,
)
from points.permissions import get_anomalies_for
from points.tables import csv_lines, csv_response
from volunteers.permissions import is_city_staff

Answer = HttpResponse | StreamingHttpResponse
View = Callable[..., Answer]
MONTHS_SHOWN = 24
RECORDS_SHOWN = 50


def city_staff_required(view: View) -> View:
    """Wagtail's admin is open to organisers too; this is the city's."""

    @wraps(view)
    def inner(
        request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse | StreamingHttpResponse:
        if not is_city_staff(request.user):  # type: ignore[arg-type]
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return inner


class CityStaffItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return is_city_staff(request.user)  # type: ignore[arg-type]


@city_staff_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    months = sums_by_month()[-MONTHS_SHOWN:]
    aside = records_set_aside()
    context = {
        "page_title": _("Points overview"),
        "header_icon": "order",
        "months": list(reversed(months)),
        "chart": _chart(months),
        "in_hands": points_in_hands(),
        "budgets": [(budget, _percent_used(budget)) for budget in budgets_in_use()],
        "set_aside": aside[:RECORDS_SHOWN],
        "set_aside_count": aside.count(),
        "checks": last_checks(),
        "open_anomalies": get_anomalies_for(request.user).filter(state="open").count(),  # type: ignore[arg-type]
        "open_objections": StarObjection.objects.filter(state=StarObjection.State.OPEN).count(),
        "nominations": YearlyHonour.objects.filter(state=YearlyHonour.State.NOMINATED).count(),
    }
    return render(request, "points/admin/overview.html", context)


@city_staff_required
@require_safe
def months_csv(_request: HttpRequest) -> StreamingHttpResponse:
    return csv_response(name="linli-points-by-month", lines=_csv(get_language() or "zh-hans"))


@city_staff_required
@require_POST
def try_again(request: HttpRequest, record_id: int) -> HttpResponse:
    aside = get_object_or_404(records_set_aside(), pk=record_id)
    try_set_aside_again(record=aside.record)
    messages.success(request, _("The record is tried again."))
    return redirect("points-overview:index")


@city_staff_required
@require_POST
def worth_nothing(request: HttpRequest, record_id: int) -> HttpResponse:
    aside = get_object_or_404(
        records_set_aside().filter(reason=SetAsideRecord.Reason.NO_RULE), pk=record_id
    )
    let_be_worth_nothing(record=aside.record, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("The record earns no points; its hours count all the same."))
    return redirect("points-overview:index")


class OverviewViewSet(ViewSet):
    name = "points-overview"
    menu_label = gettext_lazy("Points overview")
    icon = "order"
    menu_item_class = CityStaffItem

    def get_urlpatterns(self) -> list[Any]:
        return [
            path("", overview, name="index"),
            path("months.csv", months_csv, name="months_csv"),
            path("records/<int:record_id>/again/", try_again, name="try_again"),
            path("records/<int:record_id>/nothing/", worth_nothing, name="worth_nothing"),
        ]


def _percent_used(budget: BonusBudget) -> int:
    return budget.granted_points * 100 // max(budget.budget_points, 1)


def _chart(months: list[MonthSums]) -> dict[str, Any]:
    """What static/js/points-overview.js draws."""
    return {
        "months": [f"{one.month:%Y-%m}" for one in months],
        "issued": [one.issued - one.taken_back for one in months],
        "redeemed": [one.redeemed for one in months],
        "given": [one.given for one in months],
        "lapsed": [one.lapsed for one in months],
        "outstanding": [one.outstanding for one in months],
        "names": {
            "month": _("Month"),
            "issued": _("Issued, less taken back"),
            "redeemed": _("Redeemed"),
            "given": _("Given to projects"),
            "lapsed": _("Lapsed"),
            "outstanding": _("In people's hands at the month's end"),
        },
    }


def _csv(language: str) -> Iterator[str]:
    with override(language):
        header = [
            _("Month"),
            _("Issued"),
            _("Taken back"),
            _("Redeemed"),
            _("Given to projects"),
            _("Lapsed"),
            _("In people's hands at the month's end"),
        ]
        rows = (
            [
                f"{one.month:%Y-%m}",
                one.issued,
                one.taken_back,
                one.redeemed,
                one.given,
                one.lapsed,
                one.outstanding,
            ]
            for one in sums_by_month()
        )
        yield from csv_lines(header=header, rows=rows)
