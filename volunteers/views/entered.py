"""People whom an organisation enters because they cannot do it alone (R2)."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from volunteers.actions.cards import CardNotIssued, issue_card, reissue_card
from volunteers.actions.consents import ConsentNeeded
from volunteers.actions.people import enter_volunteer, update_profile
from volunteers.forms.people import EnteredVolunteerForm, EnterVolunteerForm, ReasonForm
from volunteers.identity import InvalidIdNumber
from volunteers.permissions import Role, get_entered_volunteers_for, get_organisations_for

from .cards import card_pdf_response

PAGE = 50


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def entered_volunteers(request: HttpRequest) -> HttpResponse:
    organisations = get_organisations_for(
        request.user, roles=[Role.ORGANISER, Role.REVIEWER]  # type: ignore[arg-type]
    )  # fmt: skip
    if not organisations:
        raise PermissionDenied
    form = EnterVolunteerForm(request.POST or None, organisations=organisations)
    if request.method == "POST" and form.is_valid():
        try:
            volunteer = enter_volunteer(by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except ConsentNeeded as error:
            form.add_error("evidence", str(error))
        else:
            messages.success(request, _("%(name)s is entered.") % {"name": volunteer.name})
            return redirect("entered_volunteers")
    entered = get_entered_volunteers_for(request.user).prefetch_related("cards")  # type: ignore[arg-type]
    page = Paginator(entered.select_related("entered_for", "community"), PAGE)
    context = {"form": form, "page_obj": page.get_page(request.GET.get("page"))}
    return render(request, "volunteers/entered_volunteers.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_entered(request: HttpRequest, volunteer_id: int) -> HttpResponse:
    """Correct what one's organisation entered; who did it is logged."""
    volunteer = get_object_or_404(get_entered_volunteers_for(request.user), pk=volunteer_id)  # type: ignore[arg-type]
    initial = {
        "name": volunteer.name,
        "phone": volunteer.phone,
        "birth_on": volunteer.birth_on,
        "community": volunteer.community_id,
    }
    form = EnteredVolunteerForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            update_profile(volunteer=volunteer, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except InvalidIdNumber as error:
            form.add_error("birth_on", str(error))
        else:
            messages.success(request, _("The changes are saved."))
            return redirect("entered_volunteers")
    context = {
        "form": form,
        "volunteer": volunteer,
        "card": volunteer.cards.filter(revoked_at=None).first(),
        "reason_form": ReasonForm(),
    }
    return render(request, "volunteers/edit_entered.html", context)


@never_cache
@login_required
@require_safe
def entered_card_pdf(request: HttpRequest, volunteer_id: int) -> HttpResponse:
    """The same card on paper: the organisation prints it and hands it over."""
    volunteer = get_object_or_404(get_entered_volunteers_for(request.user), pk=volunteer_id)  # type: ignore[arg-type]
    card = volunteer.cards.filter(revoked_at=None).first()
    if card is None:
        messages.info(request, _("There is no card yet. Issue one first."))
        return redirect("entered_volunteers")
    return card_pdf_response(card)


@login_required
@require_POST
def issue_entered_card(request: HttpRequest, volunteer_id: int) -> HttpResponse:
    """A printed card for somebody without a phone."""
    volunteer = get_object_or_404(get_entered_volunteers_for(request.user), pk=volunteer_id)  # type: ignore[arg-type]
    try:
        card = issue_card(volunteer=volunteer, by=request.user)  # type: ignore[arg-type]
        messages.success(request, _("Card %(number)s is issued.") % {"number": card.number})
    except CardNotIssued as error:
        messages.error(request, str(error))
    return redirect("entered_volunteers")


@login_required
@require_POST
def reissue_entered_card(request: HttpRequest, volunteer_id: int) -> HttpResponse:
    """A printed card was lost or copied: its signed code ends, another is printed."""
    volunteer = get_object_or_404(get_entered_volunteers_for(request.user), pk=volunteer_id)  # type: ignore[arg-type]
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        card = reissue_card(
            volunteer=volunteer, reason=reason or "asked for at the desk", by=request.user  # type: ignore[arg-type]
        )  # fmt: skip
        messages.success(
            request,
            _("Card %(number)s is issued. The old one is no longer valid.")
            % {"number": card.number},
        )
    except CardNotIssued as error:
        messages.error(request, str(error))
    return redirect("entered_volunteers")
