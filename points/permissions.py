"""Who may see which points: the only door by which a view reaches what is not public."""

from __future__ import annotations

from datetime import timedelta

from django.core.signing import BadSignature, TimestampSigner
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from points.models import (
    Account,
    Anomaly,
    FamilyMember,
    Movement,
    Partner,
    PointsProject,
    Recognition,
    Redemption,
    StarObjection,
    YearlyHonour,
)
from volunteers.models import (
    Organisation,
    ServiceRecord,
    User,
    Volunteer,
    VolunteerCard,
)
from volunteers.permissions import (
    AnyUser,
    Role,
    get_organisations_for,
    get_volunteer_for,
    is_city_staff,
    is_member,
)


def get_account_for(user: AnyUser) -> Account | None:
    """The account's own points; None before the first movement."""
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return None
    return Account.objects.filter(volunteer=volunteer).first()


def get_movements_for(user: AnyUser) -> QuerySet[Movement]:
    """In and out of the own account, newest first."""
    account = get_account_for(user)
    if account is None:
        return Movement.objects.none()
    return (
        Movement.objects.filter(Q(credit_account=account) | Q(debit_account=account))
        .select_related("record", "redemption__reward")
        .order_by("-id")
    )


def get_redemptions_for(user: AnyUser) -> QuerySet[Redemption]:
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return Redemption.objects.none()
    return Redemption.objects.filter(volunteer=volunteer).select_related("reward")


def get_handed_over_by(partner: Partner) -> QuerySet[Redemption]:
    """What came over the counter of the partner whose secret link the phone has, newest first."""
    return (
        Redemption.objects.filter(collected_with=partner)
        .select_related("reward", "volunteer")
        .defer("volunteer__id_number")
        .order_by("-collected_at")
    )


def get_recognitions_for(user: AnyUser) -> QuerySet[Recognition]:
    """The own honours that are in force, in notice or awarded."""
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return Recognition.objects.none()
    own = Recognition.objects.in_force().filter(volunteer=volunteer).select_related("badge")
    return own.order_by("kind", "level")


def can_spend_project(user: AnyUser, project: PointsProject) -> bool:
    """May account for the points given: its organisation's books and reviewers, the city's staff.

    Whoever may do so may also close it.
    """
    return is_city_staff(user) or is_member(
        user, project.organisation, roles=[Role.FINANCE, Role.REVIEWER]
    )


def get_family_membership_for(user: AnyUser) -> FamilyMember | None:
    """The account's place in the family it has joined."""
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return None
    return (
        FamilyMember.objects.filter(volunteer=volunteer, joined_at__isnull=False)
        .select_related("family")
        .first()
    )


def get_family_invitations_for(user: AnyUser) -> QuerySet[FamilyMember]:
    """Families that wait for the account's answer."""
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return FamilyMember.objects.none()
    return (
        FamilyMember.objects.filter(volunteer=volunteer, joined_at=None)
        .select_related("family__founded_by")
        .defer("family__founded_by__id_number")
        .order_by("id")
    )


def get_family_of(user: AnyUser) -> QuerySet[FamilyMember]:
    """Everybody in the account's family, and whoever has been invited to it."""
    own = get_family_membership_for(user)
    if own is None:
        return FamilyMember.objects.none()
    return (
        FamilyMember.objects.filter(family=own.family_id)
        .select_related("volunteer")
        .defer("volunteer__id_number")
        .order_by("joined_at", "id")
    )


# A link that shows the holder's name on a badge's page; it lapses by itself.
BADGE_NAME_DAYS = 30
_badge_names = TimestampSigner(salt="points.badge_name")


def is_own_recognition(user: AnyUser, recognition: Recognition) -> bool:
    volunteer = get_volunteer_for(user)
    return volunteer is not None and volunteer.pk == recognition.volunteer_id


def badge_name_token(recognition: Recognition) -> str:
    """For the holder alone, who may give it to whom they please."""
    return _badge_names.sign(recognition.public_id.hex).partition(":")[2]


