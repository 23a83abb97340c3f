"""What the forms of the office have in common: money as people type it, funds of their own."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.widgets import AdminDateInput

from foundations.models import Fund
from foundations.money import NotAnAmount, parse_amount

OPEN_AGAIN = _("Please open the page again and press once more.")


class AmountField(forms.CharField):
    """Typed by a person; a form that knows the currency makes minor units of it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Amount"))
        kwargs.setdefault("max_length", 40)
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        )
        super().__init__(**kwargs)


class NonceField(forms.UUIDField):
    """A form that is sent twice does it once."""

    def __init__(self) -> None:
        super().__init__(
            widget=forms.HiddenInput,
            initial=uuid.uuid4,
            error_messages={"required": OPEN_AGAIN, "invalid": OPEN_AGAIN},
        )


class DayField(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Day"))
        kwargs.setdefault("initial", timezone.localdate)
        kwargs.setdefault("widget", AdminDateInput)
        super().__init__(**kwargs)


class FundChoiceField(forms.ModelChoiceField):
    """The fund, and whose it is where an account keeps the books of several foundations."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Fund"))
        super().__init__(queryset=Fund.objects.none(), **kwargs)
        self.names_foundation = False

    def offer(self, funds: Any) -> None:
        self.queryset = funds
        foundations = funds.order_by().values_list("foundation_id").distinct()
        self.names_foundation = foundations.count() > 1

    def label_from_instance(self, fund: Any) -> str:
        words = f"{fund} ({fund.currency})"
        return f"{fund.foundation} · {words}" if self.names_foundation else words


class MoneyForm:
    """Mixed into a form: `take_amount` turns what was typed into minor units, or says why not."""

    cleaned_data: dict[str, Any]

    def take_amount(self: Any, name: str, *, currency: str | None) -> None:
        typed = self.cleaned_data.get(name)
        if not typed or currency is None:
            return
        try:
            minor = parse_amount(typed, currency=currency)
        except NotAnAmount as refusal:
            self.add_error(name, str(refusal))
            return
        if minor < 1:
            self.add_error(name, _("Please write an amount above zero."))
        self.cleaned_data[f"{name}_minor"] = minor


class WrittenByAction:
    """Mixed into a form of a model's fields: it only reads what was typed.

    The action makes the row, and says in words what a constraint would only name.
    """

    def _post_clean(self) -> None:
        pass


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=400, widget=forms.Textarea(attrs={"rows": 3})
    )


class DatedReasonForm(ReasonForm):
    happened_on = DayField(help_text=_("The day on which it stands in the books."))
