"""A foundation's facts, its roles and members, its funds with plan and budget."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.widgets import AdminDateInput

from foundations.actions.facts import FACTS
from foundations.forms.office import AmountField, DayField, MoneyForm, WrittenByAction
from foundations.models import BudgetLine, Foundation, FoundationRole, Fund, FundPlan
from foundations.money import EXPONENTS, format_plain
from foundations.permissions import get_enterable_foundations_for
from volunteers.models import Organisation, User
from volunteers.phones import NoSuchNumber, normalise_phone

CURRENCIES = [(code, code) for code in ("CNY", *sorted(set(EXPONENTS) - {"CNY"}))]
EMPTY_LINES = 3


class AccountField(forms.CharField):
    """An account, found by what its holder logs in with."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Account"),
            max_length=254,
            help_text=_("A proven phone number or an e-mail address."),
        )

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip()
        try:
            wanted = Q(phone=normalise_phone(text))
        except NoSuchNumber:
            wanted = Q(email__iexact=text)
        user = User.objects.filter(wanted, is_active=True).first()
        if user is None:
            raise ValidationError(_("No account has this number or address."))
        return user


class FoundationForm(WrittenByAction, WagtailAdminModelForm):
    """Its facts; what each is needed for stands beside the field."""

    class Meta:
        model = Foundation
        fields = FACTS
        help_texts = {
            "mode": _("By which right it takes gifts. The list of what is missing follows it."),
            "kind": _("Which share of its money it must spend."),
            "certificate_number": _("Shown beside every gift: the public is asked only with it."),
            "how_to_query": _(
                "How a donor learns what became of a gift: by mail, telephone, here."
            ),
            "handler": _("Stands on each confirmation."),
            "platform_url": _("Only for gifts by a designated platform: donors are led there."),
            "stripe_account": _("Begins with acct_. Gifts are paid into it."),
        }
        widgets = {
            "how_to_query": forms.Textarea(attrs={"rows": 3}),
            "how_to_query_en": forms.Textarea(attrs={"rows": 3}),
        }

    def clean_stripe_account(self) -> str:
        account: str = self.cleaned_data["stripe_account"].strip()
        if account and not account.startswith("acct_"):
            raise ValidationError(_("The number of an account at Stripe begins with acct_."))
        return account


class NewFoundationForm(WrittenByAction, WagtailAdminModelForm):
    currency = forms.ChoiceField(label=_("Currency of its books"), choices=CURRENCIES)

    class Meta:
        model = Foundation
        fields = ["organisation", "mode", "kind"]
        help_texts = {
            "organisation": _("Organisations of the kind “foundation” that keep no books yet."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = Organisation.objects.active().filter(
            kind=Organisation.Kind.FOUNDATION, foundation=None
        )


class RoleForm(forms.Form):
    account = AccountField()
    role = forms.ChoiceField(
        label=_("Role"), choices=FoundationRole.Role.choices, widget=forms.RadioSelect
    )


class MemberForm(forms.Form):
    account = AccountField()
    joined_on = DayField(label=_("Since"))


class FundForm(WrittenByAction, WagtailAdminModelForm):
    class Meta:
        model = Fund
        fields = ["name", "name_en", "purpose", "purpose_en"]
        widgets = {
            "purpose": forms.Textarea(attrs={"rows": 3}),
            "purpose_en": forms.Textarea(attrs={"rows": 3}),
        }


class NewFundForm(FundForm):
    """A restricted fund; the general one came with the books."""

    foundation = forms.ModelChoiceField(
        label=_("Foundation"), queryset=Foundation.objects.none(), empty_label=None
    )
    currency = forms.ChoiceField(
        label=_("Currency"),
        choices=CURRENCIES,
        help_text=_("A fund has one currency, for good."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        foundations = get_enterable_foundations_for(self.for_user)
        self.fields["foundation"].queryset = foundations
        first = foundations.first()
        self.fields["currency"].initial = first.base_currency if first else "CNY"


class FundPlanForm(WrittenByAction, MoneyForm, forms.ModelForm):
    """D3: what the law wants to know before anybody is asked for money."""

    target = AmountField(label=_("Target"))

    class Meta:
        model = FundPlan
        fields = [
            "starts_on", "ends_on", "area", "lead", "office", "methods", "account",
            "beneficiaries", "beneficiaries_en", "use", "use_en", "cost", "surplus",
            "is_emergency", "filing_number", "filed_on",
        ]  # fmt: skip
        widgets = {
            "starts_on": AdminDateInput,
            "ends_on": AdminDateInput,
            "filed_on": AdminDateInput,
            "use": forms.Textarea(attrs={"rows": 3}),
            "use_en": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts = {
            "filing_number": _(
                "From the civil affairs department; the plan is filed at least ten days before its"
                " first day."
            ),
            "is_emergency": _("Then it is filed within ten days after its first day."),
            "surplus": _("Where money goes that is left at the end."),
        }

    field_order = ["starts_on", "ends_on", "target"]

    def __init__(self, *args: Any, fund: Fund, **kwargs: Any) -> None:
        self.fund = fund
        plan = kwargs.get("instance")
        if plan is not None and plan.target_minor:
            target = format_plain(plan.target_minor, currency=fund.currency)
            kwargs["initial"] = {"target": target} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self.take_amount("target", currency=self.fund.currency)
        return data


class BudgetLineForm(MoneyForm, forms.Form):
    number = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name of the line"), max_length=80)
    name_en = forms.CharField(label=_("Name in English"), max_length=120, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=BudgetLine.Kind.choices)
    amount = AmountField()

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self.take_amount("amount", currency=self.currency)
        return data


BudgetFormSet = forms.formset_factory(
    BudgetLineForm, extra=EMPTY_LINES, can_delete=True, max_num=60, absolute_max=60
)
