"""What a donor fills in about gifts that were given."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from foundations.models import MonthlyGift, ShownAs
from foundations.money import NotAnAmount, format_plain, parse_amount
from points.forms.rewards import PRESS_AGAIN


class FindGiftsForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("The one you wrote when you gave."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
        error_messages={"required": _("Which e-mail address?")},
    )

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return email.lower()


class ShownAsForm(forms.Form):
    shown_as = forms.ChoiceField(
        label=_("How may we show you?"),
        choices=ShownAs.choices,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Please choose one of the three.")},
    )


class AskForm(forms.Form):
    nonce = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": PRESS_AGAIN, "invalid": PRESS_AGAIN}
    )
    text = forms.CharField(
        label=_("Your question"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("What would you like to know?")},
    )


class ChangeMonthlyForm(forms.Form):
    amount = forms.CharField(
        label=_("Each month from now on"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"required": _("How much each month?")},
    )

    def __init__(self, *args: Any, monthly: MonthlyGift, **kwargs: Any) -> None:
        amount = format_plain(monthly.amount_minor, currency=monthly.currency)
        super().__init__(*args, initial={"amount": amount}, **kwargs)
        self.currency = monthly.currency
        self.fields["amount"].help_text = _("In %(currency)s.") % {"currency": monthly.currency}

    def clean_amount(self) -> int:
        try:
            minor = parse_amount(self.cleaned_data["amount"], currency=self.currency)
        except NotAnAmount as wrong:
            raise ValidationError(str(wrong)) from wrong
        if minor < 1:
            raise ValidationError(_("Please write an amount above zero."))
        return minor
