"""The whole site, and beside it on the same server two bare Django views: the limits.

A bare view is what a developer would write who had nothing else in mind: no middleware, no
session, no template, one statement.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test.utils import override_settings
from django.urls import path

site = get_wsgi_application()


def insert(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_bare (nonce, card, made_at) VALUES (%s, %s, now())",
            [uuid.uuid4(), request.POST.get("card", "")],
        )
    return HttpResponse(b'{"outcome": "ok"}', content_type="application/json")


def select(_request: HttpRequest) -> HttpResponse:
    """A finished page, as a cache in the database would give it out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT html FROM bench_page")
        (html,) = cursor.fetchone()
    return HttpResponse(html)


urlpatterns = [path("bare/insert/", insert), path("bare/select/", select)]


class BareRequest(WSGIRequest):
    urlconf = __name__


class BareHandler(WSGIHandler):
    request_class = BareRequest


with override_settings(MIDDLEWARE=[]):
    bare = BareHandler()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    handler = bare if environ["PATH_INFO"].startswith("/bare/") else site
    return handler(environ, start_response)
