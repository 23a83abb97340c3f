"""The Wagtail admin of organisers and reviewers: their pages, their shifts, nobody else's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin.forms.choosers import BaseFilterForm
from wagtail.admin.ui.components import Component
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.views.generic import chooser as choosers
from wagtail.admin.views.generic import history, usage
from wagtail.admin.viewsets.chooser import ChooserViewSet
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.log_actions import LogFormatter
from wagtail.models import Page
from wagtail.permission_policies import BasePermissionPolicy
from wagtail.permissions import register_permission_policy

from campaigns.actions.shifts import ShiftRefused
from campaigns.forms import AdminShiftForm
from campaigns.models import CheckPoint, OrganisationCampaignsPage, Shift
from campaigns.permissions import (
    RUNNING_ROLES,
    can_run_shift,
    can_use_desk,
    get_campaigns_for,
    get_shifts_for,
)
from volunteers.models import Territory, User
from volunteers.permissions import is_city_staff

# Shifts


class ShiftPermissionPolicy(BasePermissionPolicy):
    """Asks the same door as the desk. A shift is called off, never deleted."""

    def user_has_permission(self, user: User, action: str) -> bool:
        if action not in {"add", "change", "view"}:
            return False
        return can_use_desk(user)

    def user_has_any_permission(self, user: User, actions: Iterable[str]) -> bool:
        return any(self.user_has_permission(user, action) for action in actions)

    def user_has_permission_for_instance(self, user: User, action: str, instance: Shift) -> bool:
        return action in {"change", "view"} and can_run_shift(user, instance)

    def instances_user_has_any_permission_for(
        self, user: User, _actions: Iterable[str]
    ) -> QuerySet[Shift]:
        return get_shifts_for(user)

    def users_with_any_permission(self, _actions: Iterable[str]) -> QuerySet[User]:
        return User.objects.filter(
            Q(is_superuser=True) | Q(memberships__role__in=RUNNING_ROLES)
        ).distinct()


register_permission_policy(Shift, ShiftPermissionPolicy(Shift))


class OwnShifts:
    """A view of one shift finds none but the user's own."""

    request: HttpRequest
    kwargs: dict[str, Any]

    def get_object(self, _queryset: QuerySet[Shift] | None = None) -> Shift:
        shifts = get_shifts_for(self.request.user).select_related("activity__campaign")
        return get_object_or_404(shifts, pk=self.kwargs["pk"])


class WrittenByAction:
    """Saving is one action's work; what it refuses stands above the form, nothing typed is lost."""

    def is_valid(self, form: AdminShiftForm) -> bool:
        if not super().is_valid(form):  # type: ignore[misc]
            return False
        try:
            self.written = form.write(by=self.request.user)  # type: ignore[attr-defined]
        except ShiftRefused as refused:
            form.add_error(None, str(refused))
            self.produced_error_code = "validation_error"
            self.produced_error_message = str(refused)
            return False
        return True

    def save_instance(self) -> Shift:
        return self.written


class ShiftIndexView(generic.IndexView):
    def get_base_queryset(self) -> QuerySet[Shift]:
        return get_shifts_for(self.request.user).select_related("activity__campaign__organisation")


class ShiftCreateView(WrittenByAction, generic.CreateView):
    pass


class ShiftEditView(OwnShifts, WrittenByAction, generic.EditView):
    pass


class ShiftHistoryView(OwnShifts, history.HistoryView):
    pass


class ShiftUsageView(OwnShifts, usage.UsageView):
    pass


class ShiftViewSet(ModelViewSet):
    model = Shift
    icon = "calendar-alt"
    menu_label = gettext_lazy("Shifts")
    menu_order = 150
    add_to_admin_menu = True
    add_to_reference_index = False
    copy_view_enabled = False
    index_view_class = ShiftIndexView
    add_view_class = ShiftCreateView
    edit_view_class = ShiftEditView
    history_view_class = ShiftHistoryView
    usage_view_class = ShiftUsageView
    list_display = [
        "activity",
        Column("campaign", label=gettext_lazy("Campaign"), accessor="activity.campaign.title"),
        "starts_at",
        "ends_at",
        "taken",
        "capacity",
        "state",
    ]
    list_filter = ["state", "starts_at"]
    search_fields = ["activity__role", "activity__campaign__title"]
    ordering = ["-starts_at"]

    def get_form_class(self, for_update: bool = False) -> type[AdminShiftForm]:
        return AdminShiftForm


@hooks.register("register_admin_viewset")
def shift_viewset() -> ShiftViewSet:
    return ShiftViewSet("shifts", url_prefix="shifts")


