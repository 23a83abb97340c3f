from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

import cms.bench
from cms.bench import Figure

FIGURES = {
    module.NAME: module
    for info in pkgutil.iter_modules(cms.bench.__path__)
    if info.name != "__main__"
    and hasattr(module := importlib.import_module(f"cms.bench.{info.name}"), "NAME")
}


def test_a_figure_is_written_with_its_limit_and_ratio() -> None:
    figure = Figure(name="settle_records", value=9_000, unit="records/s", limit=12_000)

    assert figure.as_json() == {
        "name": "settle_records", "value": 9000, "unit": "records/s", "limit": 12000,
        "ratio": 0.75, "note": "",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["settle_records", "checkin_single", "page_campaigns"])
def test_the_bench_measures_what_the_readme_promises(name: str) -> None:
    assert not inspect.signature(FIGURES[name].measure).parameters
