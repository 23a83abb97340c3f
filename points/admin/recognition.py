"""The city's office keeps badges, answers objections to stars and decides the list of honours."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, HelpPanel, ObjectList
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permissions import register_permission_policy

from points.actions.honours import HonourRefused
from points.actions.objections import ObjectionRefused
from points.forms.recognition import BadgeForm, HonourDecisionForm, ObjectionDecisionForm
from points.models import Badge, StarObjection, YearlyHonour
from volunteers.wagtail_hooks import CityStaffPolicy

# A badge is taken off offer, never deleted: people have it. What was objected and nominated stays.
register_permission_policy(Badge, CityStaffPolicy(Badge, {"add", "change", "view"}))
register_permission_policy(StarObjection, CityStaffPolicy(StarObjection, {"change", "view"}))
register_permission_policy(YearlyHonour, CityStaffPolicy(YearlyHonour, {"change", "view"}))


class BadgeCreateView(generic.CreateView):
    def save_instance(self) -> Badge:
        return self.form.write(by=self.request.user)


class BadgeEditView(generic.EditView):
    def save_instance(self) -> Badge:
        return self.form.write(by=self.request.user)


class BadgeViewSet(ModelViewSet):
    model = Badge
    name = "badges"
    menu_label = _("Badges")
    icon = "success"
    add_view_class = BadgeCreateView
    edit_view_class = BadgeEditView
    copy_view_enabled = False
    list_display = ["name", "criterion", "threshold", "category", "issuer", "is_offered"]
    list_filter = ["is_offered", "criterion", "issuer"]
    search_fields = ["name", "name_en", "about"]

    def get_form_class(self, for_update: bool = False) -> Any:
        return BadgeForm


class DecisionView(generic.EditView):
    """Shows what was asked, and asks for the decision; a refusal is said above the form."""

    refusals: type[Exception]
    success_message = _("The decision is written. Whom it concerns reads it.")

    def form_valid(self, form: Any) -> Any:
        try:
            return super().form_valid(form)
        except self.refusals as refusal:
            form.add_error(None, str(refusal))
            self.produced_error_message = self.get_error_message()
            return self.form_invalid(form)

    def save_instance(self) -> Any:
        return self.form.decide(by=self.request.user)


class ObjectionDecisionView(DecisionView):
    refusals = ObjectionRefused


class HonourDecisionView(DecisionView):
    refusals = HonourRefused


class StarObjectionViewSet(ModelViewSet):
    model = StarObjection
    name = "star-objections"
    menu_label = _("Objections to stars")
    icon = "warning"
    edit_view_class = ObjectionDecisionView
    copy_view_enabled = False
    index_results_template_name = "points/admin/star_objections_results.html"
    list_display = [
        "reason",
        Column("recognition.volunteer", label=_("Volunteer")),
        Column("recognition.level", label=_("Star level")),
        "raised_at",
        "state",
        Column("decided_by", label=_("Decided by")),
    ]
    list_filter = ["state", "raised_at"]
    search_fields = ["reason", "recognition__volunteer__name"]
    ordering = ["-id"]
    edit_handler = ObjectList(
        [
            HelpPanel(template="points/admin/star_objection.html"),
            FieldPanel("decision"),
            FieldPanel("answer"),
        ],
        base_form_class=ObjectionDecisionForm,
    )


class YearlyHonourViewSet(ModelViewSet):
    model = YearlyHonour
    name = "yearly-honours"
    menu_label = _("Yearly honours")
    icon = "pick"
    edit_view_class = HonourDecisionView
    copy_view_enabled = False
    index_results_template_name = "points/admin/yearly_honours_results.html"
    list_display = [
        "title",
        "year",
        "volunteer",
        "organisation",
        "state",
        Column("decided_by", label=_("Decided by")),
    ]
    list_filter = ["state", "year", "organisation"]
    search_fields = ["title", "citation", "volunteer__name"]
    ordering = ["-year", "id"]
    edit_handler = ObjectList(
        [
            HelpPanel(template="points/admin/yearly_honour.html"),
            FieldPanel("decision"),
            FieldPanel("answer"),
        ],
        base_form_class=HonourDecisionForm,
    )
