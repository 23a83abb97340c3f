"""A mark by which a browser is known again at a venue's code: one phone that checks in many people
is looked at (E6).

A random number in a cookie of our own, at the addresses of venue codes only, for 90 days. It says
nothing about the person or the phone; what a scan keeps is half of its SHA-256.
"""

from __future__ import annotations

import hashlib
import re
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE = "linli_browser"
PATH = "/v/"
DAYS = 90
MARK_BYTES = 18
_OURS = re.compile(r"[A-Za-z0-9_-]{24}")


def browser_of(request: HttpRequest) -> str:
    """The mark as scans keep it; empty for a browser that has none."""
    number = _number(request)
    return hashlib.sha256(number.encode()).hexdigest()[:32] if number else ""


def mark_browser(request: HttpRequest, response: HttpResponse) -> None:
    """Give the browser a mark, or let it keep its own for another 90 days."""
    response.set_cookie(
        COOKIE,
        _number(request) or secrets.token_urlsafe(MARK_BYTES),
        max_age=DAYS * 24 * 3600,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _number(request: HttpRequest) -> str:
    """What the browser brought, where it is one of ours: it goes back into a header, which other
    characters would break."""
    brought = request.COOKIES.get(COOKIE, "")
    return brought if _OURS.fullmatch(brought) else ""
