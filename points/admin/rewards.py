"""The catalogue, and the partners who hand it out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.forms import modelform_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from wagtail.admin import messages
from wagtail.admin.ui.tables import BooleanColumn, Column, DateColumn
from wagtail.admin.views import generic
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permissions import register_permission_policy

from points.actions.catalogue import (
    StockBelowTaken,
    change_reward,
    close_partner,
    renew_partner_link,
)
from points.forms.rewards import REWARD_FIELDS, PickUpPlaceForm, RewardForm
from points.models import Partner, PickUpPlace, Reward
from volunteers.qr import qr_svg
from volunteers.wagtail_hooks import CityStaffPolicy

# A reward is taken off the shelf, never deleted: redemptions name it. So is a partner closed.
register_permission_policy(Reward, CityStaffPolicy(Reward, {"add", "change", "view"}))
register_permission_policy(Partner, CityStaffPolicy(Partner, {"add", "change", "view"}))
register_permission_policy(
    PickUpPlace, CityStaffPolicy(PickUpPlace, {"add", "change", "delete", "view"})
)


class RewardEditView(generic.EditView):
    """People redeem while the form is open: one action writes the form's fields and no others."""

    def is_valid(self, form: RewardForm) -> bool:
        if not super().is_valid(form):
            return False
        fields = dict(form.cleaned_data)
        try:
            self.written = change_reward(
                reward=form.instance,
                places=list(fields.pop("places")),
                by=self.request.user,
                **fields,
            )
        except StockBelowTaken as refusal:
            form.add_error("stock", str(refusal))
            self.produced_error_code = "validation_error"
            self.produced_error_message = str(refusal)
            return False
        return True

    def save_instance(self) -> Reward:
        return self.written


class RewardViewSet(ModelViewSet):
    model = Reward
    name = "rewards"
    menu_label = _("Rewards")
    icon = "pick"
    copy_view_enabled = False
    edit_view_class = RewardEditView
    list_display = [
        "name", "kind", "price_points", "stock", "taken",
        BooleanColumn("is_offered", label=_("on offer")),
    ]  # fmt: skip
    list_filter = ["kind", "is_offered", "students_only"]
    search_fields = ["name", "name_en"]

    def get_form_class(self, for_update: bool = False) -> type[RewardForm]:
        # Made when it is asked for: the choosers of pictures and areas are registered by then.
        return modelform_factory(Reward, form=RewardForm, fields=REWARD_FIELDS)  # type: ignore[return-value]


class PartnerInspectView(generic.InspectView):
    """The secret link, as a text, as a code to print, and the buttons that end it."""

    page_title = _("Partner")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        link = f"{settings.LINLI_BASE_URL}{reverse('partner_desk', args=[self.object.token])}"
        return super().get_context_data(**kwargs) | {
            "partner": self.object,
            "places": self.object.places.all(),
            "link": link,
            "qr": qr_svg(url=link),
        }


class PartnerButton(PermissionCheckedMixin, View):
    """A press below the link: the partner is taken, and one action does the rest."""

    model = Partner
    permission_required = "change"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.act(request, get_object_or_404(Partner.objects.active(), pk=pk))
        return redirect("partners:inspect", pk)

    def act(self, request: HttpRequest, partner: Partner) -> None:
        raise NotImplementedError


class RenewLinkView(PartnerButton):
    def act(self, request: HttpRequest, partner: Partner) -> None:
        renew_partner_link(partner=partner, by=request.user)  # type: ignore[arg-type]
        messages.success(
            request, gettext("A new link. Phones that opened the old one are shut out.")
        )


class ClosePartnerView(PartnerButton):
    def act(self, request: HttpRequest, partner: Partner) -> None:
        close_partner(partner=partner, by=request.user)  # type: ignore[arg-type]
        messages.success(request, gettext("This partner hands nothing out any more."))


class PartnerViewSet(ModelViewSet):
    model = Partner
    name = "partners"
    menu_label = _("Partners")
    icon = "group"
    copy_view_enabled = False
    inspect_view_enabled = True
    inspect_view_class = PartnerInspectView
    inspect_template_name = "points/admin/partner.html"
    list_display = ["name", "contact", "phone", DateColumn("closed_at", label=_("Closed"))]
    search_fields = ["name", "name_en", "contact"]
    form_fields = ["name", "name_en", "contact", "phone", "organisation"]

    def get_urlpatterns(self) -> list[Any]:
        renew = self.construct_view(RenewLinkView)
        close = self.construct_view(ClosePartnerView)
        return [
            *super().get_urlpatterns(),
            path("renew/<int:pk>/", renew, name="renew"),
            path("close/<int:pk>/", close, name="close"),
        ]


class PickUpPlaceViewSet(ModelViewSet):
    model = PickUpPlace
    name = "pick-up-places"
    menu_label = _("Pick-up places")
    icon = "site"
    copy_view_enabled = False
    list_display = ["name", Column("partner", label=_("Partner"), accessor="partner"), "hours"]
    search_fields = ["name", "name_en", "partner__name"]

    def get_form_class(self, for_update: bool = False) -> type[PickUpPlaceForm]:
        return PickUpPlaceForm
