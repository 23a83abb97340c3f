from __future__ import annotations

import inspect

import pytest

from cms.bench import Figure, figures

FIGURES = figures(large=False) | figures(large=True)


def test_a_figure_is_written_with_its_limit_and_ratio() -> None:
    figure = Figure(name="settle_records", value=9_000, unit="records/s", limit=12_000)

    assert figure.as_json() == {
        "name": "settle_records", "value": 9000, "unit": "records/s", "limit": 12000,
        "ratio": 0.75, "note": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "settle_records", "settle_records_2", "points_visible", "checkin_single", "page_campaigns",
        "balance_read", "statement_page", "top_100", "lapse_sweep", "check_increment",
        "movement_bytes", "checkin_api",
    ],
)  # fmt: skip
def test_the_bench_measures_what_the_readme_promises(name: str) -> None:
    assert not inspect.signature(FIGURES[name].measure).parameters
