"""What Wagtail's page editor may not do with the pages of foundations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.models import Page

from foundations.actions.pages import open_missing_branches
from foundations.models import FoundationIndexPage, FoundationPage, FundPage

# One a site, one a foundation, one a fund: none of them exists twice.
ONCE = (FoundationIndexPage, FoundationPage, FundPage)


@hooks.register("after_create_page")
def open_branches(request: HttpRequest, page: Page) -> None:
    """Foundations that were there before the index get their pages now."""
    if isinstance(page, FoundationIndexPage):
        open_missing_branches(by=request.user)  # type: ignore[arg-type]


@hooks.register("before_copy_page")
def copy_none_of_these(request: HttpRequest, page: Page) -> HttpResponse | None:
    if issubclass(page.specific_class or Page, ONCE):
        messages.error(request, _("There is one such page. It cannot be copied."))
        return redirect("wagtailadmin_explore", page.get_parent().pk)
    return None


@hooks.register("before_delete_page")
def keep_branches(request: HttpRequest, page: Page) -> HttpResponse | None:
    if _holds_a_branch([page]):
        messages.error(request, _why())
        return redirect("wagtailadmin_explore", page.get_parent().pk)
    return None


@hooks.register("before_bulk_action")
def keep_branches_in_bulk(
    request: HttpRequest, action_type: str, objects: list[Any], _action: Any
) -> HttpResponse | None:
    if action_type != "delete":
        return None
    if not _holds_a_branch(one for one in objects if isinstance(one, Page)):
        return None
    messages.error(request, _why())
    return redirect("wagtailadmin_explore_root")


def _holds_a_branch(pages: Iterable[Page]) -> bool:
    return any(
        FoundationPage.objects.descendant_of(page, inclusive=True).exists() for page in pages
    )


def _why() -> str:
    return _("The page of a foundation stays: its donors look for it. Unpublish it instead.")
