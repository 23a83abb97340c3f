from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from points.actions import projects as actions
from points.actions.projects import GiftRefused
from points.forms.giving import GivePointsForm, SpendPointsForm
from points.models import Movement, PointsProject
from points.permissions import can_spend_project, get_account_for
from volunteers.language import in_language
from volunteers.models import Volunteer
from volunteers.permissions import get_volunteer_for
from volunteers.views.access import volunteer_required

SHOWN = 50
# What comes back to a project's account because it was accounted for wrongly is no gift.
GIVEN = Q(account__credits__kind=Movement.Kind.GIFT)
SPEND_IDS = "spend_%s"  # whoever keeps the books may give too: two forms on one page


@require_safe
def give_points(request: HttpRequest) -> HttpResponse:
    """All projects that take points, with how far they are."""
    account = get_account_for(request.user)  # type: ignore[arg-type]
    context = {
        "projects": _with_sums(PointsProject.objects.open()),
        "closed": _with_sums(PointsProject.objects.exclude(closed_at=None).order_by("-closed_at")),
        "balance": max(0, account.balance_points) if account else 0,
        "is_volunteer": get_volunteer_for(request.user) is not None,  # type: ignore[arg-type]
    }
    return render(request, "points/give_points.html", context)


@require_safe
def points_project(request: HttpRequest, project_id: int) -> HttpResponse:
    return _project_page(request, project_id)


@volunteer_required
@require_POST
def give(request: HttpRequest, volunteer: Volunteer, project_id: int) -> HttpResponse:
    project = get_object_or_404(PointsProject, pk=project_id)
    form = GivePointsForm(request.POST)
    if form.is_valid():
        try:
            gift = actions.give_points(
                project=project,
                volunteer=volunteer,
                points=form.cleaned_data["points"],
                nonce=form.cleaned_data["nonce"],
                by=request.user,  # type: ignore[arg-type]
            )
        except GiftRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            sentence = ngettext(
                "Thank you. %(points)s point has gone to «%(project)s».",
                "Thank you. %(points)s points have gone to «%(project)s».",
                gift.points,
            )
            messages.success(request, sentence % {"points": gift.points, "project": project})
            return redirect("points_project", project.pk)
    return _project_page(request, project_id, give_form=form)


@require_POST
def spend(request: HttpRequest, project_id: int) -> HttpResponse:
    project = _spendable(request, project_id)
    form = SpendPointsForm(request.POST, auto_id=SPEND_IDS)
    if form.is_valid():
        try:
            actions.spend_project_points(
                project=project,
                points=form.cleaned_data["points"],
                purpose=form.cleaned_data["purpose"],
                by=request.user,  # type: ignore[arg-type]
                nonce=form.cleaned_data["nonce"],
            )
        except GiftRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Written down, for everybody who gave."))
            return redirect("points_project", project.pk)
    return _project_page(request, project_id, spend_form=form)


@require_POST
def close(request: HttpRequest, project_id: int) -> HttpResponse:
    project = _spendable(request, project_id)
    actions.close_points_project(project=project, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("The project takes no more points."))
    return redirect("points_project", project.pk)


def _spendable(request: HttpRequest, project_id: int) -> PointsProject:
    project = get_object_or_404(PointsProject.objects.select_related("organisation"), pk=project_id)
    if not can_spend_project(request.user, project):  # type: ignore[arg-type]
        raise PermissionDenied
    return project


def _project_page(
    request: HttpRequest,
    project_id: int,
    *,
    give_form: GivePointsForm | None = None,
    spend_form: SpendPointsForm | None = None,
) -> HttpResponse:
    project = get_object_or_404(_with_sums(PointsProject.objects.all()), pk=project_id)
    account = get_account_for(request.user)  # type: ignore[arg-type]
    is_open = project.closed_at is None
    volunteer = get_volunteer_for(request.user)  # type: ignore[arg-type]
    context = {
        "project": project,
        "about": in_language(project, "about"),
        "is_open": is_open,
        "balance": max(0, account.balance_points) if account else 0,
        "is_volunteer": volunteer is not None,
        "given_by_me": _given_by(volunteer, project) if volunteer else 0,
        "uses": Movement.objects.filter(
            debit_account=project.account_id, kind=Movement.Kind.SPENT, reversed_by=None
        ).order_by("-id")[:SHOWN],
        "give_form": give_form or GivePointsForm(initial={"nonce": uuid.uuid4()}),
        "can_spend": can_spend_project(request.user, project),  # type: ignore[arg-type]
        "spend_form": spend_form
        or SpendPointsForm(initial={"nonce": uuid.uuid4()}, auto_id=SPEND_IDS),
    }
    return render(request, "points/points_project.html", context)


def _with_sums(projects: QuerySet[PointsProject]) -> QuerySet[PointsProject]:
    """`given_points` is what people gave, `gifts` how often; `account` holds what is left."""
    return projects.select_related("account", "organisation").annotate(
        given_points=Coalesce(Sum("account__credits__points", filter=GIVEN), 0),
        gifts=Count("account__credits", filter=GIVEN),
    )


def _given_by(volunteer: Volunteer, project: PointsProject) -> int:
    given = Movement.objects.filter(
        debit_account__volunteer=volunteer,
        credit_account=project.account_id,
        kind=Movement.Kind.GIFT,
    )
    return given.aggregate(points=Coalesce(Sum("points"), 0))["points"]  # type: ignore[no-any-return]
