"""What waits for a foundation's staff today. Only reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst

from foundations.models import Entry, Foundation


@dataclass(frozen=True)
class Waiting:
    """Entries of one kind that nobody has decided, and where they are listed."""

    name: str
    count: int
    url: str


# The lists of the office, by the kind of entry that waits there.
LISTS = {
    "expense": "foundation-expenses:index",
    "grant": "foundation-grants:index",
    "fundtransfer": "foundation-transfers:index",
    "offlinegift": "foundation-offline-gifts:index",
    "potpayment": "foundation-pot-payments:index",
    "pledgepayment": "foundation-pledge-payments:index",
}


def waiting_in(foundation: Foundation, *, before: date | None = None) -> list[Waiting]:
    """What of each kind is to be approved; with `before`, what happened before that day."""
    found = []
    for model in Entry.__subclasses__():
        waiting: Any = model._default_manager.filter(
            foundation=foundation, state=Entry.State.ENTERED
        )
        if before is not None:
            waiting = waiting.filter(happened_on__lt=before)
        if count := waiting.count():
            name = str(capfirst(model._meta.verbose_name_plural))
            found.append(Waiting(name, count, _list_of(model)))
    return found


def _list_of(model: type[Entry]) -> str:
    try:
        return f"{reverse(LISTS[str(model._meta.model_name)])}?state=entered"
    except (KeyError, NoReverseMatch):
        return ""
