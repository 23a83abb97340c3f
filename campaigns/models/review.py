from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page, Task, TaskState

from .pages import OrganisationCampaignsPage

if TYPE_CHECKING:
    from volunteers.models import User


class OrganisationReview(Task):
    """A step of a workflow: the reviewers of the page's own organisation look at it.

    One task for all organisations. With Wagtail's GroupApprovalTask each of them would need a
    task and a workflow of its own, and every reviewer's home page would ask all of them in turn.
    """

    class Meta:
        verbose_name = _("review by the organisation")
        verbose_name_plural = _("reviews by the organisation")

    @classmethod
    def get_description(cls) -> str:
        return gettext(
            "The reviewers of the page's own organisation approve it or ask for changes."
        )

    def start(self, workflow_state: Any, user: User | None = None) -> TaskState:
        page = workflow_state.content_object
        if page.locked_by and not self._reviews(page, page.locked_by):
            page.locked, page.locked_by, page.locked_at = False, None, None
            page.save(update_fields=["locked", "locked_by", "locked_at"])
        state: TaskState = super().start(workflow_state, user=user)
        return state

    def user_can_access_editor(self, obj: Page, user: User) -> bool:
        return self._reviews(obj, user)

    def locked_for_user(self, obj: Page, user: User) -> bool:
        return not self._reviews(obj, user)

    def user_can_lock(self, obj: Page, user: User) -> bool:
        return self._reviews(obj, user)

    def on_action(self, task_state: TaskState, user: User, action_name: str, **kwargs: Any) -> None:
        """Approving saves the form as a revision of its own, and that is what is approved."""
        latest = task_state.workflow_state.content_object.get_latest_revision()
        if action_name == "approve" and latest is not None and latest.user_id == user.pk:
            task_state.revision = latest
            task_state.save(update_fields=["revision"])
        super().on_action(task_state, user, action_name, **kwargs)

    def get_actions(self, obj: Page, user: User) -> list[tuple[str, str, bool]]:
        if not self._reviews(obj, user):
            return []
        return [
            ("reject", gettext("Ask for changes"), True),
            ("approve", gettext("Approve and publish"), False),
            ("approve", gettext("Approve with a comment"), True),
        ]

    def get_task_states_user_can_moderate(self, user: User, **_kwargs: Any) -> QuerySet[TaskState]:
        states: QuerySet[TaskState] = self.task_states.filter(status=TaskState.STATUS_IN_PROGRESS)
        if user.is_superuser:
            return states
        return states.filter(
            workflow_state__object_id__in=[str(number) for number in _pages_reviewed_by(user)]
        )

    def _reviews(self, page: Page, user: User) -> bool:
        if user.is_superuser:
            return True
        branches = OrganisationCampaignsPage.objects.ancestor_of(page, inclusive=True)
        return branches.filter(reviewers__user=user).exists()


def _pages_reviewed_by(user: User) -> list[int]:
    numbers: list[int] = []
    for path in OrganisationCampaignsPage.objects.filter(reviewers__user=user).values_list(
        "path", flat=True
    ):
        numbers += Page.objects.filter(path__startswith=path).values_list("pk", flat=True)
    return numbers
