"""After some no-shows signing up pauses for a while (E8), and who looks at it can lift it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from campaigns.actions.attendance import scan_card
from campaigns.actions.sign_ups import AlreadySignedUp, CoolingDown, sign_up
from campaigns.cool_down import cool_down_of, day_in_words, reckon_cool_down
from campaigns.eligibility import reasons_against, reasons_against_each, shifts_open_to
from campaigns.models import Activity, Shift, SignUp
from tests.cast import make_shift
from volunteers.actions.absences import excuse_no_show, note_no_shows
from volunteers.models import NoShow, Organisation, User, Volunteer

TODAY = date(2026, 3, 31)


@pytest.fixture
def volunteer(alice: User) -> Volunteer:
    return alice.volunteer


@pytest.fixture
def miss(volunteer: Volunteer, organisation: Organisation) -> Any:
    """`miss(40, 20, 5)`: no-shows so many days ago."""

    def note(*days_ago: int) -> None:
        for days in days_ago:
            note_no_shows(
                missed={f"sign_up:{days}": volunteer.pk},
                organisation=organisation,
                missed_on=timezone.localdate() - timedelta(days=days),
            )

    return note


@pytest.fixture
def tomorrow(activity: Activity) -> Shift:
    return make_shift(activity, starts_in=timedelta(days=1))


def until(*days_ago: int) -> int | None:
    """In how many days signing up opens again; none when it is open."""
    days = [TODAY - timedelta(days=days) for days in days_ago]
    found = reckon_cool_down(days, on=TODAY).until
    return None if found is None else (found - TODAY).days


def sentence(volunteer: Volunteer) -> str:
    with translation.override("en"):
        return cool_down_of(volunteer).sentence


# The rule by itself


def test_three_within_ninety_days_pause_for_thirty_from_the_last() -> None:
    assert until(40, 20, 5) == 25
    assert until(5, 40, 20) == 25
    assert until(20, 5) is None
    assert until() is None


def test_the_first_and_the_last_of_them_lie_within_the_days_that_count() -> None:
    assert until(89, 20, 0) == 30
    assert until(90, 20, 0) is None


def test_it_is_over_thirty_days_after_the_last() -> None:
    assert until(60, 50, 29) == 1
    assert until(60, 50, 30) is None


def test_one_more_after_it_was_over_pauses_again() -> None:
    assert until(80, 70, 60, 1) == 29


def test_the_office_sets_the_numbers_and_may_switch_it_off(settings: Any) -> None:
    settings.LINLI_COOL_DOWN_NO_SHOWS = 0
    assert until(3, 2, 1) is None
    settings.LINLI_COOL_DOWN_NO_SHOWS = 1
    settings.LINLI_COOL_DOWN_DAYS = 7
    assert until(3) == 4


# Signing up


def test_signing_up_is_refused_with_the_day_and_how_to_have_it_looked_at(
    volunteer: Volunteer, tomorrow: Shift, miss: Any
) -> None:
    miss(40, 20, 5)
    with pytest.raises(CoolingDown) as refused, translation.override("en"):
        sign_up(shift=tomorrow, volunteer=volunteer, by=volunteer.user)
    assert refused.value.refusal.code == "cool_down"
    opens_again = timezone.localdate() + timedelta(days=25)
    with translation.override("en"):
        assert day_in_words(opens_again) in str(refused.value)
    assert "organiser" in str(refused.value)
    tomorrow.refresh_from_db()
    assert tomorrow.taken == 0


def test_two_no_shows_close_nothing(volunteer: Volunteer, tomorrow: Shift, miss: Any) -> None:
    miss(20, 5)
    sign_up(shift=tomorrow, volunteer=volunteer, by=volunteer.user)


def test_an_excuse_opens_signing_up_again(
    volunteer: Volunteer, tomorrow: Shift, miss: Any, bao: User
) -> None:
    miss(40, 20, 5)
    excuse_no_show(no_show=NoShow.objects.latest("missed_on"), reason="发烧", by=bao)
    sign_up(shift=tomorrow, volunteer=volunteer, by=volunteer.user)


def test_places_already_held_stay(volunteer: Volunteer, tomorrow: Shift, miss: Any) -> None:
    sign_up(shift=tomorrow, volunteer=volunteer, by=volunteer.user)
    miss(40, 20, 5)
    with pytest.raises(AlreadySignedUp):
        sign_up(shift=tomorrow, volunteer=volunteer, by=volunteer.user)
    assert SignUp.objects.holding().count() == 1


def test_what_was_missed_after_a_moment_does_not_bind_that_moment(
    volunteer: Volunteer, activity: Activity, miss: Any
) -> None:
    miss(12, 11, 10)
    past = make_shift(activity, starts_in=timedelta(days=-20))
    sign_up(shift=past, volunteer=volunteer, by=None, at=past.starts_at - timedelta(days=1))


def test_the_list_the_page_and_the_action_give_one_answer(
    volunteer: Volunteer, tomorrow: Shift, miss: Any
) -> None:
    assert list(shifts_open_to(volunteer)) == [tomorrow]
    miss(40, 20, 5)
    assert not shifts_open_to(volunteer).exists()
    told = reasons_against_each(volunteer=volunteer, shifts=[tomorrow])
    assert [reason.code for reason in told[tomorrow.pk]] == ["cool_down"]
    assert [reason.code for reason in reasons_against(volunteer=volunteer, shift=tomorrow)] == [
        "cool_down"
    ]


def test_who_stands_at_the_door_is_let_in_all_the_same(
    volunteer: Volunteer, activity: Activity, miss: Any, bao: User
) -> None:
    miss(40, 20, 5)
    running = make_shift(activity, starts_in=timedelta(minutes=-10))
    result = scan_card(shift=running, card="LL0000000018", kind="in", by=bao, is_walk_in=True)
    assert result.is_done
    assert SignUp.objects.get().is_walk_in


# What the person reads


def test_it_is_said_before_it_happens(volunteer: Volunteer, miss: Any) -> None:
    assert sentence(volunteer) == ""
    miss(20)
    assert sentence(volunteer).startswith("1 no-show in 90 days; at 3 signing up pauses")
    miss(5)
    assert sentence(volunteer).startswith("2 no-shows in 90 days; at 3 signing up pauses")


def test_once_it_is_over_the_next_one_is_warned_of(volunteer: Volunteer, miss: Any) -> None:
    miss(70, 60, 50)
    assert "with the next one signing up pauses" in sentence(volunteer)


def test_my_shifts_says_how_near_it_is_and_whom_to_ask(
    client: Client, alice: User, organisation: Organisation, miss: Any
) -> None:
    miss(20, 5)
    client.force_login(alice)
    page = client.get(reverse("my_shifts"), headers={"accept-language": "en"}).content.decode()
    assert "2 no-shows in 90 days; at 3 signing up pauses for 30 days." in page
    assert organisation.phone in page
    assert "they can excuse it" in page


def test_my_shifts_says_until_when_it_pauses(client: Client, alice: User, miss: Any) -> None:
    miss(100, 20, 15, 5)
    client.force_login(alice)
    response = client.get(reverse("my_shifts"), headers={"accept-language": "en"})
    with translation.override("en"):
        day = day_in_words(timezone.localdate() + timedelta(days=25))
    assert f"Signing up pauses until {day}" in response.content.decode()
    assert len(response.context["no_shows"]) == 4


def test_who_missed_nothing_reads_nothing_of_it(client: Client, alice: User) -> None:
    client.force_login(alice)
    response = client.get(reverse("my_shifts"))
    assert "cool_down" not in response.context


def test_a_shifts_row_says_it_instead_of_the_button(
    client: Client, alice: User, tomorrow: Shift, miss: Any
) -> None:
    miss(40, 20, 5)
    client.force_login(alice)
    page = client.get(tomorrow.activity.campaign.get_url()).content.decode()
    assert 'data-reason="cool_down"' in page
    assert reverse("shift_sign_up", args=[tomorrow.pk]) not in page


def test_a_press_on_an_old_page_is_answered_with_the_reason(
    client: Client, alice: User, tomorrow: Shift, miss: Any
) -> None:
    miss(40, 20, 5)
    client.force_login(alice)
    response = client.post(
        reverse("shift_sign_up", args=[tomorrow.pk]),
        headers={"accept-language": "en"},
        follow=True,
    )
    assert "Because of no-shows" in response.content.decode()
    assert not SignUp.objects.exists()
