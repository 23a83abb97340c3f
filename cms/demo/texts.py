"""The demo's words, as they stand in the TOML files beside this module."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


@cache
def organisations() -> list[dict[str, Any]]:
    return _read("organisations.toml")["organisation"]


@cache
def campaigns() -> list[dict[str, Any]]:
    files = sorted((HERE / "campaigns").glob("*.toml"))
    return [campaign for path in files for campaign in _read(f"campaigns/{path.name}")["campaign"]]


@cache
def words() -> dict[str, Any]:
    """`category`, `skill`, `partner`, `points_project` and `reward` lists."""
    return _read("words.toml")


@cache
def honours() -> dict[str, Any]:
    """`badge` and `honour` lists, and the one `objection`."""
    return _read("honours.toml")


@cache
def foundations() -> dict[str, Any]:
    """`index` and the `foundation` list, each with its `general` fund, `fund` list and history."""
    return _read("foundations.toml")


@cache
def pages() -> dict[str, Any]:
    """`home`, `page`, `city`, `campaigns`, `news` and `article`."""
    return _read("pages.toml")


def paragraphs(text: str) -> str:
    """Plain text with blank lines between its paragraphs, as rich text."""
    return "".join(f"<p>{part.strip()}</p>" for part in text.strip().split("\n\n"))


def _read(name: str) -> Any:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))
