"""Walking a patrol: check points on the way, and who came by them when. A trail of points, never
of positions (P3)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import log

from campaigns.models import Activity, Attendance, CheckPoint, CheckPointVisit
from campaigns.models.patrol import new_check_point_key
from volunteers.models import User, Volunteer

# Who scans a point twice within these minutes has been there once.
ONE_VISIT = timedelta(minutes=5)
# A way of more points than this is several ways.
MOST_POINTS = 60


class VisitRefused(Exception):
    """`code` is stable, for reports and tests; str() is the sentence the person sees."""

    code = ""
    sentence: Any = ""

    def __str__(self) -> str:
        return str(self.sentence)


class NotCheckedIn(VisitRefused):
    code = "not_checked_in"
    sentence = _("You are not checked in. Please check in at the venue first, then scan again.")


class OtherActivity(VisitRefused):
    code = "other_activity"
    sentence = _("This check point belongs to another activity than the one you are checked in to.")


class PointOutOfUse(VisitRefused):
    code = "out_of_use"
    sentence = _("This check point is no longer in use. Please go on to the next one.")


class CodeTampered(VisitRefused):
    """The code is not ours, or an old print of a point that has a new one."""

    code = "code_tampered"
    sentence = _("This is not a valid code of ours. Please tell the organiser where it hangs.")


class VisitMixedUp(VisitRefused):
    code = "nonce_taken"
    sentence = _("This scan was mixed up with another. Please scan again.")


class CheckPointRefused(Exception):
    """A check point cannot be kept so; the sentence is for the organiser's eyes."""


class NameTaken(CheckPointRefused):
    def __str__(self) -> str:
        return str(_("There is a check point of that name already."))


class TooManyPoints(CheckPointRefused):
    def __str__(self) -> str:
        return str(_("An activity has at most %(most)s check points.") % {"most": MOST_POINTS})


class PointWasVisited(CheckPointRefused):
    def __str__(self) -> str:
        return str(_("Somebody has passed this point already. Take it out of use instead."))


# Passing a point


@transaction.atomic
def visit_check_point(
    *, check_point: CheckPoint, volunteer: Volunteer, nonce: uuid.UUID, by: User | None
) -> CheckPointVisit:
    """Note that a volunteer on patrol is at the point now.

    The same nonce, or the same point within five minutes, answers the visit there is. Raises
    PointOutOfUse, NotCheckedIn, OtherActivity or VisitMixedUp; then nothing is kept.
    """
    before = CheckPointVisit.objects.filter(nonce=nonce).first()
    if before is not None:
        return _the_same(before, check_point, volunteer)
    attendance = attendance_on_patrol(check_point=check_point, volunteer=volunteer)
    # Two presses of one person come one after the other: else both would find no visit yet.
    Attendance.objects.select_for_update(no_key=True).get(pk=attendance.pk)
    now = timezone.now()
    recent = attendance.visits.filter(check_point=check_point, visited_at__gt=now - ONE_VISIT)
    visit = recent.order_by("-visited_at").first()
    if visit is not None:
        return visit
    try:
        with transaction.atomic():
            return CheckPointVisit.objects.create(
                check_point=check_point, attendance=attendance, visited_at=now, nonce=nonce, by=by
            )
    except IntegrityError as error:  # the nonce, a moment ago, from somewhere else
        raise VisitMixedUp from error


def attendance_on_patrol(*, check_point: CheckPoint, volunteer: Volunteer) -> Attendance:
    """The attendance on which a visit of this point would stand now.

    Raises PointOutOfUse, NotCheckedIn or OtherActivity.
    """
    if not check_point.is_in_use:
        raise PointOutOfUse
    open_ones = Attendance.objects.filter(volunteer=volunteer, checked_out_at=None)
    attendance = open_ones.select_related("sign_up__shift").order_by("-checked_in_at").first()
    if attendance is None:
        raise NotCheckedIn
    if attendance.sign_up.shift.activity_id != check_point.activity_id:
        raise OtherActivity
    return attendance


