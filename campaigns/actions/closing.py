"""What happens to a shift when it is over."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from campaigns.actions.presence import attendances_with_shift, draft_owed_records, end_at_closing
from campaigns.models import Attendance, Shift, SignUp
from campaigns.models.shifts import ShiftQuerySet
from volunteers.actions.absences import note_no_shows
from volunteers.actions.records import submit_record
from volunteers.models import ServiceRecord, Volunteer

logger = logging.getLogger(__name__)


def close_shift(*, shift: Shift) -> bool:
    """Check out who forgot to, at the shift's end, hand all its drafts in (E2, R7), and note who
    neither came nor asked for leave (E8).

    False when it is not due yet, closed already, or being closed by somebody else.
    """
    with transaction.atomic():
        # People first: handing a record in locks its person.
        people = _hold_people(shift)
        # No key: a scan made meanwhile points at the shift and must not have to wait.
        due = _due(timezone.now()).select_for_update(skip_locked=True, no_key=True)
        held = due.filter(pk=shift.pk).first()
        if held is None:
            return False
        places = _hold_places(held)
        if not people.issuperset(_who_is_there(held).values_list("volunteer", flat=True)):
            return False  # somebody has come without a sign-up this very moment: at the next sweep
        while draft_owed_records(shift=held):
            pass
        still_in = attendances_with_shift().filter(sign_up__shift=held, checked_out_at=None)
        end_at_closing(list(still_in))
        drafts = ServiceRecord.objects.filter(
            attendance__sign_up__shift=held, state=ServiceRecord.State.DRAFT
        )
        for record in drafts.order_by("pk"):
            submit_record(record=record, by=None)
        _note_no_shows(held, places)
        held.closed_at = timezone.now()
        held.save(update_fields=["closed_at"])
    return True


def close_finished_shifts(*, limit: int = 200) -> int:
    """Close every shift that is due, each in its own transaction; returns how many.

    One that fails is logged and does not hold up the others; the next sweep tries it again.
    """
    closed = 0
    for shift in list(_due(timezone.now()).order_by("ends_at", "pk")[:limit]):
        try:
            closed += close_shift(shift=shift)
        except Exception:
            logger.exception("Shift %s could not be closed", shift.pk)
    return closed


def _who_is_there(shift: Shift) -> QuerySet[SignUp]:
    """Those with a place, and whoever else has come."""
    return SignUp.objects.filter(
        Q(state=SignUp.State.SIGNED_UP) | Q(attendance__isnull=False), shift=shift
    )


def _hold_people(shift: Shift) -> set[int]:
    people = Volunteer.objects.filter(pk__in=_who_is_there(shift).values("volunteer"))
    held = people.select_for_update(no_key=True).order_by("pk")
    return set(held.values_list("pk", flat=True))


def _hold_places(shift: Shift) -> dict[int, int]:
    """{sign-up: volunteer}, locked as a check-in locks its place: who is coming in has come.

    Counted as reckoned anew: a scan of the quick way that began before the closing, and finds the
    place free only after it, would otherwise leave somebody in at a closed shift for ever.
    """
    holding = SignUp.objects.holding().filter(shift=shift).select_for_update(no_key=True)
    places = dict(holding.order_by("pk").values_list("pk", "volunteer_id"))
    SignUp.objects.filter(pk__in=places).update(reckonings=F("reckonings") + 1)
    return places


def _note_no_shows(shift: Shift, places: dict[int, int]) -> None:
    """Holds the lock of the shift and of all its places."""
    if shift.state == Shift.State.CANCELLED:
        return
    came = Attendance.objects.filter(sign_up__in=places).values_list("sign_up", flat=True)
    missed = {f"sign_up:{pk}": places[pk] for pk in places.keys() - set(came)}
    campaign = shift.activity.campaign
    note_no_shows(
        missed=missed,
        organisation=campaign.organisation,
        missed_on=timezone.localdate(shift.starts_at),
    )


def _due(now: datetime) -> ShiftQuerySet:
    """Not closed, over, and either everybody has left or the time of grace is gone."""
    grace = timedelta(minutes=settings.LINLI_GRACE_MINUTES)
    somebody_in = Attendance.objects.filter(sign_up__shift=OuterRef("pk"), checked_out_at=None)
    return Shift.objects.filter(closed_at=None, ends_at__lte=now).filter(
        Q(ends_at__lte=now - grace) | ~Exists(somebody_in)
    )
