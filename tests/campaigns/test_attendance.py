"""Coming and going: what every door answers, and that it holds when many press at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from campaigns.actions.attendance import check_in, check_out, scan_card
from campaigns.actions.places import find_card
from campaigns.actions.sign_ups import ask_for_leave
from campaigns.attendance_rules import credited_minutes
from campaigns.models import Activity, Attendance, Scan, Shift, SignUp
from campaigns.models.attendance import Door
from campaigns.outcomes import Outcome, ScanResult
from tests.cast import make_shift, make_volunteer
from volunteers.actions.merges import merge_volunteers
from volunteers.card_codes import rotating_url
from volunteers.models import RecordChange, ServiceRecord, User, Volunteer

MINUTE = timedelta(minutes=1)


def sign_up_for(shift: Shift, volunteer: Volunteer) -> SignUp:
    """A place at a shift of any time, also of one that has begun."""
    Shift.objects.filter(pk=shift.pk).update(taken=shift.taken + 1)
    return SignUp.objects.create(
        shift=shift,
        volunteer=volunteer,
        during=(shift.starts_at, shift.ends_at),
        signed_up_at=shift.starts_at - timedelta(days=1),
    )


@pytest.fixture
def volunteer(alice: User) -> Volunteer:
    return alice.volunteer


@pytest.fixture
def running(activity: Activity) -> Shift:
    """Began an hour ago, ends in an hour."""
    return make_shift(activity, starts_in=timedelta(hours=-1))


@pytest.fixture
def expected(running: Shift, volunteer: Volunteer) -> SignUp:
    return sign_up_for(running, volunteer)


def come(shift: Shift, volunteer: Volunteer, **options: Any) -> ScanResult:
    options = {"door": Door.CONSOLE, "by": None} | options
    return check_in(shift=shift, volunteer=volunteer, **options)


def go(shift: Shift, volunteer: Volunteer, **options: Any) -> ScanResult:
    options = {"door": Door.CONSOLE, "by": None} | options
    return check_out(shift=shift, volunteer=volunteer, **options)


# Coming


def test_who_is_expected_is_checked_in(running, volunteer, expected, bao):
    result = come(running, volunteer, by=bao)
    assert result.outcome == Outcome.CHECKED_IN
    attendance = Attendance.objects.get()
    assert (attendance.sign_up, attendance.volunteer) == (expected, volunteer)
    assert attendance.checked_in_by == bao
    assert attendance.check_in_door == Door.CONSOLE
    assert attendance.is_in
    scan = Scan.objects.get()
    assert (scan.outcome, scan.attendance, scan.by) == ("checked_in", attendance, bao)


def test_a_second_check_in_is_harmless_and_says_so(running, volunteer, expected):
    first = come(running, volunteer)
    second = come(running, volunteer)
    assert second.outcome == Outcome.ALREADY_IN
    assert second.is_harmless
    assert first.attendance == second.attendance
    assert Attendance.objects.count() == 1
    assert list(Scan.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "checked_in", "already_in",
    ]  # fmt: skip


def test_who_is_not_signed_up_is_told_so_and_the_scan_is_kept(running, volunteer):
    result = come(running, volunteer)
    assert result.outcome == Outcome.NOT_SIGNED_UP
    assert result.is_refused
    assert not Attendance.objects.exists()
    assert Scan.objects.get().outcome == "not_signed_up"


def test_who_is_on_leave_is_not_expected(shift, volunteer):
    ask_for_leave(sign_up=sign_up_for(shift, volunteer), reason="发烧", by=None)
    assert come(shift, volunteer).outcome == Outcome.NOT_SIGNED_UP


def test_who_belongs_to_another_shift_hears_to_which(running, activity, volunteer):
    other = make_shift(activity, starts_in=timedelta(hours=3))
    sign_up_for(other, volunteer)
    result = come(running, volunteer)
    assert result.outcome == Outcome.WRONG_SHIFT
    assert activity.place in result.sentence
    assert f"{timezone.localtime(other.starts_at):%H:%M}" in result.sentence


@pytest.mark.parametrize(
    ("after_start", "outcome"),
    [
        (timedelta(minutes=-60, seconds=-1), Outcome.TOO_EARLY),
        (timedelta(minutes=-60), Outcome.CHECKED_IN),
        (timedelta(), Outcome.CHECKED_IN),
        (timedelta(minutes=119, seconds=59), Outcome.CHECKED_IN),
        (timedelta(minutes=120), Outcome.SHIFT_OVER),
    ],
)
def test_check_in_opens_an_hour_before_and_ends_with_the_shift(
    activity, volunteer, after_start, outcome
):
    shift = make_shift(activity, starts_in=timedelta(hours=-5))
    sign_up_for(shift, volunteer)
    result = come(shift, volunteer, made_at=shift.starts_at + after_start)
    assert result.outcome == outcome
    assert Attendance.objects.exists() is (outcome == Outcome.CHECKED_IN)


def test_a_cancelled_shift_takes_nobody(running, volunteer, expected):
    Shift.objects.filter(pk=running.pk).update(
        state=Shift.State.CANCELLED, cancelled_at=timezone.now()
    )
    assert come(running, volunteer).outcome == Outcome.SHIFT_CANCELLED


def test_a_clock_far_ahead_is_refused_and_one_slightly_ahead_counts_as_ours(
    running, volunteer, expected
):
    ahead = come(running, volunteer, made_at=timezone.now() + 5 * MINUTE)
    assert ahead.outcome == Outcome.CLOCK_WRONG
    slightly = come(running, volunteer, made_at=timezone.now() + MINUTE / 2)
    assert slightly.outcome == Outcome.CHECKED_IN
    assert Attendance.objects.get().checked_in_at <= timezone.now()


def test_coming_in_elsewhere_ends_the_stay_before_and_is_looked_at(
    running, activity, volunteer, expected
):
    come(running, volunteer, made_at=running.starts_at)
    next_door = make_shift(activity, starts_in=timedelta(minutes=90))
    Shift.objects.filter(pk=next_door.pk).update(starts_at=timezone.now() + 30 * MINUTE)
    next_door.refresh_from_db()
    SignUp.objects.create(
        shift=next_door,
        volunteer=volunteer,
        during=(running.ends_at, next_door.ends_at),
        signed_up_at=running.starts_at,
    )
    result = come(next_door, volunteer)
    assert result.outcome == Outcome.MOVED_HERE
    assert result.is_done
    before = Attendance.objects.get(sign_up=expected)
    here = Attendance.objects.get(sign_up__shift=next_door)
    assert before.checked_out_at == here.checked_in_at
    assert (before.check_out_door, here.is_in) == (Door.MOVED, True)
    # An hour of two is less than the share of E9: that is said first.
    assert before.record.review_reason == Attendance.Review.SHORT


def test_the_database_itself_refuses_a_second_open_attendance(
    running, activity, volunteer, expected
):
    come(running, volunteer)
    other = sign_up_for(make_shift(activity, starts_in=timedelta(hours=2)), volunteer)
    with pytest.raises(IntegrityError, match="attendance_in_once"), transaction.atomic():
        Attendance.objects.create(
            sign_up=other, volunteer=volunteer, checked_in_at=timezone.now(), check_in_door="desk"
        )


def test_who_forgot_to_check_out_elsewhere_is_let_in_and_the_other_place_closed(
    activity, running, volunteer, expected
):
    earlier = make_shift(activity, starts_in=timedelta(hours=-4))
    sign_up_for(earlier, volunteer)
    come(earlier, volunteer, made_at=earlier.starts_at)
    assert come(running, volunteer).outcome == Outcome.CHECKED_IN
    left = Attendance.objects.get(sign_up__shift=earlier)
    assert left.checked_out_at == earlier.ends_at
    assert left.review == Attendance.Review.FORGOT_CHECK_OUT
    assert left.record.credited_minutes == 120


@pytest.mark.parametrize(
    ("door", "review"),
    [
        (Door.CONSOLE, ""),
        (Door.VENUE_SCREEN, ""),
        (Door.VENUE_POSTER, "poster"),
        (Door.DESK, "by_hand"),
    ],
)
def test_doors_that_prove_less_are_marked_for_a_look(activity, volunteer, door, review):
    shift = make_shift(activity, starts_in=timedelta(hours=-3))
    sign_up_for(shift, volunteer)
    come(shift, volunteer, door=door, made_at=shift.starts_at)
    assert Attendance.objects.get().review == review
    go(shift, volunteer, made_at=shift.ends_at)
    assert Attendance.objects.get().review == review
    assert ServiceRecord.objects.get().review_reason == review


# Going


def test_check_out_drafts_the_record_with_all_it_must_carry(running, volunteer, expected, bao):
    come(running, volunteer, made_at=running.starts_at - 10 * MINUTE)
    result = go(running, volunteer, by=bao, made_at=timezone.now() + MINUTE / 2)
    assert result.outcome == Outcome.CHECKED_OUT
    record = ServiceRecord.objects.get()
    campaign = running.activity.campaign
    assert record.state == ServiceRecord.State.DRAFT
    assert record.volunteer == volunteer
    assert record.organisation == campaign.organisation
    assert (record.activity_name, record.activity_name_en) == (campaign.title, campaign.title_en)
    assert (record.role, record.place) == (running.activity.role, running.activity.place)
    assert record.content == running.activity.what_you_do
    assert record.person_in_charge == running.activity.contact_name
    assert record.campaign_number == campaign.pk
    assert record.served_on == timezone.localdate(running.starts_at)
    # R4: came, went and credited time are kept apart.
    assert record.checked_in_at == running.starts_at - 10 * MINUTE
    assert record.checked_out_at == Attendance.objects.get().checked_out_at


def test_only_time_within_the_shift_is_credited(activity, volunteer):
    shift = make_shift(activity, starts_in=timedelta(hours=-3))
    sign_up_for(shift, volunteer)
    come(shift, volunteer, made_at=shift.starts_at - 30 * MINUTE)
    go(shift, volunteer, made_at=shift.ends_at + 20 * MINUTE)
    assert ServiceRecord.objects.get().credited_minutes == 120


@pytest.mark.parametrize(
    ("came", "left", "credited"),
    [
        (0, 120, 120),
        (-60, 200, 120),
        (10, 100.9, 90),
        (0, 72, 72),  # just the share of E9
        (0, 71.9, 0),
        (119, 120, 0),
        (-60, -50, 0),
        (130, 140, 0),
    ],
)
def test_credited_minutes_are_the_overlap_or_nothing(shift, came, left, credited):
    assert (
        credited_minutes(
            shift=shift,
            came_at=shift.starts_at + came * MINUTE,
            left_at=shift.starts_at + left * MINUTE,
        )
        == credited
    )


def test_who_stayed_too_short_is_not_credited_but_comes_to_the_organiser(
    running, volunteer, expected
):
    come(running, volunteer, made_at=running.starts_at)
    result = go(running, volunteer, made_at=running.starts_at + 20 * MINUTE)
    assert result.outcome == Outcome.CHECKED_OUT
    record = ServiceRecord.objects.get()
    assert (record.credited_minutes, record.review_reason) == (0, "short")


def test_a_second_check_out_is_harmless(running, volunteer, expected):
    come(running, volunteer, made_at=running.starts_at)
    assert go(running, volunteer).outcome == Outcome.CHECKED_OUT
    before = Attendance.objects.get().checked_out_at
    again = go(running, volunteer)
    assert again.outcome == Outcome.ALREADY_OUT
    assert Attendance.objects.get().checked_out_at == before
    assert ServiceRecord.objects.count() == 1
    assert come(running, volunteer).outcome == Outcome.ALREADY_OUT


def test_nobody_leaves_who_has_not_come(running, volunteer, expected):
    assert go(running, volunteer).outcome == Outcome.NOT_IN_YET
    assert not ServiceRecord.objects.exists()


# The card


def test_the_console_takes_a_cards_address_and_its_number_however_it_is_typed(alice):
    card = alice.volunteer.cards.get()
    for text in (
        f"https://linli.example/c/{card.token}/",
        f"https://linli.example/c/{card.token}?x=1",
        card.number,
        f" {card.number[:6].lower()} {card.number[6:9]}-{card.number[9:]} ",
    ):
        assert find_card(text) == card, text


@pytest.mark.parametrize("text", ["", "  ", "0", "https://e.example/c/", "x" * 4000, "卡", "/c/"])
def test_what_is_no_card_is_card_unknown(running, bao, text):
    result = scan_card(shift=running, card=text, kind="in", by=bao)
    assert result.outcome == Outcome.CARD_UNKNOWN
    assert Scan.objects.get().shift == running


def test_revoked_and_expired_cards_have_their_own_reasons(running, alice, bao, expected):
    card = alice.volunteer.cards.get()
    card.expires_on = timezone.localdate() - timedelta(days=1)
    card.save()
    assert scan_card(shift=running, card=card.number, kind="in", by=bao).outcome == "card_expired"
    card.revoked_at = timezone.now()
    card.save()
    assert scan_card(shift=running, card=card.number, kind="in", by=bao).outcome == "card_revoked"
    assert not Attendance.objects.exists()
    assert set(Scan.objects.values_list("volunteer", flat=True)) == {alice.volunteer.pk}


def test_a_scanned_card_checks_in_and_out(running, alice, bao, expected):
    card = alice.volunteer.cards.get()
    assert scan_card(
        shift=running, card=rotating_url(card.token, timezone.now()), kind="in", by=bao
    ).is_done
    assert scan_card(shift=running, card=card.number, kind="out", by=bao).is_done
    assert Attendance.objects.get().checked_out_by == bao


# The same scan sent again


def test_a_resent_scan_answers_the_same_and_makes_no_row(running, volunteer, expected):
    nonce = uuid.uuid4()
    first = come(running, volunteer, nonce=nonce)
    again = come(running, volunteer, nonce=nonce)
    assert (again.outcome, again.sentence) == (first.outcome, first.sentence)
    assert again.attendance == first.attendance
    assert Scan.objects.count() == 1


def test_a_resent_check_out_answers_the_same(running, volunteer, expected):
    come(running, volunteer, made_at=running.starts_at)
    nonce = uuid.uuid4()
    first = go(running, volunteer, nonce=nonce)
    again = go(running, volunteer, nonce=nonce)
    assert (again.outcome, again.sentence) == (first.outcome, first.sentence)
    assert ServiceRecord.objects.count() == 1


def test_a_resent_refusal_answers_the_same(running, volunteer):
    nonce = uuid.uuid4()
    assert come(running, volunteer, nonce=nonce).outcome == Outcome.NOT_SIGNED_UP
    sign_up_for(running, volunteer)
    assert come(running, volunteer, nonce=nonce).outcome == Outcome.NOT_SIGNED_UP
    assert not Attendance.objects.exists()
    assert come(running, volunteer, nonce=uuid.uuid4()).outcome == Outcome.CHECKED_IN


def test_a_nonce_used_for_somebody_else_does_nothing_and_tells_nothing(
    running, volunteer, expected, territory
):
    neighbour = make_volunteer(user=None, name="邻居", community=territory)
    sign_up_for(running, neighbour)
    nonce = uuid.uuid4()
    come(running, volunteer, nonce=nonce)
    result = come(running, neighbour, nonce=nonce)
    assert result.outcome == Outcome.NONCE_TAKEN
    assert result.attendance is None
    assert Attendance.objects.count() == Scan.objects.count() == 1


def test_few_queries(running, alice, bao, expected, django_assert_max_num_queries):
    card = alice.volunteer.cards.get()
    with django_assert_max_num_queries(4):  # the place, attendance with scan; a transaction
        assert scan_card(shift=running, card=card.number, kind="in", by=bao).is_done


# Many at once


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    def run(number: int) -> Any:
        try:
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_eight_posts_of_one_nonce_make_one_row_in_and_out(running, volunteer, expected):
    nonce = uuid.uuid4()
    arrivals = at_once(
        8, lambda _n: come(running, volunteer, nonce=nonce, made_at=running.starts_at)
    )
    assert {result.outcome for result in arrivals} == {Outcome.CHECKED_IN}
    assert Attendance.objects.count() == Scan.objects.count() == 1
    nonce = uuid.uuid4()
    departures = at_once(8, lambda _n: go(running, volunteer, nonce=nonce))
    assert {result.outcome for result in departures} == {Outcome.CHECKED_OUT}
    assert Scan.objects.count() == 2
    assert ServiceRecord.objects.count() == RecordChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_different_scans_at_once_check_in_once(running, volunteer, expected):
    results = at_once(8, lambda _n: come(running, volunteer))
    # Whoever was scanned a moment earlier and decided a moment later has come first all the same.
    assert {result.outcome for result in results} <= {Outcome.CHECKED_IN, Outcome.ALREADY_IN}
    assert Scan.objects.count() == 8
    first = min(scan.made_at for scan in Scan.objects.all())
    assert Attendance.objects.get().checked_in_at == first


@pytest.mark.django_db(transaction=True)
def test_eight_different_check_outs_at_once_draft_one_record(running, volunteer, expected):
    come(running, volunteer, made_at=running.starts_at)
    results = at_once(8, lambda _n: go(running, volunteer))
    assert {result.outcome for result in results} <= {Outcome.CHECKED_OUT, Outcome.ALREADY_OUT}
    first = min(scan.made_at for scan in Scan.objects.filter(kind="out"))
    assert Attendance.objects.get().checked_out_at == first
    assert ServiceRecord.objects.get().checked_out_at == first


@pytest.mark.django_db(transaction=True)
def test_coming_and_going_at_once_end_in_one_order_or_the_other(running, volunteer, expected):
    results = at_once(8, lambda n: (come if n % 2 else go)(running, volunteer))
    assert len(results) == Scan.objects.count() == 8
    came = min(scan.made_at for scan in Scan.objects.filter(kind="in"))
    went = [scan.made_at for scan in Scan.objects.filter(kind="out") if scan.made_at > came]
    attendance = Attendance.objects.get()
    assert attendance.checked_in_at == came
    assert attendance.checked_out_at == min(went, default=None)
    assert ServiceRecord.objects.count() == bool(went)


@pytest.mark.django_db(transaction=True)
def test_two_doors_at_two_places_leave_one_person_in_at_one(activity, running, volunteer, expected):
    other = make_shift(activity, starts_in=timedelta(minutes=30))
    SignUp.objects.create(
        shift=other,
        volunteer=volunteer,
        during=(running.ends_at, other.ends_at),
        signed_up_at=running.starts_at,
    )
    shifts = [running, other]
    results = at_once(8, lambda n: come(shifts[n % 2], volunteer))
    assert not any(result.is_refused for result in results)
    earlier, later = Attendance.objects.order_by("checked_in_at")
    assert earlier.checked_out_at == later.checked_in_at
    assert later.is_in


@pytest.mark.django_db(transaction=True)
def test_control_without_the_guard_the_race_is_real(running, volunteer, expected):
    """Read, then write, on a scan table without its unique nonce: rows double. Hence the guard."""
    nonce = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE unguarded (nonce uuid)")

    def naive(_number: int) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM unguarded WHERE nonce = %s", [nonce])
            seen = cursor.fetchone()[0]
            cursor.execute("SELECT pg_sleep(0.05)")
            if not seen:
                cursor.execute("INSERT INTO unguarded VALUES (%s)", [nonce])

    try:
        at_once(8, naive)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM unguarded")
            assert cursor.fetchone()[0] > 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE unguarded")


def test_who_is_in_when_two_registrations_become_one_checks_out_as_one(
    running, volunteer, territory, city_staff
):
    entered = make_volunteer(user=None, name="林爱丽", community=territory)
    sign_up_for(running, entered)
    come(running, entered, made_at=running.starts_at)
    merge_volunteers(kept=volunteer, merged=entered, by=city_staff)
    assert go(running, volunteer).outcome == Outcome.CHECKED_OUT
    assert ServiceRecord.objects.get().volunteer == volunteer
    assert Attendance.objects.get().volunteer == volunteer
    assert set(Scan.objects.values_list("volunteer", flat=True)) == {volunteer.pk}
