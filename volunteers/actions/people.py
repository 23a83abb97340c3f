"""People: joining, being entered, claiming, changing what is known, leaving."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from volunteers.actions.consents import ConsentNeeded, give_consent, has_consent
from volunteers.actions.merges import merge_volunteers
from volunteers.actions.security import log_security_event
from volunteers.fields import keyed_hash
from volunteers.identity import InvalidIdNumber, read_id_number, same_name
from volunteers.models import (
    Category,
    ConsentNotice,
    Guardian,
    MergeRequest,
    Organisation,
    SecurityEvent,
    Skill,
    Territory,
    User,
    Volunteer,
)
from volunteers.signals import community_changed

UNSET: Any = object()
ADULT_AGE = 18
CONSENT_OF_GUARDIAN_BELOW = 14  # P2: below this nothing is kept without a guardian's consent


class NotJoined(Exception):
    """The person could not be registered; the message says why."""


class AlreadyRegistered(Exception):
    """The ID number belongs to another registration (E4): it can be claimed or merged."""

    def __init__(self, other: Volunteer) -> None:
        super().__init__(_("This ID number is already registered."))
        self.other = other


class ClaimRefused(Exception):
    """The registration cannot be taken over; the message says why."""


@transaction.atomic
def register_volunteer(
    *, user: User, name: str, community: Territory | None, by: User | None
) -> Volunteer:
    """Return the account's volunteer, making one at the first call.

    A registration that an organisation entered under the account's proven phone number and under
    the same name is taken over instead of making a second one (E4); one under another name is left
    for the person to ask about. Consent to the privacy notice is the caller's to log.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    own = Volunteer.objects.active().filter(user=user).first()
    if own:
        return own
    name = name.strip()
    if not name:
        raise NotJoined(_("Please give your name."))
    entered = [v for v in _entered_under(user.phone) if same_name(v.name, name)]
    if entered:
        claimed = claim_volunteer(volunteer=entered[0], user=user, name=name)
        for again in entered[1:]:  # two organisations entered the same person
            merge_volunteers(
                kept=claimed, merged=again, proof=MergeRequest.Proof.PHONE_CODE, by=user
            )
        if community and claimed.community_id is None:
            claimed.community = community
            claimed.save(update_fields=["community"])
            community_changed.send(sender=Volunteer, volunteer=claimed)
        return claimed
    if not user.name:
        user.name = name
        user.save(update_fields=["name"])
    return Volunteer.objects.create(
        user=user, name=name, community=community, phone=user.phone or "", entered_by=by
    )


@transaction.atomic
def enter_volunteer(
    *,
    name: str,
    phone: str,
    community: Territory | None,
    organisation: Organisation,
    evidence: str,
    by: User,
    birth_on: date | None = None,
) -> Volunteer:
    """An organisation enters somebody who cannot do it alone, with their consent (R2).

    `evidence` says how the consent was given ("signed form 12"). The same person entered twice by
    one organisation is one row. Raises ConsentNeeded without evidence.
    """
    if not evidence.strip():
        raise ConsentNeeded(_("Please say how the person gave consent."))
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    for known in Volunteer.objects.active().filter(
        user=None, entered_for=organisation, phone=phone
    ):
        if phone and same_name(known.name, name):
            return known
    volunteer = Volunteer.objects.create(
        name=name.strip(),
        phone=phone,
        community=community,
        birth_on=birth_on,
        entered_by=by,
        entered_for=organisation,
    )
    give_consent(
        volunteer=volunteer, kind=ConsentNotice.Kind.PRIVACY, by=by, evidence=evidence.strip()
    )
    return volunteer


@transaction.atomic
def claim_volunteer(*, volunteer: Volunteer, user: User, name: str) -> Volunteer:
    """Give a registration that an organisation entered to the account that proved its phone.

    Raises ClaimRefused when the number or the name is another, when somebody has claimed it, and
    when the account has a registration of its own (then the two are merged instead).
    """
    volunteer = Volunteer.objects.select_for_update(no_key=True).get(pk=volunteer.pk)
    if volunteer.user_id == user.pk:
        return volunteer
    if volunteer.user_id or volunteer.merged_into_id or volunteer.closed_at:
        raise ClaimRefused(_("Somebody has claimed this registration already."))
    if not user.phone or user.phone != volunteer.phone:
        raise ClaimRefused(_("This registration stands under another phone number."))
    if not same_name(volunteer.name, name):
        raise ClaimRefused(_("This registration stands under another name."))
    volunteer.user = user
    volunteer.claimed_at = timezone.now()
    try:
        with transaction.atomic():
            volunteer.save(update_fields=["user", "claimed_at"])
    except IntegrityError:
        raise ClaimRefused(_("Your account has a registration already.")) from None
    if not user.name:
        User.objects.filter(pk=user.pk).update(name=volunteer.name)
    log_security_event(
        kind=SecurityEvent.Kind.VOLUNTEER_CLAIMED,
        user=user,
        by=user,
        detail=f"volunteer {volunteer.pk}",
    )
    return volunteer


