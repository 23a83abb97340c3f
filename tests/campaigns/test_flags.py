"""Scans that a person should look at: what is found, what is not, who decides (E5, E6, P3)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from campaigns.actions.attendance import check_in, check_out, scan_card
from campaigns.actions.devices import register_device
from campaigns.actions.flags import (
    STATEMENTS,
    FlagDecided,
    FlagGone,
    OwnScan,
    RemarkMissing,
    decide_flag,
    forget_distances,
    look_over_scans,
    numbers,
)
from campaigns.actions.own_scans import scan_own
from campaigns.models import Activity, Attendance, Scan, ScanFlag, Shift, SignUp
from campaigns.models.attendance import Door
from campaigns.outcomes import Outcome
from campaigns.permissions import get_flags_for
from campaigns.tasks import sweep_scans, sweep_scans_of_days
from tests.campaigns.test_attendance import at_once, sign_up_for
from tests.campaigns.test_desk import serve
from tests.cast import make_shift, make_volunteer
from volunteers.actions.merges import merge_volunteers
from volunteers.actions.records import confirm_record, draft_record
from volunteers.models import Organisation, Territory, User, Volunteer

Kind = ScanFlag.Kind
MINUTE = timedelta(minutes=1)
MakeScan = Callable[..., Scan]


def look(*, days: int = 3) -> int:
    return look_over_scans(since=timezone.now() - timedelta(days=days))


def kinds() -> list[str]:
    return sorted(ScanFlag.objects.values_list("kind", flat=True))


@pytest.fixture
def volunteer(alice: User) -> Volunteer:
    return alice.volunteer


@pytest.fixture
def place(activity: Activity) -> Callable[[float, float], Shift]:
    """`place(36.07, 120.38)`: a shift that began an hour ago, there."""

    def make(latitude: float, longitude: float) -> Shift:
        there = Activity.objects.create(
            campaign=activity.campaign, role="引导员", place="某处", what_you_do="引路",
            contact_name="王", contact_phone="1",
            latitude=Decimal(str(latitude)), longitude=Decimal(str(longitude)),
        )  # fmt: skip
        return make_shift(there, starts_in=timedelta(hours=-1))

    return make


@pytest.fixture
def running(activity: Activity) -> Shift:
    return make_shift(activity, starts_in=timedelta(hours=-1))


@pytest.fixture
def scan(running: Shift, volunteer: Volunteer) -> MakeScan:
    """`scan(minutes_ago=10, **columns)`: a scan that counts, received as it was made."""

    def make(minutes_ago: float = 10, **columns: Any) -> Scan:
        at = timezone.now() - minutes_ago * MINUTE
        defaults = {
            "shift": running, "volunteer": volunteer, "kind": "in", "door": "console",
            "outcome": "checked_in", "counts": True, "made_at": at, "received_at": at,
        }  # fmt: skip
        return Scan.objects.create(**defaults | columns)

    return make


@pytest.fixture
def far_scan(scan: MakeScan) -> Scan:
    return scan(door="venue_poster", distance_m=2500)


@pytest.fixture
def flag(far_scan: Scan) -> ScanFlag:
    look()
    return ScanFlag.objects.get()


# What is found


def test_an_ordinary_scan_is_nothing_to_look_at(scan: MakeScan, place: Any) -> None:
    here = place(36.07, 120.38)
    scan(60, shift=here, proof="rotating", browser="a", distance_m=500, door="venue_screen")
    scan(5, shift=here, kind="out", outcome="checked_out", door="venue_screen", browser="a")
    scan(4, outcome="already_out", counts=False)
    assert look() == 0


def test_a_scan_made_far_away_is_looked_at_and_has_been_let_in(
    scan: MakeScan, organisation: Organisation, volunteer: Volunteer, settings: Any
) -> None:
    near, far = scan(distance_m=1000), scan(distance_m=1500)
    assert look() == 1
    flag = ScanFlag.objects.get()
    assert (flag.kind, flag.scan, flag.organisation) == (Kind.FAR_AWAY, far, organisation)
    assert (flag.volunteer, flag.shift) == (volunteer, far.shift)
    far.refresh_from_db()
    assert (far.counts, far.outcome) == (True, "checked_in")
    settings.LINLI_FAR_METRES = 500
    look()
    assert ScanFlag.objects.filter(scan=near).exists()


@pytest.mark.parametrize("outcome", ["not_signed_up", "wrong_shift", "shift_full", "not_eligible"])
def test_what_did_nothing_is_nothing_to_look_at(scan: MakeScan, outcome: str) -> None:
    scan(door="venue_poster", distance_m=9000, outcome=outcome)
    scan(is_override=True, reason="我认识他", outcome=outcome)
    scan(is_override=True, reason="我认识他", outcome="shift_over", counts=False)
    assert look() == 0


def test_looking_twice_finds_once(far_scan: Scan) -> None:
    assert look() == 1
    assert look() == 0
    assert ScanFlag.objects.count() == 1


def test_thirty_kilometres_in_four_minutes_are_looked_at(
    scan: MakeScan, place: Any, settings: Any
) -> None:
    near_the_sea, at_the_airport = place(36.06, 120.38), place(36.36, 120.09)
    scan(14, shift=near_the_sea)
    later = scan(10, shift=at_the_airport)
    look()
    flag = ScanFlag.objects.get()
    assert (flag.kind, flag.scan) == (Kind.TOO_FAST, later)
    assert flag.details == {"km": 42, "minutes": 4, "from_shift": near_the_sea.pk}


def test_who_takes_an_hour_for_it_drove(scan: MakeScan, place: Any) -> None:
    scan(80, shift=place(36.06, 120.38))
    scan(10, shift=place(36.36, 120.09))
    assert look() == 0


def test_two_gates_of_one_place_are_no_journey(scan: MakeScan, place: Any) -> None:
    scan(10, shift=place(36.06, 120.38))
    scan(10, shift=place(36.07, 120.39))
    assert look() == 0


def test_a_scan_that_arrives_late_is_compared_with_what_came_after_it(
    scan: MakeScan, place: Any
) -> None:
    later = scan(10, shift=place(36.36, 120.09), received_at=timezone.now() - timedelta(hours=2))
    scan(14, shift=place(36.06, 120.38), received_at=timezone.now(), proof="rotating")
    assert look_over_scans(since=timezone.now() - 15 * MINUTE) == 1
    assert ScanFlag.objects.get().scan == later


def test_other_people_and_refused_scans_are_no_journey(
    scan: MakeScan, place: Any, territory: Territory
) -> None:
    other = make_volunteer(user=None, name="邻居", community=territory)
    scan(14, shift=place(36.06, 120.38), volunteer=other)
    scan(12, shift=place(36.06, 120.38), counts=False, outcome="wrong_shift")
    scan(11, shift=place(36.06, 120.38), door="bulk", kind="out", outcome="checked_out")
    scan(10, shift=place(36.36, 120.09))
    assert look() == 0


def test_one_phone_that_checks_in_three_people_is_looked_at_for_each(
    scan: MakeScan, territory: Territory
) -> None:
    people = [make_volunteer(user=None, name=f"邻居{n}", community=territory) for n in range(4)]
    for number, person in enumerate(people[:2]):
        scan(30 + number, volunteer=person, door="venue_screen", browser="same")
        scan(20 + number, volunteer=person, door="venue_poster", browser="same", kind="out")
    assert look() == 0
    scan(9, volunteer=people[2], door="venue_poster", browser="same")
    assert look() == 3
    assert set(ScanFlag.objects.values_list("kind", flat=True)) == {Kind.SHARED_PHONE}
    assert set(ScanFlag.objects.values_list("volunteer", flat=True)) == {p.pk for p in people[:3]}
    scan(8, volunteer=people[3], door="venue_screen", browser="same")
    assert look() == 1
    assert [flag.details for flag in ScanFlag.objects.all()] == [{"people": 4}] * 4


def test_what_somebody_decided_keeps_its_figures(
    scan: MakeScan, territory: Territory, bao: User
) -> None:
    for number in range(3):
        person = make_volunteer(user=None, name=f"邻居{number}", community=territory)
        scan(30, volunteer=person, door="venue_screen", browser="same")
    look()
    decided = ScanFlag.objects.all()[0]
    decide_flag(flag=decided, verdict="fine", remark="一家人", by=bao)
    fourth = make_volunteer(user=None, name="邻居", community=territory)
    scan(8, volunteer=fourth, door="venue_screen", browser="same")
    assert look() == 1
    decided.refresh_from_db()
    assert decided.details == {"people": 3}
    assert {flag.details["people"] for flag in ScanFlag.objects.open()} == {4}


def test_a_teams_leader_and_many_phones_share_nothing(scan: MakeScan, territory: Territory) -> None:
    for number in range(5):
        person = make_volunteer(user=None, name=f"邻居{number}", community=territory)
        scan(30, volunteer=person, door="team", browser="leader")
        scan(30, volunteer=person, door="console", browser="console")
        scan(30, volunteer=person, door="venue_screen", browser=f"own-{number}")
        scan(30, volunteer=person, door="venue_screen", browser="")
        scan(30, volunteer=person, door="venue_screen", browser="bad", counts=False)
    assert look() == 0


def test_three_people_in_a_day_are_no_crowd(scan: MakeScan, territory: Territory) -> None:
    for hours in (1, 8, 15):
        person = make_volunteer(user=None, name=f"邻居{hours}", community=territory)
        scan(hours * 60, volunteer=person, door="venue_screen", browser="library")
    assert look() == 0


@pytest.fixture
def move(
    scan: MakeScan, activity: Activity, volunteer: Volunteer, running: Shift
) -> tuple[Attendance, Scan]:
    """Came in elsewhere 40 minutes ago and here 15 minutes ago, without leaving in between."""
    here = scan(15, outcome="moved_here")
    elsewhere = make_shift(activity, starts_in=timedelta(hours=-1))
    sign_up = SignUp.objects.create(
        shift=elsewhere, volunteer=volunteer, during=(elsewhere.starts_at, here.made_at)
    )
    stay = Attendance.objects.create(
        sign_up=sign_up, volunteer=volunteer, check_in_door="console", check_out_door="moved",
        checked_in_at=here.made_at - 25 * MINUTE, checked_out_at=here.made_at,
    )  # fmt: skip
    return stay, here


def test_who_came_in_here_while_in_elsewhere_is_looked_at(move: tuple[Attendance, Scan]) -> None:
    stay, here = move
    look()
    flag = ScanFlag.objects.get()
    assert (flag.kind, flag.scan) == (Kind.TWO_PLACES, here)
    assert flag.details == {"from_shift": stay.sign_up.shift_id, "minutes": 25}


def test_what_was_answered_first_does_not_matter_only_what_is_reckoned(
    scan: MakeScan, move: tuple[Attendance, Scan]
) -> None:
    _stay, here = move
    scan(15, outcome="moved_here", shift=here.shift, made_at=here.made_at + 5 * MINUTE)
    Scan.objects.filter(pk=here.pk).update(outcome="checked_in")
    look()
    assert ScanFlag.objects.get().scan == here


def test_once_the_check_out_has_arrived_nobody_has_to_look(move: tuple[Attendance, Scan]) -> None:
    stay, _here = move
    look()
    Attendance.objects.filter(pk=stay.pk).update(
        check_out_door="console", checked_out_at=stay.checked_out_at - 5 * MINUTE
    )
    assert look() == 0
    assert not ScanFlag.objects.exists()


def test_what_goes_while_somebody_decides_is_said_so(
    move: tuple[Attendance, Scan], bao: User
) -> None:
    look()
    flag = ScanFlag.objects.get()
    ScanFlag.objects.all().delete()
    with pytest.raises(FlagGone):
        decide_flag(flag=flag, verdict="fine", remark="", by=bao)


def test_what_was_decided_stays_when_the_check_out_arrives(
    move: tuple[Attendance, Scan], bao: User
) -> None:
    stay, _here = move
    look()
    decide_flag(flag=ScanFlag.objects.get(), verdict="fine", remark="", by=bao)
    Attendance.objects.filter(pk=stay.pk).update(check_out_door="console")
    look()
    assert ScanFlag.objects.get().verdict == "fine"


def test_what_the_organiser_let_pass_is_looked_at(scan: MakeScan, bao: User) -> None:
    scan(is_override=True, reason="我认识她", by=bao)
    look()
    assert kinds() == [Kind.OVERRIDE]


@pytest.mark.parametrize("outcome", ["shift_full", "not_eligible"])
def test_a_walk_in_let_in_without_a_network_and_refused_later(scan: MakeScan, outcome: str) -> None:
    made = timezone.now() - 40 * MINUTE
    late = {"is_walk_in": True, "counts": False, "made_at": made}
    scan(outcome=outcome, **late)
    scan(outcome="checked_in", **late | {"counts": True})
    look()
    assert kinds() == [Kind.WALK_IN_REFUSED]


def test_a_walk_in_who_was_refused_at_once_was_not_let_in(scan: MakeScan) -> None:
    scan(is_walk_in=True, counts=False, outcome="shift_full")
    assert look() == 0


@pytest.fixture
def device(bao: User, organisation: Organisation, running: Shift) -> Any:
    return register_device(by=bao, organisation=organisation, shifts=[running], name="一号门")[0]


@pytest.mark.parametrize("proof", ["number", "name"])
def test_a_number_typed_and_sent_long_afterwards_is_looked_at(
    scan: MakeScan, device: Any, proof: str
) -> None:
    scan(device=device, proof=proof, made_at=timezone.now() - 57 * MINUTE)
    look()
    flag = ScanFlag.objects.get()
    assert (flag.kind, flag.details) == (Kind.SENT_LATE, {"minutes": 47})


def test_a_cards_own_code_may_come_late_and_a_number_soon(scan: MakeScan, device: Any) -> None:
    before = timezone.now() - timedelta(hours=5)
    for proof in ("rotating", "signed"):
        scan(device=device, proof=proof, made_at=before)
    scan(device=device, proof="number", made_at=timezone.now() - 20 * MINUTE)
    scan(proof="number", made_at=before)
    scan(device=device, proof="number", made_at=before, counts=False, outcome="not_signed_up")
    assert look() == 0


@pytest.fixture
def confirmed(running: Shift, volunteer: Volunteer, bao: User) -> Attendance:
    """From 50 to 20 minutes ago, confirmed by Bao now."""
    now = timezone.now()
    came, left = now - 50 * MINUTE, now - 20 * MINUTE
    sign_up = SignUp.objects.create(
        shift=running, volunteer=volunteer, during=(running.starts_at, running.ends_at)
    )
    campaign = running.activity.campaign
    record = draft_record(
        volunteer=volunteer, organisation=campaign.organisation, source="attendance:1",
        activity_name="夜巡", category=campaign.category, served_on=timezone.localdate(came),
        credited_minutes=30, checked_in_at=came, checked_out_at=left, by=None,
    )  # fmt: skip
    confirm_record(record=record, by=bao)
    return Attendance.objects.create(
        sign_up=sign_up, volunteer=volunteer, record=record, checked_in_at=came,
        checked_out_at=left, check_in_door="console", check_out_door="console",
    )  # fmt: skip


def test_a_scan_that_says_otherwise_after_the_hours_were_confirmed(
    scan: MakeScan, confirmed: Attendance
) -> None:
    soon = timezone.now() + 5 * MINUTE
    earlier_in = scan(58, received_at=soon)
    earlier_out = scan(35, kind="out", outcome="already_out", received_at=soon)
    look()
    flags = {flag.scan: flag for flag in ScanFlag.objects.all()}
    assert set(flags) == {earlier_in, earlier_out}
    assert {flag.kind for flag in flags.values()} == {Kind.AFTER_CONFIRMING}
    assert flags[earlier_in].details == {"minutes": 5}


def test_a_scan_that_says_the_same_or_came_before_changes_nothing(
    scan: MakeScan, confirmed: Attendance
) -> None:
    soon = timezone.now() + 5 * MINUTE
    scan(50, received_at=soon)
    scan(30, received_at=soon)  # in already
    scan(10, kind="out", received_at=soon)  # out already
    scan(59, kind="out", received_at=soon)  # before coming in
    scan(58)  # known when the hours were confirmed
    scan(58, received_at=soon, counts=False)
    assert look() == 0


def test_a_scan_may_be_worth_a_look_for_several_reasons(scan: MakeScan) -> None:
    scan(distance_m=3000, is_override=True)
    assert look() == 2
    assert kinds() == [Kind.FAR_AWAY, Kind.OVERRIDE]


def test_a_scan_of_no_shift_is_passed_over(scan: MakeScan) -> None:
    scan(shift=None, distance_m=3000, is_override=True)
    assert look() == 0


def test_the_minutes_sweep_looks_a_quarter_of_an_hour_back_and_the_nights_three_days(
    scan: MakeScan,
) -> None:
    scan(14, is_override=True)
    scan(16, is_override=True)
    scan(60 * 71, is_override=True)
    scan(60 * 73, is_override=True)
    sweep_scans()
    assert ScanFlag.objects.count() == 1
    sweep_scans_of_days()
    assert ScanFlag.objects.count() == 3


def test_the_minutes_sweep_does_not_read_the_whole_table(
    scan: MakeScan, running: Shift, volunteer: Volunteer
) -> None:
    scan(is_override=True)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO campaigns_scan
                (shift_id, volunteer_id, kind, door, outcome, counts, reason, nonce, made_at,
                 received_at)
            SELECT %s, %s, 'in', 'console', 'checked_in', true, '', gen_random_uuid(), at, at
            FROM generate_series(now() - interval '400 days', now(), interval '10 minutes') at
            """,
            [running.pk, volunteer.pk],
        )
        cursor.execute("SELECT brin_summarize_new_values('scan_by_arrival')")
        cursor.execute("ANALYZE campaigns_scan")
        values = numbers(since=timezone.now() - 15 * MINUTE)
        for sql in STATEMENTS:
            cursor.execute(f"EXPLAIN {sql}", values)
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan on campaigns_scan" not in plan, plan


