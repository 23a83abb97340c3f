"""What nobody picks up goes back; and a hand-over and a refund at the same moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from points.actions.lapsing import grace_until, lapse_buckets
from points.actions.pick_up import (
    HandedOverAlready,
    PickUpExpired,
    PickUpRefused,
    collect_redemption,
)
from points.actions.refunds import (
    NotWaiting,
    expire_redemptions,
    give_back_redemption,
    withdraw_redemption,
)
from points.models import Bucket, PickUpPlace, Redemption, Reward
from points.tasks import sweep_redemptions
from tests.cast import make_volunteer
from tests.points.conftest import balance_of
from tests.points.rewards_cast import give, make_place, make_reward, redeem
from tests.points.test_settlement_races import run_together
from volunteers.actions.leaving import close_account
from volunteers.models import Territory, User, Volunteer

ENGLISH = {"accept-language": "en"}


@pytest.fixture
def place(db: None) -> PickUpPlace:
    return make_place()


@pytest.fixture
def reward(place: PickUpPlace) -> Reward:
    return make_reward(places=[place])


@pytest.fixture
def waiting(reward: Reward, alice: User) -> Redemption:
    give(alice.volunteer, 40)
    return redeem(reward, alice.volunteer, alice)


def let_it_be_late(redemption: Redemption) -> None:
    Redemption.objects.filter(pk=redemption.pk).update(expires_at=timezone.now())


# Nobody came


def test_what_nobody_picks_up_goes_back_by_itself(
    waiting: Redemption, reward: Reward, alice: User, sound_ledger: None
) -> None:
    sweep_redemptions()
    waiting.refresh_from_db()
    assert waiting.state == "waiting"
    let_it_be_late(waiting)

    for _ in range(2):
        sweep_redemptions()

    waiting.refresh_from_db()
    reward.refresh_from_db()
    assert (waiting.state, waiting.refund_reason, reward.taken) == ("refunded", "expired", 0)
    assert balance_of(alice.volunteer) == 40


def test_a_refund_returns_to_the_buckets_the_points_came_from(
    alice: User, reward: Reward, sound_ledger: None
) -> None:
    today = timezone.localdate()
    soon, later = today + timedelta(days=10), today + timedelta(days=300)
    give(alice.volunteer, 10, lapses_on=soon)
    give(alice.volunteer, 30, lapses_on=later)
    give_back_redemption(redemption=redeem(reward, alice.volunteer, alice), by=alice)

    assert _buckets(alice.volunteer) == {soon: 10, later: 30}


def test_what_lapsed_meanwhile_comes_back_with_days_of_grace(
    alice: User, reward: Reward, sound_ledger: None
) -> None:
    today = timezone.localdate()
    soon, later = today + timedelta(days=10), today + timedelta(days=300)
    give(alice.volunteer, 12, lapses_on=soon)
    give(alice.volunteer, 30, lapses_on=later)
    redemption = redeem(reward, alice.volunteer, alice)
    Bucket.objects.filter(lapses_on=soon).update(lapses_on=today - timedelta(days=1))
    lapse_buckets()
    give_back_redemption(redemption=redemption, by=alice)

    buckets = {day: points for day, points in _buckets(alice.volunteer).items() if points}
    assert buckets == {grace_until(today): 12, later: 30}


def test_what_never_lapsed_never_lapses(
    waiting: Redemption, alice: User, sound_ledger: None
) -> None:
    withdraw_redemption(redemption=waiting, why="停办", by=alice)

    assert _buckets(alice.volunteer) == {None: 40}


def test_one_that_cannot_be_refunded_keeps_nobody_else_waiting(
    waiting: Redemption, reward: Reward, alice: User
) -> None:
    second = redeem(reward, alice.volunteer, alice)
    Redemption.objects.update(expires_at=timezone.now())
    Reward.objects.filter(pk=reward.pk).update(taken=1)  # the second refund would fall below zero

    assert expire_redemptions() == 1
    assert expire_redemptions() == 0
    states = Redemption.objects.filter(pk__in=[waiting.pk, second.pk])
    assert sorted(states.values_list("state", flat=True)) == ["refunded", "waiting"]


def test_closing_the_account_frees_what_waited(
    waiting: Redemption, reward: Reward, alice: User, sound_ledger: None
) -> None:
    close_account(user=alice, by=alice)

    waiting.refresh_from_db()
    reward.refresh_from_db()
    assert (waiting.state, reward.taken) == ("refunded", 0)


# At the same moment


@pytest.mark.django_db(transaction=True)
def test_two_phones_hand_over_once(waiting: Redemption, place: PickUpPlace) -> None:
    def press() -> str:
        try:
            collect_redemption(code=waiting.code, partner=place.partner)
        except HandedOverAlready:
            return "already"
        return "handed over"

    outcomes = run_together(*[press] * 6)

    assert sorted(outcomes) == ["already"] * 5 + ["handed over"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rival", ["owner", "sweep"])
def test_a_hand_over_and_a_refund_at_the_same_moment_exactly_one_wins(
    rival: str, reward: Reward, place: PickUpPlace, alice: User
) -> None:
    """Of the sweep, time stands at the edge: it is over for the sweep a moment before the check."""
    rounds = 12
    Reward.objects.filter(pk=reward.pk).update(stock=100)
    won = []
    for _ in range(rounds):
        give(alice.volunteer, 15)
        before = balance_of(alice.volunteer)
        redemption = redeem(reward, alice.volunteer, alice)
        if rival == "sweep":
            at = timezone.now() + timedelta(milliseconds=30)
            Redemption.objects.filter(pk=redemption.pk).update(expires_at=at)

        def hand(redemption: Redemption = redemption) -> bool:
            try:
                collect_redemption(code=redemption.code, partner=place.partner)
            except PickUpRefused:
                return False
            return True

        def refund(redemption: Redemption = redemption) -> bool:
            if rival == "owner":
                try:
                    give_back_redemption(redemption=redemption, by=alice)
                except NotWaiting:
                    return False
                return True
            # Again and again, as beat does, until the row is not waiting any more.
            swept = 0
            while Redemption.objects.waiting().filter(pk=redemption.pk).exists():
                swept += expire_redemptions()
            return swept == 1

        outcome = run_together(hand, refund)
        assert sorted(outcome) == [False, True]
        redemption.refresh_from_db()
        assert redemption.state == ("collected" if outcome[0] else "refunded")
        assert balance_of(alice.volunteer) == before - 15 * outcome[0]
        won.append(outcome[0])
        give(alice.volunteer, 15 * outcome[0] or 1)
    reward.refresh_from_db()
    assert reward.taken == sum(won)
    call_command("check_ledger", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_holds_the_row_beats_the_partner_who_waits_for_it(
    waiting: Redemption, place: PickUpPlace, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The partner has looked (it waits), the sweep takes the row, the partner asks for the lock."""
    from points.actions import pick_up

    looked = pick_up.find_waiting

    def slow(**kwargs: Any) -> Redemption:
        found = looked(**kwargs)
        run_together(lambda: (let_it_be_late(waiting), expire_redemptions()))
        return found

    monkeypatch.setattr(pick_up, "find_waiting", slow)
    with pytest.raises(PickUpExpired):
        collect_redemption(code=waiting.code, partner=place.partner)
    assert balance_of(alice.volunteer) == 40


@pytest.mark.django_db(transaction=True)
def test_several_sweeps_refund_each_once(reward: Reward, alice: User, territory: Territory) -> None:
    people = [
        make_volunteer(user=None, name=f"志愿者{number}", community=territory)
        for number in range(10)
    ]
    Reward.objects.filter(pk=reward.pk).update(stock=100)
    for volunteer in people:
        give(volunteer, 30)
        for _ in range(2):
            redeem(reward, volunteer, alice)
    Redemption.objects.update(expires_at=timezone.now())

    assert sum(run_together(*[expire_redemptions] * 4)) + expire_redemptions() == 20
    assert {balance_of(volunteer) for volunteer in people} == {30}
    call_command("check_ledger", verbosity=0)


def _buckets(volunteer: Volunteer) -> dict[Any, int]:
    rows = Bucket.objects.filter(account__volunteer=volunteer)
    return dict(rows.values_list("lapses_on", "remaining_points"))
