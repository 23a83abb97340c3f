"""The console as an app on the organiser's phone: its shell, its worker, its manifest, its device.

The shell and the worker hold nothing private, so that a browser may keep them and open them
without a network. What is private comes by the device's token (campaigns/api.py) and lies
encrypted in the browser (static/js/console/store.js).
"""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from campaigns.actions.devices import ShiftsNotForDevice
from campaigns.console_files import kept_files, version_of
from campaigns.console_forms import MOST_OFFERED, PrepareForm
from campaigns.console_words import words
from campaigns.desk_views import organisers_only
from campaigns.models import Shift
from campaigns.permissions import get_shifts_for_devices
from volunteers.language import in_language

API = "/api/v1/"


@require_GET
@vary_on_headers("Cookie", "Accept-Language")
def console_app(request: HttpRequest) -> HttpResponse:
    """The same for all who read the same language: whose console it is, the browser knows."""
    response = render(request, "campaigns/console_app.html", _shell())
    response["Cache-Control"] = "no-cache"
    return response


@require_GET
@vary_on_headers("Cookie", "Accept-Language")
def console_worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It names its files and their version, so that a browser which fetches it
    anew finds out whether anything has changed: the words and the look count too."""
    shell = render_to_string("campaigns/console_app.html", _shell(), request)
    kept = {
        "shell": reverse("console_app"),
        "files": kept_files(),
        "version": version_of(shell),
        "api": API,
        "language": _language(),
    }
    module = json.dumps(static("js/console/worker.js"))
    script = f"import {{ run }} from {module};\nrun({json.dumps(kept)});\n"
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    return response


@require_GET
@vary_on_headers("Cookie", "Accept-Language")
def console_manifest(request: HttpRequest) -> HttpResponse:
    """What a phone needs to put the app among its own."""
    address = reverse("console_app")
    sizes = (192, 512)
    manifest = {
        "id": address,
        "name": _("Linli check-in"),
        "short_name": _("Linli check-in"),
        "description": _("Scan volunteers' cards, with and without a network."),
        "lang": to_locale(request.LANGUAGE_CODE).replace("_", "-"),
        "start_url": address,
        "scope": address,
        "display": "standalone",
        "orientation": "portrait",
        "theme_color": "#b23a22",
        "background_color": "#fbf7f0",
        "icons": [
            {
                "src": static(f"img/console-{size}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for size in sizes
            for purpose in ("any", "maskable")
        ],
    }
    response = JsonResponse(manifest, json_dumps_params={"ensure_ascii": False})
    response["Content-Type"] = "application/manifest+json; charset=utf-8"
    response["Cache-Control"] = "no-cache"
    return response


@never_cache
@organisers_only
@require_http_methods(["GET", "POST"])
def console_prepare(request: HttpRequest) -> HttpResponse:
    """GET: the shifts to choose from. POST: this phone becomes a device; its token is told once."""
    if request.method == "GET":
        return JsonResponse(_offer(request))
    form = PrepareForm(request.POST, shifts=get_shifts_for_devices(request.user))
    if not form.is_valid():
        return JsonResponse({"message": form.first_error()}, status=422)
    try:
        device, token = form.register(by=request.user)
    except ShiftsNotForDevice as refusal:
        return JsonResponse({"message": str(refusal)}, status=422)
    known = {"id": device.pk, "name": device.name, "expires_at": device.expires_at.isoformat()}
    return JsonResponse({"token": token, "device": known}, status=201)


def _shell() -> dict[str, Any]:
    return {
        "words": words(),
        "settings": {
            "language": _language(),
            "timeZone": settings.TIME_ZONE,
            "worker": reverse("console_worker"),
            "prepare": reverse("console_prepare"),
            "api": API,
            "icons": static("img/icons.svg"),
        },
    }


def _language() -> str:
    """What the app asks the API to answer in: the language of the words beside it."""
    return get_language() or settings.LANGUAGE_CODE


def _offer(request: HttpRequest) -> dict[str, Any]:
    """The coming shifts, and the one that the desk's link names even where it is not among them."""
    shifts = get_shifts_for_devices(request.user).order_by("starts_at", "pk")
    with_words = shifts.select_related("activity__campaign")
    offered = list(with_words[:MOST_OFFERED])
    asked = request.GET.get("shift", "")
    if asked.isdecimal() and len(asked) < 19 and int(asked) not in {s.pk for s in offered}:
        offered = [*with_words.filter(pk=int(asked)), *offered]
    name = str(getattr(request.user, "name", ""))
    return {
        "csrf": get_token(request),
        "name": (_("%(name)s's phone") % {"name": name})[:60],
        "shifts": [_shift(shift) for shift in offered],
    }


def _shift(shift: Shift) -> dict[str, Any]:
    return {
        "id": shift.pk,
        "starts_at": shift.starts_at.isoformat(),
        "ends_at": shift.ends_at.isoformat(),
        "title": in_language(shift.activity.campaign, "title"),
        "role": in_language(shift.activity, "role"),
        "place": in_language(shift.activity, "place"),
    }
