from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permissions import register_permission_policy

from points.actions.rules import RuleRefused, remove_award_rule
from points.forms.rules import AwardRuleForm
from points.models import AwardRule
from volunteers.wagtail_hooks import CityStaffPolicy

register_permission_policy(
    AwardRule, CityStaffPolicy(AwardRule, {"add", "change", "delete", "view"})
)


class RuleCreateView(generic.CreateView):
    def save_instance(self) -> AwardRule:
        return self.form.write(by=self.request.user)


class RuleEditView(generic.EditView):
    """Shows a version and writes the next one."""

    success_message = _("The next version of '%(object)s' is written.")

    def save_instance(self) -> AwardRule:
        return self.form.write(by=self.request.user)


class RuleDeleteView(generic.DeleteView):
    def delete_action(self) -> None:
        remove_award_rule(rule=self.object)

    def form_valid(self, form: Any) -> Any:
        try:
            return super().form_valid(form)
        except RuleRefused as refusal:
            messages.error(self.request, str(refusal))
            return self.form_invalid(form)


class AwardRuleViewSet(ModelViewSet):
    model = AwardRule
    name = "award-rules"
    menu_label = _("Award rules")
    icon = "list-ol"
    add_view_class = RuleCreateView
    edit_view_class = RuleEditView
    delete_view_class = RuleDeleteView
    copy_view_enabled = False
    list_display = [
        "name",
        "kind",
        "category",
        "points",
        Column("starts_on", label=_("First day"), sort_key="holds"),
        Column("last_day", label=_("Last day")),
    ]
    list_filter = ["kind", "category"]
    ordering = ["kind", "category", "-holds"]

    def get_form_class(self, for_update: bool = False) -> Any:
        return AwardRuleForm
