"""Refunds: asked for at a gift's page, approved by another, and looked after until they arrive."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column, DateColumn, StatusTagColumn
from wagtail.permissions import register_permission_policy

from foundations.actions import refunds as actions
from foundations.admin.columns import MoneyColumn, OwnFilterSet, choices
from foundations.admin.policy import FoundationPolicy
from foundations.admin.viewsets import (
    FoundationButton,
    FoundationFormPage,
    FoundationInspectView,
    FoundationViewSet,
)
from foundations.forms.refunds import AskRefundForm, PaidByHandForm, RefundReasonForm
from foundations.models import Gift, Refund
from foundations.permissions import (
    can_approve,
    can_approve_refund,
    can_enter,
    can_pay_refund,
    can_reject_refund,
    get_funds_for,
    get_gifts_for,
    get_refunds_for,
)
from foundations.refund_words import words_of_trouble
from foundations.timelines import refund_timeline

register_permission_policy(Refund, FoundationPolicy(Refund, rows=get_refunds_for))

State = Refund.State
# What somebody has to do something about, before single states.
STEPS = [
    ("to_approve", _("To be approved")),
    ("by_hand", _("To be paid by hand")),
    ("on_the_way", _("On its way")),
    ("came_back", _("Came back")),
    ("over", _("Over")),
]
OF_STEP = {
    "to_approve": Q(state=State.ASKED),
    "by_hand": Q(state=State.APPROVED, gift__gateway=actions.BY_HAND),
    "on_the_way": Q(state=State.PENDING)
    | (Q(state=State.APPROVED) & ~Q(gift__gateway=actions.BY_HAND)),
    "came_back": Q(state=State.FAILED),
    "over": Q(state__in=[State.PAID, State.REJECTED, State.WAIVED]),
}


class RefundFilterSet(OwnFilterSet):
    step = choices(_("What is to be done"), STEPS, method="of_step")
    fund = django_filters.ModelChoiceFilter(
        label=_("Fund"),
        field_name="gift__fund",
        queryset=lambda request: get_funds_for(request.user),
    )
    source = choices(_("Where it began"), Refund.Source.choices)

    class Meta:
        model = Refund
        fields = ["foundation"]

    def of_step(self, rows: QuerySet[Any], _name: str, step: str) -> QuerySet[Any]:
        return rows.filter(OF_STEP[step])


class RefundInspectView(FoundationInspectView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        refund, user = self.object, self.request.user
        gift = refund.gift
        is_by_hand = gift.gateway == actions.BY_HAND
        is_owed_by_hand = refund.state == State.FAILED or (
            refund.state == State.APPROVED and is_by_hand
        )
        may_pay = can_pay_refund(user, refund) and not actions.is_in_dispute(gift)
        return super().get_context_data(**kwargs) | {
            "refund": refund,
            "gift": gift,
            "trouble": words_of_trouble(refund),
            "timeline": refund_timeline(refund),
            "is_in_dispute": actions.is_in_dispute(gift),
            "is_own": refund.state == State.ASKED and refund.asked_by_id == user.pk,
            "may_approve": can_approve_refund(user, refund),
            "may_reject": can_reject_refund(user, refund),
            "may_send_again": may_pay and refund.state == State.FAILED and not is_by_hand,
            "may_mark_paid": may_pay and is_owed_by_hand,
            "may_mark_came_back": can_pay_refund(user, refund)
            and refund.state == State.PAID
            and actions.was_paid_by_hand(refund),
            "may_waive": can_approve(user, refund.foundation) and is_owed_by_hand,
        }


class AskRefundView(FoundationFormPage):
    """Begins at a gift: `?gift=<number of its row>`."""

    page_title = _("Pay back")
    submit_button_label = _("Ask for it to be paid back")
    explanation = _("No money moves yet. Somebody else has to approve it.")
    success_words = _("Asked for. Somebody else has to approve it.")
    form_class = AskRefundForm
    asked: Refund

    def own_rows(self) -> QuerySet[Any]:
        return get_gifts_for(self.request.user)

    def get_object(self, queryset: QuerySet[Any] | None = None) -> Any:
        number = self.request.GET.get("gift", "")
        if not (number.isascii() and number.isdecimal() and len(number) < 18):
            raise Http404
        self.kwargs["pk"] = int(number)
        return super().get_object()

    def user_has_permission_for_instance(self, action: str, instance: Gift) -> bool:
        return can_enter(self.request.user, instance.foundation)

    def may(self, row: Gift) -> bool:
        return can_enter(self.request.user, row.foundation)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"gift": self.object}

    def act(self, row: Gift, data: dict[str, Any]) -> None:
        self.asked = actions.ask_refund(
            gift=row, amount_minor=data["amount_minor"], reason=data["reason"],
            by=self.request.user, nonce=data["nonce"],
        )  # fmt: skip

    def get_success_url(self) -> str:
        if not hasattr(self, "asked"):
            return reverse(self.index_url_name)
        return reverse(self.inspect_url_name, args=[self.asked.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"action_url": self.request.get_full_path()}


class ApproveRefundView(FoundationButton):
    def may(self, row: Refund) -> bool:
        """That it is not their own, and not decided yet, the action says in words."""
        return can_approve(self.request.user, row.foundation)

    def act(self, row: Refund) -> str:
        refund = actions.approve_refund(refund=row, by=self.request.user)
        if refund.gift.gateway == actions.BY_HAND:
            return gettext("Approved. It is now to be paid by hand.")
        return gettext("Approved. The payment service is asked to pay it back.")


class SendAgainView(FoundationButton):
    def may(self, row: Refund) -> bool:
        return can_pay_refund(self.request.user, row)

    def act(self, row: Refund) -> str:
        actions.send_refund_again(refund=row, by=self.request.user)
        return gettext("It is sent once more.")


class CameBackView(FoundationButton):
    def may(self, row: Refund) -> bool:
        return can_pay_refund(self.request.user, row)

    def act(self, row: Refund) -> str:
        actions.mark_refund_came_back(refund=row, by=self.request.user)
        return gettext("Written down. The money is still the donor's.")


class RejectRefundView(FoundationFormPage):
    page_title = _("Reject")
    submit_button_label = _("Reject")
    explanation = _("Nothing is paid. Whoever asked for it reads the reason.")
    success_words = _("Rejected.")
    form_class = RefundReasonForm

    def may(self, row: Refund) -> bool:
        """That it was decided meanwhile, the action says in words."""
        user = self.request.user
        is_own = row.asked_by_id == user.pk
        return (can_enter if is_own else can_approve)(user, row.foundation)

    def act(self, row: Refund, data: dict[str, Any]) -> None:
        actions.reject_refund(refund=row, reason=data["reason"], by=self.request.user)


class MarkPaidView(FoundationFormPage):
    page_title = _("Paid by hand")
    submit_button_label = _("Write down as paid")
    explanation = _("Only once the money has left: this books it.")
    success_words = _("Written down as paid.")
    form_class = PaidByHandForm

    def may(self, row: Refund) -> bool:
        return can_pay_refund(self.request.user, row)

    def act(self, row: Refund, data: dict[str, Any]) -> None:
        actions.mark_refund_paid(refund=row, by=self.request.user, **data)


class WaiveView(FoundationFormPage):
    page_title = _("Left with us")
    submit_button_label = _("The donor leaves it with us")
    explanation = _(
        "Only if the donor agreed: it becomes a gift to the same fund again. Please write how and "
        "when the donor said so."
    )
    success_words = _("It is a gift again.")
    form_class = RefundReasonForm

    def may(self, row: Refund) -> bool:
        return can_approve(self.request.user, row.foundation)

    def act(self, row: Refund, data: dict[str, Any]) -> None:
        actions.waive_refund(refund=row, reason=data["reason"], by=self.request.user)


class RefundViewSet(FoundationViewSet):
    model = Refund
    name = "refunds"
    menu_label = _("Refunds")
    icon = "undo"
    inspect_view_class = RefundInspectView
    inspect_template_name = "foundations/admin/refund.html"
    filterset_class = RefundFilterSet
    search_fields = ["number", "gift__number", "gift__donor_name", "reason"]
    list_display = [
        "number",
        Column("donor", label=_("Donor"), accessor="gift.donor_name"),
        Column("fund", label=_("Fund"), accessor="gift.fund"),
        MoneyColumn("amount_minor", label=_("Amount")),
        StatusTagColumn(
            "state",
            label=_("State"),
            accessor="get_state_display",
            primary=lambda refund: refund.state in {State.ASKED, State.FAILED},
        ),
        DateColumn("asked_at", label=_("Asked at"), sort_key="asked_at"),
        Column("asked_by", label=_("Asked by")),
    ]

    def get_urlpatterns(self) -> list[Any]:
        views = {
            "approve": ApproveRefundView, "reject": RejectRefundView, "again": SendAgainView,
            "paid": MarkPaidView, "came-back": CameBackView, "waive": WaiveView,
        }  # fmt: skip
        return [
            *super().get_urlpatterns(),
            path("add/", self.construct_view(AskRefundView), name="add"),
            *(
                path(f"{name}/<int:pk>/", self.construct_view(view), name=name.replace("-", "_"))
                for name, view in views.items()
            ),
        ]
