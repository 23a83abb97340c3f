from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class RedeemForm(forms.Form):
    nonce = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages={
            "required": _("Please open the page again and press once more."),
            "invalid": _("Please open the page again and press once more."),
        },
    )
