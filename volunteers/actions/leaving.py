"""Taking one's data along, and leaving (P4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from volunteers.actions.organisations import dismiss_city_staff, remove_member
from volunteers.actions.security import log_security_event
from volunteers.models import (
    Consent,
    Guardian,
    MergeRequest,
    PhoneMessage,
    ProofCode,
    SecurityEvent,
    StudentAffiliation,
    User,
    Volunteer,
)
from volunteers.signals import account_closing, data_copy_asked, volunteer_closed

NOBODY = "已注销"  # stands where a name stood; the record of the service stays (R15)
UNPROVEN_KEPT = timedelta(days=1)


class CannotLeave(Exception):
    """The account cannot be closed now; the message says what to do first."""


@transaction.atomic
def close_account(*, user: User, by: User | None) -> None:
    """Close an account for good and make its person nameless.

    Service records stay, as the rules ask, but lead to nobody. Raises CannotLeave for the city's
    staff, who hand their work over first, and where a room above still needs the person.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if user.is_superuser:
        raise CannotLeave(_("This account runs the site. Hand that over first."))
    account_closing.send(sender=User, user=user, by=by)
    for membership in user.memberships.select_related("organisation", "user"):
        remove_member(membership=membership, by=by)
    if user.is_staff:
        dismiss_city_staff(user=user, by=by)
    for volunteer in Volunteer.objects.select_for_update(no_key=True).filter(user=user):
        anonymise_volunteer(volunteer=volunteer, by=by)
    _forget_account(user)
    log_security_event(kind=SecurityEvent.Kind.ACCOUNT_CLOSED, user=user, by=by)


@transaction.atomic
def anonymise_volunteer(*, volunteer: Volunteer, by: User | None) -> None:
    """Take away everything that says who this was. Holds the volunteer's row lock."""
    now = timezone.now()
    volunteer_closed.send(sender=Volunteer, volunteer=volunteer, by=by)
    volunteer.cards.filter(revoked_at=None).update(
        revoked_at=now, revoked_by=by, revoke_reason="account closed"
    )
    Consent.objects.filter(volunteer=volunteer, withdrawn_at=None).update(withdrawn_at=now)
    Consent.objects.filter(volunteer=volunteer).update(evidence="")
    StudentAffiliation.objects.filter(volunteer=volunteer).delete()
    Guardian.objects.filter(volunteer=volunteer).delete()
    ProofCode.objects.filter(volunteer=volunteer).delete()
    MergeRequest.objects.filter(state=MergeRequest.State.OPEN, kept=volunteer).update(
        state=MergeRequest.State.REFUSED, decided_at=now
    )
    volunteer.skills.clear()
    volunteer.categories.clear()
    volunteer.name, volunteer.sex, volunteer.birth_on = NOBODY, Volunteer.Sex.UNSTATED, None
    volunteer.id_type, volunteer.id_number, volunteer.id_number_hash = "", "", None
    volunteer.phone = volunteer.emergency_name = volunteer.emergency_phone = ""
    volunteer.community, volunteer.is_ranked, volunteer.closed_at = None, False, now
    volunteer.save()


def copy_data(*, volunteer: Volunteer) -> dict[str, Any]:
    """Everything Linli keeps about the person, JSON-serialisable. Rooms above add their part.

    The ID number stands in it unmasked: it is the person's own copy.
    """
    user = volunteer.user
    student = StudentAffiliation.objects.filter(volunteer=volunteer).first()
    guardian = Guardian.objects.filter(volunteer=volunteer).first()
    data: dict[str, Any] = {
        "made_at": timezone.now().isoformat(),
        "profile": _profile(volunteer),
        "account": _account(user) if user else None,
        "cards": [
            {
                "number": card.number,
                "kind": card.kind,
                "issued_at": card.issued_at.isoformat(),
                "expires_on": card.expires_on.isoformat(),
                "revoked_at": card.revoked_at.isoformat() if card.revoked_at else None,
            }
            for card in volunteer.cards.order_by("id")
        ],
        "student": _student(student) if student else None,
        "guardian": (
            {"name": guardian.name, "phone": guardian.phone, "relation": guardian.relation}
            if guardian
            else None
        ),
        "consents": [
            {
                "to": consent.notice.kind,
                "version": consent.notice.version,
                "given_at": consent.given_at.isoformat(),
                "withdrawn_at": consent.withdrawn_at.isoformat() if consent.withdrawn_at else None,
            }
            for consent in volunteer.consents.select_related("notice").order_by("id")
        ],
        "service_records": _records(volunteer),
        "no_shows": [
            {
                "day": no_show.missed_on.isoformat(),
                "organisation": no_show.organisation.name,
                "excused": no_show.excuse_reason,
            }
            for no_show in volunteer.no_shows.select_related("organisation").order_by("id")
        ],
        "security_log": _security_log(user) if user else [],
    }
    answers: list[Any] = data_copy_asked.send(sender=Volunteer, volunteer=volunteer)
    data |= dict(part for _receiver, part in answers if part)
    return data


