"""A badge as Open Badges 3.0: the documents that say who gave it, for what, and that it holds.

Pure functions from rows to documents; points/data_integrity.py signs them. No name, no number, no
address of a person stands in any of them: the holder is an identifier that only we can trace.
"""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from points.campaign_pages import campaign_titles
from points.data_integrity import Document, in_utc, multikey, sign, to_base64url
from points.models import Badge, BadgeKey, Recognition
from volunteers.fields import keyed_hash
from volunteers.language import in_language
from volunteers.models import Organisation, Volunteer

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
# Of the issuer's document, which is published but not signed.
DIDS = "https://www.w3.org/ns/did/v1"
MULTIKEYS = "https://w3id.org/security/multikey/v1"

# One bit for each credential of a key; the standard wants no list shorter, so that nobody can tell
# from the list whom it speaks of.
STATUS_BITS = 131_072
# A copy of the list may be kept for so long; a revocation is known everywhere after it.
STATUS_TTL = timedelta(minutes=5)
# And a copy older than this counts no more.
STATUS_LASTS = timedelta(days=1)


def address_of(name: str, *arguments: object) -> str:
    """The full address of one of our pages, as it stands inside documents."""
    return settings.LINLI_BASE_URL + reverse(name, args=arguments)


def issuer_id(organisation: Organisation) -> str:
    """`did:web:linli.example:badges:keys:7`: verifiers fetch did.json from below that address.

    By the organisation's number, for its word in addresses may change and this may not.
    """
    place = urlsplit(address_of("badge_issuer_did", organisation.pk))
    parts = [place.netloc, *place.path.strip("/").split("/")[:-1]]
    return "did:web:" + ":".join(quote(part, safe="") for part in parts)


def verification_method(key: BadgeKey) -> str:
    return f"{issuer_id(key.organisation)}#{multikey(key.public_key)}"


def issuer_profile(organisation: Organisation) -> Document:
    """Who gives the badges, as it stands inside a credential."""
    profile: Document = {
        "id": issuer_id(organisation),
        "type": ["Profile"],
        "name": _in_both(organisation, "name", between=" · "),
        "url": address_of("badge_issuer", organisation.slug),
    }
    if about := _in_both(organisation, "about"):
        profile["description"] = about
    return profile


def issuer_document(*, organisation: Organisation, keys: Iterable[BadgeKey]) -> Document:
    """The profile with every key the organisation ever signed with: the DID document as well."""
    issuer = issuer_id(organisation)
    methods = [
        {
            "id": verification_method(key),
            "type": "Multikey",
            "controller": issuer,
            "publicKeyMultibase": multikey(key.public_key),
        }
        for key in keys
    ]
    return {
        "@context": [DIDS, MULTIKEYS, OPEN_BADGES],
        **issuer_profile(organisation),
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }


def achievement(badge: Badge) -> Document:
    """What the badge is and how it is earned."""
    return {
        "id": address_of("badge_achievement", badge.slug),
        "type": ["Achievement"],
        "achievementType": "Badge",
        "name": _in_both(badge, "name", between=" · "),
        "description": _in_both(badge, "about"),
        "criteria": {"narrative": _criteria_in_both(badge)},
    }


def achievement_document(badge: Badge) -> Document:
    """The same by itself, published under its own address."""
    return {
        "@context": [CREDENTIALS, OPEN_BADGES],
        **achievement(badge),
        "creator": issuer_profile(badge.issuer),
    }


def signed_credential(
    *, recognition: Recognition, key: BadgeKey, status_index: int, now: datetime
) -> Document:
    """The awarded badge, signed. `key` belongs to the badge's issuer."""
    badge = recognition.badge
    assert badge is not None
    status_list = address_of("badge_status", key.pk)
    document = {
        "@context": [CREDENTIALS, OPEN_BADGES],
        "id": address_of("badge_credential", recognition.public_id),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": _in_both(badge, "name", between=" · "),
        "issuer": issuer_profile(key.organisation),
        "validFrom": in_utc(recognition.awarded_at or now),
        "credentialSubject": {
            "id": holder_id(recognition.volunteer),
            "type": ["AchievementSubject"],
            "achievement": achievement(badge),
        },
        "credentialStatus": {
            "id": f"{status_list}#{status_index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(status_index),
            "statusListCredential": status_list,
        },
    }
    return _signed(document, key=key, now=now)


