"""A student's affiliation, and the list that a university uploads."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from volunteers.actions.proofs import ProofRefused
from volunteers.actions.students import (
    MAX_ERRORS_SHOWN,
    NotProved,
    RosterUnreadable,
    is_campus_address,
    send_campus_code,
    state_affiliation,
    upload_roster,
    verify_by_campus_code,
    verify_by_roster,
    verify_by_single_sign_on,
    withdraw_affiliation,
)
from volunteers.forms.people import CampusEmailForm, CodeForm, RosterForm, StudentForm
from volunteers.limits import LockedOut, take_try
from volunteers.models import ProofCode, StudentAffiliation, StudentRosterEntry, Volunteer
from volunteers.permissions import get_students_for, get_universities_for

from .access import next_url, volunteer_required

ROSTER_TRIES_A_DAY = 10
EITHER = ["GET", "HEAD", "POST"]
CAMPUS_PROVIDERS = ("openid_connect", "saml")


@volunteer_required
@require_http_methods(EITHER)
def my_student(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    """Say where one studies; one press proves it at once where the university's list has it."""
    student = _student_of(volunteer)
    initial = (
        {
            "university": student.university_id,
            "college": student.college,
            "student_number": student.student_number,
        }
        if student
        else None
    )
    form = StudentForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        state_affiliation(volunteer=volunteer, **form.cleaned_data)
        messages.success(request, _("Noted. Now prove it in one of the ways below."))
        return redirect("my_student")
    return _page(request, volunteer, student, form=form)


