"""An organisation's branch of pages, who may write and publish there, and its campaigns."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.text import slugify
from wagtail.images import get_image_model
from wagtail.models import (
    Collection,
    GroupCollectionPermission,
    GroupPagePermission,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)

from campaigns.models import (
    Activity,
    CampaignIndexPage,
    CampaignPage,
    OrganisationCampaignsPage,
    OrganisationReview,
)
from volunteers.models import Category, Membership, Organisation, Territory, User

ORGANISERS_MAY = ("add_page", "change_page")
REVIEWERS_MAY = ("change_page", "publish_page", "lock_page", "unlock_page")
BOTH_MAY_WITH_PICTURES = ("add_image", "change_image", "choose_image")


@transaction.atomic
def open_branch(*, organisation: Organisation) -> OrganisationCampaignsPage | None:
    """Give the organisation its branch below the campaign index, with its groups and pictures.

    Harmless when it has one. None while there is no campaign index yet; `open_missing_branches`
    comes back to it.
    """
    # The index's lock keeps two new branches from taking the same place in the tree.
    index = CampaignIndexPage.objects.select_for_update(of=("self",)).first()
    if index is None:
        return None
    branch = OrganisationCampaignsPage.objects.filter(organisation=organisation).first()
    if branch is not None:
        return branch
    branch = index.add_child(
        instance=OrganisationCampaignsPage(
            title=organisation.name,
            slug=organisation.slug,
            organisation=organisation,
            organisers=_make_group(f"组织者 · {organisation.slug}"),
            reviewers=_make_group(f"审核员 · {organisation.slug}"),
            collection=_make_collection(organisation.name),
        )
    )
    _let(branch.organisers, branch, ORGANISERS_MAY)
    _let(branch.reviewers, branch, REVIEWERS_MAY)
    _ensure_review(index)
    for user in User.objects.filter(memberships__organisation=organisation).distinct():
        sync_groups(organisation=organisation, user=user)
    return branch


def open_missing_branches() -> int:
    """Open the branch of every organisation that has none; return how many that were."""
    missing = Organisation.objects.active().filter(campaigns_page=None)
    return sum(open_branch(organisation=organisation) is not None for organisation in missing)


@transaction.atomic
def sync_groups(*, organisation: Organisation, user: User) -> None:
    """Let the user's Wagtail groups say what the user's roles in the organisation say."""
    branch = OrganisationCampaignsPage.objects.filter(organisation=organisation).first()
    if branch is None:
        return
    roles = set(
        Membership.objects.filter(organisation=organisation, user=user).values_list(
            "role", flat=True
        )
    )
    for group, role in (
        (branch.organisers, Membership.Role.ORGANISER),
        (branch.reviewers, Membership.Role.REVIEWER),
    ):
        if group is None:
            continue
        if role in roles:
            user.groups.add(group)
        else:
            user.groups.remove(group)


def draft_campaign(
    *,
    organisation: Organisation,
    activities: Iterable[Activity],
    territory: Territory,
    category: Category,
    title: str,
    summary: str,
    story: str,
    starts_on: date,
    ends_on: date,
    by: User | None,
    slug: str = "",
    **more: Any,
) -> CampaignPage:
    """Write a campaign with its activities as a draft in the organisation's branch.

    `more` are the page's other fields: `title_en`, `summary_en`, `story_en`, `image`.
    Raises ValidationError.
    """
    with transaction.atomic():
        branch = OrganisationCampaignsPage.objects.select_for_update(of=("self",)).get(
            organisation=organisation
        )
        campaign = CampaignPage(
            title=title,
            slug=slug or slugify(title, allow_unicode=True)[:100],
            summary=summary,
            story=story,
            organisation=organisation,
            territory=territory,
            category=category,
            starts_on=starts_on,
            ends_on=ends_on,
            owner=by,
            live=False,
            **more,
        )
        campaign.activities = list(activities)
        branch.add_child(instance=campaign)
        campaign.save_revision(user=by, log_action=True)
    return campaign


def publish_campaign(*, campaign: CampaignPage, by: User | None) -> CampaignPage:
    """Publish the newest revision. Raises PublishPermissionError when `by` may not."""
    revision = campaign.get_latest_revision() or campaign.save_revision(user=by)
    revision.publish(user=by)
    campaign.refresh_from_db()
    return campaign


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
    collection: Collection = root.add_child(name=name)
    return collection


def _let(group: Group, branch: OrganisationCampaignsPage, codenames: Iterable[str]) -> None:
    pages = Permission.objects.filter(
        content_type__app_label="wagtailcore", codename__in=list(codenames)
    )
    GroupPagePermission.objects.bulk_create(
        GroupPagePermission(group=group, page_id=branch.pk, permission=permission)
        for permission in pages
    )
    pictures = Permission.objects.filter(
        content_type__app_label=get_image_model()._meta.app_label,
        codename__in=BOTH_MAY_WITH_PICTURES,
    )
    GroupCollectionPermission.objects.bulk_create(
        GroupCollectionPermission(group=group, collection=branch.collection, permission=permission)
        for permission in pictures
    )


def _ensure_review(index: CampaignIndexPage) -> None:
    """Whatever is submitted below the index goes to its organisation's reviewers."""
    if WorkflowPage.objects.filter(page_id=index.pk).exists():
        return
    workflow = Workflow.objects.create(name="活动审核")
    task = OrganisationReview.objects.create(name="本组织审核员审核")
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    WorkflowPage.objects.create(page_id=index.pk, workflow=workflow)
