"""Every movement of the books, as they were booked."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.permissions import register_permission_policy

from foundations.actions.ledger import booked_within
from foundations.admin.columns import MoneyColumn, MonthFilter, OwnFilterSet
from foundations.admin.policy import FoundationPolicy
from foundations.admin.viewsets import FoundationInspectView, FoundationViewSet
from foundations.models import MoneyAccount, MoneyMovement
from foundations.permissions import get_accounts_for, get_funds_for, get_movements_for

register_permission_policy(MoneyMovement, FoundationPolicy(MoneyMovement, rows=get_movements_for))


class MovementFilterSet(OwnFilterSet):
    fund = django_filters.ModelChoiceFilter(
        label=_("Fund"), queryset=lambda request: get_funds_for(request.user), method="of_fund"
    )
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=MoneyMovement.Kind.choices)
    account = django_filters.ChoiceFilter(
        label=_("Account"), choices=MoneyAccount.Kind.choices, method="of_account"
    )
    month = MonthFilter(field_name="happened_on")

    class Meta:
        model = MoneyMovement
        fields = ["foundation"]

    def of_fund(self, rows: QuerySet[Any], _name: str, fund: Any) -> QuerySet[Any]:
        return self._touching(rows, fund=fund)

    def of_account(self, rows: QuerySet[Any], _name: str, kind: str) -> QuerySet[Any]:
        return self._touching(rows, kind=kind)

    def _touching(self, rows: QuerySet[Any], **which: Any) -> QuerySet[Any]:
        accounts = get_accounts_for(self.request.user).filter(**which).order_by().values("pk")
        return rows.filter(Q(debit_account__in=accounts) | Q(credit_account__in=accounts))


class MovementInspect(FoundationInspectView):
    def get_page_subtitle(self) -> str:
        return str(self.object.reference)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        movement = self.object
        # A gift with its refunds stands under one key: the first two parts of the event.
        root = ":".join(movement.event.split(":")[:2])
        return super().get_context_data(**kwargs) | {
            "movement": movement,
            "together": [
                one for one in booked_within(root) if one.foundation_id == movement.foundation_id
            ],
        }


class MovementViewSet(FoundationViewSet):
    model = MoneyMovement
    name = "foundation-movements"
    menu_label = _("Movements")
    icon = "list-ul"
    list_per_page = 50
    inspect_view_class = MovementInspect
    inspect_template_name = "foundations/admin/movement.html"
    filterset_class = MovementFilterSet
    search_fields = ["event", "text"]
    list_display = [
        "kind",
        DateColumn("happened_on", label=_("Day"), sort_key="happened_on"),
        MoneyColumn("amount_minor", label=_("Amount")),
        Column("debit_account", label=_("Debit")),
        Column("credit_account", label=_("Credit")),
        Column("event", label=_("Key")),
        Column("by", label=_("By")),
    ]
