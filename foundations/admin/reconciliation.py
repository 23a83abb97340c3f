"""Where the processor's books and ours differ, notifications set aside, disputes to be answered.

Whoever has a role sees the own foundations' rows; whoever enters answers for them with a note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin import messages
from wagtail.admin.viewsets.base import ViewSet

from foundations import reconciliation_words as words
from foundations.actions.ledger import BookingRefused
from foundations.actions.notifications import look_again
from foundations.actions.reconciliation import (
    WITH_LEDGER,
    nudge_reconciliation,
    resolve_difference,
)
from foundations.actions.set_aside import let_notification_be
from foundations.admin.viewsets import FoundationStaffItem
from foundations.comparing import Balance, balances
from foundations.forms.refunds import NoteForm
from foundations.models import Difference, Dispute, Foundation, GatewayMark, WebhookEvent
from foundations.money import format_plain
from foundations.permissions import (
    can_enter,
    can_settle_notification,
    get_differences_for,
    get_disputes_for,
    get_foundations_for,
    get_notifications_for,
    has_any_role,
)
from points.tables import csv_lines, csv_response

Answer = HttpResponse | StreamingHttpResponse
View = Callable[..., Answer]
PER_PAGE = 40
OPEN = Q(resolved_at=None, gone_at=None)


def staff_required(view: View) -> View:
    """Wagtail's admin is open to others too; this is for who has a role in some foundation."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> Answer:
        if not has_any_role(request.user):  # type: ignore[arg-type]
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return inner


@dataclass
class Line:
    """A row of a list with its words, and the form for whoever may answer for it."""

    row: Any
    about: str = ""
    hint: str = ""
    name: str = ""
    form: NoteForm | None = None

    @property
    def apart_minor(self) -> int:
        return (self.row.ours_minor or 0) - (self.row.theirs_minor or 0)


@dataclass
class Desk:
    """One foundation on the page: how far it was compared, balances, what is open."""

    foundation: Foundation
    mark: GatewayMark | None
    trouble: str
    balances: list[Balance]
    lines: list[Line]
    may_resolve: bool


@staff_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return _index(request)


@staff_required
@require_POST
def resolve(request: HttpRequest, difference_id: int) -> HttpResponse:
    difference = get_object_or_404(get_differences_for(request.user), pk=difference_id)  # type: ignore[arg-type]
    if not can_enter(request.user, difference.foundation):  # type: ignore[arg-type]
        raise PermissionDenied
    form = _note_form(difference, request.POST)
    if not form.is_valid():
        return _index(request, bound={difference.pk: form})
    try:
        resolve_difference(difference=difference, note=form.cleaned_data["note"], by=request.user)  # type: ignore[arg-type]
    except BookingRefused as refusal:
        form.add_error("note", str(refusal))
        return _index(request, bound={difference.pk: form})
    messages.success(request, _("Written down."))
    return redirect("reconciliation:index")


@staff_required
@require_POST
def compare_now(request: HttpRequest, foundation_id: int) -> HttpResponse:
    foundation = get_object_or_404(get_foundations_for(request.user), pk=foundation_id)  # type: ignore[arg-type]
    if not can_enter(request.user, foundation):  # type: ignore[arg-type]
        raise PermissionDenied
    if nudge_reconciliation(foundation=foundation):
        messages.success(request, _("The comparison is under way. Open this page again soon."))
    else:
        messages.warning(
            request, _("It could not be asked for just now; it comes within the hour.")
        )
    return redirect("reconciliation:index")


@staff_required
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    past = get_differences_for(request.user).exclude(OPEN)  # type: ignore[arg-type]
    page = Paginator(past.order_by("-id"), PER_PAGE).get_page(request.GET.get("page"))
    context = _context(request, "history", _("Differences before")) | {
        "page_obj": page,
        "lines": [_line(difference) for difference in page],
    }
    return render(request, "foundations/admin/differences_before.html", context)


