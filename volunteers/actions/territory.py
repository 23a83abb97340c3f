"""The territory tree, from a statistical code list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from volunteers.models import Territory

Level = Territory.Level
BATCH = 5000


class TerritoryRowError(NamedTuple):
    line: int
    reason: str


class TerritoryResult(NamedTuple):
    added: int
    changed: int
    unchanged: int
    errors: list[TerritoryRowError]


class _Row(NamedTuple):
    line: int
    code: str
    level: int
    name: str
    name_en: str
    parent: str


@transaction.atomic
def import_territory(
    *,
    rows: Iterable[Mapping[str, str]],
    code_system: str,
    code_version: str,
    first_line: int = 2,
) -> TerritoryResult:
    """Add and update places; rows may stand in any order.

    A row has `code`, `level` (2 city … 6 grid), `name`, `parent` (a code, empty for a city) and
    may have `name_en`. The same file twice changes nothing. Rows that cannot be are named by their
    line and left out, with everything below them; the rest is kept. Nothing is ever deleted:
    volunteers live there.
    """
    by_level, errors = _read(rows, first_line)
    known = {
        place.code: place
        for place in Territory.objects.filter(code_system=code_system, code_version=code_version)
    }
    added = changed = unchanged = 0
    for level in sorted(by_level):
        new: list[Territory] = []
        old: list[Territory] = []
        for row in by_level[level]:
            parent = known.get(row.parent)
            reason = _reason_against(row, parent)
            if reason:
                errors.append(TerritoryRowError(row.line, reason))
                continue
            place = known.get(row.code)
            if place is None:
                new.append(_place(row, parent, code_system, code_version))
            elif _take_over(place, row, parent):
                old.append(place)
            else:
                unchanged += 1
        for place in Territory.objects.bulk_create(new, batch_size=BATCH):
            known[place.code] = place
        Territory.objects.bulk_update(
            old, ["name", "name_en", "level", "parent", "path"], batch_size=BATCH
        )
        added, changed = added + len(new), changed + len(old)
    return TerritoryResult(added, changed, unchanged, sorted(errors))


def _read(
    rows: Iterable[Mapping[str, str]], first_line: int
) -> tuple[dict[int, list[_Row]], list[TerritoryRowError]]:
    by_level: dict[int, list[_Row]] = defaultdict(list)
    errors: list[TerritoryRowError] = []
    seen: set[str] = set()
    for line, row in enumerate(rows, start=first_line):
        code, name = (row.get("code") or "").strip(), (row.get("name") or "").strip()
        level = (row.get("level") or "").strip()
        if not code.isalnum() or len(code) > 24 or not name or len(name) > 80:
            errors.append(TerritoryRowError(line, _("The code or the name is missing or wrong.")))
        elif not level.isdigit() or int(level) not in Level.values:
            errors.append(TerritoryRowError(line, _("The level must be a number from 2 to 6.")))
        elif code in seen:
            errors.append(
                TerritoryRowError(line, _("Code %(code)s stands here twice.") % {"code": code})
            )
        else:
            seen.add(code)
            name_en, parent = (row.get("name_en") or "").strip(), (row.get("parent") or "").strip()
            by_level[int(level)].append(_Row(line, code, int(level), name, name_en, parent))
    return by_level, errors


def _reason_against(row: _Row, parent: Territory | None) -> str:
    if row.level == Level.CITY:
        return _("A city stands below nothing.") if row.parent else ""
    if parent is None:
        return _("Its parent %(code)s is not there.") % {"code": row.parent or "–"}
    if parent.level >= row.level:
        return _("Its parent %(code)s is not above it.") % {"code": row.parent}
    return ""


def _place(row: _Row, parent: Territory | None, code_system: str, code_version: str) -> Territory:
    return Territory(
        code_system=code_system,
        code_version=code_version,
        code=row.code,
        level=row.level,
        name=row.name,
        name_en=row.name_en,
        parent=parent,
        path=_path(row, parent),
    )


def _take_over(place: Territory, row: _Row, parent: Territory | None) -> bool:
    """Write the row's values into the place; True when any of them is new.

    An English name that the row does not give is kept.
    """
    new = {
        "level": row.level,
        "name": row.name,
        "name_en": row.name_en or place.name_en,
        "parent_id": parent.pk if parent else None,
        "path": _path(row, parent),
    }
    if all(getattr(place, field) == value for field, value in new.items()):
        return False
    for field, value in new.items():
        setattr(place, field, value)
    return True


def _path(row: _Row, parent: Territory | None) -> str:
    return f"{parent.path if parent else '/'}{row.code}/"
