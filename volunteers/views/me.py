"""A person's own pages: home, profile, ID number, guardian, consents, data copy, leaving."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from volunteers.actions.consents import (
    ConsentNeeded,
    get_notice,
    give_consent,
    has_consent,
    withdraw_consent,
)
from volunteers.actions.joining import join
from volunteers.actions.leaving import CannotLeave, close_account, copy_data
from volunteers.actions.merges import MergeRefused, ask_merge
from volunteers.actions.people import (
    AlreadyRegistered,
    confirm_guardian,
    needs_guardian,
    set_guardian,
    set_id_number,
    update_profile,
)
from volunteers.actions.proofs import ProofRefused, send_proof_code, use_proof_code
from volunteers.actions.security import address_of, log_security_event
from volunteers.forms.joining import JoinForm
from volunteers.forms.people import (
    CloseAccountForm,
    CodeForm,
    GuardianForm,
    IdNumberForm,
    ProfileForm,
)
from volunteers.identity import InvalidIdNumber
from volunteers.limits import LockedOut, take_try
from volunteers.models import (
    Consent,
    ConsentNotice,
    Guardian,
    ProofCode,
    SecurityEvent,
    ServiceRecord,
    StudentAffiliation,
    Volunteer,
)
from volunteers.permissions import get_claimable_for, get_volunteer_for
from volunteers.sms import SmsNotSent

from .access import next_url, volunteer_required
from .cards import level_label

Kind = ConsentNotice.Kind
ID_NUMBER_TRIES_A_DAY = 10
EITHER = ["GET", "HEAD", "POST"]


@volunteer_required
@require_safe
def me(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    counted = ServiceRecord.objects.filter(volunteer=volunteer, state__in=ServiceRecord.COUNTED)
    served = counted.aggregate(minutes=Sum("credited_minutes"), records=Count("id"))
    context = {
        "volunteer": volunteer,
        "card": volunteer.cards.filter(revoked_at=None).first(),
        "level_label": level_label(volunteer.star_level),
        "missing": missing_in_profile(volunteer),
        "claimable": get_claimable_for(request.user).count(),  # type: ignore[arg-type]
        "hours": (served["minutes"] or 0) / 60,
        "records": served["records"],
        # Rooms above fill these in, where they are there.
        "next_shift_url": _url_or_empty("my_shifts_next"),
        "points_summary_url": _url_or_empty("my_points_summary"),
        "records_url": _url_or_empty("my_records"),
        "shifts_url": _url_or_empty("my_shifts"),
        "points_url": _url_or_empty("my_points"),
        "honours_url": _url_or_empty("my_honours"),
        "gifts_url": _url_or_empty("my_gifts"),
    }
    return render(request, "volunteers/me.html", context)


def missing_in_profile(volunteer: Volunteer) -> list[str]:
    """What activities may ask for and the profile does not say, in words."""
    student = StudentAffiliation.objects.filter(volunteer=volunteer).first()
    questions = [
        (volunteer.community_id is None, _("your community")),
        (volunteer.birth_on is None, _("your birth date")),
        (not volunteer.emergency_phone, _("somebody to call in an emergency")),
        (not volunteer.categories.exists(), _("what you like to do")),
        (needs_guardian(volunteer), _("your guardian's consent")),
        (student is not None and student.verified_at is None, _("proof that you study there")),
    ]
    return [words for is_missing, words in questions if is_missing]


@never_cache
@login_required
@require_http_methods(EITHER)
def join_view(request: HttpRequest) -> HttpResponse:
    """For an account without a volunteer: somebody of staff, or who signed up by a campus login."""
    after = next_url(request, reverse("my_card"))
    if get_volunteer_for(request.user):
        return redirect(after)
    form = JoinForm(request.POST or None, initial={"name": request.user.name})
    if request.method == "POST" and form.is_valid():
        join(user=request.user, joining=form.joining)
        messages.success(request, _("Welcome, neighbour. This is your card."))
        return redirect(after)
    return render(request, "volunteers/join.html", {"form": form, "next": after})


@volunteer_required
@require_http_methods(EITHER)
def my_profile(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    form = ProfileForm(request.POST or None, volunteer=volunteer)
    if request.method == "POST" and form.is_valid() and _save_profile(request, volunteer, form):
        messages.success(request, _("Your profile is saved."))
        volunteer.refresh_from_db()
        if needs_guardian(volunteer):
            messages.info(request, _("You are a minor: please name a guardian who agrees."))
            return redirect("my_guardian")
        return redirect(next_url(request, reverse("me")))
    context = {"form": form, "volunteer": volunteer, "next": next_url(request, "")}
    return render(request, "volunteers/profile.html", context)


def _save_profile(request: HttpRequest, volunteer: Volunteer, form: ProfileForm) -> bool:
    data = dict(form.cleaned_data)
    is_ranked = data.pop("is_ranked")
    try:
        update_profile(volunteer=volunteer, by=request.user, **data)  # type: ignore[arg-type]
    except InvalidIdNumber as error:
        form.add_error("birth_on", str(error))
        return False
    if is_ranked != volunteer.is_ranked:
        change = give_consent if is_ranked else withdraw_consent
        change(volunteer=volunteer, kind=Kind.RANKING, by=request.user)  # type: ignore[operator]
    return True


@volunteer_required
@require_http_methods(EITHER)
def my_id_number(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    """Somebody else's number leads to the claims page; how often one may ask is limited."""
    form = IdNumberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            take_try(user=request.user, what="id-number", a_day=ID_NUMBER_TRIES_A_DAY)  # type: ignore[arg-type]
            set_id_number(
                volunteer=volunteer,
                id_type=form.cleaned_data["id_type"],
                number=form.cleaned_data["number"],
                consented=form.cleaned_data["agree"],
                by=request.user,  # type: ignore[arg-type]
            )
        except (InvalidIdNumber, ConsentNeeded, LockedOut) as error:
            form.add_error("number", str(error))
        except AlreadyRegistered as error:
            return _ask_for_the_other(request, volunteer, error.other)
        else:
            messages.success(request, _("Your ID number is kept, encrypted."))
            return redirect(next_url(request, reverse("my_profile")))
    context = {
        "form": form,
        "volunteer": volunteer,
        "notice": get_notice(Kind.ID_NUMBER),
        "next": next_url(request, ""),
    }
    return render(request, "volunteers/id_number.html", context)


