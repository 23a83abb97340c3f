"""A patrol's check points: passed with one's own phone, kept and looked at from the desk."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from campaigns.actions.attendance import check_in, check_out
from campaigns.actions.patrol import (
    NameTaken,
    NotCheckedIn,
    OtherActivity,
    PointOutOfUse,
    VisitMixedUp,
    add_check_point,
    move_check_point,
    rename_check_point,
    renew_check_point_key,
    set_check_point_in_use,
    visit_check_point,
)
from campaigns.codes import (
    check_point_token,
    check_point_url,
    poster_token,
    read_check_point_token,
)
from campaigns.handlers import copy_sign_ups
from campaigns.models import Activity, CheckPoint, CheckPointVisit, Shift
from campaigns.models.attendance import Door
from campaigns.trails import trail_of
from tests.campaigns.test_attendance import sign_up_for
from tests.cast import make_shift, make_user, make_volunteer
from volunteers.actions.merges import merge_volunteers
from volunteers.models import User, Volunteer


@pytest.fixture
def volunteer(alice: User) -> Volunteer:
    return alice.volunteer


@pytest.fixture
def running(activity: Activity) -> Shift:
    return make_shift(activity, starts_in=timedelta(hours=-1))


@pytest.fixture
def gate(activity: Activity) -> CheckPoint:
    return add_check_point(activity=activity, name="北门", name_en="North gate", by=None)


@pytest.fixture
def pond(activity: Activity) -> CheckPoint:
    return add_check_point(activity=activity, name="池塘边", by=None)


@pytest.fixture
def on_patrol(running: Shift, volunteer: Volunteer) -> Any:
    """Alice's attendance: she has a place and is checked in."""
    sign_up_for(running, volunteer)
    return check_in(shift=running, volunteer=volunteer, door=Door.CONSOLE, by=None).attendance


def visit(point: CheckPoint, volunteer: Volunteer, **options: Any) -> CheckPointVisit:
    options = {"nonce": uuid.uuid4(), "by": None} | options
    return visit_check_point(check_point=point, volunteer=volunteer, **options)


def address_of(point: CheckPoint) -> str:
    return reverse("check_point", args=[check_point_token(check_point=point)])


def outcome_of(response: Any) -> str:
    found = re.search(r'data-outcome="([a-z_]+)"', response.content.decode())
    return found[1] if found else ""


def press(client: Any, address: str) -> Any:
    page = client.get(address)
    nonce = re.search(r'name="nonce" value="([^"]+)"', page.content.decode())
    assert nonce, page.content.decode()
    return client.post(address, {"nonce": nonce[1]}, follow=True)


# The code


def test_a_points_code_is_an_address_of_ours_and_opens_that_point(gate, pond):
    assert check_point_url(check_point=gate).endswith(address_of(gate))
    assert read_check_point_token(check_point_token(check_point=gate)) == gate
    assert read_check_point_token(check_point_token(check_point=pond)) == pond


def test_no_changed_character_of_a_points_code_is_accepted(gate):
    token = check_point_token(check_point=gate)
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert read_check_point_token(changed) is None, place


def test_a_venues_code_is_no_points_code_nor_the_other_way_round(client, running, gate):
    assert read_check_point_token(poster_token(shift=running)) is None
    response = client.get(reverse("venue_scan", args=[check_point_token(check_point=gate)]))
    assert response.status_code == 410


@pytest.mark.parametrize("token", ["x", "a" * 20, "%E5%8D%A1", "a" * 300, "a" * 21])
def test_no_token_breaks_the_page(client, organisation, token):
    response = client.get(f"/p/{token}/")
    assert response.status_code == 410
    assert outcome_of(response) == "code_tampered"


# Passing a point


