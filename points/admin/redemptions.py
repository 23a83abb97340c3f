"""What was redeemed: found by code or name, handed out, or taken back with a reason."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permissions import register_permission_policy

from points.actions.pick_up import PickUpRefused, hand_out_redemption
from points.actions.refunds import NotWaiting, withdraw_redemption
from points.forms.rewards import WithdrawForm
from points.models import Redemption
from volunteers.wagtail_hooks import CityStaffPolicy

# "change" is the two buttons: there is no form that edits what has happened.
register_permission_policy(Redemption, CityStaffPolicy(Redemption, {"view"}))


def _with_names(redemptions: QuerySet[Redemption]) -> QuerySet[Redemption]:
    return redemptions.select_related(
        "reward", "volunteer", "movement", "refund", "collected_with", "collected_by"
    ).defer("volunteer__id_number")


def _redeemed_on(redemption: Redemption) -> str:
    return f"{timezone.localtime(redemption.redeemed_at):%Y-%m-%d %H:%M}"


def _to_be_picked_up_by(redemption: Redemption) -> str:
    if redemption.state != Redemption.State.WAITING or redemption.expires_at is None:
        return ""
    return f"{timezone.localtime(redemption.expires_at):%Y-%m-%d}"


class RedemptionFilterSet(WagtailFilterSet):
    class Meta:
        model = Redemption
        fields = ["state", "reward"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["state"].label = gettext("State")
        self.filters["reward"].label = gettext("Reward")


class RedemptionIndexView(generic.IndexView):
    def _get_title_column(self, *args: Any, **kwargs: Any) -> Column:
        column: Column = super()._get_title_column(*args, **kwargs)
        column.label = gettext("Pick-up code")
        return column

    def get_base_queryset(self) -> QuerySet[Redemption]:
        return _with_names(super().get_base_queryset())


class RedemptionInspectView(generic.InspectView):
    page_title = _("Redemption")

    def get_object(self, queryset: QuerySet[Redemption] | None = None) -> Redemption:
        return get_object_or_404(_with_names(Redemption.objects.all()), pk=self.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        redemption = self.object
        return super().get_context_data(**kwargs) | {
            "redemption": redemption,
            "is_waiting": redemption.state == Redemption.State.WAITING,
            "why": redemption.refund.reckoning.get("why", "") if redemption.refund else "",
            "form": WithdrawForm(),
        }


class RedemptionButton(PermissionCheckedMixin, View):
    model = Redemption
    permission_required = "view"  # the city's staff, who may see it, may hand it out
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        redemption = get_object_or_404(Redemption, pk=pk)
        try:
            messages.success(request, self.act(request, redemption))
        except (PickUpRefused, NotWaiting) as refusal:
            messages.error(request, str(refusal))
        return redirect("redemptions:inspect", pk)

    def act(self, request: HttpRequest, redemption: Redemption) -> str:
        raise NotImplementedError


class HandOutView(RedemptionButton):
    def act(self, request: HttpRequest, redemption: Redemption) -> str:
        hand_out_redemption(redemption=redemption, by=request.user)  # type: ignore[arg-type]
        return gettext("Handed over.")


class WithdrawView(RedemptionButton):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.form = WithdrawForm(request.POST)
        if not self.form.is_valid():
            messages.error(request, gettext("Please say why: it stands in the ledger."))
            return redirect("redemptions:inspect", pk)
        return super().post(request, pk)

    def act(self, request: HttpRequest, redemption: Redemption) -> str:
        withdraw_redemption(
            redemption=redemption,
            why=self.form.cleaned_data["why"],
            by=request.user,  # type: ignore[arg-type]
        )
        return gettext("Taken back; the points are with their owner again.")


class RedemptionViewSet(ModelViewSet):
    model = Redemption
    name = "redemptions"
    menu_label = _("Redemptions")
    icon = "tick-inverse"
    copy_view_enabled = False
    add_to_reference_index = False
    index_view_class = RedemptionIndexView
    inspect_view_enabled = True
    inspect_view_class = RedemptionInspectView
    inspect_template_name = "points/admin/redemption.html"
    inspect_view_fields = ["code"]
    list_display = [
        "code",
        Column("name", label=_("Name"), accessor="volunteer.masked_name"),
        Column("reward", label=_("Reward"), sort_key="reward"),
        Column("state", label=_("State"), accessor="get_state_display"),
        Column("redeemed_at", label=_("Redeemed"), accessor=_redeemed_on, sort_key="redeemed_at"),
        Column(
            "expires_at",
            label=_("To be picked up by"),
            accessor=_to_be_picked_up_by,
            sort_key="expires_at",
        ),
    ]
    filterset_class = RedemptionFilterSet
    search_fields = ["code", "volunteer__name", "reward__name"]
    form_fields: list[str] = []

    def get_urlpatterns(self) -> list[Any]:
        return [
            *super().get_urlpatterns(),
            path("hand-out/<int:pk>/", self.construct_view(HandOutView), name="hand_out"),
            path("withdraw/<int:pk>/", self.construct_view(WithdrawView), name="withdraw"),
        ]
