"""The queue of anomalies (E1): sentences, the records they speak of, and somebody's decision."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.admin import messages
from wagtail.admin.viewsets.base import ViewSet

from points.actions.anomalies import AnomalyRefused, concerns, decide_anomaly
from points.admin.office import CityStaffItem, city_staff_required
from points.anomalies import accounts_named_in, in_words
from points.models import Anomaly
from points.permissions import get_anomalies_for
from volunteers.models import ServiceRecord

ANOMALIES_PER_PAGE = 30
RECORDS_SHOWN = 50


class DecisionForm(forms.Form):
    state = forms.ChoiceField(
        label=gettext_lazy("What came out"),
        choices=[choice for choice in Anomaly.State.choices if choice[0] != Anomaly.State.OPEN],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=gettext_lazy("What was found out"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Whom you asked, what you saw. It is kept with your name."),
    )


@city_staff_required
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    states = dict(Anomaly.State.choices)
    state = request.GET.get("state", "")
    state = state if state in states else Anomaly.State.OPEN
    found = get_anomalies_for(request.user).filter(state=state)  # type: ignore[arg-type]
    page = Paginator(found, ANOMALIES_PER_PAGE).get_page(request.GET.get("page"))
    accounts = accounts_named_in(list(page))
    context = {
        "page_title": _("Anomalies"),
        "header_icon": "warning",
        "page_obj": page,
        "rows": [(anomaly, in_words(anomaly, accounts=accounts)) for anomaly in page],
        "state": state,
        "states": Anomaly.State.choices,
    }
    return render(request, "points/admin/anomalies.html", context)


@city_staff_required
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, anomaly_id: int) -> HttpResponse:
    anomaly = get_object_or_404(get_anomalies_for(request.user), pk=anomaly_id)  # type: ignore[arg-type]
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            decide_anomaly(anomaly=anomaly, **form.cleaned_data, by=request.user)  # type: ignore[arg-type]
        except AnomalyRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Written down."))
            return redirect("points-anomalies:index")
    records = ServiceRecord.objects.filter(pk__in=anomaly.record_numbers[:RECORDS_SHOWN])
    context = {
        "page_title": _("Anomalies"),
        "page_subtitle": str(anomaly),
        "header_icon": "warning",
        "anomaly": anomaly,
        "sentence": in_words(anomaly, accounts=accounts_named_in([anomaly])),
        "records": records.select_related("organisation", "volunteer", "entered_by", "confirmed_by")
        .defer("volunteer__id_number")
        .order_by("pk"),
        "form": form,
        "is_own": concerns(anomaly, request.user),  # type: ignore[arg-type]
    }
    return render(request, "points/admin/anomaly.html", context)


class AnomalyViewSet(ViewSet):
    name = "points-anomalies"
    menu_label = gettext_lazy("Anomalies")
    icon = "warning"
    menu_item_class = CityStaffItem

    def get_urlpatterns(self) -> list[Any]:
        return [
            path("", queue, name="index"),
            path("<int:anomaly_id>/", decide, name="decide"),
        ]
