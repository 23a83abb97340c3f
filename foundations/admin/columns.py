"""How the office's lists show money and months, and what they can be narrowed down to."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column

from foundations.money import format_money
from foundations.permissions import get_foundations_for, get_funds_for

MONTHS_TO_CHOOSE = 60


class MoneyColumn(Column):
    """`name` is a field in minor units; its currency stands beside it."""

    def __init__(self, name: str, *, currency: str = "currency", **kwargs: Any) -> None:
        kwargs.setdefault("sort_key", name)
        super().__init__(name, **kwargs)
        self.currency = currency

    def get_value(self, instance: Any) -> str:
        minor = super().get_value(instance)
        found = instance
        for step in self.currency.split("."):
            found = getattr(found, step)
        return "" if minor is None else format_money(minor, currency=found)


class MonthFilter(django_filters.ChoiceFilter):
    """One calendar month of a day or a moment."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Month"))
        super().__init__(*args, choices=_months, **kwargs)

    def filter(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return rows
        year, month = (int(part) for part in value.split("-"))
        return rows.filter(**{f"{self.field_name}__year": year, f"{self.field_name}__month": month})


class OwnFilterSet(WagtailFilterSet):
    """Offers only what is the account's own: a list of all funds would tell of others'."""

    fund = django_filters.ModelChoiceFilter(
        label=_("Fund"), queryset=lambda request: get_funds_for(request.user)
    )
    foundation = django_filters.ModelChoiceFilter(
        label=_("Foundation"), queryset=lambda request: get_foundations_for(request.user)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if get_foundations_for(self.request.user).count() < 2:
            del self.filters["foundation"]


def choices(label: Any, offered: Any, **kwargs: Any) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(
        label=label, choices=offered, empty_label=_("All"), widget=forms.RadioSelect, **kwargs
    )


def yes_or_no(label: Any, method: Any) -> django_filters.ChoiceFilter:
    return choices(label, [("yes", _("Yes")), ("no", _("No"))], method=method)


def _months() -> list[tuple[str, str]]:
    """This month and those before it, the newest first."""
    month: date = timezone.localdate().replace(day=1)
    months = []
    for _number in range(MONTHS_TO_CHOOSE):
        text = f"{month:%Y-%m}"
        months.append((text, text))
        month = (month - timedelta(days=1)).replace(day=1)
    return months
