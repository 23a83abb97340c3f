"""The organiser's console: cards scanned or numbers typed at the door."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from campaigns.actions.attendance import scan_again, scan_card
from campaigns.asked import read_uuid, shift_to_run
from campaigns.models import Scan, Shift
from campaigns.models.attendance import Door
from campaigns.outcomes import ScanResult, clock, result_of
from campaigns.permissions import get_shifts_for

# A console may say when it saw a card, for the connection may have dropped in between. Older
# than this, the time of arrival counts: hours are not made up afterwards (E3).
MOST_DELAY = timedelta(minutes=15)
RECENT_SCANS = 20


@never_cache
@login_required
@require_GET
def console(request: HttpRequest, shift_id: int) -> HttpResponse:
    shift = shift_to_run(request, shift_id)
    nonce = read_uuid(request.GET.get("scan", ""))
    result = scan_again(nonce=nonce) if nonce else None
    context = {
        "shift": shift,
        "scan_url": reverse("console_scan", args=[shift.pk]),
        "recent_scans": [_answer(result_of(scan)) for scan in _recent_scans(shift)],
        "kind": request.GET.get("kind", ""),
        "nonce": uuid.uuid4(),
        "result": _answer(result) if result and result.shift == shift else None,
    }
    return render(request, "campaigns/console.html", context)


@never_cache
@login_required
@require_POST
def console_scan(request: HttpRequest, shift_id: int) -> HttpResponse:
    """One scanned card or typed number. JSON for the console, a redirect for a plain form."""
    shift = get_object_or_404(get_shifts_for(request.user), pk=shift_id)
    kind = request.POST.get("kind", Scan.Kind.IN)
    nonce = _nonce(request)
    if kind not in Scan.Kind.values or (nonce is None and request.POST.get("nonce")):
        sentence = _("This scan is not complete.")
        wrong = {"outcome": "refused", "code": "bad_request", "message": sentence}
        return JsonResponse(wrong | {"name": "", "time": ""}, status=400)
    nonce = nonce or uuid.uuid4()
    result = scan_card(
        shift=shift,
        card=request.POST.get("card", ""),
        kind=kind,
        by=request.user,
        made_at=_made_at(request),
        nonce=nonce,
    )
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse(_answer(result))
    page = reverse("console", args=[shift.pk])
    return redirect(f"{page}?{urlencode({'kind': kind, 'scan': nonce})}")


def _answer(result: ScanResult) -> dict[str, str]:
    """What the console shows. Somebody who is not expected here is not named in full."""
    name = ""
    if result.volunteer is not None:
        is_known = result.attendance is not None and not result.is_refused
        name = result.volunteer.name if is_known else result.volunteer.masked_name
    return {
        "outcome": "ok" if result.is_done else "warn" if result.is_harmless else "refused",
        "code": result.outcome.value,
        "message": result.sentence,
        "name": name,
        "time": clock(result.at),
    }


def _recent_scans(shift: Shift) -> list[Scan]:
    return list(
        Scan.objects.filter(shift=shift, door=Door.CONSOLE)
        .select_related(
            "volunteer", "shift", "attendance__record", "attendance__sign_up__shift__activity"
        )
        .defer("volunteer__id_number")
        .order_by("-received_at")[:RECENT_SCANS]
    )


def _made_at(request: HttpRequest) -> datetime | None:
    """Told as seconds ago: a clock time would bring the tablet's wrong clock along."""
    try:
        seconds_ago = float(request.POST.get("seconds_ago", ""))
    except ValueError:
        return None
    if 0 < seconds_ago <= MOST_DELAY.total_seconds():
        return timezone.now() - timedelta(seconds=seconds_ago)
    return None


def _nonce(request: HttpRequest) -> uuid.UUID | None:
    return read_uuid(request.POST.get("nonce", ""))
