"""ID documents: what a number must look like. Pure functions; nothing here reads the database."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from volunteers.models import Volunteer

IdType = Volunteer.IdType
Sex = Volunteer.Sex

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
CHECK_CHARACTERS = "10X98765432"

SHAPES: dict[str, re.Pattern[str]] = {
    IdType.PASSPORT: re.compile(r"[A-Z0-9]{5,20}"),
    # Home-return permits of Hong Kong (H) and Macau (M) residents; the 18-digit residence permits
    # with 81 and 82 have the shape and the check digit of a resident's card.
    IdType.HK_MACAU: re.compile(r"[HM]\d{8}(\d{2})?"),
    IdType.TAIWAN: re.compile(r"\d{8}|\d{10}"),
    # 2017 card: three letters and twelve digits; since 2023 18 digits that begin with 9.
    IdType.FOREIGN_RESIDENT: re.compile(r"[A-Z]{3}\d{12}"),
}
EIGHTEEN_DIGITS_BEGIN = {
    IdType.RESIDENT: ("1", "2", "3", "4", "5", "6", "7", "8"),
    IdType.HK_MACAU: ("81", "82"),
    IdType.TAIWAN: ("83",),
    IdType.FOREIGN_RESIDENT: ("9",),
}


class InvalidIdNumber(Exception):
    """The number cannot be one of its kind; the message says which part is wrong."""


class Identity(NamedTuple):
    """What a number says: itself in its normal form, and the birth date and sex it carries."""

    number: str
    birth_on: date | None
    sex: int | None


def normalise_id_number(text: str) -> str:
    """Capital letters, half-width, without the spaces and dashes people type between groups."""
    return re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text)).upper()


def normalise_name(text: str) -> str:
    """For comparing two names: `阿依古丽·买买提` is the same with any of the dots people type."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s·•・.．‧-]", "", plain)


def has_symbols(name: str) -> bool:
    """Whether something stands in it that no name holds and no printed card can show: an emoji."""
    return any(unicodedata.category(character) in {"So", "Sk", "Cc"} for character in name)


def same_name(one: str, other: str) -> bool:
    return bool(one.strip()) and normalise_name(one) == normalise_name(other)


def read_id_number(*, id_type: str, text: str) -> Identity:
    """Return what the number says. Raises InvalidIdNumber with a sentence for the person."""
    number = normalise_id_number(text)
    prefixes = EIGHTEEN_DIGITS_BEGIN.get(id_type, ())  # type: ignore[call-overload]
    if len(number) == 18 and number.startswith(prefixes) and prefixes:
        return _read_eighteen(number)
    if id_type == IdType.RESIDENT:
        raise InvalidIdNumber(_("A resident's ID number has 18 digits; the last may be X."))
    shape = SHAPES.get(id_type)
    if shape is None or not shape.fullmatch(number):
        raise InvalidIdNumber(_("This is not what a number of this document looks like."))
    return Identity(number, None, None)


def check_character(first_seventeen: str) -> str:
    """The eighteenth character that GB 11643 demands."""
    total = sum(int(digit) * weight for digit, weight in zip(first_seventeen, WEIGHTS, strict=True))
    return CHECK_CHARACTERS[total % 11]


def _read_eighteen(number: str) -> Identity:
    if not re.fullmatch(r"\d{17}[\dX]", number):
        raise InvalidIdNumber(_("A resident's ID number has 18 digits; the last may be X."))
    if number[-1] != check_character(number[:17]):
        raise InvalidIdNumber(_("The check digit does not agree: a digit may be mistyped."))
    try:
        birth_on = date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    except ValueError:
        raise InvalidIdNumber(_("The birth date inside the number does not exist.")) from None
    if birth_on.year < 1900 or birth_on > timezone.localdate():
        raise InvalidIdNumber(_("The birth date inside the number cannot be right."))
    sex = Sex.MALE if int(number[16]) % 2 else Sex.FEMALE
    return Identity(number, birth_on, sex)
