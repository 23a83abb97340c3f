"""One box that searches campaigns, funds, foundations, news and pages."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from wagtail.models import Locale

from campaigns.search import find_campaigns
from cms.models import NewsPage, StandardPage
from foundations.search import find_foundations, find_funds

AT_MOST = 20


def search_site(*, text: str) -> dict[str, list[Any]]:
    """{campaigns, funds, foundations, news, pages}, each at most twenty; none for an empty text.

    News and pages are few (thousands at most): a plain substring match finds two Chinese
    characters where a word index, knowing no Chinese words, finds none.
    """
    if not text:
        return {"campaigns": [], "funds": [], "foundations": [], "news": [], "pages": []}
    language = Locale.get_active()
    news = NewsPage.objects.live().public().filter(locale=language)
    pages = StandardPage.objects.live().public().filter(locale=language)
    return {
        "campaigns": list(find_campaigns(text)[:AT_MOST]),
        "funds": list(find_funds(text)[:AT_MOST]),
        "foundations": list(find_foundations(text)[:AT_MOST]),
        "news": list(
            news.filter(
                Q(title__icontains=text) | Q(summary__icontains=text) | Q(body__icontains=text)
            ).order_by("-published_on")[:AT_MOST]
        ),
        "pages": list(
            pages.filter(Q(title__icontains=text) | Q(introduction__icontains=text))[:AT_MOST]
        ),
    }
