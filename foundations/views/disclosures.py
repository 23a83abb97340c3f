"""Published disclosures, for anybody: the list of a foundation, one as a page and as PDF."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from foundations.disclosure_words import shown_figures
from foundations.documents import disclosure_pdf
from foundations.models import Disclosure
from foundations.permissions import get_public_disclosures, get_public_foundations
from volunteers.language import in_language


@require_safe
def disclosures(request: HttpRequest, slug: str) -> HttpResponse:
    foundation = get_object_or_404(get_public_foundations(), organisation__slug=slug)
    published = get_public_disclosures().filter(foundation=foundation)
    context = {"foundation": foundation, "disclosures": published.order_by("-last_on", "-pk")}
    return render(request, "foundations/disclosures.html", context)


@require_safe
def disclosure(request: HttpRequest, disclosure_uuid: uuid.UUID) -> HttpResponse:
    shown = _published(disclosure_uuid)
    replaced = Disclosure.objects.filter(replaces=shown, published_at__isnull=False).first()
    context: dict[str, Any] = {
        "disclosure": shown,
        "words": in_language(shown, "words"),
        "figures": shown_figures(shown.figures),
        "replaced_by": replaced,
    }
    return render(request, "foundations/disclosure.html", context)


@require_safe
def disclosure_paper(_request: HttpRequest, disclosure_uuid: uuid.UUID) -> HttpResponse:
    shown = _published(disclosure_uuid)
    name = f"disclosure-{shown.kind}-{shown.first_on}-{shown.last_on}.pdf"
    return HttpResponse(
        disclosure_pdf(disclosure=shown),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


def _published(disclosure_uuid: uuid.UUID) -> Disclosure:
    public: QuerySet[Disclosure] = get_public_disclosures()
    return get_object_or_404(public, uuid=disclosure_uuid)
