"""Devices that check people in by a token of their own: given out, recognised, taken back."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.attendance_rules import MOST_DELAY_OF_DEVICES
from campaigns.models import ConsoleDevice, Shift
from campaigns.permissions import RUNNING_ROLES, get_shifts_for_devices
from volunteers.models import Organisation, User
from volunteers.prepared import prepared_cursor

TOKEN_BYTES = 32
# Every call reads the device's shifts along with the device: a gate has a day's, not a year's.
MOST_SHIFTS = 60
SEEN_EVERY_SECONDS = 10
REMEMBERED_SECONDS = 5
MOST_REMEMBERED = 10_000


class ShiftsNotForDevice(Exception):
    def __init__(self) -> None:
        super().__init__(
            _("Please choose between 1 and 60 shifts to come, all of one organisation you run.")
        )


@dataclass(frozen=True)
class KnownDevice:
    """Who calls: the device, the shifts it may scan at, and whether it may do so now."""

    device: ConsoleDevice
    account: User
    shifts: dict[int, Shift]
    is_account_entitled: bool


@transaction.atomic
def register_device(
    *, by: User, organisation: Organisation, shifts: Collection[Shift], name: str
) -> tuple[ConsoleDevice, str]:
    """Returns the device and its token, which nobody can read again.

    It ends by itself once the last shift is over and late scans have had their time. Raises
    ShiftsNotForDevice.
    """
    chosen = get_shifts_for_devices(by).filter(
        pk__in=[shift.pk for shift in shifts], activity__campaign__organisation=organisation
    )
    allowed = list(chosen)
    if not 0 < len(allowed) == len(shifts) <= MOST_SHIFTS:
        raise ShiftsNotForDevice
    token = secrets.token_urlsafe(TOKEN_BYTES)
    device = ConsoleDevice.objects.create(
        name=name,
        organisation=organisation,
        account=by,
        created_by=by,
        token_hash=hash_of(token),
        expires_at=max(shift.ends_at for shift in allowed) + MOST_DELAY_OF_DEVICES,
    )
    device.shifts.set(allowed)
    return device, token


def revoke_device(*, device: ConsoleDevice, by: User) -> ConsoleDevice:
    """From the next call on its token is refused. Twice is once."""
    ConsoleDevice.objects.filter(pk=device.pk, revoked_at=None).update(
        revoked_at=timezone.now(), revoked_by=by
    )
    device.refresh_from_db()
    return device


def recall_device(*, token: str) -> KnownDevice | None:
    """As `touch_device`, from this process' memory if it was asked within the last seconds.

    Good for what the database judges once more: a quick scan's own statement looks whether the
    device still holds (campaigns.actions.quick), and nothing else may be decided by it.
    """
    token_hash = hash_of(token)
    remembered = _remembered.get(token_hash)
    if remembered is not None and time.monotonic() - remembered[0] < REMEMBERED_SECONDS:
        return remembered[1]
    known = touch_device(token=token)
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    if known is not None:
        _remembered[token_hash] = (time.monotonic(), known)
    return known


_remembered: dict[str, tuple[float, KnownDevice]] = {}


def touch_device(*, token: str) -> KnownDevice | None:
    """The device with this token, its shifts and its owner's standing, in one statement.

    When it was last seen is written at most every ten seconds, and never waited for: of many
    calls at once one writes it. Whether it may do anything, the caller judges.
    """
    values: dict[str, Any] = {
        "hash": hash_of(token),
        "roles": [str(role) for role in RUNNING_ROLES],
    }
    with prepared_cursor() as cursor:
        cursor.execute(_DEVICE_SQL, values)
        row = cursor.fetchone()
        if row is None:
            return None
        known = _known(row)
        if known.device.is_usable() and _was_seen_long_ago(known.device):
            cursor.execute(_SEEN_SQL, {"id": known.device.pk, "every": SEEN_EVERY_SECONDS})
    return known


def _was_seen_long_ago(device: ConsoleDevice) -> bool:
    seen = device.last_seen_at
    return seen is None or (timezone.now() - seen).total_seconds() >= SEEN_EVERY_SECONDS


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


_SEEN_SQL = """
    UPDATE campaigns_consoledevice SET last_seen_at = now()
    WHERE id = (
        SELECT id FROM campaigns_consoledevice
        WHERE id = %(id)s
          AND (last_seen_at IS NULL OR last_seen_at <= now() - %(every)s * interval '1 second')
        FOR NO KEY UPDATE SKIP LOCKED
    )
"""
_DEVICE_SQL = """
    SELECT device.id, device.name, device.organisation_id, device.account_id, device.expires_at,
           device.revoked_at, device.last_seen_at,
           account.is_active AND (
               account.is_staff OR account.is_superuser OR EXISTS (
                   SELECT FROM volunteers_membership member
                   WHERE member.user_id = account.id
                     AND member.organisation_id = device.organisation_id
                     AND member.role = ANY(%(roles)s)
               )
           ),
           shifts.ids, shifts.begins, shifts.ends, shifts.states, shifts.closings
    FROM campaigns_consoledevice device
    JOIN volunteers_user account ON account.id = device.account_id
    CROSS JOIN LATERAL (
        SELECT array_agg(shift.id) AS ids, array_agg(shift.starts_at) AS begins,
               array_agg(shift.ends_at) AS ends, array_agg(shift.state) AS states,
               array_agg(shift.closed_at) AS closings
        FROM campaigns_consoledevice_shifts may
        JOIN campaigns_shift shift ON shift.id = may.shift_id
        WHERE may.consoledevice_id = device.id
    ) shifts
    WHERE device.token_hash = %(hash)s
"""


def _known(row: tuple[Any, ...]) -> KnownDevice:
    # As Django makes one when it reads some columns only, in the model's own order.
    names = [
        "id", "name", "organisation_id", "account_id", "expires_at", "revoked_at", "last_seen_at",
    ]  # fmt: skip
    *device_values, is_entitled, ids, begins, ends, states, closings = row
    device = ConsoleDevice.from_db(connection.alias, names, device_values)
    account = User.from_db(connection.alias, ["id"], [device.account_id])
    columns = ["id", "starts_at", "ends_at", "state", "closed_at"]
    of_shifts = zip(ids or (), begins or (), ends or (), states or (), closings or (), strict=True)
    shifts = {values[0]: Shift.from_db(connection.alias, columns, values) for values in of_shifts}
    return KnownDevice(device, account, shifts, bool(is_entitled))
