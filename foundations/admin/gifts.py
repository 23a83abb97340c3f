"""Gifts as the office sees them: found, taken along as a table, looked at; their messages read."""

from __future__ import annotations

from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn
from wagtail.admin.viewsets.base import ViewSet
from wagtail.permissions import register_permission_policy

from foundations.actions.exports import note_export
from foundations.actions.gift_events import gift_event
from foundations.actions.ledger import booked_within
from foundations.actions.messages import decide_message
from foundations.admin.columns import MoneyColumn, MonthFilter, OwnFilterSet, choices, yes_or_no
from foundations.admin.policy import FoundationPolicy
from foundations.admin.viewsets import (
    FoundationButton,
    FoundationIndexView,
    FoundationInspectView,
    FoundationStaffItem,
    FoundationViewSet,
)
from foundations.models import Gift, MonthlyGift
from foundations.permissions import (
    can_enter,
    get_gifts_for,
    get_monthly_gifts_for,
    has_any_role,
    sees_names,
)
from foundations.tables import gift_columns, payment_words, table_response

register_permission_policy(Gift, FoundationPolicy(Gift, rows=get_gifts_for))
register_permission_policy(MonthlyGift, FoundationPolicy(MonthlyGift, rows=get_monthly_gifts_for))

MESSAGES_A_PAGE = 30


class GiftFilterSet(OwnFilterSet):
    state = choices(_("State"), Gift.State.choices)
    method = django_filters.ChoiceFilter(label=_("Way"), choices=Gift.Method.choices)
    month = MonthFilter(label=_("Month paid"), field_name="paid_at")
    is_monthly = yes_or_no(_("Of a monthly gift"), "of_monthly")
    is_refunded = yes_or_no(_("Refunded"), "of_refunded")
    is_live = choices(
        _("Payment"), [("live", _("real money")), ("test", _("test, no money"))], method="of_live"
    )

    class Meta:
        model = Gift
        fields = ["fund", "foundation"]

    def of_monthly(self, rows: QuerySet[Gift], _name: str, value: str) -> QuerySet[Gift]:
        return rows.filter(monthly__isnull=value == "no")

    def of_refunded(self, rows: QuerySet[Gift], _name: str, value: str) -> QuerySet[Gift]:
        nothing = {"refunded_minor": 0}
        return rows.exclude(**nothing) if value == "yes" else rows.filter(**nothing)

    def of_live(self, rows: QuerySet[Gift], _name: str, value: str) -> QuerySet[Gift]:
        """What staff entered is neither: it came by no gateway."""
        return rows.exclude(gateway="offline").filter(is_live=value == "live")


class TableToTakeAlong:
    """Mixed into a list: the rows as they are found and narrowed down, as CSV or a workbook."""

    # What is in the table `table_columns` says; without a word here there are no buttons.
    list_export = ("id",)
    table_name = ""

    def table_columns(self, *, with_names: bool) -> Any:
        raise NotImplementedError

    def as_spreadsheet(self: Any, rows: QuerySet[Any], format: str) -> HttpResponseBase:
        with_names = sees_names(self.request.user, rows)
        note_export(what=self.table_name, rows=rows, with_names=with_names, by=self.request.user)
        return table_response(
            name=f"linli-{self.table_name}",
            format=format,
            columns=self.table_columns(with_names=with_names),
            rows=rows,
        )


class GiftIndex(TableToTakeAlong, FoundationIndexView):
    table_name = "gifts"

    def get_base_queryset(self) -> QuerySet[Gift]:
        rows: QuerySet[Gift] = super().get_base_queryset()
        return rows.select_related("monthly", "confirmation").order_by("-id")

    def table_columns(self, *, with_names: bool) -> Any:
        return gift_columns(with_names=with_names)


class GiftInspect(FoundationInspectView):
    def get_page_subtitle(self) -> str:
        return str(self.object.number)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        gift, user = self.object, self.request.user
        return super().get_context_data(**kwargs) | {
            "gift": gift,
            "payment": payment_words(gift),
            "movements": booked_within(gift_event(gift.number)),
            "confirmation": getattr(gift, "confirmation", None),
            "refunds": gift.refunds.select_related("asked_by", "approved_by"),
            "disputes": gift.disputes.all(),
            "letters": gift.letters.order_by("pk"),
            "questions": gift.questions.order_by("pk"),
            "may_enter": can_enter(user, gift.foundation),
            "may_refund": can_enter(user, gift.foundation)
            and gift.state == Gift.State.PAID
            and gift.left_minor > 0,
            "refund_url": f"{reverse('refunds:add')}?gift={gift.pk}",
        }


