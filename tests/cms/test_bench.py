from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

import cms.bench
from cms.bench import Figure

MODULES = [
    info.name for info in pkgutil.iter_modules(cms.bench.__path__) if info.name != "__main__"
]


def test_a_figure_is_written_with_its_limit_and_ratio() -> None:
    figure = Figure(name="settle_records", value=9_000, unit="records/s", limit=12_000)

    assert figure.as_json() == {
        "name": "settle_records", "value": 9000, "unit": "records/s", "limit": 12000,
        "ratio": 0.75, "note": "",
    }  # fmt: skip


def test_the_settlement_is_measured() -> None:
    assert "settle" in MODULES


@pytest.mark.parametrize("name", MODULES)
def test_every_module_of_the_bench_measures_a_figure(name: str) -> None:
    module = importlib.import_module(f"cms.bench.{name}")

    assert isinstance(module.NAME, str)
    assert not inspect.signature(module.measure).parameters
