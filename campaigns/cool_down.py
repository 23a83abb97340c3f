"""After some no-shows within a time, signing up rests for a while (E8): one rule, three numbers.

LINLI_COOL_DOWN_NO_SHOWS of them within LINLI_COOL_DOWN_WITHIN_DAYS, and signing up pauses for
LINLI_COOL_DOWN_DAYS from the last of them; 0 no-shows: never. Only signing up ahead pauses: places
held are kept, and whoever stands at the door is let in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from volunteers.models import NoShow, Volunteer
from volunteers.models.absences import NoShowQuerySet


@dataclass(frozen=True)
class CoolDown:
    """How somebody stands towards the rule on one day."""

    missed: int  # within the days that count, up to that day
    until: date | None  # from this day on one may sign up again; none: one may now

    @property
    def sentence(self) -> str:
        """What the person reads about it; nothing when there is nothing to say."""
        if self.until is not None:
            return _(
                "Signing up pauses until %(day)s, because of no-shows. Places you hold stay yours."
            ) % {"day": day_in_words(self.until)}
        return _warning(self.missed) if self.missed else ""


def cool_down_of(volunteer: Volunteer, *, on: date | None = None) -> CoolDown:
    """How `volunteer` stands on that day, today by default."""
    on = on or timezone.localdate()
    days = no_shows_that_matter(on=on).filter(volunteer=volunteer)
    return reckon_cool_down(days.values_list("missed_on", flat=True), on=on)


def no_shows_that_matter(*, on: date) -> NoShowQuerySet:
    """No older one can still be among those that pause anything on that day."""
    oldest = on - timedelta(
        days=settings.LINLI_COOL_DOWN_WITHIN_DAYS + settings.LINLI_COOL_DOWN_DAYS
    )
    return NoShow.objects.counting().filter(missed_on__gt=oldest, missed_on__lte=on)


def reckon_cool_down(days_missed: Iterable[date], *, on: date) -> CoolDown:
    needed = settings.LINLI_COOL_DOWN_NO_SHOWS
    if not needed:
        return CoolDown(missed=0, until=None)
    within = timedelta(days=settings.LINLI_COOL_DOWN_WITHIN_DAYS)
    days = sorted(days_missed)
    # Each with the one that lies `needed` before it, itself counted: are they near enough?
    last_of_too_many = [
        last for first, last in zip(days, days[needed - 1 :], strict=False) if last - first < within
    ]
    until = None
    if last_of_too_many:
        until = last_of_too_many[-1] + timedelta(days=settings.LINLI_COOL_DOWN_DAYS)
    return CoolDown(
        missed=sum(on - day < within for day in days),
        until=until if until is not None and on < until else None,
    )


def _warning(missed: int) -> str:
    words = {
        "missed": missed,
        "within": settings.LINLI_COOL_DOWN_WITHIN_DAYS,
        "needed": settings.LINLI_COOL_DOWN_NO_SHOWS,
        "days": settings.LINLI_COOL_DOWN_DAYS,
    }
    if missed < settings.LINLI_COOL_DOWN_NO_SHOWS:
        return (
            ngettext(
                "%(missed)s no-show in %(within)s days; at %(needed)s signing up pauses for "
                "%(days)s days.",
                "%(missed)s no-shows in %(within)s days; at %(needed)s signing up pauses for "
                "%(days)s days.",
                missed,
            )
            % words
        )
    return (
        ngettext(
            "%(missed)s no-show in %(within)s days: with the next one signing up pauses for "
            "%(days)s days.",
            "%(missed)s no-shows in %(within)s days: with the next one signing up pauses for "
            "%(days)s days.",
            missed,
        )
        % words
    )


def day_in_words(day: date) -> str:
    """Without the year while it is this one."""
    is_this_year = day.year == timezone.localdate().year
    return date_format(day, "MONTH_DAY_FORMAT" if is_this_year else "DATE_FORMAT")
