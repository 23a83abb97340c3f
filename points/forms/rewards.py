from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.widgets import AdminDateInput

from points.models import Partner, PickUpPlace

PRESS_AGAIN = _("Please open the page again and press once more.")


class RedeemForm(forms.Form):
    nonce = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={"required": PRESS_AGAIN, "invalid": PRESS_AGAIN},
    )


class CodeForm(forms.Form):
    """Eight digits, however they were typed."""

    code = forms.CharField(
        label=_("Pick-up code"),
        max_length=16,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "class": "input input-code"}
        ),
        error_messages={"required": _("Please type the eight digits.")},
    )

    def clean_code(self) -> str:
        code = "".join(sign for sign in self.cleaned_data["code"] if sign.isdigit())
        if len(code) != 8 or not code.isascii():
            raise ValidationError(_("The code has eight digits."))
        return code


class WithdrawForm(forms.Form):
    why = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Stands in the ledger beside the refund."),
    )


REWARD_FIELDS = [
    "kind", "name", "name_en", "about", "about_en", "picture", "offered_by", "price_points",
    "stock", "places", "pick_up_place", "pick_up_days", "limit_per_person", "limit_per_month",
    "territory", "students_only", "min_star_level", "offered_from", "offered_until", "is_offered",
]  # fmt: skip


class RewardForm(WagtailAdminModelForm):
    """The fields that need more than their model says; the viewset adds REWARD_FIELDS."""

    offered_from = forms.DateField(label=_("on offer from"), widget=AdminDateInput, required=False)
    offered_until = forms.DateField(
        label=_("on offer until"), widget=AdminDateInput, required=False
    )
    places = forms.ModelMultipleChoiceField(
        label=_("pick-up places"),
        queryset=PickUpPlace.objects.filter(partner__closed_at=None).select_related("partner"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Their partners hand it over by phone."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["places"].label_from_instance = _place_and_partner  # type: ignore[attr-defined]

    def clean_price_points(self) -> int:
        price: int = self.cleaned_data["price_points"]
        if price < 1:
            raise ValidationError(_("At least one point."))
        return price

    def clean_pick_up_days(self) -> int:
        days: int = self.cleaned_data["pick_up_days"]
        if not 1 <= days <= 365:
            raise ValidationError(_("Between 1 and 365 days."))
        return days

    def clean_min_star_level(self) -> int:
        level: int = self.cleaned_data["min_star_level"]
        if level > 5:
            raise ValidationError(_("There are five star levels; 0 means everybody."))
        return level

    def clean(self) -> Any:
        data = super().clean()
        begins, ends = data.get("offered_from"), data.get("offered_until")
        if begins and ends and ends < begins:
            self.add_error("offered_until", _("The last day comes before the first."))
        return data


def _place_and_partner(place: PickUpPlace) -> str:
    return f"{place} ({place.partner})"


class PickUpPlaceForm(WagtailAdminModelForm):
    partner = forms.ModelChoiceField(label=_("partner"), queryset=Partner.objects.active())

    class Meta:
        model = PickUpPlace
        fields = ["partner", "name", "name_en", "address", "hours", "hours_en"]
