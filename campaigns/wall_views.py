"""The live wall of a campaign or of one shift, for a projector in the hall and for a phone."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from campaigns.models.shifts import ShiftQuerySet
from campaigns.permissions import get_campaigns_for, get_shifts_for
from campaigns.wall import Wall, look_at, next_shift, shifts_on_now
from volunteers.language import in_language


@never_cache
@login_required
@require_GET
def desk_campaign_wall(request: HttpRequest, campaign_id: int) -> HttpResponse:
    campaign = get_object_or_404(get_campaigns_for(request.user), pk=campaign_id)
    now = timezone.now()
    shifts = get_shifts_for(request.user).filter(activity__campaign=campaign)
    return _show_wall(
        request,
        wall=look_at(shifts_on_now(shifts, at=now), at=now),
        shifts=shifts,
        title=in_language(campaign, "title"),
        back=reverse("desk_campaign", args=[campaign.pk]),
    )


@never_cache
@login_required
@require_GET
def desk_shift_wall(request: HttpRequest, shift_id: int) -> HttpResponse:
    """One shift, at whatever time: an hour too early one sees at least who is expected."""
    shifts = get_shifts_for(request.user).filter(pk=shift_id)
    shift = get_object_or_404(shifts.select_related("activity__campaign"))
    return _show_wall(
        request,
        wall=look_at(shifts, at=timezone.now()),
        shifts=shifts,
        title=in_language(shift.activity.campaign, "title"),
        back=reverse("desk_shift", args=[shift.pk]),
    )


@vary_on_headers("HX-Request")
def _show_wall(
    request: HttpRequest, *, wall: Wall, shifts: ShiftQuerySet, title: str, back: str
) -> HttpResponse:
    is_refresh = "HX-Request" in request.headers
    context = {
        "wall": wall,
        "title": title,
        "back": back,
        "next_shift": None if wall.posts else next_shift(shifts, at=wall.at),
    }
    template = "campaigns/desk_wall_news.html" if is_refresh else "campaigns/desk_wall.html"
    return render(request, template, context)
