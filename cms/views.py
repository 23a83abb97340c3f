from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import set_language as set_language_cookie

from cms.search import search_site

DISPLAY_COOKIES = {
    "theme": ("light", "dark", "auto"),
    "elder": ("on", "off"),
}
YEAR_SECONDS = 365 * 24 * 3600


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Remember the language: in the browser, and with the account for the next device."""
    language = request.POST.get("language", "")
    if request.user.is_authenticated and check_for_language(language):
        request.user.language = language
        request.user.save(update_fields=["language"])
    return set_language_cookie(request)


@require_POST
def set_display(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or the device's own, and the elder mode. Works without JavaScript."""
    response = HttpResponseRedirect(_way_back(request))
    for name, choices in DISPLAY_COOKIES.items():
        if request.POST.get(name) in choices:
            response.set_cookie(
                f"linli_{name}", request.POST[name], max_age=YEAR_SECONDS, samesite="Lax"
            )
    return response


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:60]
    return render(request, "cms/search.html", {"text": text, "results": search_site(text=text)})


@require_GET
def design_system(request: HttpRequest) -> HttpResponse:
    return render(request, "cms/design_system.html")


def _way_back(request: HttpRequest) -> str:
    address = request.POST.get("next") or request.META.get("HTTP_REFERER", "")
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_ours else "/"
