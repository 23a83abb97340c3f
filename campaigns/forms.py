from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from campaigns.actions.shifts import (
    MOST_DAYS,
    MOST_PEOPLE,
    cancel_shift,
    change_shift,
    open_shift,
    open_shifts,
)
from campaigns.models import Activity, Shift
from campaigns.permissions import get_activities_for
from volunteers.models import Category, Territory, User

WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]


class CampaignFilterForm(forms.Form):
    """What a visitor may narrow the list by. A value nobody knows is as good as none."""

    q = forms.CharField(label=_("Search"), required=False, max_length=60)
    district = forms.ModelChoiceField(
        Territory.objects.none(), label=_("District"), required=False, empty_label=_("Whole city")
    )
    street = forms.ModelChoiceField(
        Territory.objects.none(), label=_("Street"), required=False, empty_label=_("All streets")
    )
    category = forms.ModelChoiceField(
        Category.objects.all(),
        label=_("Kind of service"),
        required=False,
        to_field_name="slug",
        empty_label=_("All kinds"),
    )
    on = forms.DateField(
        label=_("Date"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    free = forms.BooleanField(label=_("With free places"), required=False)
    eligible = forms.BooleanField(label=_("Open to me"), required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        districts = Territory.objects.districts()
        self.fields["district"].queryset = districts  # type: ignore[attr-defined]
        district = _number(self.data.get("district"))
        if district is None:
            del self.fields["street"]
        else:
            self.fields["street"].queryset = (  # type: ignore[attr-defined]
                Territory.objects.streets().filter(parent=district)
            )

    def clean_on(self) -> date | None:
        on: date | None = self.cleaned_data["on"]
        if on is not None and not 2000 <= on.year < 2200:
            raise forms.ValidationError(_("Please check the day."))
        return on

    @property
    def chosen(self) -> dict[str, Any]:
        """The valid values; the form itself goes on to show what was typed."""
        self.is_valid()
        return self.cleaned_data

    @property
    def area(self) -> Territory | None:
        return self.chosen.get("street") or self.chosen.get("district")

    @property
    def is_narrowed(self) -> bool:
        """By more than words: then the filters stand open, or one would not see why so few came."""
        return any(value for name, value in self.chosen.items() if name != "q")


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 16 else None


class SignUpForm(forms.Form):
    """The one press; a birth date when nobody has asked for it yet."""

    birth_on = forms.DateField(label=_("Birth date"), required=False)

    def clean_birth_on(self) -> date | None:
        birth_on: date | None = self.cleaned_data["birth_on"]
        if birth_on is not None and not date(1900, 1, 1) <= birth_on <= timezone.localdate():
            raise forms.ValidationError(_("Please check the birth date."))
        return birth_on


class LeaveForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), required=False, max_length=200)


class ShiftForm(forms.Form):
    """One shift, as a phone's own date and time pickers ask for it."""

    on = forms.DateField(
        label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    starts = forms.TimeField(
        label=_("Starts at"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    ends = forms.TimeField(
        label=_("Ends at"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    capacity = forms.IntegerField(
        label=_("People wanted"), min_value=1, max_value=MOST_PEOPLE, initial=10
    )
    person_in_charge = forms.CharField(label=_("Person in charge"), max_length=60, required=False)

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if not 2000 <= on.year < 2200:
            raise forms.ValidationError(_("Please check the day."))
        return on

    @classmethod
    def initial_of(cls, shift: Shift) -> dict[str, Any]:
        starts, ends = timezone.localtime(shift.starts_at), timezone.localtime(shift.ends_at)
        return {
            "on": starts.date(),
            "starts": starts.time(),
            "ends": ends.time(),
            "capacity": shift.capacity,
            "person_in_charge": shift.person_in_charge,
        }

    def change(self, shift: Shift, *, by: User) -> Shift:
        """Raises ShiftRefused."""
        data = self.cleaned_data
        ends_on = data["on"] + timedelta(days=data["ends"] <= data["starts"])
        return change_shift(
            shift=shift,
            starts_at=_moment(data["on"], data["starts"]),
            ends_at=_moment(ends_on, data["ends"]),
            capacity=data["capacity"],
            person_in_charge=data["person_in_charge"],
            by=by,
        )


class NewShiftForm(ShiftForm):
    activity = forms.ModelChoiceField(
        Activity.objects.none(), label=_("Activity"), empty_label=None
    )
    repeat_until = forms.DateField(
        label=_("Repeat until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Leave empty for one shift."),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("On these days"),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every day."),
    )

    field_order = ["activity", "on", "starts", "ends", "capacity", "person_in_charge"]

    def __init__(self, *args: Any, activities: QuerySet[Activity], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["activity"].queryset = activities  # type: ignore[attr-defined]

    def clean_on(self) -> date:
        on = super().clean_on()
        if on < timezone.localdate():
            raise forms.ValidationError(_("That day has passed."))
        return on

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        on, until = data.get("on"), data.get("repeat_until")
        if on and until and until < on:
            self.add_error("repeat_until", _("The last day is before the first."))
        elif on and until and (until - on).days > 2 * MOST_DAYS:
            self.add_error("repeat_until", _("Please plan at most four months ahead."))
        elif on and until and not self._days():
            self.add_error("weekdays", _("None of these days falls in that time."))
        return data

    def _days(self) -> list[date]:
        data = self.cleaned_data
        until = data.get("repeat_until")
        if not until:
            return [data["on"]]
        every = (data["on"] + timedelta(days=n) for n in range((until - data["on"]).days + 1))
        weekdays = data.get("weekdays") or range(7)
        return [day for day in every if day.weekday() in weekdays]

    def open(self, *, by: User) -> list[Shift]:
        """Raises ShiftRefused."""
        data = self.cleaned_data
        return open_shifts(
            activity=data["activity"],
            days=self._days(),
            starts=data["starts"],
            ends=data["ends"],
            capacity=data["capacity"],
            person_in_charge=data["person_in_charge"],
            by=by,
        )


class CallOffForm(forms.Form):
    reason = forms.CharField(
        label=_("What shall people read?"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def call_off(self, shift: Shift, *, by: User) -> Shift:
        """Raises ShiftRefused."""
        return cancel_shift(shift=shift, reason=self.cleaned_data["reason"], by=by)


class AdminShiftForm(WagtailAdminModelForm):
    """A shift in Wagtail's admin. It writes through the same actions as the desk."""

    class Meta:
        model = Shift
        fields = ["activity", "starts_at", "ends_at", "capacity", "person_in_charge"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        activities = get_activities_for(self.for_user).select_related("campaign")
        field = self.fields["activity"]
        field.queryset = activities.order_by("campaign__title", "sort_order")
        field.label_from_instance = _activity_with_campaign
        if self.instance.pk:
            field.disabled = True

    def write(self, *, by: User) -> Shift:
        """Raises ShiftRefused."""
        data = {name: self.cleaned_data[name] for name in self.Meta.fields}
        if self.instance.pk is None:
            return open_shift(**data, by=by)
        del data["activity"]
        return change_shift(shift=self.instance, **data, by=by)


def _activity_with_campaign(activity: Activity) -> str:
    return f"{activity.campaign.title} · {activity.role}"


def _moment(day: date, clock: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, clock))
