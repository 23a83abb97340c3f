"""Money back: what is asked for, what was paid by hand, and why it was not."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundations.actions.refunds import askable_minor
from foundations.forms.office import AmountField, DayField, MoneyForm, NonceField
from foundations.models import Gift, MoneyAccount
from foundations.money import format_money, format_plain


class AskRefundForm(MoneyForm, forms.Form):
    """The whole of what is left stands there already: it is what most people mean."""

    amount = AmountField()
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Whoever approves it reads this. It stands in the books."),
    )
    nonce = NonceField()

    def __init__(self, *args: Any, gift: Gift, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gift = gift
        left = askable_minor(gift)
        self.initial.setdefault("amount", format_plain(left, currency=gift.currency))
        self.fields["amount"].help_text = _("%(left)s of this gift can be paid back.") % {
            "left": format_money(left, currency=gift.currency)
        }

    def clean(self) -> dict[str, Any]:
        self.take_amount("amount", currency=self.gift.currency)
        return self.cleaned_data


class PaidByHandForm(forms.Form):
    out_of = forms.ChoiceField(
        label=gettext_lazy("Paid out of"),
        choices=[
            (MoneyAccount.Kind.BANK.value, gettext_lazy("Bank")),
            (MoneyAccount.Kind.CASH.value, gettext_lazy("Cash")),
        ],
        widget=forms.RadioSelect,
        initial=MoneyAccount.Kind.BANK.value,
    )
    paid_on = DayField(help_text=gettext_lazy("The day on which the money left."))

    def clean_paid_on(self) -> Any:
        day = self.cleaned_data["paid_on"]
        if day > timezone.localdate():
            raise ValidationError(_("This day is still to come."))
        return day


class RefundReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )


class NoteForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("What it is"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Please write what it is: others read it later.")},
    )
