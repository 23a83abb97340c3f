"""What an organiser asks for about the check points of a patrol."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.actions.patrol import (
    CheckPointRefused,
    add_check_point,
    move_check_point,
    remove_check_point,
    rename_check_point,
    renew_check_point_key,
    set_check_point_in_use,
)
from campaigns.models import Activity, CheckPoint
from volunteers.models import User


class CheckPointForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the point"),
        max_length=80,
        help_text=_("What people on the way call it: “North gate” or “Bench at the pond”."),
    )
    name_en = forms.CharField(label=_("Name in English"), max_length=120, required=False)

    def add(self, *, activity: Activity, by: User) -> CheckPoint | None:
        """The point, or None with the reason beside the field."""
        if not self.is_valid():
            return None
        try:
            return add_check_point(activity=activity, by=by, **self.cleaned_data)
        except CheckPointRefused as refusal:
            self.add_error("name", str(refusal))
            return None

    def rename(self, *, check_point: CheckPoint, by: User) -> bool:
        if not self.is_valid():
            return False
        try:
            rename_check_point(check_point=check_point, by=by, **self.cleaned_data)
        except CheckPointRefused as refusal:
            self.add_error("name", str(refusal))
            return False
        return True


class CheckPointChangeForm(forms.Form):
    """A change that is one press, nothing to type."""

    change = forms.ChoiceField(
        choices=[
            ("earlier", _("Earlier on the way")),
            ("later", _("Later on the way")),
            ("stop", _("Take out of use")),
            ("resume", _("Put into use again")),
            ("new_code", _("New code")),
            ("remove", _("Remove")),
        ]
    )

    def act(self, *, check_point: CheckPoint, by: User) -> None:
        """Raises CheckPointRefused."""
        match self.cleaned_data["change"]:
            case "earlier" | "later" as direction:
                move_check_point(check_point=check_point, earlier=direction == "earlier", by=by)
            case "stop" | "resume" as use:
                set_check_point_in_use(check_point=check_point, is_in_use=use == "resume", by=by)
            case "new_code":
                renew_check_point_key(check_point=check_point, by=by)
            case "remove":
                remove_check_point(check_point=check_point, by=by)
