"""A whole shift goes home together: everybody who is still in is checked out at once, and what
shows it is kept (E1)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.actions.attempts import Attempt
from campaigns.actions.attendance import scans_with_words, settle_scans
from campaigns.actions.presence import draft_owed_records
from campaigns.attendance_rules import check_out_until, opens_at
from campaigns.models import Attendance, Evidence, Scan, Shift
from campaigns.models.attendance import Door
from campaigns.outcomes import ScanResult, result_of
from volunteers.models import User, Volunteer

SHORTEST_TEXT = 4


class BulkCheckOutRefused(Exception):
    """Nobody was checked out; the message is for the organiser's eyes."""


class LeftOutsideTheShift(BulkCheckOutRefused):
    """That moment is before check-in opened, after check-out closed, or still to come."""


class TextTooShort(BulkCheckOutRefused):
    pass


class NobodyIn(BulkCheckOutRefused):
    """Evidence of nothing is not kept."""


class NonceOfAnother(BulkCheckOutRefused):
    """The number stands for something else already: two pages were mixed up."""


class PhotoNotKept(BulkCheckOutRefused):
    """The disk is full or not ours."""


@dataclass(frozen=True)
class BulkCheckOut:
    """What came of it, person by person."""

    evidence: Evidence
    checked_out: list[ScanResult]
    not_checked_out: list[ScanResult]
    # Came in after the others had left, so they are in still.
    came_later: list[Attendance]


def check_out_everybody(
    *,
    shift: Shift,
    left_at: datetime,
    text: str,
    photo: bytes | None,
    nonce: uuid.UUID,
    by: User,
) -> BulkCheckOut:
    """Check out everybody still in at the shift, as of `left_at`. `text` is what shows it, `photo`
    a picture without data about where it was taken; the same nonce answers the same.

    Raises BulkCheckOutRefused with a sentence; then nobody was checked out.
    """
    if len(text.strip()) < SHORTEST_TEXT:
        raise TextTooShort(_("Please write a few words about what shows it."))
    check_left_at(shift, left_at)
    stored: list[str] = []
    try:
        with transaction.atomic():
            evidence, is_new = Evidence.objects.get_or_create(
                nonce=nonce,
                defaults={"shift": shift, "text": text, "left_at": left_at, "by": by},
            )
            if not is_new:
                return _as_before(evidence, shift=shift)
            _check_out_all(evidence)
            if photo:
                _keep_photo(evidence, photo, stored)
    except BaseException:
        for name in stored:
            Evidence.photo.field.storage.delete(name)
        raise
    return _answer(evidence)


def check_left_at(shift: Shift, left_at: datetime) -> None:
    """Raises LeftOutsideTheShift."""
    if left_at > timezone.now():
        raise LeftOutsideTheShift(_("That moment is still to come."))
    if left_at < opens_at(shift):
        raise LeftOutsideTheShift(_("Check-in had not opened yet at that moment."))
    if left_at > check_out_until(shift):
        raise LeftOutsideTheShift(_("That is too long after the end of the shift."))


def who_is_in(shift: Shift) -> QuerySet[Attendance]:
    """Those whom it concerns: still in, by name."""
    return (
        Attendance.objects.filter(sign_up__shift=shift, checked_out_at=None)
        .select_related("volunteer")
        .defer("volunteer__id_number")
        .order_by("volunteer__name", "pk")
    )


def _check_out_all(evidence: Evidence) -> None:
    attendances = _still_in_by(evidence)
    if not attendances:
        raise NobodyIn(_("Nobody is in who came before that moment."))
    settle_scans(
        [
            Attempt(
                kind=Scan.Kind.OUT,
                shift=evidence.shift,
                volunteer=attendance.volunteer,
                door=Door.BULK,
                by=evidence.by,
                made_at=evidence.left_at,
                nonce=_nonce_of(evidence, attendance.volunteer_id),
                reason=evidence.text,
            )
            for attendance in attendances
        ]
    )
    while draft_owed_records(shift=evidence.shift):
        pass


def _still_in_by(evidence: Evidence) -> list[Attendance]:
    """Those to check out. Their people are locked first and in one order, as the closing does it:
    two who check out neighbouring shifts never wait for one another."""
    still_in = Attendance.objects.filter(
        sign_up__shift=evidence.shift_id, checked_out_at=None, checked_in_at__lt=evidence.left_at
    )
    people = still_in.values("volunteer")
    list(
        Volunteer.objects.select_for_update(no_key=True)
        .filter(pk__in=people)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    return list(
        still_in.select_related("volunteer").defer("volunteer__id_number").order_by("volunteer_id")
    )


def _keep_photo(evidence: Evidence, photo: bytes, stored: list[str]) -> None:
    """Last in the transaction, for a file is not rolled back. Nobody can guess its name."""
    try:
        evidence.photo.save(f"{uuid.uuid4().hex}.jpg", ContentFile(photo), save=False)
    except OSError as failure:
        raise PhotoNotKept(
            _("The photograph could not be kept. Please try again, or leave it out.")
        ) from failure
    stored.append(str(evidence.photo))
    evidence.save(update_fields=["photo"])


def _as_before(evidence: Evidence, *, shift: Shift) -> BulkCheckOut:
    if evidence.shift_id != shift.pk:
        raise NonceOfAnother(_("This page was mixed up with another. Please open it again."))
    return _answer(evidence)


def _answer(evidence: Evidence) -> BulkCheckOut:
    """From what is kept, so that whoever asks again is told the same."""
    attendances = Attendance.objects.filter(sign_up__shift=evidence.shift_id)
    people = attendances.filter(checked_in_at__lt=evidence.left_at)
    nonces = [_nonce_of(evidence, person) for person in people.values_list("volunteer", flat=True)]
    scans = scans_with_words().filter(nonce__in=nonces).order_by("volunteer__name", "pk")
    results = [result_of(scan) for scan in scans]
    was_in = Q(checked_out_at=None) | Q(checked_out_at__gt=evidence.at)
    later = attendances.filter(
        was_in, checked_in_at__gte=evidence.left_at, checked_in_at__lte=evidence.at
    )
    return BulkCheckOut(
        evidence=evidence,
        checked_out=[result for result in results if result.is_done],
        not_checked_out=[result for result in results if not result.is_done],
        came_later=list(later.select_related("volunteer").defer("volunteer__id_number")),
    )


def _nonce_of(evidence: Evidence, volunteer_id: int) -> uuid.UUID:
    return uuid.uuid5(evidence.nonce, str(volunteer_id))
