"""Everything at once, with real threads: hours confirmed and voided, settled, recognised, spent,
given back, sent on, lapsed, merged, proved. Nobody waits in a circle, and the books agree."""

from __future__ import annotations

import contextlib
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from points.actions.badges import change_badge, create_badge
from points.actions.families import FamilyRefused, send_family_points
from points.actions.increments import check_increment
from points.actions.lapsing import lapse_buckets
from points.actions.projects import GiftRefused, create_points_project, give_points
from points.actions.recognition import award_noticed_recognition, evaluate_recognition
from points.actions.refunds import NotWaiting, expire_redemptions, give_back_redemption
from points.actions.rewards import RedemptionRefused, redeem_reward
from points.actions.settlement import settle_owed_records
from points.models import (
    Badge,
    Family,
    FamilyMember,
    LedgerCheck,
    PointsProject,
    Redemption,
    Reward,
)
from tests.cast import make_user, make_volunteer
from tests.points.conftest import make_rule, settle_all
from tests.points.test_settlement_races import run_together
from volunteers.actions.merges import merge_volunteers
from volunteers.actions.records import (
    RecordRefused,
    confirm_records,
    correct_record,
    void_record,
)
from volunteers.models import Organisation, ServiceRecord, Territory, User, Volunteer

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 16
FAMILY = 8
TURNS = 25


@dataclass
class Town:
    """Each method is what one thread does, over and over."""

    people: list[Volunteer]
    records: list[ServiceRecord]
    bao: User
    rui: User
    reward: Reward
    project: PointsProject
    badge: Badge

    def by(self, person: Volunteer) -> User:
        assert person.user is not None
        return person.user

    def organise(self, seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(TURNS):
            some = rng.sample(self.records, 6)
            confirm_records(records=some, by=self.bao, quality=5)
            with contextlib.suppress(RecordRefused):
                correct_record(
                    record=some[0], by=self.rui, credited_minutes=rng.choice((15, 45)),
                    reason="核对",
                )  # fmt: skip
            with contextlib.suppress(RecordRefused):
                void_record(record=some[1], by=self.bao, reason="重复")

    def settle(self) -> None:
        for _ in range(TURNS * 2):
            settle_owed_records(limit=7)
            evaluate_recognition(limit=5)
        award_noticed_recognition()

    def spend(self, seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(TURNS):
            person = rng.choice(self.people)
            who = {"volunteer": person, "by": self.by(person)}
            with contextlib.suppress(RedemptionRefused):
                redeem_reward(reward=self.reward, nonce=uuid.uuid4(), **who)
            with contextlib.suppress(GiftRefused):
                give_points(project=self.project, points=3, nonce=uuid.uuid4(), **who)

    def send(self, seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(TURNS):
            sender, receiver = rng.sample(self.people[:FAMILY], 2)
            with contextlib.suppress(FamilyRefused):
                send_family_points(
                    sender=sender, receiver=receiver, points=2, nonce=uuid.uuid4(),
                    by=self.by(sender),
                )  # fmt: skip

    def give_back(self, seed: int) -> None:
        rng = random.Random(seed)
        for _ in range(TURNS):
            waiting = list(Redemption.objects.waiting()[:5])
            if not waiting:
                continue
            with contextlib.suppress(NotWaiting):
                give_back_redemption(redemption=rng.choice(waiting), by=self.bao)
            late = Redemption.objects.waiting().filter(pk=rng.choice(waiting).pk)
            late.update(expires_at=timezone.now())
            expire_redemptions(limit=3)

    def keep_the_books(self) -> None:
        for number in range(TURNS):
            lapse_buckets(limit=4)
            check_increment(step=40)
            if number % 8 == 0:
                change_badge(badge=self.badge, threshold=2 + number % 3, by=self.bao)

    def merge(self) -> None:
        for one in range(FAMILY, FAMILY + 6, 2):
            with transaction.atomic():
                merge_volunteers(kept=self.people[one], merged=self.people[one + 1], by=self.bao)


@pytest.fixture
def town(
    territory: Territory,
    organisation: Organisation,
    submitted: Callable[..., ServiceRecord],
    bao: User,
    rui: User,
    settings: Any,
) -> Town:
    settings.LINLI_FAMILY_POINTS_A_MONTH = 1_000_000
    make_rule("per_hour", 10, lapse_months=1)
    make_rule("daily_cap", 40)
    make_rule("weekly_cap", 120)
    make_rule("first_service", 20)
    users = [make_user(name=f"志愿者{n}", phone=f"+861390000{n:04d}") for n in range(PEOPLE)]
    people = [make_volunteer(user=user, name=user.name, community=territory) for user in users]
    family = Family.objects.create(name="林家", founded_by=people[0])
    FamilyMember.objects.bulk_create(
        FamilyMember(family=family, volunteer=person, joined_at=timezone.now())
        for person in people[:FAMILY]
    )
    day = timezone.localdate() - timedelta(days=3)
    return Town(
        people=people,
        records=[
            submitted(60 + n % 5 * 30, volunteer=people[n % PEOPLE], served_on=day)
            for n in range(PEOPLE * 8)
        ],
        bao=bao,
        rui=rui,
        reward=Reward.objects.create(name="环保袋", price_points=7, stock=500),
        project=create_points_project(
            name="老人食堂", about="热饭", organisation=organisation, by=bao
        ),
        badge=create_badge(
            slug="three", name="三次", about="三次服务", issuer=organisation, criterion="times",
            threshold=3, by=bao,
        ),
    )  # fmt: skip


def test_a_storm_of_everything_leaves_the_books_right(town: Town) -> None:
    run_together(
        lambda: town.organise(1), lambda: town.organise(2), town.settle, town.settle,
        lambda: town.spend(3), lambda: town.spend(4), lambda: town.send(5),
        lambda: town.give_back(6), town.keep_the_books, town.merge,
    )  # fmt: skip
    settle_all()
    while evaluate_recognition():
        pass

    call_command("check_ledger", verbosity=0)
    assert not LedgerCheck.objects.filter(is_whole=False).exclude(findings={}).exists()
    assert not ServiceRecord.objects.owed().exists()
    assert Volunteer.objects.filter(merged_into__isnull=False).count() == 3
    assert Redemption.objects.exists()
