"""Gifts by bank, in cash and in goods; sponsors' pots and pledges; what sponsors paid."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn
from wagtail.permissions import register_permission_policy

from foundations.actions import offline, pledges, pots
from foundations.actions.entering import FundClosed
from foundations.actions.ledger import DayToCome, MonthClosed, NothingToBook, PotTooSmall
from foundations.admin.columns import MoneyColumn, MonthFilter, OwnFilterSet, choices
from foundations.admin.entries import (
    EntryCreateView,
    EntryInspectView,
    EntryViewSet,
    RejectView,
    ReverseView,
)
from foundations.admin.policy import ENTERS, FoundationPolicy
from foundations.admin.viewsets import (
    FoundationCreateView,
    FoundationInspectView,
    FoundationViewSet,
)
from foundations.forms.office import ReasonForm
from foundations.forms.offline import (
    OfflineGiftForm,
    PledgeForm,
    PledgePaymentForm,
    PotForm,
    PotPaymentForm,
)
from foundations.models import (
    Entry,
    MatchingPot,
    OfflineGift,
    PledgePayment,
    PointsPledge,
    PotPayment,
)
from foundations.money import format_plain
from foundations.permissions import (
    can_enter,
    get_bank_lines_for,
    get_offline_gifts_for,
    get_pledge_payments_for,
    get_pledges_for,
    get_pot_payments_for,
    get_pots_for,
)

for _model, _rows in (
    (OfflineGift, get_offline_gifts_for),
    (MatchingPot, get_pots_for),
    (PotPayment, get_pot_payments_for),
    (PointsPledge, get_pledges_for),
    (PledgePayment, get_pledge_payments_for),
):
    register_permission_policy(_model, FoundationPolicy(_model, rows=_rows, roles=ENTERS))

PAYMENTS_SHOWN = 50
FIELDS: dict[type[Exception], str] = {
    MonthClosed: "happened_on",
    DayToCome: "happened_on",
    NothingToBook: "amount",
    FundClosed: "fund",
    PotTooSmall: "amount",
    offline.GoodsUnnamed: "goods",
    offline.EvidenceForGoods: "evidence",
    offline.CompanyUnnamed: "donor_name",
    pledges.MoreThanDue: "amount",
}
STATE = StatusTagColumn(
    "state", label=_("State"), accessor="get_state_display", primary=lambda e: e.is_waiting
)
DAY = DateColumn("happened_on", label=_("Day"), sort_key="happened_on")
BY = Column("entered_by", label=_("Entered by"))


class NoMenuItem(MenuItem):
    """Found through the pot or pledge it belongs to, and through what waits today."""

    def is_shown(self, _request: Any) -> bool:
        return False


class CreateView(EntryCreateView):
    """What leads here may say in the address what the entry is about; only the own rows count."""

    # (word in the address, the field it fills, permissions' door)
    about: tuple[tuple[str, Any], ...] = ()

    def field_of(self, refusal: Any, form: Any) -> str | None:
        name = FIELDS.get(type(refusal))
        return name if name in form.fields else super().field_of(refusal, form)

    def get_initial(self) -> dict[str, Any]:
        found = super().get_initial()
        for name, rows in self.about:
            number = self.request.GET.get(name, "")
            if number.isdecimal() and len(number) < 18:
                row = rows(self.request.user).filter(pk=int(number)).first()
                found |= self.told_by(row) if row is not None else {}
        return found

    def told_by(self, row: Any) -> dict[str, Any]:
        return {row._meta.model_name: row.pk}


class OfflineGiftCreate(CreateView):
    about = (("line", get_bank_lines_for),)

    def told_by(self, row: Any) -> dict[str, Any]:
        """The line's own gift: what it says stands in the form already."""
        from foundations.bank_matching import suggestions

        suggested = suggestions([row])[0]
        return {
            "bank_line": row.pk, "how": OfflineGift.How.BANK,
            "amount": format_plain(row.amount_minor, currency=row.currency),
            "happened_on": row.booked_on, "donor_name": row.counterparty[:80],
            "note": row.text[:300], "fund": suggested.fund.pk if suggested.fund else None,
        }  # fmt: skip

    def get_success_url(self) -> str:
        """Who works through a statement goes on with its next line."""
        if self.object.bank_line_id is not None:
            return reverse("foundation-bank:work", args=[self.object.foundation_id])
        return super().get_success_url()


