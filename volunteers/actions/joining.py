"""The moment a resident's phone is proven: volunteer, consent and card at once."""

from __future__ import annotations

from typing import NamedTuple

from django.db import transaction
from django.utils.translation import get_language

from volunteers.actions.cards import issue_card
from volunteers.actions.consents import give_consent
from volunteers.actions.people import register_volunteer
from volunteers.models import ConsentNotice, Territory, User, Volunteer


class Joining(NamedTuple):
    """What somebody wrote at sign-up; kept in the session until the phone is proven."""

    name: str
    community_id: int | None


@transaction.atomic
def join(*, user: User, joining: Joining) -> Volunteer:
    """Register (or claim) the volunteer, log the consent that was ticked, issue the card."""
    community = None
    if joining.community_id:
        community = Territory.objects.communities().filter(pk=joining.community_id).first()
    volunteer = register_volunteer(user=user, name=joining.name, community=community, by=user)
    give_consent(volunteer=volunteer, kind=ConsentNotice.Kind.PRIVACY, by=user)
    issue_card(volunteer=volunteer, by=user)
    if not user.language:
        user.language = get_language() or ""
        user.save(update_fields=["language"])
    user.refresh_from_db(fields=["name"])
    return volunteer
