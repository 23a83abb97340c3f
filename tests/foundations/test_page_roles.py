"""Who writes and publishes the pages of a foundation: its own people, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from wagtail.models import Page

from foundations.actions.books import create_fund, give_role, take_role
from foundations.actions.pages import draft_fund_page, open_foundation_branch, publish_page
from foundations.models import (
    Foundation,
    FoundationPage,
    FoundationRole,
    Fund,
    FundPage,
)
from tests.foundations.money_cast import make_foundation
from tests.foundations.page_cast import *  # noqa: F403
from volunteers.models import Territory, User

pytestmark = pytest.mark.django_db
Role = FoundationRole.Role


@pytest.fixture
def elsewhere(foundation_index: Any, territory: Territory, dai: User) -> Foundation:
    """Another foundation; Dai is its treasurer."""
    other = make_foundation(name="海边基金会", slug="seaside-foundation", territory=territory)
    give_role(foundation=other, user=dai, role=Role.TREASURER, by=None)
    return other


@pytest.fixture
def staffed(giving: Foundation, chen: User, tan: User) -> Foundation:
    give_role(foundation=giving, user=chen, role=Role.BOOKKEEPER, by=None)
    give_role(foundation=giving, user=tan, role=Role.TREASURER, by=None)
    return giving


def may(user: User, page: Page) -> tuple[bool, bool]:
    """(edit, publish), asked of somebody whose groups have not been looked up yet."""
    tester = page.permissions_for_user(User.objects.get(pk=user.pk))
    return tester.can_edit(), tester.can_publish()


def test_a_bookkeeper_writes_and_a_treasurer_publishes_in_their_own_branch(
    staffed: Foundation, soup_page: FundPage, chen: User, tan: User
) -> None:
    for page in (staffed.page, soup_page):
        assert may(chen, page) == (True, False)
        assert may(tan, page) == (True, True)


def test_nobody_of_another_foundation_can_do_either(
    staffed: Foundation, soup_page: FundPage, elsewhere: Foundation, chen: User, dai: User
) -> None:
    for page in (staffed.page, soup_page):
        assert may(dai, page) == (False, False)
    assert may(chen, elsewhere.page) == (False, False)
    assert may(dai, elsewhere.page) == (True, True)


def test_the_page_groups_follow_the_role(staffed: Foundation, chen: User, tan: User) -> None:
    give_role(foundation=staffed, user=tan, role=Role.BOOKKEEPER, by=None)
    assert may(tan, staffed.page) == (True, False)
    give_role(foundation=staffed, user=tan, role=Role.VIEWER, by=None)
    assert may(tan, staffed.page) == (False, False)
    take_role(role=staffed.roles.get(user=chen), by=None)
    assert may(chen, staffed.page) == (False, False)


def test_roles_given_before_the_branch_was_open_count_once_it_is(
    foundation: Foundation, foundation_index: Any, chen: User
) -> None:
    give_role(foundation=foundation, user=chen, role=Role.BOOKKEEPER, by=None)
    branch = open_foundation_branch(foundation=foundation, by=None)
    assert branch is not None
    assert may(chen, branch) == (True, False)
    assert open_foundation_branch(foundation=foundation, by=None) == branch


def test_without_an_index_there_is_no_branch_and_no_trouble(foundation: Foundation) -> None:
    assert not FoundationPage.objects.filter(foundation=foundation).exists()


def test_an_outsider_finds_nothing_by_the_editors_addresses(
    client: Client, staffed: Foundation, soup_page: FundPage, elsewhere: Foundation, dai: User
) -> None:
    client.force_login(dai)
    for page in (staffed.page, soup_page):
        for address in (
            f"/admin/pages/{page.pk}/edit/", f"/admin/pages/{page.pk}/delete/",
            f"/admin/pages/{page.pk}/history/", f"/admin/pages/{page.pk}/unpublish/",
        ):  # fmt: skip
            assert client.get(address).status_code in {302, 403, 404}, address
    answer = client.post(f"/admin/pages/{soup_page.pk}/edit/", {"title": "我的"})
    assert answer.status_code in {302, 403, 404}
    soup_page.refresh_from_db()
    assert soup_page.title == "热汤基金"


def test_a_bookkeeper_opens_the_editor_and_makes_a_fund_page_of_the_own_funds_only(
    client: Client, staffed: Foundation, soup: Fund, elsewhere: Foundation, chen: User
) -> None:
    foreign = create_fund(foundation=elsewhere, name="别家的", purpose="…", by=None)
    client.force_login(chen)
    address = f"/admin/pages/add/foundations/fundpage/{staffed.page.pk}/"
    html = client.get(address).content.decode()
    assert f'<option value="{soup.pk}"' in html
    assert f'<option value="{foreign.pk}"' not in html
    form = {
        "title": "", "slug": "", "summary": "一碗", "summary_en": "", "title_en": "", "image": "",
        "story": "null", "story_en": "null",
    }  # fmt: skip
    refused = client.post(address, form | {"fund": foreign.pk})
    assert refused.status_code == 200
    assert not FundPage.objects.filter(fund=foreign).exists()
    made = client.post(address, form | {"fund": soup.pk})
    assert made.status_code == 302
    page = FundPage.objects.get(fund=soup)
    assert (page.title, page.live) == ("热汤基金", False)
    assert client.get(f"/admin/pages/{page.pk}/edit/").status_code == 200
    assert client.get(f"/admin/pages/{staffed.page.pk}/edit/").status_code == 200


def test_what_a_bookkeeper_submits_waits_for_the_own_treasurer(
    staffed: Foundation, soup: Fund, chen: User, tan: User, dai: User
) -> None:
    page = draft_fund_page(fund=soup, summary="一碗热汤", by=chen)
    page.get_workflow().start(page, chen)
    task = page.current_workflow_task
    assert task.get_actions(page, tan)
    assert not task.get_actions(page, dai)
    page.current_workflow_task_state.approve(user=tan)
    page.refresh_from_db()
    assert page.live


def test_pages_that_exist_once_are_neither_copied_nor_is_a_branch_deleted(
    client: Client, staffed: Foundation, soup_page: FundPage, tan: User
) -> None:
    client.force_login(tan)
    for page in (staffed.page, soup_page):
        client.post(f"/admin/pages/{page.pk}/copy/", {"new_title": "两次", "new_slug": "twice"})
    client.post(f"/admin/pages/{staffed.page.pk}/delete/")
    assert FoundationPage.objects.filter(foundation=staffed).count() == 1
    assert not Page.objects.filter(slug="twice").exists()


def test_an_old_revision_does_not_give_the_page_to_another_fund(
    staffed: Foundation, soup_page: FundPage
) -> None:
    revision = soup_page.save_revision()
    other = create_fund(foundation=staffed, name="另一个", purpose="…", by=None)
    FundPage.objects.filter(pk=soup_page.pk).update(fund=other)
    publish_page(page=FundPage.objects.get(pk=soup_page.pk), by=None)
    assert FundPage.objects.get(pk=soup_page.pk).fund == other
    assert revision.content["fund"] != other.pk
