"""A session that nobody uses ends by itself (P-8)."""

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

REFRESH_SECONDS = 300  # a session is written this often at most, not at every request


class IdleLogoutMiddleware:
    """Stands behind AuthenticationMiddleware and moves the session's end along with its use.

    Whoever may enter the admin is signed out after LINLI_STAFF_IDLE_SECONDS without a request,
    everybody else after SESSION_COOKIE_AGE.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Without the cookie the session is not even looked at: the answer stays cacheable.
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            self._refresh(request)
        return self.get_response(request)

    def _refresh(self, request: HttpRequest) -> None:
        now = int(time.time())
        seen = request.session.get("seen", 0)
        if now - seen < REFRESH_SECONDS or not request.user.is_authenticated:
            return
        if request.user.has_perm("wagtailadmin.access_admin"):
            request.session.set_expiry(settings.LINLI_STAFF_IDLE_SECONDS)
        request.session["seen"] = now
