"""What no page should have to think about."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

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
