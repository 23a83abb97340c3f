"""One row, two languages: `x` (Chinese, always filled) and `x_en` (English, may be empty)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language


def in_language(thing: Any, field: str) -> str:
    """Return `thing.field` in the reader's language, Chinese where no English was written."""
    if (get_language() or "").startswith("en"):
        return getattr(thing, f"{field}_en", "") or getattr(thing, field)
    return getattr(thing, field)
