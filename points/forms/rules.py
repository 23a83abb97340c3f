from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.widgets import AdminDateInput, AdminTimeInput
from wagtail.models import Page

from points.actions.rules import (
    RuleRefused,
    earliest_start,
    replace_award_rule,
    start_award_rule,
)
from points.campaign_pages import offer_campaigns
from points.models import AwardRule, BonusBudget
from points.rule_terms import RuleTerms
from volunteers.models import User

# What tells one rule from another; its next version keeps it.
KEY = ("kind", "condition", "category", "role", "campaign")


class AwardRuleForm(WagtailAdminModelForm):
    """A new rule, or the next version of one: the past is never edited.

    Says beside each entry what the action would refuse; `terms` is what was typed.
    """

    campaign = forms.ModelChoiceField(
        Page.objects.none(),
        label=_("Campaign"),
        required=False,
        help_text=_(
            "A bonus is for one campaign. A factor for one campaign or, left empty, for all."
        ),
    )
    budget_points = forms.IntegerField(
        label=_("Budget of the bonus, in points"),
        required=False,
        min_value=1,
        help_text=_("The bonus ends when this is given away. Empty: without a limit."),
    )
    starts_on = forms.DateField(
        label=_("First day"),
        widget=AdminDateInput,
        help_text=_("A rule in force ends the day before; what was served until then keeps it."),
    )
    last_day = forms.DateField(
        label=_("Last day"),
        widget=AdminDateInput,
        required=False,
        help_text=_(
            "Empty: until a later version begins. A term needs one, and so does an emergency "
            "without a category or a campaign."
        ),
    )

    class Meta:
        model = AwardRule
        fields = [
            "kind", "name", "name_en", "points", "percent", "condition", "night_from",
            "night_until", "category", "role", "min_minutes", "rounding", "lapse_months",
        ]  # fmt: skip
        widgets = {"night_from": AdminTimeInput, "night_until": AdminTimeInput}
        help_texts = {
            "points": _(
                "For an hour, for each record of the campaign, for the first service, or at most "
                "a day, a week, a year, a term. A factor has none."
            ),
            "percent": _("Of a factor: 150 gives one and a half times the points an hour."),
            "condition": _(
                "Of a factor. Several may hold for the same hours: the highest one counts."
            ),
            "night_from": _(
                "Of a factor at night: at least half of the service lies between the two hours."
            ),
            "rounding": _("Of points an hour that do not come out even."),
        }

    # The order on the page: what it is, what it gives, whom it concerns, when it holds.
    field_order = (
        "kind", "name", "name_en", "condition", "night_from", "night_until", "points", "percent",
        "category", "role", "campaign", "budget_points", "min_minutes", "rounding",
        "lapse_months", "starts_on", "last_day",
    )  # fmt: skip

    class Media:
        js = ("js/award-rule-form.js",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(self.field_order)
        for name in ("points", "min_minutes", "rounding"):
            self.fields[name].required = False
        offer_campaigns(self.fields["campaign"])
        # Tomorrow, which suits every kind; today is taken for the first of most kinds.
        kind = self.instance.kind or AwardRule.Kind.DAILY_CAP
        self.fields["starts_on"].initial = earliest_start(kind=kind)
        self.is_next_version = self.instance.pk is not None
        if self.is_next_version:
            self._keep_the_key()
        else:
            self.fields["points"].initial = None

    def _keep_the_key(self) -> None:
        self.fields["campaign"].initial = self.instance.campaign_number
        self.fields["budget_points"].initial = self._left_of_budget()
        for name in KEY:
            self.fields[name].disabled = True
        last_day = self.instance.last_day
        if last_day is None or last_day >= timezone.localdate():
            self.fields["last_day"].initial = last_day

    def _left_of_budget(self) -> int | None:
        """The next version has a budget of its own: what this one leaves, unless told otherwise."""
        budget = BonusBudget.objects.filter(rule=self.instance).first()
        return max(budget.left_points, 1) if budget else None

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        if self.errors:
            return data
        self._say_faults(self.terms.faults(last_day=data.get("last_day")))
        if not self.errors:
            self._try_writing()
        return data

    def _say_faults(self, faults: Mapping[str, Any]) -> None:
        for setting, sentence in faults.items():
            self.add_error("campaign" if setting == "campaign_number" else setting, sentence)

    def _try_writing(self) -> None:
        """Tried and taken back: whatever the action refuses is said beside its entry."""
        with transaction.atomic():
            try:
                self.write(by=None)
            except RuleRefused as refusal:
                self.add_error(refusal.entry, str(refusal))
            finally:
                transaction.set_rollback(True)

    def _post_clean(self) -> None:
        """The instance stays as it is: a change is a row of its own, written by `write`."""

    @property
    def terms(self) -> RuleTerms:
        data = self.cleaned_data
        campaign = data.get("campaign")
        return RuleTerms(
            kind=data["kind"],
            name=data["name"],
            name_en=data.get("name_en") or "",
            points=data.get("points") or 0,
            percent=data.get("percent"),
            condition=data.get("condition") or "",
            night_from=data.get("night_from"),
            night_until=data.get("night_until"),
            category=data.get("category"),
            role=(data.get("role") or "").strip(),
            campaign_number=campaign.pk if campaign else None,
            min_minutes=data.get("min_minutes") or 0,
            rounding=data.get("rounding") or AwardRule.Rounding.DOWN,
            lapse_months=data.get("lapse_months"),
            budget_points=data.get("budget_points"),
        )

    def write(self, *, by: User | None, tried: Mapping[str, Any] | None = None) -> AwardRule:
        """The new row; `tried` is what its dry run said. Raises RuleRefused."""
        days = {name: self.cleaned_data.get(name) for name in ("starts_on", "last_day")}
        if self.is_next_version:
            return replace_award_rule(
                rule=self.instance, terms=self.terms, by=by, tried=tried, **days
            )
        return start_award_rule(terms=self.terms, by=by, tried=tried, **days)


class EndRuleForm(forms.Form):
    last_day = forms.DateField(
        label=_("Last day"),
        widget=AdminDateInput,
        help_text=_("Today at the earliest. What was served until then keeps what it is worth."),
    )


class BonusBudgetForm(forms.Form):
    budget_points = forms.IntegerField(
        label=_("Budget of the bonus, in points"),
        min_value=1,
        help_text=_(
            "In all, with what is given already. Records settled from now on are asked for it."
        ),
    )
