"""A foundation's own page in the office: its facts, what is missing, giving, roles, members."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.permissions import register_permission_policy

from foundations.actions import facts as actions
from foundations.actions.books import create_foundation, give_role, take_role
from foundations.actions.ledger import BookingRefused
from foundations.admin.policy import FoundationPolicy
from foundations.admin.viewsets import (
    FoundationButton,
    FoundationCreateView,
    FoundationEditView,
    FoundationFormPage,
    FoundationInspectView,
    FoundationViewSet,
)
from foundations.checkout import facts_of
from foundations.forms.foundation import FoundationForm, MemberForm, NewFoundationForm, RoleForm
from foundations.models import Foundation
from foundations.permissions import (
    APPROVE,
    can_approve,
    can_enter,
    can_give_roles,
    get_foundations_for,
    get_members_for,
    get_roles_for,
)

register_permission_policy(
    Foundation,
    FoundationPolicy(
        Foundation, rows=get_foundations_for, roles={"change": APPROVE}, superusers=["add"],
        through="pk",
    ),
)  # fmt: skip

# Beside which field of the form a refusal stands.
FIELDS: dict[type[Exception], str] = {
    actions.AccountOfAnother: "stripe_account",
}


class FoundationCreate(FoundationCreateView):
    success_message = _("The books are open. Give the roles next.")

    def save_instance(self) -> Foundation:
        return create_foundation(**self.form.cleaned_data, by=self.request.user)

    def get_success_url(self) -> str:
        return reverse("foundations:inspect", args=[self.object.pk])


class FoundationEdit(FoundationEditView):
    success_message = _("Saved.")

    def save_instance(self) -> Foundation:
        # The form has written into its own copy of the row; the action reads the row anew.
        return actions.change_facts(
            foundation=self.object, by=self.request.user, **self.form.cleaned_data
        )

    def field_of(self, refusal: BookingRefused, form: Any) -> str | None:
        return FIELDS.get(type(refusal))

    def get_success_url(self) -> str:
        return reverse("foundations:inspect", args=[self.object.pk])


class FoundationInspect(FoundationInspectView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        foundation, user = self.object, self.request.user
        facts = facts_of(foundation)
        return super().get_context_data(**kwargs) | {
            "foundation": foundation,
            "facts": facts,
            "is_complete": all(fact.is_there for fact in facts),
            "is_open": foundation.checkout_opened_at is not None,
            "may_open": can_approve(user, foundation),
            "may_change": can_approve(user, foundation),
            "may_enter": can_enter(user, foundation),
            "may_give_roles": can_give_roles(user),
            "roles": get_roles_for(user).filter(foundation=foundation).order_by("role", "pk"),
            "members": get_members_for(user).filter(foundation=foundation).order_by("-pk")[:100],
            "is_directed": foundation.mode == Foundation.Mode.DIRECTED,
        }


class OpenGivingView(FoundationButton):
    def may(self, row: Foundation) -> bool:
        return can_approve(self.request.user, row)  # type: ignore[arg-type]

    def act(self, row: Foundation) -> str:
        actions.open_giving(foundation=row, by=self.request.user)  # type: ignore[arg-type]
        return gettext("Giving is open.")


class CloseGivingView(OpenGivingView):
    def act(self, row: Foundation) -> str:
        actions.close_giving(foundation=row, by=self.request.user)  # type: ignore[arg-type]
        return gettext("Giving is closed. What is under way comes to its end.")


class GiveRoleView(FoundationFormPage):
    page_title = _("Give a role")
    submit_button_label = _("Give the role")
    explanation = _(
        "One role a person: a new one takes the place of the old one. The account is asked for two"
        " factors when it opens the office."
    )
    success_words = _("The role is given.")
    form_class = RoleForm

    def may(self, row: Foundation) -> bool:
        return can_give_roles(self.request.user)  # type: ignore[arg-type]

    def act(self, row: Foundation, data: dict[str, Any]) -> None:
        give_role(foundation=row, user=data["account"], role=data["role"], by=self.request.user)  # type: ignore[arg-type]


class TakeRoleView(FoundationButton):
    def post(self, request: HttpRequest, pk: int, role_id: int) -> HttpResponse:  # type: ignore[override]
        if not can_give_roles(request.user):  # type: ignore[arg-type]
            raise PermissionDenied
        self.role = get_object_or_404(
            get_roles_for(request.user).filter(foundation=pk),  # type: ignore[arg-type]
            pk=role_id,
        )
        return super().post(request, pk)

    def may(self, row: Foundation) -> bool:
        return True

    def act(self, row: Foundation) -> str:
        take_role(role=self.role, by=self.request.user)  # type: ignore[arg-type]
        return gettext("The role is taken away.")


class AddMemberView(FoundationFormPage):
    page_title = _("Add a member")
    submit_button_label = _("Add")
    explanation = _("Members may give where a foundation asks nobody else.")
    success_words = _("The member is in the list.")
    form_class = MemberForm

    def may(self, row: Foundation) -> bool:
        return can_enter(self.request.user, row)  # type: ignore[arg-type]

    def act(self, row: Foundation, data: dict[str, Any]) -> None:
        actions.add_foundation_member(
            foundation=row,
            user=data["account"],
            joined_on=data["joined_on"],
            by=self.request.user,  # type: ignore[arg-type]
        )


class RemoveMemberView(FoundationButton):
    def post(self, request: HttpRequest, pk: int, member_id: int) -> HttpResponse:  # type: ignore[override]
        self.member = get_object_or_404(
            get_members_for(request.user).filter(foundation=pk),  # type: ignore[arg-type]
            pk=member_id,
        )
        return super().post(request, pk)

    def may(self, row: Foundation) -> bool:
        return can_enter(self.request.user, row)  # type: ignore[arg-type]

    def act(self, row: Foundation) -> str:
        actions.remove_foundation_member(member=self.member, by=self.request.user)  # type: ignore[arg-type]
        return gettext("The member is no longer in the list.")


class FoundationsViewSet(FoundationViewSet):
    model = Foundation
    name = "foundations"
    menu_label = _("Foundations")
    icon = "home"
    pages = ("add", "edit", "inspect")
    add_view_class = FoundationCreate
    edit_view_class = FoundationEdit
    inspect_view_class = FoundationInspect
    inspect_template_name = "foundations/admin/foundation.html"
    list_display = [
        "organisation",
        Column("mode", label=_("Legal mode"), accessor="get_mode_display"),
        Column("base_currency", label=_("Currency")),
        BooleanColumn(
            "is_open", label=_("Giving is open"), accessor=lambda f: bool(f.checkout_opened_at)
        ),
    ]
    search_fields = ["organisation__name", "organisation__name_en"]

    def get_form_class(self, for_update: bool = False) -> type:
        return FoundationForm if for_update else NewFoundationForm

    def get_urlpatterns(self) -> list[Any]:
        view = self.construct_view
        return [
            *super().get_urlpatterns(),
            path("open/<int:pk>/", view(OpenGivingView), name="open"),
            path("close/<int:pk>/", view(CloseGivingView), name="close"),
            path("roles/<int:pk>/give/", view(GiveRoleView), name="give_role"),
            path("roles/<int:pk>/take/<int:role_id>/", view(TakeRoleView), name="take_role"),
            path("members/<int:pk>/add/", view(AddMemberView), name="add_member"),
            path(
                "members/<int:pk>/remove/<int:member_id>/",
                view(RemoveMemberView),
                name="remove_member",
            ),
        ]
