"""Phone numbers: whatever people type becomes E.164 (`+8613812345678`)."""

from __future__ import annotations

from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

HOME = "CN"
MOBILE = {
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
}


class NoSuchNumber(Exception):
    """Not a number that a text message can reach; the message says what to type."""


def normalise_phone(text: str) -> str:
    """A mobile number in E.164. Without `+` it is a Chinese one. Raises NoSuchNumber."""
    try:
        number = phonenumbers.parse(text, HOME)
    except phonenumbers.NumberParseException:
        raise NoSuchNumber(_wrong()) from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise NoSuchNumber(_wrong())
    if phonenumbers.number_type(number) not in MOBILE:
        raise NoSuchNumber(_("A text message cannot reach this number. Please give a mobile one."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _wrong() -> Any:
    return _("Please give a mobile number of 11 digits, or one with + and its country's code.")


class PhoneField(forms.CharField):
    """Typed as people write it, cleaned to E.164."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Mobile number"))
        kwargs.setdefault("max_length", 32)
        kwargs.setdefault(
            "widget",
            forms.TextInput(
                attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel", "class": "input"}
            ),
        )
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return ""
        try:
            return normalise_phone(text)
        except NoSuchNumber as error:
            raise ValidationError(str(error), code="invalid_phone") from error

    def prepare_value(self, value: Any) -> Any:
        """Show a Chinese number the way people write it, without its +86."""
        return value.removeprefix("+86") if isinstance(value, str) else value
