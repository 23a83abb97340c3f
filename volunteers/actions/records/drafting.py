"""How a record begins: drafted at check-out, handed in, or entered by hand."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from volunteers.models import (
    Category,
    Organisation,
    RecordChange,
    ServiceRecord,
    User,
    Volunteer,
)

from .keeping import (
    DAY_MINUTES,
    Kind,
    State,
    check_minutes,
    lock_record,
    note,
    require_reason,
)
from .refusals import (
    AlreadyConfirmed,
    AlreadyVoided,
    HandEntryInFuture,
    HandEntryTooLong,
    HandEntryTooOld,
    MoreThanADay,
    NotADraft,
)

# E3: hours made up afterwards have a limit in length and in time.
HAND_MAX_MINUTES = 12 * 60
HAND_MAX_DAYS = 90


def draft_record(
    *,
    volunteer: Volunteer,
    organisation: Organisation,
    source: str,
    activity_name: str,
    category: Category,
    served_on: date,
    credited_minutes: int,
    by: User | None,
    activity_name_en: str = "",
    role: str = "",
    role_en: str = "",
    place: str = "",
    content: str = "",
    campaign_number: int | None = None,
    person_in_charge: str = "",
    checked_in_at: datetime | None = None,
    checked_out_at: datetime | None = None,
    review_reason: str = "",
) -> ServiceRecord:
    """A record in state draft; `source` names where it came from, once each.

    The caller holds the lock on that source, or two drafts at once end in an IntegrityError.
    """
    check_minutes(credited_minutes)
    with transaction.atomic():
        record = ServiceRecord.objects.create(
            volunteer=volunteer,
            organisation=organisation,
            source=source,
            activity_name=activity_name,
            activity_name_en=activity_name_en,
            role=role,
            role_en=role_en,
            place=place,
            content=content,
            category=category,
            campaign_number=campaign_number,
            person_in_charge=person_in_charge or organisation.person_in_charge,
            served_on=served_on,
            checked_in_at=checked_in_at,
            checked_out_at=checked_out_at,
            credited_minutes=credited_minutes,
            review_reason=review_reason,
            entered_by=by,
        )
        note(record, Kind.DRAFTED, by=by)
    return record


def draft_records(*, drafts: Iterable[dict[str, Any]]) -> list[ServiceRecord]:
    """Many at once, each with `draft_record`'s arguments, in a fixed number of statements.

    The caller holds the lock on each one's source.
    """
    records = []
    for draft in drafts:
        check_minutes(draft["credited_minutes"])
        values = {name: value for name, value in draft.items() if name != "by"}
        values["person_in_charge"] = (
            values.get("person_in_charge") or draft["organisation"].person_in_charge
        )
        records.append(ServiceRecord(**values, entered_by=draft["by"]))
    with transaction.atomic():
        ServiceRecord.objects.bulk_create(records)
        RecordChange.objects.bulk_create(
            RecordChange(
                record=record,
                kind=Kind.DRAFTED,
                state=record.state,
                credited_minutes=record.credited_minutes,
                by=record.entered_by,
            )
            for record in records
        )
    return records


def redraft_record(
    *,
    record: ServiceRecord,
    checked_in_at: datetime | None,
    checked_out_at: datetime | None,
    credited_minutes: int,
    review_reason: str,
    reason: str,
) -> ServiceRecord:
    """What is known of an attendance has changed before anybody confirmed it.

    Raises AlreadyConfirmed, AlreadyVoided, MinutesOutOfRange.
    """
    check_minutes(credited_minutes)
    with transaction.atomic():
        record = lock_record(record)
        if record.state == State.VOIDED:
            raise AlreadyVoided
        if not record.is_waiting:
            raise AlreadyConfirmed
        record.checked_in_at, record.checked_out_at = checked_in_at, checked_out_at
        record.credited_minutes = credited_minutes
        record.review_reason = review_reason
        record.save(
            update_fields=["checked_in_at", "checked_out_at", "credited_minutes", "review_reason"]
        )
        note(record, Kind.CORRECTED, by=None, reason=reason)
    return record


def submit_record(*, record: ServiceRecord, by: User | None) -> ServiceRecord:
    """Hand a draft in. Raises NotADraft, AlreadyVoided."""
    with transaction.atomic():
        record = lock_record(record)
        if record.state == State.VOIDED:
            raise AlreadyVoided
        if record.state != State.DRAFT:
            raise NotADraft
        record.state = State.SUBMITTED
        record.save(update_fields=["state"])
        note(record, Kind.SUBMITTED, by=by)
    return record


def enter_record_by_hand(
    *,
    volunteer: Volunteer,
    organisation: Organisation,
    activity_name: str,
    category: Category,
    served_on: date,
    credited_minutes: int,
    reason: str,
    by: User,
    nonce: uuid.UUID | None = None,
    **details: Any,
) -> ServiceRecord:
    """Hours that no check-in shows (E1): submitted, for a second person to confirm.

    The same hours under the same `nonce` are one press that came twice: its record is returned.
    `details` are draft_record's optional fields. Raises ReasonMissing, MinutesOutOfRange,
    HandEntryTooLong, HandEntryTooOld, HandEntryInFuture, MoreThanADay.
    """
    reason = require_reason(reason)
    _check_hand_entry(served_on=served_on, credited_minutes=credited_minutes)
    with transaction.atomic():
        Volunteer.objects.select_for_update(no_key=True).only("pk").get(pk=volunteer.pk)
        # What was typed is part of the name: the form sent again with other hours is a new record.
        press = uuid.uuid5(
            nonce or uuid.uuid4(),
            f"{by.pk} {volunteer.pk} {activity_name} {served_on} {credited_minutes}",
        )
        twice = ServiceRecord.objects.filter(source=f"hand:{press}").first()
        if twice is not None:
            return twice
        _check_day_has_room(volunteer=volunteer, served_on=served_on, minutes=credited_minutes)
        record = draft_record(
            volunteer=volunteer,
            organisation=organisation,
            source=f"hand:{press}",
            activity_name=activity_name,
            category=category,
            served_on=served_on,
            credited_minutes=credited_minutes,
            by=by,
            **details,
        )
        record.is_by_hand = True
        record.hand_reason = reason[:200]
        record.state = State.SUBMITTED
        record.save(update_fields=["is_by_hand", "hand_reason", "state"])
        note(record, Kind.SUBMITTED, by=by, reason=reason)
    return record


def _check_hand_entry(*, served_on: date, credited_minutes: int) -> None:
    check_minutes(credited_minutes)
    if credited_minutes > HAND_MAX_MINUTES:
        raise HandEntryTooLong
    today = timezone.localdate()
    if served_on > today:
        raise HandEntryInFuture
    if served_on < today - timedelta(days=HAND_MAX_DAYS):
        raise HandEntryTooOld


def _check_day_has_room(*, volunteer: Volunteer, served_on: date, minutes: int) -> None:
    given = (
        ServiceRecord.objects.filter(volunteer=volunteer, served_on=served_on)
        .exclude(state=State.VOIDED)
        .aggregate(minutes=Sum("credited_minutes"))["minutes"]
    )
    if (given or 0) + minutes > DAY_MINUTES:
        raise MoreThanADay