@transaction.atomic
def update_profile(
    *,
    volunteer: Volunteer,
    by: User | None,
    name: str = UNSET,
    sex: int = UNSET,
    birth_on: date | None = UNSET,
    phone: str = UNSET,
    community: Territory | None = UNSET,
    emergency_name: str = UNSET,
    emergency_phone: str = UNSET,
    skills: Iterable[Skill] = UNSET,
    categories: Iterable[Category] = UNSET,
) -> Volunteer:
    """Change what is given and leave the rest.

    Raises InvalidIdNumber when the birth date or the sex contradicts the ID number that is kept.
    """
    volunteer = Volunteer.objects.select_for_update(no_key=True).get(pk=volunteer.pk)
    given = {
        "name": name,
        "sex": sex,
        "birth_on": birth_on,
        "phone": phone,
        "community": community,
        "emergency_name": emergency_name,
        "emergency_phone": emergency_phone,
    }
    changed = {field: value for field, value in given.items() if value is not UNSET}
    moved = community is not UNSET and community != volunteer.community
    for field, value in changed.items():
        setattr(volunteer, field, value)
    if volunteer.id_number and {"birth_on", "sex"} & changed.keys():
        _refuse_contradiction(volunteer)
    if changed:
        volunteer.save(update_fields=[*changed])
    if moved:
        community_changed.send(sender=Volunteer, volunteer=volunteer)
    if changed and by and by.pk != volunteer.user_id:
        log_security_event(
            kind=SecurityEvent.Kind.PROFILE_CHANGED_FOR,
            user=volunteer.user,
            by=by,
            detail=f"volunteer {volunteer.pk}: {', '.join(changed)}",
        )
    if "name" in changed and volunteer.user_id and volunteer.user:
        User.objects.filter(pk=volunteer.user_id).update(name=volunteer.name)
    if skills is not UNSET:
        volunteer.skills.set(skills)
    if categories is not UNSET:
        volunteer.categories.set(categories)
    return volunteer


@transaction.atomic
def set_id_number(
    *, volunteer: Volunteer, id_type: str, number: str, consented: bool, by: User | None
) -> Volunteer:
    """Keep an ID number, encrypted (P6), with the separate consent it needs (P2).

    A birth date and sex that the number carries fill in what is not known. Raises ConsentNeeded,
    InvalidIdNumber (wrong shape, or another birth date than the profile's), AlreadyRegistered.
    """
    volunteer = Volunteer.objects.select_for_update(no_key=True).get(pk=volunteer.pk)
    identity = read_id_number(id_type=id_type, text=number)
    if not consented and not has_consent(volunteer=volunteer, kind=ConsentNotice.Kind.ID_NUMBER):
        raise ConsentNeeded(_("We may keep an ID number only if you agree to it."))
    if _is_child(identity.birth_on or volunteer.birth_on) and not _has_guardian(volunteer):
        raise ConsentNeeded(_("Below fourteen, a guardian has to agree first."))
    number_hash = keyed_hash(f"{id_type}:{identity.number}")
    other = find_by_id_number(id_type=id_type, number=identity.number)
    if other and other.pk != volunteer.pk:
        raise AlreadyRegistered(other)
    if identity.birth_on and volunteer.birth_on not in (None, identity.birth_on):
        raise InvalidIdNumber(_("The birth date in your profile is not the one in this number."))
    volunteer.id_type, volunteer.id_number = id_type, identity.number
    volunteer.id_number_hash = number_hash
    volunteer.birth_on = identity.birth_on or volunteer.birth_on
    volunteer.sex = volunteer.sex if identity.sex is None else identity.sex
    try:
        with transaction.atomic():
            volunteer.save(
                update_fields=["id_type", "id_number", "id_number_hash", "birth_on", "sex"]
            )
    except IntegrityError:  # two people pressed at once: the database let one of them
        found = find_by_id_number(id_type=id_type, number=identity.number)
        if found is None:
            raise
        raise AlreadyRegistered(found) from None
    give_consent(volunteer=volunteer, kind=ConsentNotice.Kind.ID_NUMBER, by=by)
    log_security_event(
        kind=SecurityEvent.Kind.ID_NUMBER_SET, user=volunteer.user, by=by, detail=id_type
    )
    return volunteer


