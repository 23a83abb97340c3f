"""A partner's phone: whoever opened the secret link stays known there, by a signed cookie.

The cookie holds no secret of its own: it names the partner and a digest of the link's token, so
that a renewed link shuts out every phone that opened the old one.
"""

from __future__ import annotations

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from points.models import Partner

COOKIE = "linli_partner"
SALT = "points.partner_phones"
KEPT_SECONDS = 120 * 24 * 3600


def remember_partner(request: HttpRequest, response: HttpResponse, *, partner: Partner) -> None:
    response.set_signed_cookie(
        COOKIE,
        f"{partner.pk}:{_digest(partner)}",
        salt=SALT,
        max_age=KEPT_SECONDS,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def partner_of(request: HttpRequest) -> Partner | None:
    """The partner whose link was opened on this phone, if that link still holds."""
    try:
        kept = request.get_signed_cookie(COOKIE, salt=SALT, max_age=KEPT_SECONDS)
    except (KeyError, signing.BadSignature):
        return None
    number, _colon, digest = (kept or "").partition(":")
    partner = Partner.objects.active().filter(pk=number).first()
    if partner is None or not constant_time_compare(digest, _digest(partner)):
        return None
    return partner


def _digest(partner: Partner) -> str:
    return salted_hmac(SALT, partner.token).hexdigest()[:32]
