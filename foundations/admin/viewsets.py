"""The pages that every list of a foundation's office is made of.

A viewset here has the pages it names and no others: what has happened is neither edited, copied
nor deleted. All of them meet only the rows of the account's own foundations.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView, View
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.views import generic
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.viewsets.model import ModelViewSet

from foundations.actions.ledger import BookingRefused
from foundations.permissions import has_any_role

OPTIONAL_PAGES = ("add", "edit", "delete", "inspect", "history", "usage", "copy")


class FoundationStaffItem(MenuItem):
    """For pages that are not about one kind of rows: whoever has a role sees them."""

    def is_shown(self, request: HttpRequest) -> bool:
        return has_any_role(request.user)  # type: ignore[arg-type]


class OwnRows:
    """Mixed into a view: its rows are those of the account's foundations; others are not found."""

    def own_rows(self: Any) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.permission_policy.rows(self.request.user)
        return rows

    def get_base_queryset(self: Any) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.own_rows()
        return rows

    def get_object(self: Any, queryset: QuerySet[Any] | None = None) -> Any:
        row = get_object_or_404(self.own_rows(), pk=self.kwargs["pk"])
        needed = self.permission_required
        if needed and not self.user_has_permission_for_instance(needed, row):
            raise PermissionDenied
        return row


class FoundationIndexView(OwnRows, generic.IndexView):
    # What may be done is a role's matter: without one there is no list at all.
    any_permission_required = ["view"]


class FoundationInspectView(OwnRows, generic.InspectView):
    any_permission_required = ["view"]

    def get_page_title(self) -> str:
        return str(capfirst(self.model._meta.verbose_name))


class RefusedInWords:
    """Mixed into a form's view: what the action refuses stands in the form, nothing is lost."""

    success_message: Any = None

    def form_valid(self: Any, form: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        except BookingRefused as refusal:
            form.add_error(self.field_of(refusal, form), str(refusal))
            self.produced_error_message = str(refusal)
            invalid: HttpResponse = self.form_invalid(form)
            return invalid
        return response

    def field_of(self, refusal: BookingRefused, form: Any) -> str | None:
        """The field that the sentence stands beside; None: above the form."""
        return None

    def get_success_buttons(self) -> list[Any]:
        return []


class FoundationCreateView(RefusedInWords, generic.CreateView):
    pass


class FoundationEditView(RefusedInWords, OwnRows, generic.EditView):
    pass


class FoundationButton(OwnRows, PermissionCheckedMixin, View):
    """A button on a row's page: one action, then back to the page with a sentence."""

    model: Any = None
    request: Any  # whose user has an account: Wagtail's admin lets nobody else in
    permission_required: str | None = "view"
    inspect_url_name = ""
    http_method_names = ["post"]
    refusals: tuple[type[Exception], ...] = (BookingRefused,)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.get_object()
        if not self.may(row):
            raise PermissionDenied
        try:
            messages.success(request, self.act(row))
        except self.refusals as refusal:
            messages.error(request, str(refusal))
        return redirect(self.get_success_url(row))

    def may(self, row: Any) -> bool:
        """Asks permissions.py about this very row."""
        raise NotImplementedError

    def act(self, row: Any) -> str:
        raise NotImplementedError

    def get_success_url(self, row: Any) -> str:
        return reverse(self.inspect_url_name, args=[row.pk])


class FoundationFormPage(OwnRows, PermissionCheckedMixin, WagtailAdminTemplateMixin, FormView):
    """A form about one row and one action; what the action refuses stands in the form."""

    model: Any = None
    request: Any  # whose user has an account: Wagtail's admin lets nobody else in
    permission_required: str | None = "view"
    template_name = "foundations/admin/form_page.html"
    index_url_name = ""
    inspect_url_name = ""
    submit_button_label: Any = _("Save")
    success_words: Any = ""
    explanation: Any = ""
    # Whose `str()` is the sentence for the person.
    refusals: tuple[type[Exception], ...] = (BookingRefused,)
    object: Any

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.object = self.get_object()
        if not self.may(self.object):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def may(self, row: Any) -> bool:
        """Asks permissions.py about this very row."""
        raise NotImplementedError

    def act(self, row: Any, data: dict[str, Any]) -> Any:
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            self.act(self.object, form.cleaned_data)
        except self.refusals as refusal:
            form.add_error(self.field_of(refusal, form), str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, self.success_words)
        return redirect(self.get_success_url())

    def field_of(self, refusal: Exception, form: Any) -> str | None:
        """The field that the sentence stands beside; None: above the form."""
        return None

    def get_success_url(self) -> str:
        return reverse(self.inspect_url_name, args=[self.object.pk])

    def get_page_subtitle(self) -> str:
        return str(self.object)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {
                "url": reverse(self.index_url_name),
                "label": capfirst(self.model._meta.verbose_name_plural),
            },
            {"url": self.get_success_url(), "label": str(self.object)},
            {"url": "", "label": self.get_page_title()},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "object": self.object,
            "action_url": self.request.path,
            "submit_button_label": self.submit_button_label,
            "explanation": self.explanation,
            "back_url": self.get_success_url(),
        }


class FoundationViewSet(ModelViewSet):
    """Has a list, and of OPTIONAL_PAGES those that `pages` names."""

    pages: tuple[str, ...] = ("inspect",)
    copy_view_enabled = False
    inspect_view_enabled = True
    add_to_reference_index = False
    index_view_class = FoundationIndexView
    inspect_view_class = FoundationInspectView
    add_view_class = FoundationCreateView
    edit_view_class = FoundationEditView
    form_fields: list[str] = []

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        absent = {f"{page}_url_name": None for page in OPTIONAL_PAGES if page not in self.pages}
        common: dict[str, Any] = super().get_common_view_kwargs(**kwargs)
        return common | absent

    def get_urlpatterns(self) -> list[Any]:
        absent = set(OPTIONAL_PAGES) | {"history_results"}
        absent -= set(self.pages)
        return [pattern for pattern in super().get_urlpatterns() if pattern.name not in absent]

    def register_admin_url_finder(self) -> None:
        """Without a page for editing there is no address to find."""
        if "edit" in self.pages:
            super().register_admin_url_finder()

    def get_permissions_to_register(self) -> Any:
        """None: what may be done is a role's matter, no group's."""
        return super().get_permissions_to_register().none()
