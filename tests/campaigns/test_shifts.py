from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone, translation

from campaigns.actions.shifts import (
    CapacityBelowTaken,
    ShiftIsOver,
    ShiftRefused,
    ShiftTimesClash,
    SomebodyCheckedIn,
    cancel_shift,
    change_shift,
    open_shift,
    open_shifts,
)
from campaigns.actions.sign_ups import sign_up
from campaigns.models import Activity, Attendance, Shift, SignUp
from tests.cast import make_shift, make_volunteer
from volunteers.models import User


def in_days(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


def changed(shift: Shift, **fields: Any) -> Shift:
    values = {
        "starts_at": shift.starts_at, "ends_at": shift.ends_at, "capacity": shift.capacity,
        "by": None,
    } | fields  # fmt: skip
    return change_shift(shift=shift, **values)


# Opening


def test_an_opened_shift_is_empty_and_says_who_opened_it(activity: Activity, bao: User) -> None:
    shift = open_shift(
        activity=activity, starts_at=in_days(1), ends_at=in_days(1.1), capacity=8, by=bao
    )
    shift.refresh_from_db()
    assert (shift.taken, shift.free_places, shift.created_by, shift.state) == (0, 8, bao, "open")
    assert len(shift.venue_key) > 20


@pytest.mark.parametrize(
    ("starts", "ends", "capacity", "words"),
    [
        (2, 1, 5, "end must come after"),
        (1, 1, 5, "end must come after"),
        (1, 2.1, 5, "24 hours"),
        (1, 1.1, 0, "Between 1 and"),
        (1, 1.1, 20_001, "Between 1 and"),
    ],
)
def test_what_cannot_be_a_shift_is_refused_with_a_sentence(
    activity: Activity, starts: float, ends: float, capacity: int, words: str
) -> None:
    now = timezone.now()
    with translation.override("en"), pytest.raises(ShiftRefused, match=words):
        open_shift(
            activity=activity,
            starts_at=now + timedelta(days=starts),
            ends_at=now + timedelta(days=ends),
            capacity=capacity,
            by=None,
        )
    assert not Shift.objects.exists()


def test_one_shift_is_opened_on_each_day_and_midnight_may_pass(activity: Activity) -> None:
    days = [date(2027, 3, 5), date(2027, 3, 1), date(2027, 3, 1)]
    shifts = open_shifts(
        activity=activity, days=days, starts=time(22), ends=time(1, 30), capacity=4, by=None
    )
    assert [f"{timezone.localtime(shift.starts_at):%m-%d %H:%M}" for shift in shifts] == [
        "03-01 22:00",
        "03-05 22:00",
    ]
    assert {shift.duration_minutes for shift in shifts} == {210}


def test_too_many_days_open_none(activity: Activity) -> None:
    days = [date(2027, 1, 1) + timedelta(days=n) for n in range(63)]
    with pytest.raises(ShiftRefused):
        open_shifts(
            activity=activity, days=days, starts=time(9), ends=time(10), capacity=4, by=None
        )
    assert not Shift.objects.exists()


# Changing


def test_a_new_time_holds_for_everybody_who_signed_up(shift: Shift, alice: User) -> None:
    made = sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    starts_at, ends_at = in_days(2), in_days(2.1)
    changed(shift, starts_at=starts_at, ends_at=ends_at)
    made.refresh_from_db()
    assert (made.during.lower, made.during.upper) == (starts_at, ends_at)


def test_an_ended_sign_up_keeps_the_time_it_was_for(activity: Activity, alice: User) -> None:
    from campaigns.actions.sign_ups import cancel_sign_up

    shift = make_shift(activity, starts_in=timedelta(days=3))
    made = cancel_sign_up(
        sign_up=sign_up(shift=shift, volunteer=alice.volunteer, by=alice), by=alice
    )
    changed(shift, starts_at=in_days(4), ends_at=in_days(4.1))
    before = made.during
    made.refresh_from_db()
    assert made.during == before


def test_a_time_at_which_somebody_stands_elsewhere_is_refused_and_nothing_moves(
    activity: Activity, shift: Shift, alice: User
) -> None:
    other = make_shift(activity, starts_in=timedelta(days=2))
    for one in (shift, other):
        sign_up(shift=one, volunteer=alice.volunteer, by=alice)
    before = (shift.starts_at, shift.ends_at)
    with pytest.raises(ShiftTimesClash):
        changed(shift, starts_at=other.starts_at, ends_at=other.ends_at)
    shift.refresh_from_db()
    assert (shift.starts_at, shift.ends_at) == before


def test_fewer_places_than_people_are_refused_with_the_number(shift: Shift, alice: User) -> None:
    sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    sign_up(shift=shift, volunteer=make_volunteer(user=None, name="乙", community=None), by=alice)
    with translation.override("en"), pytest.raises(CapacityBelowTaken, match="2 people"):
        changed(shift, capacity=1)
    assert changed(shift, capacity=2).free_places == 0


def test_the_database_itself_refuses_an_overfull_shift(shift: Shift) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Shift.objects.filter(pk=shift.pk).update(taken=shift.capacity + 1)


def test_once_people_are_there_a_shift_may_end_later_but_not_begin_later(
    shift: Shift, alice: User
) -> None:
    made = sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    Attendance.objects.create(
        sign_up=made,
        volunteer=alice.volunteer,
        checked_in_at=timezone.now(),
        check_in_door="console",
    )
    changed(shift, ends_at=shift.ends_at + timedelta(hours=1))
    with pytest.raises(SomebodyCheckedIn):
        changed(shift, starts_at=shift.starts_at + timedelta(minutes=5))


def test_a_shift_that_is_closed_or_called_off_stays_as_it_was(activity: Activity) -> None:
    closed = make_shift(activity, starts_in=timedelta(days=-1), closed_at=timezone.now())
    off = cancel_shift(shift=make_shift(activity, starts_in=timedelta(days=1)), by=None)
    for shift in (closed, off):
        with pytest.raises(ShiftIsOver):
            changed(shift, capacity=3)
    with pytest.raises(ShiftIsOver):
        cancel_shift(shift=closed, by=None)


# Calling off


def test_calling_a_shift_off_ends_every_sign_up_and_says_why(
    shift: Shift, alice: User, bao: User
) -> None:
    made = sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    cancel_shift(shift=shift, reason="台风", by=bao)
    shift.refresh_from_db()
    made.refresh_from_db()
    assert (shift.state, shift.cancel_reason, shift.taken) == ("cancelled", "台风", 0)
    assert (made.state, made.ended_by, made.ended_at) == ("cancelled", bao, shift.cancelled_at)


def test_calling_off_twice_changes_nothing_more(shift: Shift) -> None:
    first = cancel_shift(shift=shift, reason="台风", by=None)
    again = cancel_shift(shift=shift, reason="别的", by=None)
    assert (again.cancel_reason, again.cancelled_at) == ("台风", first.cancelled_at)


def test_a_shift_where_people_are_cannot_be_called_off(shift: Shift, alice: User) -> None:
    made = sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    Attendance.objects.create(
        sign_up=made,
        volunteer=alice.volunteer,
        checked_in_at=timezone.now(),
        check_in_door="console",
    )
    with pytest.raises(SomebodyCheckedIn):
        cancel_shift(shift=shift, by=None)
    assert SignUp.objects.get().is_held


def test_after_calling_off_the_volunteer_is_free_at_that_time(
    activity: Activity, shift: Shift, alice: User
) -> None:
    sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    cancel_shift(shift=shift, by=None)
    other = make_shift(activity, starts_in=timedelta(minutes=30))
    assert sign_up(shift=other, volunteer=alice.volunteer, by=alice).is_held


# At the desk, with a phone


def form_data(planned: Activity, **fields: Any) -> dict[str, Any]:
    return {
        "activity": planned.pk,
        "on": (timezone.localdate() + timedelta(days=1)).isoformat(),
        "starts": "19:00",
        "ends": "21:00",
        "capacity": 12,
    } | fields


def new_url(activity: Activity) -> str:
    return f"/desk/campaigns/{activity.campaign_id}/shifts/new/"


def test_an_organiser_opens_a_shift_at_the_desk(
    client: Client, activity: Activity, bao: User
) -> None:
    client.force_login(bao)
    response = client.post(new_url(activity), form_data(activity))
    assert response["Location"] == f"/desk/campaigns/{activity.campaign_id}/"
    shift = Shift.objects.get()
    assert (shift.capacity, shift.duration_minutes, shift.created_by) == (12, 120, bao)
    assert client.get(response["Location"]).status_code == 200


def test_a_week_of_shifts_is_opened_with_one_form(
    client: Client, activity: Activity, bao: User
) -> None:
    client.force_login(bao)
    first = timezone.localdate() + timedelta(days=1)
    client.post(
        new_url(activity),
        form_data(
            activity,
            repeat_until=(first + timedelta(days=13)).isoformat(),
            weekdays=[5, 6],
        ),
    )
    days = [timezone.localdate(shift.starts_at) for shift in Shift.objects.all()]
    assert len(days) == 4
    assert {day.weekday() for day in days} == {5, 6}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("on", "2020-01-01"), ("on", "9999-12-31"), ("on", "x"), ("capacity", "0"),
        ("capacity", "99999999999"), ("starts", "25:00"), ("repeat_until", "2020-01-01"),
        ("repeat_until", "9999-12-31"), ("weekdays", "9"), ("activity", "0"),
        ("person_in_charge", "长" * 99),
    ],
)  # fmt: skip
def test_a_mistake_at_the_desk_gets_a_sentence_and_loses_nothing(
    client: Client, activity: Activity, bao: User, field: str, value: str
) -> None:
    client.force_login(bao)
    response = client.post(
        new_url(activity), form_data(activity, person_in_charge="老周") | {field: value}
    )
    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert 'value="21:00"' in response.content.decode()
    assert not Shift.objects.exists()