# Deciding


def test_somebody_else_decides_once(flag: ScanFlag, bao: User, rui: User) -> None:
    decide_flag(flag=flag, verdict="not_fine", remark=" 人不在现场 ", by=bao)
    flag.refresh_from_db()
    assert (flag.verdict, flag.remark, flag.decided_by) == ("not_fine", "人不在现场", bao)
    with pytest.raises(FlagDecided):
        decide_flag(flag=flag, verdict="fine", remark="", by=rui)
    flag.refresh_from_db()
    assert flag.decided_by == bao


def test_what_is_not_in_order_is_put_into_words(flag: ScanFlag, bao: User) -> None:
    with pytest.raises(RemarkMissing):
        decide_flag(flag=flag, verdict="not_fine", remark="  ", by=bao)
    decide_flag(flag=flag, verdict="fine", remark="", by=bao)
    assert not ScanFlag.objects.open().exists()


def test_nobody_decides_about_themselves_or_their_own_scan(
    scan: MakeScan, alice: User, bao: User, rui: User
) -> None:
    scan(is_override=True, by=bao, reason="我认识她")
    look()
    flag = ScanFlag.objects.get()
    for user in (alice, bao):
        with pytest.raises(OwnScan):
            decide_flag(flag=flag, verdict="fine", remark="没事", by=user)
        assert not ScanFlag.objects.of_others(user).exists()
    assert ScanFlag.objects.of_others(rui).get() == flag
    decide_flag(flag=flag, verdict="fine", remark="", by=rui)


