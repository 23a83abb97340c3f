"""The teams of a shift as an organiser makes them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.actions.teams import TeamNameTaken, TeamRefused, form_team, rename_team
from campaigns.models import Shift, SignUp, Team
from volunteers.models import User


def free_places(shift: Shift) -> Any:
    """The places at a shift whose holders are in no team yet."""
    return (
        SignUp.objects.holding()
        .filter(shift=shift, team=None)
        .select_related("volunteer")
        .defer("volunteer__id_number")
        .order_by("volunteer__name", "pk")
    )


def _named(sign_up: SignUp) -> str:
    """With the end of the telephone number: two people of one name are not rare."""
    volunteer = sign_up.volunteer
    return f"{volunteer.name} · {volunteer.phone[-4:]}" if volunteer.phone else volunteer.name


class PlaceField(forms.ModelChoiceField):
    def label_from_instance(self, sign_up: SignUp) -> str:  # type: ignore[override]
        return _named(sign_up)


class PlacesField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, sign_up: SignUp) -> str:  # type: ignore[override]
        return _named(sign_up)


class TeamNameForm(forms.Form):
    name = forms.CharField(label=_("Name of the team"), max_length=40)

    def rename(self, *, team: Team, by: User) -> bool:
        """False with the reason beside the field."""
        if not self.is_valid():
            return False
        try:
            rename_team(team=team, name=self.cleaned_data["name"], by=by)
        except TeamRefused as refusal:
            self.add_error("name", str(refusal))
            return False
        return True


class TeamForm(TeamNameForm):
    leader = PlaceField(
        SignUp.objects.none(),
        label=_("Leader"),
        empty_label=_("Please choose"),
        help_text=_("Somebody with an account: checks everybody in and out with their own phone."),
        error_messages={"invalid_choice": _("This person is not free any more.")},
    )
    members = PlacesField(
        SignUp.objects.none(),
        label=_("The others"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Two to four people besides the leader."),
        error_messages={"invalid_choice": _("Somebody you ticked is not free any more.")},
    )

    def __init__(self, data: Any = None, *, shift: Shift) -> None:
        number = shift.teams.count() + 1
        super().__init__(data, initial={"name": gettext("Team %(number)s") % {"number": number}})
        self.shift = shift
        free = free_places(shift)
        with_account = free.filter(volunteer__user__isnull=False)
        self.fields["leader"].queryset = with_account  # type: ignore[attr-defined]
        self.fields["members"].queryset = free  # type: ignore[attr-defined]

    def form(self, *, by: User) -> Team | None:
        """The team, or None with the reason on the form."""
        if not self.is_valid():
            return None
        try:
            return form_team(
                shift=self.shift,
                name=self.cleaned_data["name"],
                leader=self.cleaned_data["leader"].volunteer,
                members=[sign_up.volunteer for sign_up in self.cleaned_data["members"]],
                by=by,
            )
        except TeamRefused as refusal:
            self.add_error(
                "name" if isinstance(refusal, TeamNameTaken) else "members", str(refusal)
            )
            return None
