"""A bank's statement as a file: what it says, line by line, or why it cannot be read.

Nothing in here touches the database. CSV and camt.053 each have a file of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundations.money import NotAnAmount, exponent_of, parse_amount

MOST_BYTES = 5 * 1024 * 1024
MOST_LINES = 20_000
MOST_TROUBLES = 20
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)
# As the columns of BankLine are.
MOST_NAME, MOST_TEXT, MOST_REF = 140, 500, 140


class FileRefused(Exception):
    """Nothing of the file is used; `str()` is the sentence for the person."""

    sentence: str | Promise = ""

    def __str__(self) -> str:
        return str(self.sentence)


class FileEmpty(FileRefused):
    sentence = gettext_lazy("There is no line of a statement in this file.")


class FileTooBig(FileRefused):
    sentence = gettext_lazy(
        "This file is too big. Please export a shorter time: up to 5 MB and 20,000 lines."
    )


class FileUnreadable(FileRefused):
    sentence = gettext_lazy(
        "This is no statement that we can read. Please export it from your online banking as CSV"
        " or camt.053; an Excel file can be saved as CSV."
    )


class AnotherAccountToo(FileRefused):
    sentence = gettext_lazy(
        "This file has statements of several accounts. Please export one account by itself."
    )


class RowsRefused(FileRefused):
    """Some rows could not be read; `troubles` says of each why."""

    def __init__(self, troubles: Sequence[RowTrouble]) -> None:
        super().__init__(troubles)
        self.troubles = list(troubles)

    def __str__(self) -> str:
        return " ".join([_("Nothing was imported."), *map(str, self.troubles[:MOST_TROUBLES])])


class SumsDiffer(FileRefused):
    """The balances do not follow from the lines: something is missing in the file."""

    def __init__(self, *, row: int) -> None:
        super().__init__(row)
        self.row = row

    def __str__(self) -> str:
        return _(
            "Row %(row)s: the balance does not follow from the line before. Perhaps the export left"
            " something out."
        ) % {"row": self.row}


@dataclass(frozen=True)
class RowTrouble:
    row: int
    sentence: str

    def __str__(self) -> str:
        return _("Row %(row)s: %(sentence)s") % {"row": self.row, "sentence": self.sentence}


@dataclass(frozen=True)
class ReadLine:
    """One line of a statement; below zero: paid out. `row` counts from one."""

    row: int
    booked_on: date
    amount_minor: int
    counterparty: str = ""
    text: str = ""
    bank_ref: str = ""
    balance_minor: int | None = None


@dataclass(frozen=True)
class ReadStatement:
    """What a file says of one account in one currency."""

    format: str
    first_on: date
    last_on: date
    lines: list[ReadLine] = field(default_factory=list)
    opening_minor: int | None = None
    closing_minor: int | None = None


def read_bank_file(
    content: bytes, *, currency: str, ignore_balances: bool = False
) -> ReadStatement:
    """The statement in the file, all of it or nothing. Raises FileRefused.

    `ignore_balances` for an export that shows some lines only, so that its balances jump.
    """
    from foundations import bank_camt, bank_csv

    if len(content) > MOST_BYTES:
        raise FileTooBig
    if not content.strip():
        raise FileEmpty
    is_xml = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
    reader = bank_camt.read_camt053 if is_xml else bank_csv.read_csv
    return reader(content, currency=currency, ignore_balances=ignore_balances)


# What cells and elements have in common


def signed_minor(text: str, *, currency: str) -> int:
    """As banks write it: "1,234.50", "-5.00", "(5.00)", "+5", "" or "--" for nothing.

    Raises NotAnAmount.
    """
    text = unicodedata.normalize("NFKC", text).replace(" ", "").replace("−", "-")
    # A sign or code of the currency may stand before or behind the minus.
    sign, rest = 1, text
    if rest.startswith("(") and rest.endswith(")"):
        sign, rest = -1, rest[1:-1]
    found = re.search(r"^\D{0,4}?([-+])|([-+])$", rest)
    if found:
        sign = -sign if "-" in found.group(0) else sign
        rest = rest[: found.start(1)] + rest[found.end(1) :] if found.group(1) else rest[:-1]
    if not rest.strip("-"):
        return 0
    return sign * parse_amount(_without_idle_zeros(rest, currency), currency=currency)


def day_of(text: str) -> date | None:
    """A day as banks write it, with or without a time behind it; None when it is none."""
    text = unicodedata.normalize("NFKC", text).strip()
    for pattern in _DAYS:
        found = pattern.match(text)
        if not found:
            continue
        try:
            day = date(int(found["year"]), int(found["month"]), int(found["day"]))
        except ValueError:
            return None
        return day if EARLIEST <= day <= LATEST else None
    return None


def plain(text: str, most: int) -> str:
    """In one line, without what no eye sees, and as long as its column."""
    kept = "".join(c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())[:most]


def refuse_broken_chain(lines: Sequence[ReadLine]) -> None:
    """Each balance is the one before and the line's amount. Raises SumsDiffer."""
    for before, line in pairwise(lines):
        if before.balance_minor is None or line.balance_minor is None:
            continue
        if before.balance_minor + line.amount_minor != line.balance_minor:
            raise SumsDiffer(row=line.row)


_TIME = r"(?:[T\s]?\s*\d{1,2}:?\d{2}(?::?\d{2})?(?:\.\d+)?(?:Z|[-+]\d{2}:?\d{2})?)?$"
_DAYS = [
    re.compile(r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})" + _TIME),
    re.compile(r"(?P<year>\d{4})年(?P<month>\d{1,2})月(?P<day>\d{1,2})日" + _TIME),
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})" + _TIME),
    re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})" + _TIME),
]


def _without_idle_zeros(text: str, currency: str) -> str:
    """Banks write "1000.00" yen and "12.5000" yuan: zeros that no decimal place answers to."""
    whole, dot, part = text.partition(".")
    if not dot or not part.isdigit():
        return text
    keep = exponent_of(currency)
    part = part[:keep] + part[keep:].rstrip("0")
    return f"{whole}.{part}" if part else whole


__all__ = [
    "FileRefused",
    "NotAnAmount",
    "ReadLine",
    "ReadStatement",
    "RowTrouble",
    "RowsRefused",
    "day_of",
    "plain",
    "read_bank_file",
    "signed_minor",
]
