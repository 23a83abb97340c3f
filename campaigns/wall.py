"""The live wall: how every post stands now. Numbers only, for it hangs in public.

A post is a shift that is running or about to start: from the opening of check-in to its close.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from campaigns.models import ConsoleDevice, Shift, SignUp
from campaigns.models.shifts import ShiftQuerySet

# Who has not come by then is late. Only after the end has somebody not come.
LATE_AFTER = timedelta(minutes=10)
PACE = timedelta(minutes=5)
# A console is noted every ten seconds while it is used; silent for longer, nobody scans there.
HEARD_WITHIN = timedelta(minutes=5)
# As many as can be read from the back of a hall; more stand in narrow lines.
MOST_TILES = 12
LINES_A_PAGE = 30
MOST_NAMED = 3


@dataclass(frozen=True)
class Post:
    """One shift with its numbers, each person in one of the first four."""

    shift: Shift
    expected: int
    missing: int
    there: int
    gone_home: int
    arrivals: int
    consoles: int
    consoles_heard: int
    at: datetime

    @property
    def people(self) -> int:
        return self.expected + self.missing + self.there + self.gone_home

    @property
    def has_begun(self) -> bool:
        return self.shift.starts_at <= self.at

    @property
    def is_over(self) -> bool:
        return self.shift.ends_at <= self.at

    @property
    def is_empty(self) -> bool:
        """Somebody should stand there now and nobody does."""
        return self.has_begun and not self.is_over and self.there == 0

    @property
    def share_there(self) -> int:
        return 100 * self.there // self.people if self.people else 0

    @property
    def are_consoles_silent(self) -> bool:
        return self.consoles > 0 and self.consoles_heard == 0 and not self.is_over


@dataclass(frozen=True)
class Wall:
    posts: list[Post]
    at: datetime

    @property
    def total(self) -> dict[str, int]:
        names = (
            "people", "expected", "missing", "there", "gone_home", "arrivals", "consoles",
            "consoles_heard",
        )  # fmt: skip
        return {name: sum(getattr(post, name) for post in self.posts) for name in names}

    @property
    def empty_posts(self) -> list[Post]:
        return [post for post in self.posts if post.is_empty]

    @property
    def named_empty_posts(self) -> list[Post]:
        return self.empty_posts[:MOST_NAMED]

    @property
    def more_empty_posts(self) -> int:
        return max(0, len(self.empty_posts) - MOST_NAMED)

    @property
    def layout(self) -> str:
        """How large a post may stand: the fewest places on the page that hold them all."""
        rooms = (1, 2, 4, 6, 9, MOST_TILES)
        fitting = (room for room in rooms if len(self.posts) <= room)
        return str(next(fitting, "lines"))

    @property
    def pages(self) -> list[list[Post]]:
        size = LINES_A_PAGE if self.layout == "lines" else MOST_TILES
        starts = range(0, len(self.posts), size)
        return [self.posts[start : start + size] for start in starts]


def shifts_on_now(shifts: ShiftQuerySet, *, at: datetime) -> ShiftQuerySet:
    """Those whose check-in has opened and that are not closed yet."""
    opens = timedelta(minutes=settings.LINLI_CHECK_IN_OPENS_MINUTES)
    grace = timedelta(minutes=settings.LINLI_GRACE_MINUTES)
    # The sweep closes a shift when its grace is over; should it be late, the wall does not wait.
    return shifts.open().filter(closed_at=None, starts_at__lte=at + opens, ends_at__gt=at - grace)


def next_shift(shifts: ShiftQuerySet, *, at: datetime) -> Shift | None:
    """For the wall that has nothing to show yet."""
    to_come = shifts.open().filter(starts_at__gt=at)
    return to_come.select_related("activity").order_by("starts_at", "pk").first()


def look_at(shifts: ShiftQuerySet, *, at: datetime) -> Wall:
    """The wall of these shifts, in one query however many they are."""
    rows = (
        shifts.select_related("activity")
        .only(
            "starts_at", "ends_at", "activity__role", "activity__role_en", "activity__place",
            "activity__place_en",
        )
        .annotate(people=_people(at), consoles=_consoles(at))
        .order_by("starts_at", "pk")
    )  # fmt: skip
    posts = [_post(row, at=at) for row in rows]
    return Wall(sorted(posts, key=lambda post: post.is_over), at)


def _post(row: Any, *, at: datetime) -> Post:
    people = row.people or dict.fromkeys(("awaited", "there", "gone_home", "arrivals"), 0)
    consoles = row.consoles or dict.fromkeys(("known", "heard"), 0)
    is_late = row.starts_at + LATE_AFTER <= at
    return Post(
        shift=row,
        expected=0 if is_late else people["awaited"],
        missing=people["awaited"] if is_late else 0,
        there=people["there"],
        gone_home=people["gone_home"],
        arrivals=people["arrivals"],
        consoles=consoles["known"],
        consoles_heard=consoles["heard"],
        at=at,
    )


def _people(at: datetime) -> Subquery:
    """All numbers of a shift in one reading of its sign-ups: three counts would read them thrice,
    and a join would count each person once a console."""
    came = Q(attendance__isnull=False)
    has_left = Q(attendance__checked_out_at__isnull=False)
    numbers = JSONObject(
        awaited=Count("pk", filter=Q(state=SignUp.State.SIGNED_UP) & ~came),
        there=Count("pk", filter=came & ~has_left),
        gone_home=Count("pk", filter=has_left),
        arrivals=Count("pk", filter=Q(attendance__checked_in_at__gt=at - PACE)),
    )
    of_shift = SignUp.objects.filter(shift=OuterRef("pk")).order_by().values("shift")
    return Subquery(of_shift.annotate(numbers=numbers).values("numbers"))


def _consoles(at: datetime) -> Subquery:
    usable = ConsoleDevice.objects.filter(shifts=OuterRef("pk"), revoked_at=None, expires_at__gt=at)
    numbers = JSONObject(
        known=Count("pk"), heard=Count("pk", filter=Q(last_seen_at__gt=at - HEARD_WITHIN))
    )
    of_shift = usable.order_by().values("shifts").annotate(numbers=numbers)
    return Subquery(of_shift.values("numbers"))
