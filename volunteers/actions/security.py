"""The security log (P7): who came in, who was kept out, who changed what others may do."""

from __future__ import annotations

from django.http import HttpRequest

from volunteers.models import SecurityEvent, User


def log_security_event(
    *,
    kind: SecurityEvent.Kind,
    user: User | None,
    by: User | None = None,
    address: str | None = None,
    detail: str = "",
) -> SecurityEvent:
    """Add one line. `detail` names things, never secrets: no code, no ID number, no full phone."""
    return SecurityEvent.objects.create(
        kind=kind, user=user, by=by, address=address or None, detail=detail[:200]
    )


def address_of(request: HttpRequest | None) -> str | None:
    """The client's address, as far as allauth's settings trust the proxies in front of us."""
    if request is None:
        return None
    from allauth.account.adapter import get_adapter

    address: str = get_adapter(request).get_client_ip(request)
    return address
