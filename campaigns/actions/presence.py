"""The end of an attendance and the service record it becomes (R3, R4, E2, E9)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from campaigns.models import Attendance, Shift
from campaigns.models.attendance import Door
from volunteers.actions.records import draft_record
from volunteers.models import ServiceRecord, User

Review = Attendance.Review


def attendances_with_shift() -> QuerySet[Attendance]:
    """With all that `leave` reads, in one query."""
    return (
        Attendance.objects.select_related(
            "sign_up__volunteer", "sign_up__shift__activity__campaign__organisation"
        )
        .defer("sign_up__volunteer__id_number", "sign_up__shift__activity__campaign__story")
        .order_by("pk")
    )


def leave(attendance: Attendance, *, at: datetime, door: str, by: User | None) -> bool:
    """End an attendance and draft its record. False when somebody was quicker."""
    at = max(at, attendance.checked_in_at)
    left = Attendance.objects.filter(pk=attendance.pk, checked_out_at=None).update(
        checked_out_at=at, check_out_door=door, checked_out_by=by
    )
    if not left:
        return False
    attendance.checked_out_at, attendance.check_out_door, attendance.checked_out_by = at, door, by
    credited = credited_minutes(
        shift=attendance.sign_up.shift, came_at=attendance.checked_in_at, left_at=at
    )
    attendance.review = _review(attendance, credited)
    attendance.record = _draft(attendance, credited, by=by)
    attendance.save(update_fields=["review", "record"])
    return True


def credited_minutes(*, shift: Shift, came_at: datetime, left_at: datetime) -> int:
    """Whole minutes of the shift's own time (R4); none below the share of E9.

    Who stayed too short is not lost: the record comes to the organiser with that remark, and
    the organiser may credit what was really given, with the reason.
    """
    present = min(left_at, shift.ends_at) - max(came_at, shift.starts_at)
    minutes = max(0, int(present.total_seconds() // 60))
    return minutes if minutes >= settings.LINLI_PRESENCE_SHARE * shift.duration_minutes else 0


def _review(attendance: Attendance, credited: int) -> str:
    """The one thing the organiser should look at first."""
    if credited == 0:
        return Review.SHORT
    if attendance.check_out_door == Door.CLOSING:
        return Review.FORGOT_CHECK_OUT
    if attendance.check_out_door == Door.DESK:
        return Review.BY_HAND
    if attendance.check_out_door == Door.VENUE_POSTER and not attendance.review:
        return Review.POSTER
    return attendance.review


def _draft(attendance: Attendance, credited: int, *, by: User | None) -> ServiceRecord:
    shift = attendance.sign_up.shift
    activity, campaign = shift.activity, shift.activity.campaign
    began_at = max(attendance.checked_in_at, shift.starts_at)
    return draft_record(
        volunteer=attendance.sign_up.volunteer,
        organisation=campaign.organisation,
        source=f"attendance:{attendance.pk}",
        activity_name=campaign.title[:160],
        activity_name_en=campaign.title_en[:200],
        role=activity.role,
        role_en=activity.role_en,
        place=activity.place,
        content=activity.what_you_do,
        category=campaign.category,
        campaign_number=campaign.pk,
        person_in_charge=shift.person_in_charge or activity.contact_name,
        served_on=timezone.localdate(min(began_at, shift.ends_at)),
        checked_in_at=attendance.checked_in_at,
        checked_out_at=attendance.checked_out_at,
        credited_minutes=credited,
        review_reason=attendance.review,
        by=by,
    )
