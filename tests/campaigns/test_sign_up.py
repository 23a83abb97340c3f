from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone, translation

from campaigns.actions.shifts import cancel_shift
from campaigns.actions.sign_ups import (
    AlreadySignedUp,
    AlreadyThere,
    NotEligible,
    NotSignedUp,
    OverlapsAnotherShift,
    ShiftClosed,
    ShiftFull,
    ShiftHasBegun,
    SignUpRefused,
    TooLateToCancel,
    ask_for_leave,
    cancel_sign_up,
    sign_up,
)
from campaigns.eligibility import reasons_against, reasons_against_each, shifts_open_to
from campaigns.models import Activity, Attendance, Shift, SignUp
from tests.cast import make_shift, make_volunteer
from volunteers.models import Guardian, Skill, User, Volunteer


def years_ago(years: int, *, days: int = 0) -> date:
    today = timezone.localdate()
    return date(today.year - years, today.month, 1) - timedelta(days=days)


def codes(volunteer: Volunteer, shift: Shift) -> list[str]:
    return [reason.code for reason in reasons_against(volunteer=volunteer, shift=shift)]


@pytest.fixture
def volunteer(alice: User) -> Volunteer:
    return alice.volunteer


@pytest.fixture
def far_shift(activity: Activity) -> Shift:
    """Far enough for a simple cancellation."""
    return make_shift(activity, starts_in=timedelta(days=3))


# The one press


def test_a_press_gives_a_place_and_counts_it(
    volunteer: Volunteer, shift: Shift, alice: User
) -> None:
    made = sign_up(shift=shift, volunteer=volunteer, by=alice)
    shift.refresh_from_db()
    assert shift.taken == 1
    assert made.state == SignUp.State.SIGNED_UP
    assert (made.during.lower, made.during.upper) == (shift.starts_at, shift.ends_at)
    assert made.signed_up_by == alice


def test_a_second_press_says_so_and_takes_no_second_place(
    volunteer: Volunteer, shift: Shift, alice: User
) -> None:
    sign_up(shift=shift, volunteer=volunteer, by=alice)
    with pytest.raises(AlreadySignedUp):
        sign_up(shift=shift, volunteer=volunteer, by=alice)
    shift.refresh_from_db()
    assert shift.taken == 1
    assert SignUp.objects.count() == 1


def test_the_last_place_gone_the_next_is_refused(volunteer: Volunteer, activity: Activity) -> None:
    shift = make_shift(activity, starts_in=timedelta(days=1), capacity=1)
    other = make_volunteer(user=None, name="另一人", community=None)
    sign_up(shift=shift, volunteer=other, by=None)
    with pytest.raises(ShiftFull) as refused:
        sign_up(shift=shift, volunteer=volunteer, by=None)
    assert refused.value.refusal.code == "full"
    assert not SignUp.objects.filter(volunteer=volunteer).exists()


def test_a_shift_that_has_begun_is_closed(volunteer: Volunteer, activity: Activity) -> None:
    shift = make_shift(activity, starts_in=timedelta(minutes=-1))
    with pytest.raises(ShiftClosed) as refused:
        sign_up(shift=shift, volunteer=volunteer, by=None)
    assert refused.value.refusal.code == "shift_closed"


def test_a_past_moment_can_be_named_for_what_was_signed_up_then(
    volunteer: Volunteer, activity: Activity
) -> None:
    shift = make_shift(activity, starts_in=timedelta(days=-2))
    made = sign_up(
        shift=shift, volunteer=volunteer, by=None, at=shift.starts_at - timedelta(days=1)
    )
    assert made.signed_up_at < shift.starts_at


def test_a_cancelled_shift_says_that_it_is_cancelled(volunteer: Volunteer, shift: Shift) -> None:
    cancel_shift(shift=shift, by=None)
    with pytest.raises(ShiftClosed) as refused:
        sign_up(shift=shift, volunteer=volunteer, by=None)
    assert refused.value.refusal.code == "shift_cancelled"


def test_a_campaign_that_is_not_public_takes_nobody(volunteer: Volunteer, shift: Shift) -> None:
    shift.activity.campaign.unpublish()
    with pytest.raises(ShiftClosed):
        sign_up(shift=shift, volunteer=volunteer, by=None)


def test_another_shift_at_the_same_time_is_refused_and_the_place_stays_free(
    volunteer: Volunteer, activity: Activity, shift: Shift
) -> None:
    sign_up(shift=shift, volunteer=volunteer, by=None)
    later = make_shift(activity, starts_in=timedelta(minutes=90))
    with pytest.raises(OverlapsAnotherShift):
        sign_up(shift=later, volunteer=volunteer, by=None)
    later.refresh_from_db()
    assert later.taken == 0


