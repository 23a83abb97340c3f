"""A district's hundred with the most hours of a month, beside the bare SQL on the same index."""

from __future__ import annotations

from datetime import date

from cms.bench import Figure
from cms.bench.large import alternate, movements, run
from points.models import RankingEntry
from points.rankings import rank_volunteers
from volunteers.models import Territory

NAME = "top_100"
LARGE = True

LISTS = 50

TOP_SQL = """
SELECT e.volunteer_id, e.minutes, e.records, v.name, v.star_level
FROM points_rankingentry e JOIN volunteers_volunteer v ON v.id = e.volunteer_id
WHERE e.scope = 'territory' AND e.scope_number = %s AND e.month = %s
ORDER BY e.minutes DESC, e.volunteer_id LIMIT 100
"""


def measure() -> Figure:
    district = Territory.objects.districts().earliest("pk")
    month = _fullest_month()

    def ours() -> None:
        for _ in range(LISTS):
            rank_volunteers(month=month, scope="territory", scope_number=district.pk)

    def bare() -> None:
        for _ in range(LISTS):
            run(TOP_SQL, [district.pk, month])

    taken, limit = alternate(3, ours, bare)
    return Figure(
        name=NAME,
        value=LISTS / taken,
        unit="lists/s",
        limit=LISTS / limit,
        note=(
            f"at {movements():,} movements, {RankingEntry.objects.count():,} entries;"
            f" {1000 * limit / LISTS:.2f} ms in the database"
        ),
    )


def _fullest_month() -> date:
    months = run("SELECT month, count(*) FROM points_rankingentry GROUP BY 1 ORDER BY 2 DESC")
    if not months:
        raise RuntimeError("Nobody is ranked in this ledger.")
    return months[0][0]
