"""What may be kept as an invoice or an agreement."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django.core.files.base import File
from django.utils.translation import gettext_lazy

from foundations.actions.ledger import BookingRefused

MOST_FILE_BYTES = 10 * 1024 * 1024
# What an invoice may be, by how its content begins: a name proves nothing.
FILE_BEGINNINGS = {
    ".pdf": b"%PDF-",
    ".jpg": b"\xff\xd8\xff",
    ".jpeg": b"\xff\xd8\xff",
    ".png": b"\x89PNG\r\n\x1a\n",
}


class InvoiceUnreadable(BookingRefused):
    sentence = gettext_lazy("Please choose a PDF, JPEG or PNG file of up to 10 MB.")


def refuse_file(file: File[Any]) -> None:
    """Raises InvoiceUnreadable unless it is a PDF, JPEG or PNG of a bearable size."""
    beginning = FILE_BEGINNINGS.get(PurePath(file.name or "").suffix.lower())
    if beginning is None or not 0 < file.size <= MOST_FILE_BYTES:
        raise InvoiceUnreadable
    file.seek(0)
    found = file.read(len(beginning))
    file.seek(0)
    if found != beginning:
        raise InvoiceUnreadable
