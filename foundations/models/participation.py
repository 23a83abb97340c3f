"""Residents help choose what a community foundation does (D13)."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from volunteers.language import in_language
from volunteers.models import Territory, Volunteer

from .foundations import CURRENCY, Foundation, Fund


class ProposalRound(models.Model):
    """Proposals are sent in, looked at, voted on; the result is published and becomes a fund."""

    class Phase(models.TextChoices):
        SOON = "soon", _("Begins soon")
        PROPOSING = "proposing", _("Send a proposal")
        LOOKING = "looking", _("Proposals are looked at")
        VOTING = "voting", _("Vote now")
        COUNTING = "counting", _("The votes are counted")
        PUBLISHED = "published", _("The result is there")

    foundation = models.ForeignKey(Foundation, on_delete=models.PROTECT, related_name="rounds")
    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=80)
    title_en = models.CharField(_("title in English"), max_length=120, blank=True)
    about = models.TextField(_("about"), max_length=1000)
    about_en = models.TextField(_("about, in English"), max_length=1500, blank=True)
    # Residents of this area propose and vote.
    territory = models.ForeignKey(
        Territory, on_delete=models.PROTECT, related_name="+", verbose_name=_("area")
    )
    currency = models.CharField(_("currency"), max_length=3, default="CNY")
    budget_minor = models.BigIntegerField(_("a project costs at most"))
    proposals_from = models.DateTimeField(_("proposals from"))
    proposals_until = models.DateTimeField(_("proposals until"))
    votes_from = models.DateTimeField(_("votes from"))
    votes_until = models.DateTimeField(_("votes until"))
    result_published_at = models.DateTimeField(_("result published at"), null=True, editable=False)
    result_published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+",
        editable=False,
    )  # fmt: skip
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+",
        editable=False,
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("round of proposals")
        verbose_name_plural = _("rounds of proposals")
        constraints = [
            models.CheckConstraint(
                condition=Q(proposals_from__lt=F("proposals_until"))
                & Q(proposals_until__lte=F("votes_from"))
                & Q(votes_from__lt=F("votes_until")),
                name="proposal_round_in_order",
            ),
            models.CheckConstraint(condition=Q(budget_minor__gt=0), name="proposal_round_budget"),
            models.CheckConstraint(
                condition=Q(currency__regex=CURRENCY), name="proposal_round_currency_is_a_code"
            ),
        ]

    def __str__(self) -> str:
        return in_language(self, "title")

    @property
    def phase(self) -> Phase:
        """Where the round stands now, by its own days."""
        now = timezone.now()
        if self.result_published_at is not None:
            return self.Phase.PUBLISHED
        if now < self.proposals_from:
            return self.Phase.SOON
        if now < self.proposals_until:
            return self.Phase.PROPOSING
        if now < self.votes_from:
            return self.Phase.LOOKING
        return self.Phase.VOTING if now < self.votes_until else self.Phase.COUNTING

    @property
    def result_due_on(self) -> date:
        """D13: the result is published within thirty days."""
        return timezone.localdate(self.votes_until) + timedelta(days=30)


class Proposal(models.Model):
    class State(models.TextChoices):
        SENT = "sent", _("To be looked at")
        ACCEPTED = "accepted", _("To be voted on")
        DECLINED = "declined", _("Not accepted")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        WON = "won", _("Chosen")

    round = models.ForeignKey(ProposalRound, on_delete=models.PROTECT, related_name="proposals")
    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    volunteer = models.ForeignKey(
        Volunteer, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    title = models.CharField(_("title"), max_length=60)
    what = models.TextField(_("what is to be done"), max_length=1000)
    beneficiaries = models.CharField(_("for whom"), max_length=200)
    cost_minor = models.BigIntegerField(_("what it costs"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.SENT)
    decision = models.CharField(_("reason"), max_length=300, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    # Counted when the result is published.
    votes_counted = models.PositiveIntegerField(null=True)
    fund = models.OneToOneField(Fund, null=True, on_delete=models.PROTECT, related_name="proposal")
    nonce = models.UUIDField(default=uuid4, unique=True, editable=False)
    sent_at = models.DateTimeField(_("sent at"), auto_now_add=True)

    class Meta:
        ordering = ["id"]
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        constraints = [
            models.CheckConstraint(condition=Q(cost_minor__gt=0), name="proposal_cost"),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(decision=""),
                name="proposal_declined_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(fund=None) | Q(state="won"), name="proposal_fund_for_the_chosen"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Vote(models.Model):
    """One person, one voice in a round. Nobody is shown who voted for what."""

    round = models.ForeignKey(ProposalRound, on_delete=models.PROTECT, related_name="votes")
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="votes")
    volunteer = models.ForeignKey(Volunteer, on_delete=models.PROTECT, related_name="+")
    cast_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        constraints = [
            models.UniqueConstraint(fields=["round", "volunteer"], name="vote_one_a_person")
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.proposal_id}"
