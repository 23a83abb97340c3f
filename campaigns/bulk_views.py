"""Checking out a whole shift at the desk, and the photograph that shows that it left together."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.actions.bulk import BulkCheckOut, who_is_in
from campaigns.bulk_forms import CheckOutEverybodyForm, LeftAtForm
from campaigns.models import Attendance, Shift
from campaigns.outcomes import clock
from campaigns.permissions import get_evidence_for, get_shifts_for

MOST_NAMES = 12


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def desk_check_out_everybody(request: HttpRequest, shift_id: int) -> HttpResponse:
    """First when they left, which shows whom it concerns; then what shows it, and the press."""
    shifts = get_shifts_for(request.user).select_related("activity__campaign")
    shift = get_object_or_404(shifts, pk=shift_id)
    if request.method == "POST":
        form = CheckOutEverybodyForm(request.POST, request.FILES, shift=shift)
        result = form.act(by=request.user)  # type: ignore[arg-type]
        if result is not None:
            _tell(request, result)
            return redirect("desk_shift", shift_id=shift.pk)
        return _show(request, shift, when=LeftAtForm(request.POST, shift=shift), form=form)
    asked = request.GET if "left_at" in request.GET else None
    return _show(request, shift, when=LeftAtForm(asked, shift=shift))


def _show(
    request: HttpRequest,
    shift: Shift,
    *,
    when: LeftAtForm,
    form: CheckOutEverybodyForm | None = None,
) -> HttpResponse:
    is_known = when.is_valid() if when.is_bound else True
    left_at = (
        when.cleaned_data["left_at"] if when.is_bound and is_known else when["left_at"].initial
    )
    people = list(who_is_in(shift)) if is_known else []
    if form is None:
        form = CheckOutEverybodyForm(shift=shift)
        form.initial["left_at"] = left_at
    context = {
        "shift": shift,
        "when": when,
        "form": form,
        "left_at": left_at if is_known else None,
        "leaving": [one for one in people if one.checked_in_at < left_at],
        "staying": [one for one in people if one.checked_in_at >= left_at],
    }
    is_wrong = not is_known or form.is_bound
    return render(
        request, "campaigns/desk_check_out_everybody.html", context, status=422 if is_wrong else 200
    )


def _tell(request: HttpRequest, result: BulkCheckOut) -> None:
    number = len(result.checked_out)
    time = clock(result.evidence.left_at)
    if number:
        messages.success(
            request,
            ngettext(
                "%(number)s person is checked out, as of %(time)s.",
                "%(number)s people are checked out, as of %(time)s.",
                number,
            )
            % {"number": number, "time": time},
        )
    for refused in result.not_checked_out[:MOST_NAMES]:
        name = refused.volunteer.name if refused.volunteer else ""
        messages.warning(request, f"{name}: {refused.sentence}")
    if result.came_later:
        messages.warning(
            request,
            _("Came in after %(time)s and so still in: %(names)s")
            % {"time": time, "names": _names(result.came_later)},
        )


def _names(attendances: Sequence[Attendance]) -> str:
    names = [attendance.volunteer.name for attendance in attendances]
    more = len(names) - MOST_NAMES
    listed = _(", ").join(names[:MOST_NAMES])
    return (
        _("%(names)s and %(more)s more") % {"names": listed, "more": more} if more > 0 else listed
    )


@cache_control(private=True, no_store=True)
@login_required
@require_GET
def desk_evidence_photo(request: HttpRequest, evidence_id: int) -> HttpResponseBase:
    """Only through here: the folder of evidence is served by nobody else."""
    evidence = get_object_or_404(get_evidence_for(request.user).exclude(photo=""), pk=evidence_id)
    try:
        photo = evidence.photo.open("rb")
    except OSError as gone:
        raise Http404 from gone
    return FileResponse(photo, content_type="image/jpeg", filename=f"linli-{evidence.pk}.jpg")
