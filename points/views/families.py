"""The family's page. Where the city keeps it off, these addresses do not exist."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from points.actions import families as actions
from points.actions.families import FamilyRefused, monthly_limit, points_left_to_send
from points.forms.giving import FoundFamilyForm, InviteForm, SendPointsForm
from points.permissions import (
    get_account_for,
    get_family_invitations_for,
    get_family_membership_for,
    get_family_of,
)
from volunteers.limits import LockedOut, take_try
from volunteers.models import Volunteer
from volunteers.views.access import volunteer_required

INVITATIONS_A_DAY = 20

View = Callable[..., HttpResponse]


def where_families_are_on(view: View) -> View:
    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if monthly_limit() < 1:
            raise Http404
        return view(request, *args, **kwargs)

    return inner


@where_families_are_on
@volunteer_required
@require_safe
def my_family(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    return _page(request, volunteer)


@where_families_are_on
@volunteer_required
@require_POST
def found(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    form = FoundFamilyForm(request.POST)
    if form.is_valid():
        try:
            actions.found_family(
                volunteer=volunteer,
                name=form.cleaned_data["name"],
                by=request.user,  # type: ignore[arg-type]
            )
        except FamilyRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("my_family")
    return _page(request, volunteer, found_form=form)


@where_families_are_on
@volunteer_required
@require_POST
def invite(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            take_try(user=request.user, what="family", a_day=INVITATIONS_A_DAY)  # type: ignore[arg-type]
            actions.invite_to_family(
                volunteer=volunteer,
                card_number=form.cleaned_data["card_number"],
                by=request.user,  # type: ignore[arg-type]
            )
        except (FamilyRefused, LockedOut) as refusal:
            form.add_error("card_number", str(refusal))
        else:
            messages.success(request, _("Invited. It counts once that person has said yes."))
            return redirect("my_family")
    return _page(request, volunteer, invite_form=form)


@where_families_are_on
@volunteer_required
@require_POST
def answer(request: HttpRequest, _volunteer: Volunteer, invitation_id: int) -> HttpResponse:
    invitation = get_object_or_404(
        get_family_invitations_for(request.user).select_related("volunteer"),  # type: ignore[arg-type]
        pk=invitation_id,
    )
    if request.POST.get("answer") != "yes":
        actions.refuse_invitation(invitation=invitation, by=request.user)  # type: ignore[arg-type]
        return redirect("my_family")
    try:
        actions.accept_invitation(invitation=invitation, by=request.user)  # type: ignore[arg-type]
    except FamilyRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("my_family")


@where_families_are_on
@volunteer_required
@require_POST
def leave(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    actions.leave_family(volunteer=volunteer, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("You have left the family. Your points stay yours."))
    return redirect("my_family")


@where_families_are_on
@volunteer_required
@require_POST
def send(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    form = SendPointsForm(request.POST, members=_others(request, volunteer))
    if form.is_valid():
        receiver = form.cleaned_data["receiver"].volunteer
        try:
            sent = actions.send_family_points(
                sender=volunteer,
                receiver=receiver,
                points=form.cleaned_data["points"],
                nonce=form.cleaned_data["nonce"],
                by=request.user,  # type: ignore[arg-type]
            )
        except FamilyRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            sentence = ngettext(
                "%(points)s point has gone to %(name)s.",
                "%(points)s points have gone to %(name)s.",
                sent.points,
            )
            messages.success(request, sentence % {"points": sent.points, "name": receiver.name})
            return redirect("my_family")
    return _page(request, volunteer, send_form=form)


def _others(request: HttpRequest, volunteer: Volunteer) -> Any:
    members = get_family_of(request.user).filter(joined_at__isnull=False)  # type: ignore[arg-type]
    return members.exclude(volunteer=volunteer)


def _page(request: HttpRequest, volunteer: Volunteer, **forms: Any) -> HttpResponse:
    account = get_account_for(request.user)  # type: ignore[arg-type]
    others = _others(request, volunteer)
    context = {
        "volunteer": volunteer,
        "membership": get_family_membership_for(request.user),  # type: ignore[arg-type]
        "members": get_family_of(request.user),  # type: ignore[arg-type]
        "invitations": get_family_invitations_for(request.user),  # type: ignore[arg-type]
        "has_others": others.exists(),
        "balance": max(0, account.balance_points) if account else 0,
        "limit": monthly_limit(),
        "left": points_left_to_send(volunteer=volunteer),
        "found_form": FoundFamilyForm(),
        "invite_form": InviteForm(),
        "send_form": SendPointsForm(members=others, initial={"nonce": uuid.uuid4()}),
    } | forms
    return render(request, "points/my_family.html", context)
