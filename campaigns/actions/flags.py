"""Scans that a person should look at (E5, E6): found by rule, decided by people.

Nobody is refused anything by a flag, and deciding changes no hours: what is wrong with these is
corrected or voided at the record.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.attendance_rules import SENT_LATE_AFTER
from campaigns.flags_sql import (
    AFTER_CONFIRMING_SQL,
    BY_ITSELF_SQL,
    LEFT_IN_TIME_SQL,
    SHARED_PHONE_SQL,
    TOO_FAST_SQL,
    TWO_PLACES_SQL,
)
from campaigns.models import Scan, ScanFlag
from volunteers.models import User

STATEMENTS = (
    BY_ITSELF_SQL,
    TWO_PLACES_SQL,
    TOO_FAST_SQL,
    SHARED_PHONE_SQL,
    AFTER_CONFIRMING_SQL,
)
# Places nearer than this are one place: a stadium has many gates.
NEAR_KM = 2
# An answer that takes longer was given by the console alone.
ANSWERED_AT_ONCE = timedelta(seconds=30)
# P3: a distance that nobody has to look at is kept no longer.
DISTANCE_DAYS = 30


class FlagRefused(Exception):
    """It cannot be decided so; the message says why."""


class FlagDecided(FlagRefused):
    def __init__(self) -> None:
        super().__init__(_("Somebody has decided about this already."))


class FlagGone(FlagRefused):
    def __init__(self) -> None:
        super().__init__(_("There is nothing to look at any more: what was missing has arrived."))


class OwnScan(FlagRefused):
    def __init__(self) -> None:
        super().__init__(_("This is about you, or a scan that you made: somebody else decides."))


class RemarkMissing(FlagRefused):
    def __init__(self) -> None:
        super().__init__(_("Please write down what is not in order."))


def look_over_scans(*, since: datetime) -> int:
    """Look at the scans received since then; returns how many new things there are to look at.

    Looking twice is harmless, so looks overlap widely: a row may become visible long after its
    number was given out.
    """
    values = numbers(since=since)
    with connection.cursor() as cursor:
        cursor.execute(LEFT_IN_TIME_SQL)
    return sum(_execute(sql, values) for sql in STATEMENTS)


def numbers(*, since: datetime) -> dict[str, Any]:
    """What the statements are told."""
    return {
        "since": since,
        "far": settings.LINLI_FAR_METRES,
        "late": SENT_LATE_AFTER,
        "at_once": ANSWERED_AT_ONCE,
        "near_km": NEAR_KM,
        "too_fast": settings.LINLI_TOO_FAST_KMH,
        "people": settings.LINLI_SHARED_PHONE_PEOPLE,
    }


def decide_flag(*, flag: ScanFlag, verdict: str, remark: str, by: User) -> ScanFlag:
    """Say that all is in order, or that it is not and why; once, and never about oneself (E1).

    Raises RemarkMissing, FlagDecided, FlagGone or OwnScan. The scan's distance is deleted with
    the last thing to look at about it (P3).
    """
    remark = remark.strip()[:400]
    if verdict == ScanFlag.Verdict.NOT_FINE and not remark:
        raise RemarkMissing
    with transaction.atomic():
        # The scan's lock is its flags' too: of two decided at once, one comes last.
        scan = Scan.objects.select_for_update(no_key=True).get(pk=flag.scan_id)
        found = (
            ScanFlag.objects.select_for_update(no_key=True, of=("self",))
            .select_related("volunteer")
            .defer("volunteer__id_number")
            .filter(pk=flag.pk)
            .first()
        )
        if found is None:
            raise FlagGone
        flag = found
        flag.scan = scan
        if flag.decided_at is not None:
            # Pressed twice is said once.
            if (flag.decided_by_id, flag.verdict, flag.remark) == (by.pk, verdict, remark):
                return flag
            raise FlagDecided
        if concerns(flag, by):
            raise OwnScan
        flag.verdict, flag.remark = ScanFlag.Verdict(verdict), remark
        flag.decided_by, flag.decided_at = by, timezone.now()
        flag.save(update_fields=["verdict", "remark", "decided_by", "decided_at"])
        if scan.distance_m is not None and not scan.flags.open().exists():
            scan.distance_m = None
            scan.save(update_fields=["distance_m"])
    return flag


def concerns(flag: ScanFlag, user: User) -> bool:
    """Whether the user is who was scanned, or who scanned."""
    if flag.scan.by_id == user.pk:
        return True
    return flag.volunteer is not None and flag.volunteer.user_id == user.pk


def forget_distances() -> int:
    """P3: distances of a month ago go, unless somebody still has to look; returns how many."""
    waiting = ScanFlag.objects.open().filter(scan=OuterRef("pk"))
    old = Scan.objects.filter(
        distance_m__isnull=False, received_at__lt=timezone.now() - timedelta(days=DISTANCE_DAYS)
    )
    return old.filter(~Exists(waiting)).update(distance_m=None)


def _execute(sql: str, values: dict[str, Any]) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return sum(is_new for (is_new,) in cursor.fetchall())
