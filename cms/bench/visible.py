"""From an organiser's press to points on the volunteer's page, with an idle worker."""

from __future__ import annotations

import statistics
import time

from cms.bench import Figure
from cms.bench.settle import make_data, worker
from points.models import Movement
from volunteers.actions.records import confirm_record, draft_record, submit_record
from volunteers.models import Category, Organisation, User, Volunteer

NAME = "points_visible"
PROMISED_MS = 2000
ROUNDS = 15


def measure() -> Figure:
    make_data()
    organiser = User.objects.create_user(name="组织者", phone="+8613800000999")
    with worker(processes=1):
        taken = [_wait_for_points(number, by=organiser) for number in range(ROUNDS + 1)]
    # The first one is not counted: the worker imports.
    return Figure(
        name=NAME,
        value=1000 * max(taken[1:]),
        unit="ms",
        limit=PROMISED_MS,
        note=(
            f"slowest of {ROUNDS} presses beside the promise;"
            f" median {1000 * statistics.median(taken[1:]):.0f} ms"
        ),
    )


def _wait_for_points(number: int, *, by: User) -> float:
    """Seconds from the confirmation until the movement is there."""
    volunteer = Volunteer.objects.order_by("pk")[number]
    record = draft_record(
        volunteer=volunteer,
        organisation=Organisation.objects.get(slug="bench"),
        source=f"bench-visible:{number}",
        activity_name="浮山所平安夜巡",
        category=Category.objects.order_by("pk")[0],
        served_on=volunteer.created_at.date(),
        credited_minutes=60,
        by=None,
    )
    submit_record(record=record, by=None)
    began = time.perf_counter()
    confirm_record(record=record, by=by)
    while not Movement.objects.filter(record=record).exists():
        if time.perf_counter() - began > 60:
            raise RuntimeError("No points within a minute.")
        time.sleep(0.002)
    took = time.perf_counter() - began
    time.sleep(0.3)  # idle again
    return took
