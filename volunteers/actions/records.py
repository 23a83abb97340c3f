"""Everything that happens to a service record.

Each action locks the person, then the record, and keeps both until its transaction ends. The
person comes first because of the daily cap: what a record is worth depends on the others of that
person and day, so two of them must never be changed side by side. The ledger's settlement locks
records only, and passes over those that are locked; nobody can wait for the other in a circle.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Sum
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from volunteers.models import (
    Category,
    Objection,
    Organisation,
    RecordChange,
    ServiceRecord,
    User,
    Volunteer,
)
from volunteers.signals import records_owed

State = ServiceRecord.State
Kind = RecordChange.Kind

DAY_MINUTES = 24 * 60
# E3: hours made up afterwards have a limit in length and in time.
HAND_MAX_MINUTES = 12 * 60
HAND_MAX_DAYS = 90


class RecordRefused(Exception):
    """The action is not possible; `str()` is the sentence for the person who asked."""

    sentence: str | Promise = _("This is not possible for this record.")

    def __str__(self) -> str:
        return str(self.sentence)


class AlreadyConfirmed(RecordRefused):
    sentence = _("This record has been confirmed already.")


class AlreadyVoided(RecordRefused):
    sentence = _("This record has been voided; nothing more can be done with it.")


class NotConfirmedYet(RecordRefused):
    sentence = _("This record has not been confirmed yet.")


class NotADraft(RecordRefused):
    sentence = _("This record has been handed in already.")


class AlreadyObjected(RecordRefused):
    sentence = _("An objection to this record is being looked into already.")


class ObjectionDecided(RecordRefused):
    sentence = _("This objection has been answered already.")


class SecondPersonNeeded(RecordRefused):
    sentence = _("Hours entered by hand must be confirmed by somebody other than who entered them.")


class OwnRecord(RecordRefused):
    sentence = _("Your own hours have to be decided by somebody else.")


class ReasonMissing(RecordRefused):
    sentence = _("Please write the reason: it stays with the record.")


class MinutesOutOfRange(RecordRefused):
    sentence = _("Credited time must be between 0 and 24 hours.")


class SameMinutes(RecordRefused):
    sentence = _("That is the time the record has already.")


class RatingOutOfRange(RecordRefused):
    sentence = _("A rating is a whole number from 1 to 5.")


class HandEntryTooLong(RecordRefused):
    sentence = _("At most 12 hours can be entered by hand in one record.")


class HandEntryTooOld(RecordRefused):
    sentence = _("Hours can be entered by hand for the last 90 days only.")


class HandEntryInFuture(RecordRefused):
    sentence = _("This day has not come yet.")


class MoreThanADay(RecordRefused):
    sentence = _("With this record the day would have more than 24 hours of service.")


@dataclass(frozen=True)
class ConfirmOutcome:
    """What became of one record in `confirm_records`; `sentence` is empty when it was confirmed."""

    record_id: int
    confirmed: bool
    sentence: str = ""


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
    _check_minutes(credited_minutes)
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
        _note(record, Kind.DRAFTED, by=by)
    return record


def submit_record(*, record: ServiceRecord, by: User | None) -> ServiceRecord:
    """Hand a draft in. Raises NotADraft, AlreadyVoided."""
    with transaction.atomic():
        record = _lock(record)
        if record.state == State.VOIDED:
            raise AlreadyVoided
        if record.state != State.DRAFT:
            raise NotADraft
        record.state = State.SUBMITTED
        record.save(update_fields=["state"])
        _note(record, Kind.SUBMITTED, by=by)
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
    **details: Any,
) -> ServiceRecord:
    """Hours that no check-in shows (E1): submitted, for a second person to confirm.

    `details` are draft_record's optional fields. Raises ReasonMissing, MinutesOutOfRange,
    HandEntryTooLong, HandEntryTooOld, HandEntryInFuture, MoreThanADay.
    """
    reason = _require_reason(reason)
    _check_hand_entry(served_on=served_on, credited_minutes=credited_minutes)
    with transaction.atomic():
        Volunteer.objects.select_for_update(no_key=True).get(pk=volunteer.pk)
        _check_day_has_room(volunteer=volunteer, served_on=served_on, minutes=credited_minutes)
        record = draft_record(
            volunteer=volunteer,
            organisation=organisation,
            source=f"hand:{uuid.uuid4()}",
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
        _note(record, Kind.SUBMITTED, by=by, reason=reason)
    return record


def confirm_record(*, record: ServiceRecord, by: User, quality: int | None = None) -> ServiceRecord:
    """The hours count from now on; `quality` rates the service from 1 to 5.

    Raises AlreadyConfirmed, AlreadyVoided, SecondPersonNeeded, OwnRecord, RatingOutOfRange.
    """
    _check_quality(quality)
    with transaction.atomic():
        record = _lock(record)
        if refusal := _reason_not_to_confirm(record, by=by):
            raise refusal
        record.state = State.CONFIRMED
        record.confirmed_by = by
        record.confirmed_at = timezone.now()
        fields = ["state", "confirmed_by", "confirmed_at"]
        if quality is not None:
            record.quality = quality
            record.rated_at = record.confirmed_at
            fields += ["quality", "rated_at"]
        record.save(update_fields=fields)
        _note(record, Kind.CONFIRMED, by=by)
        _raise_revisions([record])
    return record


def confirm_records(
    *, records: Iterable[int | ServiceRecord], by: User, quality: int | None = None
) -> list[ConfirmOutcome]:
    """Confirm many in a fixed number of queries; those that cannot be are told apart, by id.

    `records` is a queryset, records or their ids. Raises RatingOutOfRange.
    """
    _check_quality(quality)
    ids = [record if isinstance(record, int) else record.pk for record in records]
    with transaction.atomic():
        locked = _lock_many(ids)
        refusals = {record.pk: _reason_not_to_confirm(record, by=by) for record in locked}
        confirmed = [record for record in locked if refusals[record.pk] is None]
        _confirm_all(confirmed, by=by, quality=quality)
    return [
        ConfirmOutcome(pk, confirmed=refusal is None, sentence=str(refusal or ""))
        for pk, refusal in refusals.items()
    ]


def rate_record(*, record: ServiceRecord, by: User, quality: int) -> ServiceRecord:
    """Rate confirmed service (R6). Raises NotConfirmedYet, OwnRecord, RatingOutOfRange."""
    _check_quality(quality)
    with transaction.atomic():
        record = _lock(record)
        if not record.is_counted:
            raise NotConfirmedYet
        _refuse_own(record, by=by)
        record.quality = quality
        record.rated_at = timezone.now()
        record.save(update_fields=["quality", "rated_at"])
        _note(record, Kind.RATED, by=by, reason=str(quality))
        # The points stay, the person's average does not: the ledger takes up both.
        _raise_revisions([record])
    return record


def raise_objection(*, record: ServiceRecord, by: User, reason: str) -> Objection:
    """The volunteer says the record is wrong (R8); it counts until that is decided.

    Raises ReasonMissing, AlreadyObjected, AlreadyVoided, NotConfirmedYet.
    """
    reason = _require_reason(reason)
    with transaction.atomic():
        record = _lock(record)
        if record.state == State.OBJECTED:
            raise AlreadyObjected
        if record.state == State.VOIDED:
            raise AlreadyVoided
        if record.state != State.CONFIRMED:
            raise NotConfirmedYet
        objection = Objection.objects.create(record=record, raised_by=by, reason=reason)
        record.state = State.OBJECTED
        record.save(update_fields=["state"])
        _note(record, Kind.OBJECTED, by=by, reason=reason)
    return objection


def uphold_record(*, objection: Objection, by: User, answer: str) -> ServiceRecord:
    """The record was right; `answer` says why.

    Raises ObjectionDecided, OwnRecord, ReasonMissing.
    """
    answer = _require_reason(answer)
    with transaction.atomic():
        record = _lock(objection.record)
        _refuse_own(record, by=by)
        if not _answer_objection(record, state=Objection.State.UPHELD, by=by, answer=answer):
            raise ObjectionDecided
        record.state = State.CONFIRMED
        record.save(update_fields=["state"])
        _note(record, Kind.UPHELD, by=by, reason=answer)
    return record


def correct_record(
    *, record: ServiceRecord, by: User, credited_minutes: int, reason: str
) -> ServiceRecord:
    """Other minutes, with the reason; answers an open objection (R8).

    More minutes than the doors saw are hours entered by hand (E1): unless the volunteer asked
    for them in an objection, the record goes back to wait for a second person.
    Raises AlreadyVoided, OwnRecord, ReasonMissing, MinutesOutOfRange, SameMinutes.
    """
    reason = _require_reason(reason)
    _check_minutes(credited_minutes)
    with transaction.atomic():
        record = _lock(record)
        if record.state == State.VOIDED:
            raise AlreadyVoided
        if record.credited_minutes == credited_minutes:
            raise SameMinutes
        _refuse_own(record, by=by)
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
        _note(record, Kind.CORRECTED, by=by, reason=reason)
        if was_counted:
            _raise_revisions([record])
    return record


def void_record(*, record: ServiceRecord, by: User | None, reason: str) -> ServiceRecord:
    """The service did not take place as recorded; whatever it earned is taken back.

    Raises AlreadyVoided, ReasonMissing.
    """
    reason = _require_reason(reason)
    with transaction.atomic():
        record = _lock(record)
        if record.state == State.VOIDED:
            raise AlreadyVoided
        was_counted = record.is_counted
        _answer_objection(record, state=Objection.State.CORRECTED, by=by, answer=reason)
        record.state = State.VOIDED
        record.save(update_fields=["state"])
        _note(record, Kind.VOIDED, by=by, reason=reason)
        if was_counted:
            _raise_revisions([record])
    return record


def move_records(*, kept: Volunteer, merged: Volunteer, by: User | None) -> int:
    """Give all records of `merged` to `kept`; returns how many.

    Called inside the merge's transaction, which holds the lock on both people.
    """
    moved = list(
        ServiceRecord.objects.select_for_update(no_key=True).filter(volunteer=merged).order_by("pk")
    )
    ServiceRecord.objects.filter(pk__in=[record.pk for record in moved]).update(volunteer=kept)
    for record in moved:
        record.volunteer = kept
    _note_all(moved, Kind.MOVED, by=by)
    # One daily cap holds for both now.
    _raise_revisions([record for record in moved if record.is_counted])
    return len(moved)


def owe_records_again(*, served_from: date) -> int:
    """What service since that day is worth has changed: the ledger shall look once more."""
    with transaction.atomic():
        raised = (
            ServiceRecord.objects.counted()
            .filter(served_on__gte=served_from)
            .update(revision=F("revision") + 1)
        )
        _tell_on_commit()
    return raised


# Locks


def _lock(record: ServiceRecord) -> ServiceRecord:
    """The record as it is now, locked after its person (the module's docstring says why)."""
    while True:
        volunteer_id = ServiceRecord.objects.values_list("volunteer_id", flat=True).get(
            pk=record.pk
        )
        Volunteer.objects.select_for_update(no_key=True).get(pk=volunteer_id)
        fresh = (
            ServiceRecord.objects.select_for_update(no_key=True, of=("self",))
            .select_related("volunteer", "organisation")
            .get(pk=record.pk)
        )
        # A merge in between gave the record to somebody else: lock that person instead.
        if fresh.volunteer_id == volunteer_id:
            return fresh


def _lock_many(ids: list[int]) -> list[ServiceRecord]:
    """Like `_lock`; people, then records, each by id, so that nobody waits in a circle."""
    people = ServiceRecord.objects.filter(pk__in=ids).values("volunteer_id")
    held = {
        volunteer.pk
        for volunteer in Volunteer.objects.select_for_update(no_key=True)
        .filter(pk__in=people)
        .order_by("pk")
    }
    locked = (
        ServiceRecord.objects.select_for_update(no_key=True, of=("self",))
        .select_related("volunteer")
        .filter(pk__in=ids)
        .order_by("pk")
    )
    # Whoever a merge moved meanwhile is left out; the desk shows the record again as waiting.
    return [record for record in locked if record.volunteer_id in held]


# What is allowed


def _reason_not_to_confirm(record: ServiceRecord, *, by: User) -> RecordRefused | None:
    if record.is_counted:
        return AlreadyConfirmed()
    if record.state == State.VOIDED:
        return AlreadyVoided()
    if record.is_by_hand and record.entered_by_id == by.pk:
        return SecondPersonNeeded()
    if record.volunteer.user_id == by.pk:
        return OwnRecord()
    return None


def _refuse_own(record: ServiceRecord, *, by: User | None) -> None:
    if by is not None and record.volunteer.user_id == by.pk:
        raise OwnRecord


def _is_more_than_the_doors_saw(record: ServiceRecord, minutes: int) -> bool:
    if minutes <= record.credited_minutes:
        return False
    if record.is_by_hand or record.checked_in_at is None or record.checked_out_at is None:
        return True
    return timedelta(minutes=minutes) > record.checked_out_at - record.checked_in_at


def _require_reason(reason: str) -> str:
    reason = reason.strip()[:400]
    if not reason:
        raise ReasonMissing
    return reason


def _check_minutes(minutes: int) -> None:
    if not 0 <= minutes <= DAY_MINUTES:
        raise MinutesOutOfRange


def _check_quality(quality: int | None) -> None:
    if quality is not None and not 1 <= quality <= 5:
        raise RatingOutOfRange


def _check_hand_entry(*, served_on: date, credited_minutes: int) -> None:
    _check_minutes(credited_minutes)
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


# What is written


def _confirm_all(records: list[ServiceRecord], *, by: User, quality: int | None) -> None:
    if not records:
        return
    now = timezone.now()
    rating: dict[str, Any] = {} if quality is None else {"quality": quality, "rated_at": now}
    ServiceRecord.objects.filter(pk__in=[record.pk for record in records]).update(
        state=State.CONFIRMED, confirmed_by=by, confirmed_at=now, **rating
    )
    for record in records:
        record.state = State.CONFIRMED
    _note_all(records, Kind.CONFIRMED, by=by)
    _raise_revisions(records)


def _answer_objection(
    record: ServiceRecord, *, state: Objection.State, by: User | None, answer: str
) -> bool:
    """Close the record's open objection; False when there is none."""
    return bool(
        Objection.objects.filter(record=record, state=Objection.State.OPEN).update(
            state=state, answer=answer, decided_by=by, decided_at=timezone.now()
        )
    )


def _note(record: ServiceRecord, kind: Kind, *, by: User | None, reason: str = "") -> None:
    RecordChange.objects.create(
        record=record,
        kind=kind,
        state=record.state,
        credited_minutes=record.credited_minutes,
        reason=reason,
        by=by,
    )


def _note_all(records: list[ServiceRecord], kind: Kind, *, by: User | None) -> None:
    RecordChange.objects.bulk_create(
        RecordChange(
            record=record,
            kind=kind,
            state=record.state,
            credited_minutes=record.credited_minutes,
            by=by,
        )
        for record in records
    )


def _raise_revisions(records: list[ServiceRecord]) -> None:
    """Owe these to the ledger, and the other counted records of the same people and days.

    Holds the lock on those people. The others are raised because of the daily cap: who comes
    first in a day takes from what is left for the next.
    """
    ids = [record.pk for record in records]
    if not ids:
        return
    changed = ServiceRecord.objects.filter(
        pk__in=ids, volunteer=OuterRef("volunteer"), served_on=OuterRef("served_on")
    )
    ServiceRecord.objects.filter(pk__in=ids).update(revision=F("revision") + 1)
    (
        ServiceRecord.objects.counted()
        .filter(
            Exists(changed),
            volunteer__in={record.volunteer_id for record in records},
            served_on__in={record.served_on for record in records},
        )
        .exclude(pk__in=ids)
        .update(revision=F("revision") + 1)
    )
    for record in records:
        record.revision += 1
    _tell_on_commit()


def _tell_on_commit() -> None:
    # Robust: the record is confirmed, whoever fails to listen. The sweep finds it anyway.
    transaction.on_commit(partial(records_owed.send_robust, sender=ServiceRecord), robust=True)
