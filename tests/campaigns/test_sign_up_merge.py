"""Two registrations turn out to be one person: sign-ups and attendance come together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.actions.sign_ups import cancel_sign_up, sign_up
from campaigns.models import Activity, Attendance, Scan, Shift, SignUp
from tests.cast import make_shift, make_volunteer
from volunteers.models import User, Volunteer
from volunteers.signals import volunteers_merged


@pytest.fixture
def kept(alice: User) -> Volunteer:
    return alice.volunteer


@pytest.fixture
def merged(db: None) -> Volunteer:
    return make_volunteer(user=None, name="林爱丽", community=None)


def merge(kept: Volunteer, merged: Volunteer) -> None:
    volunteers_merged.send(sender=Volunteer, kept=kept, merged=merged, by=None)


def attend(made: SignUp, *, is_over: bool = True) -> Attendance:
    now = timezone.now()
    return Attendance.objects.create(
        sign_up=made,
        volunteer=made.volunteer,
        checked_in_at=now,
        check_in_door="console",
        checked_out_at=now if is_over else None,
        check_out_door="console" if is_over else "",
    )


def held(volunteer: Volunteer) -> set[int]:
    return set(SignUp.objects.holding().filter(volunteer=volunteer).values_list("shift", flat=True))


def test_sign_ups_attendance_and_scans_move(
    activity: Activity, kept: Volunteer, merged: Volunteer
) -> None:
    shift = make_shift(activity, starts_in=timedelta(days=1))
    attendance = attend(sign_up(shift=shift, volunteer=merged, by=None))
    Scan.objects.create(shift=shift, volunteer=merged, kind="in", door="console", outcome="ok")
    merge(kept, merged)
    attendance.refresh_from_db()
    shift.refresh_from_db()
    assert held(kept) == {shift.pk}
    assert attendance.volunteer == attendance.sign_up.volunteer == kept
    assert Scan.objects.get().volunteer == kept
    assert shift.taken == 1


def test_two_places_in_one_shift_become_one_and_the_other_is_free(
    shift: Shift, kept: Volunteer, merged: Volunteer
) -> None:
    for volunteer in (kept, merged):
        sign_up(shift=shift, volunteer=volunteer, by=None)
    merge(kept, merged)
    shift.refresh_from_db()
    assert (held(kept), held(merged), shift.taken) == ({shift.pk}, set(), 1)


def test_the_place_that_was_attended_stays(
    shift: Shift, kept: Volunteer, merged: Volunteer
) -> None:
    sign_up(shift=shift, volunteer=kept, by=None)
    attendance = attend(sign_up(shift=shift, volunteer=merged, by=None))
    merge(kept, merged)
    shift.refresh_from_db()
    attendance.refresh_from_db()
    assert attendance.sign_up.volunteer == kept
    assert (SignUp.objects.count(), shift.taken) == (1, 1)


def test_overlapping_shifts_leave_the_kept_persons_own(
    activity: Activity, shift: Shift, kept: Volunteer, merged: Volunteer
) -> None:
    other = make_shift(activity, starts_in=timedelta(minutes=60))
    sign_up(shift=shift, volunteer=kept, by=None)
    sign_up(shift=other, volunteer=merged, by=None)
    merge(kept, merged)
    other.refresh_from_db()
    assert (held(kept), other.taken) == ({shift.pk}, 0)


def test_a_held_place_wins_over_a_cancelled_one_in_the_same_shift(
    activity: Activity, kept: Volunteer, merged: Volunteer
) -> None:
    shift = make_shift(activity, starts_in=timedelta(days=3))
    cancel_sign_up(sign_up=sign_up(shift=shift, volunteer=kept, by=None), by=None)
    sign_up(shift=shift, volunteer=merged, by=None)
    merge(kept, merged)
    shift.refresh_from_db()
    assert (held(kept), SignUp.objects.count(), shift.taken) == ({shift.pk}, 1, 1)


def test_what_both_attended_at_once_is_not_lost(
    activity: Activity, shift: Shift, kept: Volunteer, merged: Volunteer
) -> None:
    for volunteer in (kept, merged):
        attend(sign_up(shift=shift, volunteer=volunteer, by=None))
    merge(kept, merged)
    assert Attendance.objects.count() == 2
    assert held(kept) == held(merged) == {shift.pk}


def test_nobody_is_in_at_two_places_after_a_merge(
    activity: Activity, kept: Volunteer, merged: Volunteer
) -> None:
    first = make_shift(activity, starts_in=timedelta(days=1))
    second = make_shift(activity, starts_in=timedelta(days=2))
    attend(sign_up(shift=first, volunteer=kept, by=None), is_over=False)
    attend(sign_up(shift=second, volunteer=merged, by=None), is_over=False)
    merge(kept, merged)
    assert Attendance.objects.filter(volunteer=kept, checked_out_at=None).count() == 1
    assert held(kept) == {first.pk, second.pk}