class ShowMessageView(FoundationButton):
    is_shown = True

    def may(self, row: Gift) -> bool:
        return can_enter(self.request.user, row.foundation)  # type: ignore[arg-type]

    def act(self, row: Gift) -> str:
        decide_message(gift=row, is_shown=self.is_shown, by=self.request.user)  # type: ignore[arg-type]
        if self.is_shown:
            return gettext("The message is shown with the gift.")
        return gettext("The message is not shown.")

    def get_success_url(self, row: Gift) -> str:
        if "back" in self.request.POST:
            return reverse("foundation-messages:index")
        return super().get_success_url(row)


class HideMessageView(ShowMessageView):
    is_shown = False


class GiftViewSet(FoundationViewSet):
    model = Gift
    name = "foundation-gifts"
    menu_label = _("All gifts")
    icon = "pick"
    list_per_page = 50
    index_view_class = GiftIndex
    inspect_view_class = GiftInspect
    inspect_template_name = "foundations/admin/gift.html"
    filterset_class = GiftFilterSet
    search_fields = ["number", "donor_name", "donor__email"]
    list_display = [
        "number",
        Column("donor_name", label=_("Donor")),
        Column("fund", label=_("Fund"), sort_key="fund"),
        MoneyColumn("amount_minor", label=_("Amount")),
        Column("method", label=_("Way"), accessor="get_method_display"),
        StatusTagColumn(
            "state",
            label=_("State"),
            accessor="get_state_display",
            primary=lambda gift: gift.state == Gift.State.PAID,
        ),
        MoneyColumn("refunded_minor", label=_("Refunded")),
        DateColumn("paid_at", label=_("Paid at"), sort_key="paid_at"),
        Column("payment", label=_("Payment"), accessor=payment_words),
    ]

    def get_urlpatterns(self) -> list[Any]:
        return [
            *super().get_urlpatterns(),
            path("show/<int:pk>/", self.construct_view(ShowMessageView), name="show"),
            path("hide/<int:pk>/", self.construct_view(HideMessageView), name="hide"),
        ]


class MonthlyGiftFilterSet(OwnFilterSet):
    state = choices(_("State"), MonthlyGift.State.choices)

    class Meta:
        model = MonthlyGift
        fields = ["fund", "foundation"]


class MonthlyGiftInspect(FoundationInspectView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        monthly = self.object
        return super().get_context_data(**kwargs) | {
            "monthly": monthly,
            "gifts": get_gifts_for(self.request.user).filter(monthly=monthly).order_by("-pk")[:60],  # type: ignore[arg-type]
        }


class MonthlyGiftViewSet(FoundationViewSet):
    model = MonthlyGift
    name = "foundation-monthly-gifts"
    menu_label = _("Monthly gifts")
    icon = "date"
    inspect_view_class = MonthlyGiftInspect
    inspect_template_name = "foundations/admin/monthly_gift.html"
    filterset_class = MonthlyGiftFilterSet
    search_fields = ["number", "donor_name", "donor__email"]
    list_display = [
        "number",
        Column("donor_name", label=_("Donor")),
        Column("fund", label=_("Fund"), sort_key="fund"),
        MoneyColumn("amount_minor", label=_("Amount each month")),
        StatusTagColumn(
            "state",
            label=_("State"),
            accessor="get_state_display",
            primary=lambda monthly: monthly.state == MonthlyGift.State.ACTIVE,
        ),
        DateColumn("started_at", label=_("Running since"), sort_key="started_at"),
        Column("next_on", label=_("Next on"), sort_key="next_on"),
    ]


@require_safe
def messages_to_read(request: HttpRequest) -> HttpResponse:
    """Oldest first, of paid gifts: nobody's words are public before somebody has read them."""
    user: Any = request.user
    if not has_any_role(user):
        raise PermissionDenied
    waiting = (
        get_gifts_for(user)
        .filter(state=Gift.State.PAID, message_state=Gift.MessageState.WAITING)
        .exclude(message="")
        .order_by("paid_at", "pk")
    )
    page = Paginator(waiting, MESSAGES_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_title": gettext("Messages to be read"),
        "header_icon": "comment",
        "page_obj": page,
        "rows": [(gift, can_enter(user, gift.foundation)) for gift in page],
    }
    return render(request, "foundations/admin/messages.html", context)


class MessagesViewSet(ViewSet):
    name = "foundation-messages"
    menu_label = _("Messages")
    icon = "comment"
    menu_item_class = FoundationStaffItem

    def get_urlpatterns(self) -> list[Any]:
        return [path("", messages_to_read, name="index")]
