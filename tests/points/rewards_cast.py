"""Shelves, counters and points in hand, for the tests of rewards and gifts."""

from __future__ import annotations

import itertools
import uuid
from datetime import date
from typing import Any

from django.db import transaction

from points.actions.accounts import get_system_account, lock_accounts, move_points
from points.actions.rewards import redeem_reward
from points.models import Account, Movement, Partner, PickUpPlace, Redemption, Reward
from volunteers.models import User, Volunteer

_numbers = itertools.count()


def make_reward(**fields: Any) -> Reward:
    places = fields.pop("places", [])
    reward = Reward.objects.create(**({"name": "环保袋", "price_points": 15, "stock": 5} | fields))
    reward.places.set(places)
    return reward


def make_place(name: str = "红瓦小屋") -> PickUpPlace:
    return PickUpPlace.objects.create(
        partner=Partner.objects.create(name=name), name=f"{name}柜台", hours="周二至周六"
    )


def give(volunteer: Volunteer, points: int, *, lapses_on: date | None = None) -> None:
    """Points out of nowhere, in the bucket of a day. Inside a transaction or not."""
    with transaction.atomic():
        account = lock_accounts(volunteers=[volunteer])[volunteer.pk]
        move_points(
            debit=get_system_account(Account.Kind.ISSUE),
            credit=account,
            points=points,
            kind=Movement.Kind.AWARD,
            reference=f"test:{next(_numbers)}",
            by=None,
            into={lapses_on: points},
        )


def redeem(reward: Reward, volunteer: Volunteer, by: User) -> Redemption:
    return redeem_reward(reward=reward, volunteer=volunteer, nonce=uuid.uuid4(), by=by)
