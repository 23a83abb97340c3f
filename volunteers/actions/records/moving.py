"""Records go to another registration of the same person; records are owed again."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import F

from volunteers.models import ServiceRecord, User, Volunteer

from .keeping import Kind, note_all, raise_revisions, tell_on_commit


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
    note_all(moved, Kind.MOVED, by=by)
    # Whose they are has changed: the ledger looks at them once more.
    raise_revisions([record for record in moved if record.is_counted])
    return len(moved)


def owe_records_again(*, served_from: date) -> int:
    """What service since that day is worth has changed: the ledger shall look once more."""
    with transaction.atomic():
        raised = (
            ServiceRecord.objects.counted()
            .filter(served_on__gte=served_from)
            .update(revision=F("revision") + 1)
        )
        tell_on_commit()
    return raised
