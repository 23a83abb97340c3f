"""Finding campaigns by any piece of their text, two Chinese characters included.

Chinese has no spaces between words, and PostgreSQL's trigrams need three characters. A campaign
keeps every pair of neighbouring characters of its text; a GIN index over the pairs finds the few
rows that hold all pairs of what was typed, and LIKE then looks whether they stand in that order.
See docs/decisions/search-by-pairs-of-characters.md.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet
from wagtail.query import PageQuerySet

from volunteers.models import Organisation

from .models import CampaignPage
from .models.pages import pairs_of

LONGEST_SEARCH = 60  # characters
MOST_ORGANISATIONS = 50


def find_campaigns(text: str) -> PageQuerySet[CampaignPage]:
    """Return the live campaigns that hold every word of `text`; none for an empty text."""
    if not text.split():
        return CampaignPage.objects.none()
    return matching(CampaignPage.objects.live(), text)


def matching(campaigns: QuerySet[CampaignPage], text: str) -> QuerySet[CampaignPage]:
    """Keep those that hold every word of `text` in their text or their organisation's name."""
    for word in text[:LONGEST_SEARCH].replace("\x00", " ").lower().split():
        in_text = Q(search_text__contains=word)
        if pairs := sorted(pairs_of(word)):
            in_text &= Q(search_pairs__contains=pairs)
        # Numbers rather than a subquery: beside an OR only numbers leave the index in use.
        if named := _organisations_named(word):
            in_text |= Q(organisation_id__in=named)
        campaigns = campaigns.filter(in_text)
    return campaigns


def _organisations_named(word: str) -> list[int]:
    named = Organisation.objects.filter(Q(name__icontains=word) | Q(name_en__icontains=word))
    return list(named.order_by("id").values_list("id", flat=True)[:MOST_ORGANISATIONS])
