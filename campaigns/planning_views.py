"""Planning shifts at the desk, on a phone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from campaigns.actions.shifts import ShiftRefused
from campaigns.asked import shift_to_run
from campaigns.forms import CallOffForm, NewShiftForm, ShiftForm
from campaigns.models import CampaignPage, Shift
from campaigns.permissions import get_activities_for, get_campaigns_for, get_shifts_for


@login_required
@require_GET
def desk_campaign(request: HttpRequest, campaign_id: int) -> HttpResponse:
    campaign = get_object_or_404(
        get_campaigns_for(request.user).select_related("organisation"), pk=campaign_id
    )
    shifts = (
        get_shifts_for(request.user).filter(activity__campaign=campaign).select_related("activity")
    )
    now = timezone.now()
    past = shifts.filter(ends_at__lte=now).order_by("-starts_at")
    return render(
        request,
        "campaigns/desk_campaign.html",
        {
            "campaign": campaign,
            "upcoming": shifts.filter(ends_at__gt=now).order_by("starts_at"),
            "page_obj": Paginator(past, 20).get_page(request.GET.get("page")),
            "has_activities": campaign.activities.exists(),
        },
    )


@login_required
def open_shifts_at_desk(request: HttpRequest, campaign_id: int) -> HttpResponse:
    campaign = get_object_or_404(get_campaigns_for(request.user), pk=campaign_id)
    activities = get_activities_for(request.user).filter(campaign=campaign)
    form = NewShiftForm(request.POST or None, activities=activities, initial=_first_guess(campaign))
    if request.method == "POST" and form.is_valid():
        try:
            shifts = form.open(by=request.user)  # type: ignore[arg-type]
        except ShiftRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(
                request,
                ngettext("%(n)s shift opened.", "%(n)s shifts opened.", len(shifts))
                % {"n": len(shifts)},
            )
            return redirect("desk_campaign", campaign_id=campaign.pk)
    context = {"campaign": campaign, "form": form, "has_activities": activities.exists()}
    return render(request, "campaigns/desk_shift_new.html", context)


@login_required
def change_shift_at_desk(request: HttpRequest, shift_id: int) -> HttpResponse:
    shift = shift_to_run(request, shift_id)
    form = ShiftForm(request.POST or None, initial=ShiftForm.initial_of(shift))
    if request.method == "POST" and form.is_valid():
        try:
            form.change(shift, by=request.user)  # type: ignore[arg-type]
        except ShiftRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The shift is changed."))
            return redirect("desk_campaign", campaign_id=shift.activity.campaign_id)
    return render(request, "campaigns/desk_shift_edit.html", {"shift": shift, "form": form})


@login_required
def call_off_shift_at_desk(request: HttpRequest, shift_id: int) -> HttpResponse:
    shift = shift_to_run(request, shift_id)
    form = CallOffForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            form.call_off(shift, by=request.user)  # type: ignore[arg-type]
        except ShiftRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The shift is called off."))
            return redirect("desk_campaign", campaign_id=shift.activity.campaign_id)
    return render(request, "campaigns/desk_shift_call_off.html", {"shift": shift, "form": form})


def _first_guess(campaign: CampaignPage) -> dict[str, Any]:
    """The times of the newest shift, on the day after it: most shifts repeat."""
    newest = Shift.objects.filter(activity__campaign=campaign).order_by("-starts_at", "-pk").first()
    tomorrow = timezone.localdate() + timedelta(days=1)
    if newest is None:
        return {"on": tomorrow}
    guess = ShiftForm.initial_of(newest) | {"activity": newest.activity_id}
    return guess | {"on": max(tomorrow, guess["on"] + timedelta(days=1))}
