"""Gifts that come without a gateway, what sponsors pay and promise, fiscal receipts' numbers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.forms import WagtailAdminModelForm

from foundations.actions.books import create_pot
from foundations.actions.offline import enter_offline_gift
from foundations.actions.pledges import create_pledge, enter_pledge_payment
from foundations.actions.pots import enter_pot_payment
from foundations.forms.entries import ACCEPTED, FILE_HELP, EntryForm
from foundations.forms.office import (
    AmountField,
    DayField,
    FundChoiceField,
    MoneyForm,
    NonceField,
    WrittenByAction,
)
from foundations.models import (
    BankLine,
    Donor,
    Foundation,
    MatchingPot,
    OfflineGift,
    PledgePayment,
    PointsPledge,
    PotPayment,
    ShownAs,
)
from foundations.permissions import (
    get_bank_lines_for,
    get_enterable_foundations_for,
    get_funds_to_enter_for,
    get_pledges_for,
    get_pots_for,
)
from points.models import PointsProject

MOST_POINTS = 1_000_000


class OfflineGiftForm(EntryForm):
    file_field = "evidence"

    fund = FundChoiceField()
    how = forms.ChoiceField(label=gettext_lazy("Way"), choices=OfflineGift.How.choices)
    amount = AmountField(help_text=gettext_lazy("Of goods: the value that the evidence shows."))
    happened_on = DayField(help_text=gettext_lazy("The day on which it came."))
    donor_kind = forms.ChoiceField(label=gettext_lazy("Donor is a"), choices=Donor.Kind.choices)
    donor_name = forms.CharField(
        label=gettext_lazy("Donor’s name"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Empty: the donor is not known, or wants to be named nowhere."),
    )
    donor_email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        required=False,
        help_text=gettext_lazy("Thanks and the confirmation go there."),
    )
    donor_phone = forms.CharField(label=gettext_lazy("Telephone"), max_length=40, required=False)
    donor_credit_code = forms.CharField(
        label=gettext_lazy("Credit code of a company"), max_length=40, required=False
    )
    shown_as = forms.ChoiceField(
        label=gettext_lazy("Shown in public"),
        choices=ShownAs.choices,
        help_text=gettext_lazy("The whole name only when the donor has agreed."),
    )
    dedication = forms.CharField(label=gettext_lazy("For whom"), max_length=120, required=False)
    goods = forms.CharField(
        label=gettext_lazy("Goods"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("What, how many, and what their value is taken from."),
    )
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)
    evidence = forms.FileField(
        label=gettext_lazy("Evidence"),
        widget=forms.FileInput(attrs=ACCEPTED),
        help_text=FILE_HELP,
        required=False,
    )
    bank_line = forms.ModelChoiceField(
        queryset=BankLine.objects.none(), required=False, widget=forms.HiddenInput
    )
    nonce = NonceField()

    class Meta:
        model = OfflineGift
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lines: Any = self.fields["bank_line"]
        lines.queryset = get_bank_lines_for(self.for_user)

    def write(self, *, by: Any) -> OfflineGift:
        return enter_offline_gift(**self._told(), by=by)


class PotForm(WrittenByAction, MoneyForm, WagtailAdminModelForm):
    """A sponsor's terms; the money comes with a payment that somebody else approves."""

    foundation = forms.ModelChoiceField(
        label=gettext_lazy("Foundation"), queryset=Foundation.objects.none(), empty_label=None
    )
    fund = FundChoiceField(
        required=False, empty_label=gettext_lazy("Gifts to any fund in this currency")
    )
    sponsor = forms.CharField(label=gettext_lazy("Sponsor"), max_length=80)
    sponsor_en = forms.CharField(
        label=gettext_lazy("Sponsor in English"), max_length=120, required=False
    )
    percent = forms.IntegerField(
        label=gettext_lazy("Per cent of each gift"), min_value=1, max_value=1000, initial=100,
        help_text=gettext_lazy("100 lays one yuan beside each yuan."),
    )  # fmt: skip
    most = AmountField(label=gettext_lazy("At most a gift"), required=False)
    starts_on = DayField(label=gettext_lazy("First day"))
    ends_on = DayField(label=gettext_lazy("Last day"), initial=None)

    class Meta:
        model = MatchingPot
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        foundations: Any = self.fields["foundation"]
        foundations.queryset = get_enterable_foundations_for(self.for_user)
        fund: Any = self.fields["fund"]
        fund.offer(get_funds_to_enter_for(self.for_user))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        fund, foundation = data.get("fund"), data.get("foundation")
        if foundation is not None:
            self.take_amount("most", currency=fund.currency if fund else foundation.base_currency)
        _refuse_days_reversed(self)
        return data

    def write(self, *, by: Any) -> MatchingPot:
        told = {**self.cleaned_data}
        told.pop("most")
        return create_pot(**told | {"most_a_gift_minor": told.pop("most_minor", None)}, by=by)


