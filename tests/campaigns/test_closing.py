"""What happens to a shift when it is over."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from campaigns.actions import closing
from campaigns.actions.attendance import check_in, check_out
from campaigns.actions.closing import close_finished_shifts, close_shift
from campaigns.actions.sign_ups import ask_for_leave
from campaigns.models import Activity, Attendance, Shift
from campaigns.models.attendance import Door
from campaigns.outcomes import Outcome
from campaigns.tasks import sweep_finished_shifts
from points.models import Standing
from tests.campaigns.test_attendance import MINUTE, at_once, sign_up_for
from tests.cast import make_shift, make_volunteer
from volunteers.actions.merges import merge_volunteers
from volunteers.actions.records import confirm_record, confirm_records, enter_record_by_hand
from volunteers.models import (
    NoShow,
    RecordChange,
    ServiceRecord,
    Territory,
    User,
    Volunteer,
)


def ended_shift(activity: Activity, *, minutes_ago: float) -> Shift:
    return make_shift(activity, starts_in=-2 * timedelta(hours=1) - minutes_ago * MINUTE)


def arrive(shift: Shift, volunteer: Volunteer) -> None:
    sign_up_for(shift, volunteer)
    result = check_in(
        shift=shift, volunteer=volunteer, door=Door.CONSOLE, by=None, made_at=shift.starts_at
    )
    assert result.outcome == Outcome.CHECKED_IN


def leave(shift: Shift, volunteer: Volunteer) -> None:
    result = check_out(
        shift=shift, volunteer=volunteer, door=Door.CONSOLE, by=None, made_at=shift.ends_at
    )
    assert result.outcome == Outcome.CHECKED_OUT


@pytest.fixture
def volunteer(alice) -> Volunteer:
    return alice.volunteer


def test_who_forgot_to_check_out_is_checked_out_at_the_end_and_marked(activity, volunteer):
    shift = ended_shift(activity, minutes_ago=61)
    arrive(shift, volunteer)
    assert close_shift(shift=shift)
    attendance = Attendance.objects.get()
    assert attendance.checked_out_at == shift.ends_at
    assert attendance.check_out_door == Door.CLOSING
    assert attendance.review == Attendance.Review.FORGOT_CHECK_OUT
    record = ServiceRecord.objects.get()
    assert (record.credited_minutes, record.review_reason) == (120, "forgot_check_out")
    assert record.state == ServiceRecord.State.SUBMITTED


def test_nobody_is_checked_out_before_the_time_of_grace_is_gone(activity, volunteer):
    shift = ended_shift(activity, minutes_ago=59)
    arrive(shift, volunteer)
    assert close_finished_shifts() == 0
    assert Attendance.objects.get().is_in


def test_a_shift_that_everybody_has_left_is_closed_at_once(activity, volunteer):
    shift = ended_shift(activity, minutes_ago=1)
    arrive(shift, volunteer)
    leave(shift, volunteer)
    assert close_finished_shifts() == 1
    assert ServiceRecord.objects.get().state == ServiceRecord.State.SUBMITTED
    shift.refresh_from_db()
    assert shift.closed_at is not None


def test_a_running_shift_is_left_alone(activity, volunteer):
    shift = make_shift(activity, starts_in=timedelta(hours=-1))
    arrive(shift, volunteer)
    assert not close_shift(shift=shift)


def test_closing_twice_changes_nothing_more(activity, volunteer):
    shift = ended_shift(activity, minutes_ago=61)
    arrive(shift, volunteer)
    sweep_finished_shifts()
    closed_at = Shift.objects.get(pk=shift.pk).closed_at
    changes = RecordChange.objects.count()
    sweep_finished_shifts()
    assert not close_shift(shift=shift)
    assert Shift.objects.get(pk=shift.pk).closed_at == closed_at
    assert RecordChange.objects.count() == changes == 2  # drafted, submitted


def test_after_closing_a_late_check_out_is_harmless_and_a_late_check_in_refused(
    activity, volunteer, territory
):
    shift = ended_shift(activity, minutes_ago=61)
    arrive(shift, volunteer)
    close_shift(shift=shift)
    late = check_out(shift=shift, volunteer=volunteer, door=Door.CONSOLE, by=None)
    assert late.outcome == Outcome.ALREADY_OUT
    neighbour = make_volunteer(user=None, name="邻居", community=territory)
    sign_up_for(shift, neighbour)
    backdated = check_in(
        shift=shift, volunteer=neighbour, door=Door.DESK, by=None, made_at=shift.starts_at
    )
    assert backdated.outcome == Outcome.SHIFT_OVER


def test_a_cancelled_shift_closes_without_records(activity):
    shift = ended_shift(activity, minutes_ago=5)
    Shift.objects.filter(pk=shift.pk).update(
        state=Shift.State.CANCELLED, cancelled_at=timezone.now()
    )
    assert close_finished_shifts() == 1
    assert not ServiceRecord.objects.exists()


def test_one_shift_that_fails_does_not_hold_up_the_others(activity, volunteer, monkeypatch, caplog):
    broken, sound = ended_shift(activity, minutes_ago=90), ended_shift(activity, minutes_ago=80)
    Shift.objects.filter(pk=broken.pk).update(person_in_charge="坏")
    real = closing.close_shift

    def close(*, shift: Shift) -> bool:
        if shift.pk == broken.pk:
            raise RuntimeError("disk full")
        return real(shift=shift)

    monkeypatch.setattr(closing, "close_shift", close)
    assert close_finished_shifts() == 1
    assert Shift.objects.get(closed_at=None) == broken
    assert str(broken.pk) in caplog.text
    assert sound.pk != broken.pk


@pytest.mark.django_db(transaction=True)
def test_eight_sweeps_at_once_close_every_shift_once(activity: Activity, territory: Territory):
    shifts = [ended_shift(activity, minutes_ago=61 + 130 * number) for number in range(4)]
    for number in range(12):
        person = make_volunteer(user=None, name=f"邻居{number}", community=territory)
        arrive(shifts[number % 4], person)
    closed = at_once(8, lambda _n: close_finished_shifts())
    assert sum(closed) == 4
    assert not Shift.objects.filter(closed_at=None).exists()
    assert set(ServiceRecord.objects.values_list("state", flat=True)) == {"submitted"}
    assert ServiceRecord.objects.count() == 12
    assert RecordChange.objects.count() == 24


@pytest.mark.django_db(transaction=True)
def test_a_check_out_during_the_closing_leaves_one_record(activity, volunteer):
    for minutes_ago in (61, 200, 340):
        shift = ended_shift(activity, minutes_ago=minutes_ago)
        arrive(shift, volunteer)
        at_once(
            6,
            lambda n, shift=shift: (
                close_shift(shift=shift)
                if n % 2
                else check_out(shift=shift, volunteer=volunteer, door=Door.CONSOLE, by=None)
            ),
        )
        close_shift(shift=shift)
        assert ServiceRecord.objects.filter(attendance__sign_up__shift=shift).count() == 1
        assert not Attendance.objects.filter(checked_out_at=None).exists()


def test_who_kept_the_place_and_did_not_come_is_noted_once(activity, volunteer, territory):
    shift = ended_shift(activity, minutes_ago=61)
    arrive(shift, volunteer)
    missing = make_volunteer(user=None, name="没来的人", community=territory)
    sign_up = sign_up_for(shift, missing)
    close_shift(shift=shift)

    no_show = NoShow.objects.get()
    assert (no_show.volunteer, no_show.source) == (missing, f"sign_up:{sign_up.pk}")
    assert no_show.organisation == activity.campaign.organisation
    assert no_show.missed_on == timezone.localdate(shift.starts_at)

    Shift.objects.update(closed_at=None)
    close_shift(shift=shift)
    assert NoShow.objects.count() == 1


def test_leave_asked_for_in_time_is_no_no_show(activity, volunteer):
    shift = ended_shift(activity, minutes_ago=61)
    sign_up = sign_up_for(shift, volunteer)
    ask_for_leave(
        sign_up=sign_up, reason="发烧", by=None, at=shift.starts_at - timedelta(minutes=1)
    )
    close_shift(shift=shift)

    assert not NoShow.objects.exists()


def test_nobody_misses_a_shift_that_was_called_off(activity, volunteer):
    shift = ended_shift(activity, minutes_ago=61)
    sign_up_for(shift, volunteer)
    Shift.objects.update(state=Shift.State.CANCELLED, cancelled_at=timezone.now())
    close_shift(shift=shift)

    assert not NoShow.objects.exists()


def enter_by_hand(shift: Shift, volunteer: Volunteer, *, by: User, on: date | None = None):
    campaign = shift.activity.campaign
    return enter_record_by_hand(
        volunteer=volunteer,
        organisation=campaign.organisation,
        activity_name=campaign.title,
        category=campaign.category,
        served_on=on or timezone.localdate(shift.starts_at),
        credited_minutes=120,
        reason="手机没电，签到表上有本人签名",
        by=by,
    )


def test_hours_entered_by_hand_and_confirmed_take_the_no_show_back(activity, volunteer, bao, rui):
    shift = ended_shift(activity, minutes_ago=61)
    sign_up_for(shift, volunteer)
    close_shift(shift=shift)
    day = timezone.localdate(shift.starts_at)
    other_day = enter_by_hand(shift, volunteer, by=bao, on=day - timedelta(days=3))
    confirm_record(record=other_day, by=rui)
    record = enter_by_hand(shift, volunteer, by=bao)
    assert NoShow.objects.exists()  # nothing counts before a second person has looked

    confirm_record(record=record, by=rui)
    assert not NoShow.objects.exists()


def test_many_confirmed_at_once_take_their_no_shows_back(activity, volunteer, territory, bao, rui):
    shift = ended_shift(activity, minutes_ago=61)
    neighbour = make_volunteer(user=None, name="邻居", community=territory)
    for person in (volunteer, neighbour):
        sign_up_for(shift, person)
    close_shift(shift=shift)
    confirm_records(records=[enter_by_hand(shift, neighbour, by=bao)], by=rui)

    assert NoShow.objects.get().volunteer == volunteer


def test_hours_confirmed_by_hand_before_the_closing_leave_no_no_show(activity, volunteer, bao, rui):
    shift = ended_shift(activity, minutes_ago=61)
    sign_up_for(shift, volunteer)
    confirm_record(record=enter_by_hand(shift, volunteer, by=bao), by=rui)
    close_shift(shift=shift)

    assert not NoShow.objects.exists()


def test_a_no_show_makes_the_volunteers_recognition_owed_again(activity, volunteer):
    Standing.objects.create(volunteer=volunteer, revision=3, evaluated_revision=3)
    shift = ended_shift(activity, minutes_ago=61)
    sign_up_for(shift, volunteer)
    close_shift(shift=shift)

    standing = Standing.objects.get()
    assert standing.revision > standing.evaluated_revision


def test_a_no_show_goes_along_when_two_registrations_become_one(activity, volunteer, territory):
    shift = ended_shift(activity, minutes_ago=61)
    other = make_volunteer(user=None, name="林爱丽", community=territory)
    sign_up_for(shift, other)
    close_shift(shift=shift)
    merge_volunteers(kept=volunteer, merged=other, by=None)

    assert NoShow.objects.get().volunteer == volunteer


@pytest.mark.django_db(transaction=True)
def test_a_check_in_during_the_closing_is_either_refused_or_no_no_show(activity, territory):
    for number in range(6):
        shift = ended_shift(activity, minutes_ago=61 + 130 * number)
        person = make_volunteer(user=None, name=f"邻居{number}", community=territory)
        sign_up_for(shift, person)
        at_once(
            4,
            lambda n, shift=shift, person=person: (
                close_shift(shift=shift)
                if n % 2
                else check_in(
                    shift=shift,
                    volunteer=person,
                    door=Door.CONSOLE,
                    by=None,
                    made_at=shift.starts_at,
                )
            ),
        )
        close_shift(shift=shift)
        came = Attendance.objects.filter(sign_up__shift=shift).exists()
        assert NoShow.objects.filter(volunteer=person).exists() is not came
