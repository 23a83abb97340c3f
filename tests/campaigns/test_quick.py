"""The quick way and the careful one decide alike, alone and when many devices send at once."""

from __future__ import annotations

import contextlib
import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings

from campaigns.actions import attendance as attendance_module
from campaigns.actions.attempts import Attempt
from campaigns.actions.attendance import card_attempt, settle_scans
from campaigns.actions.closing import close_shift
from campaigns.actions.quick import decide_quickly
from campaigns.models import Activity, Attendance, ConsoleDevice, Scan, Shift
from campaigns.tasks import draft_records
from tests.campaigns.test_any_order import SCANS, devices, send, shifts, state  # noqa: F401
from tests.campaigns.test_attendance import MINUTE, at_once, sign_up_for
from tests.cast import make_card, make_volunteer
from volunteers.models import ServiceRecord, Territory, Volunteer


@given(scans=SCANS)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_quick_way_and_the_careful_one_end_alike(shifts, devices, alice, monkeypatch, scans):  # noqa: F811
    made = [
        (number, kind, shifts[0].starts_at + minutes * MINUTE, uuid.uuid4())
        for number, kind, minutes in scans
    ]
    ends = []
    for decide in (decide_quickly, lambda _attempts: {}):
        monkeypatch.setattr(attendance_module, "decide_quickly", decide)
        with transaction.atomic():
            for scan in made:
                send([scan], shifts, devices[0], alice.volunteer)
            answered = dict(Scan.objects.values_list("nonce", "outcome"))
            ends.append((state(), answered))
            transaction.set_rollback(True)
    assert ends[0] == ends[1]


def test_the_plain_case_does_go_the_quick_way(shifts, devices, alice, monkeypatch):  # noqa: F811
    """Or the test above compares the careful way with itself."""

    def never(attempt: Attempt) -> Any:
        raise AssertionError(f"{attempt.kind} went the careful way")

    monkeypatch.setattr(attendance_module, "decide", never)
    at = shifts[0].starts_at
    send([(0, "in", at, uuid.uuid4())], shifts, devices[0], alice.volunteer)
    send([(0, "out", at + 90 * MINUTE, uuid.uuid4())], shifts, devices[1], alice.volunteer)
    send([(1, "in", at + 120 * MINUTE, uuid.uuid4())], shifts, devices[0], alice.volunteer)
    assert Attendance.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(4))
def test_many_devices_at_once_end_as_one_after_the_other(
    activity: Activity,
    devices: list[ConsoleDevice],  # noqa: F811
    shifts: list[Shift],  # noqa: F811
    territory: Territory,
    seed: int,
):
    """Four people, three shifts, 72 scans in batches by eight threads; then once more in order,
    on the same places without their attendances, by one."""
    chance = random.Random(seed)
    people = [make_volunteer(user=None, name=f"邻居{n}", community=territory) for n in range(4)]
    for number, person in enumerate(people):
        make_card(person, number=f"T{number:09d}")
        for shift in shifts:
            sign_up_for(shift, person)
    made = [
        (
            chance.choice(people),
            chance.choice(shifts),
            chance.choice(["in", "in", "out"]),
            shifts[0].starts_at + timedelta(minutes=chance.randrange(-60, 420)),
            uuid.uuid4(),
        )
        for _number in range(72)
    ]
    shares = [made[start::6] for start in range(6)]
    shares += [chance.sample(made, 20), chance.sample(made, 20)]  # sent by two, each once

    at_once(8, lambda n: send_all(shares[n], devices[n % 2], size=5))
    at_once(3, lambda _n: draft_records())
    assert Scan.objects.count() == len(made)
    together = stays()

    clear(people)
    send_all(sorted(made, key=lambda scan: scan[3]), devices[0], size=1)
    assert stays() == together


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["in", "out"])
def test_a_scan_that_began_before_the_closing_leaves_no_loose_end(
    shifts: list[Shift],  # noqa: F811
    devices: list[ConsoleDevice],  # noqa: F811
    alice: Any,
    kind: str,
):
    """A statement looks at the tables as they were when it began. Here it begins before the
    closing, and comes to the place after it."""
    shift, at = shifts[0], shifts[0].starts_at
    if kind == "out":
        send([(0, "in", at, uuid.uuid4())], shifts, devices[0], alice.volunteer)

    def close() -> None:
        assert close_shift(shift=shift)
        connection.close()

    late = [(0, kind, at + 80 * MINUTE, uuid.uuid4())]
    with ThreadPoolExecutor(1) as pool, contextlib.suppress(OperationalError), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT count(*) FROM campaigns_shift")
        pool.submit(close).result()
        send(late, shifts, devices[1], alice.volunteer)
    send(late, shifts, devices[1], alice.volunteer)  # the device hears nothing, and sends again
    draft_records()
    stay = Attendance.objects.get()
    assert stay.checked_out_at is not None
    assert stay.record.state == ServiceRecord.State.SUBMITTED


def send_all(made: list[tuple[Any, ...]], device: ConsoleDevice, *, size: int) -> None:
    for start in range(0, len(made), size):
        results = settle_scans(
            [
                card_attempt(
                    shift=Shift.objects.get(pk=shift.pk),
                    kind=kind,
                    by=device.account,
                    nonce=nonce,
                    card=person.cards.get().number,
                    made_at=at,
                    device=device,
                )
                for person, shift, kind, at, nonce in made[start : start + size]
            ]
        )
        assert None not in results  # no deadlock, nothing to be sent again


def stays() -> list[tuple[Any, ...]]:
    draft_records()
    return list(
        Attendance.objects.order_by("sign_up").values_list(
            "sign_up",
            "checked_in_at",
            "checked_out_at",
            "check_out_door",
            "review",
            "record__credited_minutes",
            "record__checked_in_at",
            "record__review_reason",
        )
    )


def clear(people: list[Volunteer]) -> None:
    """As if nobody had ever been scanned."""
    Scan.objects.all().delete()
    Attendance.objects.all().delete()
    ServiceRecord.objects.filter(volunteer__in=people).delete()


@pytest.mark.django_db(transaction=True)
def test_one_record_that_cannot_be_drafted_holds_up_no_other(
    shifts: list[Shift],  # noqa: F811
    devices: list[ConsoleDevice],  # noqa: F811
    alice: Any,
    caplog: Any,
):
    at = shifts[0].starts_at
    for number in (0, 1):
        came = at + 120 * number * MINUTE
        send([(number, "in", came, uuid.uuid4())], shifts, devices[0], alice.volunteer)
        left = came + 100 * MINUTE
        send([(number, "out", left, uuid.uuid4())], shifts, devices[0], alice.volunteer)
    first, second = Attendance.objects.order_by("pk")
    ServiceRecord.objects.create(  # in the way: a source is there once
        volunteer=alice.volunteer,
        organisation=shifts[0].activity.campaign.organisation,
        source=f"attendance:{first.pk}",
        activity_name="夜巡",
        category=shifts[0].activity.campaign.category,
        served_on=timezone.localdate(),
        credited_minutes=1,
    )
    draft_records()
    second.refresh_from_db()
    assert second.record is not None
    assert f"attendance {first.pk}" in caplog.text
