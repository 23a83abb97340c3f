"""A person's own language on a device that has not been told yet."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation


class AccountLanguageMiddleware:
    """Stands behind AuthenticationMiddleware. The browser's own choice (cookie) goes first;
    without one, the account's language holds and becomes this browser's choice too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
            return self.get_response(request)
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self.get_response(request)
        language = getattr(request.user, "language", "")
        if not language:
            return self.get_response(request)
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language()
        response = self.get_response(request)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            samesite="Lax",
        )
        return response
