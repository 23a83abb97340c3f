"""Expenses, grants and transfers: entered by one, decided by another, with all that shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.permissions import register_permission_policy

from foundations.actions import entries as actions
from foundations.actions.ledger import (
    BookingRefused,
    DayToCome,
    FundTooSmall,
    MonthClosed,
    NothingToBook,
)
from foundations.admin.columns import MoneyColumn, MonthFilter, OwnFilterSet, choices
from foundations.admin.policy import ENTERS, FoundationPolicy
from foundations.admin.viewsets import (
    FoundationButton,
    FoundationCreateView,
    FoundationFormPage,
    FoundationIndexView,
    FoundationInspectView,
    FoundationViewSet,
    OwnRows,
)
from foundations.forms.entries import ExpenseForm, GrantForm, TransferForm
from foundations.forms.office import DatedReasonForm, ReasonForm
from foundations.models import (
    Entry,
    Expense,
    FundTransfer,
    Grant,
    OfflineGift,
    PledgePayment,
    PotPayment,
)
from foundations.permissions import (
    can_approve,
    can_approve_entry,
    can_enter,
    can_reject_entry,
    get_expenses_for,
    get_funds_for,
    get_grants_for,
    get_transfers_for,
)

register_permission_policy(Expense, FoundationPolicy(Expense, rows=get_expenses_for, roles=ENTERS))
register_permission_policy(Grant, FoundationPolicy(Grant, rows=get_grants_for, roles=ENTERS))
register_permission_policy(
    FundTransfer, FoundationPolicy(FundTransfer, rows=get_transfers_for, roles=ENTERS)
)

# By how the content begins these were looked at when they came; by their name they are served.
CONTENT_TYPES = {
    ".pdf": "application/pdf", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png",
}  # fmt: skip

# Beside which field of the form a refusal stands.
FIELDS: dict[type[Exception], str] = {
    MonthClosed: "happened_on",
    DayToCome: "happened_on",
    NothingToBook: "amount",
    FundTooSmall: "amount",
    actions.InvoiceMissing: "invoice",
    actions.OtherBudgetLine: "budget_line",
    actions.FundClosed: "fund",
    actions.EvidenceMissing: "evidence",
    actions.NeedsConsent: "reason",
    actions.NotGeneral: "reason",
    actions.NotTwoFunds: "to_fund",
}


class EntryIndexView(FoundationIndexView):
    def get_base_queryset(self) -> QuerySet[Any]:
        rows = super().get_base_queryset()
        return rows.select_related("entered_by", "foundation__organisation")


class EntryCreateView(FoundationCreateView):
    template_name = "foundations/admin/entry_form.html"

    def save_instance(self) -> Any:
        return self.form.write(by=self.request.user)

    def field_of(self, refusal: BookingRefused, form: Any) -> str | None:
        name = FIELDS.get(type(refusal))
        return name if name in form.fields else None

    def form_valid(self, form: Any) -> Any:
        response = super().form_valid(form)
        if form.errors and form.file_field in form.files and form.file_field not in form.errors:
            form.add_error(form.file_field, gettext("Please choose the file once more."))
        return response

    def get_success_url(self) -> str:
        return reverse(f"{_viewset_of(self.object)}:inspect", args=[self.object.pk])

    success_message = _("Entered. Somebody else has to approve it.")


class EntryInspectView(FoundationInspectView):
    def get_object(self, queryset: QuerySet[Any] | None = None) -> Any:
        entry = super().get_object()
        # What the page names of people and movements, in one more question.
        model = type(entry)
        return model.objects.select_related(
            "foundation__organisation", "entered_by", "approved_by", "ended_by",
            "movement__debit_account__fund", "movement__credit_account__fund",
            "movement__reversed_by",
        ).get(pk=entry.pk)  # fmt: skip

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        entry, user = self.object, self.request.user
        name = _viewset_of(entry)
        is_treasurer = can_approve(user, entry.foundation)
        return super().get_context_data(**kwargs) | {
            "entry": entry,
            "file_url": reverse(f"{name}:file", args=[entry.pk]) if file_of(entry) else "",
            "approve_url": reverse(f"{name}:approve", args=[entry.pk]),
            "reject_url": reverse(f"{name}:reject", args=[entry.pk]),
            "reverse_url": reverse(f"{name}:reverse", args=[entry.pk]),
            "may_approve": can_approve_entry(user, entry),
            "may_reject": can_reject_entry(user, entry),
            "may_reverse": is_treasurer and entry.state == Entry.State.APPROVED,
            "is_own": is_treasurer and entry.is_waiting and entry.entered_by_id == user.pk,
        }


class ApproveView(FoundationButton):
    approve: Callable[..., Any]

    def may(self, row: Any) -> bool:
        """That it is not their own, and not decided yet, the action says in words."""
        return can_approve(self.request.user, row.foundation)

    def act(self, row: Any) -> str:
        type(self).approve(row, by=self.request.user)
        return gettext("Approved and booked.")


class RejectView(FoundationFormPage):
    page_title = _("Reject")
    submit_button_label = _("Reject")
    explanation = _("Nothing is paid. Whoever entered it reads the reason.")
    success_words = _("Rejected.")
    form_class = ReasonForm
    reject: Callable[..., Any]

    def may(self, row: Any) -> bool:
        user = self.request.user
        is_own = row.entered_by_id == user.pk
        return (can_enter if is_own else can_approve)(user, row.foundation)

    def act(self, row: Any, data: dict[str, Any]) -> None:
        type(self).reject(row, by=self.request.user, reason=data["reason"])


class ReverseView(FoundationFormPage):
    page_title = _("Reverse")
    submit_button_label = _("Reverse")
    explanation = _(
        "Nothing is taken out of the books: a further movement answers it, and both stay to be"
        " read."
    )
    success_words = _("Reversed.")
    form_class: type = DatedReasonForm

    def may(self, row: Any) -> bool:
        return can_approve(self.request.user, row.foundation)

    def act(self, row: Any, data: dict[str, Any]) -> None:
        actions.reverse_entry(entry=row, by=self.request.user, **data)  # type: ignore[arg-type]


class FileView(OwnRows, PermissionCheckedMixin, View):
    """Only through here: the folder of invoices is served by nobody else."""

    model: Any = None
    permission_required = "view"
    http_method_names = ["get", "head"]

    def get(self, _request: HttpRequest, pk: int) -> HttpResponseBase:
        entry = self.get_object()
        file = file_of(entry)
        if not file:
            raise Http404
        try:
            opened = file.open("rb")
        except OSError as gone:
            raise Http404 from gone
        ending = PurePath(file.name).suffix.lower()
        return FileResponse(
            opened,
            content_type=CONTENT_TYPES.get(ending, "application/octet-stream"),
            filename=f"linli-{entry._meta.model_name}-{pk}{ending}",
            as_attachment=ending not in CONTENT_TYPES,
            headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"},
        )


class EntryViewSet(FoundationViewSet):
    """The three kinds differ in their form, their columns and their verbs."""

    pages = ("add", "inspect")
    icon = "doc-full-inverse"
    index_view_class = EntryIndexView
    add_view_class = EntryCreateView
    inspect_view_class = EntryInspectView
    reject_view_class: type = RejectView
    reverse_view_class: type = ReverseView
    create_template_name = "foundations/admin/entry_form.html"
    inspect_template_name = "foundations/admin/entry.html"
    entry_form: type
    approve: Callable[..., Any]
    reject: Callable[..., Any]

    def get_form_class(self, for_update: bool = False) -> type:
        return self.entry_form

    def get_urlpatterns(self) -> list[Any]:
        approve = self.construct_view(_with(ApproveView, approve=type(self).approve))
        reject = self.construct_view(_with(self.reject_view_class, reject=type(self).reject))
        reverse_it = self.construct_view(self.reverse_view_class)
        return [
            *super().get_urlpatterns(),
            path("approve/<int:pk>/", approve, name="approve"),
            path("reject/<int:pk>/", reject, name="reject"),
            path("reverse/<int:pk>/", reverse_it, name="reverse"),
            path("file/<int:pk>/", self.construct_view(FileView), name="file"),
        ]


class ExpenseFilterSet(OwnFilterSet):
    month = MonthFilter(field_name="happened_on")
    state = choices(_("State"), Entry.State.choices)
    kind = choices(_("Kind"), Expense.Kind.choices)

    class Meta:
        model = Expense
        fields = ["fund", "foundation"]


class ExpenseViewSet(EntryViewSet):
    model = Expense
    name = "foundation-expenses"
    menu_label = _("Expenses")
    entry_form = ExpenseForm
    filterset_class = ExpenseFilterSet
    search_fields = ["payee", "purpose"]
    list_display = [
        "payee",
        "purpose",
        Column("fund", label=_("Fund"), sort_key="fund"),
        MoneyColumn("amount_minor", label=_("Amount")),
        DateColumn("happened_on", label=_("Day"), sort_key="happened_on"),
        StatusTagColumn(
            "state", label=_("State"), accessor="get_state_display", primary=lambda e: e.is_waiting
        ),
        Column("entered_by", label=_("Entered by")),
    ]

    @staticmethod
    def approve(entry: Any, **kwargs: Any) -> Any:
        return actions.approve_expense(expense=entry, **kwargs)

    @staticmethod
    def reject(entry: Any, **kwargs: Any) -> Any:
        return actions.reject_expense(expense=entry, **kwargs)


class GrantFilterSet(OwnFilterSet):
    month = MonthFilter(field_name="happened_on")
    state = choices(_("State"), Entry.State.choices)

    class Meta:
        model = Grant
        fields = ["fund", "foundation"]


class GrantViewSet(EntryViewSet):
    model = Grant
    name = "foundation-grants"
    menu_label = _("Grants")
    entry_form = GrantForm
    filterset_class = GrantFilterSet
    search_fields = ["grantee", "purpose"]
    list_display = [
        "grantee",
        "purpose",
        Column("fund", label=_("Fund"), sort_key="fund"),
        MoneyColumn("amount_minor", label=_("Amount")),
        DateColumn("happened_on", label=_("Day"), sort_key="happened_on"),
        StatusTagColumn(
            "state", label=_("State"), accessor="get_state_display", primary=lambda e: e.is_waiting
        ),
        Column("entered_by", label=_("Entered by")),
    ]

    @staticmethod
    def approve(entry: Any, **kwargs: Any) -> Any:
        return actions.approve_grant(grant=entry, **kwargs)

    @staticmethod
    def reject(entry: Any, **kwargs: Any) -> Any:
        return actions.reject_grant(grant=entry, **kwargs)


class TransferFilterSet(OwnFilterSet):
    fund = django_filters.ModelChoiceFilter(
        label=_("Fund"),
        queryset=lambda request: get_funds_for(request.user),
        method="of_either_side",
    )
    month = MonthFilter(field_name="happened_on")
    state = choices(_("State"), Entry.State.choices)

    class Meta:
        model = FundTransfer
        fields = ["foundation"]

    def of_either_side(self, rows: QuerySet[Any], _name: str, fund: Any) -> QuerySet[Any]:
        return rows.filter(Q(from_fund=fund) | Q(to_fund=fund))


class TransferViewSet(EntryViewSet):
    model = FundTransfer
    name = "foundation-transfers"
    menu_label = _("Transfers between funds")
    icon = "resubmit"
    entry_form = TransferForm
    filterset_class = TransferFilterSet
    search_fields = ["evidence"]
    list_display = [
        "from_fund",
        Column("to_fund", label=_("To fund")),
        MoneyColumn("amount_minor", label=_("Amount")),
        Column("reason", label=_("Reason"), accessor="get_reason_display"),
        DateColumn("happened_on", label=_("Day"), sort_key="happened_on"),
        StatusTagColumn(
            "state", label=_("State"), accessor="get_state_display", primary=lambda e: e.is_waiting
        ),
        Column("entered_by", label=_("Entered by")),
    ]

    @staticmethod
    def approve(entry: Any, **kwargs: Any) -> Any:
        return actions.approve_transfer(transfer=entry, **kwargs)

    @staticmethod
    def reject(entry: Any, **kwargs: Any) -> Any:
        return actions.reject_transfer(transfer=entry, **kwargs)


def file_of(entry: Any) -> Any:
    """An expense's invoice, a grant's agreement, a gift's evidence; nothing for a transfer."""
    if isinstance(entry, OfflineGift):
        return entry.evidence
    return getattr(entry, "invoice", None) or getattr(entry, "agreement", None)


def _with(view: type, **verbs: Callable[..., Any]) -> type:
    return type(view.__name__, (view,), {name: staticmethod(verb) for name, verb in verbs.items()})


def _viewset_of(entry: Any) -> str:
    names = {
        Expense: "expenses", Grant: "grants", FundTransfer: "transfers",
        OfflineGift: "offline-gifts", PotPayment: "pot-payments",
        PledgePayment: "pledge-payments",
    }  # fmt: skip
    return f"foundation-{names[type(entry)]}"
