"""A foundation's branch of pages, who may write and publish there, and the pages of its funds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.log_actions import log
from wagtail.models import (
    Collection,
    GroupApprovalTask,
    GroupCollectionPermission,
    GroupPagePermission,
    Page,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)

from foundations.models import (
    Foundation,
    FoundationIndexPage,
    FoundationPage,
    FoundationRole,
    Fund,
    FundPage,
    FundUpdatePage,
    UpdatePicture,
)
from volunteers.models import User

Role = FoundationRole.Role
EDITORS_MAY = ("add_page", "change_page")
PUBLISHERS_MAY = ("change_page", "publish_page", "lock_page", "unlock_page")
BOTH_MAY_WITH_PICTURES = ("add_image", "change_image", "choose_image")
BOTH_MAY_WITH_DOCUMENTS = ("add_document", "change_document", "choose_document")
# Whoever may publish may write as well.
WRITING: tuple[str, ...] = (Role.BOOKKEEPER, Role.TREASURER)
PUBLISHING: tuple[str, ...] = (Role.TREASURER,)


@transaction.atomic
def open_foundation_branch(*, foundation: Foundation, by: User | None) -> FoundationPage | None:
    """Give the foundation its page, as a draft, with its groups, pictures and documents.

    Harmless when it has one. None while there is no index of foundations yet;
    `open_missing_branches` comes back to it.
    """
    # The index's lock keeps two new branches from taking the same place in the tree.
    index = FoundationIndexPage.objects.select_for_update(of=("self",)).first()
    if index is None:
        return None
    branch = FoundationPage.objects.filter(foundation=foundation).first()
    if branch is not None:
        return branch
    organisation = foundation.organisation
    branch = index.add_child(
        instance=FoundationPage(
            title=organisation.name,
            slug=organisation.slug,
            foundation=foundation,
            editors=_make_group(f"撰稿 · {organisation.slug}"),
            publishers=_make_group(f"发布 · {organisation.slug}"),
            collection=_make_collection(organisation.name),
            live=False,
        )
    )
    branch.save_revision(user=by)
    _let(branch.editors, branch, EDITORS_MAY)
    _let(branch.publishers, branch, PUBLISHERS_MAY)
    _ensure_review(branch)
    for user in User.objects.filter(foundation_roles__foundation=foundation):
        sync_page_groups(foundation=foundation, user=user)
    log(instance=foundation, action="foundations.open_branch", user=by)
    return branch


def open_missing_branches(*, by: User | None) -> int:
    """Open the branch of every foundation that has none; return how many that were."""
    missing = Foundation.objects.filter(page=None).select_related("organisation")
    return sum(open_foundation_branch(foundation=one, by=by) is not None for one in missing)


@transaction.atomic
def sync_page_groups(*, foundation: Foundation, user: User) -> None:
    """Let the user's Wagtail groups say what the user's role in the foundation says."""
    branch = FoundationPage.objects.filter(foundation=foundation).first()
    if branch is None:
        return
    role = FoundationRole.objects.filter(foundation=foundation, user=user).values("role").first()
    held = role["role"] if role else ""
    for group, roles in ((branch.editors, WRITING), (branch.publishers, PUBLISHING)):
        if group is None:
            continue
        if held in roles:
            user.groups.add(group)
        else:
            user.groups.remove(group)


# Writing


def draft_fund_page(*, fund: Fund, summary: str, by: User | None, **more: Any) -> FundPage:
    """The fund's page as a draft in its foundation's branch; the one it has, if it has one.

    `more` are the page's other fields: `title`, `summary_en`, `story`, `image`. Raises
    FoundationPage.DoesNotExist before the branch is open, ValidationError.
    """
    with transaction.atomic():
        branch = _lock_branch(fund.foundation)
        page = FundPage.objects.filter(fund=fund).first()
        if page is not None:
            return page
        more = {"title": fund.name, "title_en": fund.name_en} | more
        page = FundPage(fund=fund, summary=summary, owner=by, live=False, **more)
        return _add(page, to=branch, by=by)


def draft_update(
    *,
    page: FundPage,
    title: str,
    text: str,
    by: User | None,
    happened_on: date | None = None,
    pictures: Iterable[UpdatePicture] = (),
    **more: Any,
) -> FundUpdatePage:
    """News of a fund as a draft below its page. Raises ValidationError."""
    with transaction.atomic():
        _lock_branch(page.fund.foundation)
        page.refresh_from_db()  # its place in the tree, as it is under the lock
        update = FundUpdatePage(
            title=title, text=text, happened_on=happened_on or timezone.localdate(), owner=by,
            live=False, **more,
        )  # fmt: skip
        update.pictures = list(pictures)
        return _add(update, to=page, by=by)


def publish_page(*, page: Page, by: User | None) -> None:
    """Publish the newest revision. Raises PublishPermissionError when `by` may not."""
    revision = page.get_latest_revision() or page.save_revision(user=by)
    revision.publish(user=by)
    page.refresh_from_db()


def _lock_branch(foundation: Foundation) -> FoundationPage:
    """Alone with the branch: two new children never take the same place in the tree."""
    branch: FoundationPage = FoundationPage.objects.select_for_update(of=("self",)).get(
        foundation=foundation
    )
    return branch


def _add(page: Any, *, to: Page, by: User | None) -> Any:
    page.slug = page.slug or slugify(page.title, allow_unicode=True)[:100]
    to.add_child(instance=page)
    page.save_revision(user=by, log_action=True)
    return page


# The branch's groups and collection


def _make_group(name: str) -> Group:
    group, is_new = Group.objects.get_or_create(name=name)
    if is_new:
        group.permissions.add(
            Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin")
        )
    return group


def _make_collection(name: str) -> Collection:
    root = Collection.objects.select_for_update().filter(depth=1).first()
    root = root or Collection.add_root(name="Root")
    collection: Collection = root.add_child(name=f"{name} · 公益基金")
    return collection


def _let(group: Group, branch: FoundationPage, codenames: Iterable[str]) -> None:
    pages = Permission.objects.filter(
        content_type__app_label="wagtailcore", codename__in=list(codenames)
    )
    GroupPagePermission.objects.bulk_create(
        GroupPagePermission(group=group, page_id=branch.pk, permission=permission)
        for permission in pages
    )
    for model, with_files in (
        (get_image_model(), BOTH_MAY_WITH_PICTURES),
        (get_document_model(), BOTH_MAY_WITH_DOCUMENTS),
    ):
        files = Permission.objects.filter(
            content_type__app_label=model._meta.app_label, codename__in=with_files
        )
        GroupCollectionPermission.objects.bulk_create(
            GroupCollectionPermission(
                group=group, collection=branch.collection, permission=permission
            )
            for permission in files
        )


def _ensure_review(branch: FoundationPage) -> None:
    """Whatever is submitted in the branch goes to its own publishers."""
    if WorkflowPage.objects.filter(page_id=branch.pk).exists():
        return
    task = GroupApprovalTask.objects.create(name=f"{branch.title} · 司库审核"[:255])
    task.groups.add(branch.publishers)
    workflow = Workflow.objects.create(name=f"{branch.title} · 审核"[:255])
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    WorkflowPage.objects.create(page_id=branch.pk, workflow=workflow)
