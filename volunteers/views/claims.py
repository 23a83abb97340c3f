"""«That is me»: taking over what an organisation entered, joining two registrations (E4)."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from volunteers.actions.merges import (
    MergeRefused,
    ask_merge,
    can_prove_by_phone,
    decide_merge,
    merge_by_code,
    merge_volunteers,
    send_merge_code,
)
from volunteers.actions.people import find_by_id_number
from volunteers.actions.proofs import ProofRefused
from volunteers.forms.people import ClaimIdForm, CodeForm, DecisionForm
from volunteers.identity import same_name
from volunteers.limits import LockedOut, take_try
from volunteers.models import MergeRequest, Volunteer
from volunteers.permissions import (
    get_claimable_for,
    get_merge_requests_for,
    get_own_merge_requests_for,
    has_staff_role,
)
from volunteers.sms import SmsNotSent

from .access import volunteer_required

ID_NUMBER_TRIES_A_DAY = 10


@volunteer_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_claims(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    """What waits to be claimed; POST asks for another registration by its ID number.

    The answer is the same whether or not the number is registered: nobody learns here who is.
    """
    form = ClaimIdForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            take_try(user=request.user, what="id-number", a_day=ID_NUMBER_TRIES_A_DAY)  # type: ignore[arg-type]
            other = find_by_id_number(
                id_type=form.cleaned_data["id_type"], number=form.cleaned_data["number"]
            )
            if other and other.pk != volunteer.pk:
                ask_merge(
                    kept=volunteer,
                    merged=other,
                    reason=form.cleaned_data["reason"],
                    by=request.user,  # type: ignore[arg-type]
                )
            messages.success(
                request, _("Thank you. If there is such a registration, it is listed below.")
            )
            return redirect("my_claims")
        except (MergeRefused, LockedOut) as error:
            form.add_error(None, str(error))
    return render(request, "volunteers/claims.html", _claims_context(request, volunteer, form))


@volunteer_required
@require_POST
def claim_entered(request: HttpRequest, volunteer: Volunteer, volunteer_id: int) -> HttpResponse:
    """One press for what an organisation entered under one's proven number.

    Under the same name it is joined at once; under another it becomes a request for staff.
    """
    entered = get_object_or_404(get_claimable_for(request.user), pk=volunteer_id)  # type: ignore[arg-type]
    try:
        if same_name(entered.name, volunteer.name):
            merge_volunteers(
                kept=volunteer,
                merged=entered,
                proof=MergeRequest.Proof.PHONE_CODE,
                by=request.user,  # type: ignore[arg-type]
            )
            messages.success(request, _("The two registrations are one now."))
        else:
            ask_merge(
                kept=volunteer,
                merged=entered,
                reason=_("entered under this phone number, with another name"),
                by=request.user,  # type: ignore[arg-type]
            )
            messages.info(request, _("The names differ, so a member of staff will look at it."))
    except MergeRefused as error:
        messages.error(request, str(error))
    return redirect("my_claims")


@volunteer_required
@require_POST
def send_claim_code(request: HttpRequest, _volunteer: Volunteer, request_id: int) -> HttpResponse:
    merge = get_object_or_404(get_own_merge_requests_for(request.user), pk=request_id)  # type: ignore[arg-type]
    try:
        send_merge_code(request=merge, by=request.user)  # type: ignore[arg-type]
        messages.success(request, _("We sent a code to the phone of that registration."))
    except (MergeRefused, ProofRefused, SmsNotSent) as error:
        messages.error(request, str(error))
    return redirect("my_claims")


@volunteer_required
@require_POST
def prove_claim(request: HttpRequest, _volunteer: Volunteer, request_id: int) -> HttpResponse:
    merge = get_object_or_404(get_own_merge_requests_for(request.user), pk=request_id)  # type: ignore[arg-type]
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            merge_by_code(request=merge, code=form.cleaned_data["code"], by=request.user)  # type: ignore[arg-type]
            messages.success(request, _("The two registrations are one now."))
        except (MergeRefused, ProofRefused) as error:
            messages.error(request, str(error))
    else:
        messages.error(request, _("Please type the code."))
    return redirect("my_claims")


@never_cache
@login_required
@require_safe
def merge_requests(request: HttpRequest) -> HttpResponse:
    """What staff have to decide, and what was decided lately."""
    if not has_staff_role(request.user):  # type: ignore[arg-type]
        raise PermissionDenied
    requests = get_merge_requests_for(request.user).select_related("kept", "merged", "decided_by")  # type: ignore[arg-type]
    context = {
        "open_requests": requests.filter(state=MergeRequest.State.OPEN),
        "decided": requests.exclude(state=MergeRequest.State.OPEN)[:20],
        "form": DecisionForm(),
    }
    return render(request, "volunteers/merge_requests.html", context)


@login_required
@require_POST
def decide_merge_request(request: HttpRequest, request_id: int) -> HttpResponse:
    merge = get_object_or_404(get_merge_requests_for(request.user), pk=request_id)  # type: ignore[arg-type]
    form = DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please write a sentence for the person."))
        return redirect("merge_requests")
    try:
        decide_merge(
            request=merge,
            accept=request.POST.get("decision") == "merge",
            answer=form.cleaned_data["answer"],
            by=request.user,  # type: ignore[arg-type]
        )
        messages.success(request, _("Decided."))
    except MergeRefused as error:
        messages.error(request, str(error))
    return redirect("merge_requests")


def _claims_context(
    request: HttpRequest, volunteer: Volunteer, form: ClaimIdForm
) -> dict[str, object]:
    own = get_own_merge_requests_for(request.user).select_related("merged", "merged__user")  # type: ignore[arg-type]
    return {
        "form": form,
        "volunteer": volunteer,
        "entered": get_claimable_for(request.user).select_related("entered_for"),  # type: ignore[arg-type]
        "requests": [
            {"request": merge, "by_phone": can_prove_by_phone(merge)} for merge in own[:10]
        ],
        "code_form": CodeForm(),
    }
