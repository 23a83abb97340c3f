"""How far somebody is on the way to the next star, in words and numbers (R6)."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from points.models import Standing
from volunteers.models import Volunteer


@dataclass(frozen=True)
class NextStar:
    """What the next level still needs; `level` is 0 when there is none above."""

    level: int
    hours: float
    needed_hours: int
    sentence: str


def next_star(*, volunteer: Volunteer) -> NextStar:
    standing = Standing.objects.filter(volunteer=volunteer).first() or Standing(volunteer=volunteer)
    hours = standing.served_minutes / 60
    reached = sum(hours >= needed for needed in settings.LINLI_STAR_HOURS)
    if reached == len(settings.LINLI_STAR_HOURS):
        return NextStar(0, hours, settings.LINLI_STAR_HOURS[-1], _rating_in_words(standing))
    needed = settings.LINLI_STAR_HOURS[reached]
    missing = needed - hours
    words = [
        _("%(hours)s more hours to star level %(level)s.")
        % {"hours": f"{missing:.1f}".removesuffix(".0"), "level": reached + 1}
    ]
    return NextStar(
        reached + 1, hours, needed, " ".join([*words, _rating_in_words(standing)]).strip()
    )


def _rating_in_words(standing: Standing) -> str:
    average = standing.average_rating
    needed = settings.LINLI_STAR_MIN_RATING
    if average is None:
        return _("A star also needs service that has been rated.")
    if average < needed:
        return _("A star also needs an average rating of %(needed)s; yours is %(average).1f.") % {
            "needed": needed,
            "average": average,
        }
    return ""