class SimpleReverse(ReverseView):
    """The way back is dated today."""

    form_class: type = ReasonForm

    def act(self, row: Any, data: dict[str, Any]) -> None:
        verbs: dict[type, Any] = {
            PotPayment: lambda: pots.reverse_pot_payment(payment=row, by=self.request.user, **data),
            PledgePayment: lambda: pledges.reverse_pledge_payment(
                payment=row, by=self.request.user, **data
            ),
        }
        verbs[type(row)]()


class GiftReject(RejectView):
    explanation = _("It did not come, or not so. Whoever entered it reads the reason.")


class GiftReverse(ReverseView):
    explanation = _(
        "For what was entered wrongly. The gift and its confirmation's number stay, as wholly taken"
        " back. For money that goes back to a donor there are refunds."
    )

    def act(self, row: Any, data: dict[str, Any]) -> None:
        offline.reverse_offline_gift(entry=row, by=self.request.user, **data)  # type: ignore[arg-type]


class GiftInspect(EntryInspectView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        gift = getattr(self.object, "gift", None)
        return super().get_context_data(**kwargs) | {
            "gift": gift,
            "confirmation": getattr(gift, "confirmation", None),
        }


class OfflineGiftFilterSet(OwnFilterSet):
    month = MonthFilter(field_name="happened_on")
    state = choices(_("State"), Entry.State.choices)
    how = choices(_("Way"), OfflineGift.How.choices)

    class Meta:
        model = OfflineGift
        fields = ["fund", "foundation"]


class OfflineGiftViewSet(EntryViewSet):
    model = OfflineGift
    name = "foundation-offline-gifts"
    menu_label = _("Gifts entered by staff")
    entry_form = OfflineGiftForm
    add_view_class = OfflineGiftCreate
    inspect_view_class = GiftInspect
    inspect_template_name = "foundations/admin/offline_gift.html"
    reject_view_class = GiftReject
    reverse_view_class = GiftReverse
    filterset_class = OfflineGiftFilterSet
    search_fields = ["donor_name", "donor_email", "note", "goods"]
    list_display = [
        Column("name", label=_("Donor"), accessor=lambda entry: entry.donor_name or "–"),
        Column("how", label=_("Way"), accessor="get_how_display"),
        Column("fund", label=_("Fund"), sort_key="fund"),
        MoneyColumn("amount_minor", label=_("Amount")),
        DAY,
        STATE,
        BY,
    ]

    @staticmethod
    def approve(entry: Any, **kwargs: Any) -> Any:
        return offline.approve_offline_gift(entry=entry, **kwargs)

    @staticmethod
    def reject(entry: Any, **kwargs: Any) -> Any:
        return offline.reject_offline_gift(entry=entry, **kwargs)


# Sponsors


class SponsorCreate(FoundationCreateView):
    success_message = _("Written down.")

    def save_instance(self) -> Any:
        return self.form.write(by=self.request.user)

    def get_success_url(self) -> str:
        name = "foundation-pots" if isinstance(self.object, MatchingPot) else "foundation-pledges"
        return reverse(f"{name}:inspect", args=[self.object.pk])


class PotInspect(FoundationInspectView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        pot = self.object
        return super().get_context_data(**kwargs) | {
            "pot": pot,
            "sheet": pots.sheet_of(pot),
            "payments": pot.payments.select_related("entered_by")[:PAYMENTS_SHOWN],
            "may_enter": can_enter(self.request.user, pot.foundation),  # type: ignore[arg-type]
        }


class PledgeInspect(FoundationInspectView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        pledge = self.object
        return super().get_context_data(**kwargs) | {
            "pledge": pledge,
            "due": pledges.due_of(pledge),
            "payments": pledge.payments.select_related("entered_by")[:PAYMENTS_SHOWN],
            "may_enter": can_enter(self.request.user, pledge.foundation),  # type: ignore[arg-type]
        }


class SponsorFilterSet(OwnFilterSet):
    class Meta:
        model = MatchingPot
        fields = ["fund", "foundation"]


class PledgeFilterSet(OwnFilterSet):
    class Meta:
        model = PointsPledge
        fields = ["fund", "foundation"]


class PotViewSet(FoundationViewSet):
    model = MatchingPot
    name = "foundation-pots"
    pages = ("add", "inspect")
    menu_label = _("Sponsors' pots")
    icon = "pick"
    add_view_class = SponsorCreate
    inspect_view_class = PotInspect
    inspect_template_name = "foundations/admin/pot.html"
    create_template_name = "foundations/admin/sponsor_form.html"
    filterset_class = SponsorFilterSet
    search_fields = ["sponsor", "sponsor_en"]
    list_display = [
        "sponsor",
        Column("fund", label=_("Fund"), accessor=lambda pot: pot.fund or _("any fund")),
        Column("percent", label=_("Per cent")),
        DateColumn("starts_on", label=_("First day")),
        DateColumn("ends_on", label=_("Last day")),
    ]

    def get_form_class(self, for_update: bool = False) -> type:
        return PotForm


class PledgeViewSet(FoundationViewSet):
    model = PointsPledge
    name = "foundation-pledges"
    pages = ("add", "inspect")
    menu_label = _("Pledges for points")
    icon = "pick"
    add_view_class = SponsorCreate
    inspect_view_class = PledgeInspect
    inspect_template_name = "foundations/admin/pledge.html"
    create_template_name = "foundations/admin/sponsor_form.html"
    filterset_class = PledgeFilterSet
    search_fields = ["sponsor", "sponsor_en"]
    list_display = [
        "sponsor",
        Column("fund", label=_("Fund")),
        Column("project", label=_("Project for points")),
        MoneyColumn("ceiling_minor", label=_("At most")),
        DateColumn("ends_on", label=_("Last day")),
    ]

    def get_form_class(self, for_update: bool = False) -> type:
        return PledgeForm


class PaymentViewSet(EntryViewSet):
    """No file, and no entry of its own in the menu."""

    menu_item_class = NoMenuItem
    reverse_view_class = SimpleReverse
    inspect_template_name = "foundations/admin/sponsor_payment.html"

    def get_urlpatterns(self) -> list[Any]:
        return [pattern for pattern in super().get_urlpatterns() if pattern.name != "file"]


class PotPaymentFilterSet(OwnFilterSet):
    fund = None
    state = choices(_("State"), Entry.State.choices)

    class Meta:
        model = PotPayment
        fields = ["pot", "foundation"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["pot"].queryset = get_pots_for(self.request.user)


class PledgePaymentFilterSet(OwnFilterSet):
    state = choices(_("State"), Entry.State.choices)

    class Meta:
        model = PledgePayment
        fields = ["fund", "foundation"]


class PotPaymentCreate(CreateView):
    about = (("pot", get_pots_for),)

    def told_by(self, row: Any) -> dict[str, Any]:
        return {"pot": row.pk}


class PledgePaymentCreate(CreateView):
    about = (("pledge", get_pledges_for),)

    def told_by(self, row: Any) -> dict[str, Any]:
        due = pledges.due_of(row)
        amount = format_plain(due.due_minor, currency=row.currency) if due.due_minor else ""
        return {"pledge": row.pk, "amount": amount}


class PotPaymentViewSet(PaymentViewSet):
    model = PotPayment
    name = "foundation-pot-payments"
    menu_label = _("Payments of pots")
    entry_form = PotPaymentForm
    add_view_class = PotPaymentCreate
    filterset_class = PotPaymentFilterSet
    search_fields = ["pot__sponsor", "note"]
    list_display = [
        "pot",
        Column("direction", label=_("Direction"), accessor="get_direction_display"),
        MoneyColumn("amount_minor", label=_("Amount")),
        DAY,
        STATE,
        BY,
    ]

    @staticmethod
    def approve(entry: Any, **kwargs: Any) -> Any:
        return pots.approve_pot_payment(payment=entry, **kwargs)

    @staticmethod
    def reject(entry: Any, **kwargs: Any) -> Any:
        return pots.reject_pot_payment(payment=entry, **kwargs)


class PledgePaymentViewSet(PaymentViewSet):
    model = PledgePayment
    name = "foundation-pledge-payments"
    menu_label = _("Payments of pledges")
    entry_form = PledgePaymentForm
    add_view_class = PledgePaymentCreate
    filterset_class = PledgePaymentFilterSet
    search_fields = ["pledge__sponsor"]
    list_display = [
        "pledge",
        Column("points", label=_("Points")),
        MoneyColumn("amount_minor", label=_("Amount")),
        DAY,
        STATE,
        BY,
    ]

    @staticmethod
    def approve(entry: Any, **kwargs: Any) -> Any:
        return pledges.approve_pledge_payment(payment=entry, **kwargs)

    @staticmethod
    def reject(entry: Any, **kwargs: Any) -> Any:
        return pledges.reject_pledge_payment(payment=entry, **kwargs)