def test_deciding_leaves_the_hours_as_they_are(
    scan: MakeScan, confirmed: Attendance, rui: User
) -> None:
    scan(45, is_override=True)
    look()
    decide_flag(flag=ScanFlag.objects.get(), verdict="not_fine", remark="代签", by=rui)
    confirmed.record.refresh_from_db()
    assert (confirmed.record.state, confirmed.record.credited_minutes) == ("confirmed", 30)


def test_only_those_who_run_the_organisations_shifts_see_it(
    flag: ScanFlag, alice: User, bao: User, rui: User, chen: User, dai: User, city_staff: User
) -> None:
    for user in (bao, rui, city_staff):
        assert list(get_flags_for(user)) == [flag]
    for user in (alice, chen, dai):
        assert not get_flags_for(user).exists()


def test_it_goes_along_when_two_registrations_become_one(
    scan: MakeScan, volunteer: Volunteer, territory: Territory
) -> None:
    other = make_volunteer(user=None, name="林爱丽", community=territory)
    scan(is_override=True, volunteer=other)
    look()
    merge_volunteers(kept=volunteer, merged=other, by=None)
    assert ScanFlag.objects.get().volunteer == volunteer


# Many at once: real threads, real transactions


@pytest.mark.django_db(transaction=True)
def test_of_many_who_decide_at_once_one_decides(far_scan: Scan, bao: User, rui: User) -> None:
    look()
    flag = ScanFlag.objects.get()

    def decide(number: int) -> str:
        try:
            decide_flag(flag=flag, verdict="fine", remark=str(number), by=(bao, rui)[number % 2])
        except FlagDecided:
            return "late"
        return str(number)

    answers = at_once(6, decide)
    assert answers.count("late") == 5
    flag.refresh_from_db()
    assert flag.remark in answers


