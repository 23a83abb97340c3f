"""Scans come late, twice, from several devices and in any order: attendance is the same.

The world is one volunteer with three shifts one after the other. Hypothesis makes scans; they
are sent in the order in which they were made, and then shuffled, with some sent twice, alone and
in batches. What stands in the database at the end must be the same, and be what a model of ten
lines says.
"""

from __future__ import annotations

import random
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.actions.attendance import card_attempt, check_in, settle_scans
from campaigns.actions.closing import close_shift
from campaigns.actions.devices import register_device
from campaigns.actions.presence import draft_owed_records
from campaigns.models import Activity, Attendance, ConsoleDevice, Scan, Shift
from campaigns.models.attendance import Door
from points.models import Standing
from tests.campaigns.test_attendance import MINUTE, sign_up_for
from tests.cast import make_card, make_shift, make_volunteer
from volunteers.models import NoShow, ServiceRecord, User, Volunteer

# (which of the three shifts, in or out, minutes after the first one's start)
SCANS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["in", "out"]), st.integers(-70, 470)),
    max_size=9,
)
Made = tuple[int, str, datetime, uuid.UUID]


@pytest.fixture
def shifts(activity: Activity, alice: User) -> list[Shift]:
    """Three of two hours each, one after the other; the last ended five hours ago."""
    made = [make_shift(activity, starts_in=timedelta(hours=-11 + 2 * n)) for n in range(3)]
    for shift in made:
        sign_up_for(shift, alice.volunteer)
    return made


@pytest.fixture
def devices(activity: Activity, bao: User, shifts: list[Shift]) -> list[ConsoleDevice]:
    """Registered before the shifts, as they would have been."""
    organisation = activity.campaign.organisation
    tomorrow = make_shift(activity, starts_in=timedelta(days=1))
    return [
        register_device(by=bao, organisation=organisation, shifts=[tomorrow], name=f"gate {n}")[0]
        for n in range(2)
    ]


def send(
    made: list[Made], shifts: list[Shift], device: ConsoleDevice, volunteer: Volunteer
) -> None:
    card = volunteer.cards.get().number
    settle_scans(
        [
            card_attempt(
                shift=Shift.objects.get(pk=shifts[number].pk),
                kind=kind,
                by=device.account,
                nonce=nonce,
                card=card,
                made_at=at,
                device=device,
            )
            for number, kind, at, nonce in made
        ]
    )


def state() -> list[tuple[Any, ...]]:
    while draft_owed_records():
        pass
    stays = Attendance.objects.order_by("sign_up").values_list(
        "sign_up",
        "checked_in_at",
        "check_in_door",
        "checked_out_at",
        "check_out_door",
        "review",
        "record__state",
        "record__checked_in_at",
        "record__checked_out_at",
        "record__credited_minutes",
        "record__review_reason",
    )
    return [*stays, ("no-shows", *NoShow.objects.order_by("source").values_list("source"))]


def model(made: list[Made], shifts: list[Shift]) -> dict[int, tuple[datetime, datetime | None]]:
    """{shift: (came, left)}: the first coming, and the first going or moving on after it."""

    def is_in_time(number: int, kind: str, at: datetime) -> bool:
        shift = shifts[number]
        if kind == "out":
            return at <= shift.ends_at + 60 * MINUTE
        return shift.starts_at - 60 * MINUTE <= at < shift.ends_at

    good = sorted(
        (scan for scan in made if is_in_time(*scan[:3])),
        key=lambda scan: (scan[2], scan[1], str(scan[3])),
    )
    came: dict[int, int] = {}
    for position, (number, kind, _at, _nonce) in enumerate(good):
        if kind == "in":
            came.setdefault(number, position)
    stays: dict[int, tuple[datetime, datetime | None]] = {}
    for number, first in came.items():
        ends = [
            at
            for position, (other, kind, at, _nonce) in enumerate(good)
            if position > first
            and ((kind == "out" and other == number) or came.get(other) == position)
        ]
        moved_late = bool(ends) and min(ends) > shifts[number].ends_at
        is_out = (
            any(at == min(ends) and k == "out" and o == number for o, k, at, _n in good)
            if ends
            else False
        )
        left = shifts[number].ends_at if moved_late and not is_out else min(ends, default=None)
        stays[shifts[number].pk] = (good[first][2], left)
    return stays


