"""The bank's statements: brought in, worked through line by line, laid beside the books."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from wagtail.admin import messages
from wagtail.admin.viewsets.base import ViewSet

from foundations.actions.bank_import import CannotRead, ImportedBefore, ImportRefused
from foundations.actions.bank_lines import LineRefused, match_line, set_line_aside, unmatch_line
from foundations.admin.viewsets import FoundationStaffItem
from foundations.bank_files import MOST_TROUBLES, RowsRefused
from foundations.bank_matching import (
    compare,
    currencies_of,
    lines_of_corrected,
    movements_without_line,
    suggestions,
)
from foundations.forms.bank import MatchForm, StatementForm, WordForm
from foundations.models import BankLine
from foundations.permissions import (
    can_enter,
    get_bank_lines_for,
    get_enterable_foundations_for,
    get_foundations_for,
    get_statements_for,
    has_any_role,
)

View = Callable[..., HttpResponse]
LINES_A_PAGE = 20
LINES_OF_A_STATEMENT = 100
SHOWN = 50


def for_staff(view: View) -> View:
    """Wagtail's admin is open to others too; this is for who has a role in some foundation."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not has_any_role(request.user):  # type: ignore[arg-type]
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return inner


@for_staff
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    desks = [
        {
            "foundation": foundation,
            "panel_id": f"bank-{foundation.pk}",
            "accounts": [
                {
                    "compared": compare(foundation=foundation, currency=currency),
                    "missing": movements_without_line(foundation=foundation, currency=currency)[
                        :SHOWN
                    ],
                }
                for currency in currencies_of(foundation)
            ],
            "corrected": lines_of_corrected(foundation)[:SHOWN],
            "statements": get_statements_for(user).filter(foundation=foundation)[:SHOWN],
            "may_enter": can_enter(user, foundation),
        }
        for foundation in get_foundations_for(user).order_by("pk")
    ]
    context = {"page_title": _("Bank statements"), "header_icon": "table", "desks": desks}
    return render(request, "foundations/admin/bank.html", context)


@for_staff
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if not get_enterable_foundations_for(user).exists():
        raise PermissionDenied
    form = StatementForm(request.POST or None, request.FILES or None, user=user)
    troubles: list[Any] = []
    if request.method == "POST" and form.is_valid():
        try:
            done = form.write(by=user)
        except ImportedBefore as refused:
            messages.warning(request, str(refused))
            return redirect("foundation-bank:statement", refused.statement.pk)
        except ImportRefused as refused:
            troubles = _troubles_of(refused)
            words = _("Nothing was imported.") if troubles else str(refused)
            form.add_error("file", words)
        else:
            messages.success(request, _in_words(new=done.new, known=done.known))
            return redirect("foundation-bank:work", done.statement.foundation_id)
    context = {
        "page_title": _("Import a statement"),
        "header_icon": "upload",
        "form": form,
        "troubles": troubles[:MOST_TROUBLES],
        "more": max(0, len(troubles) - MOST_TROUBLES),
    }
    return render(request, "foundations/admin/bank_upload.html", context)


@for_staff
@require_safe
def statement(request: HttpRequest, statement_id: int) -> HttpResponse:
    user: Any = request.user
    found = get_object_or_404(get_statements_for(user), pk=statement_id)
    lines = get_bank_lines_for(user).filter(statement=found).order_by("position")
    page = Paginator(lines, LINES_OF_A_STATEMENT).get_page(request.GET.get("page"))
    context = {
        "page_title": _("Bank statement"),
        "page_subtitle": found.file_name,
        "header_icon": "table",
        "statement": found,
        "page_obj": page,
        "may_enter": can_enter(user, found.foundation),
    }
    return render(request, "foundations/admin/bank_statement.html", context)