@pytest.mark.django_db(transaction=True)
def test_the_last_of_two_decided_at_once_takes_the_distance_along(
    scan: MakeScan, bao: User, rui: User
) -> None:
    for _round in range(5):
        scan(distance_m=3000, is_override=True)
    look()
    flags = list(ScanFlag.objects.order_by("scan", "kind"))
    assert len(flags) == 10
    at_once(
        10,
        lambda number: decide_flag(
            flag=flags[number], verdict="fine", remark="", by=(bao, rui)[number % 2]
        ),
    )
    assert not Scan.objects.filter(distance_m__isnull=False).exists()


@pytest.mark.django_db(transaction=True)
def test_looks_at_once_find_each_thing_once(scan: MakeScan, territory: Territory) -> None:
    for number in range(20):
        person = make_volunteer(user=None, name=f"邻居{number}", community=territory)
        scan(30, volunteer=person, door="venue_screen", browser="same", is_override=True)
    assert sum(at_once(6, lambda _number: look())) == 40
    assert ScanFlag.objects.count() == 40


# The distance goes


def test_the_distance_is_deleted_when_it_has_been_looked_at(flag: ScanFlag, bao: User) -> None:
    assert "2500" not in str(flag.details)
    decide_flag(flag=flag, verdict="fine", remark="", by=bao)
    assert Scan.objects.get().distance_m is None