def _the_same(
    visit: CheckPointVisit, check_point: CheckPoint, volunteer: Volunteer
) -> CheckPointVisit:
    if visit.check_point_id != check_point.pk or visit.attendance.volunteer_id != volunteer.pk:
        raise VisitMixedUp
    return visit


# Keeping the points


def add_check_point(
    *, activity: Activity, name: str, name_en: str = "", by: User | None
) -> CheckPoint:
    """A new point at the end of the way. Raises NameTaken or TooManyPoints."""
    try:
        with transaction.atomic():
            points = _hold_points(activity)
            if len(points) >= MOST_POINTS:
                raise TooManyPoints
            last = max((point.position for point in points), default=0)
            point = CheckPoint.objects.create(
                activity=activity, name=name, name_en=name_en, position=last + 1
            )
            log(instance=point, action="wagtail.create", user=by)
            return point
    except IntegrityError as error:
        raise NameTaken from error


def rename_check_point(
    *, check_point: CheckPoint, name: str, name_en: str = "", by: User | None
) -> CheckPoint:
    """Raises NameTaken. The printed code stays good; what is written beside it does not change."""
    try:
        with transaction.atomic():
            check_point.name, check_point.name_en = name, name_en
            _change(check_point, name=name, name_en=name_en)
            log(instance=check_point, action="wagtail.edit", user=by)
    except IntegrityError as error:
        raise NameTaken from error
    return check_point


@transaction.atomic
def move_check_point(*, check_point: CheckPoint, by: User | None, earlier: bool) -> None:
    """One place earlier or later on the way; at its end nothing happens."""
    points = _hold_points(check_point.activity)
    if check_point not in points:
        return  # a colleague has removed it meanwhile
    at = points.index(check_point)
    to = at - 1 if earlier else at + 1
    if not 0 <= to < len(points):
        return
    points[at], points[to] = points[to], points[at]
    for position, point in enumerate(points, start=1):
        point.position = position
    CheckPoint.objects.bulk_update(points, ["position"])
    log(instance=check_point, action="wagtail.edit", user=by)


@transaction.atomic
def set_check_point_in_use(
    *, check_point: CheckPoint, is_in_use: bool, by: User | None
) -> CheckPoint:
    """A point out of use takes no visits and is not asked for; those it had stay."""
    check_point.is_in_use = is_in_use
    _change(check_point, is_in_use=is_in_use)
    log(instance=check_point, action="wagtail.edit", user=by, data={"is_in_use": is_in_use})
    return check_point


def remove_check_point(*, check_point: CheckPoint, by: User | None) -> None:
    """Made by mistake, never passed. Raises PointWasVisited."""
    try:
        with transaction.atomic():
            log(instance=check_point, action="wagtail.delete", user=by, deleted=True)
            check_point.delete()
    except (ProtectedError, IntegrityError) as error:  # a visit, before or meanwhile
        raise PointWasVisited from error


@transaction.atomic
def renew_check_point_key(*, check_point: CheckPoint, by: User | None) -> CheckPoint:
    """A print went astray: every code of the point made so far stops working."""
    check_point.key = new_check_point_key()
    _change(check_point, key=check_point.key)
    log(instance=check_point, action="wagtail.edit", user=by, data={"key": "new"})
    return check_point


def _change(check_point: CheckPoint, **values: Any) -> None:
    """Where a colleague has removed the point meanwhile, there is nothing to change."""
    CheckPoint.objects.filter(pk=check_point.pk).update(**values)


def _hold_points(activity: Activity) -> list[CheckPoint]:
    """All points of the activity in their order; the activity is held, so that nobody else
    orders them meanwhile."""
    Activity.objects.select_for_update(no_key=True).get(pk=activity.pk)
    return list(activity.check_points.order_by("position", "pk"))
