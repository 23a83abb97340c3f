"""Who had a place and neither came nor asked for leave (E8).

A no-show is taken back when hours of that day are entered by hand and confirmed: the person was
there, only the scan was not. Voiding these hours later does not bring it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Exists, OuterRef

from volunteers.models import NoShow, Organisation, ServiceRecord, Volunteer
from volunteers.signals import no_shows_noted


def note_no_shows(*, missed: dict[str, int], organisation: Organisation, missed_on: date) -> int:
    """Note that day's no-shows, `missed` being {source: volunteer}; returns how many are new.

    The same source is noted once. Nobody is noted whose hours of that day, with that
    organisation, were entered by hand and confirmed in the meantime.
    """
    if not missed:
        return 0
    with transaction.atomic():
        came = set(
            ServiceRecord.objects.counted()
            .filter(organisation=organisation, served_on=missed_on, is_by_hand=True)
            .filter(volunteer__in=missed.values())
            .values_list("volunteer", flat=True)
        )
        known = set(NoShow.objects.filter(source__in=missed).values_list("source", flat=True))
        new = {
            source: volunteer_id
            for source, volunteer_id in missed.items()
            if source not in known and volunteer_id not in came
        }
        NoShow.objects.bulk_create(
            NoShow(
                volunteer_id=volunteer_id,
                organisation=organisation,
                source=source,
                missed_on=missed_on,
            )
            for source, volunteer_id in new.items()
        )
        if new:
            no_shows_noted.send(sender=NoShow, volunteer_ids=sorted(set(new.values())))
    return len(new)


def take_back_no_shows(*, records: Iterable[ServiceRecord]) -> int:
    """These hours have just been confirmed; returns how many no-shows go.

    Called in the confirming transaction. Whoever counts no-shows is told by the records.
    """
    by_hand = [record.pk for record in records if record.is_by_hand]
    if not by_hand:
        return 0
    same_day = ServiceRecord.objects.filter(
        pk__in=by_hand,
        volunteer=OuterRef("volunteer"),
        organisation=OuterRef("organisation"),
        served_on=OuterRef("missed_on"),
    )
    people = ServiceRecord.objects.filter(pk__in=by_hand).values("volunteer")
    gone, _by_model = NoShow.objects.filter(Exists(same_day), volunteer__in=people).delete()
    return gone


def move_no_shows(*, kept: Volunteer, merged: Volunteer) -> None:
    """Two registrations are one person."""
    NoShow.objects.filter(volunteer=merged).update(volunteer=kept)
