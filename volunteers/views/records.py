"""A volunteer's own service records: the list, one record with its history, an objection (R8)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from volunteers.actions.records import RecordRefused, raise_objection
from volunteers.forms.records import ObjectionForm
from volunteers.models import RecordChange, ServiceRecord, Volunteer
from volunteers.permissions import get_records_for

from .access import volunteer_required

PER_PAGE = 20


@volunteer_required
@require_safe
def my_records(request: HttpRequest, _volunteer: Volunteer) -> HttpResponse:
    records = get_records_for(request.user)  # type: ignore[arg-type]
    totals = records.aggregate(
        minutes=Sum("credited_minutes", filter=Q(state__in=ServiceRecord.COUNTED)),
        counted=Count("id", filter=Q(state__in=ServiceRecord.COUNTED)),
        waiting=Count("id", filter=Q(state__in=ServiceRecord.WAITING)),
    )
    page = Paginator(records, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "hours": (totals["minutes"] or 0) / 60,
        "counted": totals["counted"],
        "waiting": totals["waiting"],
    }
    return render(request, "volunteers/records.html", context)


@volunteer_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_record(request: HttpRequest, volunteer: Volunteer, record_id: int) -> HttpResponse:
    """One record; a POST raises an objection and keeps what was typed when it is refused."""
    record = get_object_or_404(get_records_for(request.user), pk=record_id)  # type: ignore[arg-type]
    form = ObjectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            raise_objection(
                record=record,
                by=request.user,  # type: ignore[arg-type]
                reason=form.cleaned_data["reason"],
            )
        except RecordRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                _("%(organisation)s has your objection now. The hours count until it is decided.")
                % {"organisation": record.organisation},
            )
            return redirect("my_record", record_id=record.pk)
    changes = record.changes.select_related("by")
    context = {
        "record": record,
        "form": form,
        "may_object": record.state == ServiceRecord.State.CONFIRMED,
        "open_objection": record.objections.filter(state="open").first(),
        "timeline": [_in_words(change, volunteer=volunteer) for change in changes],
    }
    return render(request, "volunteers/record.html", context)


def _in_words(change: RecordChange, *, volunteer: Volunteer) -> dict[str, Any]:
    """A change as the timeline component takes it: who, when, why."""
    if change.by is None:
        who = _("by itself")
    elif change.by_id == volunteer.user_id:
        who = _("by you")
    else:
        who = _("by %(name)s") % {"name": change.by.get_full_name()}
    hours = _("%(minutes)s minutes") % {"minutes": change.credited_minutes}
    why = _("%(stars)s of 5") % {"stars": change.reason} if _is_rating(change) else change.reason
    return {
        "title": change.get_kind_display(),
        "at": change.at,
        "text": " · ".join(part for part in (who, hours, why) if part),
        "state": "wrong" if change.kind in _TROUBLE else "done",
    }


_TROUBLE = (RecordChange.Kind.OBJECTED, RecordChange.Kind.VOIDED)


def _is_rating(change: RecordChange) -> bool:
    return change.kind == RecordChange.Kind.RATED
