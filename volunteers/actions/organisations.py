"""Organisations and who holds which role in them."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from volunteers.actions.security import log_security_event
from volunteers.models import Membership, Organisation, SecurityEvent, Territory, User
from volunteers.signals import membership_changed, organisation_created

CITY_STAFF_GROUP = "City staff"


class AlreadyMember(Exception):
    def __init__(self) -> None:
        super().__init__(_("This person already holds that role here."))


@transaction.atomic
def create_organisation(
    *,
    name: str,
    slug: str,
    kind: str,
    territory: Territory,
    by: User | None,
    name_en: str = "",
    registration: str = Organisation.Registration.NONE,
    registration_number: str = "",
    hub: Organisation | None = None,
    person_in_charge: str = "",
    phone: str = "",
    email: str = "",
    about: str = "",
    about_en: str = "",
    email_domains: list[str] | None = None,
) -> Organisation:
    """Create an organisation and tell the rooms above, which give it its own branch of pages."""
    organisation = Organisation(
        name=name,
        name_en=name_en,
        slug=slug,
        kind=kind,
        territory=territory,
        registration=registration,
        registration_number=registration_number,
        hub=hub,
        person_in_charge=person_in_charge,
        phone=phone,
        email=email,
        about=about,
        about_en=about_en,
        email_domains=[domain.lower().removeprefix("@") for domain in email_domains or []],
    )
    organisation.save()
    log_security_event(
        kind=SecurityEvent.Kind.ORGANISATION_CREATED, user=None, by=by, detail=organisation.slug
    )
    organisation_created.send(sender=Organisation, organisation=organisation)
    return organisation


@transaction.atomic
def close_organisation(*, organisation: Organisation, on: date, by: User | None) -> None:
    """The organisation ends on that day. Its records stay; its members' roles go."""
    organisation.closed_on = on
    organisation.save(update_fields=["closed_on"])
    for membership in organisation.memberships.select_related("user"):
        remove_member(membership=membership, by=by)


@transaction.atomic
def add_member(*, organisation: Organisation, user: User, role: str, by: User | None) -> Membership:
    """Give an account a role in an organisation.

    Raises AlreadyMember when it holds that role there.
    """
    membership, is_new = Membership.objects.get_or_create(
        organisation=organisation, user=user, role=role, defaults={"created_by": by}
    )
    if not is_new:
        raise AlreadyMember
    log_security_event(
        kind=SecurityEvent.Kind.ROLE_GIVEN, user=user, by=by, detail=f"{organisation.slug} {role}"
    )
    membership_changed.send(sender=Membership, organisation=organisation, user=user)
    return membership


@transaction.atomic
def remove_member(*, membership: Membership, by: User | None) -> None:
    organisation, user, role = membership.organisation, membership.user, membership.role
    membership.delete()
    log_security_event(
        kind=SecurityEvent.Kind.ROLE_TAKEN, user=user, by=by, detail=f"{organisation.slug} {role}"
    )
    membership_changed.send(sender=Membership, organisation=organisation, user=user)


@transaction.atomic
def appoint_city_staff(*, user: User, by: User | None) -> None:
    """Let an account into the city's office: people, organisations, merge requests."""
    group, _made = Group.objects.get_or_create(name=CITY_STAFF_GROUP)
    group.permissions.add(
        *Permission.objects.filter(content_type__app_label="wagtailadmin", codename="access_admin")
    )
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    user.groups.add(group)
    log_security_event(kind=SecurityEvent.Kind.ROLE_GIVEN, user=user, by=by, detail="city staff")


@transaction.atomic
def dismiss_city_staff(*, user: User, by: User | None) -> None:
    user.is_staff = False
    user.save(update_fields=["is_staff"])
    user.groups.remove(*Group.objects.filter(name=CITY_STAFF_GROUP))
    log_security_event(kind=SecurityEvent.Kind.ROLE_TAKEN, user=user, by=by, detail="city staff")
