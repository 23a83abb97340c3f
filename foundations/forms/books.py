"""Which books are looked at, and for which days."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.widgets import AdminDateInput

from foundations.models import Foundation
from foundations.permissions import get_foundations_for
from volunteers.models import User

FIRST_DAY = date(2000, 1, 1)


class BooksForm(forms.Form):
    """Read from the address; what is not there is this year's books of the first foundation."""

    foundation = forms.ModelChoiceField(
        label=_("Foundation"), queryset=Foundation.objects.none(), empty_label=None, required=False
    )
    since = forms.DateField(label=_("From"), widget=AdminDateInput, required=False)
    until = forms.DateField(label=_("Until"), widget=AdminDateInput, required=False)
    currency = forms.ChoiceField(label=_("Currency"), required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.foundations = get_foundations_for(user)
        today = timezone.localdate()
        usual: dict[str, Any] = {"since": today.replace(month=1, day=1), "until": today}
        self.initial = usual | dict(self.initial)
        self.fields["foundation"].queryset = self.foundations  # type: ignore[attr-defined]
        currencies = self.foundations.values_list("funds__currency", flat=True)
        codes = sorted({code for code in currencies if code})
        self.fields["currency"].choices = [(code, code) for code in codes]  # type: ignore[attr-defined]
        if self.foundations.count() < 2:
            del self.fields["foundation"]
        if len(codes) < 2:
            del self.fields["currency"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        since, until = data.get("since"), data.get("until")
        if since and until and since > until:
            self.add_error("until", _("The last day comes before the first."))
        for name in ("since", "until"):
            day = data.get(name)
            if day and not FIRST_DAY <= day <= timezone.localdate():
                self.add_error(name, _("Please choose a day of this century that is not to come."))
        return data

    def chosen(self) -> tuple[Foundation, date, date, str]:
        """(foundation, since, until, currency); what is wrong or missing is as usual."""
        data = getattr(self, "cleaned_data", {})
        foundation: Any = data.get("foundation") or self.foundations.first()
        until = data.get("until") or timezone.localdate()
        since = data.get("since") or date(until.year, 1, 1)
        return foundation, since, until, data.get("currency") or foundation.base_currency


class ClosingForm(forms.Form):
    month = forms.DateField(input_formats=["%Y-%m"], widget=forms.HiddenInput)
