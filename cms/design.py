"""What the display page (/design/) shows: one of everything, with invented contents."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from volunteers.qr import qr_svg

COLOUR_GROUPS = [
    ["paper", "paper-raised", "paper-sunk", "line", "line-strong", "ink", "ink-soft"],
    ["roof", "roof-strong", "roof-soft", "roof-ink", "seal"],
    ["sea", "sea-strong", "sea-soft", "sea-ink"],
    ["sun", "sun-soft", "sun-ink", "sky"],
    ["leaf", "leaf-soft", "leaf-ink", "alarm", "alarm-soft", "alarm-ink"],
]
ICONS = [
    "home",
    "campaign",
    "calendar",
    "clock",
    "pin",
    "people",
    "person",
    "card",
    "star",
    "gift",
    "coins",
    "check",
    "check-circle",
    "cross",
    "warning",
    "info",
    "qr",
    "camera",
    "search",
    "menu",
    "moon",
    "sun",
    "text-size",
    "globe",
    "phone",
    "mail",
    "key",
    "shield",
    "lock",
    "arrow-right",
    "arrow-left",
    "chevron",
    "download",
    "print",
    "edit",
    "bin",
    "plus",
    "heart",
    "building",
    "school",
    "door",
    "trophy",
    "list",
    "logout",
    "bell",
    "link",
    "share",
    "hand",
    "settings",
    "fingerprint",
]


class SpecimenForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Full name"),
        help_text=gettext_lazy("As it stands on your identity card."),
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone number"), widget=forms.TextInput(attrs={"type": "tel"})
    )
    when = forms.ChoiceField(
        label=gettext_lazy("When do you have time?"),
        choices=[
            ("morning", gettext_lazy("Mornings")),
            ("evening", gettext_lazy("Evenings")),
            ("weekend", gettext_lazy("Weekends")),
        ],
        widget=forms.RadioSelect,
    )
    street = forms.ChoiceField(
        label=gettext_lazy("Street"),
        choices=[("1", "珠海路街道"), ("2", "八大湖街道"), ("3", "香港中路街道")],
        required=False,
    )
    about = forms.CharField(
        label=gettext_lazy("What should the organiser know?"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )
    agree = forms.BooleanField(label=gettext_lazy("I have read how my data is used"))


def specimens() -> dict[str, Any]:
    """Context of the display page."""
    start = timezone.localtime().replace(hour=16, minute=30, second=0, microsecond=0)
    data = {"name": "张秀英", "phone": "1380013", "when": "evening", "agree": "on"}
    form = SpecimenForm(data)
    form.add_error("phone", _("A mobile number has 11 digits."))
    return {
        "colour_groups": COLOUR_GROUPS,
        "icons": ICONS,
        "form": form,
        "sample_qr": qr_svg(url="https://linli.example/c/qd370200186291"),
        "starts_at": start,
        "ends_at": start + dt.timedelta(hours=2),
        "timeline": [
            {"title": _("Checked in"), "at": start, "state": "done"},
            {"title": _("Checked out"), "at": start + dt.timedelta(hours=2), "state": "done"},
            {
                "title": _("The organiser looks at the hours"),
                "text": _("Usually within three days."),
                "state": "now",
            },
            {"title": _("Points arrive")},
        ],
    }
