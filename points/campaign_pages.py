"""Campaigns as this room sees them: Wagtail's pages that say that service is given for them.

They stand in a room above. A rule, a badge and a record name one by its page's number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wagtail.admin.widgets import AdminPageChooser
from wagtail.models import Page, get_page_models

from volunteers.language import in_language


def campaign_models() -> list[type[Page]]:
    return [model for model in get_page_models() if getattr(model, "earns_service", False)]


def offer_campaigns(field: Any) -> None:
    """Let a form's ModelChoiceField choose among campaigns, by title."""
    models = campaign_models()
    field.queryset = Page.objects.type(*models) if models else Page.objects
    field.widget = AdminPageChooser(target_models=models or None)


def campaign_titles(numbers: Iterable[int | None]) -> dict[int, tuple[str, str]]:
    """{number: (title in the reader's language, address)} of those that are published."""
    wanted = {number for number in numbers if number}
    pages = Page.objects.live().filter(pk__in=wanted).specific() if wanted else []
    return {page.pk: (in_language(page, "title"), page.url or "") for page in pages}
