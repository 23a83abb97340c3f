"""Funds: what each has, its words, its plan (D3), its budget, and its end."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column, StatusTagColumn
from wagtail.permissions import register_permission_policy

from foundations.actions import plans as actions
from foundations.actions.books import FundNameTaken, close_fund, create_fund
from foundations.actions.ledger import BookingRefused, DayToCome
from foundations.admin.columns import MoneyColumn, OwnFilterSet, choices
from foundations.admin.policy import ENTERS_AND_CHANGES, FoundationPolicy
from foundations.admin.viewsets import (
    FoundationButton,
    FoundationCreateView,
    FoundationEditView,
    FoundationFormPage,
    FoundationIndexView,
    FoundationInspectView,
    FoundationViewSet,
)
from foundations.checkout import facts_of_fund, takes_gifts
from foundations.forms.foundation import BudgetFormSet, FundForm, FundPlanForm, NewFundForm
from foundations.models import Entry, Fund, FundPage, FundPlan, MoneyAccount
from foundations.money import format_plain
from foundations.permissions import (
    can_approve,
    can_enter,
    get_expenses_for,
    get_funds_for,
    get_grants_for,
)
from foundations.reports import fund_sheet

register_permission_policy(
    Fund, FoundationPolicy(Fund, rows=get_funds_for, roles=ENTERS_AND_CHANGES)
)

ENTRIES_SHOWN = 10
FIELDS: dict[type[Exception], str] = {
    FundNameTaken: "name",
    actions.PurposeStays: "purpose",
    actions.DaysInDisorder: "ends_on",
    actions.FilingIncomplete: "filing_number",
    actions.FilingNumberTaken: "filing_number",
    actions.FiledAnew: "filing_number",
    actions.FiledTooLate: "filed_on",
    actions.EmergencyFiledTooLate: "filed_on",
    DayToCome: "filed_on",
}


class FundFilterSet(OwnFilterSet):
    fund = None
    state = choices(_("State"), Fund.State.choices)
    kind = choices(_("Kind"), Fund.Kind.choices)

    class Meta:
        model = Fund
        fields = ["foundation"]


class FundIndex(FoundationIndexView):
    def get_base_queryset(self) -> QuerySet[Fund]:
        """With what came in and what was spent, as people read it: both above zero."""
        income, spending = (
            Sum("accounts__balance_minor", filter=Q(accounts__kind__in=kinds), default=0)
            for kinds in (MoneyAccount.INCOME, MoneyAccount.SPENDING)
        )
        rows: QuerySet[Fund] = super().get_base_queryset()
        return rows.annotate(raised_minor=-income, spent_minor=spending).order_by("id")


class FundCreate(FoundationCreateView):
    success_message = _("The fund is there. Its plan comes next.")

    def save_instance(self) -> Fund:
        return create_fund(**self.form.cleaned_data, by=self.request.user)

    def field_of(self, refusal: BookingRefused, form: Any) -> str | None:
        return FIELDS.get(type(refusal))

    def get_success_url(self) -> str:
        return reverse("foundation-funds:inspect", args=[self.object.pk])


class FundEdit(FoundationEditView):
    success_message = _("Saved.")

    def save_instance(self) -> Fund:
        return actions.change_fund(fund=self.object, by=self.request.user, **self.form.cleaned_data)

    def field_of(self, refusal: BookingRefused, form: Any) -> str | None:
        return FIELDS.get(type(refusal))

    def get_success_url(self) -> str:
        return reverse("foundation-funds:inspect", args=[self.object.pk])


class FundInspect(FoundationInspectView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        fund, user = self.object, self.request.user
        sheet = fund_sheet(fund=fund, day=timezone.localdate())
        names = dict(MoneyAccount.Kind.choices)
        return super().get_context_data(**kwargs) | {
            "fund": fund,
            "sheet": sheet,
            "income": [(names[kind], minor) for kind, minor in sheet.income.items() if minor],
            "spending": [(names[kind], minor) for kind, minor in sheet.spending.items() if minor],
            "plan": FundPlan.objects.filter(fund=fund).first(),
            "facts": facts_of_fund(fund),
            "takes_gifts": takes_gifts(fund),
            "budget": _budget(fund),
            "expenses": get_expenses_for(user).filter(fund=fund)[:ENTRIES_SHOWN],
            "grants": get_grants_for(user).filter(fund=fund)[:ENTRIES_SHOWN],
            "page": FundPage.objects.filter(fund=fund).first(),
            "may_enter": can_enter(user, fund.foundation),
            "may_close": can_approve(user, fund.foundation) and fund.state == Fund.State.OPEN,
        }


class PlanView(FoundationFormPage):
    page_title = _("Plan")
    explanation = _("What the law wants to know before anybody is asked for money.")
    success_words = _("The plan is written.")
    form_class = FundPlanForm

    def may(self, row: Fund) -> bool:
        return row.is_restricted and can_enter(self.request.user, row.foundation)  # type: ignore[arg-type]

    def get_form_kwargs(self) -> dict[str, Any]:
        plan = FundPlan.objects.filter(fund=self.object).first()
        return super().get_form_kwargs() | {"fund": self.object, "instance": plan}

    def act(self, row: Fund, data: dict[str, Any]) -> None:
        fields = {name: value for name, value in data.items() if name != "target"}
        actions.save_plan(fund=row, by=self.request.user, **fields)  # type: ignore[arg-type]

    def field_of(self, refusal: Exception, form: Any) -> str | None:
        return FIELDS.get(type(refusal))


class BudgetView(FoundationFormPage):
    page_title = _("Budget")
    template_name = "foundations/admin/budget.html"
    explanation = _("What the fund means to spend on what. Expenses and grants name their line.")
    success_words = _("The budget is written.")
    form_class = BudgetFormSet

    def may(self, row: Fund) -> bool:
        return can_enter(self.request.user, row.foundation)  # type: ignore[arg-type]

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        currency = self.object.currency
        lines = [
            {
                "number": line.pk, "name": line.name, "name_en": line.name_en, "kind": line.kind,
                "amount": format_plain(line.amount_minor, currency=currency),
            }
            for line in self.object.budget_lines.all()
        ]  # fmt: skip
        return kwargs | {"initial": lines, "form_kwargs": {"currency": currency}}

    def form_valid(self, form: Any) -> HttpResponse:
        lines = [
            actions.PlannedLine(
                number=data["number"], name=data["name"], name_en=data["name_en"],
                kind=data["kind"], amount_minor=data["amount_minor"],
            )
            for data in (one.cleaned_data for one in form.forms)
            if data and not data.get("DELETE")
        ]  # fmt: skip
        try:
            actions.set_budget(fund=self.object, lines=lines, by=self.request.user)  # type: ignore[arg-type]
        except BookingRefused as refusal:
            # A formset has no place for a sentence of its own but its list of errors.
            form.non_form_errors().append(str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, self.success_words)
        return redirect(self.get_success_url())


class CloseFundView(FoundationButton):
    def may(self, row: Fund) -> bool:
        return can_approve(self.request.user, row.foundation)  # type: ignore[arg-type]

    def act(self, row: Fund) -> str:
        close_fund(fund=row, by=self.request.user)  # type: ignore[arg-type]
        return gettext("The fund is closed for good.")


class FundViewSet(FoundationViewSet):
    model = Fund
    name = "foundation-funds"
    menu_label = _("Funds")
    icon = "folder-open-inverse"
    pages = ("add", "edit", "inspect")
    index_view_class = FundIndex
    add_view_class = FundCreate
    edit_view_class = FundEdit
    inspect_view_class = FundInspect
    inspect_template_name = "foundations/admin/fund.html"
    filterset_class = FundFilterSet
    search_fields = ["name", "name_en", "purpose"]
    list_display = [
        "__str__",
        MoneyColumn("balance.net_minor", label=_("Has"), sort_key="balance__net_minor"),
        MoneyColumn("raised_minor", label=_("Raised")),
        MoneyColumn("spent_minor", label=_("Spent")),
        Column("kind", label=_("Kind"), accessor="get_kind_display"),
        StatusTagColumn(
            "state",
            label=_("State"),
            accessor="get_state_display",
            primary=lambda fund: fund.state == Fund.State.OPEN,
        ),
    ]

    def get_form_class(self, for_update: bool = False) -> type:
        return FundForm if for_update else NewFundForm

    def get_urlpatterns(self) -> list[Any]:
        view = self.construct_view
        return [
            *super().get_urlpatterns(),
            path("plan/<int:pk>/", view(PlanView), name="plan"),
            path("budget/<int:pk>/", view(BudgetView), name="budget"),
            path("close/<int:pk>/", view(CloseFundView), name="close"),
        ]


def _budget(fund: Fund) -> list[dict[str, Any]]:
    """Each line with what was spent on it; what is still to be approved is not spent."""
    approved = Entry.State.APPROVED
    lines = fund.budget_lines.all()
    spent: dict[int, int] = {}
    for entries in (fund.expenses, fund.grants):
        by_line = entries.filter(state=approved, budget_line__isnull=False).order_by()
        for line, minor in by_line.values_list("budget_line").annotate(Sum("amount_minor")):
            spent[line] = spent.get(line, 0) + minor
    return [
        {
            "line": line, "spent_minor": spent.get(line.pk, 0),
            "percent": spent.get(line.pk, 0) * 100 // line.amount_minor,
            "left_minor": line.amount_minor - spent.get(line.pk, 0),
        }
        for line in lines
    ]  # fmt: skip
