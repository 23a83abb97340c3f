"""Rounds of proposals: open one, look at what neighbours send, publish the result (D13)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column
from wagtail.permissions import register_permission_policy

from foundations.actions import participation as actions
from foundations.admin.policy import ENTERS_AND_CHANGES, FoundationPolicy
from foundations.admin.viewsets import (
    FoundationButton,
    FoundationCreateView,
    FoundationEditView,
    FoundationIndexView,
    FoundationInspectView,
    FoundationViewSet,
)
from foundations.forms.participation import DeclineForm, ProposalRoundForm
from foundations.models import Proposal, ProposalRound
from foundations.permissions import can_approve, can_enter, get_proposals_for, get_rounds_for

register_permission_policy(
    ProposalRound, FoundationPolicy(ProposalRound, rows=get_rounds_for, roles=ENTERS_AND_CHANGES)
)


class RoundIndexView(FoundationIndexView):
    def get_base_queryset(self) -> Any:
        waiting = Count("proposals", filter=Q(proposals__state=Proposal.State.SENT))
        return super().get_base_queryset().annotate(to_look_at=waiting)


class RoundCreateView(FoundationCreateView):
    def save_instance(self) -> ProposalRound:
        return actions.open_round(by=self.request.user, **self.form.what_was_written())


class RoundEditView(FoundationEditView):
    def save_instance(self) -> ProposalRound:
        return actions.change_round(
            proposal_round=self.object, by=self.request.user, **self.form.what_was_written()
        )


class RoundInspectView(FoundationInspectView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, shown = self.request.user, self.object
        proposals = get_proposals_for(user).filter(round=shown)
        is_over = shown.phase == ProposalRound.Phase.COUNTING
        return super().get_context_data(**kwargs) | {
            "proposals": proposals.exclude(state=Proposal.State.WITHDRAWN).order_by("pk"),
            "may_decide": can_enter(user, shown.foundation),
            "may_publish": is_over and can_approve(user, shown.foundation),
            "public_url": reverse("proposal_round", args=[shown.uuid]),
        }


class ProposalButton(FoundationButton):
    """One press about one proposal, then back to its round."""

    model = Proposal
    permission_required = None  # own_rows and may say it all: proposals have no list of their own

    def own_rows(self) -> Any:
        return get_proposals_for(self.request.user)

    def may(self, row: Proposal) -> bool:
        return can_enter(self.request.user, row.round.foundation)

    def get_success_url(self, row: Proposal) -> str:
        return reverse("proposal-rounds:inspect", args=[row.round_id])


class AcceptButton(ProposalButton):
    def act(self, row: Proposal) -> str:
        actions.accept_proposal(proposal=row, by=self.request.user)
        return gettext("«%(title)s» is up for the vote.") % {"title": row}


class DeclineButton(ProposalButton):
    def act(self, row: Proposal) -> str:
        form = DeclineForm(self.request.POST)
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        actions.decline_proposal(proposal=row, reason=reason, by=self.request.user)
        return gettext("«%(title)s» is declined.") % {"title": row}


class PublishButton(FoundationButton):
    model = ProposalRound
    inspect_url_name = "proposal-rounds:inspect"

    def may(self, row: ProposalRound) -> bool:
        return can_approve(self.request.user, row.foundation)

    def act(self, row: ProposalRound) -> str:
        actions.publish_result(proposal_round=row, by=self.request.user)
        return gettext("The result is published.")


class ProposalRoundViewSet(FoundationViewSet):
    model = ProposalRound
    name = "proposal-rounds"
    menu_label = _("Rounds of proposals")
    icon = "group"
    pages = ("add", "edit", "inspect")
    index_view_class = RoundIndexView
    add_view_class = RoundCreateView
    edit_view_class = RoundEditView
    inspect_view_class = RoundInspectView
    inspect_template_name = "foundations/admin/proposal_round.html"
    inspect_view_fields = ["foundation", "title", "territory", "votes_until"]
    list_display = [
        "title",
        Column("foundation", label=_("Foundation"), accessor="foundation"),
        Column("phase", label=_("Where it stands"), accessor="phase.label"),
        Column("to_look_at", label=_("To be looked at"), accessor="to_look_at"),
        Column("result_due_on", label=_("Result due on"), accessor="result_due_on"),
    ]
    search_fields = ["title", "title_en"]
    ordering = ["-id"]

    def get_form_class(self, for_update: bool = False) -> type[ProposalRoundForm]:
        return ProposalRoundForm

    def get_urlpatterns(self) -> list[Any]:
        accept, decline = AcceptButton.as_view(), DeclineButton.as_view()
        publish = self.construct_view(PublishButton)
        return [
            *super().get_urlpatterns(),
            path("accept/<int:pk>/", accept, name="accept"),
            path("decline/<int:pk>/", decline, name="decline"),
            path("publish/<int:pk>/", publish, name="publish"),
        ]
