"""Awards, corrections, voids, redemptions, refunds, lapses and gifts in any order, beside a plain
model that keeps every point as a coin with its day on it. After each step both must agree, and at
each end the ledger must prove itself."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, ClassVar

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cms.seeding.clock import lived_time
from points import buckets
from points.actions.families import accept_invitation, found_family, send_family_points
from points.actions.lapsing import lapse_buckets
from points.actions.projects import create_points_project, give_points
from points.actions.proof import prove_ledger
from points.actions.refunds import expire_redemptions, give_back_redemption
from points.actions.rewards import NotEnoughPoints, redeem_reward
from points.actions.settlement import settle_owed_records
from points.models import Account, Bucket, FamilyMember, PointsProject, Redemption, Reward
from tests.cast import make_user, make_volunteer
from tests.points.conftest import make_rule
from volunteers.actions.records import (
    confirm_record,
    correct_record,
    draft_record,
    submit_record,
    void_record,
)
from volunteers.models import Category, Organisation, ServiceRecord, Territory, User

PEOPLE = 3
PER_HOUR, DAY, WEEK, FIRST, LAPSE_MONTHS = 10, 40, 90, 20, 2
PRICE = 15

Key = date | None


def month_after(day: date, *, months: int) -> date:
    """The first day of the month that many months after the one of `day`."""
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


@dataclass
class Purse:
    """One person's coins: each is the day on which it lapses."""

    coins: list[Key] = field(default_factory=list)
    lapsed: Counter[Key] = field(default_factory=Counter)
    debt: int = 0

    @property
    def balance(self) -> int:
        return len(self.coins) - self.debt

    def take_earliest(self, points: int) -> list[Key]:
        self.coins.sort(key=lambda key: key or date.max)
        taken, self.coins = self.coins[:points], self.coins[points:]
        return taken

    def put(self, key: Key, points: int, *, today: date) -> None:
        if key is not None and key <= today:
            key = month_after(today, months=2)
        self.coins += [key] * points

    def repay(self) -> None:
        self.debt -= len(self.take_earliest(self.debt))

    def take_back(self, key: Key, points: int) -> int:
        """Out of its own day, then out of what lapsed of that day; returns what is missing."""
        for _ in range(points):
            if key in self.coins:
                self.coins.remove(key)
            elif self.lapsed[key]:
                self.lapsed[key] -= 1
            else:
                break
            points -= 1
        return points

    def change(self, changes: dict[Key, int], *, today: date) -> None:
        for key in sorted(changes, key=lambda key: key or date.max):
            if changes[key] >= 0:
                self.put(key, changes[key], today=today)
            else:
                self.debt += self.take_back(key, -changes[key])
        self.repay()

    def lapse(self, *, today: date) -> None:
        over = [key for key in self.coins if key is not None and key <= today]
        self.lapsed.update(over)
        self.coins = [key for key in self.coins if key is None or key > today]


@dataclass
class Hours:
    """A record as the model sees it, and what it has been given."""

    person: int
    day: date
    minutes: int
    key: Key
    counts: bool = True
    is_owed: bool = True
    was_counted: bool = False
    given: int = 0
    given_key: Key = None

    @property
    def worth(self) -> int:
        return self.minutes * PER_HOUR // 60 if self.counts else 0


