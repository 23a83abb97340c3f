"""Who gave: found, looked at, taken along as a table, made nobody."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.permissions import register_permission_policy

from foundations.actions.donors import DonorRefused, anonymise_donor
from foundations.admin.columns import OwnFilterSet, choices, yes_or_no
from foundations.admin.gifts import TableToTakeAlong
from foundations.admin.policy import FoundationPolicy
from foundations.admin.viewsets import (
    FoundationFormPage,
    FoundationIndexView,
    FoundationInspectView,
    FoundationViewSet,
)
from foundations.forms.donors import AnonymiseForm
from foundations.models import Donor, Gift
from foundations.permissions import (
    can_approve,
    get_donors_for,
    get_gifts_for,
    get_monthly_gifts_for,
)
from foundations.tables import donor_columns

register_permission_policy(Donor, FoundationPolicy(Donor, rows=get_donors_for))

GIFTS_SHOWN = 100


class DonorFilterSet(OwnFilterSet):
    fund = None
    kind = choices(_("Kind"), Donor.Kind.choices)
    is_monthly = yes_or_no(_("Gives each month"), "of_monthly")

    class Meta:
        model = Donor
        fields = ["foundation"]

    def of_monthly(self, rows: QuerySet[Donor], _name: str, value: str) -> QuerySet[Donor]:
        running = {"monthlygift__state": "active"}
        return rows.filter(**running).distinct() if value == "yes" else rows.exclude(**running)


class DonorIndex(TableToTakeAlong, FoundationIndexView):
    table_name = "donors"

    def get_base_queryset(self) -> QuerySet[Donor]:
        paid = Q(gift__state=Gift.State.PAID)
        rows: QuerySet[Donor] = super().get_base_queryset()
        return rows.annotate(
            gifts_paid=Count("gift", filter=paid),
            first_at=Min("gift__paid_at"),
            last_at=Max("gift__paid_at"),
        )

    def table_columns(self, *, with_names: bool) -> Any:
        return donor_columns(with_names=with_names)


class DonorInspect(FoundationInspectView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        donor, user = self.object, self.request.user
        return super().get_context_data(**kwargs) | {
            "donor": donor,
            "gifts": get_gifts_for(user).filter(donor=donor).order_by("-pk")[:GIFTS_SHOWN],  # type: ignore[arg-type]
            "monthly": get_monthly_gifts_for(user).filter(donor=donor),  # type: ignore[arg-type]
            "may_anonymise": can_approve(user, donor.foundation) and donor.anonymised_at is None,  # type: ignore[arg-type]
        }


class AnonymiseView(FoundationFormPage):
    page_title = _("Make anonymous")
    submit_button_label = _("Make anonymous for good")
    explanation = _(
        "The donor's name, addresses and messages go. The gifts stay in the books, and the name on"
        " a confirmation that was issued stays where accounting law wants it, for nobody to read"
        " in public."
    )
    success_words = _("The donor is nobody now.")
    form_class = AnonymiseForm
    refusals = (DonorRefused,)

    def may(self, row: Donor) -> bool:
        return can_approve(self.request.user, row.foundation)  # type: ignore[arg-type]

    def act(self, row: Donor, data: dict[str, Any]) -> None:
        anonymise_donor(donor=row, by=self.request.user)  # type: ignore[arg-type]

    def get_success_url(self) -> str:
        return reverse("foundation-donors:inspect", args=[self.object.pk])


class DonorViewSet(FoundationViewSet):
    model = Donor
    name = "foundation-donors"
    menu_label = _("Donors")
    icon = "user"
    list_per_page = 50
    index_view_class = DonorIndex
    inspect_view_class = DonorInspect
    inspect_template_name = "foundations/admin/donor.html"
    filterset_class = DonorFilterSet
    search_fields = ["name", "email", "phone", "credit_code"]
    list_display = [
        "__str__",
        Column("kind", label=_("Kind"), accessor="get_kind_display"),
        Column("email", label=_("E-mail"), sort_key="email"),
        Column("gifts_paid", label=_("Gifts paid"), sort_key="gifts_paid"),
        DateColumn("last_at", label=_("Last gift"), sort_key="last_at"),
        DateColumn("anonymised_at", label=_("Made anonymous")),
    ]

    def get_urlpatterns(self) -> list[Any]:
        anonymise = self.construct_view(AnonymiseView)
        return [
            *super().get_urlpatterns(),
            path("anonymise/<int:pk>/", anonymise, name="anonymise"),
        ]