def forget_unproven_accounts() -> int:
    """Delete sign-ups whose phone was never proven, a day later; returns how many."""
    unproven = User.objects.filter(
        phone=None,
        email=None,
        volunteer=None,
        last_login=None,
        is_active=True,
        is_staff=False,
        is_superuser=False,
        memberships=None,
        date_joined__lt=timezone.now() - UNPROVEN_KEPT,
    ).exclude(pending_phone="")
    count = 0
    for user in unproven[:1000]:
        user.delete()
        count += 1
    return count


def _forget_account(user: User) -> None:
    if user.phone:
        PhoneMessage.objects.filter(phone=user.phone).delete()
    for kept in (EmailAddress, Authenticator, SocialAccount, UserSession):
        kept.objects.filter(user=user).delete()
    user.name, user.email, user.phone, user.pending_phone = "", None, None, ""
    user.phone_verified_at, user.language, user.is_active = None, "", False
    user.set_unusable_password()
    user.groups.clear()
    user.save()


def _profile(volunteer: Volunteer) -> dict[str, Any]:
    return {
        "name": volunteer.name,
        "sex": volunteer.get_sex_display(),
        "birth_on": volunteer.birth_on.isoformat() if volunteer.birth_on else None,
        "id_document": volunteer.get_id_type_display(),
        "id_number": volunteer.id_number,
        "phone": volunteer.phone,
        "community": volunteer.community.name if volunteer.community else None,
        "community_code": volunteer.community.code if volunteer.community else None,
        "skills": [skill.name for skill in volunteer.skills.all()],
        "categories": [category.name for category in volunteer.categories.all()],
        "emergency_name": volunteer.emergency_name,
        "emergency_phone": volunteer.emergency_phone,
        "in_rankings": volunteer.is_ranked,
        "star_level": volunteer.star_level,
        "joined_at": volunteer.created_at.isoformat(),
        "entered_by_organisation": volunteer.entered_for.name if volunteer.entered_for else None,
    }


def _account(user: User) -> dict[str, Any]:
    return {
        "phone": user.phone,
        "email": user.email,
        "language": user.language,
        "joined_at": user.date_joined.isoformat(),
        "last_login": user.last_login.isoformat() if user.last_login else None,
    }


def _student(student: StudentAffiliation) -> dict[str, Any]:
    return {
        "university": student.university.name,
        "college": student.college,
        "student_number": student.student_number,
        "campus_email": student.campus_email,
        "proof": student.proof,
        "verified_at": student.verified_at.isoformat() if student.verified_at else None,
    }


def _records(volunteer: Volunteer) -> list[dict[str, Any]]:
    return [
        {
            "activity": record.activity_name,
            "role": record.role,
            "place": record.place,
            "organisation": record.organisation.name,
            "served_on": record.served_on.isoformat(),
            "credited_minutes": record.credited_minutes,
            "state": record.state,
            "quality": record.quality,
        }
        for record in volunteer.records.select_related("organisation").order_by("served_on", "id")
    ]


def _security_log(user: User) -> list[dict[str, Any]]:
    return [
        {"what": event.kind, "at": event.at.isoformat(), "address": event.address}
        for event in SecurityEvent.objects.filter(user=user).order_by("-id")[:1000]
    ]
