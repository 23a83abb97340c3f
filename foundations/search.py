"""Finding foundations and funds by any piece of their text.

There are hundreds at most: a plain substring match finds two Chinese characters where a word
index, knowing no Chinese words, finds none.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet

from foundations.models import FoundationPage, FundPage

OF_A_FOUNDATION = (
    "title", "introduction", "introduction_en", "story", "story_en",
    "foundation__organisation__name", "foundation__organisation__name_en",
)  # fmt: skip
OF_A_FUND = (
    "title", "title_en", "summary", "summary_en", "story", "story_en", "fund__name",
    "fund__name_en", "fund__purpose", "fund__purpose_en",
)  # fmt: skip


def find_foundations(text: str) -> QuerySet[FoundationPage]:
    """The live pages of foundations that hold every word of `text`; none for an empty text."""
    pages = FoundationPage.objects.live().public().select_related("foundation__organisation")
    return _holding(pages, text, OF_A_FOUNDATION)


def find_funds(text: str) -> QuerySet[FundPage]:
    """The live pages of funds that hold every word of `text`; none for an empty text."""
    pages = FundPage.objects.live().public().select_related("fund__foundation__organisation")
    return _holding(pages, text, OF_A_FUND)


def _holding(pages: QuerySet, text: str, fields: tuple[str, ...]) -> QuerySet:  # type: ignore[type-arg]
    words = text.replace("\x00", " ").split()
    if not words:
        return pages.none()
    for word in words:
        holds = Q()
        for field in fields:
            holds |= Q(**{f"{field}__icontains": word})
        pages = pages.filter(holds)
    return pages.order_by("title", "pk")
