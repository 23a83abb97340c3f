"""A bank's statement, and what somebody says of one of its lines."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from foundations.actions.bank_import import import_statement
from foundations.bank_files import MOST_BYTES, FileTooBig
from foundations.bank_matching import currencies_of
from foundations.models import Foundation, MoneyMovement
from foundations.permissions import get_enterable_foundations_for, get_movements_for


class StatementForm(forms.Form):
    foundation = forms.ModelChoiceField(
        label=_("Foundation"), queryset=Foundation.objects.none(), empty_label=None
    )
    currency = forms.ChoiceField(label=_("Currency"))
    file = forms.FileField(
        label=_("Statement"),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.xml"}),
        help_text=_(
            "As your online banking exports it: CSV or camt.053, up to 5 MB. Statements may"
            " overlap; each line is taken in once."
        ),
    )
    ignore_balances = forms.BooleanField(
        label=_("Without its balances"),
        required=False,
        help_text=_("For an export that shows some of the lines only."),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = get_enterable_foundations_for(user)
        foundations: Any = self.fields["foundation"]
        foundations.queryset = mine
        codes = dict.fromkeys(code for one in mine for code in currencies_of(one))
        currency: Any = self.fields["currency"]
        currency.choices = [(code, code) for code in codes]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(str(FileTooBig()))
        return file

    def write(self, *, by: Any) -> Any:
        data = self.cleaned_data
        return import_statement(
            foundation=data["foundation"], currency=data["currency"], content=data["file"].read(),
            file_name=data["file"].name, ignore_balances=data["ignore_balances"], by=by,
        )  # fmt: skip


class MatchForm(forms.Form):
    movement = forms.ModelChoiceField(queryset=MoneyMovement.objects.none())

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        movements: Any = self.fields["movement"]
        movements.queryset = get_movements_for(user)


class WordForm(forms.Form):
    note = forms.CharField(max_length=300, label=_("Note"))
