"""What somebody who gives is asked. Nothing that costs money is chosen beforehand (D11)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError as NoNumber

from foundations.actions.giving import Giving
from foundations.gateway.base import GatewayRefused
from foundations.models import Donor, Fund, ShownAs
from foundations.money import NotAnAmount, format_money, parse_amount
from foundations.terms import terms_of
from points.forms.rewards import PRESS_AGAIN
from volunteers.forms.names import NameField

ONCE, MONTHLY = "once", "monthly"


class LinesField(forms.CharField):
    """A browser counts a line's end once and sends two characters."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class GiveForm(forms.Form):
    nonce = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": PRESS_AGAIN, "invalid": PRESS_AGAIN}
    )
    # What card_testing asks of the browser; said beside the button, not here.
    challenge = forms.CharField(required=False, widget=forms.HiddenInput)
    proof = forms.CharField(required=False, widget=forms.HiddenInput)
    wait = forms.CharField(required=False, widget=forms.HiddenInput)

    rhythm = forms.ChoiceField(
        label=_("How often"),
        choices=[
            (ONCE, pgettext_lazy("gift", "Once")),
            (MONTHLY, pgettext_lazy("gift", "Each month")),
        ],
        initial=ONCE,
        widget=forms.RadioSelect,
        help_text=_(
            "Each month works with a card only. You can change or stop it at any time, in two"
            " presses."
        ),
    )
    suggested = forms.ChoiceField(label=_("Amount"), required=False, widget=forms.RadioSelect)
    amount = forms.CharField(
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    covers_fee = forms.BooleanField(
        label=_("I add what the payment costs, so that the whole amount arrives"),
        required=False,
    )
    donor_kind = forms.ChoiceField(
        label=_("Who gives"),
        choices=Donor.Kind.choices,
        initial=Donor.Kind.PERSON,
        widget=forms.RadioSelect,
    )
    name = NameField(
        label=pgettext_lazy("giving", "Name"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=_("It stands on your confirmation. Without a name you give anonymously."),
    )
    credit_code = forms.CharField(
        label=_("Unified social credit code, for a company"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_(
            "We send the confirmation there, and with it you find your gifts again. Without it you"
            " see the confirmation once, after paying: please keep it then."
        ),
    )
    shown_as = forms.ChoiceField(
        label=_("How I am shown on the donor wall"),
        choices=[
            (ShownAs.MASKED, _("With my surname only, such as 王*")),
            (ShownAs.FULL, _("With my whole name: I agree that everybody reads it")),
            (ShownAs.ANONYMOUS, _("Without my name")),
        ],
        initial=ShownAs.MASKED,
        widget=forms.RadioSelect,
    )
    dedication = forms.CharField(
        label=_("Dedicated to"),
        required=False,
        max_length=120,
        help_text=_("For example: for grandmother's eightieth birthday."),
    )
    message = LinesField(
        label=_("A few words"),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("They stand on the donor wall after somebody has read them."),
    )
    waives_receipt = forms.BooleanField(label=_("I do not need a fiscal receipt"), required=False)

    def __init__(self, *args: Any, fund: Fund, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fund = fund
        self.terms = terms_of(fund.currency)
        suggested = self.terms.suggested_minor
        self.fields["suggested"].choices = [  # type: ignore[attr-defined]
            (str(minor), self._said(minor)) for minor in suggested
        ]
        self.fields["amount"].label = gettext("Or another amount, in %(currency)s") % {
            "currency": fund.currency
        }
        if not suggested:
            del self.fields["suggested"]
            self.fields["amount"].label = gettext("Amount in %(currency)s") % {
                "currency": fund.currency
            }
        self.fields["amount"].help_text = gettext("From %(least)s to %(most)s.") % {
            "least": self._said(self.terms.least_minor), "most": self._said(self.terms.most_minor),
        }  # fmt: skip
        if not self.terms.offers_cover:
            del self.fields["covers_fee"]
            return
        example = suggested[-2] if len(suggested) > 1 else self.terms.least_minor
        self.fields["covers_fee"].help_text = gettext(
            "To %(amount)s it adds %(cover)s. The payment company keeps that."
        ) % {"amount": self._said(example), "cover": self._said(self.terms.cover_for(example))}

    @property
    def is_monthly(self) -> bool:
        return bool(self.cleaned_data["rhythm"] == MONTHLY)

    @property
    def giving(self) -> Giving:
        said = self.cleaned_data
        minor = said["amount_minor"]
        is_company = said["donor_kind"] == Donor.Kind.COMPANY
        return Giving(
            amount_minor=minor,
            cover_minor=self.terms.cover_for(minor) if said.get("covers_fee") else 0,
            donor_kind=said["donor_kind"], name=said["name"], email=said["email"].lower(),
            credit_code=said["credit_code"] if is_company else "", shown_as=said["shown_as"],
            dedication=said["dedication"], message=said["message"],
            waives_receipt=said["waives_receipt"], language=get_language() or "zh-hans",
        )  # fmt: skip

    def clean_amount(self) -> int | None:
        if not self.cleaned_data["amount"]:
            return None
        try:
            return parse_amount(self.cleaned_data["amount"], currency=self.fund.currency)
        except NotAnAmount as wrong:
            raise ValidationError(str(wrong)) from wrong

    def clean_credit_code(self) -> str:
        if not self.cleaned_data["credit_code"]:
            return ""
        try:
            return str(uscc.validate(self.cleaned_data["credit_code"]))
        except NoNumber as wrong:
            raise ValidationError(
                gettext(
                    "This is not a unified social credit code. It has 18 digits and letters:"
                    " please compare it once more."
                )
            ) from wrong

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        is_company = cleaned.get("donor_kind") == Donor.Kind.COMPANY
        if is_company and not cleaned.get("name") and "name" not in self.errors:
            self.add_error("name", gettext("Please write the name of the company or group."))
        if not {"amount", "suggested"} & set(self.errors):
            cleaned["amount_minor"] = self._amount(cleaned)
        return cleaned

    def _amount(self, cleaned: dict[str, Any]) -> int | None:
        """The one that was chosen or written; two different ones are asked about."""
        written, chosen = cleaned.get("amount"), cleaned.get("suggested")
        if written is None and not chosen:
            self.add_error("amount", gettext("Please choose an amount or write one."))
            return None
        if written is not None and chosen and written != int(chosen):
            self.add_error(
                "amount",
                gettext("You chose %(chosen)s and wrote another amount here. Which one is it?")
                % {"chosen": self._said(int(chosen))},
            )
            return None
        minor = int(chosen) if written is None else written
        if minor < self.terms.least_minor:
            least = self._said(self.terms.least_minor)
            self.add_error("amount", gettext("Please give %(least)s or more.") % {"least": least})
        elif minor > self.terms.most_minor:
            self.add_error(
                "amount",
                gettext("At most %(most)s can be given here at once. For more, please talk to us.")
                % {"most": self._said(self.terms.most_minor)},
            )
        elif minor % self.terms.step_minor:
            self.add_error("amount", str(GatewayRefused("amount_last_digit")))
        return minor

    def _said(self, minor: int) -> str:
        return format_money(minor, currency=self.fund.currency)