def find_by_id_number(*, id_type: str, number: str) -> Volunteer | None:
    """Who has this number (in its normal form), among registrations in use."""
    number_hash = keyed_hash(f"{id_type}:{number}")
    return Volunteer.objects.active().filter(id_number_hash=number_hash).first()


@transaction.atomic
def set_guardian(*, volunteer: Volunteer, name: str, phone: str, relation: str) -> Guardian:
    """Name a minor's guardian (R20). A change of the guardian needs the guardian's consent anew.

    Naming one is not consent: that comes by `confirm_guardian`, from the guardian's own phone.
    """
    volunteer = Volunteer.objects.select_for_update(no_key=True).get(pk=volunteer.pk)
    guardian = Guardian.objects.filter(volunteer=volunteer).first() or Guardian(volunteer=volunteer)
    if (guardian.name, guardian.phone) != (name, phone):
        guardian.consented_at = None
    guardian.name, guardian.phone, guardian.relation = name, phone, relation
    guardian.save()
    return guardian


@transaction.atomic
def confirm_guardian(*, guardian: Guardian, by: User | None) -> Guardian:
    """The guardian's phone agreed (a proof code, see actions/proofs.py)."""
    guardian.consented_at = timezone.now()
    guardian.save(update_fields=["consented_at"])
    give_consent(
        volunteer=guardian.volunteer,
        kind=ConsentNotice.Kind.GUARDIAN,
        by=by,
        evidence=f"code sent to the guardian's phone {guardian.phone[-4:]}",
    )
    return guardian


def needs_guardian(volunteer: Volunteer) -> bool:
    """True for a minor whose guardian has not agreed (R20)."""
    age = volunteer.age_on(timezone.localdate())
    return age is not None and age < ADULT_AGE and not _has_guardian(volunteer)


@transaction.atomic
def set_star_level(*, levels: dict[int, int]) -> None:
    """Write star levels (0–5) by volunteer id; the card shows them."""
    by_level: dict[int, list[int]] = {}
    for volunteer_id, level in sorted(levels.items()):
        by_level.setdefault(level, []).append(volunteer_id)
    for level, ids in by_level.items():
        Volunteer.objects.filter(id__in=ids).exclude(star_level=level).update(star_level=level)


def _is_child(birth_on: date | None) -> bool:
    """Below the age from which consent of one's own is enough (P2)."""
    if birth_on is None:
        return False
    age = Volunteer(birth_on=birth_on).age_on(timezone.localdate())
    return age is not None and age < CONSENT_OF_GUARDIAN_BELOW


def _has_guardian(volunteer: Volunteer) -> bool:
    guardian = Guardian.objects.filter(volunteer=volunteer).first()
    return guardian is not None and guardian.consented_at is not None


def _entered_under(phone: str | None) -> list[Volunteer]:
    """Unclaimed registrations under a number, locked, oldest first."""
    if not phone:
        return []
    found = Volunteer.objects.active().select_for_update(no_key=True).filter(user=None, phone=phone)
    return list(found.order_by("id"))


def _refuse_contradiction(volunteer: Volunteer) -> None:
    identity = read_id_number(id_type=volunteer.id_type, text=volunteer.id_number)
    if identity.birth_on and volunteer.birth_on != identity.birth_on:
        raise InvalidIdNumber(_("Your ID number carries another birth date."))
    if identity.sex is not None and volunteer.sex not in (identity.sex, Volunteer.Sex.UNSTATED):
        raise InvalidIdNumber(_("Your ID number does not agree with this."))


@transaction.atomic
def follow_phone(*, user: User, old: str, address: str | None) -> None:
    """The account has another number by now: the volunteer's follows if it was the same."""
    Volunteer.objects.filter(user=user, phone=old).update(phone=user.phone or "")
    log_security_event(
        kind=SecurityEvent.Kind.PHONE_CHANGED,
        user=user,
        by=user,
        address=address,
        detail=f"…{old[-4:]} to …{(user.phone or '')[-4:]}",
    )
