"""The link by which a mailbox shows that it is somebody's: signed, good for one hour."""

from __future__ import annotations

from django.core import signing

SALT = "foundations.own-gifts"
LINK_SECONDS = 3600


def link_token(*, email: str) -> str:
    return signing.dumps(email, salt=SALT, compress=True)


def read_link(token: str) -> str | None:
    """Whose mailbox it was sent to; None for a link that is false or too old."""
    try:
        email = signing.loads(token, salt=SALT, max_age=LINK_SECONDS)
    except signing.BadSignature:
        return None
    return email if isinstance(email, str) else None
