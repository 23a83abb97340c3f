"""A campaign as others show it: chats by Open Graph, search engines by schema.org."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe

from campaigns.models import Activity, CampaignPage, Shift
from volunteers.language import in_language


def share_of(
    request: HttpRequest,
    campaign: CampaignPage,
    activities: list[Activity],
    shifts: list[Shift],
    *,
    picture: str,
) -> dict[str, Any]:
    """Title, words, an absolute picture and the data for search engines; `picture` is its path."""
    share: dict[str, Any] = {
        "title": in_language(campaign, "title"),
        "description": in_language(campaign, "summary"),
        "image": request.build_absolute_uri(picture) if picture else "",
        "url": request.build_absolute_uri(campaign.get_url(request) or request.path),
        "kind": "article",
    }
    share["json_ld"] = _json_ld(_as_event(campaign, activities, shifts, share))
    return share


def _as_event(
    campaign: CampaignPage,
    activities: list[Activity],
    shifts: list[Shift],
    share: dict[str, Any],
) -> dict[str, Any]:
    place = in_language(activities[0], "place") if activities else str(campaign.territory)
    event: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Event",
        "name": share["title"],
        "description": share["description"] or strip_tags(in_language(campaign, "story"))[:300],
        "url": share["url"],
        "startDate": _iso(campaign.starts_on),
        "endDate": _iso(campaign.ends_on),
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "isAccessibleForFree": True,
        "location": {
            "@type": "Place",
            "name": place,
            "address": {
                "@type": "PostalAddress",
                "addressCountry": "CN",
                "streetAddress": place,
                "addressLocality": str(campaign.territory),
            },
        },
        "organizer": {"@type": "Organization", "name": str(campaign.organisation)},
        "subEvent": [_as_sub_event(shift, place) for shift in shifts[:10]],
    }
    if share["image"]:
        event["image"] = [share["image"]]
    return event


def _as_sub_event(shift: Shift, place: str) -> dict[str, Any]:
    return {
        "@type": "Event",
        "name": in_language(shift.activity, "role"),
        "startDate": _iso(timezone.localtime(shift.starts_at)),
        "endDate": _iso(timezone.localtime(shift.ends_at)),
        "location": {
            "@type": "Place",
            "name": in_language(shift.activity, "place") or place,
            "address": in_language(shift.activity, "place") or place,
        },
        "maximumAttendeeCapacity": shift.capacity,
        "remainingAttendeeCapacity": shift.free_places,
    }


def _iso(moment: date | datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _json_ld(data: dict[str, Any]) -> SafeString:
    """JSON that no text in it can end: what would close the script element is escaped."""
    text = json.dumps(data, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return mark_safe(text)  # noqa: S308 - escaped above
