"""What the figures of the large ledger share. They leave it as it was: all is rolled back."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from points.models import Account, Movement


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def seconds(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def alternate(
    rounds: int, ours: Callable[[], object], bare: Callable[[], object]
) -> tuple[float, float]:
    """Median seconds of both, in turns; the first turn is not counted."""
    taken = [(seconds(ours), seconds(bare)) for _ in range(rounds + 1)][1:]
    return statistics.median(one for one, _ in taken), statistics.median(two for _, two in taken)


def some_accounts(how_many: int) -> list[Account]:
    """Volunteers' accounts spread over the whole ledger."""
    highest = Account.objects.order_by("-pk").values_list("pk", flat=True)[0]
    step = max(1, highest // (how_many + 1))
    wanted = [number * step for number in range(1, how_many + 1)]
    return list(
        Account.objects.filter(pk__in=wanted, volunteer__isnull=False).select_related("volunteer")
    )


def movements() -> int:
    """About how many there are; counting ten million takes seconds and tells nothing more."""
    return Movement.objects.order_by("-pk").values_list("pk", flat=True)[0]


def run(sql: str, values: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
