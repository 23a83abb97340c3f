from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from points.actions.projects import create_points_project
from points.forms.rewards import RedeemForm
from points.models import FamilyMember, PointsProject
from volunteers.models import Organisation, User

MOST_POINTS = 1_000_000


def _points_field() -> forms.IntegerField:
    return forms.IntegerField(
        label=_("Points"),
        min_value=1,
        max_value=MOST_POINTS,
        error_messages={
            "required": _("How many points?"),
            "min_value": _("At least one point."),
            "max_value": _("That is more than anybody has."),
            "invalid": _("A whole number of points, please."),
        },
    )


class GivePointsForm(RedeemForm):
    points = _points_field()


class SpendPointsForm(RedeemForm):
    points = _points_field()
    purpose = forms.CharField(
        label=_("What they were used for"),
        max_length=200,
        help_text=_("Everybody who gave can read it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class FoundFamilyForm(forms.Form):
    name = forms.CharField(label=_("Name of the family"), max_length=40)


class InviteForm(forms.Form):
    card_number = forms.CharField(
        label=_("Volunteer card number"),
        max_length=24,
        help_text=_("It stands on the card, below the name."),
    )


class SendPointsForm(RedeemForm):
    receiver = forms.ModelChoiceField(
        label=_("To whom"), queryset=FamilyMember.objects.none(), empty_label=None
    )
    points = _points_field()

    def __init__(self, *args: Any, members: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        receiver: Any = self.fields["receiver"]
        receiver.queryset = members
        receiver.label_from_instance = lambda member: member.volunteer.name


class PointsProjectForm(WagtailAdminModelForm):
    organisation = forms.ModelChoiceField(
        label=_("organisation"), queryset=Organisation.objects.active()
    )

    class Meta:
        model = PointsProject
        fields = ["name", "name_en", "about", "about_en", "organisation", "target_points"]

    def write(self, *, by: User) -> PointsProject:
        if self.instance.pk is None:
            return create_points_project(by=by, **self.cleaned_data)
        project: PointsProject = self.save()
        return project
