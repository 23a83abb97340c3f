"""Measurements, one module a figure, run on a scratch database by `manage.py bench`.

A figure stands beside its limit, measured in the same run on the same data: machines differ by
two or three times and so does one machine within a day, so only the ratio may be compared.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any


@dataclass(frozen=True)
class Figure:
    """`value` and `limit` in `unit`; `ratio` is value / limit. `note` is for the reader."""

    name: str
    value: float
    unit: str
    limit: float
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.value / self.limit if self.limit else 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {
            "value": round(self.value, 1),
            "limit": round(self.limit, 1),
            "ratio": round(self.ratio, 3),
        }


def figures(*, large: bool) -> dict[str, ModuleType]:
    """The modules that measure, by the name of their figure, in the order of their file names."""
    modules = (
        importlib.import_module(f"cms.bench.{info.name}")
        for info in pkgutil.iter_modules(__path__)
        if info.name != "__main__"
    )
    return {
        module.NAME: module
        for module in modules
        if hasattr(module, "NAME") and getattr(module, "LARGE", False) == large
    }


def names_of(*, large: bool) -> list[str]:
    return list(figures(large=large))