class PotPaymentForm(EntryForm):
    pot = forms.ModelChoiceField(label=gettext_lazy("Pot"), queryset=MatchingPot.objects.none())
    direction = forms.ChoiceField(
        label=gettext_lazy("Direction"), choices=PotPayment.Direction.choices
    )
    amount = AmountField()
    happened_on = DayField()
    note = forms.CharField(label=gettext_lazy("Note"), max_length=300, required=False)
    nonce = NonceField()

    class Meta:
        model = PotPayment
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pots: Any = self.fields["pot"]
        mine = get_enterable_foundations_for(self.for_user)
        pots.queryset = get_pots_for(self.for_user).filter(foundation__in=mine)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        pot = data.get("pot")
        self.take_amount("amount", currency=pot.currency if pot else None)
        return data

    def write(self, *, by: Any) -> PotPayment:
        return enter_pot_payment(**self._told(), by=by)


class PledgeForm(WrittenByAction, MoneyForm, WagtailAdminModelForm):
    fund = FundChoiceField()
    project = forms.ModelChoiceField(
        label=gettext_lazy("Project for points"),
        queryset=PointsProject.objects.none(),
        help_text=gettext_lazy("One of the foundation's own projects."),
    )
    sponsor = forms.CharField(label=gettext_lazy("Sponsor"), max_length=80)
    sponsor_en = forms.CharField(
        label=gettext_lazy("Sponsor in English"), max_length=120, required=False
    )
    per_points = forms.IntegerField(
        label=gettext_lazy("For so many points"), min_value=1, max_value=MOST_POINTS, initial=100
    )
    pays = AmountField(label=gettext_lazy("The sponsor pays"))
    ceiling = AmountField(label=gettext_lazy("At most"))
    starts_on = DayField(label=gettext_lazy("First day"))
    ends_on = DayField(label=gettext_lazy("Last day"), initial=None)

    class Meta:
        model = PointsPledge
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fund: Any = self.fields["fund"]
        fund.offer(get_funds_to_enter_for(self.for_user))
        project: Any = self.fields["project"]
        mine = get_enterable_foundations_for(self.for_user)
        project.queryset = PointsProject.objects.filter(organisation__foundation__in=mine)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        fund = data.get("fund")
        for name in ("pays", "ceiling"):
            self.take_amount(name, currency=fund.currency if fund else None)
        _refuse_days_reversed(self)
        return data

    def write(self, *, by: Any) -> PointsPledge:
        told = {k: v for k, v in self.cleaned_data.items() if k not in {"pays", "ceiling"}}
        return create_pledge(**told, by=by)


class PledgePaymentForm(EntryForm):
    pledge = forms.ModelChoiceField(
        label=gettext_lazy("Pledge"), queryset=PointsPledge.objects.none()
    )
    amount = AmountField()
    happened_on = DayField()
    nonce = NonceField()

    class Meta:
        model = PledgePayment
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pledges: Any = self.fields["pledge"]
        mine = get_enterable_foundations_for(self.for_user)
        pledges.queryset = get_pledges_for(self.for_user).filter(foundation__in=mine)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        pledge = data.get("pledge")
        self.take_amount("amount", currency=pledge.currency if pledge else None)
        return data

    def write(self, *, by: Any) -> PledgePayment:
        return enter_pledge_payment(**self._told(), by=by)


class FiscalForm(forms.Form):
    number = forms.CharField(label=gettext_lazy("Number of the fiscal receipt"), max_length=60)
    check_code = forms.CharField(
        label=gettext_lazy("Its check code"), max_length=60, required=False
    )


class FiscalFileForm(forms.Form):
    foundation = forms.ModelChoiceField(
        label=gettext_lazy("Foundation"), queryset=Foundation.objects.none(), empty_label=None
    )
    file = forms.FileField(
        label=gettext_lazy("File (CSV)"),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt"}),
        help_text=gettext_lazy(
            "Three columns: the confirmation's number, the fiscal receipt's number, its check code."
        ),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        foundations: Any = self.fields["foundation"]
        foundations.queryset = get_enterable_foundations_for(user)


def _refuse_days_reversed(form: Any) -> None:
    starts_on, ends_on = form.cleaned_data.get("starts_on"), form.cleaned_data.get("ends_on")
    if starts_on and ends_on and starts_on > ends_on:
        form.add_error("ends_on", _("The first day comes after the last."))
