"""What campaigns do when something happened in the room below."""

from __future__ import annotations

from typing import Any

from campaigns.actions.pages import open_branch, sync_groups
from campaigns.actions.sign_ups import move_sign_ups
from volunteers.models import Organisation, User, Volunteer
from volunteers.signals import membership_changed, organisation_created, volunteers_merged


def give_branch(*, organisation: Organisation, **_kwargs: Any) -> None:
    open_branch(organisation=organisation)


def follow_membership(*, organisation: Organisation, user: User, **_kwargs: Any) -> None:
    sync_groups(organisation=organisation, user=user)


def follow_merge(*, kept: Volunteer, merged: Volunteer, by: User | None, **_kwargs: Any) -> None:
    move_sign_ups(kept=kept, merged=merged, by=by)


def connect() -> None:
    organisation_created.connect(give_branch, dispatch_uid="campaigns.give_branch")
    membership_changed.connect(follow_membership, dispatch_uid="campaigns.follow_membership")
    volunteers_merged.connect(follow_merge, dispatch_uid="campaigns.follow_merge")