def test_the_desk_proposes_the_times_of_the_last_shift(
    client: Client, activity: Activity, shift: Shift, bao: User
) -> None:
    client.force_login(bao)
    initial = client.get(new_url(activity)).context["form"].initial
    assert initial["starts"] == timezone.localtime(shift.starts_at).time()
    assert initial["on"] > timezone.localdate(shift.starts_at)


def test_an_organiser_changes_and_calls_off_a_shift_at_the_desk(
    client: Client, shift: Shift, bao: User, alice: User
) -> None:
    sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    client.force_login(bao)
    data = form_data(shift.activity, capacity=30)
    assert client.get(f"/desk/shifts/{shift.pk}/edit/").status_code == 200
    client.post(f"/desk/shifts/{shift.pk}/edit/", data)
    shift.refresh_from_db()
    assert (shift.capacity, f"{timezone.localtime(shift.starts_at):%H:%M}") == (30, "19:00")
    assert client.get(f"/desk/shifts/{shift.pk}/call-off/").status_code == 200
    client.post(f"/desk/shifts/{shift.pk}/call-off/", {"reason": "台风"})
    shift.refresh_from_db()
    assert (shift.state, shift.cancel_reason) == ("cancelled", "台风")


def test_what_the_action_refuses_stands_above_the_form(
    client: Client, shift: Shift, bao: User, alice: User
) -> None:
    sign_up(shift=shift, volunteer=alice.volunteer, by=alice)
    sign_up(shift=shift, volunteer=make_volunteer(user=None, name="乙", community=None), by=alice)
    client.force_login(bao)
    client.cookies["linli_language"] = "en"
    response = client.post(f"/desk/shifts/{shift.pk}/edit/", form_data(shift.activity, capacity=1))
    assert response.status_code == 200
    assert "2 people have signed up" in response.content.decode()


