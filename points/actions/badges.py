"""The office makes a badge or changes its rule: whom that concerns is looked at again."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from wagtail.log_actions import log

from points.actions.recognition import owe_everybody_an_evaluation
from points.models import Badge
from volunteers.models import User

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


def create_badge(*, by: User | None, **fields: Any) -> Badge:
    """`fields` as the model names them. Whoever has earned it already gets it soon."""
    with transaction.atomic():
        badge = Badge.objects.create(**fields)
        if badge.is_offered:
            owe_everybody_an_evaluation()
        log(instance=badge, action="wagtail.create", user=by)
    return badge


def change_badge(*, badge: Badge, by: User | None, **fields: Any) -> Badge:
    """With a change of its rule, who has it follows: given to some, taken back from others.

    A badge taken off offer stays with those who have it.
    """
    with transaction.atomic():
        badge = Badge.objects.select_for_update(no_key=True).get(pk=badge.pk)
        before = _rule(badge)
        for name, value in fields.items():
            setattr(badge, name, value)
        badge.save()
        rule = _rule(badge)
        if rule != before:
            owe_everybody_an_evaluation()
        changes = {
            name: [str(old), str(new)]
            for name, old, new in zip(RULE, before, rule, strict=True)
            if old != new
        }
        log(instance=badge, action="wagtail.edit", user=by, data={"rule": changes})
    return badge


def _rule(badge: Badge) -> list[Any]:
    return [getattr(badge, name) for name in RULE]
