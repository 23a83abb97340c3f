"""The city's staff keep organisations, roles, categories, skills and notices in Wagtail's admin."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.viewsets.base import ViewSetGroup
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets import AdminDateInput
from wagtail.permission_policies import BasePermissionPolicy
from wagtail.permissions import register_permission_policy

from volunteers.actions.calendar import (
    HolidayNotInFuture,
    HolidayRefused,
    add_public_holiday,
    remove_public_holiday,
)
from volunteers.actions.cards import revoke_card
from volunteers.actions.consents import publish_notice
from volunteers.actions.organisations import (
    AlreadyMember,
    add_member,
    create_organisation,
    remove_member,
)
from volunteers.models import (
    Category,
    ConsentNotice,
    Membership,
    Organisation,
    PublicHoliday,
    SecurityEvent,
    Skill,
    User,
    VolunteerCard,
)
from volunteers.permissions import has_staff_role, is_city_staff
from volunteers.phones import NoSuchNumber, normalise_phone


class CityStaffPolicy(BasePermissionPolicy):
    """The city's staff, and what may be done at all with rows of this kind."""

    def __init__(self, model: Any, allowed: Iterable[str]) -> None:
        super().__init__(model)
        self.allowed = frozenset(allowed)

    def user_has_permission(self, user: User, action: str) -> bool:
        return action in self.allowed and is_city_staff(user)

    def user_has_any_permission(self, user: User, actions: Iterable[str]) -> bool:
        return any(self.user_has_permission(user, action) for action in actions)

    def user_has_permission_for_instance(self, user: User, action: str, _instance: Any) -> bool:
        return self.user_has_permission(user, action)

    def instances_user_has_any_permission_for(
        self, user: User, actions: Iterable[str]
    ) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model._default_manager.all()
        return rows if self.user_has_any_permission(user, actions) else rows.none()

    def users_with_any_permission(self, actions: Iterable[str]) -> QuerySet[User]:
        staff = User.objects.filter(Q(is_staff=True) | Q(is_superuser=True), is_active=True)
        return staff if self.allowed.intersection(actions) else staff.none()


# An organisation is closed by its date, never deleted: its records name it. No notice is edited.
register_permission_policy(Organisation, CityStaffPolicy(Organisation, {"add", "change", "view"}))
register_permission_policy(Membership, CityStaffPolicy(Membership, {"add", "delete", "view"}))
register_permission_policy(Category, CityStaffPolicy(Category, {"add", "change", "view"}))
register_permission_policy(Skill, CityStaffPolicy(Skill, {"add", "change", "view"}))
register_permission_policy(PublicHoliday, CityStaffPolicy(PublicHoliday, {"add", "delete", "view"}))
register_permission_policy(ConsentNotice, CityStaffPolicy(ConsentNotice, {"add", "view"}))
register_permission_policy(VolunteerCard, CityStaffPolicy(VolunteerCard, {"change", "view"}))
register_permission_policy(SecurityEvent, CityStaffPolicy(SecurityEvent, {"view"}))


class OrganisationCreateView(generic.CreateView):
    def save_instance(self) -> Organisation:
        data = dict(self.form.cleaned_data)
        data.pop("closed_on", None)
        return create_organisation(**data, by=self.request.user)


class OrganisationViewSet(ModelViewSet):
    model = Organisation
    name = "organisations"
    menu_label = _("Organisations")
    icon = "group"
    add_view_class = OrganisationCreateView
    list_display = ["name", "kind", "registration", "territory", "closed_on"]
    list_filter = ["kind", "registration"]
    search_fields = ["name", "name_en", "registration_number"]
    inspect_view_enabled = True
    form_fields = [
        "name", "name_en", "slug", "kind", "registration", "registration_number", "hub",
        "territory", "person_in_charge", "phone", "email", "about", "about_en", "email_domains",
        "closed_on",
    ]  # fmt: skip


class MembershipForm(WagtailAdminModelForm):
    account = forms.CharField(
        label=_("Account"),
        max_length=254,
        help_text=_("A proven phone number or an e-mail address."),
    )

    class Meta:
        model = Membership
        fields = ["organisation", "role"]

    def clean_account(self) -> User:
        text = self.cleaned_data["account"].strip()
        try:
            wanted = Q(phone=normalise_phone(text))
        except NoSuchNumber:
            wanted = Q(email=text.lower())
        user = User.objects.filter(wanted, is_active=True).first()
        if user is None:
            raise ValidationError(_("No account has this number or address."))
        return user

    def clean(self) -> Any:
        data = super().clean()
        if data.get("account") and data.get("organisation"):
            same = Membership.objects.filter(
                user=data["account"], organisation=data["organisation"], role=data.get("role")
            )
            if same.exists():
                raise ValidationError(str(AlreadyMember()))
        return data


class MembershipCreateView(generic.CreateView):
    def save_instance(self) -> Membership:
        data = self.form.cleaned_data
        return add_member(
            organisation=data["organisation"],
            user=data["account"],
            role=data["role"],
            by=self.request.user,
        )


class MembershipDeleteView(generic.DeleteView):
    def delete_action(self) -> None:
        remove_member(membership=self.object, by=self.request.user)


class MembershipViewSet(ModelViewSet):
    model = Membership
    name = "memberships"
    menu_label = _("Roles")
    icon = "user"
    add_view_class = MembershipCreateView
    delete_view_class = MembershipDeleteView
    list_display = ["user", "organisation", "role", "created_at"]
    list_filter = ["role"]
    search_fields = ["user__name", "organisation__name"]
    form_fields = ["organisation", "role"]
    inspect_view_enabled = True

    def get_form_class(self, for_update: bool = False) -> Any:
        return MembershipForm


