"""What the frame of every page asks for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from campaigns.permissions import can_use_desk
from cms.blocks import link_title
from cms.models import SiteNavigation
from volunteers.language import in_language


def navigation(request: HttpRequest) -> dict[str, Any]:
    """`site_navigation` and `site_footer`: lists of {title, url, is_active}; `site_footer_note`;
    `may_use_desk` for the menu.

    Lazy: an answer without a frame (a partial, JSON) costs no query.
    """
    setting: Any = SimpleLazyObject(lambda: _setting(request))
    return {
        "site_navigation": SimpleLazyObject(lambda: _links(setting.header, request)),
        "site_footer": SimpleLazyObject(lambda: _links(setting.footer, request)),
        "site_footer_note": SimpleLazyObject(lambda: in_language(setting, "footer_note")),
        "may_use_desk": SimpleLazyObject(lambda: can_use_desk(request.user)),
    }


def _setting(request: HttpRequest) -> SiteNavigation:
    """The site's own; an empty one where nobody has set up a site yet."""
    try:
        return SiteNavigation.for_request(request)
    except SiteNavigation.DoesNotExist:
        return SiteNavigation()


def _links(stream: Any, request: HttpRequest) -> list[dict[str, Any]]:
    links = []
    for block in stream:
        page = block.value["page"]
        url = page.get_url(request) if page else block.value["address"]
        if not url:  # the page was unpublished or moved out of the site
            continue
        is_active = request.path == url or (url != "/" and request.path.startswith(url))
        links.append({"title": link_title(block.value), "url": url, "is_active": is_active})
    return links
