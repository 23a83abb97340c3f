from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import JavaScriptCatalog
from django.views.i18n import set_language as set_language_cookie
from wagtail.admin.localization import get_localized_response

from campaigns.models import Attendance
from cms.actions import TimeStandsStill, let_time_pass
from cms.design import specimens
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
    text = request.GET.get("q", "").replace("\x00", "").strip()[:60]
    return render(request, "cms/search.html", {"text": text, "results": search_site(text=text)})


@require_GET
def design_system(request: HttpRequest) -> HttpResponse:
    return render(request, "cms/design_system.html", specimens())


@login_required
def demo_time(request: HttpRequest) -> HttpResponse:
    """Only in the demo: bring the end of the shift one is at to now."""
    if not settings.LINLI_DEMO:
        raise Http404
    attendances = Attendance.objects.filter(
        sign_up__volunteer__user=request.user.pk, checked_out_at=None
    ).select_related("sign_up__shift__activity__campaign")
    if request.method != "POST":
        return render(request, "cms/demo_time.html", {"attendances": attendances})
    chosen = request.POST.get("shift", "")
    for attendance in attendances:
        if str(attendance.sign_up.shift_id) == chosen:
            try:
                let_time_pass(shift=attendance.sign_up.shift)
            except TimeStandsStill as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, _("Two hours went by in a blink. You can check out now."))
    return redirect("demo_time")


def editor_texts(request: HttpRequest) -> HttpResponse:
    """What Wagtail's editor says in the browser, with ours where it has no Chinese."""
    return get_localized_response(EditorTexts.as_view(), request)


class EditorTexts(JavaScriptCatalog):
    packages = ["wagtail.admin"]

    def get_paths(self, packages: list[str]) -> list[Any]:
        return [*super().get_paths(packages), settings.LOCALE_PATHS[-1]]


def _way_back(request: HttpRequest) -> str:
    address = request.POST.get("next") or request.META.get("HTTP_REFERER", "")
    is_ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if is_ours else "/"
