"""The proof of the newest hundred thousand movements, beside bare sums over the same rows."""

from __future__ import annotations

import time

from django.db import connection

from cms.bench import Figure
from cms.bench.large import movements, rolled_back, run, seconds
from points.actions.increments import check_increment
from points.models import LedgerCheck

NAME = "check_increment"
LARGE = True

NEWEST = 100_000

# What nobody can do with less: read the new rows and add them up by account.
BARE_SQL = """
WITH part AS (SELECT * FROM points_movement WHERE id > %(last)s)
SELECT count(*), sum(points) FROM (
    SELECT account_id, sum(points) AS points
    FROM (SELECT credit_account_id AS account_id, points FROM part
          UNION ALL SELECT debit_account_id, -points FROM part) sides
    GROUP BY account_id) sums
"""


def measure() -> Figure:
    highest = movements()
    last = highest - NEWEST
    with rolled_back():
        _pretend_checked(upto=last)
        began = time.perf_counter()
        check = check_increment(step=NEWEST)
        taken = time.perf_counter() - began
        if check is None or check.findings or check.last_movement != highest:
            raise RuntimeError(
                f"The increment did not prove the ledger: {check and check.findings}"
            )
        looked_at = check.movements
    limit = min(seconds(lambda: run(BARE_SQL, {"last": last})) for _ in range(3))
    return Figure(
        name=NAME,
        value=looked_at / taken,
        unit="movements/s",
        limit=looked_at / limit,
        note=(
            f"the newest {looked_at:,} of {highest:,} in {taken:.1f} s: balances, buckets and the"
            " worth of each record beside one sum"
        ),
    )


def _pretend_checked(*, upto: int) -> None:
    """As if everything before had been looked at; the sums are what they would be."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM points_systemsum")
        cursor.execute(
            """
            INSERT INTO points_systemsum (account_id, points)
            SELECT a.id, coalesce(sum(CASE WHEN m.credit_account_id = a.id THEN m.points
                                           ELSE -m.points END), 0)
            FROM points_account a
            LEFT JOIN points_movement m
                   ON m.id <= %s AND a.id IN (m.credit_account_id, m.debit_account_id)
            WHERE a.volunteer_id IS NULL
            GROUP BY a.id
            """,
            [upto],
        )
    LedgerCheck.objects.create(is_whole=False, first_movement=0, last_movement=upto, movements=upto)
