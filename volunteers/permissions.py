"""Who may do and see what. Views reach anything that is not public through these functions only."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from volunteers.models import (
    Membership,
    MergeRequest,
    NoShow,
    Organisation,
    ServiceRecord,
    StudentAffiliation,
    User,
    Volunteer,
    VolunteerCard,
)

Role = Membership.Role
ALL_ROLES: tuple[Role, ...] = (Role.ORGANISER, Role.REVIEWER, Role.FINANCE)

AnyUser = User | AnonymousUser


# People


def get_volunteer_for(user: AnyUser) -> Volunteer | None:
    """The account's own volunteer, None for visitors and for staff who never joined."""
    if not isinstance(user, User) or not user.is_active:
        return None
    return Volunteer.objects.active().select_related("community").filter(user=user).first()


def get_card_for(user: AnyUser) -> VolunteerCard | None:
    """The account's own card that is not revoked (it may have expired)."""
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return None
    return volunteer.cards.filter(revoked_at=None).first()


def get_claimable_for(user: AnyUser) -> QuerySet[Volunteer]:
    """Registrations that an organisation entered under the phone number the account has proven."""
    if not isinstance(user, User) or not user.phone:
        return Volunteer.objects.none()
    return Volunteer.objects.active().filter(user=None, phone=user.phone).order_by("id")


def get_entered_volunteers_for(user: AnyUser) -> QuerySet[Volunteer]:
    """Those that the account's organisations entered and that nobody has claimed.

    Once a person has claimed the registration it is theirs, and no organisation's to change.
    """
    return (
        Volunteer.objects.active()
        .filter(
            user=None,
            entered_for__in=get_organisations_for(user, roles=[Role.ORGANISER, Role.REVIEWER]),
        )
        .order_by("-id")
    )


# Organisations


def is_city_staff(user: AnyUser) -> bool:
    return isinstance(user, User) and user.is_active and (user.is_staff or user.is_superuser)


def is_member(
    user: AnyUser, organisation: Organisation, *, roles: Collection[str] = ALL_ROLES
) -> bool:
    if not isinstance(user, User) or not user.is_active:
        return False
    return Membership.objects.filter(user=user, organisation=organisation, role__in=roles).exists()


def get_organisations_for(
    user: AnyUser, *, roles: Collection[str] = ALL_ROLES
) -> QuerySet[Organisation]:
    """The organisations in which the account holds one of `roles`; all for the city's staff."""
    if not isinstance(user, User) or not user.is_active:
        return Organisation.objects.none()
    if is_city_staff(user):
        return Organisation.objects.active()
    return Organisation.objects.active().filter(
        id__in=Membership.objects.filter(user=user, role__in=roles).values("organisation_id")
    )


def can_manage_organisation(user: AnyUser, organisation: Organisation) -> bool:
    """May change what the organisation says about itself: its reviewers and the city's staff."""
    return is_city_staff(user) or is_member(user, organisation, roles=[Role.REVIEWER])


def has_staff_role(user: AnyUser) -> bool:
    """Whoever sees other people's data: holds a role somewhere, or works for the city."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return is_city_staff(user) or Membership.objects.filter(user=user).exists()


# Students


def get_universities_for(user: AnyUser) -> QuerySet[Organisation]:
    """Universities whose roster the account may upload."""
    return get_organisations_for(user, roles=[Role.ORGANISER, Role.REVIEWER]).universities()  # type: ignore[attr-defined, no-any-return]


def get_students_for(user: AnyUser) -> QuerySet[StudentAffiliation]:
    """Proven students of the account's universities."""
    return StudentAffiliation.objects.filter(
        university__in=get_universities_for(user), verified_at__isnull=False
    )


# Merging


def get_merge_requests_for(user: AnyUser) -> QuerySet[MergeRequest]:
    """Requests the account may decide.

    The city's staff decide all but their own. A reviewer decides about a registration that the
    reviewer's organisation entered and nobody has claimed; anybody else's is the city's to decide.
    """
    if not isinstance(user, User) or not user.is_active:
        return MergeRequest.objects.none()
    requests = MergeRequest.objects.exclude(
        Q(asked_by=user) | Q(kept__user=user) | Q(merged__user=user)
    ).order_by("-id")
    if is_city_staff(user):
        return requests
    reviewed = Membership.objects.filter(user=user, role=Role.REVIEWER).values("organisation_id")
    return requests.filter(merged__user=None, merged__entered_for__in=reviewed)


def get_own_merge_requests_for(user: AnyUser) -> QuerySet[MergeRequest]:
    """Those the account itself has asked for."""
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return MergeRequest.objects.none()
    return MergeRequest.objects.filter(kept=volunteer).order_by("-id")


# Service records


def get_records_for(user: AnyUser) -> QuerySet[ServiceRecord]:
    """The account's own records, newest service first (R8)."""
    if not isinstance(user, User) or not user.is_active:
        return ServiceRecord.objects.none()
    return (
        ServiceRecord.objects.filter(volunteer__user=user)
        .select_related("organisation", "category")
        .order_by("-served_on", "-id")
    )


def get_no_shows_for(user: AnyUser) -> QuerySet[NoShow]:
    """The account's own, newest first (E8)."""
    if not isinstance(user, User) or not user.is_active:
        return NoShow.objects.none()
    return (
        NoShow.objects.filter(volunteer__user=user)
        .select_related("organisation")
        .order_by("-missed_on", "-id")
    )


def get_desk_no_shows_for(user: AnyUser) -> QuerySet[NoShow]:
    """No-shows at the organisations for which the account organises or reviews, newest first."""
    return (
        NoShow.objects.filter(
            organisation__in=get_organisations_for(user, roles=[Role.ORGANISER, Role.REVIEWER])
        )
        .select_related("volunteer", "organisation", "excused_by")
        .defer("volunteer__id_number")
        .order_by("-missed_on", "-id")
    )


def get_desk_records_for(user: AnyUser) -> QuerySet[ServiceRecord]:
    """Records of the organisations for which the account organises or reviews."""
    return (
        ServiceRecord.objects.filter(
            organisation__in=get_organisations_for(user, roles=[Role.ORGANISER, Role.REVIEWER])
        )
        .select_related("volunteer", "organisation", "category", "entered_by")
        .defer("volunteer__id_number")
        .order_by("served_on", "id")
    )


def can_confirm_record(user: AnyUser, record: ServiceRecord) -> bool:
    """Organises or reviews there, did not give these hours, and did not type them in (E1)."""
    if not can_decide_objection(user, record):
        return False
    return not (record.is_by_hand and record.entered_by_id == user.pk)


def can_decide_objection(user: AnyUser, record: ServiceRecord) -> bool:
    """Organises or reviews where the record was made, and it is not about their own hours."""
    if not isinstance(user, User) or record.volunteer.user_id == user.pk:
        return False
    return is_city_staff(user) or is_member(
        user, record.organisation, roles=[Role.ORGANISER, Role.REVIEWER]
    )
