from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from points.actions.lapsing import points_lapsing_soon
from points.filters import GROUPS, periods_of, read_filter
from points.honours import next_star
from points.models import Account, Movement, SetAsideRecord
from points.permissions import (
    get_account_for,
    get_movements_for,
    get_recognitions_for,
)
from points.statement import Line, with_what_lines_need, write_statement
from points.tables import csv_lines, csv_response
from volunteers.models import ServiceRecord, User, Volunteer
from volunteers.permissions import get_records_for
from volunteers.views.access import volunteer_required

LINES_PER_PAGE = 20
LINES_PER_CHUNK = 500
LAPSING_WITHIN_DAYS = 60


@volunteer_required
@require_safe
def my_points(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    account = get_account_for(request.user)  # type: ignore[arg-type]
    movements = get_movements_for(request.user)  # type: ignore[arg-type]
    chosen = read_filter(request.GET)
    shown = chosen.apply(movements, account=account) if account else movements
    page = Paginator(with_what_lines_need(shown), LINES_PER_PAGE).get_page(request.GET.get("page"))
    lines = write_statement(movements=page.object_list, account=account) if account else []
    context = _summary(request, volunteer) | {
        "page_obj": page,
        "lines": lines,
        "chosen": chosen,
        "groups": GROUPS,
        "periods": periods_of(movements),
        "this_year": timezone.localdate().year,
    }
    return render(request, "points/my_points.html", context)


@volunteer_required
@require_safe
def my_points_csv(request: HttpRequest, volunteer: Volunteer) -> StreamingHttpResponse:  # noqa: ARG001
    """What the filter shows, whole, newest first, in the reader's language."""
    account = get_account_for(request.user)  # type: ignore[arg-type]
    chosen = read_filter(request.GET)
    movements = get_movements_for(request.user)  # type: ignore[arg-type]
    lines = _csv(movements, account=account, chosen=chosen, language=get_language() or "zh-hans")
    name = "-".join(["linli-points", *filter(None, [chosen.group, chosen.period])])
    return csv_response(name=name, lines=lines)


@volunteer_required
@require_safe
def my_points_summary(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    """The head of the page by itself: htmx asks for it again while something is being settled."""
    return render(request, "points/summary.html", _summary(request, volunteer))


def _summary(request: HttpRequest, volunteer: Volunteer) -> dict[str, object]:
    user: User = request.user  # type: ignore[assignment]
    account = get_account_for(user)
    set_aside = SetAsideRecord.objects.waiting().filter(record__in=get_records_for(user))
    owed = get_records_for(user).filter(pk__in=ServiceRecord.objects.owed())
    return {
        "volunteer": volunteer,
        "account": account,
        "recognitions": get_recognitions_for(user),
        "next_star": next_star(volunteer=volunteer),
        "owed": owed.exclude(pk__in=set_aside.values("record")).exists(),
        "set_aside": set_aside.count(),
        "lapsing": _lapsing(account),
    }


def _lapsing(account: Account | None) -> list[tuple[date, int]]:
    if account is None:
        return []
    return points_lapsing_soon(account=account, within_days=LAPSING_WITHIN_DAYS)


def _csv(
    movements: QuerySet[Movement], *, account: Account | None, chosen: Any, language: str
) -> Iterator[str]:
    """Written while it is sent, when the request's own language is no longer in force."""
    with override(language):
        header = [
            _("Date"),
            _("What for"),
            _("Kind"),
            _("Points"),
            _("Served on"),
            _("Minutes"),
            _("How it came about"),
        ]
        rows = _rows(movements, account=account, chosen=chosen) if account else iter(())
        yield from csv_lines(header=header, rows=rows)


def _rows(
    movements: QuerySet[Movement], *, account: Account, chosen: Any
) -> Iterator[list[object]]:
    kinds = dict(Movement.Kind.choices)
    newest_first = with_what_lines_need(chosen.apply(movements, account=account))
    last = None
    while True:
        chunk = list((newest_first if last is None else newest_first.filter(pk__lt=last))[
            :LINES_PER_CHUNK
        ])  # fmt: skip
        for line in write_statement(movements=chunk, account=account):
            yield _cells(line, kinds)
        if len(chunk) < LINES_PER_CHUNK:
            return
        last = chunk[-1].pk


def _cells(line: Line, kinds: dict[str, Any]) -> list[object]:
    return [
        f"{timezone.localtime(line.at):%Y-%m-%d %H:%M}",
        line.title,
        str(kinds[line.kind]),
        line.points,
        f"{line.record.served_on:%Y-%m-%d}" if line.record else "",
        line.record.credited_minutes if line.record else "",
        " · ".join(line.reasons),
    ]