def test_it_stays_while_something_else_about_the_scan_waits(scan: MakeScan, bao: User) -> None:
    scan(distance_m=3000, is_override=True)
    look()
    one, other = ScanFlag.objects.all()
    decide_flag(flag=one, verdict="fine", remark="", by=bao)
    assert Scan.objects.get().distance_m == 3000
    decide_flag(flag=other, verdict="fine", remark="", by=bao)
    assert Scan.objects.get().distance_m is None


def test_after_a_month_a_distance_nobody_looks_at_is_deleted(scan: MakeScan) -> None:
    month = 60 * 24 * 30
    old, fresh = scan(month + 60, distance_m=500), scan(month - 60, distance_m=500)
    waiting = scan(month - 120, distance_m=3000)
    look(days=31)
    Scan.objects.filter(pk=waiting.pk).update(received_at=timezone.now() - timedelta(days=40))
    assert forget_distances() == 1
    left = Scan.objects.filter(distance_m__isnull=False)
    assert set(left) == {fresh, waiting}
    assert old not in left


def test_the_nights_sweep_deletes_old_distances(scan: MakeScan) -> None:
    scan(60 * 24 * 31, distance_m=500)
    sweep_scans_of_days()
    assert Scan.objects.get().distance_m is None


# The same through the doors


