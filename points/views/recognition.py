from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from points.models import Recognition

NOTICES_PER_PAGE = 50


@require_safe
def star_notice(request: HttpRequest) -> HttpResponse:
    """The public notice before stars are given (R6); names are masked."""
    in_notice = (
        Recognition.objects.in_notice()
        .filter(kind=Recognition.Kind.STAR)
        .select_related("volunteer__community")
        .defer("volunteer__id_number")
        .order_by("notice_until", "-level", "id")
    )
    page = Paginator(in_notice, NOTICES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "points/star_notice.html", {"page_obj": page})
