"""Who had a place and neither came nor asked for leave (E8).

A no-show is taken back when hours of that day are entered by hand and confirmed: the person was
there, only the scan was not. Voiding these hours later does not bring it again. Where there was a
good reason the organisation excuses it: it stays on the list and counts nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from volunteers.models import NoShow, Organisation, ServiceRecord, User, Volunteer
from volunteers.signals import no_shows_noted


class ExcuseRefused(Exception):
    """It cannot be excused so; the message says why."""


class ExcuseReasonMissing(ExcuseRefused):
    def __init__(self) -> None:
        super().__init__(_("Please write down the reason."))


class AlreadyExcused(ExcuseRefused):
    def __init__(self) -> None:
        super().__init__(_("Somebody has excused this already."))


class OwnNoShow(ExcuseRefused):
    def __init__(self) -> None:
        super().__init__(_("This is about yourself: somebody else decides."))


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


def excuse_no_show(*, no_show: NoShow, reason: str, by: User) -> NoShow:
    """There was a good reason: from now on it counts nowhere.

    Raises ExcuseReasonMissing, AlreadyExcused, and OwnNoShow for whoever stayed away (E1).
    """
    reason = reason.strip()[:200]
    if not reason:
        raise ExcuseReasonMissing
    with transaction.atomic():
        no_show = (
            NoShow.objects.select_for_update(no_key=True, of=("self",))
            .select_related("volunteer")
            .defer("volunteer__id_number")
            .get(pk=no_show.pk)
        )
        if no_show.volunteer.user_id == by.pk:
            raise OwnNoShow
        if no_show.excused_at is not None:
            # Pressed twice is said once.
            if (no_show.excused_by_id, no_show.excuse_reason) == (by.pk, reason):
                return no_show
            raise AlreadyExcused
        no_show.excused_at, no_show.excused_by, no_show.excuse_reason = timezone.now(), by, reason
        no_show.save(update_fields=["excused_at", "excused_by", "excuse_reason"])
        no_shows_noted.send(sender=NoShow, volunteer_ids=[no_show.volunteer_id])
    return no_show


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


def withdraw_no_show(*, source: str) -> bool:
    """They had come after all: the scan that shows it arrived after the shift was closed.

    Called in the scan's transaction. Whoever counts no-shows is told: these hours may never be
    confirmed, and the person was there all the same.
    """
    noted = NoShow.objects.filter(source=source)
    people = list(noted.values_list("volunteer", flat=True))
    if not people:
        return False
    noted.delete()
    no_shows_noted.send(sender=NoShow, volunteer_ids=people)
    return True


def move_no_shows(*, kept: Volunteer, merged: Volunteer) -> None:
    """Two registrations are one person."""
    NoShow.objects.filter(volunteer=merged).update(volunteer=kept)
