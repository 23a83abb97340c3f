from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class AnonymiseForm(forms.Form):
    """Cannot be undone: it is said, not only pressed."""

    is_sure = forms.BooleanField(
        label=_("Yes, take this donor's name and addresses away for good"),
        error_messages={"required": _("Please say that you are sure: it cannot be undone.")},
    )


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=_("Answer"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("In the language of the question. It goes by mail and stands with the gift."),
        error_messages={"required": _("Please write an answer.")},
    )