def test_a_shift_that_begins_when_the_other_ends_is_allowed(
    volunteer: Volunteer, activity: Activity, shift: Shift
) -> None:
    sign_up(shift=shift, volunteer=volunteer, by=None)
    after = Shift.objects.create(
        activity=activity,
        starts_at=shift.ends_at,
        ends_at=shift.ends_at + timedelta(hours=1),
        capacity=5,
    )
    sign_up(shift=after, volunteer=volunteer, by=None)
    assert SignUp.objects.holding().filter(volunteer=volunteer).count() == 2


def test_the_database_itself_refuses_two_places_at_once(
    volunteer: Volunteer, activity: Activity, shift: Shift
) -> None:
    made = sign_up(shift=shift, volunteer=volunteer, by=None)
    other = make_shift(activity, starts_in=timedelta(minutes=40))
    with pytest.raises(IntegrityError), transaction.atomic():
        SignUp.objects.create(shift=other, volunteer=volunteer, during=made.during)


def test_who_cancelled_may_sign_up_again_on_the_same_row(
    volunteer: Volunteer, far_shift: Shift, alice: User
) -> None:
    first = sign_up(shift=far_shift, volunteer=volunteer, by=alice)
    cancel_sign_up(sign_up=first, by=alice)
    again = sign_up(shift=far_shift, volunteer=volunteer, by=alice)
    far_shift.refresh_from_db()
    assert again.pk == first.pk
    assert (again.ended_at, again.ended_by, far_shift.taken) == (None, None, 1)


# Who may


def test_an_unknown_birth_date_is_asked_for(volunteer: Volunteer, shift: Shift) -> None:
    Volunteer.objects.update(birth_on=None)
    volunteer.refresh_from_db()
    with pytest.raises(NotEligible) as refused:
        sign_up(shift=shift, volunteer=volunteer, by=None)
    assert refused.value.refusal.code == "birth_date_unknown"


def test_the_minimum_age_counts_on_the_day_of_the_shift(
    volunteer: Volunteer, activity: Activity
) -> None:
    Activity.objects.update(minimum_age=21)
    shift = make_shift(activity, starts_in=timedelta(days=10))
    day = timezone.localdate(shift.starts_at)
    volunteer.birth_on = date(day.year - 21, day.month, day.day)
    volunteer.save()
    assert codes(volunteer, Shift.objects.get(pk=shift.pk)) == []
    volunteer.birth_on += timedelta(days=1)
    volunteer.save()
    assert codes(volunteer, Shift.objects.get(pk=shift.pk)) == ["too_young"]


def test_a_minor_needs_the_guardians_consent(volunteer: Volunteer, shift: Shift) -> None:
    volunteer.birth_on = years_ago(16)
    volunteer.save()
    assert codes(volunteer, shift) == ["guardian_consent_missing"]
    Guardian.objects.create(
        volunteer=volunteer, name="林妈妈", phone="+8613800000099", relation="母亲"
    )
    assert codes(Volunteer.objects.get(), shift) == ["guardian_consent_missing"]
    Guardian.objects.update(consented_at=timezone.now())
    assert codes(Volunteer.objects.get(), shift) == []


def test_dangerous_work_is_barred_to_minors_whatever_the_guardian_says(
    volunteer: Volunteer, shift: Shift
) -> None:
    volunteer.birth_on = years_ago(17)
    volunteer.save()
    Guardian.objects.create(
        volunteer=volunteer,
        name="林妈妈",
        phone="+8613800000099",
        relation="母亲",
        consented_at=timezone.now(),
    )
    Activity.objects.update(is_dangerous=True)
    assert codes(volunteer, Shift.objects.get(pk=shift.pk)) == ["minor_dangerous"]


def test_dangerous_work_without_insurance_takes_nobody(volunteer: Volunteer, shift: Shift) -> None:
    Activity.objects.update(is_dangerous=True, insurance="")
    assert codes(volunteer, Shift.objects.get(pk=shift.pk)) == ["insurance_missing"]


def test_a_skill_the_work_asks_for_is_named_when_missing(
    volunteer: Volunteer, shift: Shift, skill: Skill
) -> None:
    shift.activity.skills.add(skill)
    shift.activity.save()
    with translation.override("en"), pytest.raises(NotEligible, match="First aid"):
        sign_up(shift=shift, volunteer=volunteer, by=None)
    volunteer.skills.add(skill)
    assert sign_up(shift=shift, volunteer=volunteer, by=None).is_held


def test_a_closed_registration_signs_up_for_nothing(volunteer: Volunteer, shift: Shift) -> None:
    Volunteer.objects.update(closed_at=timezone.now())
    with pytest.raises(NotEligible) as refused:
        sign_up(shift=shift, volunteer=volunteer, by=None)
    assert refused.value.refusal.code == "volunteer_closed"


