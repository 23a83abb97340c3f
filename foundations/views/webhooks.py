"""Where gateways knock: who did not sign is sent away; the rest is kept, and worked on later."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from foundations.actions.notifications import nudge_notifications, receive_notifications
from foundations.gateway import NotGenuine, get_gateway

MOST_BYTES = 512 * 1024


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """The platform's own events."""
    return _hear(request, door="platform")


@csrf_exempt
@require_POST
def stripe_connect_webhook(request: HttpRequest) -> HttpResponse:
    """Events of the foundations' accounts."""
    return _hear(request, door="connect")


def _hear(request: HttpRequest, *, door: str) -> HttpResponse:
    gateway = get_gateway("stripe")
    if not gateway.hears(door):
        # Stripe tries again for days whatever we answer, and by then there may be a secret.
        return HttpResponse(status=404)
    if len(_body(request)) > MOST_BYTES:
        return HttpResponse(status=413)
    try:
        told = gateway.parse_notification(body=request.body, headers=request.headers, door=door)
    except NotGenuine:
        return HttpResponse(status=400)
    if receive_notifications(gateway=gateway.name, told=told):
        nudge_notifications()
    return HttpResponse(status=200)


def _body(request: HttpRequest) -> bytes:
    """No more than what is needed to see that it is too much."""
    said = request.headers.get("Content-Length", "")
    if said.isdecimal() and int(said[:18]) > MOST_BYTES:
        return b" " * (MOST_BYTES + 1)
    return request.body
