"""The desk's page for devices that check people in by a token of their own."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.actions.devices import ShiftsNotForDevice, revoke_device
from campaigns.desk_forms import DeviceForm
from campaigns.desk_views import organisers_only
from campaigns.permissions import get_devices_for, get_shifts_for_devices
from volunteers.qr import qr_svg

DEVICES_SHOWN = 50


@never_cache
@organisers_only
@require_http_methods(["GET", "HEAD", "POST"])
def desk_devices(request: HttpRequest) -> HttpResponse:
    """The token stands on the answer to the form alone: no address leads to it again."""
    form = DeviceForm(request.POST or None, shifts=get_shifts_for_devices(request.user))
    token = qr = ""
    if request.method == "POST" and form.is_valid():
        try:
            _device, token = form.register(by=request.user)
        except ShiftsNotForDevice as refusal:
            form.add_error("shifts", str(refusal))
        else:
            qr = qr_svg(url=_address_with(token))
            form = DeviceForm(shifts=get_shifts_for_devices(request.user))
    devices = get_devices_for(request.user).select_related("organisation", "account")
    context = {
        "form": form,
        "token": token,
        "qr": qr,
        "devices": devices.prefetch_related("shifts__activity")[:DEVICES_SHOWN],
        "now": timezone.now(),
    }
    return render(request, "campaigns/desk_devices.html", context)


@organisers_only
@require_POST
def desk_device_revoke(request: HttpRequest, device_id: int) -> HttpResponse:
    device = get_object_or_404(get_devices_for(request.user), pk=device_id)
    revoke_device(device=device, by=request.user)
    messages.success(request, _("Signed off. Its token opens nothing any more."))
    return redirect("desk_devices")


def _address_with(token: str) -> str:
    """Behind the #, which a browser keeps to itself: the token never stands in a server's log."""
    return f"{settings.LINLI_BASE_URL}{reverse('console_app')}#token={token}"
