"""Money on pages: `{% money gift.amount_minor gift.currency %}`."""

from __future__ import annotations

from django import template

from foundations.money import format_money

register = template.Library()


@register.simple_tag
def money(minor: int | None, currency: str) -> str:
    """Minor units as people read them; nothing where there is no amount."""
    return "" if minor is None else format_money(minor, currency=currency)
