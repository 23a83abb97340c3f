"""A volunteer's balance as the pages ask for it, beside the bare row."""

from __future__ import annotations

from cms.bench import Figure
from cms.bench.large import alternate, movements, run, some_accounts
from points.models import Account

NAME = "balance_read"
LARGE = True

READS = 1_000


def measure() -> Figure:
    people = [account.volunteer_id for account in some_accounts(READS)]

    def ours() -> None:
        for person in people:
            Account.objects.filter(volunteer=person).first()

    def bare() -> None:
        for person in people:
            run("SELECT balance_points FROM points_account WHERE volunteer_id = %s", [person])

    taken, limit = alternate(3, ours, bare)
    return Figure(
        name=NAME,
        value=len(people) / taken,
        unit="reads/s",
        limit=len(people) / limit,
        note=f"at {movements():,} movements; one connection",
    )