@staff_required
@require_safe
def differences_csv(request: HttpRequest) -> StreamingHttpResponse:
    """What is open, or all that ever was (`?all=1`)."""
    rows = get_differences_for(request.user)  # type: ignore[arg-type]
    if "all" not in request.GET:
        rows = rows.filter(OPEN)
    lines = _csv(rows.order_by("foundation_id", "-id"), get_language() or "zh-hans")
    return csv_response(name="linli-differences", lines=lines)


# Notifications set aside


@staff_required
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    return _notifications(request)


@staff_required
@require_POST
def notification_again(request: HttpRequest, event_id: int) -> HttpResponse:
    event = _settleable(request, event_id)
    look_again(event=event, by=request.user)  # type: ignore[arg-type]
    messages.success(request, _("It is looked at once more."))
    return redirect("reconciliation:notifications")


@staff_required
@require_POST
def notification_nothing(request: HttpRequest, event_id: int) -> HttpResponse:
    event = _settleable(request, event_id)
    form = _note_form(event, request.POST)
    if not form.is_valid():
        return _notifications(request, bound={event.pk: form})
    try:
        let_notification_be(event=event, note=form.cleaned_data["note"], by=request.user)  # type: ignore[arg-type]
    except BookingRefused as refusal:
        form.add_error("note", str(refusal))
        return _notifications(request, bound={event.pk: form})
    messages.success(request, _("Written down."))
    return redirect("reconciliation:notifications")


# Disputes


@staff_required
@require_safe
def disputes(request: HttpRequest) -> HttpResponse:
    """What has to be answered first, the nearest day on top; what is decided after it."""
    rows = get_disputes_for(request.user).order_by(  # type: ignore[arg-type]
        F("closed_at").desc(nulls_first=True), F("answer_by").asc(nulls_last=True), "-id"
    )
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = _context(request, "disputes", _("Disputes")) | {
        "page_obj": page,
        "rows": [(dispute, words.why_disputed(dispute)) for dispute in page],
        "now": timezone.now(),
    }
    return render(request, "foundations/admin/disputes.html", context)


class ReconciliationViewSet(ViewSet):
    name = "reconciliation"
    menu_label = gettext_lazy("Reconciliation")
    icon = "tasks"
    menu_item_class = FoundationStaffItem

    def get_urlpatterns(self) -> list[Any]:
        return [
            path("", index, name="index"),
            path("<int:difference_id>/resolve/", resolve, name="resolve"),
            path("compare/<int:foundation_id>/", compare_now, name="compare"),
            path("history/", history, name="history"),
            path("differences.csv", differences_csv, name="csv"),
            path("notifications/", notifications, name="notifications"),
            path("notifications/<int:event_id>/again/", notification_again, name="again"),
            path("notifications/<int:event_id>/nothing/", notification_nothing, name="nothing"),
            path("disputes/", disputes, name="disputes"),
        ]


def _index(request: HttpRequest, *, bound: dict[int, NoteForm] | None = None) -> HttpResponse:
    desks = [_desk(request, foundation, bound or {}) for foundation in _compared(request)]
    context = _context(request, "index", _("Reconciliation")) | {"desks": desks}
    return render(request, "foundations/admin/reconciliation.html", context)


def _compared(request: HttpRequest) -> QuerySet[Foundation]:
    """Those with an account at a processor, or that had one."""
    marked = GatewayMark.objects.values("foundation")
    return get_foundations_for(request.user).filter(  # type: ignore[arg-type]
        ~Q(stripe_account="") | Q(pk__in=marked)
    )


