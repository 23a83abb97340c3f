"""A mark by which a browser is known again at a venue's code: one phone that checks in many people
is looked at (E6).

A random number in a cookie of our own, at the addresses of venue codes only, for 90 days. It says
nothing about the person or the phone; what a scan keeps is half of its SHA-256.
"""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

COOKIE = "linli_browser"
PATH = "/v/"
DAYS = 90


def browser_of(request: HttpRequest) -> str:
    """The mark as scans keep it; empty for a browser that has none."""
    number = request.COOKIES.get(COOKIE, "")
    return hashlib.sha256(number.encode()).hexdigest()[:32] if number else ""


def mark_browser(request: HttpRequest, response: HttpResponse) -> None:
    """Give the browser a mark, or let it keep its own for another 90 days."""
    number = request.COOKIES.get(COOKIE) or secrets.token_urlsafe(18)
    response.set_cookie(
        COOKIE,
        number[:64],
        max_age=DAYS * 24 * 3600,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