def test_a_distance_told_at_the_venue_is_looked_at(running: Shift, alice: User) -> None:
    sign_up_for(running, alice.volunteer)
    told = scan_own(
        shift=running, volunteer=alice.volunteer, kind="in", door=Door.VENUE_SCREEN,
        nonce=uuid.uuid4(), by=alice, distance_m=2500,
    )  # fmt: skip
    assert told.is_done
    look()
    assert kinds() == [Kind.FAR_AWAY]


def test_three_who_check_in_by_one_phone_are_let_in_and_looked_at(
    running: Shift, territory: Territory
) -> None:
    for number in range(3):
        person = make_volunteer(user=None, name=f"邻居{number}", community=territory)
        sign_up_for(running, person)
        result = check_in(
            shift=running, volunteer=person, door=Door.VENUE_SCREEN, by=None, browser="one-phone"
        )
        assert result.is_done
    look()
    assert kinds() == [Kind.SHARED_PHONE] * 3


def test_coming_in_at_the_next_place_before_leaving_the_first_is_looked_at(
    running: Shift, activity: Activity, volunteer: Volunteer
) -> None:
    # It begins when the first one ends; its door has been open for an hour before.
    running.ends_at = timezone.now() + 30 * MINUTE
    running.save()
    next_one = make_shift(activity, starts_in=30 * MINUTE + MINUTE)
    sign_up_for(running, volunteer)
    sign_up_for(next_one, volunteer)
    check_in(
        shift=running, volunteer=volunteer, door=Door.CONSOLE, by=None,
        made_at=timezone.now() - 30 * MINUTE,
    )  # fmt: skip
    result = check_in(shift=next_one, volunteer=volunteer, door=Door.CONSOLE, by=None)
    assert (result.outcome, result.is_done) == (Outcome.MOVED_HERE, True)
    look()
    flag = ScanFlag.objects.get()
    assert (flag.kind, flag.shift) == (Kind.TWO_PLACES, next_one)
    assert flag.details["from_shift"] == running.pk

    # It had been scanned there too, by a device that was without a network until now.
    check_out(
        shift=running, volunteer=volunteer, door=Door.CONSOLE, by=None,
        made_at=timezone.now() - 5 * MINUTE,
    )  # fmt: skip
    look()
    assert not ScanFlag.objects.exists()


