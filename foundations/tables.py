"""Gifts and donors as tables that people take along: CSV, or a workbook of Excel's.

Amounts are plain numbers beside their currency. Text that a spreadsheet would run is made harmless.
Names and addresses are in them only for who works with the books.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponseBase
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from foundations.models import Gift
from foundations.money import format_plain
from points.tables import csv_lines, csv_response

# A column: its heading, what stands in it, whether it tells who gave.
TableColumn = tuple[str | Promise, Callable[[Any], Any], bool]
CHUNK = 1000


def gift_columns(*, with_names: bool) -> list[TableColumn]:
    return [column for column in GIFT_COLUMNS if with_names or not column[2]]


def donor_columns(*, with_names: bool) -> list[TableColumn]:
    return [column for column in DONOR_COLUMNS if with_names or not column[2]]


def payment_words(gift: Gift) -> str | Promise:
    """Whether money moved: a test payment is none."""
    if gift.gateway == "offline":
        return _("entered by staff")
    return _("real money") if gift.is_live else _("test, no money")


def table_response(
    *, name: str, format: str, columns: Sequence[TableColumn], rows: QuerySet[Any]
) -> HttpResponseBase:
    """`format` is csv or xlsx; `name` is plain ASCII."""
    if format == "xlsx":
        return _workbook(name, columns, rows)
    language = get_language() or "zh-hans"
    return csv_response(name=name, lines=_csv(columns, rows, language))


def _csv(columns: Sequence[TableColumn], rows: QuerySet[Any], language: str) -> Iterator[str]:
    """Written while it is sent, when the request's own language is gone."""
    with override(language):
        yield from csv_lines(
            header=[heading for heading, _value, _names in columns], rows=_rows(columns, rows)
        )


def _workbook(name: str, columns: Sequence[TableColumn], rows: QuerySet[Any]) -> HttpResponseBase:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(title="Linli")
    sheet.append([str(heading) for heading, _value, _names in columns])
    for row in _rows(columns, rows):
        sheet.append([_cell(sheet, value) for value in row])
    output = BytesIO()
    workbook.save(output)
    output.seek(0)
    return FileResponse(
        output,
        as_attachment=True,
        filename=f"{name}.xlsx",
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )


def _cell(sheet: Any, value: Any) -> WriteOnlyCell:
    """Text stays text: openpyxl would take «=…» for a formula."""
    if isinstance(value, str):
        value = "".join(sign for sign in value if sign >= " " or sign in "\n\t")
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, str):
        cell.data_type = "s"
    return cell


def _rows(columns: Sequence[TableColumn], rows: QuerySet[Any]) -> Iterable[list[Any]]:
    for row in rows.iterator(chunk_size=CHUNK):
        values = [value(row) for _heading, value, _names in columns]
        yield [str(value) if isinstance(value, Promise) else value for value in values]


def _amount(name: str) -> Callable[[Any], Any]:
    def amount(row: Any) -> Decimal | str:
        minor = getattr(row, name)
        if minor is None:
            return ""
        return Decimal(format_plain(minor, currency=row.currency))

    return amount


def _moment(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else ""


def _of_donor(name: str) -> Callable[[Gift], str]:
    return lambda gift: getattr(gift.donor, name) if gift.donor else ""


def _of_confirmation(name: str) -> Callable[[Gift], str]:
    return lambda gift: getattr(getattr(gift, "confirmation", None), name, "")


GIFT_COLUMNS: list[TableColumn] = [
    (_("Number"), lambda gift: gift.number, False),
    (_("Begun"), lambda gift: _moment(gift.created_at), False),
    (_("Paid at"), lambda gift: _moment(gift.paid_at), False),
    (_("State"), lambda gift: gift.get_state_display(), False),
    (_("Foundation"), lambda gift: str(gift.foundation), False),
    (_("Fund"), lambda gift: str(gift.fund), False),
    (_("Way"), lambda gift: gift.get_method_display(), False),
    (_("Amount"), _amount("amount_minor"), False),
    (_("Of it for the fee"), _amount("cover_minor"), False),
    (_("Fee"), _amount("fee_minor"), False),
    (_("Refunded"), _amount("refunded_minor"), False),
    (_("Currency"), lambda gift: gift.currency, False),
    (_("Donor"), lambda gift: gift.donor_name, True),
    (_("E-mail"), _of_donor("email"), True),
    (_("Telephone"), _of_donor("phone"), True),
    (_("Shown"), lambda gift: gift.get_shown_as_display(), False),
    (_("For whom"), lambda gift: gift.dedication, True),
    (_("Monthly gift"), lambda gift: gift.monthly.number if gift.monthly else "", False),
    (_("Confirmation"), _of_confirmation("number"), False),
    (_("Fiscal receipt"), _of_confirmation("fiscal_number"), False),
    (_("Payment"), payment_words, False),
]

DONOR_COLUMNS: list[TableColumn] = [
    (_("Kind"), lambda donor: donor.get_kind_display(), False),
    (_("Name"), lambda donor: donor.name, True),
    (_("E-mail"), lambda donor: donor.email, True),
    (_("Telephone"), lambda donor: donor.phone, True),
    (_("Credit code"), lambda donor: donor.credit_code, True),
    (_("Foundation"), lambda donor: str(donor.foundation), False),
    (_("Gifts paid"), lambda donor: donor.gifts_paid, False),
    (_("First"), lambda donor: _moment(donor.first_at), False),
    (_("Last"), lambda donor: _moment(donor.last_at), False),
]
