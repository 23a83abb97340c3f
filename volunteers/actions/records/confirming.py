"""The hours are confirmed, one record or many, and rated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from volunteers.actions.absences import take_back_no_shows
from volunteers.models import ServiceRecord, User

from .keeping import (
    Kind,
    State,
    lock_record,
    lock_records,
    note,
    note_all,
    raise_revisions,
    refuse_own,
)
from .refusals import (
    AlreadyConfirmed,
    AlreadyVoided,
    NotConfirmedYet,
    OwnRecord,
    RatingOutOfRange,
    RecordRefused,
    SecondPersonNeeded,
)


@dataclass(frozen=True)
class ConfirmOutcome:
    """What became of one record in `confirm_records`; `sentence` is empty when it was confirmed."""

    record_id: int
    confirmed: bool
    sentence: str = ""


def confirm_record(*, record: ServiceRecord, by: User, quality: int | None = None) -> ServiceRecord:
    """The hours count from now on; `quality` rates the service from 1 to 5.

    Raises AlreadyConfirmed, AlreadyVoided, SecondPersonNeeded, OwnRecord, RatingOutOfRange.
    """
    _check_quality(quality)
    with transaction.atomic():
        record = lock_record(record)
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
        note(record, Kind.CONFIRMED, by=by)
        take_back_no_shows(records=[record])
        raise_revisions([record])
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
        locked = lock_records(ids)
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
        record = lock_record(record)
        if not record.is_counted:
            raise NotConfirmedYet
        refuse_own(record, by=by)
        record.quality = quality
        record.rated_at = timezone.now()
        record.save(update_fields=["quality", "rated_at"])
        note(record, Kind.RATED, by=by, reason=str(quality))
        # The points stay, the person's average does not: the ledger takes up both.
        raise_revisions([record])
    return record


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


def _check_quality(quality: int | None) -> None:
    if quality is not None and not 1 <= quality <= 5:
        raise RatingOutOfRange


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
    note_all(records, Kind.CONFIRMED, by=by)
    take_back_no_shows(records=records)
    raise_revisions(records)
