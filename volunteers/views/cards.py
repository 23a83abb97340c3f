from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from volunteers.actions.cards import CardNotIssued, issue_card, reissue_card
from volunteers.card_codes import (
    STEP_SECONDS,
    card_url,
    keys_for_page,
    rotating_url,
    signed_url,
)
from volunteers.documents import card_pdf
from volunteers.forms.people import ReasonForm
from volunteers.models import StudentAffiliation, Volunteer, VolunteerCard
from volunteers.qr import qr_svg

from .access import next_url, volunteer_required


@volunteer_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_card(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    """The card on the phone. POST issues it where there is none, or none that is valid."""
    card = volunteer.cards.filter(revoked_at=None).first()
    if request.method == "POST":
        try:
            issue_card(volunteer=volunteer, kind=_kind_for(volunteer), by=request.user)  # type: ignore[arg-type]
        except CardNotIssued as error:
            messages.error(request, str(error))
        return redirect(next_url(request, reverse("my_card")))
    context: dict[str, Any] = {
        "card": card,
        "volunteer": volunteer,
        "affiliation": _affiliation(volunteer),
        "level_label": level_label(volunteer.star_level),
        "wanted_kind": _kind_for(volunteer),
    }
    if card is None:
        return render(request, "volunteers/my_card.html", context)
    now = timezone.now()
    keys = _keys(card, at=now)
    context |= {
        "qr": qr_svg(url=rotating_url(card.token, now)),
        "card_code": json.dumps(keys),
        # For a browser without JavaScript: the next code, a second after its step has begun.
        "renewed_in": STEP_SECONDS + 1 - int(now.timestamp()) % STEP_SECONDS,
        "reason_form": ReasonForm(),
    }
    response = render(request, "volunteers/my_card.html", context)
    # card-worker.js keeps the page until then: afterwards it could only show a card without a code.
    response["X-Card-Until"] = keys["days"][-1]["to_step"] * STEP_SECONDS
    return response


@volunteer_required
@require_safe
def my_card_keys(_request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    """For the open page: the keys of today and tomorrow again, and what time it really is."""
    card = volunteer.cards.filter(revoked_at=None).first()
    now = timezone.now()
    return JsonResponse(_keys(card, at=now) if card else {"days": [], "server_time": _ms(now)})


@never_cache
@require_safe
def card_worker(_request: HttpRequest) -> HttpResponse:
    """The card page's service worker. From here and not from /static/: a worker may only stand
    before the addresses beneath its own, and this one is to stand before nothing but the card."""
    script = Path(settings.STATICFILES_DIRS[0], "js", "card-worker.js").read_text(encoding="utf-8")
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")


@volunteer_required
@require_POST
def reissue_my_card(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    """A lost phone: the old code stops working at once."""
    form = ReasonForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        reissue_card(
            volunteer=volunteer, reason=reason or "asked for by the holder", by=request.user  # type: ignore[arg-type]
        )  # fmt: skip
        messages.success(request, _("Your new card is ready. The old one is no longer valid."))
    except CardNotIssued as error:
        messages.error(request, str(error))
    return redirect("my_card")


@volunteer_required
@require_safe
def my_card_pdf(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    card = volunteer.cards.filter(revoked_at=None).first()
    if card is None:
        messages.info(request, _("You have no card yet. One press and it is there."))
        return redirect("my_card")
    return card_pdf_response(card)


def card_pdf_response(card: VolunteerCard) -> HttpResponse:
    """The card in its real size on a page, to print. The caller has checked whose it is."""
    volunteer = card.volunteer
    pdf = card_pdf(
        url=signed_url(card.token, card.expires_on),
        number=card.number,
        holder=volunteer.name,
        kind=card.get_kind_display(),
        level=level_label(volunteer.star_level),
        issuer=_("Linli"),
        issued_on=timezone.localdate(card.issued_at),
        affiliation=_affiliation(volunteer),
    )
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="linli-card-{card.number}.pdf"'
    return response


def _keys(card: VolunteerCard, *, at: datetime) -> dict[str, Any]:
    return {
        "address": card_url(card.token),
        "server_time": _ms(at),
        "days": keys_for_page(card.token, at=at),
    }


def _ms(at: datetime) -> int:
    """As browsers count time."""
    return int(at.timestamp() * 1000)


def level_label(level: int) -> str:
    if not level:
        return _("No stars yet")
    return _("%(level)s-star volunteer") % {"level": level}


def _kind_for(volunteer: Volunteer) -> str:
    is_student = StudentAffiliation.objects.filter(
        volunteer=volunteer, verified_at__isnull=False
    ).exists()
    return VolunteerCard.Kind.STUDENT if is_student else VolunteerCard.Kind.SAFETY


def _affiliation(volunteer: Volunteer) -> str:
    """The university for a proven student, otherwise the community."""
    student = (
        StudentAffiliation.objects.filter(volunteer=volunteer, verified_at__isnull=False)
        .select_related("university")
        .first()
    )
    if student:
        return str(student.university)
    return str(volunteer.community) if volunteer.community else ""
