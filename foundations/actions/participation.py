"""Residents propose and choose (D13): proposals, a look at each, one voice a person, the result."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from foundations.actions.books import FundNameTaken, create_fund
from foundations.actions.ledger import BookingRefused
from foundations.models import Foundation, Fund, Proposal, ProposalRound, Vote
from foundations.money import format_money
from volunteers.models import User, Volunteer

MOST_PROPOSALS = 3
Phase = ProposalRound.Phase


class ParticipationRefused(BookingRefused):
    """Nothing changed; `str()` is the sentence for the person."""


class NotTheTime(ParticipationRefused):
    sentence = gettext_lazy("The days for this are over, or have not begun yet.")


class NotFromHere(ParticipationRefused):
    def __init__(self, *, proposal_round: ProposalRound) -> None:
        super().__init__(proposal_round)
        self.round = proposal_round

    def __str__(self) -> str:
        return _("Neighbours who live in %(area)s decide on this.") % {"area": self.round.territory}


class TooManyProposals(ParticipationRefused):
    sentence = gettext_lazy("You have sent three proposals. Others get a chance too.")


class TooDear(ParticipationRefused):
    def __init__(self, *, proposal_round: ProposalRound) -> None:
        super().__init__(proposal_round)
        self.round = proposal_round

    def __str__(self) -> str:
        most = format_money(self.round.budget_minor, currency=self.round.currency)
        return _("A project may cost up to %(most)s.") % {"most": most}


class ProposalFormUsed(ParticipationRefused):
    sentence = gettext_lazy("This form has been used already. Please open the page again.")


class DecidedAlready(ParticipationRefused):
    sentence = gettext_lazy("This proposal has been decided on already.")


class NotToBeVotedOn(ParticipationRefused):
    sentence = gettext_lazy("This proposal is not up for a vote.")


class SayWhy(ParticipationRefused):
    sentence = gettext_lazy("Please say why: whoever proposed it reads this.")


class StillToBeLookedAt(ParticipationRefused):
    sentence = gettext_lazy("Some proposals have not been looked at yet.")


def open_round(*, foundation: Foundation, by: User, **fields: Any) -> ProposalRound:
    """`fields`: title, about, territory, budget_minor, and the four moments."""
    with transaction.atomic():
        opened = ProposalRound.objects.create(
            foundation=foundation, created_by=by,
            **({"currency": foundation.base_currency} | fields),
        )  # fmt: skip
        log(instance=opened, action="foundations.open_round", user=by)
    return opened


def change_round(*, proposal_round: ProposalRound, by: User, **fields: Any) -> ProposalRound:
    """Its words and days, until the proposals are in. Raises NotTheTime."""
    with transaction.atomic():
        stands = ProposalRound.objects.select_for_update(no_key=True).get(pk=proposal_round.pk)
        if stands.phase not in {Phase.SOON, Phase.PROPOSING}:
            raise NotTheTime
        for name, value in fields.items():
            setattr(stands, name, value)
        stands.save(update_fields=list(fields))
        log(instance=stands, action="wagtail.edit", user=by)
    return stands


def lives_in(*, volunteer: Volunteer, proposal_round: ProposalRound) -> bool:
    return volunteer.community is not None and proposal_round.territory.contains(
        volunteer.community
    )


def send_proposal(
    *,
    proposal_round: ProposalRound,
    volunteer: Volunteer,
    title: str,
    what: str,
    beneficiaries: str,
    cost_minor: int,
    nonce: uuid.UUID,
) -> Proposal:
    """A neighbour's proposal; the same nonce sends once. Raises ParticipationRefused."""
    if earlier := Proposal.objects.filter(nonce=nonce).first():
        return _same(earlier, volunteer)
    try:
        with transaction.atomic():
            # One after the other: two forms at once are not four proposals.
            Volunteer.objects.select_for_update(no_key=True).get(pk=volunteer.pk)
            _refuse_phase(proposal_round, Phase.PROPOSING)
            if not lives_in(volunteer=volunteer, proposal_round=proposal_round):
                raise NotFromHere(proposal_round=proposal_round)
            if cost_minor > proposal_round.budget_minor:
                raise TooDear(proposal_round=proposal_round)
            sent = proposal_round.proposals.filter(volunteer=volunteer)
            if sent.exclude(state=Proposal.State.WITHDRAWN).count() >= MOST_PROPOSALS:
                raise TooManyProposals
            return Proposal.objects.create(
                round=proposal_round, volunteer=volunteer, title=title.strip(), what=what.strip(),
                beneficiaries=beneficiaries.strip(), cost_minor=cost_minor, nonce=nonce,
            )  # fmt: skip
    except IntegrityError:
        return _same(Proposal.objects.get(nonce=nonce), volunteer)


@transaction.atomic
def withdraw_proposal(*, proposal: Proposal, volunteer: Volunteer) -> Proposal:
    """Its own author takes it back, until the voting begins. Raises ParticipationRefused."""
    proposal = _lock(proposal)
    assert proposal.volunteer_id == volunteer.pk
    if proposal.state == Proposal.State.WITHDRAWN:
        return proposal
    if proposal.round.phase not in {Phase.PROPOSING, Phase.LOOKING}:
        raise NotTheTime
    if proposal.state not in {Proposal.State.SENT, Proposal.State.ACCEPTED}:
        raise DecidedAlready
    proposal.state = Proposal.State.WITHDRAWN
    proposal.save(update_fields=["state"])
    return proposal


