"""What an organiser may ask for at the desk. A form checks what was typed and calls its action."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.actions.attendance import check_in, check_out
from campaigns.actions.devices import ShiftsNotForDevice, register_device
from campaigns.actions.places import find_card
from campaigns.models import Activity, CampaignPage, ConsoleDevice, Scan, Shift, SignUp
from campaigns.models.attendance import Door
from campaigns.models.shifts import ShiftQuerySet
from campaigns.outcomes import ScanResult
from campaigns.permissions import get_campaigns_for
from volunteers.actions.records import (
    HAND_MAX_MINUTES,
    RecordRefused,
    confirm_record,
    correct_record,
    enter_record_by_hand,
    rate_record,
    uphold_record,
    void_record,
)
from volunteers.language import in_language
from volunteers.models import Objection, ServiceRecord, User, VolunteerCard

RATINGS = [
    ("", _("No rating")),
    ("5", _("5 · excellent")),
    ("4", _("4 · good")),
    ("3", _("3 · as expected")),
    ("2", _("2 · with shortcomings")),
    ("1", _("1 · poor")),
]


class ReasonField(forms.CharField):
    def __init__(self, *, label: Any, max_length: int = 400) -> None:
        super().__init__(
            label=label, max_length=max_length, widget=forms.Textarea(attrs={"rows": 2})
        )


class AttendanceByHandForm(forms.Form):
    """Check somebody in or out now, without a scan. Always now: past hours need a second person."""

    kind = forms.ChoiceField(choices=Scan.Kind.choices, widget=forms.HiddenInput)
    nonce = forms.UUIDField(widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Why by hand"), max_length=200)

    def act(self, *, sign_up: SignUp, by: User) -> ScanResult:
        act = check_out if self.cleaned_data["kind"] == Scan.Kind.OUT else check_in
        return act(
            shift=sign_up.shift,
            volunteer=sign_up.volunteer,
            door=Door.DESK,
            by=by,
            nonce=self.cleaned_data["nonce"],
            reason=self.cleaned_data["reason"],
        )


class RecordForm(forms.Form):
    """A decision about one record: what the action refuses stands above the fields."""

    def __init__(self, data: Any = None, *, record: ServiceRecord, prefix: str) -> None:
        super().__init__(data, prefix=prefix)
        self.record = record

    def act(self, *, by: User) -> bool:
        """True when it is done; otherwise the form carries the reason."""
        if not self.is_valid():
            return False
        try:
            self.decide(by=by)
        except RecordRefused as refusal:
            self.add_error(None, str(refusal))
            return False
        return True

    def decide(self, *, by: User) -> None:
        raise NotImplementedError


class ConfirmForm(RecordForm):
    quality = forms.TypedChoiceField(
        label=_("Rating"), choices=RATINGS, required=False, coerce=int, empty_value=None
    )

    def decide(self, *, by: User) -> None:
        confirm_record(record=self.record, by=by, quality=self.cleaned_data["quality"])


class RateForm(RecordForm):
    quality = forms.TypedChoiceField(label=_("Rating"), choices=RATINGS[1:], coerce=int)

    def decide(self, *, by: User) -> None:
        rate_record(record=self.record, by=by, quality=self.cleaned_data["quality"])


class CorrectForm(RecordForm):
    """Answers an open objection as well, when there is one."""

    hours = forms.IntegerField(label=_("Hours"), min_value=0, max_value=24)
    minutes = forms.IntegerField(label=_("Minutes"), min_value=0, max_value=59)
    reason = ReasonField(label=_("Reason"))

    def __init__(self, data: Any = None, *, record: ServiceRecord, prefix: str) -> None:
        super().__init__(data, record=record, prefix=prefix)
        hours, minutes = divmod(record.credited_minutes, 60)
        self.initial = {"hours": hours, "minutes": minutes}

    def decide(self, *, by: User) -> None:
        correct_record(
            record=self.record,
            by=by,
            credited_minutes=60 * self.cleaned_data["hours"] + self.cleaned_data["minutes"],
            reason=self.cleaned_data["reason"],
        )


class VoidForm(RecordForm):
    reason = ReasonField(label=_("Reason"))

    def decide(self, *, by: User) -> None:
        void_record(record=self.record, by=by, reason=self.cleaned_data["reason"])


class UpholdForm(RecordForm):
    answer = ReasonField(label=_("Your answer to the volunteer"))

    def decide(self, *, by: User) -> None:
        objection = self.record.objections.filter(state=Objection.State.OPEN).first()
        if objection is None:
            raise RecordRefused
        uphold_record(objection=objection, by=by, answer=self.cleaned_data["answer"])


class HandEntryForm(forms.Form):
    """Hours that no check-in shows (E1, E3)."""

    nonce = forms.UUIDField(widget=forms.HiddenInput, required=False)
    card = forms.CharField(label=_("Volunteer's card number"), max_length=40)
    activity = forms.ModelChoiceField(Activity.objects.none(), label=_("Activity"))
    served_on = forms.DateField(
        label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    hours = forms.IntegerField(
        label=_("Hours"), min_value=0, max_value=HAND_MAX_MINUTES // 60, initial=2
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=0, max_value=59, initial=0)
    reason = ReasonField(label=_("Why there is no check-in, and who saw it"), max_length=200)

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data, initial={"served_on": timezone.localdate(), "nonce": uuid.uuid4()})
        self.user = user
        campaigns = get_campaigns_for(user)
        self.fields["activity"] = ActivityField(
            Activity.objects.filter(campaign__in=campaigns)
            .select_related("campaign__organisation", "campaign__category")
            .order_by("-campaign__starts_on", "campaign_id", "sort_order"),
            label=_("Activity"),
            empty_label=_("Please choose"),
        )

    def clean_card(self) -> VolunteerCard:
        card = find_card(self.cleaned_data["card"])
        if card is None or not card.is_valid:
            raise forms.ValidationError(_("No valid card has this number. Please look again."))
        return card

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("hours") == 0 and cleaned.get("minutes") == 0:
            self.add_error("hours", _("Please enter how long it was."))
        return cleaned

    def enter(self) -> ServiceRecord | None:
        """The record, or None with the reason on the form."""
        if not self.is_valid():
            return None
        activity: Activity = self.cleaned_data["activity"]
        campaign: CampaignPage = activity.campaign
        try:
            return enter_record_by_hand(
                volunteer=self.cleaned_data["card"].volunteer,
                organisation=campaign.organisation,
                activity_name=campaign.title[:160],
                activity_name_en=campaign.title_en[:200],
                role=activity.role,
                role_en=activity.role_en,
                place=activity.place,
                content=activity.what_you_do,
                person_in_charge=activity.contact_name,
                campaign_number=campaign.pk,
                category=campaign.category,
                served_on=self.cleaned_data["served_on"],
                credited_minutes=60 * self.cleaned_data["hours"] + self.cleaned_data["minutes"],
                reason=self.cleaned_data["reason"],
                by=self.user,
                nonce=self.cleaned_data["nonce"],
            )
        except RecordRefused as refusal:
            self.add_error(None, str(refusal))
            return None


class ActivityField(forms.ModelChoiceField):
    def label_from_instance(self, activity: Activity) -> str:  # type: ignore[override]
        return f"{in_language(activity.campaign, 'title')} · {activity}"


class ShiftChoiceField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, shift: Shift) -> str:  # type: ignore[override]
        starts_at, ends_at = timezone.localtime(shift.starts_at), timezone.localtime(shift.ends_at)
        return f"{starts_at:%m-%d %H:%M}–{ends_at:%H:%M} · {in_language(shift.activity, 'role')}"


class DeviceForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the device"),
        max_length=60,
        help_text=_("So that you know it again: “Gate 3” or “Xiao Bao's phone”."),
    )
    shifts = ShiftChoiceField(
        Shift.objects.none(),
        label=_("At these shifts"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("It can scan at these only, and ends three days after the last of them."),
    )

    # A year's shifts are no list to tick from: those of the coming days are.
    MOST_OFFERED = 60

    def __init__(self, *args: Any, shifts: ShiftQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        next_ones = shifts.order_by("starts_at", "pk").values("pk")[: self.MOST_OFFERED]
        self.fields["shifts"].queryset = (  # type: ignore[attr-defined]
            Shift.objects.filter(pk__in=next_ones)
            .select_related("activity__campaign__organisation")
            .order_by("starts_at", "pk")
        )

    def register(self, *, by: User) -> tuple[ConsoleDevice, str]:
        """Returns the device and its token. Raises ShiftsNotForDevice."""
        shifts = list(self.cleaned_data["shifts"])
        if not shifts:
            raise ShiftsNotForDevice
        return register_device(
            by=by,
            organisation=shifts[0].activity.campaign.organisation,
            shifts=shifts,
            name=self.cleaned_data["name"],
        )
