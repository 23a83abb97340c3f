"""What a page may say of sponsors who give money for points: `templates/…/pledge_lines.html`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from foundations.actions.pledges import due_of
from foundations.models import Fund, PointsPledge
from points.models import PointsProject


@dataclass(frozen=True)
class PledgeLine:
    """The sponsor's promise, what people gave for it, and what the sponsor has paid."""

    pledge: PointsPledge
    given_points: int
    paid_minor: int


def pledges_for_fund(fund: Fund) -> list[PledgeLine]:
    """Those that run today, and those that have brought something."""
    return _lines(PointsPledge.objects.filter(fund=fund))


def pledges_for_project(project: PointsProject) -> list[PledgeLine]:
    """As `pledges_for_fund`; for a page above this room: points itself knows no foundations."""
    return _lines(PointsPledge.objects.filter(project=project))


def _lines(pledges: Any) -> list[PledgeLine]:
    today = timezone.localdate()
    lines = []
    for pledge in pledges.select_related("project", "fund"):
        due = due_of(pledge)
        if due.paid_minor or pledge.starts_on <= today <= pledge.ends_on:
            lines.append(PledgeLine(pledge, due.given_points, due.paid_minor))
    return lines
