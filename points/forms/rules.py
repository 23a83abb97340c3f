from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.widgets import AdminDateInput

from points.actions.rules import (
    RuleRefused,
    earliest_start,
    replace_award_rule,
    start_award_rule,
)
from points.models import AwardRule
from volunteers.models import User


class AwardRuleForm(WagtailAdminModelForm):
    """A new rule, or the next version of one: the past is never edited."""

    starts_on = forms.DateField(
        label=_("First day"),
        widget=AdminDateInput,
        help_text=_("A rule in force ends the day before; what was served until then keeps it."),
    )
    last_day = forms.DateField(
        label=_("Last day"),
        widget=AdminDateInput,
        required=False,
        help_text=_("Empty: until a later version begins."),
    )

    class Meta:
        model = AwardRule
        fields = ["kind", "category", "campaign_number", "name", "name_en", "points"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["starts_on"].initial = earliest_start(kind=self.instance.kind or "per_hour")
        self.is_next_version = self.instance.pk is not None
        if self.is_next_version:
            for name in ("kind", "category", "campaign_number"):
                self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        if data.get("points") is not None and not 1 <= data["points"] <= AwardRule.MOST_POINTS:
            self.add_error("points", _("Between 1 and 10,000 points."))
        self._check_kind(data)
        if not self.errors:
            # Tried and taken back: whatever the action refuses is said beside the form.
            with transaction.atomic():
                try:
                    self.write(by=None)
                except RuleRefused as refusal:
                    raise ValidationError(str(refusal)) from refusal
                finally:
                    transaction.set_rollback(True)
        return data

    def _post_clean(self) -> None:
        """The instance stays as it is: a change is a row of its own, written by `write`."""

    def _check_kind(self, data: dict[str, Any]) -> None:
        is_bonus = data.get("kind") == AwardRule.Kind.CAMPAIGN_BONUS
        if is_bonus and data.get("campaign_number") is None:
            self.add_error("campaign_number", _("A campaign bonus needs the campaign's number."))
        if not is_bonus and data.get("campaign_number") is not None:
            self.add_error("campaign_number", _("Only a campaign bonus names a campaign."))
        if data.get("kind") != AwardRule.Kind.PER_HOUR and data.get("category") is not None:
            self.add_error("category", _("Only points an hour differ by category."))

    def write(self, *, by: User | None) -> AwardRule:
        """The new row. Raises RuleRefused."""
        names = ("name", "name_en", "points", "starts_on", "last_day")
        data = {name: self.cleaned_data.get(name) for name in names}
        data["name_en"] = data["name_en"] or ""
        if self.is_next_version:
            return replace_award_rule(rule=self.instance, by=by, **data)
        key = {name: self.cleaned_data.get(name) for name in ("kind", "category")}
        return start_award_rule(
            by=by, campaign_number=self.cleaned_data.get("campaign_number"), **key, **data
        )