class Ledger(RuleBasedStateMachine):
    ground: ClassVar[dict[str, Any]]
    sources = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.now = timezone.now()
        self.lived = lived_time(self.now)
        self.clock = self.lived.__enter__()
        self.first_day = timezone.localdate() - timedelta(days=20)
        self.users = [
            make_user(name=f"志愿者{n}", phone=f"+861390000{n:04d}") for n in range(PEOPLE)
        ]
        self.people = [
            make_volunteer(user=user, name=user.name, community=self.ground["territory"])
            for user in self.users
        ]
        self._found_family()
        self.purses = [Purse() for _ in range(PEOPLE)]
        self.hours: dict[int, Hours] = {}
        self.days: Counter[tuple[int, date]] = Counter()
        self.weeks: Counter[tuple[int, date]] = Counter()
        self.served: Counter[int] = Counter()
        self.waiting: dict[int, tuple[int, list[Key]]] = {}
        self.given = self.redeemed = 0

    def _found_family(self) -> None:
        family = found_family(volunteer=self.people[0], name="林家", by=self.users[0])
        for volunteer, user in zip(self.people[1:], self.users[1:], strict=True):
            member = FamilyMember.objects.create(family=family, volunteer=volunteer)
            accept_invitation(invitation=member, by=user)

    def teardown(self) -> None:
        try:
            wrong = [finding for finding in prove_ledger() if finding.rows]
            assert wrong == []
        finally:
            self.lived.__exit__(None, None, None)
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    @property
    def today(self) -> date:
        return timezone.localdate()

    def some(self, ids: list[int], choice: int) -> int:
        return ids[choice % len(ids)]

    # Hours

    @rule(person=st.integers(0, PEOPLE - 1), day=st.integers(0, 9), minutes=st.integers(1, 40))
    def confirm(self, person: int, day: int, minutes: int) -> None:
        served_on = self.first_day + timedelta(days=day)
        record = draft_record(
            volunteer=self.people[person],
            organisation=self.ground["organisation"],
            source=f"machine:{next(self.sources)}",
            activity_name="夜巡",
            category=self.ground["category"],
            served_on=served_on,
            credited_minutes=minutes * 10,
            by=None,
        )
        submit_record(record=record, by=None)
        confirm_record(record=record, by=self.ground["bao"])
        key = month_after(self.today, months=LAPSE_MONTHS + 1)
        self.hours[record.pk] = Hours(person, served_on, minutes * 10, key)

    def counted(self) -> list[int]:
        return [number for number, hours in self.hours.items() if hours.counts]

    def _correct(self, record: ServiceRecord, minutes: int) -> None:
        correct_record(
            record=record, by=self.ground["rui"], credited_minutes=minutes, reason="核对"
        )

    @precondition(lambda self: self.counted())
    @rule(choice=st.integers(0, 99), share=st.integers(1, 9))
    def correct_downwards(self, choice: int, share: int) -> None:
        number = self.some(self.counted(), choice)
        hours = self.hours[number]
        minutes = hours.minutes * share // 10
        if minutes == hours.minutes:
            return
        record = ServiceRecord.objects.get(pk=number)
        correct_record(
            record=record, by=self.ground["rui"], credited_minutes=minutes, reason="早退"
        )
        hours.minutes, hours.is_owed = minutes, True

    @precondition(lambda self: self.counted())
    @rule(choice=st.integers(0, 99), more=st.integers(1, 120))
    def correct_upwards_by_two(self, choice: int, more: int) -> None:
        """More than the doors saw waits for a second person, and comes back with a new date."""
        number = self.some(self.counted(), choice)
        hours = self.hours[number]
        record = ServiceRecord.objects.get(pk=number)
        minutes = hours.minutes + more
        correct_record(
            record=record, by=self.ground["rui"], credited_minutes=minutes, reason="补记"
        )
        hours.minutes, hours.counts, hours.is_owed = minutes, False, True
        if more % 2:
            self.settle(limit=1000)
        confirm_record(record=record, by=self.ground["bao"])
        hours.counts, hours.is_owed = True, True
        hours.key = month_after(self.today, months=LAPSE_MONTHS + 1)

    @precondition(lambda self: self.counted())
    @rule(choice=st.integers(0, 99))
    def void(self, choice: int) -> None:
        number = self.some(self.counted(), choice)
        record = ServiceRecord.objects.get(pk=number)
        void_record(record=record, by=self.ground["bao"], reason="代签")
        self.hours[number].counts, self.hours[number].is_owed = False, True

    @rule(limit=st.sampled_from([1, 2, 3, 1000]))
    def settle(self, limit: int) -> None:
        batch = sorted(number for number, hours in self.hours.items() if hours.is_owed)[:limit]

        assert settle_owed_records(limit=limit) == len(batch)
        self._settle([self.hours[number] for number in batch])

    def _settle(self, batch: list[Hours]) -> None:
        changes: dict[int, dict[Key, int]] = defaultdict(lambda: defaultdict(int))
        by_day: dict[tuple[int, date], list[tuple[int, Key]]] = defaultdict(list)
        for hours in batch:
            change = hours.worth - hours.given
            if change:
                key = hours.given_key if change < 0 else hours.key
                hours.given, hours.given_key = hours.worth, key
                changes[hours.person][key] += change
                by_day[hours.person, hours.day].append((change, key))
        left = self._limit(by_day, self.days, most=DAY, changes=changes)
        by_week: dict[tuple[int, date], list[tuple[int, Key]]] = defaultdict(list)
        for (person, day), change, key in left:
            by_week[person, day - timedelta(days=day.weekday())].append((change, key))
        self._limit(by_week, self.weeks, most=WEEK, changes=changes)
        self._first_service(batch, changes)
        for person, by_key in changes.items():
            self.purses[person].change(by_key, today=self.today)

    def _limit(
        self,
        asked: dict[tuple[int, date], list[tuple[int, Key]]],
        windows: Counter[tuple[int, date]],
        *,
        most: int,
        changes: dict[int, dict[Key, int]],
    ) -> list[tuple[tuple[int, date], int, Key]]:
        left = []
        for window, parts in asked.items():
            points = sum(change for change, _key in parts)
            if points == 0:
                continue
            key = max(key for _change, key in parts if key)
            before = max(0, windows[window] - most)
            windows[window] += points
            over = max(0, windows[window] - most) - before
            if over:
                changes[window[0]][key] -= over
            left.append((window, points - over, key))
        return left

    def _first_service(self, batch: list[Hours], changes: dict[int, dict[Key, int]]) -> None:
        before = self.served.copy()
        for hours in batch:
            self.served[hours.person] += hours.counts - hours.was_counted
            hours.was_counted, hours.is_owed = hours.counts, False
        for person in {hours.person for hours in batch}:
            had, has = bool(before[person]), bool(self.served[person])
            if had != has:
                changes[person][None] += FIRST if has else -FIRST

    # Spending

    @rule(person=st.integers(0, PEOPLE - 1))
    def redeem(self, person: int) -> None:
        purse = self.purses[person]
        asked = {
            "reward": self.ground["reward"], "volunteer": self.people[person],
            "nonce": uuid.uuid4(), "by": self.users[person],
        }  # fmt: skip
        if purse.balance < PRICE:
            with pytest.raises(NotEnoughPoints):
                redeem_reward(**asked)
            return
        redemption = redeem_reward(**asked)
        self.waiting[redemption.pk] = (person, purse.take_earliest(PRICE))
        self.redeemed += PRICE

    def _refunded(self, number: int) -> None:
        person, coins = self.waiting.pop(number)
        for key, points in Counter(coins).items():
            self.purses[person].put(key, points, today=self.today)
        self.purses[person].repay()
        self.redeemed -= PRICE

    @precondition(lambda self: self.waiting)
    @rule(choice=st.integers(0, 99))
    def give_back(self, choice: int) -> None:
        number = self.some(list(self.waiting), choice)
        redemption = Redemption.objects.get(pk=number)
        give_back_redemption(redemption=redemption, by=self.users[self.waiting[number][0]])
        self._refunded(number)

    @precondition(lambda self: self.waiting)
    @rule()
    def let_expire(self) -> None:
        Redemption.objects.waiting().update(expires_at=timezone.now() - timedelta(minutes=1))
        expire_redemptions()
        for number in sorted(self.waiting):
            self._refunded(number)

    @rule(person=st.integers(0, PEOPLE - 1), points=st.integers(1, 30))
    def give(self, person: int, points: int) -> None:
        if self.purses[person].balance < points:
            return
        give_points(
            project=self.ground["project"], volunteer=self.people[person], points=points,
            nonce=uuid.uuid4(), by=self.users[person],
        )  # fmt: skip
        self.purses[person].take_earliest(points)
        self.given += points

    @rule(
        sender=st.integers(0, PEOPLE - 1),
        receiver=st.integers(0, PEOPLE - 1),
        points=st.integers(1, 30),
    )
    def send_within_the_family(self, sender: int, receiver: int, points: int) -> None:
        if sender == receiver or self.purses[sender].balance < points:
            return
        send_family_points(
            sender=self.people[sender], receiver=self.people[receiver], points=points,
            nonce=uuid.uuid4(), by=self.users[sender],
        )  # fmt: skip
        for key, coins in Counter(self.purses[sender].take_earliest(points)).items():
            self.purses[receiver].put(key, coins, today=self.today)
        self.purses[receiver].repay()

    @rule(days=st.integers(1, 45))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.clock.set(self.now)
        while lapse_buckets(limit=2):
            pass
        for purse in self.purses:
            purse.lapse(today=self.today)

    # What must always hold

    @invariant()
    def both_agree(self) -> None:
        for person, purse in enumerate(self.purses):
            account = Account.objects.filter(volunteer=self.people[person]).first()
            held = (account.balance_points, account.debt_points) if account else (0, 0)
            assert held == (purse.balance, purse.debt)
            buckets = Bucket.objects.filter(account=account, remaining_points__gt=0)
            assert dict(buckets.values_list("lapses_on", "remaining_points")) == Counter(
                purse.coins
            )
            assert purse.debt == 0 or not purse.coins
        project = Account.objects.get(pk=self.ground["project"].account_id)
        assert project.balance_points == self.given
        assert Account.objects.get(kind="redeemed").balance_points == self.redeemed


