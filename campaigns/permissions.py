"""Who may see and run which campaigns and shifts. Views reach what is not public only by these."""

from __future__ import annotations

from django.db.models import Exists, QuerySet

from volunteers.models import Membership
from volunteers.permissions import AnyUser, get_organisations_for, get_volunteer_for, is_city_staff

from .models import (
    Activity,
    Attendance,
    CampaignPage,
    CheckPoint,
    ConsoleDevice,
    Evidence,
    ScanFlag,
    Shift,
    SignUp,
    Team,
)
from .models.flags import ScanFlagQuerySet
from .models.shifts import ShiftQuerySet, SignUpQuerySet

# Those who plan and run an organisation's shifts. Finance keeps books and runs none.
RUNNING_ROLES = (Membership.Role.ORGANISER, Membership.Role.REVIEWER)


# Pages, shifts and sign-ups


def get_public_campaigns() -> QuerySet[CampaignPage]:
    return CampaignPage.objects.live()


def can_use_desk(user: AnyUser) -> bool:
    """Runs shifts somewhere: organiser or reviewer of an organisation, or the city's staff."""
    return get_organisations_for(user, roles=RUNNING_ROLES).exists()


def get_campaigns_for(user: AnyUser) -> QuerySet[CampaignPage]:
    """Campaigns, drafts too, of the organisations that the user organises or reviews for."""
    if is_city_staff(user):
        return CampaignPage.objects.all()
    return CampaignPage.objects.filter(
        organisation__in=get_organisations_for(user, roles=RUNNING_ROLES)
    )


def get_activities_for(user: AnyUser) -> QuerySet[Activity]:
    return Activity.objects.filter(campaign__in=get_campaigns_for(user))


def get_public_shifts() -> ShiftQuerySet:
    return Shift.objects.public()


def get_shifts_shown() -> ShiftQuerySet:
    """Shifts of public campaigns in whatever state: a press on one just called off gets words."""
    return Shift.objects.filter(activity__campaign__live=True)


def get_shifts_for(user: AnyUser) -> ShiftQuerySet:
    """Shifts, of whatever state, that the user may run."""
    if is_city_staff(user):
        return Shift.objects.all()
    return Shift.objects.filter(
        activity__campaign__organisation__in=get_organisations_for(user, roles=RUNNING_ROLES)
    )


def can_run_shift(user: AnyUser, shift: Shift) -> bool:
    return get_shifts_for(user).filter(pk=shift.pk).exists()


def can_open_shift(user: AnyUser, activity: Activity) -> bool:
    return get_activities_for(user).filter(pk=activity.pk).exists()


def get_sign_ups_for(user: AnyUser) -> SignUpQuerySet:
    """The user's own sign-ups, ended ones too."""
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return SignUp.objects.none()
    return SignUp.objects.filter(volunteer=volunteer)


# Coming and going


def get_attendances_for(user: AnyUser) -> QuerySet[Attendance]:
    """Who came to the shifts that the user may run."""
    return Attendance.objects.filter(sign_up__shift__in=get_shifts_for(user))


def get_evidence_for(user: AnyUser) -> QuerySet[Evidence]:
    """What was kept about the shifts that the user may run, photographs too."""
    return Evidence.objects.filter(shift__in=get_shifts_for(user))


def get_flags_for(user: AnyUser) -> ScanFlagQuerySet:
    """Scans to look at, of the organisations whose shifts the user runs; all for the city."""
    if is_city_staff(user):
        return ScanFlag.objects.all()
    return ScanFlag.objects.filter(
        organisation__in=get_organisations_for(user, roles=RUNNING_ROLES)
    )


def get_shifts_for_devices(user: AnyUser) -> ShiftQuerySet:
    """Shifts to come for which the user may register a device."""
    return get_shifts_for(user).open().upcoming()


def get_devices_for(user: AnyUser) -> QuerySet[ConsoleDevice]:
    """Devices of the organisations whose shifts the user runs: any of these may revoke them."""
    if is_city_staff(user):
        return ConsoleDevice.objects.all()
    return ConsoleDevice.objects.filter(
        organisation__in=get_organisations_for(user, roles=RUNNING_ROLES)
    )


# Patrols and teams


def get_check_points_for(user: AnyUser) -> QuerySet[CheckPoint]:
    """Of the activities whose shifts the user runs."""
    return CheckPoint.objects.filter(activity__in=get_activities_for(user))


def get_team_led_by(user: AnyUser, shift: Shift) -> Team | None:
    """The team whose members the user may check in and out at this shift. Who no longer holds a
    place there leads nobody."""
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return None
    place = SignUp.objects.holding().filter(shift=shift, volunteer=volunteer)
    return Team.objects.filter(shift=shift, leader=volunteer).filter(Exists(place)).first()
