"""The demo city has lived for six weeks: its actions run at the hour they would have run at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from typing import Any, ClassVar

from django.utils import timezone


class _AnyDatetime(type):
    def __instancecheck__(cls, thing: Any) -> bool:
        return isinstance(thing, datetime)


class _Lived(datetime, metaclass=_AnyDatetime):
    """Stands in for `datetime` inside django.utils.timezone; asked for now, it says then."""

    moment: ClassVar[datetime]

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return cls.moment.astimezone(tz)


class Clock:
    """Tells django.utils.timezone.now() what the time is."""

    def set(self, moment: datetime) -> None:
        _Lived.moment = moment


@contextmanager
def lived_time(moment: datetime) -> Iterator[Clock]:
    """While it holds, `timezone.now()` is `moment`, or whatever the clock was set to since.

    The database's own clock is not touched.
    """
    real = timezone.datetime  # type: ignore[attr-defined]
    clock = Clock()
    clock.set(moment)
    timezone.datetime = _Lived  # type: ignore[attr-defined]
    try:
        yield clock
    finally:
        timezone.datetime = real  # type: ignore[attr-defined]
