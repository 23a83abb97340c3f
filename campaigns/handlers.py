"""What campaigns do when something happened in the room below."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from wagtail.admin.mail import GroupApprovalTaskStateSubmissionEmailNotifier
from wagtail.models import TaskState
from wagtail.signals import task_submitted

from campaigns.actions.pages import open_branch, sync_groups
from campaigns.actions.sign_ups import move_sign_ups
from campaigns.models import OrganisationCampaignsPage, OrganisationReview
from volunteers.models import Organisation, User, Volunteer
from volunteers.signals import membership_changed, organisation_created, volunteers_merged


def give_branch(*, organisation: Organisation, **_kwargs: Any) -> None:
    open_branch(organisation=organisation)


def follow_membership(*, organisation: Organisation, user: User, **_kwargs: Any) -> None:
    sync_groups(organisation=organisation, user=user)


def follow_merge(*, kept: Volunteer, merged: Volunteer, by: User | None, **_kwargs: Any) -> None:
    move_sign_ups(kept=kept, merged=merged, by=by)


class TellReviewers(GroupApprovalTaskStateSubmissionEmailNotifier):
    """Wagtail's own mail about a submission, to the reviewers of the page's organisation."""

    def can_handle(self, instance: Any, **_kwargs: Any) -> bool:
        return isinstance(instance, TaskState) and isinstance(
            instance.task.specific, OrganisationReview
        )

    def get_recipient_users(self, task_state: TaskState, **_kwargs: Any) -> QuerySet[User]:
        branches = OrganisationCampaignsPage.objects.ancestor_of(
            task_state.workflow_state.content_object
        )
        return User.objects.filter(groups__in=branches.values("reviewers"), is_active=True)


tell_reviewers = TellReviewers()


def connect() -> None:
    task_submitted.connect(
        tell_reviewers, sender=TaskState, dispatch_uid="campaigns.tell_reviewers"
    )
    organisation_created.connect(give_branch, dispatch_uid="campaigns.give_branch")
    membership_changed.connect(follow_membership, dispatch_uid="campaigns.follow_membership")
    volunteers_merged.connect(follow_merge, dispatch_uid="campaigns.follow_merge")