@for_staff
@require_safe
def work(request: HttpRequest, foundation_id: int) -> HttpResponse:
    """The lines that nobody has explained, the oldest first, each with what it may be."""
    user: Any = request.user
    foundation = get_object_or_404(get_foundations_for(user), pk=foundation_id)
    lines = get_bank_lines_for(user).filter(foundation=foundation, state=BankLine.State.UNMATCHED)
    page = Paginator(lines.order_by("booked_on", "pk"), LINES_A_PAGE).get_page(
        request.GET.get("page")
    )
    waiting = {
        line.pk: gift for line in page for gift in line.offline_gifts.all() if gift.is_waiting
    }
    context = {
        "page_title": _("Lines of the bank not explained"),
        "page_subtitle": str(foundation),
        "header_icon": "table",
        "foundation": foundation,
        "page_obj": page,
        "rows": [(found, waiting.get(found.line.pk)) for found in suggestions(page)],
        "may_enter": can_enter(user, foundation),
    }
    return render(request, "foundations/admin/bank_work.html", context)


@for_staff
@require_POST
def match(request: HttpRequest, line_id: int) -> HttpResponse:
    line = _own_line(request, line_id)
    form = MatchForm(request.POST, user=request.user)
    if not form.is_valid():
        messages.error(request, _("This is not in the books of the foundation."))
        return _on(line)
    return _say(
        request, line, _("Matched."),
        lambda: match_line(line=line, movement=form.cleaned_data["movement"], by=request.user),  # type: ignore[arg-type]
    )  # fmt: skip


@for_staff
@require_POST
def aside(request: HttpRequest, line_id: int) -> HttpResponse:
    line = _own_line(request, line_id)
    word = _word(request)
    return _say(
        request, line, _("Set aside."),
        lambda: set_line_aside(line=line, note=word, by=request.user),  # type: ignore[arg-type]
    )  # fmt: skip


@for_staff
@require_POST
def unmatch(request: HttpRequest, line_id: int) -> HttpResponse:
    line = _own_line(request, line_id)
    word = _word(request)
    return _say(
        request, line, _("To be explained anew."),
        lambda: unmatch_line(line=line, reason=word, by=request.user),  # type: ignore[arg-type]
    )  # fmt: skip


def _own_line(request: HttpRequest, line_id: int) -> BankLine:
    line = get_object_or_404(get_bank_lines_for(request.user), pk=line_id)  # type: ignore[arg-type]
    if not can_enter(request.user, line.foundation):  # type: ignore[arg-type]
        raise PermissionDenied
    return line


def _word(request: HttpRequest) -> str:
    """Empty where it cannot be kept: the action then asks for it in a sentence."""
    form = WordForm(request.POST)
    return form.cleaned_data["note"] if form.is_valid() else ""


def _say(request: HttpRequest, line: BankLine, done: str, act: Callable[[], Any]) -> HttpResponse:
    from foundations.actions.ledger import ReasonMissing

    try:
        act()
    except (LineRefused, ReasonMissing) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return _on(line)


def _on(line: BankLine) -> HttpResponse:
    """The next line stands first: what was explained is gone from the list."""
    return redirect(f"{reverse('foundation-bank:work', args=[line.foundation_id])}#lines")


def _troubles_of(refused: ImportRefused) -> list[Any]:
    if isinstance(refused, CannotRead) and isinstance(refused.refused, RowsRefused):
        return refused.refused.troubles
    return []


def _in_words(*, new: int, known: int) -> str:
    words = ngettext("%(count)s line is new.", "%(count)s lines are new.", new) % {"count": new}
    if known:
        words += " " + ngettext(
            "%(count)s line was here already.", "%(count)s lines were here already.", known
        ) % {"count": known}
    return words


class BankViewSet(ViewSet):
    name = "foundation-bank"
    menu_label = gettext_lazy("Bank statements")
    icon = "table"
    menu_item_class = FoundationStaffItem

    def get_urlpatterns(self) -> list[Any]:
        return [
            path("", index, name="index"),
            path("upload/", upload, name="upload"),
            path("statement/<int:statement_id>/", statement, name="statement"),
            path("work/<int:foundation_id>/", work, name="work"),
            path("match/<int:line_id>/", match, name="match"),
            path("aside/<int:line_id>/", aside, name="aside"),
            path("unmatch/<int:line_id>/", unmatch, name="unmatch"),
        ]
