"""What staff's pages ask for beyond a password (P8)."""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.core.exceptions import RateLimited
from allauth.core.ratelimit import respond_429
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from volunteers.permissions import has_staff_role

STAFF_PATHS = ("/admin/", "/desk/", "/console/", "/documents/")
LAST_SEEN = "linli_staff_seen"
SEEN_EVERY_SECONDS = 60


class StaffGuard:
    """On staff's pages: a second factor where the settings demand it, and an end to idle sessions.

    Other pages pass by with one comparison of their path.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(STAFF_PATHS) and request.user.is_authenticated:
            refusal = self._idle(request) or self._one_factor(request)
            if refusal:
                return refusal
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """allauth raises RateLimited past its own views when a code is asked for too soon."""
        if isinstance(exception, RateLimited):
            answer: HttpResponse = respond_429(request)
            return answer
        return None

    def _idle(self, request: HttpRequest) -> HttpResponse | None:
        now = int(time.time())
        seen = request.session.get(LAST_SEEN)
        if seen and now - seen > settings.LINLI_STAFF_IDLE_SECONDS:
            logout(request)
            messages.info(request, _("You were away for a while. Please sign in again."))
            return redirect_to_login(request.get_full_path())
        if not seen or now - seen >= SEEN_EVERY_SECONDS:
            request.session[LAST_SEEN] = now
        return None

    def _one_factor(self, request: HttpRequest) -> HttpResponse | None:
        if not getattr(settings, "LINLI_STAFF_TWO_FACTOR", False):
            return None
        user = request.user
        # Also whom another room let into the admin: who keeps a foundation's books.
        is_staff = has_staff_role(user) or user.has_perm("wagtailadmin.access_admin")  # type: ignore[arg-type]
        if not is_staff or is_mfa_enabled(user):  # type: ignore[arg-type]
            return None
        messages.warning(
            request, _("Staff sign in with two factors. Please add an authenticator or a passkey.")
        )
        return redirect("mfa_index")
