"""The first version of each notice, from data/notices.toml."""

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

NOTICES = Path(__file__).resolve().parent / "data" / "notices.toml"


class NoticeText(NamedTuple):
    text: str
    text_en: str


@cache
def first_notices() -> dict[str, NoticeText]:
    """Texts by ConsentNotice.Kind."""
    tables = tomllib.loads(NOTICES.read_text(encoding="utf-8"))
    return {
        kind: NoticeText(table["text"].strip(), table["text_en"].strip())
        for kind, table in tables.items()
    }
