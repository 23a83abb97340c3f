from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.models import Page

from points.actions.badges import change_badge, create_badge
from points.actions.honours import decide_honour
from points.actions.objections import decide_star_objection
from points.campaign_pages import offer_campaigns
from points.models import Badge, StarObjection, YearlyHonour
from volunteers.models import User


class ObjectionForm(forms.Form):
    reason = forms.CharField(
        label=_("What speaks against it"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Say what you know yourself, as plainly as you can."),
    )


class NominationForm(forms.Form):
    title = forms.CharField(
        label=_("Title"), max_length=60, help_text=_("In a few words: neighbour of the year…")
    )
    citation = forms.CharField(
        label=_("What for"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Everybody reads this on the list of honours."),
    )


# Of the site's own icons, those that suit a badge.
PICTURES = [
    ("trophy", _("Cup")),
    ("star", _("Star")),
    ("heart", _("Heart")),
    ("hand", _("Hand")),
    ("shield", _("Shield")),
    ("check-circle", _("Tick")),
    ("clock", _("Clock")),
    ("moon", _("Moon")),
    # With a context: Django has a weekday of that name.
    ("sun", pgettext_lazy("picture", "Sun")),
    ("people", _("People")),
    ("home", _("House")),
    ("school", _("School")),
    ("campaign", _("Flag")),
    ("gift", _("Present")),
]


class BadgeForm(WagtailAdminModelForm):
    """Writes by the actions: whoever a new rule concerns is looked at again."""

    icon = forms.ChoiceField(label=_("picture"), choices=PICTURES)
    campaign = forms.ModelChoiceField(
        Page.objects.none(), label=_("only this campaign"), required=False
    )
    field_order = [
        "name", "name_en", "slug", "about", "about_en", "icon", "issuer", "criterion", "threshold",
        "category", "organisation", "campaign",
    ]  # fmt: skip

    class Meta:
        model = Badge
        fields = [
            "name", "name_en", "slug", "about", "about_en", "icon", "issuer", "criterion",
            "threshold", "category", "organisation", "begins_from", "begins_until", "is_offered",
            "position",
        ]  # fmt: skip
        labels = {"threshold": _("how many it takes")}
        help_texts = {
            "criterion": _(
                "Times and hours count confirmed service. Days run from the first service, or from"
                " the last no-show, to the latest service: a year is 365."
            ),
            "threshold": _(
                "Raising it takes the badge back from those who no longer reach it. To ask more of"
                " newcomers only, take this badge off offer and make another one."
            ),
            "begins_until": _("May be past midnight: from 21:00 until 05:00."),
            "is_offered": _("Off offer, it stays with those who have it; nobody new gets it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(self.field_order)
        offer_campaigns(self.fields["campaign"])
        self.fields["campaign"].initial = self.instance.campaign_number

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        begins_from, begins_until = data.get("begins_from"), data.get("begins_until")
        if (begins_from is None) != (begins_until is None):
            self.add_error("begins_until", _("Both times of day, or none."))
        elif begins_from is not None and begins_from == begins_until:
            self.add_error("begins_until", _("The two times of day must differ."))
        if data.get("threshold") == 0:
            self.add_error("threshold", _("At least one."))
        return data

    def write(self, *, by: User | None) -> Badge:
        data = {name: self.cleaned_data[name] for name in self.Meta.fields}
        campaign = self.cleaned_data["campaign"]
        data["campaign_number"] = campaign.pk if campaign else None
        if self.instance.pk is None:
            return create_badge(by=by, **data)
        return change_badge(badge=Badge.objects.get(pk=self.instance.pk), by=by, **data)


class DecisionForm(WagtailAdminModelForm):
    """A yes or no with an answer, written by the action alone."""

    decision = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect)
    answer = forms.CharField(
        label=_("Answer"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    # {what is sent: what it says}
    choices: dict[str, Any] = {}
    help_text: Any = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["decision"].choices = list(self.choices.items())  # type: ignore[attr-defined]
        self.fields["answer"].help_text = self.help_text

    def _post_clean(self) -> None:
        """The row stays as it is until the action writes it."""


class ObjectionDecisionForm(DecisionForm):
    choices = {
        "dismiss": _("Dismiss: the star is given when its notice has ended"),
        "uphold": _("Uphold: the star is refused"),
    }
    help_text = _("The volunteer reads it, and so does whoever objected. Name nobody.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.state == StarObjection.State.UPHELD:
            lift = ("dismiss", _("Lift the refusal: the star comes into notice anew"))
            self.fields["decision"].choices = [lift]  # type: ignore[attr-defined]

    def decide(self, *, by: User) -> StarObjection:
        """Raises ObjectionRefused."""
        return decide_star_objection(
            objection=self.instance,
            uphold=self.cleaned_data["decision"] == "uphold",
            answer=self.cleaned_data["answer"],
            by=by,
        )


class HonourDecisionForm(DecisionForm):
    choices = {
        "approve": _("Approve: it stands on the public list"),
        "decline": _("Decline"),
    }
    help_text = _("The organisation reads it. A nomination that is declined needs one.")

    def decide(self, *, by: User) -> YearlyHonour:
        """Raises HonourRefused."""
        return decide_honour(
            honour=self.instance,
            approve=self.cleaned_data["decision"] == "approve",
            answer=self.cleaned_data["answer"],
            by=by,
        )
