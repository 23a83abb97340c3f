"""A record is objected to, upheld, corrected or voided."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from volunteers.models import Objection, ServiceRecord, User

from .keeping import (
    Kind,
    State,
    check_minutes,
    lock_record,
    note,
    raise_revisions,
    refuse_own,
    require_reason,
)
from .refusals import (
    AlreadyObjected,
    AlreadyVoided,
    NotConfirmedYet,
    ObjectionDecided,
    SameMinutes,
)


def raise_objection(*, record: ServiceRecord, by: User, reason: str) -> Objection:
    """The volunteer says the record is wrong (R8); it counts until that is decided.

    Raises ReasonMissing, AlreadyObjected, AlreadyVoided, NotConfirmedYet.
    """
    reason = require_reason(reason)
    with transaction.atomic():
        record = lock_record(record)
        if record.state == State.OBJECTED:
            raise AlreadyObjected
        if record.state == State.VOIDED:
            raise AlreadyVoided
        if record.state != State.CONFIRMED:
            raise NotConfirmedYet
        objection = Objection.objects.create(record=record, raised_by=by, reason=reason)
        record.state = State.OBJECTED
        record.save(update_fields=["state"])
        note(record, Kind.OBJECTED, by=by, reason=reason)
    return objection


def uphold_record(*, objection: Objection, by: User, answer: str) -> ServiceRecord:
    """The record was right; `answer` says why.

    Raises ObjectionDecided, OwnRecord, ReasonMissing.
    """
    answer = require_reason(answer)
    with transaction.atomic():
        record = lock_record(objection.record)
        refuse_own(record, by=by)
        if not _answer_objection(record, state=Objection.State.UPHELD, by=by, answer=answer):
            raise ObjectionDecided
        record.state = State.CONFIRMED
        record.save(update_fields=["state"])
        note(record, Kind.UPHELD, by=by, reason=answer)
    return record


def correct_record(
    *, record: ServiceRecord, by: User, credited_minutes: int, reason: str
) -> ServiceRecord:
    """Other minutes, with the reason; answers an open objection (R8).

    More minutes than the doors saw are hours entered by hand (E1): unless the volunteer asked
    for them in an objection, the record goes back to wait for a second person.
    Raises AlreadyVoided, OwnRecord, ReasonMissing, MinutesOutOfRange, SameMinutes.
    """
    reason = require_reason(reason)
    check_minutes(credited_minutes)
    with transaction.atomic():
        record = lock_record(record)
        if record.state == State.VOIDED:
            raise AlreadyVoided
        if record.credited_minutes == credited_minutes:
            raise SameMinutes
        refuse_own(record, by=by)
        was_counted = record.is_counted
        asked_for = _answer_objection(record, state=Objection.State.CORRECTED, by=by, answer=reason)
        alone = _is_more_than_the_doors_saw(record, credited_minutes) and not asked_for
        record.credited_minutes = credited_minutes
        record.review_reason = ""
        if alone:
            record.is_by_hand = True
            record.hand_reason = reason[:200]
            record.entered_by = by
            record.confirmed_by = None
            record.confirmed_at = None
            record.state = State.SUBMITTED
        elif was_counted:
            record.state = State.CONFIRMED
        record.save()
        note(record, Kind.CORRECTED, by=by, reason=reason)
        if was_counted:
            raise_revisions([record])
    return record


def void_record(*, record: ServiceRecord, by: User | None, reason: str) -> ServiceRecord:
    """The service did not take place as recorded; whatever it earned is taken back.

    Raises AlreadyVoided, ReasonMissing.
    """
    reason = require_reason(reason)
    with transaction.atomic():
        record = lock_record(record)
        if record.state == State.VOIDED:
            raise AlreadyVoided
        was_counted = record.is_counted
        _answer_objection(record, state=Objection.State.CORRECTED, by=by, answer=reason)
        record.state = State.VOIDED
        record.save(update_fields=["state"])
        note(record, Kind.VOIDED, by=by, reason=reason)
        if was_counted:
            raise_revisions([record])
    return record


def _is_more_than_the_doors_saw(record: ServiceRecord, minutes: int) -> bool:
    if minutes <= record.credited_minutes:
        return False
    if record.is_by_hand or record.checked_in_at is None or record.checked_out_at is None:
        return True
    return timedelta(minutes=minutes) > record.checked_out_at - record.checked_in_at


def _answer_objection(
    record: ServiceRecord, *, state: Objection.State, by: User | None, answer: str
) -> bool:
    """Close the record's open objection; False when there is none."""
    return bool(
        Objection.objects.filter(record=record, state=Objection.State.OPEN).update(
            state=state, answer=answer, decided_by=by, decided_at=timezone.now()
        )
    )
