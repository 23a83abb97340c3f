"""The public list of campaigns, beside a bare view that gives out one finished page."""

from __future__ import annotations

import http.client
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from campaigns.models import Activity, Shift
from cms.bench import Figure
from cms.bench.load import CLIENTS, Load, Request, alternate, ensure_city, press, server

NAME = "page_campaigns"

ROUNDS = 3
VIEWS = 120
BARE_VIEWS = 960
ADDRESS = "/campaigns/"


def measure() -> Figure:
    ensure_city()
    _open_shifts()
    _make_table()
    host = ("Host", settings.LINLI_BASE_URL.partition("://")[2])
    language = ("Accept-Language", "zh-CN,zh;q=0.9")
    list_page = Request("GET", ADDRESS, headers=(host, language), must_contain=b"</html>")
    bare_page = Request("GET", "/bare/select/", must_contain=b"</html>")

    def views(_number: int) -> Load:
        return press(port, [list_page] * VIEWS)

    def bare_views(_number: int) -> Load:
        return press(port, [bare_page] * BARE_VIEWS)

    with server() as port:
        html = _fetch(port, list_page)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE bench_page SET html = %s", [html])
        views(0), bare_views(0)  # not counted: templates compile, caches warm
        ours, limit = alternate(ROUNDS, views, bare_views)
    return Figure(
        name=NAME,
        value=ours.per_second,
        unit="requests/s",
        limit=limit.per_second,
        note=(
            f"{len(html) / 1024:.0f} kB, {CLIENTS} clients;"
            f" p95 {ours.p95_ms:.0f} ms beside {limit.p95_ms:.0f} ms"
        ),
    )


def _fetch(port: int, request: Request) -> str:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.request(request.method, request.path, headers=dict(request.headers))
    response = client.getresponse()
    html = response.read().decode()
    client.close()
    if response.status != 200:
        raise RuntimeError(f"{request.path}: {response.status}")
    return html


def _make_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_page")
        cursor.execute("CREATE TABLE bench_page (html text)")
        cursor.execute("INSERT INTO bench_page VALUES ('')")


def _open_shifts() -> None:
    """Two shifts an activity in the days to come, so that the list has free places to speak of."""
    now = timezone.now()
    Shift.objects.bulk_create(
        Shift(
            activity=activity,
            starts_at=now + timedelta(days=days, hours=number % 10),
            ends_at=now + timedelta(days=days, hours=number % 10 + 2),
            capacity=12,
            taken=number % 12,
        )
        for number, activity in enumerate(Activity.objects.order_by("pk"))
        for days in (1, 4)
    )
