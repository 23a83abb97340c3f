"""What a neighbour proposes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from foundations.models import Proposal, ProposalRound
from foundations.money import NotAnAmount, format_money, parse_amount
from points.forms.rewards import PRESS_AGAIN


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
