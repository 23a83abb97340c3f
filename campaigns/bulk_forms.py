"""What the desk asks for when a whole shift goes home together."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.actions.bulk import (
    SHORTEST_TEXT,
    BulkCheckOut,
    BulkCheckOutRefused,
    LeftOutsideTheShift,
    check_left_at,
    check_out_everybody,
)
from campaigns.attendance_rules import check_out_until, opens_at
from campaigns.models import Shift
from campaigns.photos import FORMATS, MOST_BYTES, NotAPhoto, plain_jpeg
from volunteers.models import User

MINUTES = "%Y-%m-%dT%H:%M"


class LeftAtForm(forms.Form):
    """When everybody left: who is checked out hangs on it, so it is asked first."""

    left_at = forms.DateTimeField(
        label=_("When did they leave?"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MINUTES),
    )

    # Two forms of one page ask for it: the one that looks, and the one that acts.
    auto_id = "when_%s"

    def __init__(self, data: Any = None, files: Any = None, *, shift: Shift) -> None:
        first_guess = min(timezone.now(), shift.ends_at).replace(second=0, microsecond=0)
        initial = {"left_at": first_guess, "nonce": uuid.uuid4()}
        super().__init__(data, files, auto_id=self.auto_id, initial=initial)
        self.shift = shift
        last = min(timezone.now(), check_out_until(shift))
        self.fields["left_at"].widget.attrs |= {
            "min": f"{timezone.localtime(opens_at(shift)):{MINUTES}}",
            "max": f"{timezone.localtime(last):{MINUTES}}",
        }

    def clean_left_at(self) -> datetime:
        left_at: datetime = self.cleaned_data["left_at"]
        try:
            check_left_at(self.shift, left_at)
        except LeftOutsideTheShift as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return left_at


class CheckOutEverybodyForm(LeftAtForm):
    auto_id = "id_%s"
    nonce = forms.UUIDField(widget=forms.HiddenInput)
    text = forms.CharField(
        label=_("What shows it?"),
        help_text=_(
            "For example: “Group photograph at the gate, then we all left.” It stands beside"
            " everybody's hours when they are confirmed."
        ),
        min_length=SHORTEST_TEXT,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    photo = forms.FileField(
        label=_("Photograph"),
        help_text=_(
            "JPEG, PNG or WebP, up to 5 MB. Only those who run the shift see it; where and with"
            " what it was taken is removed."
        ),
        required=False,
        widget=forms.FileInput(attrs={"accept": ",".join(f"image/{f.lower()}" for f in FORMATS)}),
    )
    field_order = ("nonce", "left_at", "text", "photo")

    def __init__(self, data: Any = None, files: Any = None, *, shift: Shift) -> None:
        super().__init__(data, files, shift=shift)
        self.fields["left_at"].widget = forms.HiddenInput()

    def clean_photo(self) -> bytes | None:
        sent: UploadedFile | None = self.cleaned_data["photo"]
        if sent is None:
            return None
        if (sent.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("This photograph is larger than 5 MB."))
        try:
            return plain_jpeg(sent)  # type: ignore[arg-type]
        except NotAPhoto as wrong:
            raise forms.ValidationError(
                _("This is no photograph that can be read. JPEG, PNG or WebP, please.")
            ) from wrong

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        # A browser does not send a chosen file a second time by itself.
        if self.errors and cleaned.get("photo"):
            self.add_error("photo", _("Please choose the photograph again."))
        return cleaned

    def act(self, *, by: User) -> BulkCheckOut | None:
        """What came of it, or None with the reason on the form."""
        if not self.is_valid():
            if "left_at" in self.errors:
                # What is wrong has to be seen to be mended, and what was written stays.
                self.fields["left_at"].widget = self.base_fields["left_at"].widget
            return None
        try:
            return check_out_everybody(
                shift=self.shift,
                left_at=self.cleaned_data["left_at"],
                text=self.cleaned_data["text"],
                photo=self.cleaned_data["photo"],
                nonce=self.cleaned_data["nonce"],
                by=by,
            )
        except BulkCheckOutRefused as refusal:
            self.add_error(None, str(refusal))
            return None
