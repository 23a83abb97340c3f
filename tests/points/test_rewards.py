from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from points.actions.rewards import (
    NonceTaken,
    NotEnoughPoints,
    RedemptionRefused,
    RewardGone,
    RewardNotOffered,
    redeem_reward,
)
from points.models import Account, Redemption, Reward
from tests.cast import make_volunteer
from tests.points.conftest import balance_of, settle_all
from tests.points.test_settlement_races import run_together
from volunteers.models import ServiceRecord, Territory, User

Make = Callable[..., ServiceRecord]


def make_reward(**fields: Any) -> Reward:
    return Reward.objects.create(**({"name": "环保袋", "price_points": 15, "stock": 5} | fields))


def test_redeeming_moves_points_and_leaves_the_hours(
    confirmed: Make, alice: User, per_hour: Any, sound_ledger: None
) -> None:
    confirmed(120)
    settle_all()

    redemption = redeem_reward(
        reward=make_reward(), volunteer=alice.volunteer, nonce=uuid.uuid4(), by=alice
    )

    assert balance_of(alice.volunteer) == 5
    assert Account.objects.get(kind="redeemed").balance_points == 15
    assert len(redemption.code) == 8
    assert alice.volunteer.standing.served_minutes == 120


def test_the_same_nonce_redeems_once(
    confirmed: Make, alice: User, per_hour: Any, sound_ledger: None
) -> None:
    confirmed(300)
    settle_all()
    reward, nonce = make_reward(), uuid.uuid4()

    first, second = [
        redeem_reward(reward=reward, volunteer=alice.volunteer, nonce=nonce, by=alice)
        for _ in range(2)
    ]

    assert first == second
    assert balance_of(alice.volunteer) == 35


def test_a_nonce_of_another_reward_is_refused(
    confirmed: Make, alice: User, per_hour: Any, sound_ledger: None
) -> None:
    confirmed(300)
    settle_all()
    nonce = uuid.uuid4()
    redeem_reward(reward=make_reward(), volunteer=alice.volunteer, nonce=nonce, by=alice)

    with pytest.raises(NonceTaken):
        redeem_reward(reward=make_reward(), volunteer=alice.volunteer, nonce=nonce, by=alice)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"stock": 0}, RewardGone),
        ({"is_offered": False}, RewardNotOffered),
        ({"price_points": 21}, NotEnoughPoints),
    ],
)
def test_a_refusal_takes_neither_points_nor_stock(
    confirmed: Make, alice: User, per_hour: Any, sound_ledger: None,
    fields: dict[str, Any], refusal: type[RedemptionRefused],
) -> None:  # fmt: skip
    confirmed(120)
    settle_all()
    reward = make_reward(**fields)

    with pytest.raises(refusal) as refused:
        redeem_reward(reward=reward, volunteer=alice.volunteer, nonce=uuid.uuid4(), by=alice)

    assert str(refused.value)
    reward.refresh_from_db()
    assert reward.taken == 0
    assert balance_of(alice.volunteer) == 20


@pytest.mark.django_db(transaction=True)
def test_thirty_people_and_five_pieces(
    confirmed: Make, territory: Territory, alice: User, per_hour: Any
) -> None:
    people = [
        make_volunteer(user=None, name=f"志愿者{number}", community=territory)
        for number in range(30)
    ]
    for volunteer in people:
        confirmed(90, volunteer=volunteer)
    settle_all()
    reward = make_reward(stock=5)

    def redeem(volunteer: Any) -> str:
        try:
            redeem_reward(reward=reward, volunteer=volunteer, nonce=uuid.uuid4(), by=alice)
        except RewardGone:
            return "gone"
        return "redeemed"

    outcomes = run_together(*[lambda v=volunteer: redeem(v) for volunteer in people])

    assert sorted(outcomes) == ["gone"] * 25 + ["redeemed"] * 5
    assert Redemption.objects.count() == 5
    assert sorted(balance_of(volunteer) for volunteer in people) == [0] * 5 + [15] * 25
    call_command("check_ledger", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_one_person_pressing_everywhere_at_once_never_falls_below_zero(
    confirmed: Make, alice: User, per_hour: Any
) -> None:
    confirmed(200)  # 33 points: enough for two
    settle_all()
    reward = make_reward(stock=50)

    def redeem() -> str:
        try:
            redeem_reward(reward=reward, volunteer=alice.volunteer, nonce=uuid.uuid4(), by=alice)
        except NotEnoughPoints:
            return "too few"
        return "redeemed"

    outcomes = run_together(*[redeem] * 8)

    assert outcomes.count("redeemed") == 2
    assert balance_of(alice.volunteer) == 3
    call_command("check_ledger", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_the_same_press_from_two_threads_is_one_redemption(
    confirmed: Make, alice: User, per_hour: Any
) -> None:
    confirmed(600)
    settle_all()
    reward, nonce = make_reward(), uuid.uuid4()

    redemptions = run_together(
        *[lambda: redeem_reward(reward=reward, volunteer=alice.volunteer, nonce=nonce, by=alice)]
        * 6
    )

    assert len({redemption.pk for redemption in redemptions}) == 1
    assert balance_of(alice.volunteer) == 85
