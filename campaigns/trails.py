"""The trail of a patrol: which check points somebody has passed, when, and which are still to come.
Read only; what is written, campaigns.actions.patrol writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from .models import Attendance, CheckPoint, CheckPointVisit, Shift


@dataclass(frozen=True)
class TrailPoint:
    """One point as one person, or a whole shift, has passed it."""

    check_point: CheckPoint
    # Its place on the way; none once it is out of use.
    number: int | None
    visits: list[CheckPointVisit] = field(default_factory=list)

    @property
    def is_passed(self) -> bool:
        return bool(self.visits)

    @property
    def times(self) -> list[datetime]:
        return [visit.visited_at for visit in self.visits]


@dataclass(frozen=True)
class Trail:
    """The way of one person. Who has not passed a point yet still has the points to come."""

    attendance: Attendance
    points: list[TrailPoint]

    @property
    def passed(self) -> list[TrailPoint]:
        return [point for point in self.points if point.is_passed]

    @property
    def to_come(self) -> list[TrailPoint]:
        return [point for point in self.points if not point.is_passed]


def trail_of(attendance: Attendance) -> Trail:
    """Two queries."""
    points = CheckPoint.objects.filter(activity__shifts__sign_ups__attendance=attendance)
    return Trail(attendance, _passed(points, attendance.visits.all()))


def trails_of(shift: Shift) -> list[Trail]:
    """Of everybody who came to the shift, in the order of their coming. Three queries."""
    points = list(shift.activity.check_points.all())
    came = (
        Attendance.objects.filter(sign_up__shift=shift)
        .select_related("volunteer")
        .defer("volunteer__id_number")
        .prefetch_related("visits")
        .order_by("checked_in_at", "pk")
    )
    return [Trail(attendance, _passed(points, attendance.visits.all())) for attendance in came]


def way_of(trails: Iterable[Trail], *, shift: Shift) -> list[TrailPoint]:
    """The shift's way: each point with all who passed it, earliest first. One query."""
    visits = []
    for trail in trails:
        for point in trail.passed:
            for visit in point.visits:
                visit.attendance = trail.attendance
                visits.append(visit)
    visits.sort(key=lambda visit: (visit.visited_at, visit.pk))
    return _passed(shift.activity.check_points.all(), visits)


def _passed(points: Iterable[CheckPoint], visits: Iterable[CheckPointVisit]) -> list[TrailPoint]:
    """The points in their order. One out of use is there only for who passed it before."""
    of_point: dict[int, list[CheckPointVisit]] = defaultdict(list)
    for visit in visits:
        of_point[visit.check_point_id].append(visit)
    found, number = [], 0
    for point in points:
        number += point.is_in_use
        if point.is_in_use or point.pk in of_point:
            place = number if point.is_in_use else None
            found.append(TrailPoint(point, place, of_point.get(point.pk, [])))
    return found
