"""How far somebody is on the way to the next star, and what became of honours, in words (R6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from points.models import Recognition, Standing, StarObjection
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


def what_is_gone(recognitions: Iterable[Recognition]) -> list[str]:
    """A sentence for each honour that was taken back or refused and has not come again.

    `recognitions` are all of one person's.
    """
    latest: dict[tuple[str, int, int | None], Recognition] = {}
    # What is in force last: it stands for its honour, whatever was taken back before.
    for recognition in sorted(recognitions, key=lambda one: (not _is_gone(one), one.pk)):
        latest[recognition.kind, recognition.level, recognition.badge_id] = recognition
    return [_gone(one) for one in latest.values() if _is_gone(one)]


def objections_in_words(objections: Iterable[StarObjection]) -> list[str]:
    """What the person concerned reads about objections that hold a star up, or held it up.

    Who objected and why is not said: the answer is the office's own.
    """
    return [
        _in_words(objection)
        for objection in objections
        if objection.state != StarObjection.State.UPHELD
    ]


def _in_words(objection: StarObjection) -> str:
    level = objection.recognition.level
    if objection.state == StarObjection.State.OPEN:
        return _(
            "Somebody has objected to star level %(level)s. The city's office is looking into it;"
            " the star waits until it has answered."
        ) % {"level": level}
    return _("An objection to star level %(level)s was dismissed: %(answer)s") % {
        "level": level,
        "answer": objection.answer,
    }


def _is_gone(recognition: Recognition) -> bool:
    return recognition.state == Recognition.State.WITHDRAWN


def _gone(recognition: Recognition) -> str:
    if recognition.refused_at:
        return _(
            "Star level %(level)s was not given: %(answer)s After %(hours)s hours of new service"
            " it can come into notice again."
        ) % {
            "level": recognition.level,
            "answer": recognition.withdraw_reason,
            "hours": settings.LINLI_STAR_AGAIN_HOURS,
        }
    if recognition.kind == Recognition.Kind.STAR:
        return _("Star level %(level)s was taken back: the confirmed hours no longer reach it.") % {
            "level": recognition.level
        }
    if recognition.badge:
        return _("The badge “%(badge)s” was taken back: your records no longer show it.") % {
            "badge": recognition.badge
        }
    return _("Your first service was taken back: no confirmed service is left.")


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
