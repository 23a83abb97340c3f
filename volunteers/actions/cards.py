"""The volunteer-service card: issued once, revoked when lost, issued anew."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from stdnum import damm

from volunteers.actions.security import log_security_event
from volunteers.models import SecurityEvent, User, Volunteer, VolunteerCard

CARD_YEARS = 5
STUDENT_CARD_YEARS = 4


class CardNotIssued(Exception):
    """The card cannot be issued; the message is what the person reads."""


@transaction.atomic
def issue_card(
    *, volunteer: Volunteer, kind: str = VolunteerCard.Kind.SAFETY, by: User | None
) -> VolunteerCard:
    """Return the card in force, issuing it when there is none: pressing twice gives one card.

    Raises CardNotIssued for a merged or closed volunteer, and for a student card without a
    proven affiliation.
    """
    volunteer = Volunteer.objects.select_for_update(no_key=True).get(pk=volunteer.pk)
    if volunteer.merged_into_id or volunteer.closed_at:
        raise CardNotIssued(_("This registration is no longer in use."))
    if kind == VolunteerCard.Kind.STUDENT and not _is_student(volunteer):
        raise CardNotIssued(_("A student card needs a proven affiliation with a university."))
    in_force = volunteer.cards.filter(revoked_at=None).first()
    if in_force and in_force.is_valid and in_force.kind == kind:
        return in_force
    if in_force:
        _revoke(in_force, reason=_why_replaced(in_force), by=by)
    return VolunteerCard.objects.create(
        volunteer=volunteer, kind=kind, number=next_card_number(), expires_on=_expiry(kind)
    )


@transaction.atomic
def revoke_card(*, card: VolunteerCard, reason: str, by: User | None) -> VolunteerCard:
    """The card's code shows as no longer valid from this moment; harmless the second time."""
    card = VolunteerCard.objects.select_for_update(no_key=True).get(pk=card.pk)
    if card.revoked_at is None:
        _revoke(card, reason=reason, by=by)
    return card


@transaction.atomic
def reissue_card(*, volunteer: Volunteer, reason: str, by: User | None) -> VolunteerCard:
    """A lost phone or a copied code: the old card ends, a new one with another code begins."""
    volunteer = Volunteer.objects.select_for_update(no_key=True).get(pk=volunteer.pk)
    old = volunteer.cards.filter(revoked_at=None).first()
    kind = old.kind if old else VolunteerCard.Kind.SAFETY
    if old:
        _revoke(old, reason=reason, by=by)
    if kind == VolunteerCard.Kind.STUDENT and not _is_student(volunteer):
        kind = VolunteerCard.Kind.SAFETY
    return issue_card(volunteer=volunteer, kind=kind, by=by)


def next_card_number() -> str:
    """Draw the next number. A number once drawn is never drawn again, even after a rollback."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('volunteers_card_number')")
        row = cursor.fetchone()
    assert row is not None
    return card_number(row[0])


def card_number(sequence: int) -> str:
    """Nine digits and a Damm check digit, which finds every single slip and every swapped pair."""
    digits = f"{sequence:09d}"
    return digits + damm.calc_check_digit(digits)


def is_card_number(text: str) -> bool:
    """True when the check digit agrees: a mistyped number is told apart from an unknown one."""
    return len(text) == 10 and text.isdigit() and bool(damm.is_valid(text))


def _is_student(volunteer: Volunteer) -> bool:
    student = getattr(volunteer, "student", None)
    return student is not None and student.verified_at is not None


def _expiry(kind: str) -> date:
    years = STUDENT_CARD_YEARS if kind == VolunteerCard.Kind.STUDENT else CARD_YEARS
    return timezone.localdate() + timedelta(days=365 * years)


def _why_replaced(card: VolunteerCard) -> str:
    return "replaced by a card of another kind" if card.is_valid else "expired"


def _revoke(card: VolunteerCard, *, reason: str, by: User | None) -> None:
    """Holds the volunteer's or the card's row lock."""
    card.revoked_at = timezone.now()
    card.revoked_by = by
    card.revoke_reason = reason[:200]
    card.save(update_fields=["revoked_at", "revoked_by", "revoke_reason"])
    log_security_event(
        kind=SecurityEvent.Kind.CARD_REVOKED,
        user=card.volunteer.user,
        by=by,
        detail=f"{card.number}: {reason}",
    )
