"""What an organiser chooses when a phone becomes a console."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.actions.devices import ShiftsNotForDevice, register_device
from campaigns.models import ConsoleDevice, Shift
from campaigns.models.shifts import ShiftQuerySet
from volunteers.models import User

MOST_OFFERED = 60


class PrepareForm(forms.Form):
    name = forms.CharField(label=_("Name of the device"), max_length=60)
    shifts = forms.ModelMultipleChoiceField(
        Shift.objects.none(),
        error_messages={"required": _("Please choose at least one shift.")},
    )

    def __init__(self, *args: Any, shifts: ShiftQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["shifts"].queryset = shifts.select_related(  # type: ignore[attr-defined]
            "activity__campaign__organisation"
        )

    def first_error(self) -> str:
        return str(next(iter(self.errors.values()))[0])

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
