"""An attendance in the database and the service record it becomes (R3, R4, E2, E9)."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.attendance_rules import Ending, Mark, credited_minutes, review_of
from campaigns.models import Attendance, Scan, Shift
from campaigns.models.attendance import Door
from volunteers.actions.absences import withdraw_no_show
from volunteers.actions.records import draft_record, draft_records, redraft_record, submit_record
from volunteers.models import ServiceRecord

logger = logging.getLogger(__name__)

# One look at a time: a stadium's worth of check-outs is a hundred of these.
DRAFTS_AT_ONCE = 500


def attendances_with_shift() -> QuerySet[Attendance]:
    """With all that a record says, in one query."""
    return (
        Attendance.objects.select_related(
            "sign_up__volunteer", "sign_up__shift__activity__campaign__organisation"
        )
        .defer("sign_up__volunteer__id_number", "sign_up__shift__activity__campaign__story")
        .order_by("pk")
    )


def follow_stay(
    attendance: Attendance, *, came: Mark, left: Mark | None, ending: Ending | None
) -> None:
    """Let an attendance say what was reckoned, and its record after it. The caller holds the
    person's lock; a new attendance is not saved yet."""
    wanted: dict[str, Any] = {
        "checked_in_at": came.made_at,
        "check_in_door": came.door,
        "checked_in_by_id": came.by_id,
        "checked_out_at": ending.at if ending else None,
        "check_out_door": ending.door if ending else "",
        "checked_out_by_id": ending.by_id if ending else None,
    }
    if all(getattr(attendance, name) == value for name, value in wanted.items()):
        return
    for name, value in wanted.items():
        setattr(attendance, name, value)
    credited = _credited(attendance) if ending else None
    attendance.review = review_of(came=came, left=left, ending=ending, credited=credited)
    attendance.save()
    if credited is not None:
        _follow_record(attendance, credited)


def end_at_closing(attendances: list[Attendance]) -> None:
    """Who forgot to check out was there to the shift's end. The caller holds the people's locks.

    Marked as it would be had their scans come after the closing: a walk-in stays a walk-in.
    """
    for attendance in attendances:
        shift = attendance.sign_up.shift
        attendance.checked_out_at = max(shift.ends_at, attendance.checked_in_at)
        attendance.check_out_door = Door.CLOSING
    ended = _marks_of(attendances)
    for attendance in attendances:
        came, _left = ended[attendance.pk]
        attendance.review = _review(attendance, came=came, left=None)
        attendance.save()
        _follow_record(attendance, _credited(attendance))


def draft_owed_records(
    *,
    shift: Shift | None = None,
    attendance_id: int | None = None,
    limit: int = DRAFTS_AT_ONCE,
) -> int:
    """Draft the records of those who checked out by a device, which does not wait for it.

    Returns how many. Of all shifts, what somebody else holds is left for the next look; of the
    one that is being closed, nothing is.
    """
    with transaction.atomic():
        owed = attendances_with_shift().filter(record=None, checked_out_at__isnull=False)
        if shift is not None:
            owed = owed.filter(sign_up__shift=shift)
        if attendance_id is not None:
            owed = owed.filter(pk=attendance_id)
        owed = owed.select_for_update(skip_locked=shift is None, of=("self",), no_key=True)
        held = list(owed[:limit])
        ended = _marks_of(held)
        for attendance in held:
            came, left = ended[attendance.pk]
            attendance.review = _review(attendance, came=came, left=left)
        records = draft_records(
            drafts=[{**_draft(one, _credited(one)), "by": one.checked_out_by} for one in held]
        )
        for attendance, record in zip(held, records, strict=True):
            attendance.record = record
        Attendance.objects.bulk_update(held, ["review", "record"])
    return len(held)


def draft_all_owed_records() -> int:
    """Draft until nothing is owed that can be drafted; returns how many. One that fails is logged
    and does not hold up the others."""
    drafted = 0
    try:
        while some := draft_owed_records():
            drafted += some
    except Exception:
        logger.exception("Some records could not be drafted together; now each by itself.")
        drafted += _draft_one_by_one()
    return drafted


def _draft_one_by_one() -> int:
    owed = Attendance.objects.filter(record=None, checked_out_at__isnull=False).order_by("pk")
    drafted = 0
    for number in owed.values_list("pk", flat=True):
        try:
            drafted += draft_owed_records(attendance_id=number)
        except Exception:
            logger.exception("The record of attendance %s could not be drafted.", number)
    return drafted


