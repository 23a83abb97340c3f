from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

PRESS_AGAIN = _("Please open the page again and press once more.")


class RedeemForm(forms.Form):
    nonce = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={"required": PRESS_AGAIN, "invalid": PRESS_AGAIN},
    )