@hooks.register("register_log_actions")
def log_actions(actions: Any) -> None:
    @actions.register_action("linli.shift_cancelled")
    class ShiftCancelled(LogFormatter):
        label = gettext_lazy("Call off")

        def format_message(self, log_entry: Any) -> str:
            reason = (log_entry.data or {}).get("reason")
            return f"{_('Called off')}: {reason}" if reason else _("Called off")


# The area of a campaign: one of two thousand, so it is searched for, not scrolled through


class TerritoryFilterForm(BaseFilterForm):
    q = forms.CharField(
        label=gettext_lazy("Search"),
        required=False,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("Street or community")}),
    )

    def filter(self, objects: QuerySet[Territory]) -> QuerySet[Territory]:
        text = self.cleaned_data.get("q", "").strip()
        if text:
            self.is_searching, self.search_query = True, text
            objects = objects.filter(
                Q(name__icontains=text) | Q(name_en__icontains=text) | Q(code__startswith=text)
            )
        return objects


class TerritoryChooseView(choosers.ChooseView):
    filter_form_class = TerritoryFilterForm


class TerritoryResultsView(choosers.ChooseResultsView):
    filter_form_class = TerritoryFilterForm


class TerritoryChooserViewSet(ChooserViewSet):
    model = Territory
    icon = "site"
    choose_one_text = gettext_lazy("Choose an area")
    choose_another_text = gettext_lazy("Choose another area")
    choose_view_class = TerritoryChooseView
    choose_results_view_class = TerritoryResultsView


@hooks.register("register_admin_viewset")
def territory_chooser() -> TerritoryChooserViewSet:
    return TerritoryChooserViewSet("territory_chooser", url_prefix="territory-chooser")


# Pages


@hooks.register("construct_page_chooser_queryset")
def choose_among_public_and_own(pages: QuerySet[Page], request: HttpRequest) -> QuerySet[Page]:
    """A link may lead to any public page; drafts show up for their own organisation alone."""
    if is_city_staff(request.user):
        return pages
    shown = Q(live=True)
    for path in OrganisationCampaignsPage.objects.filter(
        Q(organisers__user=request.user) | Q(reviewers__user=request.user)
    ).values_list("path", flat=True):
        shown |= Q(path__startswith=path)
    return pages.filter(shown)


def _why_not_deleted(pages: Iterable[Page]) -> str:
    """The sentence, empty where nothing hangs on the pages."""
    below = Q(pk=None)
    for page in pages:
        below |= Q(activity__campaign__path__startswith=page.path)
    if Shift.objects.filter(below).exists():
        return _(
            "A campaign with shifts cannot be deleted: people's hours hang on it. "
            "Unpublish it instead."
        )
    if CheckPoint.objects.filter(below).exists():
        return _(
            "A campaign with check points cannot be deleted. Remove them at the desk first,"
            " or unpublish it instead."
        )
    return ""


@hooks.register("before_delete_page")
def keep_campaigns_with_shifts(request: HttpRequest, page: Page) -> HttpResponse | None:
    if sentence := _why_not_deleted([page]):
        messages.error(request, sentence)
        return redirect(f"/admin/pages/{page.get_parent().pk}/")
    return None


@hooks.register("before_bulk_action")
def keep_campaigns_with_shifts_in_bulk(
    request: HttpRequest, action_type: str, objects: list[Any], _action: Any
) -> HttpResponse | None:
    if action_type != "delete":
        return None
    if sentence := _why_not_deleted(one for one in objects if isinstance(one, Page)):
        messages.error(request, sentence)
        return redirect("wagtailadmin_explore_root")
    return None


@hooks.register("before_copy_page")
def copy_no_branch(request: HttpRequest, page: Page) -> HttpResponse | None:
    if issubclass(page.specific_class, OrganisationCampaignsPage):
        messages.error(request, _("An organisation has one page of campaigns."))
        return redirect("wagtailadmin_explore", page.get_parent().pk)
    return None


# Home


class CampaignsPanel(Component):
    """An organiser's first look: own campaigns, the way to the desk, a button for a new one."""

    name = "own_campaigns"
    template_name = "campaigns/admin/home_panel.html"
    order = 50

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:
        user = parent_context["request"].user
        campaigns = get_campaigns_for(user).select_related("organisation")
        branches = OrganisationCampaignsPage.objects.filter(organisers__user=user)
        return {
            "campaigns": campaigns.order_by("-latest_revision_created_at", "-pk")[:8],
            "branches": branches.select_related("organisation"),
            "has_organisations": can_use_desk(user),
        }


@hooks.register("construct_homepage_panels")
def own_campaigns_panel(_request: HttpRequest, panels: list[Component]) -> None:
    panels.append(CampaignsPanel())
