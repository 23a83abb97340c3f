"""A family that may send points to one another, where the city allows it, within a limit.

Whoever founds, joins, leaves or sends holds the lock on the own account: nobody does two of these
at once, and who leaves at the moment of sending is either in the family or is not.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import log

from points.actions.accounts import accounts_within, lock_accounts, move_points
from points.models import Account, Family, FamilyMember, Movement
from volunteers.models import User, Volunteer, VolunteerCard

MOST_MEMBERS = 8


class FamilyRefused(Exception):
    """Nothing was changed; `str()` is the sentence for the person who asked."""

    sentence: str | Promise = ""

    def __str__(self) -> str:
        return str(self.sentence)


class FamilyPointsOff(FamilyRefused):
    sentence = _("Here points stay with whoever earned them.")


class AlreadyInFamily(FamilyRefused):
    sentence = _("You belong to a family already.")


class NotInFamily(FamilyRefused):
    sentence = _("You do not belong to this family.")


class NoSuchCard(FamilyRefused):
    sentence = _("No valid card has this number. Please look at the card once more.")


class InvitedAlready(FamilyRefused):
    sentence = _("This person is in your family or has been invited already.")


class FamilyFull(FamilyRefused):
    def __str__(self) -> str:
        return gettext("A family here has at most %(count)s people.") % {"count": MOST_MEMBERS}


class InvitationGone(FamilyRefused):
    sentence = _("This invitation is not there any more.")


class NotOfTheFamily(FamilyRefused):
    sentence = _("This person is not in your family any more. Your points are all still there.")


class TooFewToSend(FamilyRefused):
    sentence = _("You do not have that many points.")


class NothingToSend(FamilyRefused):
    sentence = _("At least one point.")


class SendingFormUsed(FamilyRefused):
    sentence = _("This form has been used already. Please open the page again.")


class FamilyLimitReached(FamilyRefused):
    def __init__(self, *, left_points: int) -> None:
        super().__init__(left_points)
        self.left_points = left_points

    def __str__(self) -> str:
        return gettext("You can send %(points)s more points this month.") % {
            "points": self.left_points
        }


def monthly_limit() -> int:
    """How many points one person may send within the family in a calendar month; 0: off."""
    return int(settings.LINLI_FAMILY_POINTS_A_MONTH)


def found_family(*, volunteer: Volunteer, name: str, by: User) -> Family:
    """Raises AlreadyInFamily, FamilyPointsOff."""
    _check_on()
    with transaction.atomic():
        lock_accounts(volunteers=[volunteer])
        if _membership(volunteer) is not None:
            raise AlreadyInFamily
        family = Family.objects.create(name=name, founded_by=volunteer)
        FamilyMember.objects.create(
            family=family, volunteer=volunteer, invited_by=by, joined_at=timezone.now()
        )
    return family


def invite_to_family(*, volunteer: Volunteer, card_number: str, by: User) -> FamilyMember:
    """A member invites whoever has this volunteer's card. Raises FamilyRefused."""
    _check_on()
    with transaction.atomic():
        lock_accounts(volunteers=[volunteer])
        own = _membership(volunteer)
        if own is None:
            raise NotInFamily
        family = Family.objects.select_for_update(no_key=True).get(pk=own.family_id)
        invited = _card_holder(card_number)
        if family.members.filter(volunteer=invited).exists():
            raise InvitedAlready
        if family.members.count() >= MOST_MEMBERS:
            raise FamilyFull
        return FamilyMember.objects.create(family=family, volunteer=invited, invited_by=by)


def accept_invitation(*, invitation: FamilyMember, by: User) -> FamilyMember:
    """The invited person says yes. Raises AlreadyInFamily, InvitationGone."""
    _check_on()
    with transaction.atomic():
        lock_accounts(volunteers=[invitation.volunteer])
        # The last member may be leaving at this moment, and take the family along.
        Family.objects.select_for_update(no_key=True).filter(pk=invitation.family_id).first()
        row = _lock_membership(invitation)
        if row.joined_at is not None:
            return row
        if _membership(row.volunteer) is not None:
            raise AlreadyInFamily
        row.joined_at = timezone.now()
        row.save(update_fields=["joined_at"])
        log(instance=row.family, action="points.join_family", user=by)
    return row


