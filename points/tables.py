"""Tables that people take along: CSV that a spreadsheet opens rightly and that can do no harm."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

# A spreadsheet takes a cell that begins so for a formula and runs it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Without it a spreadsheet in China reads UTF-8 as GBK.
BYTE_ORDER_MARK = "\ufeff"


class _Echo:
    """What csv writes, handed on line by line instead of kept."""

    def write(self, text: str) -> str:
        return text


def harmless(cell: Any) -> Any:
    """Text that would be a formula gets an apostrophe in front; numbers stay numbers."""
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell


def csv_lines(*, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + writer.writerow([harmless(str(cell)) for cell in header])
    for row in rows:
        yield writer.writerow([harmless(cell) for cell in row])


def csv_response(*, name: str, lines: Iterable[str]) -> StreamingHttpResponse:
    """`name` is plain ASCII: it goes into a header."""
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
