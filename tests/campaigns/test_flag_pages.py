"""The desk's queues: scans to look at, and no-shows to excuse."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from campaigns.actions.flags import look_over_scans
from campaigns.flag_words import in_words, shifts_named_in, span
from campaigns.models import Attendance, Scan, ScanFlag, Shift
from tests.campaigns.test_attendance import sign_up_for
from tests.campaigns.test_desk import fresh, serve
from tests.cast import make_shift, make_volunteer
from tests.test_accessible_pages import check
from volunteers.actions.absences import note_no_shows
from volunteers.models import NoShow, Organisation, Territory, User, Volunteer

SCANS = reverse("desk_scans")
NO_SHOWS = reverse("desk_no_shows")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def volunteer(alice: User) -> Volunteer:
    return alice.volunteer


@pytest.fixture
def ended(activity: Any) -> Shift:
    return make_shift(activity, starts_in=timedelta(hours=-3))


def keep_scan(shift: Shift, volunteer: Volunteer, minutes_ago: float = 10, **columns: Any) -> Scan:
    at = timezone.now() - minutes_ago * MINUTE
    defaults = {
        "kind": "in", "door": "console", "outcome": "checked_in", "counts": True,
        "made_at": at, "received_at": at,
    }  # fmt: skip
    return Scan.objects.create(shift=shift, volunteer=volunteer, **defaults | columns)


def look() -> None:
    look_over_scans(since=timezone.now() - timedelta(days=3))


@pytest.fixture
def flag(ended: Shift, volunteer: Volunteer) -> ScanFlag:
    keep_scan(ended, volunteer, distance_m=2500, door="venue_poster")
    look()
    return ScanFlag.objects.get()


def decide(client: Client, flag: ScanFlag, verdict: str, remark: str = "", query: str = "") -> Any:
    return client.post(SCANS + query, {"flag": flag.pk, "verdict": verdict, "remark": remark})


def text_of(response: Any) -> str:
    return response.content.decode()


# Sentences


def sentence(flag: ScanFlag) -> str:
    with translation.override("en"):
        return in_words(flag, shifts=shifts_named_in([flag]))


def test_each_kind_is_told_with_its_figures(
    ended: Shift, volunteer: Volunteer, activity: Any, bao: User
) -> None:
    scan = keep_scan(ended, volunteer, distance_m=2500, by=bao, reason="我认识她", proof="number")
    place = "Patroller, 浮山所社区警务室"
    told = {
        "far_away": ({}, "Made about 2.5 km from the place."),
        "too_fast": (
            {"km": 42, "minutes": 4, "from_shift": ended.pk},
            f"Scanned at “{place}” 4 minutes before, 42 km from here.",
        ),
        "shared_phone": ({"people": 6}, "One phone checked in 6 people within twelve hours."),
        "two_places": (
            {"from_shift": ended.pk, "minutes": 125},
            f"Came in here while still in at “{place}”, 2 hours after coming in there.",
        ),
        "override": ({}, "包组织 let them in in spite of the rules: “我认识她”"),
        "sent_late": (
            {"minutes": 47},
            "The card's number was typed, and the scan was sent 47 minutes afterwards.",
        ),
        "after_confirming": (
            {"minutes": 3000},
            "Came 2 days after the hours had been confirmed, and would have made them different.",
        ),
    }
    for kind, (details, words) in told.items():
        flag = ScanFlag(scan=scan, kind=kind, details=details)
        assert sentence(flag) == words


def test_what_is_no_longer_known_is_told_without_figures(
    ended: Shift, volunteer: Volunteer
) -> None:
    scan = keep_scan(ended, volunteer, outcome="shift_full")
    assert "no longer kept" in sentence(ScanFlag(scan=scan, kind="far_away"))
    assert "another place" in sentence(ScanFlag(scan=scan, kind="two_places"))
    assert "in spite of the rules." in sentence(ScanFlag(scan=scan, kind="override"))
    assert "no place was left" in sentence(ScanFlag(scan=scan, kind="walk_in_refused"))
    scan.outcome = "not_eligible"
    assert "is missing" in sentence(ScanFlag(scan=scan, kind="walk_in_refused"))


def test_how_long_is_told_in_the_largest_unit_that_says_something() -> None:
    with translation.override("en"):
        assert [span(minutes) for minutes in (0, 1, 119, 120, 2879, 2880)] == [
            "less than a minute", "1 minute", "119 minutes", "2 hours", "47 hours", "2 days",
        ]  # fmt: skip


# The queue


def test_the_desk_counts_what_somebody_may_decide(
    client: Client, bao: User, rui: User, ended: Shift, volunteer: Volunteer, flag: ScanFlag
) -> None:
    keep_scan(ended, volunteer, is_override=True, by=bao, reason="我认识她")
    look()
    client.force_login(rui)
    response = client.get(reverse("desk"))
    assert response.context["needs"]["scans"] == 2
    assert SCANS in text_of(response)
    client.force_login(bao)
    assert client.get(reverse("desk")).context["needs"]["scans"] == 1


def test_who_is_not_of_the_shift_is_not_named_in_full(
    client: Client, bao: User, ended: Shift, volunteer: Volunteer, territory: Territory
) -> None:
    serve(ended, volunteer)
    stranger = make_volunteer(user=None, name="司马相如", community=territory)
    keep_scan(ended, volunteer, is_override=True)
    keep_scan(
        ended, stranger, is_walk_in=True, counts=False, outcome="shift_full",
        made_at=timezone.now() - 30 * MINUTE,
    )  # fmt: skip
    look()
    client.force_login(bao)
    page = text_of(client.get(SCANS))
    assert volunteer.name in page
    assert "司马相如" not in page


def test_the_newest_comes_first_and_a_kind_can_be_chosen(
    client: Client, bao: User, ended: Shift, volunteer: Volunteer, flag: ScanFlag
) -> None:
    ScanFlag.objects.update(found_at=timezone.now() - timedelta(hours=1))
    keep_scan(ended, volunteer, is_override=True)
    look()
    client.force_login(bao)
    shown = [row["flag"].kind for row in client.get(SCANS).context["rows"]]
    assert shown == ["override", "far_away"]
    chosen = client.get(SCANS, {"kind": "far_away"}).context
    assert [row["flag"].kind for row in chosen["rows"]] == ["far_away"]
    assert {one["value"] for one in chosen["kinds"]} == {"override", "far_away"}
    assert len(client.get(SCANS, {"kind": "nonsense"}).context["rows"]) == 2


def test_all_in_order_takes_one_press_and_keeps_the_filter(
    client: Client, bao: User, flag: ScanFlag
) -> None:
    client.force_login(bao)
    response = decide(client, flag, "fine", query="?kind=far_away")
    assert response.url == f"{SCANS}?kind=far_away"
    flag.refresh_from_db()
    assert (flag.verdict, flag.decided_by) == ("fine", bao)
    decided = client.get(SCANS, {"show": "decided"})
    assert [row["flag"] for row in decided.context["rows"]] == [flag]
    assert bao.name in text_of(decided)


def test_pressing_twice_does_no_harm(client: Client, bao: User, flag: ScanFlag) -> None:
    client.force_login(bao)
    for _press in range(2):
        assert decide(client, flag, "fine", "问过了").status_code == 302
    flag.refresh_from_db()
    assert (flag.verdict, flag.decided_by) == ("fine", bao)


def test_not_in_order_needs_words_and_leads_to_the_hours(
    client: Client, bao: User, ended: Shift, volunteer: Volunteer
) -> None:
    record = serve(ended, volunteer)
    keep_scan(ended, volunteer, is_override=True)
    look()
    flag = ScanFlag.objects.get()
    client.force_login(bao)
    refused = decide(client, flag, "not_fine")
    assert refused.status_code == 422
    assert "remark" in refused.context["rows"][0]["form"].errors
    assert ScanFlag.objects.open().exists()

    response = decide(client, flag, "not_fine", "本人不在现场")
    assert response.url == reverse("desk_record", args=[record.pk])
    assert fresh(record).state == record.state


def test_not_in_order_without_any_hours_stays_in_the_queue(
    client: Client, bao: User, flag: ScanFlag
) -> None:
    client.force_login(bao)
    assert decide(client, flag, "not_fine", "没见过此人").url == SCANS


def test_what_somebody_else_has_just_decided_is_said_so(
    client: Client, bao: User, rui: User, flag: ScanFlag
) -> None:
    client.force_login(rui)
    decide(client, flag, "fine")
    client.force_login(bao)
    response = decide(client, flag, "not_fine", "不对")
    assert response.status_code == 422
    assert len(response.context["refusal"]) == 1
    flag.refresh_from_db()
    assert flag.decided_by == rui


def test_ones_own_scan_has_no_button_and_takes_no_press(
    client: Client, bao: User, ended: Shift, volunteer: Volunteer
) -> None:
    keep_scan(ended, volunteer, is_override=True, by=bao, reason="我认识她")
    look()
    client.force_login(bao)
    assert 'name="verdict"' not in text_of(client.get(SCANS))
    assert decide(client, ScanFlag.objects.get(), "fine").status_code == 422
    assert ScanFlag.objects.open().exists()


@pytest.mark.parametrize("sent", [{}, {"flag": "x"}, {"flag": "9" * 30}, {"verdict": "fine"}])
def test_a_decision_about_nothing_finds_nothing(
    client: Client, bao: User, sent: dict[str, str]
) -> None:
    client.force_login(bao)
    assert client.post(SCANS, sent).status_code == 404


def test_a_verdict_that_does_not_exist_changes_nothing(
    client: Client, bao: User, flag: ScanFlag
) -> None:
    client.force_login(bao)
    assert decide(client, flag, "perhaps").status_code == 422
    assert ScanFlag.objects.open().exists()


def test_another_organisations_queue_does_not_exist(
    client: Client, dai: User, city_staff: User, flag: ScanFlag
) -> None:
    client.force_login(dai)
    assert client.get(SCANS).context["rows"] == []
    assert decide(client, flag, "fine").status_code == 404
    client.force_login(city_staff)
    assert len(client.get(SCANS).context["rows"]) == 1
    assert decide(client, flag, "fine").status_code == 302


def test_a_full_page_asks_the_database_a_fixed_number_of_times(
    client: Client,
    bao: User,
    ended: Shift,
    territory: Territory,
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(20):
        person = make_volunteer(user=None, name=f"邻居{number}", community=territory)
        sign_up = sign_up_for(ended, person)
        Attendance.objects.create(
            sign_up=sign_up, volunteer=person, checked_in_at=timezone.now(), check_in_door="desk"
        )
        keep_scan(ended, person, is_override=True)
    look()
    client.force_login(bao)
    client.get(SCANS)
    with django_assert_max_num_queries(16):
        assert len(client.get(SCANS).context["rows"]) == 20


def test_a_row_refused_is_accessible_and_loses_nothing_typed(
    client: Client, bao: User, ended: Shift, volunteer: Volunteer, flag: ScanFlag
) -> None:
    keep_scan(ended, volunteer, is_override=True, by=bao, reason="我认识她")
    look()
    client.force_login(bao)
    check(text_of(client.get(SCANS)))
    check(text_of(decide(client, flag, "not_fine")))
    page = text_of(decide(client, flag, "perhaps", "问过队长了"))
    check(page)
    assert "问过队长了" in page


# No-shows


@pytest.fixture
def missed(ended: Shift, volunteer: Volunteer, organisation: Organisation) -> NoShow:
    sign_up = sign_up_for(ended, volunteer)
    note_no_shows(
        missed={f"sign_up:{sign_up.pk}": volunteer.pk},
        organisation=organisation,
        missed_on=timezone.localdate(ended.starts_at),
    )
    return NoShow.objects.get()


def test_a_no_show_is_excused_with_the_reason(
    client: Client, bao: User, missed: NoShow, ended: Shift
) -> None:
    client.force_login(bao)
    page = text_of(client.get(NO_SHOWS))
    assert missed.volunteer.name in page
    assert reverse("desk_shift", args=[ended.pk]) in page
    response = client.post(NO_SHOWS, {"no_show": missed.pk, "reason": "送孩子去医院"})
    assert response.url == NO_SHOWS
    assert client.get(NO_SHOWS).context["rows"] == []
    excused = client.get(NO_SHOWS, {"show": "excused"})
    assert len(excused.context["rows"]) == 1
    assert "送孩子去医院" in text_of(excused)


def test_without_a_reason_it_says_so_beside_the_field(
    client: Client, bao: User, missed: NoShow
) -> None:
    client.force_login(bao)
    response = client.post(NO_SHOWS, {"no_show": missed.pk, "reason": ""})
    assert response.status_code == 422
    check(text_of(response))
    assert "reason" in response.context["rows"][0]["form"].errors
    assert NoShow.objects.counting().exists()


def test_an_excuse_given_twice_is_harmless(client: Client, bao: User, missed: NoShow) -> None:
    client.force_login(bao)
    for _press in range(2):
        done = client.post(NO_SHOWS, {"no_show": missed.pk, "reason": "发烧"})
        assert done.status_code == 302
    again = client.post(NO_SHOWS, {"no_show": missed.pk, "reason": "别的"})
    assert again.status_code == 422
    missed.refresh_from_db()
    assert missed.excuse_reason == "发烧"


def test_another_organisations_no_shows_do_not_exist(
    client: Client, dai: User, missed: NoShow
) -> None:
    client.force_login(dai)
    assert client.get(NO_SHOWS).context["rows"] == []
    assert client.post(NO_SHOWS, {"no_show": missed.pk, "reason": "发烧"}).status_code == 404
    assert client.post(NO_SHOWS, {"no_show": "x"}).status_code == 404


def test_a_no_show_without_a_sign_up_is_listed_all_the_same(
    client: Client, bao: User, volunteer: Volunteer, organisation: Organisation
) -> None:
    note_no_shows(
        missed={"seeded": volunteer.pk}, organisation=organisation, missed_on=timezone.localdate()
    )
    client.force_login(bao)
    assert len(client.get(NO_SHOWS).context["rows"]) == 1
