"""The desk's page for the teams of a shift."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.actions.teams import dissolve_team
from campaigns.asked import shift_to_run
from campaigns.desk_views import organisers_only
from campaigns.models import Shift, SignUp, Team
from campaigns.team_forms import TeamForm, TeamNameForm, free_places


@organisers_only
@require_http_methods(["GET", "HEAD", "POST"])
def desk_teams(request: HttpRequest, shift_id: int) -> HttpResponse:
    """The teams; a POST makes one."""
    shift = shift_to_run(request, shift_id)
    form = TeamForm(request.POST if request.method == "POST" else None, shift=shift)
    if request.method == "POST":
        team = form.form(by=request.user)
        if team is not None:
            messages.success(
                request,
                _("“%(team)s” is made. %(leader)s checks them in with the venue's code.")
                % {"team": team, "leader": team.leader.name},
            )
            return redirect("desk_teams", shift_id=shift.pk)
    return _show_teams(request, shift, form=form)


@organisers_only
@require_POST
def desk_team_rename(request: HttpRequest, shift_id: int, team_id: int) -> HttpResponse:
    shift = shift_to_run(request, shift_id)
    team = get_object_or_404(shift.teams, pk=team_id)
    form = TeamNameForm(request.POST, auto_id=f"team_{team.pk}_%s")
    if form.rename(team=team, by=request.user):
        return redirect("desk_teams", shift_id=shift.pk)
    return _show_teams(request, shift, wrong=(team.pk, form))


@organisers_only
@require_POST
def desk_team_dissolve(request: HttpRequest, shift_id: int, team_id: int) -> HttpResponse:
    """Of two presses the second finds no team, and nothing left to do."""
    shift = shift_to_run(request, shift_id)
    team = shift.teams.filter(pk=team_id).first()
    if team is not None:
        dissolve_team(team=team, by=request.user)
        messages.success(request, _("The team is dissolved. Everybody keeps their place."))
    return redirect("desk_teams", shift_id=shift.pk)


def _show_teams(
    request: HttpRequest,
    shift: Shift,
    *,
    form: TeamForm | None = None,
    wrong: tuple[int, TeamNameForm] | None = None,
) -> HttpResponse:
    form = form or TeamForm(shift=shift)
    rows = [
        {
            "team": team,
            "form": wrong[1] if wrong and wrong[0] == team.pk else _name_form(team),
            "leads": any(place.volunteer_id == team.leader_id for place in team.members.all()),
        }
        for team in _teams(shift)
    ]
    can_form = shift.state == Shift.State.OPEN and shift.closed_at is None
    context = {
        "shift": shift,
        "rows": rows,
        "form": form,
        "can_form": can_form,
        "has_enough": form.is_bound or free_places(shift).count() >= Team.SMALLEST,
        "smallest": Team.SMALLEST,
    }
    status = 422 if wrong or form.is_bound else 200
    return render(request, "campaigns/desk_teams.html", context, status=status)


def _teams(shift: Shift) -> list[Team]:
    places = (
        SignUp.objects.holding()
        .select_related("volunteer", "attendance")
        .defer("volunteer__id_number")
        .order_by("volunteer__name", "pk")
    )
    teams = shift.teams.select_related("leader").defer("leader__id_number")
    return list(teams.prefetch_related(Prefetch("members", queryset=places)))


def _name_form(team: Team) -> TeamNameForm:
    return TeamNameForm(initial={"name": team.name}, auto_id=f"team_{team.pk}_%s")
