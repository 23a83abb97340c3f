"""The venue's own code: the screen and the poster that show it, and what it opens on a phone."""

from __future__ import annotations

import math
import time
import uuid
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.actions.attendance import check_in, check_out, look_ahead, refuse_scan, scan_again
from campaigns.codes import (
    CodeState,
    VenueCode,
    poster_token,
    read_token,
    rotating_token,
    seconds_left,
    venue_url,
)
from campaigns.documents import poster_pdf
from campaigns.models import Scan, Shift
from campaigns.outcomes import Outcome, ScanResult, result_of
from campaigns.permissions import get_shifts_for
from volunteers.models import Volunteer
from volunteers.permissions import get_volunteer_for
from volunteers.qr import qr_svg

# A code that was fresh when this browser opened it stays good there for so long: time to sign
# in, or to find one's glasses. In another browser, on a screenshot, it is not.
REMEMBER_SECONDS = 10 * 60
MOST_REMEMBERED = 5
# Who leaves within the last minutes leaves on time.
ON_TIME = timedelta(minutes=15)

# What a venue's code opens


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def venue_scan(request: HttpRequest, token: str) -> HttpResponse:
    code = read_token(token)
    if code.state is CodeState.VALID and not code.is_poster:
        _remember(request, token)
    is_admitted = code.state is CodeState.VALID or (
        code.state is CodeState.EXPIRED and _is_remembered(request, token)
    )
    if not request.user.is_authenticated:
        if is_admitted:
            return redirect_to_login(request.get_full_path())
        return _show_venue(request, code=code, outcome=_refusal(code))
    volunteer = get_volunteer_for(request.user)
    if volunteer is None:
        return redirect(f"{reverse('my_profile')}?{urlencode({'next': request.get_full_path()})}")
    if is_admitted and code.shift is not None and request.method == "POST":
        return _press(request, token=token, code=code, shift=code.shift, volunteer=volunteer)
    result, ahead = _own_result(request, code, volunteer), None
    if result is None and is_admitted and code.shift is not None:
        ahead = look_ahead(shift=code.shift, volunteer=volunteer)
    elif result is None:
        result = _keep_refusal(request, code=code, volunteer=volunteer)
    return _show_venue(request, code=code, result=result, ahead=ahead)


def _press(
    request: HttpRequest, *, token: str, code: VenueCode, shift: Shift, volunteer: Volunteer
) -> HttpResponse:
    act = check_out if request.POST.get("kind") == Scan.Kind.OUT else check_in
    nonce = _nonce(request) or uuid.uuid4()
    act(shift=shift, volunteer=volunteer, door=code.door, by=request.user, nonce=nonce)
    return redirect(f"{reverse('venue_scan', args=[token])}?{urlencode({'scan': nonce})}")


def _keep_refusal(request: HttpRequest, *, code: VenueCode, volunteer: Volunteer) -> ScanResult:
    return refuse_scan(
        outcome=_refusal(code),
        shift=code.shift,
        volunteer=volunteer,
        kind=Scan.Kind.IN,
        door=code.door,
        by=request.user,
    )


def _refusal(code: VenueCode) -> Outcome:
    return Outcome.CODE_EXPIRED if code.state is CodeState.EXPIRED else Outcome.CODE_TAMPERED


def _own_result(request: HttpRequest, code: VenueCode, volunteer: Volunteer) -> ScanResult | None:
    """What the button's press was answered: only to who pressed it, only for this shift."""
    nonce = _uuid(request.GET.get("scan", ""))
    result = scan_again(nonce=nonce) if nonce and request.method != "POST" else None
    is_own = result is not None and result.volunteer == volunteer and result.shift == code.shift
    return result if is_own else None


def _show_venue(
    request: HttpRequest,
    *,
    code: VenueCode,
    result: ScanResult | None = None,
    ahead: ScanResult | None = None,
    outcome: Outcome | None = None,
) -> HttpResponse:
    if outcome is not None:
        result = result_of(Scan(outcome=outcome, shift=code.shift, made_at=timezone.now()))
    shown = result or ahead
    context = {
        "shift": code.shift if code.state is not CodeState.TAMPERED else None,
        "result": shown,
        "can_check_in": shown is None,
        "can_check_out": result is None and ahead is not None and ahead.outcome == "already_in",
        "leaves_early": code.shift is not None and timezone.now() < code.shift.ends_at - ON_TIME,
        "nonce": uuid.uuid4(),
    }
    is_code_wrong = shown is not None and shown.outcome in {"code_expired", "code_tampered"}
    return render(
        request, "campaigns/venue_scan.html", context, status=410 if is_code_wrong else 200
    )


def _remember(request: HttpRequest, token: str) -> None:
    now = int(time.time())
    kept = [
        (seen, at)
        for seen, at in request.session.get("venue_scans", [])
        if seen != token and now - at < REMEMBER_SECONDS
    ]
    request.session["venue_scans"] = [*kept, (token, now)][-MOST_REMEMBERED:]


def _is_remembered(request: HttpRequest, token: str) -> bool:
    return any(
        seen == token and time.time() - at < REMEMBER_SECONDS
        for seen, at in request.session.get("venue_scans", [])
    )


# What the venue shows


@never_cache
@login_required
@require_GET
def venue_screen(request: HttpRequest, shift_id: int) -> HttpResponse:
    shift = _shift_to_run(request, shift_id)
    context = {
        "shift": shift,
        "code_url": reverse("venue_code", args=[shift.pk]),
        "code": _current_code(shift),
    }
    return render(request, "campaigns/venue_screen.html", context)


@never_cache
@login_required
@require_GET
def venue_code(request: HttpRequest, shift_id: int) -> HttpResponse:
    """The code of this moment, for the screen that fetches the next one."""
    return JsonResponse(_current_code(_shift_to_run(request, shift_id)))


@login_required
@require_GET
def venue_poster(request: HttpRequest, shift_id: int) -> HttpResponse:
    shift = _shift_to_run(request, shift_id)
    campaign = shift.activity.campaign
    starts_at, ends_at = timezone.localtime(shift.starts_at), timezone.localtime(shift.ends_at)
    pdf = poster_pdf(
        url=venue_url(token=poster_token(shift=shift)),
        title=campaign.title,
        title_en=campaign.title_en,
        organisation=campaign.organisation.name,
        place=shift.activity.place,
        when=f"{starts_at:%Y-%m-%d %H:%M}–{ends_at:%H:%M}",
        contact=f"{shift.activity.contact_name} {shift.activity.contact_phone}".strip(),
    )
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="linli-poster-{shift.pk}.pdf"'
    return response


def _current_code(shift: Shift) -> dict[str, Any]:
    now = time.time()
    url = venue_url(token=rotating_token(shift=shift, at=now))
    return {"svg": qr_svg(url=url), "url": url, "expires_in": math.ceil(seconds_left(at=now))}


def _shift_to_run(request: HttpRequest, shift_id: int) -> Shift:
    shifts = get_shifts_for(request.user).select_related("activity__campaign__organisation")
    return get_object_or_404(shifts, pk=shift_id)


def _nonce(request: HttpRequest) -> uuid.UUID | None:
    return _uuid(request.POST.get("nonce", ""))


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
