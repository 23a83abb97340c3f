"""The venue's own code: the screen and the poster that show it, and what it opens on a phone."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.actions.attendance import look_ahead, refuse_scan, scan_again
from campaigns.actions.teams import MemberResult, nonce_of_member
from campaigns.asked import read_uuid, shift_to_run
from campaigns.browser_marks import browser_of, mark_browser
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
from campaigns.models import Attendance, Scan, Shift, SignUp, Team
from campaigns.outcomes import Outcome, ScanResult, result_of
from campaigns.permissions import get_team_led_by
from campaigns.venue_forms import VenuePressForm
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
    return _answer(request, code=code, volunteer=volunteer, is_admitted=is_admitted)


def _answer(
    request: HttpRequest, *, code: VenueCode, volunteer: Volunteer, is_admitted: bool
) -> HttpResponse:
    """What the press was answered; before the press the button, or why there is none."""
    result, team_results = _own_result(request, code, volunteer), _team_results(request, code)
    if result is not None or team_results:
        return _show_venue(request, code=code, result=result, team_results=team_results)
    if is_admitted and code.shift is not None:
        return _offer(request, code=code, shift=code.shift, volunteer=volunteer)
    result = _keep_refusal(request, code=code, volunteer=volunteer)
    return _show_venue(request, code=code, result=result)


def _offer(
    request: HttpRequest, *, code: VenueCode, shift: Shift, volunteer: Volunteer, wrong: str = ""
) -> HttpResponse:
    """The page before the press, with what a press would be answered."""
    ahead = look_ahead(shift=shift, volunteer=volunteer)
    team = get_team_led_by(request.user, shift)
    response = _show_venue(request, code=code, ahead=ahead, team=team, wrong=wrong)
    mark_browser(request, response)
    return response


def _press(
    request: HttpRequest, *, token: str, code: VenueCode, shift: Shift, volunteer: Volunteer
) -> HttpResponse:
    # Most people lead nobody: they are not asked about it in the twenty minutes when all arrive.
    team = get_team_led_by(request.user, shift) if "members" in request.POST else None
    form = VenuePressForm(request.POST, members=_members(team))
    if not form.is_valid():
        return _offer(request, code=code, shift=shift, volunteer=volunteer, wrong=form.sentence)
    nonce = form.act(
        code=code,
        shift=shift,
        volunteer=volunteer,
        team=team,
        by=request.user,  # type: ignore[arg-type]
        browser=browser_of(request),
    )
    return redirect(f"{reverse('venue_scan', args=[token])}?{urlencode({'scan': nonce})}")


def _members(team: Team | None) -> QuerySet[Volunteer]:
    """Those whom the leader checks in and out: who holds a place, without the leader."""
    places = SignUp.objects.holding().filter(team=team, team__isnull=False)
    led = Volunteer.objects.filter(pk__in=places.values("volunteer"))
    return led.exclude(pk=team.leader_id if team else None).defer("id_number").order_by("name")


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
    nonce = read_uuid(request.GET.get("scan", ""))
    result = scan_again(nonce=nonce) if nonce and request.method != "POST" else None
    is_own = result is not None and result.volunteer == volunteer and result.shift == code.shift
    return result if is_own else None


def _team_results(request: HttpRequest, code: VenueCode) -> list[MemberResult]:
    """What each member was answered by this press: only to who leads the team."""
    press = read_uuid(request.GET.get("scan", ""))
    if press is None or code.shift is None or request.method == "POST":
        return []
    members = _members(get_team_led_by(request.user, code.shift))
    found = [(member, scan_again(nonce=nonce_of_member(press, member))) for member in members]
    return [MemberResult(member, result) for member, result in found if result is not None]


def _show_venue(
    request: HttpRequest,
    *,
    code: VenueCode,
    result: ScanResult | None = None,
    ahead: ScanResult | None = None,
    outcome: Outcome | None = None,
    team: Team | None = None,
    team_results: Sequence[MemberResult] = (),
    wrong: str = "",
) -> HttpResponse:
    if outcome is not None:
        result = result_of(Scan(outcome=outcome, shift=code.shift, made_at=timezone.now()))
    shown = result or ahead
    is_done = result is not None or bool(team_results)
    is_code_wrong = shown is not None and shown.outcome in {"code_expired", "code_tampered"}
    context = {
        "shift": code.shift if code.state is not CodeState.TAMPERED else None,
        "result": shown,
        "wrong": wrong,
        "can_check_in": shown is None and not is_done,
        "can_check_out": not is_done and ahead is not None and ahead.outcome == "already_in",
        "leaves_early": code.shift is not None and timezone.now() < code.shift.ends_at - ON_TIME,
        "asks_distance": code.is_poster and _has_position(code.shift),
        "team": team,
        "team_results": team_results,
        "nonce": uuid.uuid4(),
        "other_nonce": uuid.uuid4(),
    }
    if team is not None and (ahead is None or ahead.is_harmless):
        context |= _team_by_state(team, code.shift)
    status = 410 if is_code_wrong else 422 if wrong else 200
    return render(request, "campaigns/venue_scan.html", context, status=status)


def _team_by_state(team: Team, shift: Shift | None) -> dict[str, list[Volunteer]]:
    """Who of the team has not come yet, and who is there and may leave."""
    members = list(_members(team))
    attended = Attendance.objects.filter(sign_up__shift=shift, volunteer__in=members)
    is_in = {attendance.volunteer_id: attendance.is_in for attendance in attended}
    return {
        "team_to_come": [member for member in members if member.pk not in is_in],
        "team_there": [member for member in members if is_in.get(member.pk)],
    }


def _has_position(shift: Shift | None) -> bool:
    return shift is not None and None not in (shift.activity.latitude, shift.activity.longitude)


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
    shift = shift_to_run(request, shift_id)
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
    return JsonResponse(_current_code(shift_to_run(request, shift_id)))


@login_required
@require_GET
def venue_poster(request: HttpRequest, shift_id: int) -> HttpResponse:
    shift = shift_to_run(request, shift_id)
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
    return {
        "svg": qr_svg(url=url),
        "url": url,
        "expires_in": math.ceil(seconds_left(at=now)),
        "now": now,  # so that the screen sees when its own clock stands wrong
    }
