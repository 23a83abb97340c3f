"""A table of gifts or donors that somebody takes along is written into the log."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from wagtail.log_actions import log

from foundations.models import Foundation
from volunteers.models import User


@transaction.atomic
def note_export(*, what: str, rows: QuerySet[Any], with_names: bool, by: User) -> int:
    """One line in the log of each foundation whose rows are taken. Returns how many rows."""
    of_foundation: dict[int, int] = {}
    for number in rows.order_by().values_list("foundation_id", flat=True):
        of_foundation[number] = of_foundation.get(number, 0) + 1
    for foundation in Foundation.objects.filter(pk__in=of_foundation):
        log(
            instance=foundation, action="foundations.export", user=by,
            data={
                "what": what, "rows": of_foundation[foundation.pk], "with_names": with_names,
            },
        )  # fmt: skip
    return sum(of_foundation.values())
