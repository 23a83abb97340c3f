"""What campaigns do when something happened in the room below."""

from __future__ import annotations

import contextlib
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.admin.mail import GroupApprovalTaskStateSubmissionEmailNotifier
from wagtail.models import TaskState
from wagtail.signals import task_submitted

from campaigns.actions.pages import open_branch, sync_groups
from campaigns.actions.sign_ups import SignUpRefused, ask_for_leave, move_sign_ups
from campaigns.actions.teams import move_led_teams
from campaigns.models import OrganisationCampaignsPage, OrganisationReview, Scan, SignUp
from volunteers.models import Organisation, User, Volunteer
from volunteers.signals import (
    data_copy_asked,
    membership_changed,
    organisation_created,
    volunteer_closed,
    volunteers_merged,
)


def give_branch(*, organisation: Organisation, **_kwargs: Any) -> None:
    open_branch(organisation=organisation)


def follow_membership(*, organisation: Organisation, user: User, **_kwargs: Any) -> None:
    sync_groups(organisation=organisation, user=user)


def follow_merge(*, kept: Volunteer, merged: Volunteer, by: User | None, **_kwargs: Any) -> None:
    move_sign_ups(kept=kept, merged=merged, by=by)
    move_led_teams(kept=kept, merged=merged)


def leave_shifts(*, volunteer: Volunteer, by: User | None, **_kwargs: Any) -> None:
    """Who closes the account leaves the shifts still to come: the places are free again."""
    to_come = SignUp.objects.holding().filter(
        volunteer=volunteer, shift__starts_at__gt=timezone.now()
    )
    for sign_up in to_come.order_by("shift_id"):
        with contextlib.suppress(SignUpRefused):
            ask_for_leave(sign_up=sign_up, reason=_("account closed"), by=by)


def forget_phone(*, volunteer: Volunteer, **_kwargs: Any) -> None:
    """That somebody came stays with the hours; by which phone and from how far away does not."""
    Scan.objects.filter(volunteer=volunteer).update(browser="", distance_m=None)


def copy_scans(*, volunteer: Volunteer, **_kwargs: Any) -> tuple[str, list[dict[str, Any]]]:
    """Refused ones too, and what their own phone told (P3)."""
    scans = Scan.objects.filter(volunteer=volunteer).order_by("made_at", "id")
    return "scans", [
        {
            "made_at": scan.made_at.isoformat(),
            "received_at": scan.received_at.isoformat(),
            "kind": scan.kind,
            "door": scan.door,
            "outcome": scan.outcome,
            "browser": scan.browser,
            "distance_m": scan.distance_m,
        }
        for scan in scans
    ]


def copy_sign_ups(*, volunteer: Volunteer, **_kwargs: Any) -> tuple[str, list[dict[str, Any]]]:
    """This room's part of the copy of their data that a person may take along (P4)."""
    sign_ups = (
        SignUp.objects.filter(volunteer=volunteer)
        .select_related("shift__activity__campaign", "attendance", "team")
        .prefetch_related("attendance__visits__check_point")
    )
    return "sign_ups", [
        {
            "campaign": sign_up.shift.activity.campaign.title,
            "role": sign_up.shift.activity.role,
            "starts_at": sign_up.shift.starts_at.isoformat(),
            "ends_at": sign_up.shift.ends_at.isoformat(),
            "state": sign_up.state,
            "signed_up_at": sign_up.signed_up_at.isoformat(),
            "team": sign_up.team.name if sign_up.team else None,
            "attendance": _attendance(sign_up),
        }
        for sign_up in sign_ups.order_by("shift__starts_at", "id")
    ]


def _attendance(sign_up: SignUp) -> dict[str, Any] | None:
    attendance = getattr(sign_up, "attendance", None)
    if attendance is None:
        return None
    out = attendance.checked_out_at
    return {
        "checked_in_at": attendance.checked_in_at.isoformat(),
        "checked_out_at": out.isoformat() if out else None,
        "check_points": [
            {"check_point": visit.check_point.name, "visited_at": visit.visited_at.isoformat()}
            for visit in attendance.visits.all()
        ],
    }


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
    volunteer_closed.connect(leave_shifts, dispatch_uid="campaigns.leave_shifts")
    volunteer_closed.connect(forget_phone, dispatch_uid="campaigns.forget_phone")
    data_copy_asked.connect(copy_sign_ups, dispatch_uid="campaigns.copy_sign_ups")
    data_copy_asked.connect(copy_scans, dispatch_uid="campaigns.copy_scans")
