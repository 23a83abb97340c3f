"""The banner of a site that only tries, above pages of giving and on what comes of a gift."""

from __future__ import annotations

from typing import Any

from django import template

from foundations.trial import is_test_gift, is_test_money

register = template.Library()
register.simple_tag(is_test_money)


@register.inclusion_tag("foundations/test_banner.html", name="test_banner")
def banner(gift: Any = None) -> dict[str, bool]:
    """Says TEST when no money moves: on this site, or with this gift."""
    return {"is_test": is_test_gift(gift) if gift else is_test_money()}