class CategoryViewSet(ModelViewSet):
    model = Category
    name = "categories"
    menu_label = _("Service categories")
    icon = "tag"
    list_display = ["name", "name_en", "slug", "position"]
    form_fields = ["name", "name_en", "slug", "position"]


class SkillViewSet(ModelViewSet):
    model = Skill
    name = "skills"
    menu_label = _("Skills")
    icon = "clipboard-list"
    list_display = ["name", "name_en", "slug"]
    form_fields = ["name", "name_en", "slug"]


class NoticeCreateView(generic.CreateView):
    def save_instance(self) -> ConsentNotice:
        data = self.form.cleaned_data
        return publish_notice(kind=data["kind"], text=data["text"], text_en=data["text_en"])


class ConsentNoticeViewSet(ModelViewSet):
    model = ConsentNotice
    name = "notices"
    menu_label = _("Consent notices")
    icon = "doc-full"
    add_view_class = NoticeCreateView
    list_display = ["kind", "version", "published_at"]
    list_filter = ["kind"]
    form_fields = ["kind", "text", "text_en"]
    inspect_view_enabled = True


class PublicHolidayForm(WagtailAdminModelForm):
    class Meta:
        model = PublicHoliday
        fields = ["day", "name", "name_en"]
        widgets = {"day": AdminDateInput}

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if day <= timezone.localdate():
            raise ValidationError(str(HolidayNotInFuture()))
        return day


class PublicHolidayCreateView(generic.CreateView):
    def save_instance(self) -> PublicHoliday:
        return add_public_holiday(**self.form.cleaned_data, by=self.request.user)

    def get_success_buttons(self) -> list[Any]:
        return []  # there is nothing to change about a day, it is taken away


class PublicHolidayDeleteView(generic.DeleteView):
    def delete_action(self) -> None:
        remove_public_holiday(holiday=self.object, by=self.request.user)

    def form_valid(self, form: Any) -> Any:
        try:
            return super().form_valid(form)
        except HolidayRefused as refusal:
            messages.error(self.request, str(refusal))
            return self.form_invalid(form)


class PublicHolidayViewSet(ModelViewSet):
    model = PublicHoliday
    name = "public-holidays"
    menu_label = _("Public holidays")
    icon = "calendar-alt"
    add_view_class = PublicHolidayCreateView
    delete_view_class = PublicHolidayDeleteView
    list_display = ["day", "name", "name_en"]
    search_fields = ["name", "name_en"]
    ordering = ["-day"]

    def get_form_class(self, for_update: bool = False) -> Any:
        return PublicHolidayForm


class CardEndForm(WagtailAdminModelForm):
    """The one thing that staff change about a card: it counts no longer."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Why the card ends, such as: lost, copied. It cannot be brought back."),
    )

    class Meta:
        model = VolunteerCard
        fields: list[str] = []

    def clean(self) -> Any:
        if self.instance.revoked_at:
            raise ValidationError(_("This card has ended already."))
        return super().clean()


class CardEndView(generic.EditView):
    page_title = _("End this card")
    submit_button_label = _("End this card")
    success_message = _("The card has ended. Its holder can get a new one with one press.")

    def save_instance(self) -> VolunteerCard:
        reason = self.form.cleaned_data["reason"]
        return revoke_card(card=self.object, reason=reason, by=self.request.user)

    def get_success_buttons(self) -> list[Any]:
        return []


class CardViewSet(ModelViewSet):
    """A holder who lost the phone may call the office. A name is shown masked: the number finds."""

    model = VolunteerCard
    name = "cards"
    menu_label = _("Cards")
    icon = "user"
    edit_view_class = CardEndView
    copy_view_enabled = False
    list_display = [
        "number",
        Column("volunteer.masked_name", label=_("Volunteer")),
        Column("get_kind_display", label=_("Kind"), sort_key="kind"),
        Column("issued_at", label=_("Issued on"), sort_key="issued_at"),
        Column("expires_on", label=_("Last day"), sort_key="expires_on"),
        Column("revoked_at", label=_("Ended"), sort_key="revoked_at"),
        Column("revoke_reason", label=_("Reason")),
    ]
    list_filter = ["kind"]
    search_fields = ["number", "volunteer__name"]
    ordering = ["-id"]

    def get_form_class(self, for_update: bool = False) -> Any:
        return CardEndForm


class SecurityEventViewSet(ModelViewSet):
    model = SecurityEvent
    name = "security-log"
    menu_label = _("Security log")
    icon = "lock"
    list_display = ["at", "kind", "user", "by", "address", "detail"]
    list_filter = ["kind"]
    form_fields: list[str] = []
    inspect_view_enabled = True


class PeopleGroup(ViewSetGroup):
    menu_label = _("People and organisations")
    menu_icon = "group"
    menu_order = 300
    items = (
        OrganisationViewSet,
        MembershipViewSet,
        CategoryViewSet,
        SkillViewSet,
        ConsentNoticeViewSet,
        PublicHolidayViewSet,
        CardViewSet,
        SecurityEventViewSet,
    )


@hooks.register("register_admin_viewset")
def register_people() -> PeopleGroup:
    return PeopleGroup()


class MergeRequestsItem(MenuItem):
    def is_shown(self, request: Any) -> bool:
        return has_staff_role(request.user)


@hooks.register("register_admin_menu_item")
def register_merge_requests() -> MenuItem:
    return MergeRequestsItem(
        _("Joining registrations"), reverse("merge_requests"), icon_name="link", order=310
    )
