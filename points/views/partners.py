"""The counter: a partner's phone opens its secret link once and hands rewards over from then on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from points.actions.pick_up import (
    CodeUnknown,
    HandedOutElsewhere,
    PickUpRefused,
    collect_redemption,
    find_waiting,
)
from points.forms.rewards import CodeForm
from points.models import Partner, Redemption
from points.partner_phones import partner_of, remember_partner
from points.permissions import get_handed_over_by, get_redemptions_for
from volunteers.limits import LockedOut, forgive_code, take_code

WRONG_CODES_AN_HOUR = 20
SHOWN = 20


@never_cache
@require_safe
def partner_desk(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the secret link. From now on this phone is the partner's."""
    partner = get_object_or_404(Partner.objects.active(), token=token)
    response = _desk(request, partner, form=CodeForm())
    remember_partner(request, response, partner=partner)
    return response


@never_cache
@require_safe
def find_pick_up(request: HttpRequest) -> HttpResponse:
    """The eight digits, typed instead of scanned."""
    form = CodeForm(request.GET or None)
    if form.is_valid():
        return redirect("pick_up", form.cleaned_data["code"])
    partner = partner_of(request)
    if partner is None:
        return render(request, "points/show_at_counter.html")
    return _desk(request, partner, form=form)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pick_up(request: HttpRequest, code: str) -> HttpResponse:
    """Where the QR code leads: the partner hands over, the owner sees the own, others nothing."""
    partner = partner_of(request)
    if partner is None:
        return _without_partner(request, code)
    handed_over = False
    try:
        redemption = _look_up(partner, code)
        if request.method == "POST":
            redemption = collect_redemption(code=code, partner=partner)
            handed_over = True
    except (PickUpRefused, LockedOut) as refusal:
        context = {"partner": partner, "refusal": str(refusal), "form": CodeForm()}
        return render(request, "points/pick_up.html", context)
    context = {
        "partner": partner,
        "redemption": redemption,
        "handed_over": handed_over,
        "form": CodeForm(),
    }
    return render(request, "points/pick_up.html", context)


def _look_up(partner: Partner, code: str) -> Redemption:
    """Every code is counted before it is looked up; one of this partner's counts for nothing."""
    who = str(partner.pk)
    take_code(who=who, what="pick-up", an_hour=WRONG_CODES_AN_HOUR)
    try:
        redemption = find_waiting(code=code, partner=partner)
    except (CodeUnknown, HandedOutElsewhere):
        raise
    except PickUpRefused:
        forgive_code(who=who, what="pick-up")
        raise
    forgive_code(who=who, what="pick-up")
    return redemption


def _without_partner(request: HttpRequest, code: str) -> HttpResponse:
    """The same page for every code there is or is not; only the owner is led to the own."""
    own = get_redemptions_for(request.user).filter(code=code).first()  # type: ignore[arg-type]
    if own is not None:
        return redirect("my_redemption", own.pk)
    return render(request, "points/show_at_counter.html")


def _desk(request: HttpRequest, partner: Partner, *, form: CodeForm) -> HttpResponse:
    began = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    context = {
        "partner": partner,
        "form": form,
        "places": partner.places.all(),
        "today": get_handed_over_by(partner).filter(collected_at__gte=began)[:SHOWN],
    }
    return render(request, "points/partner_desk.html", context)
