"""What every action on a record does around its own work: lock, check, note, owe.

The person is locked before the record (the package's docstring says why).
"""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.db.models import F

from volunteers.models import RecordChange, ServiceRecord, User, Volunteer
from volunteers.signals import records_owed

from .refusals import MinutesOutOfRange, OwnRecord, ReasonMissing

State = ServiceRecord.State
Kind = RecordChange.Kind
DAY_MINUTES = 24 * 60


def lock_record(record: ServiceRecord) -> ServiceRecord:
    """The record as it is now, locked after its person (the module's docstring says why)."""
    while True:
        volunteer_id = ServiceRecord.objects.values_list("volunteer_id", flat=True).get(
            pk=record.pk
        )
        Volunteer.objects.select_for_update(no_key=True).only("pk").get(pk=volunteer_id)
        fresh = (
            ServiceRecord.objects.select_for_update(no_key=True, of=("self",))
            .select_related("volunteer", "organisation")
            .defer("volunteer__id_number")  # nothing that is not needed is deciphered
            .get(pk=record.pk)
        )
        # A merge in between gave the record to somebody else: lock that person instead.
        if fresh.volunteer_id == volunteer_id:
            return fresh


def lock_records(ids: list[int]) -> list[ServiceRecord]:
    """Like `lock_record`; people, then records, each by id, so that nobody waits in a circle."""
    people = ServiceRecord.objects.filter(pk__in=ids).values("volunteer_id")
    held = {
        volunteer.pk
        for volunteer in Volunteer.objects.select_for_update(no_key=True)
        .only("pk")
        .filter(pk__in=people)
        .order_by("pk")
    }
    locked = (
        ServiceRecord.objects.select_for_update(no_key=True, of=("self",))
        .select_related("volunteer")
        .defer("volunteer__id_number")
        .filter(pk__in=ids)
        .order_by("pk")
    )
    # Whoever a merge moved meanwhile is left out; the desk shows the record again as waiting.
    return [record for record in locked if record.volunteer_id in held]


def refuse_own(record: ServiceRecord, *, by: User | None) -> None:
    if by is not None and record.volunteer.user_id == by.pk:
        raise OwnRecord


def require_reason(reason: str) -> str:
    reason = reason.strip()[:400]
    if not reason:
        raise ReasonMissing
    return reason


def check_minutes(minutes: int) -> None:
    if not 0 <= minutes <= DAY_MINUTES:
        raise MinutesOutOfRange


def note(record: ServiceRecord, kind: Kind, *, by: User | None, reason: str = "") -> None:
    RecordChange.objects.create(
        record=record,
        kind=kind,
        state=record.state,
        credited_minutes=record.credited_minutes,
        reason=reason,
        by=by,
    )


def note_all(records: list[ServiceRecord], kind: Kind, *, by: User | None) -> None:
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


def raise_revisions(records: list[ServiceRecord]) -> None:
    """Owe these to the ledger. Holds the lock on their people."""
    ids = [record.pk for record in records]
    if not ids:
        return
    ServiceRecord.objects.filter(pk__in=ids).update(revision=F("revision") + 1)
    for record in records:
        record.revision += 1
    tell_on_commit()


def tell_on_commit() -> None:
    # Robust: the record is confirmed, whoever fails to listen. The sweep finds it anyway.
    transaction.on_commit(partial(records_owed.send_robust, sender=ServiceRecord), robust=True)
