"""What waits for a foundation's staff today. Only reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from foundations.models import (
    BankLine,
    Difference,
    Disclosure,
    Dispute,
    Entry,
    Foundation,
    Gift,
    Question,
    Refund,
    WebhookEvent,
)


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
    name = LISTS.get(str(model._meta.model_name))
    return _address(name, "?state=entered") if name else ""


@dataclass(frozen=True)
class Task:
    """Something that somebody has to do; `is_late` when its day has passed."""

    words: str
    count: int
    url: str
    is_late: bool = False


def day_of(foundation: Foundation) -> list[Task]:
    """What is to be done for this foundation, only what there is."""
    tasks = [Task(one.name, one.count, one.url) for one in waiting_in(foundation)]
    today = timezone.localdate()
    paid = Gift.objects.filter(foundation=foundation, state=Gift.State.PAID)
    unread = paid.filter(message_state=Gift.MessageState.WAITING).exclude(message="")
    due = Disclosure.objects.filter(foundation=foundation, published_at=None)
    counted = [
        (
            _("Refunds to be approved"),
            Refund.objects.filter(foundation=foundation, state=Refund.State.ASKED),
            "refunds:index",
            "?step=to_approve",
        ),
        (
            _("Questions to be answered"),
            Question.objects.filter(foundation=foundation, answered_at=None),
            "foundation-questions:index",
            "?is_open=yes",
        ),
        (_("Messages to be read"), unread, "foundation-messages:index", ""),
        (
            _("Differences to the payment processor"),
            Difference.objects.filter(foundation=foundation, resolved_at=None, gone_at=None),
            "reconciliation:index",
            "",
        ),
        (
            _("Notifications set aside"),
            WebhookEvent.objects.filter(foundation=foundation, state="quarantined"),
            "reconciliation:notifications",
            "",
        ),
        (
            _("Disputes to be answered"),
            Dispute.objects.filter(foundation=foundation, state=Dispute.State.OPEN),
            "reconciliation:disputes",
            "",
        ),
        (
            _("Lines of the bank not explained"),
            BankLine.objects.filter(foundation=foundation, state=BankLine.State.UNMATCHED),
            "foundation-bank:index",
            "",
        ),
        (
            _("Reports due within a month"),
            due.filter(due_on__gte=today, due_on__lte=today + timedelta(days=30)),
            "disclosures:index",
            "",
        ),
    ]
    tasks += [
        Task(words, rows.count(), _address(url, query)) for words, rows, url, query in counted
    ]
    late = due.filter(due_on__lt=today).count()
    late_url = _address("disclosures:index", "")
    tasks.append(Task(_("Reports overdue"), late, late_url, is_late=True))
    return [task for task in tasks if task.count]


def _address(name: str, query: str) -> str:
    try:
        return f"{reverse(name)}{query}"
    except NoReverseMatch:
        return ""
