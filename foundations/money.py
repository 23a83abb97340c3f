"""Money as whole minor units of a currency: fen, yen, fils. No float comes near it.

What a person typed becomes an integer here, and an integer becomes what a person reads. Nothing
in here touches the database.
"""

from __future__ import annotations

import re
import unicodedata

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

# How many decimals a currency has (ISO 4217). Who adds one looks its exponent up first.
EXPONENTS = {
    "AED": 2, "AUD": 2, "BHD": 3, "BRL": 2, "CAD": 2, "CHF": 2, "CLP": 0, "CNY": 2, "CZK": 2,
    "DKK": 2, "EUR": 2, "GBP": 2, "HKD": 2, "IDR": 2, "ILS": 2, "INR": 2, "JOD": 3, "JPY": 0,
    "KRW": 0, "KWD": 3, "MOP": 2, "MXN": 2, "MYR": 2, "NOK": 2, "NZD": 2, "OMR": 3, "PHP": 2,
    "PLN": 2, "SAR": 2, "SEK": 2, "SGD": 2, "THB": 2, "TND": 3, "TRY": 2, "TWD": 2, "USD": 2,
    "VND": 0, "ZAR": 2,
}  # fmt: skip

# As each language writes them; a currency without a sign of its own is written by its code.
SIGNS = {
    "zh": {
        "CNY": "¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "JPY": "JP¥", "KRW": "₩", "TWD": "NT$",
        "USD": "US$",
    },
    "en": {
        "CNY": "CN¥", "EUR": "€", "GBP": "£", "HKD": "HK$", "JPY": "JP¥", "KRW": "₩",
        "TWD": "NT$", "USD": "US$",
    },
}  # fmt: skip

# A thousand million yuan: more than anybody types on purpose, and far from what a column holds.
MOST_MAJOR = 1_000_000_000

NO_BREAK_SPACE = "\u00a0"

# What people put around an amount: «¥ 100», «100元», «100 CNY».
_AROUND = re.compile(r"^(?:[A-Z]{2,3}\s*)?[¥$€£₩]?\s*(?P<amount>[0-9][0-9,.]*)\s*(?:元|[A-Z]{3})?$")
_PLAIN = re.compile(r"^(?P<whole>[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.(?P<part>[0-9]+))?$")


class NotAnAmount(ValueError):
    """What was typed is no amount of that currency; `str()` is the sentence for the person."""

    sentence: str | Promise = gettext_lazy("Please write an amount such as 100 or 100.50.")

    def __str__(self) -> str:
        return str(self.sentence)


class TooManyDecimals(NotAnAmount):
    def __init__(self, *, currency: str) -> None:
        super().__init__(currency)
        self.currency = currency

    def __str__(self) -> str:
        decimals = exponent_of(self.currency)
        if decimals == 0:
            return _("%(currency)s has no decimals. Please write a whole number.") % {
                "currency": self.currency
            }
        return _("%(currency)s has at most %(decimals)s decimals.") % {
            "currency": self.currency,
            "decimals": decimals,
        }


class AmountTooGreat(NotAnAmount):
    sentence = gettext_lazy("This amount is too great. Please look at it once more.")


class OtherCurrency(NotAnAmount):
    sentence = gettext_lazy("This amount names another currency.")


class UnknownCurrency(ValueError):
    def __str__(self) -> str:
        return _("%(currency)s is no currency that we know.") % {"currency": self.args[0]}


def exponent_of(currency: str) -> int:
    """How many decimals the currency has. Raises UnknownCurrency."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(currency) from None


def parse_amount(text: str, *, currency: str) -> int:
    """What a person typed, in minor units: "1,234.5" of CNY is 123450; never below zero.

    Full-width digits, spaces, separators of thousands, and a sign or code of this currency are
    understood. Nothing is rounded: a decimal too many is refused. Raises NotAnAmount.
    """
    exponent = exponent_of(currency)
    found = _AROUND.match(unicodedata.normalize("NFKC", text).replace("。", ".").strip())
    if found is None:
        raise NotAnAmount
    _refuse_other_currency(found, currency)
    plain = _PLAIN.match(found["amount"])
    if plain is None:
        raise NotAnAmount
    part = plain["part"] or ""
    if len(part) > exponent:
        raise TooManyDecimals(currency=currency)
    whole = plain["whole"].replace(",", "")
    # Before int(): it refuses very long numbers with an error of its own.
    if len(whole.lstrip("0")) > len(str(MOST_MAJOR)) or int(whole) > MOST_MAJOR:
        raise AmountTooGreat
    return int(whole + part.ljust(exponent, "0"))


def format_plain(minor: int, *, currency: str) -> str:
    """For form fields and files: "1234.50", "1234" (JPY), "-1.234" (KWD)."""
    whole, part = _parts(minor, currency=currency)
    return f"{'-' if minor < 0 else ''}{whole}{'.' if part else ''}{part}"


def format_money(minor: int, *, currency: str, language: str | None = None) -> str:
    """For people to read, in their language: "¥1,234.50" or "CN¥1,234.50"; "-KWD 1.234"."""
    whole, part = _parts(minor, currency=currency)
    signs = SIGNS["en" if (language or get_language() or "").startswith("en") else "zh"]
    sign = signs.get(currency, f"{currency}{NO_BREAK_SPACE}")
    return f"{'-' if minor < 0 else ''}{sign}{whole:,}{'.' if part else ''}{part}"


def _refuse_other_currency(found: re.Match[str], currency: str) -> None:
    """«US$100» in a field for yuan is a mistake that must not become a hundred yuan."""
    around = found.string.replace(found["amount"], "", 1).replace(" ", "")
    allowed = {
        "",
        currency,
        *(signs.get(currency, "") for signs in SIGNS.values()),
        *(("¥", "元", "¥元", "RMB") if currency == "CNY" else ()),
        *(("¥",) if currency == "JPY" else ()),
        *(("$",) if currency == "USD" else ()),
    }
    if around not in allowed:
        raise OtherCurrency


def _parts(minor: int, *, currency: str) -> tuple[int, str]:
    """The whole number and its decimals, both without a sign."""
    exponent = exponent_of(currency)
    whole, part = divmod(abs(minor), 10**exponent)
    return whole, str(part).zfill(exponent) if exponent else ""
