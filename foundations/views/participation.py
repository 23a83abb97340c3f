"""Rounds of proposals, as the neighbours see them."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from foundations.actions import participation as actions
from foundations.actions.participation import ParticipationRefused, lives_in
from foundations.forms.participation import ProposalForm
from foundations.models import ProposalRound, Vote
from foundations.permissions import get_own_proposals_for, get_public_proposals
from volunteers.language import in_language
from volunteers.models import Volunteer
from volunteers.permissions import get_volunteer_for
from volunteers.views.access import volunteer_required


@require_safe
def proposal_rounds(request: HttpRequest) -> HttpResponse:
    rounds = ProposalRound.objects.select_related("foundation__organisation", "territory")
    open_first = sorted(rounds, key=lambda one: one.phase == ProposalRound.Phase.PUBLISHED)
    return render(request, "foundations/proposal_rounds.html", {"rounds": open_first})


@require_safe
def proposal_round(request: HttpRequest, round_uuid: uuid.UUID) -> HttpResponse:
    return _round_page(request, _round(round_uuid))


@volunteer_required
@require_POST
def propose(request: HttpRequest, volunteer: Volunteer, round_uuid: uuid.UUID) -> HttpResponse:
    proposal_round = _round(round_uuid)
    form = ProposalForm(request.POST, proposal_round=proposal_round)
    if form.is_valid():
        try:
            actions.send_proposal(
                proposal_round=proposal_round,
                volunteer=volunteer,
                title=form.cleaned_data["title"],
                what=form.cleaned_data["what"],
                beneficiaries=form.cleaned_data["beneficiaries"],
                cost_minor=form.cleaned_data["cost"],
                nonce=form.cleaned_data["nonce"],
            )
        except ParticipationRefused as refused:
            form.add_error("cost" if isinstance(refused, actions.TooDear) else None, str(refused))
        else:
            messages.success(
                request, _("Thank you. We look at every proposal and tell you here what we decide.")
            )
            return redirect("proposal_round", proposal_round.uuid)
    return _round_page(request, proposal_round, form=form)


@volunteer_required
@require_POST
def withdraw_proposal(
    request: HttpRequest, volunteer: Volunteer, proposal_uuid: uuid.UUID
) -> HttpResponse:
    own = get_own_proposals_for(request.user)
    proposal = get_object_or_404(own, uuid=proposal_uuid)
    try:
        actions.withdraw_proposal(proposal=proposal, volunteer=volunteer)
    except ParticipationRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Your proposal is withdrawn."))
    return redirect("proposal_round", proposal.round.uuid)


@volunteer_required
@require_POST
def vote(request: HttpRequest, volunteer: Volunteer, proposal_uuid: uuid.UUID) -> HttpResponse:
    proposal = get_object_or_404(get_public_proposals(), uuid=proposal_uuid)
    try:
        actions.cast_vote(proposal=proposal, volunteer=volunteer)
    except ParticipationRefused as refused:
        messages.error(request, str(refused))
    else:
        sentence = _("Your voice is for «%(title)s». Until the voting ends you can move it.")
        messages.success(request, sentence % {"title": proposal.title})
    return redirect("proposal_round", proposal.round.uuid)


def _round(round_uuid: uuid.UUID) -> ProposalRound:
    rounds = ProposalRound.objects.select_related("foundation__organisation", "territory")
    return get_object_or_404(rounds, uuid=round_uuid)


def _round_page(
    request: HttpRequest, proposal_round: ProposalRound, *, form: ProposalForm | None = None
) -> HttpResponse:
    volunteer = get_volunteer_for(request.user)
    own_vote = (
        Vote.objects.filter(round=proposal_round, volunteer=volunteer).first()
        if volunteer
        else None
    )
    proposals = get_public_proposals().filter(round=proposal_round)
    if proposal_round.phase == ProposalRound.Phase.PUBLISHED:
        proposals = proposals.order_by("-votes_counted", "cost_minor", "pk")
    else:
        proposals = proposals.order_by("pk")
    may = bool(volunteer and lives_in(volunteer=volunteer, proposal_round=proposal_round))
    context = {
        "round": proposal_round,
        "about": in_language(proposal_round, "about"),
        "phase": proposal_round.phase.value,
        "proposals": proposals,
        "own": get_own_proposals_for(request.user).filter(round=proposal_round),
        "own_vote": own_vote.proposal_id if own_vote else None,
        "is_volunteer": volunteer is not None,
        "may_take_part": may,
        "form": form
        or ProposalForm(initial={"nonce": uuid.uuid4()}, proposal_round=proposal_round),
        "voices": _voices(proposal_round),
    }
    return render(request, "foundations/proposal_round.html", context, status=422 if form else 200)


def _voices(proposal_round: ProposalRound) -> int:
    """How many took part: no secret while they vote, unlike who is ahead."""
    count: int = Vote.objects.filter(round=proposal_round).aggregate(voices=Count("id"))["voices"]
    return count
