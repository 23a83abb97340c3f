"""A person's name, as it will stand on a printed card."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from volunteers.identity import has_symbols


class NameField(forms.CharField):
    """Blanks in a row become one; what no print can show is asked for again."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Full name"))
        kwargs.setdefault("max_length", 60)
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        name = " ".join(super().clean(value).split())
        if has_symbols(name):
            raise ValidationError(
                _("Please write the name in letters only, without pictures."), code="symbols"
            )
        return name