def refuse_invitation(*, invitation: FamilyMember, by: User) -> None:
    with transaction.atomic():
        lock_accounts(volunteers=[invitation.volunteer])
        FamilyMember.objects.filter(pk=invitation.pk, joined_at=None).delete()
        log(instance=invitation.family, action="points.refuse_family", user=by)


def leave_family(*, volunteer: Volunteer, by: User | None) -> None:
    """The last one to leave takes the family, and whoever was still invited, along."""
    with transaction.atomic():
        lock_accounts(volunteers=[volunteer])
        own = _membership(volunteer)
        if own is None:
            return
        family = Family.objects.select_for_update().get(pk=own.family_id)
        own.delete()
        log(instance=family, action="points.leave_family", user=by)
        if not family.members.filter(joined_at__isnull=False).exists():
            family.delete()


def let_go_of_family(*, volunteer: Volunteer, by: User | None) -> None:
    """Whoever closes the account is in no family and invited to none."""
    leave_family(volunteer=volunteer, by=by)
    FamilyMember.objects.filter(volunteer=volunteer).delete()


def send_family_points(
    *, sender: Volunteer, receiver: Volunteer, points: int, nonce: uuid.UUID, by: User
) -> Movement:
    """Points to somebody of the own family; they keep the days on which they lapse.

    The same nonce sends once. Raises FamilyRefused.
    """
    _check_on()
    if points < 1:
        raise NothingToSend
    reference = f"family:{nonce}"
    with transaction.atomic():
        accounts = lock_accounts(volunteers=[sender, receiver])
        debit, credit = accounts[sender.pk], accounts[receiver.pk]
        earlier = Movement.objects.filter(reference=reference).first()
        if earlier is not None:
            asked = (debit.pk, credit.pk, points)
            if (earlier.debit_account_id, earlier.credit_account_id, earlier.points) != asked:
                raise SendingFormUsed
            return earlier
        if not _are_family(sender, receiver):
            raise NotOfTheFamily
        left = points_left_to_send(volunteer=sender)
        if points > left:
            raise FamilyLimitReached(left_points=left)
        if points > debit.balance_points:
            raise TooFewToSend
        return move_points(
            debit=debit,
            credit=credit,
            points=points,
            kind=Movement.Kind.FAMILY,
            reference=reference,
            by=by,
        )


def points_left_to_send(*, volunteer: Volunteer) -> int:
    """What remains of this calendar month's limit, other registrations of the person included."""
    month_began = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    account = Account.objects.filter(volunteer=volunteer).first()
    sent = Movement.objects.filter(
        debit_account__in=accounts_within(account) if account else [],
        kind=Movement.Kind.FAMILY,
        created_at__gte=month_began,
    ).aggregate(points=Sum("points"))["points"]
    return max(0, monthly_limit() - (sent or 0))


def _check_on() -> None:
    if monthly_limit() < 1:
        raise FamilyPointsOff


def _membership(volunteer: Volunteer) -> FamilyMember | None:
    return FamilyMember.objects.filter(volunteer=volunteer, joined_at__isnull=False).first()


def _lock_membership(invitation: FamilyMember) -> FamilyMember:
    row = (
        FamilyMember.objects.select_for_update(of=("self",), no_key=True)
        .select_related("volunteer")
        .defer("volunteer__id_number")
        .filter(pk=invitation.pk)
        .first()
    )
    if row is None:
        raise InvitationGone
    return row


def _card_holder(number: str) -> Volunteer:
    wanted = number.replace(" ", "").upper()
    card = VolunteerCard.objects.valid().filter(number=wanted).select_related("volunteer").first()
    if card is None or card.volunteer.closed_at is not None:
        raise NoSuchCard
    return card.volunteer


def _are_family(one: Volunteer, other: Volunteer) -> bool:
    own = _membership(one)
    return (
        own is not None
        and one.pk != other.pk
        and FamilyMember.objects.filter(
            family=own.family_id, volunteer=other, joined_at__isnull=False
        ).exists()
    )