def _ask_for_the_other(
    request: HttpRequest, volunteer: Volunteer, other: Volunteer
) -> HttpResponse:
    """«Already registered» is no dead end (E4): it becomes a request to join the two."""
    try:
        ask_merge(kept=volunteer, merged=other, reason="", by=request.user)  # type: ignore[arg-type]
        messages.warning(
            request, _("This ID number is registered already. If it is yours, join the two here.")
        )
    except MergeRefused as error:
        messages.error(request, str(error))
    return redirect("my_claims")


@volunteer_required
@require_http_methods(EITHER)
def my_guardian(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    guardian = Guardian.objects.filter(volunteer=volunteer).first()
    initial = (
        {"name": guardian.name, "relation": guardian.relation, "phone": guardian.phone}
        if guardian
        else None
    )
    is_code = request.POST.get("action") == "confirm"
    form = GuardianForm(None if is_code else request.POST or None, initial=initial)
    code_form = CodeForm(request.POST if is_code else None)
    if is_code and guardian and code_form.is_valid():
        if _confirm_guardian(request, guardian, code_form):
            return redirect(next_url(request, reverse("me")))
    elif request.method == "POST" and not is_code and form.is_valid():
        guardian = _name_guardian(request, volunteer, form)
        if guardian:
            return redirect("my_guardian")
    context = {
        "form": form,
        "code_form": code_form,
        "guardian": guardian,
        "notice": get_notice(Kind.GUARDIAN),
    }
    return render(request, "volunteers/guardian.html", context)


def _name_guardian(
    request: HttpRequest, volunteer: Volunteer, form: GuardianForm
) -> Guardian | None:
    if form.cleaned_data["phone"] == volunteer.phone:
        form.add_error("phone", _("This is your own number; a guardian agrees on another one."))
        return None
    guardian = set_guardian(volunteer=volunteer, **form.cleaned_data)
    if guardian.consented_at:
        messages.success(request, _("Your guardian has agreed already."))
        return guardian
    try:
        send_proof_code(
            volunteer=volunteer, purpose=ProofCode.Purpose.GUARDIAN, sent_to=guardian.phone
        )
        messages.success(request, _("We sent your guardian a code. Please type it below."))
    except (ProofRefused, SmsNotSent) as error:
        messages.error(request, str(error))
    return guardian


def _confirm_guardian(request: HttpRequest, guardian: Guardian, form: CodeForm) -> bool:
    try:
        sent_to = use_proof_code(
            volunteer=guardian.volunteer,
            purpose=ProofCode.Purpose.GUARDIAN,
            code=form.cleaned_data["code"],
        )
    except ProofRefused as error:
        form.add_error("code", str(error))
        return False
    if sent_to != guardian.phone:
        form.add_error("code", _("This code no longer works. Please ask for a new one."))
        return False
    confirm_guardian(guardian=guardian, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("Your guardian agreed. You can volunteer now."))
    return True


@volunteer_required
@require_safe
def my_consents(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    given = Consent.objects.filter(volunteer=volunteer).select_related("notice").order_by("-id")
    context = {
        "kinds": [
            {
                "notice": get_notice(kind),
                "is_given": has_consent(volunteer=volunteer, kind=kind),
                "can_withdraw": kind != Kind.PRIVACY,
                "can_give": kind in (Kind.PRIVACY, Kind.LOCATION, Kind.RANKING),
            }
            for kind in (Kind.PRIVACY, Kind.LOCATION, Kind.RANKING, Kind.ID_NUMBER, Kind.GUARDIAN)
        ],
        "history": given,
    }
    return render(request, "volunteers/consents.html", context)


@volunteer_required
@require_POST
def change_consent(request: HttpRequest, volunteer: Volunteer, kind: str) -> HttpResponse:
    if kind not in Kind.values:
        raise Http404
    if request.POST.get("action") == "withdraw":
        try:
            withdraw_consent(volunteer=volunteer, kind=kind, by=request.user)  # type: ignore[arg-type]
            messages.success(request, _("Done. Your consent is withdrawn."))
        except ConsentNeeded as error:
            messages.error(request, str(error))
            return redirect("close_account")
    elif kind in (Kind.PRIVACY, Kind.LOCATION, Kind.RANKING):
        give_consent(volunteer=volunteer, kind=kind, by=request.user)  # type: ignore[arg-type]
        messages.success(request, _("Thank you. Your consent is noted."))
    return redirect("my_consents")


@volunteer_required
@require_POST
def my_data(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    """The copy of everything kept about oneself (P4)."""
    log_security_event(
        kind=SecurityEvent.Kind.DATA_COPIED,
        user=request.user,  # type: ignore[arg-type]
        by=request.user,  # type: ignore[arg-type]
        address=address_of(request),
    )
    response = JsonResponse(
        copy_data(volunteer=volunteer), json_dumps_params={"ensure_ascii": False, "indent": 2}
    )
    response["Content-Disposition"] = 'attachment; filename="linli-my-data.json"'
    return response


@never_cache
@login_required
@require_http_methods(EITHER)
def close_my_account(request: HttpRequest) -> HttpResponse:
    form = CloseAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user: Any = request.user
        try:
            close_account(user=user, by=user)
        except CannotLeave as error:
            form.add_error(None, str(error))
        else:
            logout(request)
            messages.success(request, _("Your account is closed. Thank you for every hour."))
            return redirect("/")
    return render(request, "volunteers/close_account.html", {"form": form})


def _url_or_empty(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