def accept_proposal(*, proposal: Proposal, by: User) -> Proposal:
    return _decide(proposal, Proposal.State.ACCEPTED, reason="", by=by)


def decline_proposal(*, proposal: Proposal, reason: str, by: User) -> Proposal:
    """Raises SayWhy, DecidedAlready, NotTheTime."""
    if not reason.strip():
        raise SayWhy
    return _decide(proposal, Proposal.State.DECLINED, reason=reason.strip(), by=by)


@transaction.atomic
def cast_vote(*, proposal: Proposal, volunteer: Volunteer) -> Vote:
    """One person, one voice; it may be moved until the voting ends. Raises ParticipationRefused."""
    proposal = Proposal.objects.select_related("round__territory").get(pk=proposal.pk)
    proposal_round = proposal.round
    _refuse_phase(proposal_round, Phase.VOTING)
    if proposal.state != Proposal.State.ACCEPTED:
        raise NotToBeVotedOn
    if not lives_in(volunteer=volunteer, proposal_round=proposal_round):
        raise NotFromHere(proposal_round=proposal_round)
    Vote.objects.bulk_create(
        [
            Vote(
                round=proposal_round, proposal=proposal, volunteer=volunteer, cast_at=timezone.now()
            )
        ],
        update_conflicts=True,
        unique_fields=["round", "volunteer"],
        update_fields=["proposal", "cast_at"],
    )
    # The row's keys waited for whoever publishes the result: what comes after it counts nowhere.
    if ProposalRound.objects.get(pk=proposal_round.pk).result_published_at is not None:
        raise NotTheTime
    return Vote.objects.get(round=proposal_round, volunteer=volunteer)


@transaction.atomic
def publish_result(*, proposal_round: ProposalRound, by: User) -> ProposalRound:
    """Count, say who won, and open the winner's fund. Asked twice, done once.

    Most votes win; between equals the one that costs less, then the one that was sent first.
    Without a vote nobody wins. Raises NotTheTime, StillToBeLookedAt, FundNameTaken.
    """
    proposal_round = (
        ProposalRound.objects.select_for_update()
        .select_related("foundation")
        .get(pk=proposal_round.pk)
    )
    if proposal_round.result_published_at is not None:
        return proposal_round
    _refuse_phase(proposal_round, Phase.COUNTING)
    if proposal_round.proposals.filter(state=Proposal.State.SENT).exists():
        raise StillToBeLookedAt
    winner = _count(proposal_round)
    if winner is not None:
        winner.fund = _fund_for(winner, by=by)
        winner.state = Proposal.State.WON
        winner.save(update_fields=["fund", "state"])
    proposal_round.result_published_at, proposal_round.result_published_by = timezone.now(), by
    proposal_round.save(update_fields=["result_published_at", "result_published_by"])
    log(
        instance=proposal_round, action="foundations.publish_result", user=by,
        data={"winner": winner.pk if winner else None},
    )  # fmt: skip
    return proposal_round


def _count(proposal_round: ProposalRound) -> Proposal | None:
    """Write each proposal's votes down; the winner, if anybody voted."""
    counted = list(
        proposal_round.proposals.filter(state=Proposal.State.ACCEPTED)
        .annotate(voices=Count("votes"))
        .order_by("-voices", "cost_minor", "pk")
    )
    for proposal in counted:
        proposal.votes_counted = proposal.voices
    Proposal.objects.bulk_update(counted, ["votes_counted"])
    return counted[0] if counted and counted[0].votes_counted else None


def _fund_for(winner: Proposal, *, by: User) -> Fund:
    """Named as it was proposed; a second of the same name says of which round it is."""
    foundation, purpose = winner.round.foundation, winner.what
    named: dict[str, Any] = {
        "foundation": foundation,
        "purpose": purpose,
        "currency": winner.round.currency,
    }
    try:
        with transaction.atomic():
            return create_fund(name=winner.title, by=by, **named)
    except FundNameTaken:
        return create_fund(name=f"{winner.title[:60]} · {winner.pk}", by=by, **named)


@transaction.atomic
def _decide(proposal: Proposal, state: Proposal.State, *, reason: str, by: User) -> Proposal:
    proposal = _lock(proposal)
    if proposal.state == state and proposal.decided_by == by:
        return proposal
    if proposal.state != Proposal.State.SENT:
        raise DecidedAlready
    # Accepted while others vote already, it would start behind.
    if proposal.round.phase not in {Phase.PROPOSING, Phase.LOOKING} and state != "declined":
        raise NotTheTime
    proposal.state, proposal.decision = state, reason
    proposal.decided_by, proposal.decided_at = by, timezone.now()
    proposal.save(update_fields=["state", "decision", "decided_by", "decided_at"])
    log(instance=proposal, action=f"foundations.proposal_{state}", user=by)
    return proposal


def _lock(proposal: Proposal) -> Proposal:
    return (
        Proposal.objects.select_for_update(of=("self",), no_key=True)
        .select_related("round__foundation", "round__territory")
        .get(pk=proposal.pk)
    )


def _same(earlier: Proposal, volunteer: Volunteer) -> Proposal:
    if earlier.volunteer_id != volunteer.pk:
        raise ProposalFormUsed
    return earlier


def _refuse_phase(proposal_round: ProposalRound, phase: Phase) -> None:
    if proposal_round.phase != phase:
        raise NotTheTime