@given(
    scans=SCANS,
    seed=st.integers(0, 2**16),
    cuts=st.lists(st.integers(1, 4), min_size=12, max_size=12),
    closes_after=st.integers(0, 12),
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_order_and_any_repetition_make_the_same_attendance(
    shifts, devices, alice, scans, seed, cuts, closes_after
):
    made: list[Made] = [
        (number, kind, shifts[0].starts_at + minutes * MINUTE, uuid.uuid4())
        for number, kind, minutes in scans
    ]
    chance = random.Random(seed)
    shuffled = [*made, *chance.sample(made, len(made) // 2)]
    chance.shuffle(shuffled)

    with transaction.atomic():
        for scan in sorted(made, key=lambda scan: scan[2]):
            send([scan], shifts, devices[0], alice.volunteer)
        for number, (came, left) in model(made, shifts).items():
            stay = Attendance.objects.get(sign_up__shift=number)
            assert (stay.checked_in_at, stay.checked_out_at) == (came, left)
        assert Attendance.objects.count() == len(model(made, shifts))
        for shift in shifts:
            close_shift(shift=shift)
        in_order = state()
        transaction.set_rollback(True)

    with transaction.atomic():
        for turn, cut in enumerate(cuts):
            if turn == closes_after:
                for shift in shifts:
                    close_shift(shift=shift)
            batch, shuffled = shuffled[:cut], shuffled[cut:]
            send(batch, shifts, devices[turn % 2], alice.volunteer)
        send(shuffled, shifts, devices[0], alice.volunteer)
        for shift in shifts:
            close_shift(shift=shift)
        assert Scan.objects.count() == len(made)
        assert state() == in_order
        transaction.set_rollback(True)


def test_a_scan_that_arrives_after_the_closing_makes_the_record_and_takes_the_no_show_back(
    shifts, devices, alice
):
    for shift in shifts:
        close_shift(shift=shift)
    assert NoShow.objects.count() == 3
    standing = Standing.objects.create(volunteer=alice.volunteer)
    at = shifts[0].starts_at
    send([(0, "in", at, uuid.uuid4())], shifts, devices[0], alice.volunteer)
    stay = Attendance.objects.get()
    assert (stay.checked_out_at, stay.check_out_door) == (shifts[0].ends_at, Door.CLOSING)
    assert stay.record.state == ServiceRecord.State.SUBMITTED
    assert NoShow.objects.count() == 2
    assert Standing.objects.get().revision > standing.revision  # badges are looked at again

    send([(0, "out", at + 90 * MINUTE, uuid.uuid4())], shifts, devices[1], alice.volunteer)
    stay.refresh_from_db()
    assert stay.checked_out_at == at + 90 * MINUTE
    assert stay.record.credited_minutes == 90


@pytest.mark.parametrize("closes_first", [False, True])
def test_a_walk_in_who_forgot_to_leave_is_marked_alike_before_and_after_the_closing(
    activity, devices, territory, bao, closes_first
):
    shift = make_shift(activity, starts_in=timedelta(hours=-11))
    make_card(make_volunteer(user=None, name="邻居", community=territory), number="T000000001")
    walk_in = card_attempt(
        shift=shift,
        kind="in",
        by=bao,
        nonce=uuid.uuid4(),
        card="T000000001",
        made_at=shift.starts_at,
        device=devices[0],
        is_walk_in=True,
    )
    if closes_first:
        close_shift(shift=shift)
    settle_scans([walk_in])
    if not closes_first:
        close_shift(shift=shift)
    stay = Attendance.objects.get()
    assert (stay.check_out_door, stay.review) == ("closing", "walk_in")
    assert stay.record.review_reason == "walk_in"


def test_what_arrives_after_the_hours_were_confirmed_changes_no_hours(shifts, devices, alice, bao):
    at = shifts[0].starts_at
    send([(0, "in", at, uuid.uuid4())], shifts, devices[0], alice.volunteer)
    close_shift(shift=shifts[0])
    record = ServiceRecord.objects.get()
    ServiceRecord.objects.filter(pk=record.pk).update(
        state=ServiceRecord.State.CONFIRMED, confirmed_at=timezone.now(), confirmed_by=bao
    )
    send([(0, "out", at + 90 * MINUTE, uuid.uuid4())], shifts, devices[0], alice.volunteer)
    record.refresh_from_db()
    assert record.credited_minutes == 120
    assert Attendance.objects.get().checked_out_at == at + 90 * MINUTE


def test_a_check_out_that_arrives_before_its_check_in_waits_for_it(shifts, devices, alice):
    at = shifts[0].starts_at
    send([(0, "out", at + 100 * MINUTE, uuid.uuid4())], shifts, devices[0], alice.volunteer)
    assert not Attendance.objects.exists()
    assert Scan.objects.get().outcome == "not_in_yet"
    send([(0, "in", at, uuid.uuid4())], shifts, devices[1], alice.volunteer)
    assert Attendance.objects.get().checked_out_at == at + 100 * MINUTE


def test_who_was_scanned_before_signing_up_did_not_come_by_that_scan(shifts, devices, alice):
    place = alice.volunteer.sign_ups.get(shift=shifts[0])
    place.signed_up_at = shifts[0].starts_at + 30 * MINUTE
    place.save()
    send([(0, "in", shifts[0].starts_at, uuid.uuid4())], shifts, devices[0], alice.volunteer)
    later = shifts[0].starts_at + 40 * MINUTE
    send([(0, "in", later, uuid.uuid4())], shifts, devices[0], alice.volunteer)
    assert Attendance.objects.get().checked_in_at == later


def test_who_never_left_a_shift_that_was_never_closed_moves_on_from_there(
    activity, shifts, devices, alice
):
    """The sweep stood still for two weeks: nobody is locked out for that."""
    long_ago = make_shift(activity, starts_in=timedelta(days=-14))
    sign_up_for(long_ago, alice.volunteer)
    came = long_ago.starts_at + MINUTE
    check_in(shift=long_ago, volunteer=alice.volunteer, door=Door.CONSOLE, by=None, made_at=came)
    send([(0, "in", shifts[0].starts_at, uuid.uuid4())], shifts, devices[0], alice.volunteer)
    left = Attendance.objects.get(sign_up__shift=long_ago)
    assert (left.checked_out_at, left.check_out_door) == (long_ago.ends_at, Door.CLOSING)
    assert Attendance.objects.get(sign_up__shift=shifts[0]).is_in
