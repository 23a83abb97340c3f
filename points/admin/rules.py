from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets import Button
from wagtail.models import Page
from wagtail.permissions import register_permission_policy

from points.actions.rules import (
    RuleRefused,
    end_award_rule,
    raise_bonus_budget,
    remove_award_rule,
)
from points.admin.dry_runs import DryRunFirst
from points.forms.rules import AwardRuleForm, BonusBudgetForm, EndRuleForm
from points.models import AwardRule, BonusBudget
from points.rule_words import concerns, gives
from volunteers.wagtail_hooks import CityStaffPolicy

register_permission_policy(
    AwardRule, CityStaffPolicy(AwardRule, {"add", "change", "delete", "view"})
)


class RuleIndexView(generic.IndexView):
    def get_base_queryset(self) -> QuerySet[AwardRule]:
        title = Page.objects.filter(pk=OuterRef("campaign_number")).values("title")[:1]
        rules: QuerySet[AwardRule] = super().get_base_queryset()
        return rules.select_related("category").annotate(campaign_title=Subquery(title))


class RuleCreateView(DryRunFirst, generic.CreateView):
    """A rule is tried, then written: the form's own button leads to the dry run."""


class RuleEditView(DryRunFirst, generic.EditView):
    """Shows a version, tries and writes the next one."""

    success_message = _("The next version of '%(object)s' is written.")

    @property
    def header_more_buttons(self) -> list[Button]:
        buttons: list[Button] = list(super().header_more_buttons)
        rule: Any = self.object
        if _can_end(rule):
            url = reverse("award-rules:end", args=[rule.pk])
            buttons.append(Button(_("End this rule"), url=url, icon_name="calendar-alt"))
        if BonusBudget.objects.filter(rule=rule).exists():
            url = reverse("award-rules:budget", args=[rule.pk])
            buttons.append(Button(_("Change the budget"), url=url, icon_name="pick"))
        return buttons

    def get_delete_url(self) -> str | None:
        """Only what has not begun can be taken away."""
        rule: Any = self.object
        has_begun = rule.starts_on is None or rule.starts_on <= timezone.localdate()
        return None if has_begun else super().get_delete_url()


class RuleDeleteView(generic.DeleteView):
    def delete_action(self) -> None:
        remove_award_rule(rule=self.object, by=self.request.user)

    def form_valid(self, form: Any) -> Any:
        try:
            return super().form_valid(form)
        except RuleRefused as refusal:
            messages.error(self.request, str(refusal))
            return self.form_invalid(form)


class _OneEntryView(generic.EditView):
    """A form with one entry about a rule; what the action refuses stands beside it."""

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()
        kwargs.pop("instance")
        return kwargs

    def form_valid(self, form: Any) -> Any:
        try:
            return super().form_valid(form)
        except RuleRefused as refusal:
            form.add_error(next(iter(form.fields)), str(refusal))
        self.produced_error_message = self.get_error_message()
        return self.form_invalid(form)

    def get_edit_url(self) -> str:
        return self.request.path

    def get_success_buttons(self) -> list[Any]:
        return []


class RuleEndView(_OneEntryView):
    page_title = _("Ending")
    submit_button_label = _("End this rule")
    success_message = _("'%(object)s' has a last day now.")

    def get_initial(self) -> dict[str, Any]:
        return {"last_day": self.object.last_day or timezone.localdate()}

    def save_instance(self) -> AwardRule:
        last_day = self.form.cleaned_data["last_day"]
        return end_award_rule(rule=self.object, last_day=last_day, by=self.request.user)


class RuleBudgetView(_OneEntryView):
    page_title = _("Budget")
    success_message = _("The budget of '%(object)s' is changed.")

    def get_initial(self) -> dict[str, Any]:
        budget = BonusBudget.objects.filter(rule=self.object).first()
        return {"budget_points": budget.budget_points if budget else None}

    def save_instance(self) -> AwardRule:
        points = self.form.cleaned_data["budget_points"]
        raise_bonus_budget(rule=self.object, budget_points=points, by=self.request.user)
        rule: AwardRule = self.object
        return rule


class AwardRuleViewSet(ModelViewSet):
    model = AwardRule
    name = "award-rules"
    menu_label = _("Award rules")
    icon = "list-ol"
    index_view_class = RuleIndexView
    add_view_class = RuleCreateView
    edit_view_class = RuleEditView
    delete_view_class = RuleDeleteView
    copy_view_enabled = False
    list_display = [
        "name",
        "kind",
        Column(
            "concerns",
            label=_("For what service"),
            accessor=lambda rule: concerns(rule, campaign=rule.campaign_title or ""),
        ),
        Column("gives", label=_("Gives"), accessor=gives),
        Column("starts_on", label=_("First day"), sort_key="holds"),
        Column("last_day", label=_("Last day")),
    ]
    list_filter = ["kind", "category"]
    ordering = ["kind", "category", "-holds"]

    def get_form_class(self, for_update: bool = False) -> Any:
        return AwardRuleForm

    def get_urlpatterns(self) -> list[Any]:
        end = self.construct_view(RuleEndView, form_class=EndRuleForm)
        budget = self.construct_view(RuleBudgetView, form_class=BonusBudgetForm)
        return [
            *super().get_urlpatterns(),
            path("end/<int:pk>/", end, name="end"),
            path("budget/<int:pk>/", budget, name="budget"),
        ]


def _can_end(rule: AwardRule) -> bool:
    return rule.last_day is None or rule.last_day > timezone.localdate()