def can_see_badge_name(user: AnyUser, recognition: Recognition, *, token: str) -> bool:
    """The holder may, and whoever has the holder's link (R14); nobody once an account is closed."""
    if recognition.volunteer.closed_at is not None:
        return False
    if is_own_recognition(user, recognition):
        return True
    try:
        _badge_names.unsign(
            f"{recognition.public_id.hex}:{token}", max_age=timedelta(days=BADGE_NAME_DAYS)
        )
    except BadSignature:
        return False
    return True


# Honours


def get_recognitions_ever_for(user: AnyUser) -> QuerySet[Recognition]:
    """The own honours, those taken back or refused too."""
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return Recognition.objects.none()
    return (
        Recognition.objects.filter(volunteer=volunteer)
        .select_related("badge__issuer", "credential")
        .order_by("kind", "level", "badge__position", "id")
    )


def get_stars_open_to_objection_for(user: AnyUser) -> QuerySet[Recognition]:
    """Stars in notice, of others, to which the account has not objected yet (R6)."""
    if not isinstance(user, User) or not user.is_active:
        return Recognition.objects.none()
    mine = StarObjection.objects.filter(raised_by=user, state=StarObjection.State.OPEN)
    return (
        Recognition.objects.in_notice()
        .filter(kind=Recognition.Kind.STAR, notice_until__gt=timezone.now())
        .exclude(volunteer__in=Volunteer.objects.filter(user=user))
        .exclude(pk__in=mine.values("recognition"))
        .select_related("volunteer__community")
        .defer("volunteer__id_number")
    )


def get_own_objections_for(user: AnyUser) -> QuerySet[StarObjection]:
    """Those that the account has raised, newest first."""
    if not isinstance(user, User) or not user.is_active:
        return StarObjection.objects.none()
    return (
        StarObjection.objects.filter(raised_by=user)
        .select_related("recognition__volunteer")
        .defer("recognition__volunteer__id_number")
        .order_by("-id")
    )


def get_objections_to_stars_of(user: AnyUser) -> QuerySet[StarObjection]:
    """Those that others have raised against the account's stars."""
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return StarObjection.objects.none()
    return StarObjection.objects.filter(recognition__volunteer=volunteer).select_related(
        "recognition"
    )


def get_honours_for(user: AnyUser) -> QuerySet[YearlyHonour]:
    """The own places on the list; a nomination is nobody's news before it is approved."""
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return YearlyHonour.objects.none()
    return YearlyHonour.objects.filter(
        volunteer=volunteer, state=YearlyHonour.State.APPROVED
    ).select_related("organisation")


def get_nominating_organisations_for(user: AnyUser) -> QuerySet[Organisation]:
    """Organisations for which the account may nominate somebody for the year's honours."""
    return get_organisations_for(user, roles=[Role.ORGANISER, Role.REVIEWER])


def get_nominations_for(user: AnyUser) -> QuerySet[YearlyHonour]:
    """What these organisations have nominated, newest first."""
    return (
        YearlyHonour.objects.filter(organisation__in=get_nominating_organisations_for(user))
        .select_related("volunteer", "organisation")
        .defer("volunteer__id_number")
        .order_by("-id")
    )


def get_nominees(
    *, user: User, organisation: Organisation, year: int, query: str = ""
) -> QuerySet[Volunteer]:
    """Who served with the organisation that year, most first, with their `minutes`.

    `query` is part of a name or a whole card number; nobody finds themselves.
    """
    served = Q(
        records__organisation=organisation,
        records__served_on__year=year,
        records__state__in=ServiceRecord.COUNTED,
    )
    nominees = (
        Volunteer.objects.active()
        .filter(served)
        .exclude(user=user)
        .annotate(minutes=Sum("records__credited_minutes"))
        .defer("id_number")
        .order_by("-minutes", "id")
    )
    if query:
        holders = VolunteerCard.objects.filter(number=query.upper()).values("volunteer")
        nominees = nominees.filter(Q(name__icontains=query) | Q(pk__in=holders))
    return nominees


def get_anomalies_for(user: AnyUser) -> QuerySet[Anomaly]:
    """All of them for the city's staff, none for anybody else; newest first."""
    if not is_city_staff(user):
        return Anomaly.objects.none()
    return (
        Anomaly.objects.select_related("volunteer", "organisation", "decided_by")
        .defer("volunteer__id_number")
        .order_by("-id")
    )