def _review(attendance: Attendance, *, came: Mark, left: Mark | None) -> str:
    assert attendance.checked_out_at is not None
    ending = Ending(attendance.checked_out_at, attendance.check_out_door)
    return review_of(came=came, left=left, ending=ending, credited=_credited(attendance))


def _marks_of(attendances: list[Attendance]) -> dict[int, tuple[Mark, Mark]]:
    """{attendance: (the scan that began it, the one that ended it)}, in one query."""
    scans: dict[tuple[int | None, str], Scan] = {}
    for scan in Scan.objects.filter(attendance__in=attendances, counts=True).order_by("-made_at"):
        scans[scan.attendance_id, scan.kind] = scan
    return {
        one.pk: (
            _mark(one, scans.get((one.pk, Scan.Kind.IN)), one.checked_in_at, one.check_in_door),
            _mark(one, scans.get((one.pk, Scan.Kind.OUT)), one.checked_out_at, one.check_out_door),
        )
        for one in attendances
    }


def _mark(attendance: Attendance, scan: Scan | None, at: datetime | None, door: str) -> Mark:
    shift_id = attendance.sign_up.shift_id
    if scan is not None:
        return mark_of(scan, shift_id=shift_id)
    assert at is not None
    return Mark(shift_id, "", at, nonce=uuid.uuid4(), door=door)


def mark_of(scan: Scan, *, shift_id: int) -> Mark:
    return Mark(
        shift_id=shift_id,
        kind=scan.kind,
        made_at=min(scan.made_at, scan.received_at),
        nonce=scan.nonce,
        door=scan.door,
        by_id=scan.by_id,
        proof=scan.proof,
        is_walk_in=scan.is_walk_in,
        is_override=scan.is_override,
        received_at=scan.received_at,
        distance_m=scan.distance_m,
    )


def _credited(attendance: Attendance) -> int:
    assert attendance.checked_out_at is not None
    return credited_minutes(
        shift=attendance.sign_up.shift,
        came_at=attendance.checked_in_at,
        left_at=attendance.checked_out_at,
    )


def _follow_record(attendance: Attendance, credited: int) -> None:
    """Draft the record, or put right what nobody has confirmed yet. A confirmed record stays as
    it is: whoever confirmed it is shown the scan that came afterwards."""
    record = attendance.record
    if record is None:
        attendance.record = draft_record(
            **_draft(attendance, credited), by=attendance.checked_out_by
        )
        attendance.save(update_fields=["record"])
    elif record.is_waiting:
        attendance.record = redraft_record(
            record=record,
            checked_in_at=attendance.checked_in_at,
            checked_out_at=attendance.checked_out_at,
            credited_minutes=credited,
            review_reason=attendance.review,
            reason=_("a scan that arrived later"),
        )
    if attendance.sign_up.shift.closed_at is not None:
        _hand_in_late(attendance)


def _hand_in_late(attendance: Attendance) -> None:
    """The closing is over, and did not know of this."""
    withdraw_no_show(source=f"sign_up:{attendance.sign_up_id}")
    record = attendance.record
    if record is not None and record.state == ServiceRecord.State.DRAFT:
        attendance.record = submit_record(record=record, by=None)


def _draft(attendance: Attendance, credited: int) -> dict[str, Any]:
    shift = attendance.sign_up.shift
    activity, campaign = shift.activity, shift.activity.campaign
    began_at = max(attendance.checked_in_at, shift.starts_at)
    return {
        "volunteer": attendance.sign_up.volunteer,
        "organisation": campaign.organisation,
        "source": f"attendance:{attendance.pk}",
        "activity_name": campaign.title[:160],
        "activity_name_en": campaign.title_en[:200],
        "role": activity.role,
        "role_en": activity.role_en,
        "place": activity.place,
        "content": activity.what_you_do,
        "category": campaign.category,
        "campaign_number": campaign.pk,
        "person_in_charge": shift.person_in_charge or activity.contact_name,
        "served_on": timezone.localdate(min(began_at, shift.ends_at)),
        "checked_in_at": attendance.checked_in_at,
        "checked_out_at": attendance.checked_out_at,
        "credited_minutes": credited,
        "review_reason": attendance.review,
    }