def test_scan_press_and_the_trail_shows_what_is_passed_and_what_is_to_come(
    client, alice, on_patrol, gate, pond
):
    client.force_login(alice)
    response = press(client, address_of(gate))
    assert outcome_of(response) == "visited"
    kept = CheckPointVisit.objects.get()
    assert (kept.check_point, kept.attendance, kept.by) == (gate, on_patrol, alice)
    trail = response.context["trail"]
    assert [point.check_point for point in trail.passed] == [gate]
    assert [point.check_point for point in trail.to_come] == [pond]
    assert f"{timezone.localtime(kept.visited_at):%H:%M}" in response.content.decode()
    assert "池塘边" in response.content.decode()


def test_a_visitor_signs_in_first_and_comes_back(client, gate):
    response = client.get(address_of(gate))
    assert response.status_code == 302
    assert address_of(gate) in unquote(response["Location"])


def test_an_account_without_a_profile_is_led_to_it_and_back(client, gate):
    client.force_login(make_user(name="新人", phone="+8613800009999"))
    response = client.get(address_of(gate))
    assert response["Location"].startswith(reverse("my_profile"))
    assert address_of(gate) in unquote(response["Location"])


def test_no_place_is_asked_for_on_the_way(client, alice, on_patrol, gate):
    client.force_login(alice)
    page = client.get(address_of(gate)).content.decode()
    assert "latitude" not in page
    assert "venue-scan.js" not in page


def test_the_same_point_within_five_minutes_is_one_visit(volunteer, on_patrol, gate):
    first = visit(gate, volunteer)
    assert visit(gate, volunteer) == first
    CheckPointVisit.objects.update(visited_at=timezone.now() - timedelta(minutes=5, seconds=1))
    assert visit(gate, volunteer) != first
    assert CheckPointVisit.objects.count() == 2


def test_the_same_press_sent_twice_is_one_visit_however_late(volunteer, on_patrol, gate):
    nonce = uuid.uuid4()
    first = visit(gate, volunteer, nonce=nonce)
    CheckPointVisit.objects.update(visited_at=timezone.now() - timedelta(minutes=30))
    assert visit(gate, volunteer, nonce=nonce) == first
    assert CheckPointVisit.objects.count() == 1


def test_one_press_cannot_stand_for_another_point(volunteer, on_patrol, gate, pond):
    nonce = uuid.uuid4()
    visit(gate, volunteer, nonce=nonce)
    with pytest.raises(VisitMixedUp):
        visit(pond, volunteer, nonce=nonce)


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_are_one_visit(volunteer, on_patrol, gate):
    def run(_number: int) -> int:
        try:
            return visit(gate, volunteer).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        seen = set(pool.map(run, range(6)))
    assert len(seen) == 1
    assert CheckPointVisit.objects.count() == 1


# Refused, each in its own words


def test_who_is_not_checked_in_is_told_so_before_and_at_the_press(client, alice, running, gate):
    sign_up_for(running, alice.volunteer)
    client.force_login(alice)
    page = client.get(address_of(gate))
    assert outcome_of(page) == "not_checked_in"
    assert 'name="nonce"' not in page.content.decode()
    forced = client.post(address_of(gate), {"nonce": uuid.uuid4()})
    assert outcome_of(forced) == "not_checked_in"
    assert not CheckPointVisit.objects.exists()


def test_who_has_gone_home_passes_no_points(running, volunteer, on_patrol, gate):
    check_out(shift=running, volunteer=volunteer, door=Door.CONSOLE, by=None)
    with pytest.raises(NotCheckedIn):
        visit(gate, volunteer)


def test_a_point_of_another_activity_is_not_on_the_way(campaign, volunteer, on_patrol):
    elsewhere = Activity.objects.create(campaign=campaign, role="劝导员", place="路口")
    point = add_check_point(activity=elsewhere, name="路口", by=None)
    with pytest.raises(OtherActivity):
        visit(point, volunteer)


def test_a_point_out_of_use_takes_no_visits_and_is_not_to_come(client, alice, on_patrol, gate):
    set_check_point_in_use(check_point=gate, is_in_use=False, by=None)
    with pytest.raises(PointOutOfUse):
        visit(gate, alice.volunteer)
    assert trail_of(on_patrol).points == []
    client.force_login(alice)
    assert outcome_of(client.get(address_of(gate))) == "out_of_use"


