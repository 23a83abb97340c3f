"""Numbers of fiscal receipts (D5): written beside our confirmations, singly or by a file."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.permissions import register_permission_policy

from foundations.actions.fiscal import store_fiscal_receipt, store_fiscal_receipts
from foundations.admin.columns import MonthFilter, OwnFilterSet, yes_or_no
from foundations.admin.policy import FoundationPolicy
from foundations.admin.viewsets import FoundationFormPage, FoundationIndexView, FoundationViewSet
from foundations.bank_files import FileRefused
from foundations.fiscal_files import read_fiscal_file
from foundations.forms.offline import FiscalFileForm, FiscalForm
from foundations.models import Confirmation
from foundations.money import format_money
from foundations.permissions import (
    can_enter,
    get_confirmations_for,
    get_enterable_foundations_for,
)

register_permission_policy(Confirmation, FoundationPolicy(Confirmation, rows=get_confirmations_for))


class ReceiptFilterSet(OwnFilterSet):
    fund = None
    month = MonthFilter(field_name="issued_at")
    has_number = yes_or_no(gettext_lazy("Has a fiscal receipt"), "of_number")
    is_waived = yes_or_no(gettext_lazy("Not wanted"), "of_waived")

    class Meta:
        model = Confirmation
        fields = ["foundation"]

    def of_number(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.exclude(fiscal_number="") if value == "yes" else rows.filter(fiscal_number="")

    def of_waived(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(is_waived=value == "yes")


class ReceiptIndex(FoundationIndexView):
    template_name = "foundations/admin/receipts.html"

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        mine = get_enterable_foundations_for(self.request.user)
        return super().get_context_data(*args, **kwargs) | {"may_enter": mine.exists()}


class NumberView(FoundationFormPage):
    page_title = gettext_lazy("Number of the fiscal receipt")
    success_words = gettext_lazy("Written down.")
    explanation = gettext_lazy(
        "As it stands on the electronic receipt. A correction keeps in the log what stood before."
    )
    form_class = FiscalForm

    def may(self, row: Confirmation) -> bool:
        return can_enter(self.request.user, row.foundation)  # type: ignore[arg-type]

    def get_initial(self) -> dict[str, Any]:
        return {"number": self.object.fiscal_number, "check_code": self.object.fiscal_check_code}

    def act(self, row: Confirmation, data: dict[str, Any]) -> None:
        store_fiscal_receipt(confirmation=row, by=self.request.user, **data)  # type: ignore[arg-type]

    def field_of(self, refusal: Exception, form: Any) -> str | None:
        return "number"

    def get_success_url(self) -> str:
        return reverse("foundation-receipts:index")


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if not get_enterable_foundations_for(user).exists():
        raise PermissionDenied
    form = FiscalFileForm(request.POST or None, request.FILES or None, user=user)
    answers = None
    if request.method == "POST" and form.is_valid():
        try:
            rows = read_fiscal_file(form.cleaned_data["file"].read())
        except FileRefused as refused:
            form.add_error("file", str(refused))
        else:
            answers = store_fiscal_receipts(
                foundation=form.cleaned_data["foundation"], rows=rows, by=user
            )
    context = {
        "page_title": _("Numbers of fiscal receipts from a file"),
        "header_icon": "upload",
        "form": form,
        "answers": answers,
        "kept": sum(not answer.trouble for answer in answers or []),
        "refused": [answer for answer in answers or [] if answer.trouble],
    }
    return render(request, "foundations/admin/receipts_upload.html", context)


class ReceiptViewSet(FoundationViewSet):
    model = Confirmation
    name = "foundation-receipts"
    pages = ()
    menu_label = gettext_lazy("Fiscal receipts")
    icon = "doc-full"
    index_view_class = ReceiptIndex
    filterset_class = ReceiptFilterSet
    search_fields = ["number", "fiscal_number", "gift__number", "gift__donor_name"]
    list_display = [
        TitleColumn(
            "number",
            label=gettext_lazy("Confirmation"),
            get_url=lambda row: reverse("foundation-receipts:number", args=[row.pk]),
        ),
        Column(
            "amount",
            label=gettext_lazy("Amount"),
            accessor=lambda row: format_money(row.gift.amount_minor, currency=row.gift.currency),
        ),
        Column("donor", label=gettext_lazy("Donor"), accessor="gift.donor_name"),
        DateColumn("issued_at", label=gettext_lazy("Issued at")),
        Column("fiscal_number", label=gettext_lazy("Fiscal receipt's number")),
        Column("fiscal_check_code", label=gettext_lazy("Its check code")),
    ]

    def get_urlpatterns(self) -> list[Any]:
        return [
            *super().get_urlpatterns(),
            path("upload/", upload, name="upload"),
            path("number/<int:pk>/", self.construct_view(NumberView), name="number"),
        ]
