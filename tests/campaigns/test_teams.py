"""Teams of a shift: made at the desk; the leader's phone checks in and out who is really there."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from campaigns.actions.attendance import check_in
from campaigns.actions.sign_ups import ask_for_leave
from campaigns.actions.teams import (
    AlreadyInTeam,
    NotOnRoster,
    ShiftEnded,
    TeamNameTaken,
    TeamTooLarge,
    TeamTooSmall,
    dissolve_team,
    form_team,
    nonce_of_member,
)
from campaigns.codes import poster_token, rotating_token
from campaigns.models import Attendance, Scan, Shift, SignUp, Team
from campaigns.models.attendance import Door
from campaigns.permissions import get_team_led_by
from tests.campaigns.test_attendance import sign_up_for
from tests.cast import make_shift, make_volunteer
from volunteers.actions.merges import merge_volunteers
from volunteers.models import User, Volunteer


@pytest.fixture
def running(activity) -> Shift:
    """Began an hour ago, ends in an hour."""
    return make_shift(activity, starts_in=timedelta(hours=-1))


@pytest.fixture
def people(territory) -> list[Volunteer]:
    return [
        make_volunteer(user=None, name=f"邻居{number}", community=territory) for number in range(5)
    ]


@pytest.fixture
def roster(running: Shift, alice: User, people: list[Volunteer]) -> list[SignUp]:
    """Alice and five neighbours hold places."""
    return [sign_up_for(running, person) for person in [alice.volunteer, *people]]


@pytest.fixture
def team(running: Shift, alice: User, people: list[Volunteer], roster: list[SignUp]) -> Team:
    return form(running, alice.volunteer, people[:3])


def form(shift: Shift, leader: Volunteer, members: list[Volunteer], name: str = "一队") -> Team:
    return form_team(shift=shift, name=name, leader=leader, members=members, by=None)


# Making them


def test_a_team_is_three_to_five_people_with_its_leader(running, alice, people, roster):
    with pytest.raises(TeamTooSmall):
        form(running, alice.volunteer, people[:1])
    with pytest.raises(TeamTooSmall):  # the leader counts once
        form(running, alice.volunteer, [alice.volunteer, people[0]])
    with pytest.raises(TeamTooLarge):
        form(running, alice.volunteer, people[:5])
    assert not Team.objects.exists()
    made = form(running, alice.volunteer, people[:4])
    assert made.members.count() == 5
    assert made.leader == alice.volunteer


def test_who_holds_no_place_is_in_no_team(running, alice, people, roster, territory):
    stranger = make_volunteer(user=None, name="路人", community=territory)
    with pytest.raises(NotOnRoster):
        form(running, alice.volunteer, [people[0], stranger])
    SignUp.objects.filter(volunteer=people[1]).update(
        state=SignUp.State.CANCELLED, ended_at=running.starts_at
    )
    with pytest.raises(NotOnRoster):
        form(running, alice.volunteer, people[:2])


def test_nobody_is_in_two_teams(running, alice, people, team):
    with pytest.raises(AlreadyInTeam):
        form(running, people[3], [people[4], people[0]], name="二队")
    assert Team.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_teams_made_at_once_do_not_share_a_member(running, people, roster, alice):
    chosen = [(alice.volunteer, people[:2], "一队"), (people[2], people[1:2] + people[3:4], "二队")]

    def run(number: int) -> str:
        leader, members, name = chosen[number]
        try:
            return form(running, leader, members, name=name).name
        except AlreadyInTeam:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(run, range(2)))
    assert answers.count("refused") == 1
    assert Team.objects.get().members.count() == 3


def test_two_teams_of_a_shift_have_two_names(running, activity, territory, team):
    others = [
        make_volunteer(user=None, name=f"同事{number}", community=territory) for number in range(3)
    ]
    for person in others:
        sign_up_for(running, person)
    with pytest.raises(TeamNameTaken):
        form(running, others[0], others[1:])


def test_a_shift_called_off_gets_no_teams(activity, running, alice, people, roster):
    Shift.objects.filter(pk=running.pk).update(
        state=Shift.State.CANCELLED, cancelled_at=running.starts_at
    )
    with pytest.raises(ShiftEnded):
        form(running, alice.volunteer, people[:2])


def test_a_dissolved_team_leaves_the_places_and_frees_the_people(running, alice, people, team):
    dissolve_team(team=team, by=None)
    assert SignUp.objects.holding().filter(shift=running).count() == 6
    assert form(running, people[0], people[1:3]).members.count() == 3


def test_a_team_follows_its_leader_into_another_registration(
    running, alice, people, team, territory, city_staff
):
    twin = make_volunteer(user=None, name="邻居4", community=territory, phone="+8613800000078")
    dissolve_team(team=team, by=None)
    led = form(running, people[4], people[:2])
    merge_volunteers(kept=twin, merged=people[4], by=city_staff)
    led.refresh_from_db()
    assert led.leader == twin
    assert led.members.filter(volunteer=twin).exists()


# At the desk


@pytest.fixture
def desk(client, bao):
    client.force_login(bao)
    return client


def teams_page(shift: Shift) -> str:
    return reverse("desk_teams", args=[shift.pk])


def test_the_organiser_makes_a_team_from_the_roster(desk, running, roster):
    page = desk.get(teams_page(running)).content.decode()
    assert "checked" not in page
    chosen = {"name": "一队", "leader": roster[0].pk, "members": [own.pk for own in roster[1:4]]}
    response = desk.post(teams_page(running), chosen, follow=True)
    team = Team.objects.get()
    assert team.members.count() == 4
    assert team.made_by is not None
    assert "一队" in response.content.decode()


def test_too_few_people_are_refused_in_words_and_the_ticks_stay(desk, running, roster):
    chosen = {"name": "小队", "leader": roster[0].pk, "members": [roster[1].pk]}
    response = desk.post(teams_page(running), chosen)
    assert response.status_code == 422
    page = response.content.decode()
    assert response.context["form"].errors["members"]
    assert 'value="小队"' in page
    assert re.search(rf'value="{roster[1].pk}"[^>]* checked', page)
    assert not Team.objects.exists()


def test_who_is_in_a_team_is_not_offered_again(desk, running, roster, team):
    form_shown = desk.get(teams_page(running)).context["form"]
    free = {own.volunteer.name for own in form_shown.fields["members"].queryset}
    assert free == {"邻居3", "邻居4"}


def test_who_has_no_account_is_not_offered_as_a_leader(desk, running, alice, roster):
    form_shown = desk.get(teams_page(running)).context["form"]
    offered = [own.volunteer for own in form_shown.fields["leader"].queryset]
    assert offered == [alice.volunteer]


def test_a_team_is_renamed_and_dissolved_and_a_second_press_does_no_harm(desk, running, team):
    desk.post(reverse("desk_team_rename", args=[running.pk, team.pk]), {"name": "先锋队"})
    team.refresh_from_db()
    assert team.name == "先锋队"
    address = reverse("desk_team_dissolve", args=[running.pk, team.pk])
    assert desk.post(address)["Location"] == teams_page(running)
    assert desk.post(address)["Location"] == teams_page(running)
    assert not Team.objects.exists()


def test_the_desk_says_when_a_leader_no_longer_comes(desk, running, activity, alice, people):
    later = make_shift(activity, starts_in=timedelta(minutes=30))
    own = sign_up_for(later, alice.volunteer)
    for person in people:
        sign_up_for(later, person)
    form(later, alice.volunteer, people[:3])
    ask_for_leave(sign_up=own, reason="发烧", by=alice)
    (row,) = desk.get(teams_page(later)).context["rows"]
    assert not row["leads"]
    assert get_team_led_by(alice, later) is None


def test_teams_are_for_the_shifts_own_organisers(client, alice, dai, running, team):
    for outsider in (alice, dai):
        client.force_login(outsider)
        assert client.get(teams_page(running)).status_code in {403, 404}
        client.post(reverse("desk_team_dissolve", args=[running.pk, team.pk]))
    assert Team.objects.exists()


# The leader's phone


def venue(shift: Shift) -> str:
    return reverse("venue_scan", args=[rotating_token(shift=shift)])


def press(client: Any, address: str, **chosen: Any) -> Any:
    chosen = {"kind": "in", "nonce": uuid.uuid4()} | chosen
    return client.post(address, chosen, follow=True)


def outcomes_of(response: Any) -> dict[str, str]:
    return {row.volunteer.name: str(row.result.outcome) for row in response.context["team_results"]}


@pytest.fixture
def phone(client, alice, team):
    client.force_login(alice)
    return client


def test_nobody_is_ticked_beforehand_and_the_page_says_what_a_tick_means(phone, running):
    page = phone.get(venue(running), headers={"accept-language": "en"}).content.decode()
    boxes = re.findall(r'<input[^>]*name="members"[^>]*>', page)
    assert len(boxes) == 3
    assert not [box for box in boxes if "checked" in box]
    assert page.count("button-large") == 1
    assert "you confirm that you see this person here, now" in page
    for name in ("邻居0", "邻居1", "邻居2"):
        assert name in page


def test_one_press_checks_in_the_leader_and_those_who_were_ticked(phone, running, alice, people):
    response = press(phone, venue(running), members=[people[0].pk, people[1].pk])
    assert response.context["result"].outcome == "checked_in"
    assert outcomes_of(response) == {"邻居0": "checked_in", "邻居1": "checked_in"}
    came = {one.volunteer_id: one for one in Attendance.objects.all()}
    assert set(came) == {alice.volunteer.pk, people[0].pk, people[1].pk}
    assert came[alice.volunteer.pk].check_in_door == Door.VENUE_SCREEN
    assert came[people[0].pk].check_in_door == Door.TEAM
    assert came[people[0].pk].checked_in_by == alice


def test_the_same_press_twice_is_one_scan_each(phone, running, people):
    nonce = uuid.uuid4()
    for _time in range(2):
        response = press(phone, venue(running), nonce=nonce, members=[people[0].pk])
        assert outcomes_of(response) == {"邻居0": "checked_in"}
    assert Scan.objects.count() == 2
    assert Scan.objects.filter(nonce=nonce_of_member(nonce, people[0])).count() == 1


def test_who_comes_later_is_checked_in_by_a_later_scan(phone, running, alice, people):
    press(phone, venue(running), members=[people[0].pk])
    page = phone.get(venue(running))
    assert [member.name for member in page.context["team_to_come"]] == ["邻居1", "邻居2"]
    response = press(phone, venue(running), who="team", members=[people[1].pk])
    assert outcomes_of(response) == {"邻居1": "checked_in"}
    assert Scan.objects.filter(volunteer=alice.volunteer).count() == 1


def test_each_is_answered_by_itself(phone, running, people):
    check_in(shift=running, volunteer=people[0], door=Door.CONSOLE, by=None)
    response = press(phone, venue(running), members=[people[0].pk, people[1].pk])
    assert outcomes_of(response) == {"邻居0": "already_in", "邻居1": "checked_in"}


def test_the_leader_checks_out_those_who_leave_and_may_stay(phone, running, alice, people):
    press(phone, venue(running), members=[person.pk for person in people[:3]])
    page = phone.get(venue(running))
    assert len(page.context["team_there"]) == 3
    response = press(phone, venue(running), kind="out", who="team", members=[people[0].pk])
    assert outcomes_of(response) == {"邻居0": "checked_out"}
    assert Attendance.objects.get(volunteer=alice.volunteer).is_in
    response = press(phone, venue(running), kind="out", members=[people[1].pk, people[2].pk])
    assert response.context["result"].outcome == "checked_out"
    assert not Attendance.objects.filter(checked_out_at=None).exists()


def test_a_leader_who_has_left_still_checks_out_the_others(phone, running, people):
    press(phone, venue(running), members=[people[0].pk])
    press(phone, venue(running), kind="out")
    page = phone.get(venue(running)).content.decode()
    assert 'name="who" value="team"' in page
    response = press(phone, venue(running), kind="out", who="team", members=[people[0].pk])
    assert outcomes_of(response) == {"邻居0": "checked_out"}


def test_nobody_ticked_is_said_and_nothing_is_scanned(phone, running):
    response = press(phone, venue(running), who="team")
    assert response.status_code == 422
    assert response.context["wrong"]
    assert not Scan.objects.exists()


def test_who_is_not_in_the_team_is_not_checked_in_by_it(phone, running, people):
    response = press(phone, venue(running), members=[people[4].pk])
    assert response.status_code == 422
    assert response.context["wrong"]
    assert not Attendance.objects.exists()


def test_who_leads_nobody_cannot_check_in_others(client, territory, running, team, people):
    from tests.cast import make_user

    user = make_user(name="邻居9", phone="+8613800009009")
    other = make_volunteer(user=user, name="邻居9", community=territory)
    sign_up_for(running, other)
    client.force_login(user)
    assert 'name="members"' not in client.get(venue(running)).content.decode()
    assert press(client, venue(running), members=[people[0].pk]).status_code == 422
    assert not Attendance.objects.exists()


def test_the_answers_of_a_team_are_shown_to_its_leader_only(client, phone, running, people, bao):
    nonce = uuid.uuid4()
    press(phone, venue(running), nonce=nonce, members=[people[0].pk])
    make_volunteer(user=bao, name="包组织", community=None)
    client.force_login(bao)
    page = client.get(venue(running), {"scan": nonce})
    assert not page.context["team_results"]
    assert "邻居0" not in page.content.decode()


def test_a_team_by_the_poster_is_looked_at_as_one_person_is(phone, running, alice, people):
    address = reverse("venue_scan", args=[poster_token(shift=running)])
    response = press(phone, address, members=[people[0].pk])
    assert outcomes_of(response) == {"邻居0": "checked_in"}
    for attendance in Attendance.objects.all():
        assert attendance.review == "poster"
        assert attendance.checked_in_by == alice


def test_what_the_leader_tells_of_the_distance_is_the_leaders_own(phone, running, people):
    place = {"latitude": "36.06", "longitude": "120.38"}
    running.activity.latitude, running.activity.longitude = place.values()
    running.activity.save()
    address = reverse("venue_scan", args=[poster_token(shift=running)])
    press(phone, address, members=[people[0].pk], tells_distance="1", **place)
    assert Scan.objects.get(volunteer=people[0]).distance_m is None
    assert Scan.objects.get(volunteer=people[0]).browser == ""
