from __future__ import annotations

import inspect

import pytest

from campaigns.models import Attendance, Scan
from cms.bench import Figure, figures
from cms.bench.load import Request, ensure_city, is_right, load_of
from cms.bench.scans import (
    check_in_by_hand,
    expect_counts,
    make_device,
    make_people_at,
    make_shifts,
)

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
        "movement_bytes", "checkin_api", "checkout_api", "checkin_batch", "checkin_storm",
    ],
)  # fmt: skip
def test_the_bench_measures_what_the_readme_promises(name: str) -> None:
    assert not inspect.signature(FIGURES[name].measure).parameters


def test_a_load_names_the_slowest_of_a_hundred_requests() -> None:
    load = load_of([0.001] * 98 + [0.5, 0.5], seconds=2)

    assert (load.per_second, load.p50_ms, load.p95_ms) == (50, 1, 1)
    assert load.p99_ms == pytest.approx(500)


def test_an_answer_with_a_refused_scan_is_not_counted_as_speed() -> None:
    request = Request("POST", "/", must_contain=b"checked_in", must_lack=b'"is_refused":true')

    assert is_right(request, b'[{"outcome":"checked_in","is_refused":false}]')
    assert not is_right(request, b'[{"outcome":"checked_in"},{"is_refused":true}]')
    assert not is_right(request, b"[]")


@pytest.mark.django_db
def test_the_storm_fails_when_a_scan_or_a_person_is_missing() -> None:
    ensure_city()
    shifts = make_shifts(2, people=3)
    cards = make_people_at(shifts, 3)
    device, _token = make_device(shifts, name="1")
    for shift in shifts:
        check_in_by_hand(shift, cards[shift.pk], device=device)
    expect_counts(shifts, scans=6, people=6)

    Scan.objects.filter(attendance=Attendance.objects.latest("pk")).delete()

    with pytest.raises(RuntimeError, match="5 scans of 6"):
        expect_counts(shifts, scans=6, people=6)
