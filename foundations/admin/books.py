"""The books to be read: balance sheets, income and spending, D10's gauges, months to be closed."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.admin import messages
from wagtail.admin.viewsets.base import ViewSet

from foundations.actions.ledger import BookingRefused, following_month
from foundations.actions.periods import close_period, next_month_to_close
from foundations.admin.viewsets import FoundationStaffItem
from foundations.forms.books import BooksForm, ClosingForm
from foundations.models import Foundation, MoneyAccount
from foundations.office import waiting_in
from foundations.permissions import (
    can_approve,
    get_foundations_for,
    get_periods_for,
    has_any_role,
)
from foundations.reports import activity, balance_sheet, gauges

MONTHS_SHOWN = 36
KINDS = dict(MoneyAccount.Kind.choices)
GAUGES = {
    "spent_of_income": gettext_lazy("Spent on the purpose, of last year's income"),
    "spent_of_balance": gettext_lazy("Spent on the purpose, of what it had at last year's end"),
    "management": gettext_lazy("Management, of all that is spent"),
}


@require_safe
def books(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if not has_any_role(user):
        raise PermissionDenied
    form = BooksForm(request.GET or None, user=user)
    form.is_valid()
    foundation, since, until, currency = form.chosen()
    sheet = balance_sheet(foundation=foundation, day=until, currency=currency)
    grown = activity(foundation=foundation, since=since, until=until, currency=currency)
    context = {
        "page_title": _("Books"),
        "page_subtitle": str(foundation),
        "header_icon": "order",
        "form": form,
        "foundation": foundation,
        "since": since,
        "until": until,
        "currency": currency,
        "sheet": sheet,
        "assets": _named(sheet.assets),
        "liabilities": _named(sheet.liabilities),
        "grown": grown,
        "income_rows": _rows(grown, MoneyAccount.INCOME, "income"),
        "spending_rows": _rows(grown, MoneyAccount.SPENDING, "spending"),
        "gauges": _gauges(foundation, until.year),
        "year": until.year,
        "periods": get_periods_for(user).filter(foundation=foundation)[:MONTHS_SHOWN],
        "next_month": _closable(foundation),
        "may_close": can_approve(user, foundation),
    }
    return render(request, "foundations/admin/books.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def closing(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    foundation = get_object_or_404(get_foundations_for(user), pk=pk)
    if not can_approve(user, foundation):
        raise PermissionDenied
    back = f"{reverse('foundation-books:index')}?foundation={foundation.pk}#months"
    if request.method == "POST":
        form = ClosingForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Please open the page again and press once more."))
            return redirect(back)
        return _close(request, foundation, form.cleaned_data["month"], back)
    month = _closable(foundation)
    context = {
        "page_title": _("Close a month"),
        "page_subtitle": str(foundation),
        "header_icon": "lock",
        "foundation": foundation,
        "month": month,
        "waiting": waiting_in(foundation, before=following_month(month)) if month else [],
        "back_url": back,
    }
    return render(request, "foundations/admin/closing.html", context)


def _close(request: HttpRequest, foundation: Foundation, month: date, back: str) -> HttpResponse:
    try:
        period = close_period(foundation=foundation, month=month, by=request.user)  # type: ignore[arg-type]
    except BookingRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("foundation-books:closing", foundation.pk)
    messages.success(
        request,
        _("%(month)s is closed for good. Its digest: %(digest)s")
        % {"month": f"{period.month:%Y-%m}", "digest": period.digest},
    )
    return redirect(back)


class BooksViewSet(ViewSet):
    name = "foundation-books"
    menu_label = gettext_lazy("Books")
    icon = "order"
    menu_item_class = FoundationStaffItem

    def get_urlpatterns(self) -> list[Any]:
        return [
            path("", books, name="index"),
            path("closing/<int:pk>/", closing, name="closing"),
        ]


def _closable(foundation: Foundation) -> date | None:
    """The month to be closed next, once it is over."""
    month = next_month_to_close(foundation=foundation)
    if month is None or following_month(month) > timezone.localdate():
        return None
    return month


def _named(minor_by_kind: dict[str, int]) -> list[tuple[Any, int]]:
    return [(KINDS[kind], minor) for kind, minor in minor_by_kind.items() if minor]


def _rows(sheets: list[Any], kinds: tuple[str, ...], side: str) -> list[dict[str, Any]]:
    """One row a source or kind, one amount a fund, and their sum; rows of nothing are left out."""
    rows = []
    for kind in kinds:
        amounts = [getattr(sheet, side)[kind] for sheet in sheets]
        if any(amounts):
            rows.append({"name": KINDS[kind], "amounts": amounts, "sum": sum(amounts)})
    return rows


def _gauges(foundation: Foundation, year: int) -> list[dict[str, Any]]:
    found = gauges(foundation=foundation, year=year)
    return [{"name": GAUGES[name], "gauge": gauge} for name, gauge in found.items()]
