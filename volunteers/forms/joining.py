"""What a resident writes to join. allauth builds its sign-up form on `JoinForm`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.functional import lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from volunteers.actions.joining import Joining
from volunteers.models import User

from .community import CommunityField
from .names import NameField


def _notice_link() -> SafeString:
    return format_html(
        '<a href="{}" target="_blank">{}</a>',
        reverse_lazy("notice", args=["privacy"]),
        gettext("Read the privacy notice"),
    )


class JoinForm(forms.Form):
    """Name, community, and consent, which nobody ticks for you (P1)."""

    field_order = ["phone", "email", "name", "community", "agree"]

    name = NameField(
        help_text=_("As on your ID: it stands on your card and certificates."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    community = CommunityField()
    agree = forms.BooleanField(
        label=_("I have read the privacy notice and agree to it"),
        help_text=lazy(_notice_link, SafeString)(),
        error_messages={"required": _("Without your agreement we may not keep your data.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(self.field_order)

    @property
    def joining(self) -> Joining:
        community = self.cleaned_data.get("community")
        return Joining(
            name=self.cleaned_data["name"], community_id=community.pk if community else None
        )

    def signup(self, request: HttpRequest, user: User) -> None:
        """allauth made the account; the volunteer follows once the phone or mailbox is proven."""
        from volunteers.accounts import keep_joining

        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])
        keep_joining(request, user, self.joining)