def signed_status_list(
    *, listed: BadgeKey, revoked: Iterable[int], signer: BadgeKey, now: datetime
) -> Document:
    """Which credentials of the key `listed` are revoked.

    `signer` is the key its organisation signs with today: a retired one signs no more.
    """
    place = address_of("badge_status", listed.pk)
    document = {
        "@context": [CREDENTIALS],
        "id": place,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer_id(listed.organisation),
        "validFrom": in_utc(now),
        "validUntil": in_utc(now + STATUS_LASTS),
        "credentialSubject": {
            "id": f"{place}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encode_bits(revoked),
            "ttl": int(STATUS_TTL.total_seconds() * 1000),
        },
    }
    return _signed(document, key=signer, now=now)


def holder_id(volunteer: Volunteer) -> str:
    """The same for all badges of one person, and to be traced to the person only by us."""
    digest = keyed_hash(f"badge holder {volunteer.public_id}")
    return f"urn:uuid:{uuid.UUID(hex=digest[:32], version=5)}"


def encode_bits(indexes: Iterable[int]) -> str:
    """A Bitstring Status List: bit 0 is the highest of the first byte; gzip, then multibase."""
    bits = bytearray(STATUS_BITS // 8)
    for index in indexes:
        bits[index // 8] |= 0x80 >> index % 8
    return "u" + to_base64url(gzip.compress(bytes(bits), mtime=0))


def criteria_in_words(badge: Badge) -> str:
    """How the badge is earned, in the reader's language."""
    return " ".join([_what_it_takes(badge), *_which_service_counts(badge)])


def _what_it_takes(badge: Badge) -> str:
    count = badge.threshold
    if badge.criterion == Badge.Criterion.HOURS:
        return ngettext(
            "For %(count)s confirmed hour of service.",
            "For %(count)s confirmed hours of service.",
            count,
        ) % {"count": count}
    if badge.criterion == Badge.Criterion.RELIABLE_DAYS:
        return ngettext(
            "For serving over %(count)s day without a single no-show.",
            "For serving over %(count)s days without a single no-show.",
            count,
        ) % {"count": count}
    return ngettext(
        "For serving %(count)s time, confirmed.",
        "For serving %(count)s times, each confirmed.",
        count,
    ) % {"count": count}


def _only_in_campaign(number: int) -> str:
    title, _address = campaign_titles([number]).get(number, ("", ""))
    if not title:
        return _("Only service in one particular campaign counts.")
    return _("Only service in the campaign “%(campaign)s” counts.") % {"campaign": title}


def _which_service_counts(badge: Badge) -> list[str]:
    words = []
    if badge.category:
        words.append(_("Only service of this kind counts: %(kind)s.") % {"kind": badge.category})
    if badge.organisation:
        words.append(
            _("Only service with %(organisation)s counts.") % {"organisation": badge.organisation}
        )
    if badge.campaign_number:
        words.append(_only_in_campaign(badge.campaign_number))
    if badge.begins_from and badge.begins_until:
        words.append(
            _("Only service that began between %(from)s and %(until)s counts.")
            % {"from": _clock(badge.begins_from), "until": _clock(badge.begins_until)}
        )
    return words


def _clock(at: time) -> str:
    return f"{at:%H:%M}"


def _in_both(thing: object, field: str, *, between: str = "\n\n") -> str:
    """Chinese, then English where there is some: the standard has one text for all readers."""
    texts = [getattr(thing, field), getattr(thing, f"{field}_en")]
    return between.join(dict.fromkeys(text for text in texts if text))


def _criteria_in_both(badge: Badge) -> str:
    texts = []
    for language in ("zh-hans", "en"):
        with translation.override(language):
            texts.append(f"{in_language(badge, 'about')}\n\n{criteria_in_words(badge)}")
    return "\n\n".join(dict.fromkeys(texts))


def _signed(document: Document, *, key: BadgeKey, now: datetime) -> Document:
    return sign(
        document,
        private_key=key.private_key,
        verification_method=verification_method(key),
        created=now,
    )