def test_the_list_filter_and_the_explanation_give_one_answer(
    volunteer: Volunteer, activity: Activity, campaign: Any, skill: Skill
) -> None:
    """Every mixture of age, consent, skill, danger, insurance, fullness and overlap."""
    base = {
        "campaign": campaign, "role": "岗位", "place": "某处", "what_you_do": "做事",
        "contact_name": "王", "contact_phone": "1",
    }  # fmt: skip
    activities = [
        Activity.objects.create(**base, minimum_age=age, is_dangerous=danger, insurance=insurance)
        for age in (None, 14, 18, 30)
        for danger in (False, True)
        for insurance in ("", "有")
    ]
    for one in activities[::3]:
        one.skills.add(skill)
        one.save()
    for one in [activity, *activities]:
        make_shift(one, starts_in=timedelta(days=2))
        make_shift(one, starts_in=timedelta(days=3), capacity=1, taken=1)
        make_shift(one, starts_in=timedelta(hours=-1))
    held = make_shift(activity, starts_in=timedelta(days=5))
    sign_up(shift=held, volunteer=volunteer, by=None)
    make_shift(activities[0], starts_in=timedelta(days=5, hours=1))
    make_shift(activities[0], starts_in=timedelta(days=5, hours=2))
    day = timezone.localdate() + timedelta(days=2)
    births = [None, date(day.year - 18, day.month, day.day), date(day.year - 18, day.month, 1)
              + timedelta(days=40), years_ago(13), years_ago(50), date(2008, 2, 29)]  # fmt: skip
    for birth_on in births:
        for consent in (None, timezone.now()):
            for skills in ([], [skill]):
                volunteer.birth_on = birth_on
                volunteer.save()
                volunteer.skills.set(skills)
                Guardian.objects.all().delete()
                if consent:
                    Guardian.objects.create(
                        volunteer=volunteer, name="母", phone="1", relation="母亲",
                        consented_at=consent,
                    )  # fmt: skip
                person = Volunteer.objects.get(pk=volunteer.pk)
                told = reasons_against_each(
                    volunteer=person, shifts=Shift.objects.select_related("activity__campaign")
                )
                explained = {number for number, reasons in told.items() if not reasons} - {held.pk}
                assert set(shifts_open_to(person).values_list("pk", flat=True)) == explained
    assert len(Shift.objects.all()) > 40


def test_a_whole_page_of_shifts_costs_four_queries(
    volunteer: Volunteer, activity: Activity, django_assert_num_queries: Any
) -> None:
    for days in range(30):
        make_shift(activity, starts_in=timedelta(days=days, hours=1))
    person = Volunteer.objects.get(pk=volunteer.pk)
    shifts = list(
        Shift.objects.select_related("activity__campaign").prefetch_related("activity__skills")
    )
    with django_assert_num_queries(3):
        reasons_against_each(volunteer=person, shifts=shifts)


# Giving the place back


def test_cancelling_in_time_frees_the_place(
    volunteer: Volunteer, far_shift: Shift, alice: User
) -> None:
    made = sign_up(shift=far_shift, volunteer=volunteer, by=alice)
    ended = cancel_sign_up(sign_up=made, by=alice)
    far_shift.refresh_from_db()
    assert (ended.state, ended.ended_by, far_shift.taken) == (SignUp.State.CANCELLED, alice, 0)


def test_cancelling_twice_frees_one_place(volunteer: Volunteer, far_shift: Shift) -> None:
    other = make_volunteer(user=None, name="另一人", community=None)
    sign_up(shift=far_shift, volunteer=other, by=None)
    made = sign_up(shift=far_shift, volunteer=volunteer, by=None)
    cancel_sign_up(sign_up=made, by=None)
    with pytest.raises(NotSignedUp):
        cancel_sign_up(sign_up=made, by=None)
    far_shift.refresh_from_db()
    assert far_shift.taken == 1


def test_too_late_to_cancel_leave_can_be_asked(
    volunteer: Volunteer, shift: Shift, alice: User
) -> None:
    made = sign_up(shift=shift, volunteer=volunteer, by=alice)
    with pytest.raises(TooLateToCancel):
        cancel_sign_up(sign_up=made, by=alice)
    ended = ask_for_leave(sign_up=made, reason="孩子发烧", by=alice)
    shift.refresh_from_db()
    assert (ended.state, ended.leave_reason, shift.taken) == ("on_leave", "孩子发烧", 0)


def test_once_begun_no_leave_is_given(volunteer: Volunteer, shift: Shift) -> None:
    made = sign_up(shift=shift, volunteer=volunteer, by=None)
    with pytest.raises(ShiftHasBegun):
        ask_for_leave(sign_up=made, reason="", by=None, at=shift.starts_at)


