"""A file with fiscal receipts' numbers: confirmation, number, check code. Pure reading."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from foundations.actions.fiscal import FiscalRow
from foundations.bank_csv import decode_csv, rows_of_csv
from foundations.bank_files import FileEmpty, FileRefused, FileTooBig

MOST_BYTES = 1024 * 1024
MOST_ROWS = 2000


class ColumnsMissing(FileRefused):
    sentence = gettext_lazy(
        "Each row needs three columns: the confirmation's number, the fiscal receipt's number, its"
        " check code."
    )


def read_fiscal_file(content: bytes) -> list[FiscalRow]:
    """The rows below a header, if there is one. Raises FileRefused."""
    if len(content) > MOST_BYTES:
        raise FileTooBig
    if not content.strip():
        raise FileEmpty
    text = decode_csv(content)
    delimiter = max(",\t;", key=text.count)
    rows = list(rows_of_csv(text, delimiter=delimiter))
    if len(rows) > MOST_ROWS + 1:
        raise FileTooBig
    found = [
        FiscalRow(row=number, confirmation=cells[0], number=cells[1], check_code=cells[2])
        for number, cells in ((number, [*cells, "", ""]) for number, cells in rows)
        if any(c.isdigit() for c in cells[0])
    ]
    if not found:
        raise ColumnsMissing
    return found
