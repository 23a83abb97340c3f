from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.db import transaction

from points.actions.recognition import evaluate_recognition
from points.actions.rewards import redeem_reward
from points.models import Account, CapWindow, Movement, Recognition, Redemption, Reward, Standing
from tests.cast import make_volunteer
from tests.points.conftest import balance_of, settle_all
from volunteers.actions.merges import merge_volunteers
from volunteers.actions.records import correct_record, void_record
from volunteers.models import ServiceRecord, Territory, User, Volunteer

pytestmark = pytest.mark.usefixtures("per_hour", "daily_cap", "sound_ledger")

Make = Callable[..., ServiceRecord]


@pytest.fixture
def old_self(territory: Territory) -> Volunteer:
    return make_volunteer(user=None, name="林爱丽", community=territory)


def merge(kept: Volunteer, merged: Volunteer, by: User) -> None:
    with transaction.atomic():
        merge_volunteers(kept=kept, merged=merged, by=by)
    settle_all()
    while evaluate_recognition():
        pass


def test_points_hours_and_honours_come_along(
    confirmed: Make, alice: User, old_self: Volunteer
) -> None:
    confirmed(60)
    confirmed(120, volunteer=old_self, quality=4, served_on="2026-03-01")
    settle_all()
    evaluate_recognition()
    merge(alice.volunteer, old_self, alice)

    assert balance_of(alice.volunteer) == 30
    assert balance_of(old_self) == 0
    assert Movement.objects.get(kind="merge").points == 20
    standing = Standing.objects.get(volunteer=alice.volunteer)
    assert (standing.served_minutes, standing.served_records, standing.rating_sum) == (180, 2, 4)
    assert Recognition.objects.in_force().get().volunteer == alice.volunteer


def test_one_daily_limit_holds_for_both(confirmed: Make, alice: User, old_self: Volunteer) -> None:
    confirmed(360)
    confirmed(360, volunteer=old_self)
    settle_all()
    assert balance_of(alice.volunteer) + balance_of(old_self) == 120
    merge(alice.volunteer, old_self, alice)

    assert balance_of(alice.volunteer) == 60


def test_one_daily_limit_holds_for_three_that_became_one_after_another(
    confirmed: Make, alice: User, old_self: Volunteer, territory: Territory
) -> None:
    oldest_self = make_volunteer(user=None, name="林爱丽", community=territory)
    for volunteer in (oldest_self, old_self, alice.volunteer):
        confirmed(300, volunteer=volunteer)
    settle_all()
    merge(old_self, oldest_self, alice)
    limit = balance_of(old_self)

    merge(alice.volunteer, old_self, alice)

    assert balance_of(alice.volunteer) == limit
    [window] = CapWindow.objects.filter(over_points__gt=0)
    assert window.earned_points - window.over_points == limit
    assert window.earned_points == 150


def test_a_correction_after_the_merge_takes_from_the_one_account_left(
    confirmed: Make, alice: User, bao: User, old_self: Volunteer
) -> None:
    record = confirmed(120, volunteer=old_self)
    settle_all()
    merge(alice.volunteer, old_self, alice)
    correct_record(record=record, by=bao, credited_minutes=60, reason="早退")
    settle_all()

    assert balance_of(alice.volunteer) == 10


def test_a_debt_comes_along_too(
    confirmed: Make, alice: User, bao: User, old_self: Volunteer
) -> None:
    record = confirmed(120, volunteer=old_self)
    settle_all()
    reward = Reward.objects.create(name="环保袋", price_points=15, stock=3)
    redeem_reward(reward=reward, volunteer=old_self, nonce=uuid.uuid4(), by=bao)
    void_record(record=record, by=bao, reason="代签")
    settle_all()
    merge(alice.volunteer, old_self, alice)

    account = Account.objects.get(volunteer=alice.volunteer)
    assert (account.balance_points, account.debt_points) == (-15, 15)
    assert Redemption.objects.get().volunteer == alice.volunteer
