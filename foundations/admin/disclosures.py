"""Disclosures that are owed: their deadlines, their words, their publication (D8, D9)."""

from __future__ import annotations

from typing import Any

from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.permissions import register_permission_policy

from foundations.actions import disclosures as actions
from foundations.admin.columns import OwnFilterSet, choices
from foundations.admin.policy import FoundationPolicy
from foundations.admin.viewsets import (
    FoundationButton,
    FoundationEditView,
    FoundationInspectView,
    FoundationViewSet,
)
from foundations.disclosure_figures import figures_for
from foundations.disclosure_words import shown_figures
from foundations.models import Disclosure
from foundations.permissions import ENTER, can_approve, can_enter, get_disclosures_for

register_permission_policy(
    Disclosure, FoundationPolicy(Disclosure, rows=get_disclosures_for, roles={"change": ENTER})
)


class DisclosureForm(WagtailAdminModelForm):
    class Meta:
        model = Disclosure
        fields = ["words", "words_en"]


class DisclosureFilterSet(OwnFilterSet):
    state = choices(
        _("State"),
        [("overdue", _("Overdue")), ("owed", _("Owed")), ("published", _("Published"))],
        method="by_state",
    )

    class Meta:
        model = Disclosure
        fields = ["kind"]

    def by_state(self, rows: Any, _name: str, value: str) -> Any:
        if value == "published":
            return rows.filter(published_at__isnull=False)
        owed = rows.filter(published_at=None)
        return owed.filter(due_on__lt=timezone.localdate()) if value == "overdue" else owed


class DisclosureEditView(FoundationEditView):
    def save_instance(self) -> Disclosure:
        return actions.write_disclosure(
            disclosure=self.object, by=self.request.user, **self.form.cleaned_data
        )

    def get_success_url(self) -> str:
        return reverse("disclosures:inspect", args=[self.object.pk])


class DisclosureInspectView(FoundationInspectView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, shown = self.request.user, self.object
        is_published = shown.published_at is not None
        return super().get_context_data(**kwargs) | {
            "figures": shown_figures(shown.figures if is_published else figures_for(shown)),
            "is_published": is_published,
            "may_write": can_enter(user, shown.foundation) and not is_published,
            "may_correct": can_enter(user, shown.foundation) and is_published,
            "may_publish": can_approve(user, shown.foundation) and not is_published,
        }


class PublishButton(FoundationButton):
    model = Disclosure
    inspect_url_name = "disclosures:inspect"

    def may(self, row: Disclosure) -> bool:
        return can_approve(self.request.user, row.foundation)

    def act(self, row: Disclosure) -> str:
        actions.publish_disclosure(disclosure=row, by=self.request.user)
        return gettext("Published, for everybody to read.")


class CorrectButton(FoundationButton):
    """Leads to the new one: the old stays as people read it."""

    model = Disclosure

    def may(self, row: Disclosure) -> bool:
        return can_enter(self.request.user, row.foundation)

    def act(self, row: Disclosure) -> str:
        self.corrected = actions.correct_disclosure(disclosure=row, by=self.request.user)
        return gettext(
            "Write what is right here. Once it is published it takes the old one's place."
        )

    def get_success_url(self, row: Disclosure) -> str:
        return reverse("disclosures:inspect", args=[getattr(self, "corrected", row).pk])


class DisclosureViewSet(FoundationViewSet):
    model = Disclosure
    name = "disclosures"
    menu_label = _("Disclosures")
    icon = "doc-full-inverse"
    pages = ("edit", "inspect")
    edit_view_class = DisclosureEditView
    inspect_view_class = DisclosureInspectView
    inspect_template_name = "foundations/admin/disclosure.html"
    inspect_view_fields = [
        "foundation", "fund", "kind", "first_on", "last_on", "due_on", "prepared_by",
        "published_by", "published_at",
    ]  # fmt: skip
    filterset_class = DisclosureFilterSet
    list_display = [
        "__str__",
        Column("fund", label=_("Fund"), accessor="fund"),
        DateColumn("due_on", label=_("Due on"), sort_key="due_on"),
        Column("state", label=_("State"), accessor="state_words"),
        Column("foundation", label=_("Foundation"), accessor="foundation"),
    ]
    ordering = ["due_on", "pk"]

    def get_form_class(self, for_update: bool = False) -> type[DisclosureForm]:
        return DisclosureForm

    def get_urlpatterns(self) -> list[Any]:
        publish, correct = (self.construct_view(v) for v in (PublishButton, CorrectButton))
        return [
            *super().get_urlpatterns(),
            path("publish/<int:pk>/", publish, name="publish"),
            path("correct/<int:pk>/", correct, name="correct"),
        ]