def test_who_has_checked_in_neither_cancels_nor_leaves(volunteer: Volunteer, shift: Shift) -> None:
    made = sign_up(shift=shift, volunteer=volunteer, by=None)
    Attendance.objects.create(
        sign_up=made, volunteer=volunteer, checked_in_at=timezone.now(), check_in_door="console"
    )
    with pytest.raises(AlreadyThere):
        ask_for_leave(sign_up=made, reason="", by=None)


# Many at once: real threads, real transactions


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Run all in threads of their own that start together; results or the exceptions raised."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            start.wait(30)
            return act()
        except Exception as error:  # noqa: BLE001 - whatever it was, the test looks at it
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.mark.django_db(transaction=True)
def test_fifty_press_for_ten_places_twenty_times_over(activity: Activity) -> None:
    people = [make_volunteer(user=None, name=f"志愿者{n}", community=None) for n in range(50)]
    for round_number in range(20):
        shift = make_shift(activity, starts_in=timedelta(days=2 + round_number))
        results = at_once(
            [lambda p=person, s=shift: sign_up(shift=s, volunteer=p, by=None) for person in people]
        )
        made = [result for result in results if isinstance(result, SignUp)]
        refused = [result for result in results if not isinstance(result, SignUp)]
        shift.refresh_from_db()
        assert len(made) == shift.taken == shift.sign_ups.count() == 10
        assert {type(error) for error in refused} == {ShiftFull}


@pytest.mark.django_db(transaction=True)
def test_without_the_guard_the_same_race_overfills(activity: Activity) -> None:
    """The control: read, compare and write without the guarded UPDATE, and the race is real."""
    shift = make_shift(activity, starts_in=timedelta(days=2), capacity=1)
    people = [make_volunteer(user=None, name=f"志愿者{n}", community=None) for n in range(8)]
    look_first = Barrier(8)

    def naive(person: Volunteer) -> SignUp:
        seen = Shift.objects.get(pk=shift.pk)
        look_first.wait(30)
        assert seen.taken < seen.capacity
        return SignUp.objects.create(
            shift=seen, volunteer=person, during=(seen.starts_at, seen.ends_at)
        )

    results = at_once([lambda p=person: naive(p) for person in people])
    assert sum(isinstance(result, SignUp) for result in results) == 8


@pytest.mark.django_db(transaction=True)
def test_one_person_pressing_on_two_overlapping_shifts_gets_exactly_one(
    activity: Activity, alice: User
) -> None:
    for round_number in range(20):
        first = make_shift(activity, starts_in=timedelta(days=2 + round_number))
        second = make_shift(activity, starts_in=timedelta(days=2 + round_number, minutes=30))
        results = at_once(
            [
                lambda s=shift: sign_up(shift=s, volunteer=alice.volunteer, by=alice)
                for shift in (first, second)
            ]
        )
        assert sum(isinstance(result, SignUp) for result in results) == 1
        assert sum(isinstance(result, OverlapsAnotherShift) for result in results) == 1
        assert (
            sum(Shift.objects.filter(pk__in=[first.pk, second.pk]).values_list("taken", flat=True))
            == 1
        )


@pytest.mark.django_db(transaction=True)
def test_one_person_pressing_eight_times_at_once_takes_one_place(
    activity: Activity, alice: User
) -> None:
    shift = make_shift(activity, starts_in=timedelta(days=2))
    press = lambda: sign_up(shift=shift, volunteer=alice.volunteer, by=alice)  # noqa: E731
    results = at_once([press] * 8)
    shift.refresh_from_db()
    assert sum(isinstance(result, SignUp) for result in results) == shift.taken == 1
    assert sum(isinstance(result, AlreadySignedUp) for result in results) == 7


@pytest.mark.django_db(transaction=True)
def test_presses_cancellations_and_the_end_of_the_shift_at_once_leave_the_count_right(
    activity: Activity,
) -> None:
    people = [make_volunteer(user=None, name=f"志愿者{n}", community=None) for n in range(12)]
    for round_number in range(5):
        shift = make_shift(activity, starts_in=timedelta(days=2 + round_number), capacity=8)
        held = [sign_up(shift=shift, volunteer=person, by=None) for person in people[:6]]
        acts: list[Callable[[], Any]] = [
            lambda h=one: cancel_sign_up(sign_up=h, by=None) for one in held
        ]
        acts += [
            lambda p=one, s=shift: sign_up(shift=s, volunteer=p, by=None) for one in people[6:]
        ]
        if round_number % 2:
            acts.append(lambda s=shift: cancel_shift(shift=s, by=None))
        results = at_once(acts)
        unexpected = [
            result
            for result in results
            if isinstance(result, Exception) and not isinstance(result, SignUpRefused)
        ]
        shift.refresh_from_db()
        assert unexpected == []
        assert shift.taken == shift.sign_ups.holding().count()
