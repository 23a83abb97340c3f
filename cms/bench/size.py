"""How many bytes a movement takes with all its indexes, beside the bare rows."""

from __future__ import annotations

from cms.bench import Figure
from cms.bench.large import movements, run

NAME = "movement_bytes"
LARGE = True


def measure() -> Figure:
    count = movements()
    (whole, rows, buckets, windows) = run(
        "SELECT pg_total_relation_size('points_movement'), pg_relation_size('points_movement'),"
        " pg_total_relation_size('points_bucket'), pg_total_relation_size('points_capwindow')"
    )[0]
    return Figure(
        name=NAME,
        value=float(whole) / count,
        unit="bytes",
        limit=float(rows) / count,
        note=(
            f"{count:,} movements, indexes included, beside the rows alone; and"
            f" {float(buckets) / count:.0f} of buckets, {float(windows) / count:.0f} of limits"
        ),
    )
