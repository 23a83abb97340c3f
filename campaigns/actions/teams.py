"""Teams of a shift: three to five people, whose leader's phone checks all of them in and out."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import log

from campaigns.actions.attendance import check_in, check_out
from campaigns.models import Scan, Shift, SignUp, Team
from campaigns.outcomes import ScanResult
from volunteers.models import User, Volunteer


class TeamRefused(Exception):
    """str() is the sentence the organiser sees."""

    sentence: Any = ""

    def __str__(self) -> str:
        return str(self.sentence)


class TeamTooSmall(TeamRefused):
    sentence = _("A team has at least three people, its leader among them.")


class TeamTooLarge(TeamRefused):
    sentence = _("A team has at most five people, its leader among them.")


class NotOnRoster(TeamRefused):
    """Somebody does not hold a place at the shift, or no longer."""

    sentence = _("Somebody you chose no longer holds a place at this shift.")


class AlreadyInTeam(TeamRefused):
    sentence = _("Somebody you chose is in another team already.")


class TeamNameTaken(TeamRefused):
    sentence = _("There is a team of that name already.")


class ShiftEnded(TeamRefused):
    sentence = _("This shift is over or called off: its teams stay as they are.")


def form_team(
    *, shift: Shift, name: str, leader: Volunteer, members: Collection[Volunteer], by: User | None
) -> Team:
    """Make a team of the leader and `members`, all of whom hold a place at the shift.

    Raises TeamTooSmall, TeamTooLarge, NotOnRoster, AlreadyInTeam, TeamNameTaken or ShiftEnded.
    """
    everybody = {leader.pk} | {member.pk for member in members}
    if len(everybody) < Team.SMALLEST:
        raise TeamTooSmall
    if len(everybody) > Team.LARGEST:
        raise TeamTooLarge
    try:
        with transaction.atomic():
            sign_ups = _hold_places(shift, everybody)
            if len(sign_ups) < len(everybody):
                raise NotOnRoster
            if any(sign_up.team_id for sign_up in sign_ups):
                raise AlreadyInTeam
            if Team.objects.filter(shift=shift, leader=leader).exists():
                raise AlreadyInTeam
            team = Team.objects.create(shift=shift, name=name, leader=leader, made_by=by)
            SignUp.objects.filter(pk__in=[own.pk for own in sign_ups]).update(team=team)
            log(instance=team, action="wagtail.create", user=by, data={"people": len(sign_ups)})
            return team
    except IntegrityError as error:
        raise TeamNameTaken from error


def rename_team(*, team: Team, name: str, by: User | None) -> Team:
    """Raises TeamNameTaken."""
    try:
        with transaction.atomic():
            team.name = name
            team.save(update_fields=["name"])
            log(instance=team, action="wagtail.edit", user=by)
    except IntegrityError as error:
        raise TeamNameTaken from error
    return team


@transaction.atomic
def dissolve_team(*, team: Team, by: User | None) -> None:
    """Everybody keeps their place, and whatever the leader scanned for them stays."""
    log(instance=team, action="wagtail.delete", user=by, deleted=True)
    team.delete()


def move_led_teams(*, kept: Volunteer, merged: Volunteer) -> None:
    """Two registrations turned out to be one person (E4): the teams they led follow them."""
    led = Team.objects.filter(leader=merged)
    own = Team.objects.filter(leader=kept).values("shift")
    led.exclude(shift__in=own).update(leader=kept)


def _hold_places(shift: Shift, volunteers: Iterable[int]) -> list[SignUp]:
    """Lock the shift, then the places: two teams made at once do not share a member."""
    held = Shift.objects.select_for_update(no_key=True).get(pk=shift.pk)
    if held.state != Shift.State.OPEN or held.closed_at is not None:
        raise ShiftEnded
    sign_ups = SignUp.objects.select_for_update(no_key=True).holding()
    return list(sign_ups.filter(shift=shift, volunteer__in=volunteers).order_by("pk"))


# The leader's phone


@dataclass(frozen=True)
class MemberResult:
    """What one member of a team was answered."""

    volunteer: Volunteer
    result: ScanResult


def scan_team(
    *,
    team: Team,
    members: Collection[Volunteer],
    kind: str,
    door: str,
    nonce: uuid.UUID,
    by: User,
) -> list[MemberResult]:
    """Check in or out those members whom the leader has seen, each with an answer of its own.

    One refused member holds back no other. `nonce` is the press's own: pressed twice, every
    member is scanned once.
    """
    act = check_out if kind == Scan.Kind.OUT else check_in
    return [
        MemberResult(
            member,
            act(
                shift=team.shift,
                volunteer=member,
                door=door,
                by=by,
                nonce=nonce_of_member(nonce, member),
            ),
        )
        for member in members
    ]


def nonce_of_member(press: uuid.UUID, member: Volunteer) -> uuid.UUID:
    return uuid.uuid5(press, str(member.pk))
