"""What a neighbour proposes, and the round it is proposed in."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.widgets import AdminDateTimeInput

from foundations.models import Proposal, ProposalRound
from foundations.money import NotAnAmount, format_money, format_plain, parse_amount
from foundations.permissions import get_enterable_foundations_for
from points.forms.rewards import PRESS_AGAIN

MOMENTS = ("proposals_from", "proposals_until", "votes_from", "votes_until")


class ProposalForm(forms.ModelForm):
    nonce = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": PRESS_AGAIN, "invalid": PRESS_AGAIN}
    )
    cost = forms.CharField(
        label=_("About how much it costs"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

    class Meta:
        model = Proposal
        fields = ["title", "what", "beneficiaries"]
        labels = {
            "title": _("What is your idea called?"),
            "what": _("What is to be done?"),
            "beneficiaries": _("Who has something of it?"),
        }
        widgets = {"what": forms.Textarea(attrs={"rows": 5})}

    field_order = ["title", "what", "beneficiaries", "cost"]

    def __init__(self, *args: Any, proposal_round: ProposalRound, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.round = proposal_round
        most = format_money(proposal_round.budget_minor, currency=proposal_round.currency)
        self.fields["cost"].help_text = _("Up to %(most)s.") % {"most": most}

    def clean_cost(self) -> int:
        try:
            minor = parse_amount(self.cleaned_data["cost"], currency=self.round.currency)
        except NotAnAmount as wrong:
            raise ValidationError(str(wrong)) from wrong
        if minor < 1:
            raise ValidationError(_("Please write an amount above zero."))
        return minor


class ProposalRoundForm(WagtailAdminModelForm):
    """A round, as the staff of `foundations` open it. The four moments come one after the other."""

    budget = forms.CharField(label=_("A project costs at most"), max_length=20)

    class Meta:
        model = ProposalRound
        fields = [
            "foundation", "title", "title_en", "about", "about_en", "territory", "proposals_from",
            "proposals_until", "votes_from", "votes_until",
        ]  # fmt: skip
        widgets = dict.fromkeys(MOMENTS, AdminDateTimeInput)

    def __init__(self, *args: Any, for_user: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, for_user=for_user, **kwargs)
        foundations: Any = self.fields["foundation"]
        foundations.queryset = get_enterable_foundations_for(for_user)
        if self.instance.pk:
            del self.fields["foundation"]
            self.initial["budget"] = format_plain(
                self.instance.budget_minor, currency=self.instance.currency
            )
        elif foundations.queryset.count() == 1:
            foundations.initial = foundations.queryset.get()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        given = [(name, cleaned[name]) for name in MOMENTS if cleaned.get(name)]
        for (_first, earlier), (name, later) in pairwise(given):
            touches = name == "votes_from" and later == earlier
            if later <= earlier and not touches:
                self.add_error(name, _("This must come after the moment above it."))
        self._read_budget(cleaned)
        return cleaned

    def what_was_written(self) -> dict[str, Any]:
        """The round's fields, `budget_minor` in place of what was typed."""
        return {name: value for name, value in self.cleaned_data.items() if name != "budget"}

    def _read_budget(self, cleaned: dict[str, Any]) -> None:
        foundation = cleaned.get("foundation") or (self.instance.pk and self.instance.foundation)
        if not foundation or not cleaned.get("budget"):
            return
        try:
            minor = parse_amount(cleaned["budget"], currency=foundation.base_currency)
        except NotAnAmount as wrong:
            self.add_error("budget", str(wrong))
            return
        if minor < 1:
            self.add_error("budget", _("Please write an amount above zero."))
        cleaned["budget_minor"] = minor


class DeclineForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300)
