"""Badges as Open Badges 3.0 follow the recognitions: state says what is owed."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from points.data_integrity import new_key
from points.models import BadgeCredential, BadgeKey, Recognition
from points.openbadges import STATUS_BITS, signed_credential
from volunteers.models import Organisation

# A key whose list is half full signs no more: places stay easy to find, and hard to guess.
CREDENTIALS_PER_KEY = STATUS_BITS // 2


def ensure_badge_key(*, organisation: Organisation) -> BadgeKey:
    """The key the organisation signs with; made when there is none. Holds its row's lock.

    Two that come at once find the same one: the constraint lets in the first, the other waits.
    """
    with transaction.atomic():
        key = _key_in_use(organisation)
        if key is not None and _has_room(key):
            return key
        if key is not None:
            key.retired_at = timezone.now()
            key.save(update_fields=["retired_at"])
        public_key, private_key = new_key()
        fresh = BadgeKey(organisation=organisation, public_key=public_key, private_key=private_key)
        BadgeKey.objects.bulk_create([fresh], ignore_conflicts=True)
        key = _key_in_use(organisation)
        assert key is not None
        return key


def issue_credentials(*, limit: int = 200) -> int:
    """Sign up to `limit` awarded badges that have no credential yet; returns how many."""
    with transaction.atomic():
        owed = _without_credential(_lock_owed(limit=limit))
        by_issuer: defaultdict[Organisation, list[Recognition]] = defaultdict(list)
        for recognition in owed:
            assert recognition.badge is not None
            by_issuer[recognition.badge.issuer].append(recognition)
        # Keys are locked in one order, so that two workers never wait for one another.
        for issuer in sorted(by_issuer, key=lambda organisation: organisation.pk):
            _issue(by_issuer[issuer], key=ensure_badge_key(organisation=issuer))
    return len(owed)


def revoke_credentials(*, limit: int = 1000) -> int:
    """Revoke the credentials of badges that were withdrawn; returns how many."""
    with transaction.atomic():
        owed = list(
            BadgeCredential.objects.filter(
                recognition__state=Recognition.State.WITHDRAWN, revoked_at=None
            )
            .select_for_update(of=("self",), skip_locked=True, no_key=True)
            .order_by("pk")
            .values_list("pk", flat=True)[:limit]
        )
        BadgeCredential.objects.filter(pk__in=owed).update(revoked_at=timezone.now())
    return len(owed)


def revoked_places(*, key: BadgeKey) -> list[int]:
    """The places of the key's list that say "revoked"; a withdrawn badge before its sweep too."""
    withdrawn = Q(recognition__state=Recognition.State.WITHDRAWN)
    revoked = key.credentials.filter(withdrawn | Q(revoked_at__isnull=False))
    return list(revoked.order_by("status_index").values_list("status_index", flat=True))


def _lock_owed(*, limit: int) -> list[int]:
    return list(
        Recognition.objects.awarded()
        .filter(kind=Recognition.Kind.BADGE, credential=None)
        .select_for_update(of=("self",), skip_locked=True, no_key=True)
        .order_by("pk")
        .values_list("pk", flat=True)[:limit]
    )


def _without_credential(locked: list[int]) -> list[Recognition]:
    """Looked at again under the lock: whoever held it before may have issued some of them."""
    return list(
        Recognition.objects.filter(pk__in=locked, credential=None)
        .select_related("badge__issuer", "badge__category", "badge__organisation", "volunteer")
        .defer("volunteer__id_number")  # nothing that is not needed is deciphered
        .order_by("pk")
    )


def _issue(recognitions: list[Recognition], *, key: BadgeKey) -> None:
    now = timezone.now()
    places = _free_places(key)
    BadgeCredential.objects.bulk_create(
        _credential(recognition, key=key, status_index=next(places), now=now)
        for recognition in recognitions
    )


def _credential(
    recognition: Recognition, *, key: BadgeKey, status_index: int, now: datetime
) -> BadgeCredential:
    document = signed_credential(
        recognition=recognition, key=key, status_index=status_index, now=now
    )
    return BadgeCredential(
        recognition=recognition, key=key, status_index=status_index, document=document
    )


def _free_places(key: BadgeKey) -> Iterator[int]:
    """Places of the key's list that nobody has, in no order: a place tells nothing of its holder.

    Under the key's lock nobody else takes one meanwhile.
    """
    taken = set(key.credentials.values_list("status_index", flat=True))
    while True:
        place = secrets.randbelow(STATUS_BITS)
        if place not in taken:
            taken.add(place)
            yield place


def _key_in_use(organisation: Organisation) -> BadgeKey | None:
    return (
        BadgeKey.objects.filter(organisation=organisation, retired_at=None)
        .select_related("organisation")
        .select_for_update(of=("self",), no_key=True)
        .first()
    )


def _has_room(key: BadgeKey) -> bool:
    return key.credentials.count() < CREDENTIALS_PER_KEY
