"""docs/rules.md names, for each rule, the test that shows it: that the table is whole and true."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent
TABLE = (TESTS.parent / "docs" / "rules.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
# D4 and D12 were never given out.
RULES = [
    *(f"R{n}" for n in range(1, 25)),
    *(f"D{n}" for n in range(1, 14) if n not in {4, 12}),
    *(f"P{n}" for n in range(1, 10)),
    *(f"K{n}" for n in range(1, 5)),
    *(f"E{n}" for n in range(1, 10)),
]


def rows() -> list[list[str]]:
    """The cells of each rule's row: id, rule, what Linli does, the tests."""
    lines = [line for line in TABLE.splitlines() if re.match(r"\| [RDPKE]\d", line)]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def names_in(path: str) -> set[str]:
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_rule_has_one_row() -> None:
    assert [row[0] for row in rows()] == RULES
    assert {len(row) for row in rows()} == {4}


def test_every_test_that_the_table_names_exists() -> None:
    named = NAMED.findall(TABLE)
    assert len(named) > 60
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (TESTS / path).is_file() or name not in names_in(path)
    ]
    assert missing == []


def test_a_rule_says_whether_it_is_kept_and_names_a_test_unless_it_is_not() -> None:
    for number, _rule, today, shown_by in rows():
        verdict = re.match(r"\*\*(Yes|Partly|Not yet)\b", today)
        assert verdict, number
        if verdict[1] == "Not yet":
            assert shown_by == "not yet", number
        else:
            assert NAMED.findall(shown_by), number
            assert NAMED.sub("", shown_by).strip(" ,") == "", number
