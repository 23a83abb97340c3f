"""A volunteer's own scan of the venue's code, with their own phone."""

from __future__ import annotations

import uuid

from django.db import transaction

from campaigns.actions.attendance import check_in, check_out
from campaigns.models import Scan, Shift
from campaigns.outcomes import ScanResult
from volunteers.actions.consents import give_consent, has_consent
from volunteers.models import ConsentNotice, User, Volunteer

LOCATION = ConsentNotice.Kind.LOCATION


@transaction.atomic
def scan_own(
    *,
    shift: Shift,
    volunteer: Volunteer,
    kind: str,
    door: str,
    nonce: uuid.UUID,
    by: User,
    browser: str = "",
    distance_m: int | None = None,
) -> ScanResult:
    """Check oneself in or out; otherwise as `check_in`.

    Who tells how far away they are agrees to it by telling (P3): that consent is logged too.
    """
    if distance_m is not None and not has_consent(volunteer=volunteer, kind=LOCATION):
        give_consent(volunteer=volunteer, kind=LOCATION, by=by)
    act = check_out if kind == Scan.Kind.OUT else check_in
    return act(
        shift=shift,
        volunteer=volunteer,
        door=door,
        by=by,
        nonce=nonce,
        browser=browser,
        distance_m=distance_m,
    )
