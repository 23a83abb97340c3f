"""What anyone may see of an awarded badge, and what a verifier of Open Badges asks for."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from points.actions.credentials import revoked_places
from points.models import Badge, BadgeCredential, BadgeKey, Recognition
from points.openbadges import (
    STATUS_TTL,
    achievement_document,
    criteria_in_words,
    issuer_document,
    signed_status_list,
)
from points.permissions import badge_name_token, can_see_badge_name, is_own_recognition
from volunteers.models import Organisation

CREDENTIAL_TYPE = "application/vc+ld+json"


@never_cache
@require_safe
def badge_page(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Who has the badge (masked, unless the holder gave out the link with the name), and since."""
    shown = Recognition.objects.filter(kind=Recognition.Kind.BADGE).select_related(
        "volunteer", "badge__issuer", "badge__category", "badge__organisation", "credential"
    )
    recognition = get_object_or_404(shown.defer("volunteer__id_number"), public_id=public_id)
    badge = recognition.badge
    is_own = is_own_recognition(request.user, recognition)
    with_name = can_see_badge_name(request.user, recognition, token=request.GET.get("name", ""))
    context = {
        "recognition": recognition,
        "badge": badge,
        "criteria": criteria_in_words(badge) if badge else "",
        "is_in_force": recognition.state == Recognition.State.AWARDED,
        "holder": recognition.volunteer.name if with_name else recognition.volunteer.masked_name,
        "is_own": is_own,
        "name_token": badge_name_token(recognition) if is_own else "",
    }
    response = render(request, "points/badge.html", context)
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
def badge_credential(_request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """The signed document. Whether it still holds stands in the status list."""
    credential = get_object_or_404(BadgeCredential, recognition__public_id=public_id)
    return _document(credential.document, content_type=CREDENTIAL_TYPE)


@require_safe
def badge_issuer(_request: HttpRequest, slug: str) -> HttpResponse:
    return _issuer(get_object_or_404(Organisation, slug=slug))


@require_safe
def badge_issuer_did(_request: HttpRequest, organisation_id: int) -> HttpResponse:
    """The same document where verifiers of did:web look for it."""
    return _issuer(get_object_or_404(Organisation, pk=organisation_id))


@require_safe
def badge_status(_request: HttpRequest, key_id: int) -> HttpResponse:
    """Signed anew for each asker: it says what holds now."""
    keys = BadgeKey.objects.select_related("organisation").defer("private_key")
    listed = get_object_or_404(keys, pk=key_id)
    # The key in use, or the newest where the office retired all of them.
    signers = listed.organisation.badge_keys.select_related("organisation")
    document = signed_status_list(
        listed=listed,
        revoked=revoked_places(key=listed),
        signer=signers.order_by(F("retired_at").desc(nulls_first=True), "-pk")[0],
        now=timezone.now(),
    )
    return _document(document, content_type=CREDENTIAL_TYPE)


@require_safe
def badge_achievement(_request: HttpRequest, slug: str) -> HttpResponse:
    badges = Badge.objects.select_related("issuer", "category", "organisation")
    return _document(achievement_document(get_object_or_404(badges, slug=slug)))


def _issuer(organisation: Organisation) -> HttpResponse:
    keys = organisation.badge_keys.select_related("organisation").defer("private_key")
    document = issuer_document(organisation=organisation, keys=keys.order_by("-pk"))
    return _document(document)


def _document(document: dict[str, Any], *, content_type: str = "application/json") -> HttpResponse:
    response = JsonResponse(
        document, content_type=content_type, json_dumps_params={"ensure_ascii": False, "indent": 2}
    )
    response["Cache-Control"] = f"public, max-age={int(STATUS_TTL.total_seconds())}"
    # Public by nature: a verifier that runs in somebody's browser may read it too.
    response["Access-Control-Allow-Origin"] = "*"
    return response