def _desk(request: HttpRequest, foundation: Foundation, bound: dict[int, NoteForm]) -> Desk:
    gateway = WITH_LEDGER[0]
    mark = GatewayMark.objects.filter(foundation=foundation, gateway=gateway).first()
    may_resolve = can_enter(request.user, foundation)  # type: ignore[arg-type]
    rows = get_differences_for(request.user).filter(OPEN, foundation=foundation)  # type: ignore[arg-type]
    lines = [_line(difference) for difference in rows.order_by("-happened_on", "-id")]
    if may_resolve:
        for line in lines:
            line.form = bound.get(line.row.pk) or _note_form(line.row)
    return Desk(
        foundation=foundation, mark=mark, lines=lines, may_resolve=may_resolve,
        trouble=words.why_unread(mark.trouble) if mark and mark.trouble else "",
        balances=balances(foundation=foundation, gateway=gateway),
    )  # fmt: skip


def _line(difference: Difference) -> Line:
    return Line(
        row=difference, about=words.about(difference), hint=words.hint(difference),
        name=words.name_of(difference),
    )  # fmt: skip


def _note_form(row: Difference | WebhookEvent, data: Any = None) -> NoteForm:
    """Many stand on one page: each with ids of its own, all with the same field's name."""
    return NoteForm(data, auto_id=f"{row._meta.model_name}-{row.pk}-%s")


def _notifications(
    request: HttpRequest, *, bound: dict[int, NoteForm] | None = None
) -> HttpResponse:
    user: Any = request.user
    aside = get_notifications_for(user).filter(state=WebhookEvent.State.QUARANTINED)
    page = Paginator(aside.order_by("id"), PER_PAGE).get_page(request.GET.get("page"))
    lines = [Line(row=event, about=words.why_aside(event)) for event in page]
    for line in lines:
        if can_settle_notification(user, line.row):
            line.form = (bound or {}).get(line.row.pk) or _note_form(line.row)
    context = _context(request, "notifications", _("Notifications set aside")) | {
        "page_obj": page,
        "lines": lines,
    }
    return render(request, "foundations/admin/notifications.html", context)


def _settleable(request: HttpRequest, event_id: int) -> WebhookEvent:
    event = get_object_or_404(get_notifications_for(request.user), pk=event_id)  # type: ignore[arg-type]
    if not can_settle_notification(request.user, event):  # type: ignore[arg-type]
        raise PermissionDenied
    return event


def _context(request: HttpRequest, here: str, title: str) -> dict[str, Any]:
    """What the four pages have in common: where one is, and how much waits on each."""
    user: Any = request.user
    return {
        "page_title": title,
        "header_icon": "tasks",
        "here": here,
        "open_differences": get_differences_for(user).filter(OPEN).count(),
        "aside": get_notifications_for(user).filter(state=WebhookEvent.State.QUARANTINED).count(),
        "open_disputes": get_disputes_for(user).filter(state=Dispute.State.OPEN).count(),
    }


def _csv(rows: QuerySet[Difference], language: str) -> Iterator[str]:
    with override(language):
        header = [
            _("Foundation"), _("Kind"), _("What it is about"), _("Gift"), _("Name"), _("Day"),
            _("Currency"), _("In our books"), _("At the payment service"), _("Apart"),
            _("Found at"), _("Gone at"), _("Resolved at"), _("Resolved by"), _("What it is"),
        ]  # fmt: skip
        yield from csv_lines(header=header, rows=(_cells(difference) for difference in rows))


def _cells(difference: Difference) -> list[Any]:
    line = _line(difference)
    return [
        str(difference.foundation), difference.get_kind_display(), line.about,
        difference.gift.number if difference.gift else "", line.name,
        difference.happened_on.isoformat(), difference.currency,
        _number(difference.ours_minor, difference), _number(difference.theirs_minor, difference),
        _number(line.apart_minor, difference), _moment(difference.found_at),
        _moment(difference.gone_at), _moment(difference.resolved_at),
        str(difference.resolved_by or ""), difference.note,
    ]  # fmt: skip


def _number(minor: int | None, difference: Difference) -> Decimal | str:
    """A number for the spreadsheet, also below zero."""
    return "" if minor is None else Decimal(format_plain(minor, currency=difference.currency))


def _moment(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at else ""
