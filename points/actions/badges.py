"""The office makes a badge or changes its rule: whom that concerns is looked at again."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from points.actions.recognition import owe_everybody_an_evaluation
from points.models import Badge

# What decides who has the badge; names and pictures concern nobody's records.
RULE = (
    "criterion",
    "threshold",
    "category",
    "organisation",
    "campaign_number",
    "begins_from",
    "begins_until",
    "is_offered",
)


def create_badge(**fields: Any) -> Badge:
    """`fields` as the model names them. Whoever has earned it already gets it soon."""
    with transaction.atomic():
        badge = Badge.objects.create(**fields)
        if badge.is_offered:
            owe_everybody_an_evaluation()
    return badge


def change_badge(*, badge: Badge, **fields: Any) -> Badge:
    """With a change of its rule, who has it follows: given to some, taken back from others.

    A badge taken off offer stays with those who have it.
    """
    with transaction.atomic():
        badge = Badge.objects.select_for_update(no_key=True).get(pk=badge.pk)
        before = _rule(badge)
        for name, value in fields.items():
            setattr(badge, name, value)
        badge.save()
        if _rule(badge) != before:
            owe_everybody_an_evaluation()
    return badge


def _rule(badge: Badge) -> list[Any]:
    return [getattr(badge, name) for name in RULE]
