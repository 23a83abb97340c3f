"""The desk's queue of scans to look at: sentences, what is noted, and somebody's decision."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns.actions.flags import concerns
from campaigns.desk_views import organisers_only, whole_number
from campaigns.flag_words import in_words, shifts_named_in, what_is_noted
from campaigns.models import Attendance, ScanFlag
from campaigns.models.flags import ScanFlagQuerySet
from campaigns.permissions import RUNNING_ROLES, get_attendances_for, get_flags_for
from campaigns.review_forms import DecideFlagForm
from volunteers.permissions import get_organisations_for

FLAGS_A_PAGE = 20


@organisers_only
@require_http_methods(["GET", "HEAD", "POST"])
def desk_scans(request: HttpRequest) -> HttpResponse:
    """The queue; a POST decides about one row of it."""
    if request.method != "POST":
        return _show_scans(request)
    number = whole_number(request.POST.get("flag", ""))
    flag = get_object_or_404(get_flags_for(request.user), pk=number)
    form = DecideFlagForm(request.POST, flag=flag)
    if not form.act(by=request.user):
        return _show_scans(request, wrong=form)
    record_id = _record_of(request, flag)
    if form.cleaned_data["verdict"] == ScanFlag.Verdict.NOT_FINE and record_id:
        messages.success(
            request, _("Written down. The hours stay as they are until you correct or void them.")
        )
        return redirect("desk_record", record_id=record_id)
    messages.success(request, _("Written down."))
    return redirect(request.get_full_path())


def _show_scans(request: HttpRequest, *, wrong: DecideFlagForm | None = None) -> HttpResponse:
    is_decided = request.GET.get("show") == "decided"
    flags = get_flags_for(request.user)
    flags = flags.decided() if is_decided else flags.open()
    kinds = _kinds(flags)
    kind = request.GET.get("kind", "")
    kind = kind if kind in ScanFlag.Kind.values else ""
    if kind:
        flags = flags.filter(kind=kind)
    page = Paginator(_with_all_shown(flags), FLAGS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "is_decided": is_decided,
        "kind": kind,
        "kinds": kinds,
        "page_obj": page,
        "rows": _rows(request, list(page), wrong),
        "has_many_organisations": _runs_many(request),
        # Somebody else was quicker, or the row is on another page: the reason is not lost.
        "refusal": [*wrong.non_field_errors(), *wrong.errors.get("verdict", [])] if wrong else [],
    }
    return render(request, "campaigns/desk_scans.html", context, status=422 if wrong else 200)


def _kinds(flags: ScanFlagQuerySet) -> list[dict[str, Any]]:
    counts = dict(flags.order_by().values_list("kind").annotate(count=Count("pk")))
    return [
        {"value": value, "label": label, "count": counts[value]}
        for value, label in ScanFlag.Kind.choices
        if value in counts
    ]


def _with_all_shown(flags: ScanFlagQuerySet) -> ScanFlagQuerySet:
    return flags.select_related(
        "scan__by", "scan__device", "shift__activity", "organisation", "volunteer", "decided_by"
    ).defer("volunteer__id_number")


def _rows(
    request: HttpRequest, flags: list[ScanFlag], wrong: DecideFlagForm | None
) -> list[dict[str, Any]]:
    shifts = shifts_named_in(flags)
    attendances = _attendances_of(request, flags)
    rows = []
    for flag in flags:
        attendance = attendances.get((flag.shift_id, flag.volunteer_id))
        form = wrong if wrong and wrong.flag == flag else DecideFlagForm(flag=flag)
        rows.append(
            {
                "flag": flag,
                "scan": flag.scan,
                "name": _name(flag, attendance),
                "sentence": in_words(flag, shifts=shifts),
                "noted": what_is_noted(attendance),
                "record": attendance.record if attendance else None,
                "is_late": (flag.scan.received_at - flag.scan.made_at).total_seconds() > 60,
                "is_own": concerns(flag, request.user),
                "form": form,
            }
        )
    return rows


def _name(flag: ScanFlag, attendance: Attendance | None) -> str:
    """Who was at the shift is known there; whoever was not is not named in full."""
    if flag.volunteer is None:
        return ""
    return flag.volunteer.name if attendance else flag.volunteer.masked_name


def _attendances_of(
    request: HttpRequest, flags: list[ScanFlag]
) -> dict[tuple[int, int | None], Attendance]:
    found = get_attendances_for(request.user).filter(
        sign_up__shift__in={flag.shift_id for flag in flags},
        volunteer__in={flag.volunteer_id for flag in flags if flag.volunteer_id},
    )
    return {
        (attendance.sign_up.shift_id, attendance.volunteer_id): attendance
        for attendance in found.select_related("sign_up", "record")
    }


def _record_of(request: HttpRequest, flag: ScanFlag) -> int | None:
    attendance = _attendances_of(request, [flag]).get((flag.shift_id, flag.volunteer_id))
    return attendance.record_id if attendance else None


def _runs_many(request: HttpRequest) -> bool:
    return len(get_organisations_for(request.user, roles=RUNNING_ROLES)[:2]) > 1
