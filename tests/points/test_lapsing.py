from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from points.actions.lapsing import lapse_buckets, points_lapsing_soon
from points.actions.notices import note_lapsing, send_next_notice
from points.actions.rewards import NotEnoughPoints, redeem_reward
from points.models import Account, Bucket, LapseNotice, Movement, Reward
from points.tasks import send_lapse_notices
from tests.cast import make_user, make_volunteer
from tests.points.conftest import balance_of, make_rule, settle_all
from tests.points.test_settlement_races import run_together
from volunteers.actions.records import correct_record, void_record
from volunteers.models import PhoneMessage, ServiceRecord, Territory, User, Volunteer
from volunteers.sms import SmsNotSent, send_sms

pytestmark = pytest.mark.usefixtures("sound_ledger")

Make = Callable[..., ServiceRecord]


@pytest.fixture
def lapsing_rule(db: None) -> Any:
    return make_rule("per_hour", 10, lapse_months=24)


def buckets_of(volunteer: Volunteer) -> dict[date | None, int]:
    rows = Bucket.objects.filter(account__volunteer=volunteer)
    return dict(rows.values_list("lapses_on", "remaining_points"))


def let_lapse_on(day: date) -> None:
    """As if the points had been earned long ago: the day alone is moved."""
    Bucket.objects.filter(lapsed_at=None).update(lapses_on=day)


def test_an_award_lapses_at_the_end_of_a_month_years_later(
    lapsing_rule: Any, confirmed: Make, alice: User
) -> None:
    record = confirmed(60)
    at = timezone.make_aware(datetime(2026, 11, 24, 9))
    ServiceRecord.objects.filter(pk=record.pk).update(confirmed_at=at)
    settle_all()

    assert buckets_of(alice.volunteer) == {date(2028, 12, 1): 10}


def test_a_rule_without_a_period_gives_points_that_never_lapse(
    per_hour: Any, confirmed: Make, alice: User
) -> None:
    confirmed(60)
    settle_all()

    assert buckets_of(alice.volunteer) == {None: 10}


def test_points_lapse_on_their_day_and_not_before(
    lapsing_rule: Any, confirmed: Make, alice: User
) -> None:
    confirmed(60)
    settle_all()
    let_lapse_on(timezone.localdate() + timedelta(days=1))
    assert lapse_buckets() == 0

    let_lapse_on(timezone.localdate())
    assert lapse_buckets() == 1
    assert lapse_buckets() == 0

    assert balance_of(alice.volunteer) == 0
    assert Account.objects.get(kind="lapsed").balance_points == 10
    assert Movement.objects.get(kind="lapse").points == 10


def test_an_empty_bucket_lapses_without_a_movement(
    lapsing_rule: Any, confirmed: Make, alice: User, bao: User
) -> None:
    record = confirmed(60)
    settle_all()
    void_record(record=record, by=bao, reason="没有到场")
    settle_all()
    let_lapse_on(timezone.localdate())

    assert lapse_buckets() == 1
    assert not Movement.objects.filter(kind="lapse").exists()


def test_spending_takes_what_lapses_first(lapsing_rule: Any, confirmed: Make, alice: User) -> None:
    confirmed(60)
    settle_all()
    soon = timezone.localdate() + timedelta(days=3)
    let_lapse_on(soon)
    confirmed(60)
    settle_all()
    reward = Reward.objects.create(name="环保袋", price_points=12, stock=3)
    redeem_reward(reward=reward, volunteer=alice.volunteer, nonce=uuid.uuid4(), by=alice)

    held = buckets_of(alice.volunteer)
    assert held.pop(soon) == 0
    assert list(held.values()) == [8]


def test_hours_voided_after_their_points_lapsed_cost_nothing_more(
    lapsing_rule: Any, confirmed: Make, alice: User, bao: User
) -> None:
    record = confirmed(60)
    settle_all()
    # The award's own word for its bucket is what the reversal goes by.
    lapses_on = date.fromisoformat(Movement.objects.get(kind="award").reckoning["lapses_on"])
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE points_bucket SET remaining_points = 0, lapsed_points = 10, lapsed_at = now()"
        )
    Account.objects.filter(volunteer=alice.volunteer).update(balance_points=0)
    lapsed = Account.objects.get(kind="lapsed")
    Account.objects.filter(pk=lapsed.pk).update(balance_points=10)
    Movement.objects.create(
        debit_account=Account.objects.get(volunteer=alice.volunteer), credit_account=lapsed,
        points=10, kind="lapse", reference="lapse:test", happened_at=timezone.now(),
    )  # fmt: skip

    void_record(record=record, by=bao, reason="代签")
    settle_all()

    account = Account.objects.get(volunteer=alice.volunteer)
    assert (account.balance_points, account.debt_points) == (0, 0)
    assert Account.objects.get(kind="lapsed").balance_points == 0
    assert Bucket.objects.get(lapses_on=lapses_on).lapsed_points == 0


