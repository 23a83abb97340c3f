"""What somebody should look at (E1): found by rule, decided by people. Nothing is changed by it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from points.anomalies_sql import HURRIED_SQL, IN_ONE_BREATH_SQL, OUTLIERS_SQL, TWO_PLACES_SQL
from points.models import Anomaly
from volunteers.models import User

State = Anomaly.State

OUTLIER_DAYS = 90


class AnomalyRefused(Exception):
    """It cannot be decided so; the message says why."""


class AnomalyDecided(AnomalyRefused):
    def __init__(self) -> None:
        super().__init__(_("Somebody has decided about this already."))


class OwnAnomaly(AnomalyRefused):
    def __init__(self) -> None:
        super().__init__(
            _("This is about your own account or your own hours: somebody else decides.")
        )


class NoteMissing(AnomalyRefused):
    def __init__(self) -> None:
        super().__init__(_("Please write down what was found out."))


def find_anomalies(*, since: datetime) -> int:
    """Look at what was entered or changed since then; returns how many new ones there are.

    Found twice is written once: each has a key of its own.
    """
    values = {
        "since": since,
        "zone": settings.TIME_ZONE,
        "window": timedelta(seconds=settings.LINLI_HURRIED_SECONDS),
        "minutes": settings.LINLI_HURRIED_MINUTES,
        "breath": timedelta(seconds=settings.LINLI_ONE_BREATH_SECONDS),
        "times": settings.LINLI_ONE_BREATH_TIMES,
    }
    found = 0
    for sql in (TWO_PLACES_SQL, HURRIED_SQL, IN_ONE_BREATH_SQL):
        found += _execute(sql, values)
    return found


def find_outliers() -> int:
    """Accounts whose hours by hand of the last 90 days are far above what is usual; once a month
    each. Returns how many new ones there are."""
    values = {
        "since": timezone.now() - timedelta(days=OUTLIER_DAYS),
        "today": timezone.localdate(),
        "factor": settings.LINLI_OUTLIER_FACTOR,
        "records": settings.LINLI_OUTLIER_MIN_RECORDS,
        "accounts": settings.LINLI_OUTLIER_MIN_ACCOUNTS,
    }
    return _execute(OUTLIERS_SQL, values)


def decide_anomaly(*, anomaly: Anomaly, state: str, note: str, by: User) -> Anomaly:
    """Say that all is in order, or that something was done, and how one knows.

    Raises NoteMissing, AnomalyDecided, and OwnAnomaly for whoever it is about.
    """
    note = note.strip()[:400]
    if not note:
        raise NoteMissing
    with transaction.atomic():
        anomaly = Anomaly.objects.select_for_update(no_key=True, of=("self",)).get(pk=anomaly.pk)
        if anomaly.state != State.OPEN:
            raise AnomalyDecided
        if concerns(anomaly, by):
            raise OwnAnomaly
        anomaly.state, anomaly.note = State(state), note
        anomaly.decided_by, anomaly.decided_at = by, timezone.now()
        anomaly.save(update_fields=["state", "note", "decided_by", "decided_at"])
    return anomaly


def concerns(anomaly: Anomaly, user: User) -> bool:
    """Whether the user entered, confirmed or served what it is about."""
    if user.pk in (anomaly.account_id, anomaly.detail.get("confirmed_by")):
        return True
    return anomaly.volunteer is not None and anomaly.volunteer.user_id == user.pk


def _execute(sql: str, values: dict[str, Any]) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)
