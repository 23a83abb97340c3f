"""Who may go in where: what `test_every_door` and the doors of each room are written in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

NOBODY = frozenset[str]()
STRANGER = frozenset({"stranger"})
ALICE = frozenset({"alice"})
# Everyone with an account; a page of their own is theirs alone by what it shows.
ACCOUNTS = frozenset({"alice", "bao", "rui", "chen", "dai", "city_staff"})
EVERYONE = ACCOUNTS | STRANGER
STAFF = frozenset({"bao", "rui", "chen", "dai", "city_staff"})
DESKS = frozenset({"bao", "rui", "dai", "city_staff"})
ORGANISERS = frozenset({"bao", "rui", "city_staff"})
CITY = frozenset({"city_staff"})


@dataclass(frozen=True)
class Door:
    may: frozenset[str]
    values: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    method: str = "get"
    sends: dict[str, str] = field(default_factory=dict)


def post(may: frozenset[str], **values: Callable[[Any], Any]) -> Door:
    return Door(may, values, "post")


def get(may: frozenset[str], **values: Callable[[Any], Any]) -> Door:
    return Door(may, values)