def test_a_correction_downwards_comes_out_of_the_same_bucket(
    lapsing_rule: Any, confirmed: Make, alice: User, bao: User
) -> None:
    record = confirmed(120)
    settle_all()
    correct_record(record=record, by=bao, credited_minutes=60, reason="早退")
    settle_all()

    assert list(buckets_of(alice.volunteer).values()) == [10]


def test_an_award_repays_the_debt_before_it_fills_a_bucket(
    lapsing_rule: Any, confirmed: Make, alice: User, bao: User
) -> None:
    spent = confirmed(60)
    settle_all()
    reward = Reward.objects.create(name="环保袋", price_points=10, stock=3)
    redeem_reward(reward=reward, volunteer=alice.volunteer, nonce=uuid.uuid4(), by=alice)
    void_record(record=spent, by=bao, reason="代签")
    settle_all()
    confirmed(90)
    settle_all()

    account = Account.objects.get(volunteer=alice.volunteer)
    assert (account.balance_points, account.debt_points) == (5, 0)
    assert sum(buckets_of(alice.volunteer).values()) == 5


def test_notices_go_out_thirty_and_seven_days_before_and_once_each(
    lapsing_rule: Any, confirmed: Make, alice: User
) -> None:
    confirmed(60)
    settle_all()
    today = timezone.localdate()
    for days, expected in ((31, []), (30, [30]), (20, [30]), (7, [30, 7]), (3, [30, 7])):
        Bucket.objects.update(lapses_on=today + timedelta(days=days))
        note_lapsing()
        note_lapsing()
        assert list(LapseNotice.objects.order_by("id").values_list("days", flat=True)) == expected

    account = Account.objects.get(volunteer=alice.volunteer)
    assert points_lapsing_soon(account=account, within_days=30) == [(today + timedelta(days=3), 10)]


def test_a_notice_is_sent_once_to_the_phone_or_the_mailbox(
    lapsing_rule: Any, confirmed: Make, alice: User
) -> None:
    confirmed(60)
    settle_all()
    Bucket.objects.update(lapses_on=timezone.localdate() + timedelta(days=5))
    note_lapsing()

    assert send_next_notice() == LapseNotice.objects.get().pk
    assert send_next_notice() is None
    [message] = PhoneMessage.objects.all()
    assert message.phone == alice.phone
    assert "10" in message.text

    alice.email = "alice@linli.example"
    alice.save()
    LapseNotice.objects.update(sent_at=None)
    send_next_notice()
    assert mail.outbox[0].to == ["alice@linli.example"]


def test_a_notice_that_cannot_be_sent_holds_up_nobody_behind_it(
    lapsing_rule: Any,
    confirmed: Make,
    alice: User,
    territory: Territory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dai = make_user(name="戴月", phone="13900000077")
    confirmed(60)
    confirmed(60, volunteer=make_volunteer(user=dai, name="戴月", community=territory))
    settle_all()
    Bucket.objects.update(lapses_on=timezone.localdate() + timedelta(days=5))
    note_lapsing()
    refused = alice.phone

    def send(*, phone: str, text: str) -> None:
        if phone == refused:
            raise SmsNotSent
        send_sms(phone=phone, text=text)

    monkeypatch.setattr("points.actions.notices.send_sms", send)
    send_lapse_notices()

    assert PhoneMessage.objects.get().phone == dai.phone
    [waiting] = LapseNotice.objects.filter(sent_at=None)
    assert waiting.bucket.account.volunteer == alice.volunteer

    Bucket.objects.update(lapses_on=timezone.localdate())
    assert send_next_notice() is None  # no news any more


def test_what_is_over_is_not_spent_before_the_sweep_comes(
    lapsing_rule: Any, confirmed: Make, alice: User
) -> None:
    confirmed(120)
    settle_all()
    let_lapse_on(timezone.localdate())
    reward = Reward.objects.create(name="环保袋", price_points=12, stock=3)

    with pytest.raises(NotEnoughPoints):
        redeem_reward(reward=reward, volunteer=alice.volunteer, nonce=uuid.uuid4(), by=alice)

    assert reward.left == 3


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_let_each_bucket_lapse_once(
    lapsing_rule: Any, confirmed: Make, territory: Territory
) -> None:
    people = [make_volunteer(user=None, name=f"志愿者{n}", community=territory) for n in range(20)]
    for volunteer in people:
        confirmed(60, volunteer=volunteer)
    settle_all()
    let_lapse_on(timezone.localdate())

    def sweep() -> int:
        total = 0
        while lapsed := lapse_buckets(limit=3):
            total += lapsed
        return total

    assert sum(run_together(sweep, sweep, sweep)) + sweep() == 20
    assert {balance_of(volunteer) for volunteer in people} == {0}
    assert Account.objects.get(kind="lapsed").balance_points == 200
