"""What one person enters and another approves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.forms import WagtailAdminModelForm

from foundations.actions.entries import enter_expense, enter_grant, enter_transfer
from foundations.actions.invoices import refuse_file
from foundations.actions.ledger import BookingRefused
from foundations.forms.office import (
    AmountField,
    DayField,
    FundChoiceField,
    MoneyForm,
    NonceField,
    WrittenByAction,
)
from foundations.models import BudgetLine, Expense, FundTransfer, Grant, PaidFrom
from foundations.permissions import get_budget_lines_for, get_funds_to_enter_for

FILE_HELP = gettext_lazy("A photograph (JPEG, PNG) or a PDF of up to 10 MB.")
ACCEPTED = {"accept": ".pdf,.jpg,.jpeg,.png"}


class BudgetLineField(forms.ModelChoiceField):
    def label_from_instance(self, line: Any) -> str:
        return f"{line.fund} · {line} ({line.get_kind_display()})"


class EntryForm(WrittenByAction, MoneyForm, WagtailAdminModelForm):
    """`write(by=…)` calls the one action; the model's own save is never used."""

    file_field = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, FundChoiceField):
                field.offer(get_funds_to_enter_for(self.for_user))
        if "budget_line" in self.fields:
            lines = get_budget_lines_for(self.for_user)
            self.fields["budget_line"].queryset = lines.filter(kind__in=self.kinds_of_line())

    def kinds_of_line(self) -> list[str]:
        return []

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        fund = data.get("fund") or data.get("from_fund")
        self.take_amount("amount", currency=fund.currency if fund else None)
        self._look_at_file()
        return data

    def _look_at_file(self) -> None:
        file = self.cleaned_data.get(self.file_field)
        if not file:
            return
        try:
            refuse_file(file)
        except BookingRefused as refusal:
            self.add_error(self.file_field, str(refusal))
            return
        if self.errors:
            # A browser never sends a file a second time by itself.
            self.add_error(self.file_field, _("Please choose the file once more."))

    def write(self, *, by: Any) -> Any:
        raise NotImplementedError

    def _told(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "amount"}


class ExpenseForm(EntryForm):
    file_field = "invoice"

    fund = FundChoiceField()
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Expense.Kind.choices)
    budget_line = BudgetLineField(
        label=gettext_lazy("Budget line"), queryset=BudgetLine.objects.none(), required=False
    )
    amount = AmountField()
    paid_from = forms.ChoiceField(label=gettext_lazy("Paid from"), choices=PaidFrom.choices)
    payee = forms.CharField(label=gettext_lazy("Paid to"), max_length=120)
    payee_is_person = forms.BooleanField(
        label=gettext_lazy("Is a person"),
        required=False,
        help_text=gettext_lazy("A person's name is masked where the books are public."),
    )
    purpose = forms.CharField(label=gettext_lazy("For what"), max_length=300)
    happened_on = DayField()
    invoice = forms.FileField(
        label=gettext_lazy("Invoice"),
        widget=forms.FileInput(attrs=ACCEPTED),
        help_text=FILE_HELP,
        error_messages={"required": gettext_lazy("Please add the invoice: a photograph or a PDF.")},
    )
    nonce = NonceField()

    class Meta:
        model = Expense
        fields: list[str] = []

    def kinds_of_line(self) -> list[str]:
        return list(Expense.Kind.values)

    def write(self, *, by: Any) -> Expense:
        return enter_expense(**self._told(), by=by)


class GrantForm(EntryForm):
    file_field = "agreement"

    fund = FundChoiceField()
    budget_line = BudgetLineField(
        label=gettext_lazy("Budget line"), queryset=BudgetLine.objects.none(), required=False
    )
    amount = AmountField()
    grantee = forms.CharField(label=gettext_lazy("Granted to"), max_length=120)
    grantee_is_person = forms.BooleanField(
        label=gettext_lazy("Is a person"),
        required=False,
        help_text=gettext_lazy("A person's name is masked where the books are public."),
    )
    purpose = forms.CharField(label=gettext_lazy("For what"), max_length=300)
    happened_on = DayField()
    agreement = forms.FileField(
        label=gettext_lazy("Agreement"),
        widget=forms.FileInput(attrs=ACCEPTED),
        help_text=FILE_HELP,
        required=False,
    )
    nonce = NonceField()

    class Meta:
        model = Grant
        fields: list[str] = []

    def kinds_of_line(self) -> list[str]:
        return [BudgetLine.Kind.GRANTS]

    def write(self, *, by: Any) -> Grant:
        return enter_grant(**self._told(), by=by)


class TransferForm(EntryForm):
    from_fund = FundChoiceField(label=gettext_lazy("From fund"))
    to_fund = FundChoiceField(label=gettext_lazy("To fund"))
    amount = AmountField()
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=FundTransfer.Reason.choices,
        help_text=gettext_lazy(
            "What was given for one purpose may be used otherwise only when its donors agreed or"
            " the new use was filed."
        ),
    )
    evidence = forms.CharField(
        label=gettext_lazy("What shows it"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    happened_on = DayField()
    nonce = NonceField()

    class Meta:
        model = FundTransfer
        fields: list[str] = []

    def write(self, *, by: Any) -> FundTransfer:
        return enter_transfer(**self._told(), by=by)
