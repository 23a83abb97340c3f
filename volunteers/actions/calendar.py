"""Public holidays: from a maintained list, and by the office once next year's are announced."""

from __future__ import annotations

from datetime import date

import chinese_calendar
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import log

from volunteers.models import PublicHoliday, User

FIRST_YEAR = 2024


class HolidayRefused(Exception):
    """The calendar stays as it is; `str()` is the sentence for the member of staff."""

    sentence: str | Promise = ""

    def __str__(self) -> str:
        return str(self.sentence)


class HolidayNotInFuture(HolidayRefused):
    sentence = _(
        "Only days from tomorrow on can change: what service was worth on the others is settled."
    )


class HolidayKnownAlready(HolidayRefused):
    sentence = _("This day is a public holiday already.")


def load_public_holidays() -> int:
    """Fill in the years that the calendar does not know yet; returns how many days were added.

    Called after every migrate. A year with any day in it is the office's and left alone. The very
    first time days of the past come in too; later only days to come, for what service was worth
    on the others has been given already.
    """
    known = set(PublicHoliday.objects.values_list("day__year", flat=True).distinct())
    settled_until = timezone.localdate() if known else date.min
    missing = [
        PublicHoliday(day=day, name=_chinese_name(name), name_en=name)
        for day, name in chinese_calendar.holidays.items()
        if day.year >= FIRST_YEAR and day.year not in known and day > settled_until
    ]
    PublicHoliday.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def add_public_holiday(
    *, day: date, name: str, by: User | None, name_en: str = ""
) -> PublicHoliday:
    """Raises HolidayNotInFuture, HolidayKnownAlready."""
    if day <= timezone.localdate():
        raise HolidayNotInFuture
    try:
        with transaction.atomic():
            holiday = PublicHoliday.objects.create(day=day, name=name, name_en=name_en)
            log(holiday, "wagtail.create", user=by)
    except IntegrityError as error:
        raise HolidayKnownAlready from error
    return holiday


def remove_public_holiday(*, holiday: PublicHoliday, by: User | None) -> None:
    """Raises HolidayNotInFuture."""
    if holiday.day <= timezone.localdate():
        raise HolidayNotInFuture
    with transaction.atomic():
        log(holiday, "wagtail.delete", user=by, deleted=True)
        # Not holiday.delete(): that would forget the day, which is what the row is known by.
        PublicHoliday.objects.filter(pk=holiday.pk).delete()


def _chinese_name(name: str) -> str:
    return str(chinese_calendar.Holiday(name).chinese)
