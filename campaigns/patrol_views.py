"""A patrol's check points: passed with one's own phone, kept and looked at from the desk."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.actions.patrol import (
    ONE_VISIT,
    CheckPointRefused,
    CodeTampered,
    VisitRefused,
    attendance_on_patrol,
    visit_check_point,
)
from campaigns.asked import read_uuid
from campaigns.codes import check_point_url, read_check_point_token
from campaigns.desk_views import organisers_only
from campaigns.documents import check_points_pdf
from campaigns.models import Activity, Attendance, CheckPoint, CheckPointVisit
from campaigns.patrol_forms import CheckPointChangeForm, CheckPointForm
from campaigns.permissions import get_activities_for, get_check_points_for, get_shifts_for
from campaigns.trails import trail_of, trails_of, way_of
from volunteers.permissions import get_volunteer_for

# On the way


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check_point(request: HttpRequest, token: str) -> HttpResponse:
    """What a check point's code opens: one press, then the trail."""
    point = read_check_point_token(token)
    if point is None:
        return _show_point(request, None, refusal=CodeTampered())
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    volunteer = get_volunteer_for(request.user)
    if volunteer is None:
        return redirect(f"{reverse('my_profile')}?{urlencode({'next': request.get_full_path()})}")
    try:
        if request.method == "POST":
            nonce = read_uuid(request.POST.get("nonce", "")) or uuid.uuid4()
            visit_check_point(check_point=point, volunteer=volunteer, nonce=nonce, by=request.user)
            return redirect("check_point", token=token)
        attendance = attendance_on_patrol(check_point=point, volunteer=volunteer)
    except VisitRefused as refusal:
        return _show_point(request, point, refusal=refusal)
    return _show_point(request, point, attendance=attendance)


def _show_point(
    request: HttpRequest,
    point: CheckPoint | None,
    *,
    attendance: Attendance | None = None,
    refusal: VisitRefused | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {"point": point, "refusal": refusal, "nonce": uuid.uuid4()}
    if attendance is not None and point is not None:
        recent = attendance.visits.filter(visited_at__gt=timezone.now() - ONE_VISIT)
        context["visit"] = recent.filter(check_point=point).order_by("-visited_at").first()
        context["trail"] = trail_of(attendance)
    status = 410 if isinstance(refusal, CodeTampered) else 200
    return render(request, "campaigns/check_point.html", context, status=status)


# At the desk: the points of an activity


@organisers_only
@require_http_methods(["GET", "HEAD", "POST"])
def desk_check_points(request: HttpRequest, activity_id: int) -> HttpResponse:
    """The way; a POST adds a point at its end."""
    activity = _activity(request, activity_id)
    form = CheckPointForm(request.POST or None)
    if request.method == "POST" and form.add(activity=activity, by=request.user):
        messages.success(request, _("Added. Print its poster and hang it up there."))
        return redirect("desk_check_points", activity_id=activity.pk)
    return _show_points(request, activity, form=form)


@organisers_only
@require_POST
def desk_check_point_rename(request: HttpRequest, check_point_id: int) -> HttpResponse:
    point = get_object_or_404(get_check_points_for(request.user), pk=check_point_id)
    form = CheckPointForm(request.POST, auto_id=f"point_{point.pk}_%s")
    if form.rename(check_point=point, by=request.user):
        messages.success(request, _("Renamed. The code on the wall stays good."))
        return redirect("desk_check_points", activity_id=point.activity_id)
    return _show_points(request, _activity(request, point.activity_id), wrong=(point.pk, form))


@organisers_only
@require_POST
def desk_check_point_change(request: HttpRequest, check_point_id: int) -> HttpResponse:
    """Its place on the way, whether it is in use, a new code."""
    point = get_object_or_404(get_check_points_for(request.user), pk=check_point_id)
    form = CheckPointChangeForm(request.POST)
    if form.is_valid():
        try:
            form.act(check_point=point, by=request.user)
        except CheckPointRefused as refusal:
            messages.error(request, str(refusal))
        else:
            if form.cleaned_data["change"] == "new_code":
                messages.success(
                    request,
                    _("The point has a new code. The old print no longer works: print anew."),
                )
    return redirect("desk_check_points", activity_id=point.activity_id)


@organisers_only
@require_GET
def check_point_posters(request: HttpRequest, activity_id: int) -> HttpResponse:
    """A sheet for each point in use, or for one of them (?point=)."""
    activity = _activity(request, activity_id)
    points = activity.check_points.filter(is_in_use=True)
    chosen = request.GET.get("point", "")
    if chosen.isdecimal() and len(chosen) < 19:
        points = points.filter(pk=int(chosen))
    if not points:
        messages.info(request, _("There is no check point to print yet."))
        return redirect("desk_check_points", activity_id=activity.pk)
    pdf = check_points_pdf(
        points=[
            (point.name, point.name_en, check_point_url(check_point=point)) for point in points
        ],
        title=activity.campaign.title,
        role=activity.role,
        organisation=activity.campaign.organisation.name,
        contact=f"{activity.contact_name} {activity.contact_phone}".strip(),
    )
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="linli-check-points-{activity.pk}.pdf"'
    return response


def _show_points(
    request: HttpRequest,
    activity: Activity,
    *,
    form: CheckPointForm | None = None,
    wrong: tuple[int, CheckPointForm] | None = None,
) -> HttpResponse:
    points = list(activity.check_points.annotate(is_visited=Exists(_visits())))
    rows = [
        {
            "point": point,
            "form": wrong[1] if wrong and wrong[0] == point.pk else _rename_form(point),
        }
        for point in points
    ]
    form = form or CheckPointForm()
    context = {
        "activity": activity,
        "rows": rows,
        "form": form,
        "has_some_in_use": any(point.is_in_use for point in points),
    }
    status = 422 if wrong or form.is_bound else 200
    return render(request, "campaigns/desk_check_points.html", context, status=status)


def _visits() -> QuerySet[CheckPointVisit]:
    return CheckPointVisit.objects.filter(check_point=OuterRef("pk"))


def _rename_form(point: CheckPoint) -> CheckPointForm:
    return CheckPointForm(
        initial={"name": point.name, "name_en": point.name_en}, auto_id=f"point_{point.pk}_%s"
    )


def _activity(request: HttpRequest, activity_id: int) -> Activity:
    activities = get_activities_for(request.user).select_related("campaign__organisation")
    return get_object_or_404(activities, pk=activity_id)


# At the desk: who has passed where


@organisers_only
@require_GET
def desk_patrol(request: HttpRequest, shift_id: int) -> HttpResponse:
    shifts = get_shifts_for(request.user).select_related("activity__campaign")
    shift = get_object_or_404(shifts, pk=shift_id)
    trails = trails_of(shift)
    way = way_of(trails, shift=shift)
    context = {
        "shift": shift,
        "trails": trails,
        "way": way,
        "passed": sum(point.is_passed for point in way),
        "open_points": [point for point in way if not point.is_passed],
    }
    return render(request, "campaigns/desk_patrol.html", context)