def test_an_override_is_looked_at_by_somebody_else(
    activity: Activity, volunteer: Volunteer, bao: User
) -> None:
    early = make_shift(activity, starts_in=timedelta(hours=3))
    sign_up_for(early, volunteer)
    result = scan_card(
        shift=early, card="LL0000000018", kind="in", by=bao, override_reason="提前布置场地"
    )
    assert result.is_done
    look()
    flag = ScanFlag.objects.get()
    assert (flag.kind, flag.scan.reason) == (Kind.OVERRIDE, "提前布置场地")
    assert not ScanFlag.objects.of_others(bao).exists()


def test_a_device_that_typed_a_number_and_was_silent_for_long_is_looked_at(
    running: Shift, volunteer: Volunteer, device: Any, bao: User
) -> None:
    sign_up_for(running, volunteer)
    result = scan_card(
        shift=running, card="LL0000000018", kind="in", by=bao, device=device,
        made_at=timezone.now() - 50 * MINUTE,
    )  # fmt: skip
    assert result.is_done
    look()
    assert kinds() == [Kind.SENT_LATE]


def test_a_walk_in_whose_place_was_gone_when_the_scan_arrived_is_looked_at(
    running: Shift, alice: User, device: Any, bao: User
) -> None:
    Shift.objects.filter(pk=running.pk).update(capacity=1, taken=1)
    result = scan_card(
        shift=running, card="LL0000000018", kind="in", by=bao, device=device, is_walk_in=True,
        made_at=timezone.now() - 50 * MINUTE,
    )  # fmt: skip
    assert result.outcome == Outcome.SHIFT_FULL
    look()
    assert kinds() == [Kind.WALK_IN_REFUSED]


def test_an_earlier_check_in_that_arrives_after_the_hours_were_confirmed_is_looked_at(
    activity: Activity, volunteer: Volunteer, device: Any, bao: User
) -> None:
    ended = make_shift(activity, starts_in=timedelta(hours=-3))
    record = serve(ended, volunteer)
    confirm_record(record=record, by=bao)
    check_in(
        shift=ended, volunteer=volunteer, door=Door.CONSOLE, by=bao,
        made_at=ended.starts_at - 20 * MINUTE,
    )  # fmt: skip
    look()
    assert kinds() == [Kind.AFTER_CONFIRMING]
    record.refresh_from_db()
    assert record.state == "confirmed"
