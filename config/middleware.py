"""What no page should have to think about."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import resolve
from django.utils import translation

DEVICE_PATHS = "/api/"
NULL, REPLACEMENT = "\x00", "\ufffd"


class NoNullCharacters:
    """Nobody types a NUL and PostgreSQL keeps none: it is gone from an address before a view looks.

    In a path it becomes a character that fits nothing, so that the answer is «not found». Forms
    refuse it by themselves, with a sentence beside the field.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if NULL in request.path:
            request.path = request.path.replace(NULL, REPLACEMENT)
            request.path_info = request.path_info.replace(NULL, REPLACEMENT)
        if "%00" in request.META.get("QUERY_STRING", ""):
            request.GET = _without_nulls(request.GET)  # type: ignore[assignment, misc]
        return self.get_response(request)


class DeviceCalls:
    """A device's call is answered from here: it has no session, cookie, form or page.

    What stands behind this middleware is for people with a browser. The call carries its token
    in a header, which no other site can make a browser send, so it needs no CSRF token either.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(DEVICE_PATHS):
            return self.get_response(request)
        with translation.override(translation.get_language_from_request(request)):
            response = self._answer(request)
            response["Content-Language"] = translation.get_language()
        response["Vary"] = "Accept-Language, Authorization"
        if response.content:  # said beforehand: nobody has to read it in pieces
            response["Content-Length"] = str(len(response.content))
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            match = resolve(request.path_info, urlconf="config.device_urls")
        except Http404 as unknown:
            from campaigns.api import on_unknown_address

            return on_unknown_address(request, unknown)
        request.resolver_match = match
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return response


def _without_nulls(sent: QueryDict) -> QueryDict:
    kept = QueryDict(mutable=True)
    for name, values in sent.lists():
        kept.setlist(name.replace(NULL, ""), [value.replace(NULL, "") for value in values])
    kept._mutable = False
    return kept


class NoBlankRefusal:
    """Whoever opens the address of a button gets a page that says so, not an empty one.

    It happens to people whose session ended: they press, sign in, and come back by a link.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or request.method != "GET" or response.content:
            return response
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page
