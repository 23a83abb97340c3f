"""Pages whose form leads to the payment service: browsers must be told that it may."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

PAYMENT_HOSTS = ("https://checkout.stripe.com", "https://invoice.stripe.com")

View = Callable[..., HttpResponse]


def leads_to_payment(view: View) -> View:
    """Chromium applies `form-action` to where a form's answer leads, not only to its address.

    Only these pages may send there: the rest of the site keeps its narrow policy.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response._csp_update = {"form-action": list(payment_hosts())}  # type: ignore[attr-defined]
        return response

    return inner


def payment_hosts() -> tuple[str, ...]:
    """Where the payment pages are; in tests and the demo that is another place."""
    if not settings.LINLI_STRIPE_URL:
        return PAYMENT_HOSTS
    parts = urlsplit(settings.LINLI_STRIPE_URL)
    return (*PAYMENT_HOSTS, f"{parts.scheme}://{parts.netloc}")