@volunteer_required
@require_POST
def prove_student(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    student = get_object_or_404(
        StudentAffiliation.objects.select_related("university", "volunteer"), volunteer=volunteer
    )
    if student.verified_at:
        return redirect("my_student")
    prove = PROOFS.get(request.POST.get("action", ""))
    if prove is None:
        return redirect("my_student")
    try:
        form, is_proved = prove(request, student)
    except (NotProved, ProofRefused, LockedOut) as error:
        messages.error(request, str(error))
        return redirect("my_student")
    if is_proved:
        messages.success(request, _("Proved. Your student card is ready."))
        return redirect(next_url(request, reverse("my_card")))
    if form.errors:
        name = "email_form" if isinstance(form, CampusEmailForm) else "code_form"
        return _page(request, volunteer, student, **{name: form})
    return redirect("my_student")


def _send_code(request: HttpRequest, student: StudentAffiliation) -> tuple[Form, bool]:
    form = CampusEmailForm(request.POST)
    if form.is_valid():
        try:
            send_campus_code(student=student, email=form.cleaned_data["email"])
            messages.success(request, _("We sent a code to your campus mailbox."))
        except (NotProved, ProofRefused) as error:
            form.add_error("email", str(error))
    return form, False


def _use_code(request: HttpRequest, student: StudentAffiliation) -> tuple[Form, bool]:
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            verify_by_campus_code(
                student=student, code=form.cleaned_data["code"], by=request.user  # type: ignore[arg-type]
            )  # fmt: skip
        except (NotProved, ProofRefused) as error:
            form.add_error("code", str(error))
    return form, form.is_valid()


def _look_up_roster(request: HttpRequest, student: StudentAffiliation) -> tuple[Form, bool]:
    take_try(user=request.user, what="roster", a_day=ROSTER_TRIES_A_DAY)  # type: ignore[arg-type]
    verify_by_roster(student=student, by=request.user)  # type: ignore[arg-type]
    return Form(), True


def _use_campus_login(request: HttpRequest, student: StudentAffiliation) -> tuple[Form, bool]:
    address = _vouched_address(student)
    verify_by_single_sign_on(student=student, email=address, by=request.user)  # type: ignore[arg-type]
    return Form(), True


PROOFS = {
    "email": _send_code,
    "code": _use_code,
    "roster": _look_up_roster,
    "single_sign_on": _use_campus_login,
}


@never_cache
@login_required
@require_http_methods(EITHER)
def student_roster(request: HttpRequest) -> HttpResponse:
    """For a university's members: upload the list; see and take back proofs."""
    universities = get_universities_for(request.user)  # type: ignore[arg-type]
    if not universities:
        raise PermissionDenied
    form = RosterForm(request.POST or None, request.FILES or None, universities=universities)
    result = None
    if request.method == "POST" and form.is_valid():
        try:
            result = upload_roster(
                university=form.cleaned_data["university"],
                content=form.cleaned_data["file"].read(),
            )
        except RosterUnreadable as error:
            form.add_error("file", str(error))
        else:
            form = RosterForm(universities=universities)
    on_list = StudentRosterEntry.objects.filter(university__in=universities)
    students = get_students_for(request.user).select_related("volunteer", "university")  # type: ignore[arg-type]
    context = {
        "form": form,
        "result": result,
        "errors": result.errors[:MAX_ERRORS_SHOWN] if result else [],
        "listed": on_list.values("university__name").annotate(students=Count("id")),
        "students": students.order_by("-verified_at")[:100],
    }
    return render(request, "volunteers/student_roster.html", context)


@login_required
@require_POST
def take_back_proof(request: HttpRequest, student_id: int) -> HttpResponse:
    student = get_object_or_404(get_students_for(request.user), pk=student_id)  # type: ignore[arg-type]
    withdraw_affiliation(student=student, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("The proof is taken back; the student card is replaced."))
    return redirect("student_roster")


def _page(
    request: HttpRequest, volunteer: Volunteer, student: StudentAffiliation | None, **forms: Any
) -> HttpResponse:
    code = None
    if student and not student.verified_at:
        code = (
            ProofCode.objects.filter(
                volunteer=volunteer,
                purpose=ProofCode.Purpose.CAMPUS_EMAIL,
                subject=str(student.university_id),
            )
            .order_by("-id")
            .first()
        )
    context = {
        "student": student,
        "form": StudentForm(
            initial={
                "university": student.university_id,
                "college": student.college,
                "student_number": student.student_number,
            }
            if student
            else None
        ),
        "email_form": CampusEmailForm(),
        "code_form": CodeForm(),
        "sent_to": code.sent_to if code and code.is_open else "",
        "has_roster": student
        and StudentRosterEntry.objects.filter(university=student.university).exists(),
        "vouched": _vouched_address(student) if student else "",
    } | forms
    return render(request, "volunteers/student.html", context)


def _student_of(volunteer: Volunteer) -> StudentAffiliation | None:
    return (
        StudentAffiliation.objects.filter(volunteer=volunteer).select_related("university").first()
    )


def _vouched_address(student: StudentAffiliation) -> str:
    """The address of this university that its own log-in vouched for, empty where there is none."""
    user = student.volunteer.user
    if user is None:
        return ""
    for account in SocialAccount.objects.filter(user=user, provider__in=_campus_providers()):
        for address in _addresses(account.extra_data):
            if is_campus_address(address, student.university):
                return address
    return ""


def _campus_providers() -> list[str]:
    """The names under which the settings know the campuses' log-ins (never WeChat's)."""
    return [
        app["provider_id"]
        for kind in CAMPUS_PROVIDERS
        for app in settings.SOCIALACCOUNT_PROVIDERS.get(kind, {}).get("APPS", [])
    ]


def _addresses(data: Any) -> list[str]:
    """E-mail addresses in what a provider said: OpenID's claims, or SAML's attributes."""
    if not isinstance(data, dict):
        return []
    found: list[str] = []
    for key, value in data.items():
        if key in ("email", "mail") and isinstance(value, str):
            if data.get("email_verified", True) is not False:
                found.append(value.strip().lower())
        elif key in ("email", "mail") and isinstance(value, list):
            found += [str(one).strip().lower() for one in value]
        elif key in ("userinfo", "id_token", "attributes"):
            found += _addresses(value)
    return found
