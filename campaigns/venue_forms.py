"""The press on the page that a venue's code opens."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from campaigns.actions.own_scans import scan_own
from campaigns.actions.teams import scan_team
from campaigns.codes import VenueCode
from campaigns.distances import rough_distance_m
from campaigns.models import Scan, Shift, Team
from campaigns.models.attendance import Door
from volunteers.models import User, Volunteer


class VenuePressForm(forms.Form):
    """For oneself, for those of one's team who were ticked, or for both at once."""

    kind = forms.ChoiceField(choices=Scan.Kind.choices)
    nonce = forms.UUIDField(required=False)
    who = forms.ChoiceField(choices=[("", ""), ("team", "")], required=False)
    members = forms.ModelMultipleChoiceField(
        Volunteer.objects.none(),
        required=False,
        error_messages={"invalid_choice": _("Somebody you ticked is not in your team any more.")},
    )
    # Only where the box was ticked; whatever is wrong with them refuses nobody (E5).
    tells_distance = forms.BooleanField(required=False)
    latitude = forms.CharField(required=False)
    longitude = forms.CharField(required=False)

    def __init__(self, data: Any, *, members: QuerySet[Volunteer]) -> None:
        super().__init__(data)
        self.fields["members"].queryset = members  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("who") == "team" and not cleaned.get("members") and not self.errors:
            raise forms.ValidationError(_("Nobody was ticked."))
        return cleaned

    @property
    def sentence(self) -> str:
        """What is wrong, in one sentence: there is no field to stand beside."""
        for errors in self.errors.values():
            return str(errors[0])
        return ""

    def act(
        self, *, code: VenueCode, shift: Shift, volunteer: Volunteer, team: Team | None, by: User,
        browser: str,
    ) -> uuid.UUID:  # fmt: skip
        """Scan; returns the press's nonce, by which all its answers are found again."""
        chosen = self.cleaned_data
        nonce: uuid.UUID = chosen["nonce"] or uuid.uuid4()
        if chosen["who"] != "team":
            scan_own(
                shift=shift,
                volunteer=volunteer,
                kind=chosen["kind"],
                door=code.door,
                nonce=nonce,
                by=by,
                browser=browser,
                distance_m=self._distance_to(shift),
            )
        if team is not None and chosen["members"]:
            scan_team(
                team=team,
                members=list(chosen["members"]),
                kind=chosen["kind"],
                # A printed code proves as little for a team as for one person: it is looked at.
                door=code.door if code.is_poster else Door.TEAM,
                nonce=nonce,
                by=by,
            )
        return nonce

    def _distance_to(self, shift: Shift) -> int | None:
        if not self.cleaned_data["tells_distance"]:
            return None
        return rough_distance_m(
            activity=shift.activity,
            latitude=self.cleaned_data["latitude"],
            longitude=self.cleaned_data["longitude"],
        )