@pytest.fixture
def ground(
    territory: Territory,
    organisation: Organisation,
    category: Category,
    bao: User,
    rui: User,
    settings: Any,
) -> Iterator[dict[str, Any]]:
    settings.LINLI_FAMILY_POINTS_A_MONTH = 1_000_000
    make_rule("per_hour", PER_HOUR, lapse_months=LAPSE_MONTHS)
    make_rule("daily_cap", DAY)
    make_rule("weekly_cap", WEEK)
    make_rule("first_service", FIRST)
    project: PointsProject = create_points_project(
        name="老人食堂", about="热饭", organisation=organisation, by=bao
    )
    return {
        "territory": territory, "organisation": organisation, "category": category,
        "bao": bao, "rui": rui, "project": project,
        "reward": Reward.objects.create(name="环保袋", price_points=PRICE, stock=100_000),
    }  # fmt: skip


def run(*, max_examples: int) -> None:
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=max_examples,
            stateful_step_count=40,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_ledger_and_a_purse_of_coins_agree_whatever_happens(ground: dict[str, Any]) -> None:
    Ledger.ground = ground
    run(max_examples=40)


def test_the_machine_notices_when_the_last_bucket_is_spent_first(
    ground: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control: a ledger that spends in another order does not pass."""
    Ledger.ground = ground
    earliest_first = buckets.earliest_first
    monkeypatch.setattr(buckets, "earliest_first", lambda keys: earliest_first(keys)[::-1])

    with pytest.raises(Exception, match="assert"):
        run(max_examples=200)