def test_a_visit_made_before_stays_when_the_point_goes_out_of_use(volunteer, on_patrol, gate):
    visit(gate, volunteer)
    set_check_point_in_use(check_point=gate, is_in_use=False, by=None)
    (point,) = trail_of(on_patrol).points
    assert point.is_passed
    assert point.number is None


def test_an_old_print_ends_with_a_new_code(client, alice, on_patrol, gate):
    old = address_of(gate)
    renew_check_point_key(check_point=gate, by=None)
    client.force_login(alice)
    response = client.get(old)
    assert response.status_code == 410
    assert outcome_of(response) == "code_tampered"
    assert gate.name not in response.content.decode()


# Where the trail is kept


def test_my_shifts_show_my_round(client, alice, on_patrol, gate):
    visit(gate, alice.volunteer)
    client.force_login(alice)
    assert "北门" in client.get(reverse("my_shifts")).content.decode()


def test_the_copy_of_ones_data_holds_the_points_one_passed(volunteer, on_patrol, gate):
    made = visit(gate, volunteer)
    _part, (sign_up,) = copy_sign_ups(volunteer=volunteer)
    assert sign_up["attendance"]["check_points"] == [
        {"check_point": "北门", "visited_at": made.visited_at.isoformat()}
    ]


def test_visits_follow_the_person_when_two_registrations_become_one(
    territory, volunteer, running, gate, city_staff
):
    twin = make_volunteer(user=None, name="林爱丽", community=territory, phone="+8613800000077")
    sign_up_for(running, twin)
    check_in(shift=running, volunteer=twin, door=Door.CONSOLE, by=None)
    visit(gate, twin)
    merge_volunteers(kept=volunteer, merged=twin, by=city_staff)
    assert CheckPointVisit.objects.get().attendance.volunteer == volunteer
    _part, (sign_up,) = copy_sign_ups(volunteer=volunteer)
    assert sign_up["attendance"]["check_points"][0]["check_point"] == "北门"


# The desk


@pytest.fixture
def desk(client, bao):
    client.force_login(bao)
    return client


def points_page(activity: Activity) -> str:
    return reverse("desk_check_points", args=[activity.pk])


def change(desk: Any, point: CheckPoint, what: str) -> Any:
    return desk.post(reverse("desk_check_point_change", args=[point.pk]), {"change": what})


def test_an_organiser_adds_points_in_the_order_of_the_way(desk, activity):
    for name in ("北门", "池塘边", "南门"):
        desk.post(points_page(activity), {"name": name, "name_en": ""})
    assert [point.name for point in activity.check_points.all()] == ["北门", "池塘边", "南门"]
    assert "池塘边" in desk.get(points_page(activity)).content.decode()


def test_two_points_of_one_name_are_refused_beside_the_field(desk, activity, gate):
    response = desk.post(points_page(activity), {"name": "北门", "name_en": "Another"})
    assert response.status_code == 422
    assert 'value="Another"' in response.content.decode()
    assert response.context["form"].errors["name"]
    assert activity.check_points.count() == 1


def test_a_point_is_renamed_and_its_code_stays_good(desk, gate, pond):
    token = check_point_token(check_point=gate)
    address = reverse("desk_check_point_rename", args=[gate.pk])
    desk.post(address, {"name": "大北门", "name_en": "Great north gate"})
    assert read_check_point_token(token).name == "大北门"
    taken = desk.post(address, {"name": pond.name, "name_en": ""})
    assert taken.status_code == 422
    gate.refresh_from_db()
    assert gate.name == "大北门"


def test_points_change_places_and_the_ends_stay_ends(desk, activity, gate, pond):
    change(desk, pond, "earlier")
    assert list(activity.check_points.all()) == [pond, gate]
    change(desk, pond, "earlier")
    assert list(activity.check_points.all()) == [pond, gate]
    change(desk, pond, "later")
    assert list(activity.check_points.all()) == [gate, pond]


