"""Consent: to which words, given when, by whom, taken back when (P1, P2, R2, R14)."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from volunteers.actions.security import log_security_event
from volunteers.models import Consent, ConsentNotice, Guardian, SecurityEvent, User, Volunteer
from volunteers.notices import first_notices
from volunteers.signals import consent_changed

Kind = ConsentNotice.Kind


class ConsentNeeded(Exception):
    """Something was to be kept for which there is no consent; the message asks for it."""


def get_notice(kind: str) -> ConsentNotice:
    """The notice in force. The first version is written down when it is first asked for."""
    newest = ConsentNotice.objects.filter(kind=kind).first()
    if newest:
        return newest
    notice, _made = ConsentNotice.objects.get_or_create(
        kind=kind, version=1, defaults=first_notices()[kind]._asdict()
    )
    return notice


@transaction.atomic
def publish_notice(*, kind: str, text: str, text_en: str) -> ConsentNotice:
    """A further version of the words. Consents to earlier ones stay what they were."""
    get_notice(kind)
    newest = ConsentNotice.objects.select_for_update(no_key=True).filter(kind=kind).first()
    version = newest.version + 1 if newest else 1
    return ConsentNotice.objects.create(kind=kind, version=version, text=text, text_en=text_en)


@transaction.atomic
def give_consent(
    *, volunteer: Volunteer, kind: str, by: User | None, evidence: str = ""
) -> Consent:
    """Log consent to the notice in force; the same again is the same row.

    `by` is who pressed: the person, or whoever of an organisation entered it, then with `evidence`.
    """
    volunteer = Volunteer.objects.select_for_update(no_key=True).get(pk=volunteer.pk)
    consent, _made = Consent.objects.get_or_create(
        volunteer=volunteer,
        notice=get_notice(kind),
        withdrawn_at=None,
        defaults={"entered_by": by, "evidence": evidence},
    )
    if kind == Kind.RANKING and not volunteer.is_ranked:
        volunteer.is_ranked = True
        volunteer.save(update_fields=["is_ranked"])
    consent_changed.send(sender=Volunteer, volunteer=volunteer, kind=kind)
    return consent


@transaction.atomic
def withdraw_consent(*, volunteer: Volunteer, kind: str, by: User | None) -> None:
    """Take back every version of it, and stop what it allowed.

    Without consent to the ID number the number goes. Raises ConsentNeeded for the privacy notice:
    the account cannot be kept without it, so taking it back means closing the account.
    """
    if kind == Kind.PRIVACY:
        raise ConsentNeeded(
            _("An account cannot be kept without this consent. You can close the account instead.")
        )
    volunteer = Volunteer.objects.select_for_update(no_key=True).get(pk=volunteer.pk)
    Consent.objects.filter(volunteer=volunteer, notice__kind=kind, withdrawn_at=None).update(
        withdrawn_at=timezone.now()
    )
    log_security_event(
        kind=SecurityEvent.Kind.CONSENT_WITHDRAWN, user=volunteer.user, by=by, detail=kind
    )
    if kind == Kind.RANKING:
        volunteer.is_ranked = False
        volunteer.save(update_fields=["is_ranked"])
    elif kind == Kind.ID_NUMBER:
        volunteer.id_type, volunteer.id_number, volunteer.id_number_hash = "", "", None
        volunteer.save(update_fields=["id_type", "id_number", "id_number_hash"])
    elif kind == Kind.GUARDIAN:
        Guardian.objects.filter(volunteer=volunteer).update(consented_at=None)
    consent_changed.send(sender=Volunteer, volunteer=volunteer, kind=kind)


def has_consent(*, volunteer: Volunteer, kind: str) -> bool:
    """True when some version is consented to and not taken back."""
    return Consent.objects.filter(
        volunteer=volunteer, notice__kind=kind, withdrawn_at=None
    ).exists()