@pytest.mark.parametrize("who", ["dai", "alice", "chen"])
def test_nobody_else_plans_an_organisations_shifts(
    client: Client, shift: Shift, who: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    campaign = shift.activity.campaign_id
    for address in (
        f"/desk/campaigns/{campaign}/",
        f"/desk/campaigns/{campaign}/shifts/new/",
        f"/desk/shifts/{shift.pk}/edit/",
        f"/desk/shifts/{shift.pk}/call-off/",
    ):
        assert client.get(address).status_code == 404
        assert client.post(address).status_code in {404, 405}
    client.logout()
    assert client.get(f"/desk/shifts/{shift.pk}/edit/").status_code == 302


def test_an_activity_of_another_organisation_cannot_be_slipped_in(
    client: Client, activity: Activity, dai: User, bao: User
) -> None:
    foreign = Activity.objects.create(
        campaign=activity.campaign, role="别的", place="x", what_you_do="x",
        contact_name="x", contact_phone="1",
    )  # fmt: skip
    from campaigns.models import CampaignPage

    page = activity.campaign.copy(
        to=dai.memberships.get().organisation.campaigns_page, keep_live=True
    )
    other = CampaignPage.objects.get(pk=page.pk).activities.first()
    client.force_login(bao)
    response = client.post(new_url(activity), form_data(activity, activity=other.pk))
    assert "activity" in response.context["form"].errors
    assert client.post(new_url(activity), form_data(foreign)).status_code == 302
