"""Where the money went, for anybody: the whole city, one foundation, as tables to take away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from foundations.models import Foundation, Fund, MoneyMovement
from foundations.money import exponent_of, format_plain
from foundations.permissions import get_public_foundations
from foundations.where import Picture, draw, row_of, rows_of, spent, years_of
from points.tables import csv_lines, csv_response

ROWS_A_PAGE = 40
MOST_ROWS = 10_000
FIRST_DAY = date(1990, 1, 1)


@dataclass(frozen=True)
class Asked:
    """What of the books a visitor wants to see."""

    foundation: Foundation | None
    foundations: list[Foundation]
    currency: str
    year: int | None
    fund: Fund | None

    @property
    def since(self) -> date:
        return date(self.year, 1, 1) if self.year else FIRST_DAY

    @property
    def until(self) -> date:
        today = timezone.localdate()
        return min(date(self.year, 12, 31), today) if self.year else today

    @property
    def limits(self) -> dict[str, Any]:
        return {
            "foundations": self.foundations, "currency": self.currency, "since": self.since,
            "until": self.until,
        }  # fmt: skip

    @property
    def file_name(self) -> str:
        of = self.foundation.organisation.slug if self.foundation else "all"
        return f"money-{of}-{self.year or 'all'}-{self.currency}"

    def movements(self) -> Any:
        return spent(**self.limits, fund=self.fund)


@require_safe
def where_money_went(request: HttpRequest, slug: str | None = None) -> HttpResponse:
    asked = _asked(request, slug)
    page = Paginator(asked.movements(), ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "asked": asked,
        "picture": draw(**asked.limits),
        "rows": [row_of(movement) for movement in page.object_list],
        "page": page,
        "years": years_of(asked.foundations),
        "currencies": _currencies(asked.foundations),
        "public_foundations": get_public_foundations(),
        "funds": Fund.objects.filter(foundation__in=asked.foundations, currency=asked.currency)
        if asked.foundation
        else [],
        "query": _query(asked),
    }
    return render(request, "foundations/where_money_went.html", context)


@require_safe
def where_money_went_csv(request: HttpRequest, slug: str | None = None) -> StreamingHttpResponse:
    """The sums by source and kind, then every grant and expense of the days asked for."""
    asked = _asked(request, slug)
    header = [
        _("day"), _("foundation"), _("fund"), _("kind"), _("from or to"), _("for what"),
        _("amount"), _("currency"),
    ]  # fmt: skip
    lines = csv_lines(header=header, rows=_csv_rows(asked))
    return csv_response(name=asked.file_name, lines=lines)


@require_safe
def where_money_went_json(request: HttpRequest, slug: str | None = None) -> JsonResponse:
    """The same as data; amounts are whole minor units."""
    asked = _asked(request, slug)
    picture = draw(**asked.limits)
    entries = asked.movements()[:MOST_ROWS]
    return JsonResponse(
        {
            "foundation": asked.foundation.organisation.slug if asked.foundation else None,
            "currency": asked.currency,
            "decimals": exponent_of(asked.currency),
            "from": picture.since.isoformat(),
            "until": picture.until.isoformat(),
            "income": _as_data(picture.income),
            "spending_by_kind": _as_data(picture.spending_by_kind),
            "spending_by_fund": _as_data(picture.spending_by_fund),
            "months": _months_as_data(picture),
            "spent": [_spent_as_data(movement) for movement in entries],
            "spent_rows": asked.movements().count(),
        },
        json_dumps_params={"ensure_ascii": False},
    )


def _asked(request: HttpRequest, slug: str | None) -> Asked:
    """What the address says; a year, fund or currency that is not there is answered as missing."""
    public = get_public_foundations()
    foundation = get_object_or_404(public, organisation__slug=slug) if slug else None
    foundations = [foundation] if foundation else list(public)
    currencies = _currencies(foundations)
    base = foundation.base_currency if foundation else "CNY"
    currency = request.GET.get("currency") or base
    if currency != base and currency not in currencies:
        raise Http404
    return Asked(
        foundation=foundation,
        foundations=foundations,
        currency=currency,
        year=_year(request, foundations),
        fund=_fund(request, foundations),
    )


def _year(request: HttpRequest, foundations: list[Foundation]) -> int | None:
    """None: all years."""
    wanted = request.GET.get("year") or ""
    if wanted == "all":
        return None
    if not wanted:
        return timezone.localdate().year
    years = {str(year): year for year in years_of(foundations)}
    if wanted not in years:
        raise Http404
    return years[wanted]


def _fund(request: HttpRequest, foundations: list[Foundation]) -> Fund | None:
    wanted = request.GET.get("fund") or ""
    if not wanted:
        return None
    if not wanted.isascii() or not wanted.isdigit() or len(wanted) > 18:
        raise Http404
    return get_object_or_404(Fund, pk=int(wanted), foundation__in=foundations)


def _currencies(foundations: list[Foundation]) -> list[str]:
    found = Fund.objects.filter(foundation__in=foundations).order_by("currency")
    return list(found.values_list("currency", flat=True).distinct())


def _query(asked: Asked) -> str:
    """What a link to another page or file of the same choice repeats."""
    parts = [f"year={asked.year or 'all'}", f"currency={asked.currency}"]
    if asked.fund:
        parts.append(f"fund={asked.fund.pk}")
    return "&".join(parts)


def _csv_rows(asked: Asked) -> Any:
    picture = draw(**asked.limits)
    day = f"{picture.since.isoformat()}–{picture.until.isoformat()}"
    name = str(asked.foundation or "")
    for words, shares in ((_("Came in"), picture.income), (_("Spent"), picture.spending_by_kind)):
        for share in shares:
            amount = _amount(share.minor, picture.currency)
            yield day, name, "", f"{words}: {share.name}", "", "", amount, picture.currency
    for row in rows_of(asked.movements().iterator(chunk_size=500)):
        amount = _amount(row.amount_minor, row.currency)
        yield (
            row.happened_on.isoformat(), row.foundation, row.fund, row.kind, row.payee,
            row.purpose, amount, row.currency,
        )  # fmt: skip


def _amount(minor: int, currency: str) -> Decimal:
    """A number to a spreadsheet, also below zero."""
    return Decimal(format_plain(minor, currency=currency))


def _as_data(shares: Any) -> list[dict[str, Any]]:
    return [{"id": one.slug, "name": one.name, "amount_minor": one.minor} for one in shares]


def _months_as_data(picture: Picture) -> list[dict[str, Any]]:
    return [
        {
            "month": f"{month.first_on:%Y-%m}", "income_minor": month.income_minor,
            "spending_minor": month.spending_minor,
        }
        for month in picture.months
    ]  # fmt: skip


def _spent_as_data(movement: MoneyMovement) -> dict[str, Any]:
    row = row_of(movement)
    return {
        "day": row.happened_on.isoformat(), "foundation": row.foundation, "fund": row.fund,
        "kind": row.kind, "payee": row.payee, "purpose": row.purpose,
        "amount_minor": row.amount_minor,
    }  # fmt: skip