def test_a_point_goes_out_of_use_and_comes_back(desk, gate):
    change(desk, gate, "stop")
    gate.refresh_from_db()
    assert not gate.is_in_use
    change(desk, gate, "resume")
    gate.refresh_from_db()
    assert gate.is_in_use


def test_a_new_code_is_one_press(desk, gate):
    old = check_point_token(check_point=gate)
    change(desk, gate, "new_code")
    assert read_check_point_token(old) is None
    gate.refresh_from_db()
    assert read_check_point_token(check_point_token(check_point=gate)) == gate


def test_a_point_made_by_mistake_is_removed_but_none_that_was_passed(
    desk, activity, volunteer, on_patrol, gate, pond
):
    visit(gate, volunteer)
    change(desk, pond, "remove")
    assert list(activity.check_points.all()) == [gate]
    response = change(desk, gate, "remove")
    assert response.status_code == 302
    assert list(activity.check_points.all()) == [gate]
    assert CheckPointVisit.objects.exists()


def test_what_nobody_knows_changes_nothing(desk, gate):
    assert change(desk, gate, "explode").status_code == 302
    gate.refresh_from_db()
    assert gate.is_in_use


def test_the_posters_are_a_pdf_with_a_page_for_each_point_in_use(desk, activity, gate, pond):
    address = reverse("check_point_posters", args=[activity.pk])
    both = desk.get(address)
    assert both["Content-Type"] == "application/pdf"
    assert pages_of(both.content) == 2
    assert pages_of(desk.get(address, {"point": gate.pk}).content) == 1
    set_check_point_in_use(check_point=pond, is_in_use=False, by=None)
    assert pages_of(desk.get(address).content) == 1


def test_without_a_point_there_is_nothing_to_print_and_the_page_says_so(desk, activity):
    address = reverse("check_point_posters", args=[activity.pk])
    assert desk.get(address)["Location"] == points_page(activity)


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_the_desk_sees_who_passed_where_and_what_nobody_has_passed(
    desk, running, volunteer, on_patrol, gate, pond
):
    visit(gate, volunteer)
    response = desk.get(reverse("desk_patrol", args=[running.pk]))
    assert [point.check_point for point in response.context["open_points"]] == [pond]
    (trail,) = response.context["trails"]
    assert [point.check_point for point in trail.passed] == [gate]
    assert volunteer.name in response.content.decode()


def test_a_shift_without_points_leads_to_setting_them_up(desk, activity, running):
    page = desk.get(reverse("desk_patrol", args=[running.pk])).content.decode()
    assert points_page(activity) in page
    assert reverse("desk_patrol", args=[running.pk]) in desk.get(
        reverse("desk_shift", args=[running.pk])
    ).content.decode()  # fmt: skip


def test_points_are_for_the_activitys_own_organisers(client, alice, dai, chen, activity, gate):
    for outsider in (alice, dai, chen):
        client.force_login(outsider)
        assert client.get(points_page(activity)).status_code in {403, 404}, outsider.name
        address = reverse("desk_check_point_change", args=[gate.pk])
        assert client.post(address, {"change": "stop"}).status_code in {403, 404}
    gate.refresh_from_db()
    assert gate.is_in_use


def test_names_are_once_an_activity_whoever_writes(activity, gate, pond):
    with pytest.raises(NameTaken):
        add_check_point(activity=activity, name="北门", by=None)
    with pytest.raises(NameTaken):
        rename_check_point(check_point=pond, name="北门", by=None)


def test_who_changed_a_point_is_logged(bao, gate, pond):
    from wagtail.models import ModelLogEntry

    move_check_point(check_point=pond, earlier=True, by=bao)
    renew_check_point_key(check_point=pond, by=bao)
    log = ModelLogEntry.objects.for_instance(pond).filter(user=bao)
    assert log.count() == 2
