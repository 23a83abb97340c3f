from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file

from points.actions.catalogue import StockBelowTaken, change_reward
from points.actions.refunds import give_back_redemption
from points.actions.rewards import (
    LimitReached,
    MonthLimitReached,
    NonceTaken,
    NotEnoughPoints,
    OfferNotBegun,
    OfferOver,
    OnlyForResidents,
    OnlyForStudents,
    RedemptionRefused,
    RewardGone,
    RewardNotOffered,
    StarLevelNeeded,
    redeem_reward,
)
from points.models import Account, Redemption, Reward
from tests.cast import make_territory, make_volunteer
from tests.points.conftest import balance_of, settle_all
from tests.points.rewards_cast import give, make_place, make_reward, redeem
from tests.points.test_settlement_races import run_together
from volunteers.models import (
    Organisation,
    ServiceRecord,
    StudentAffiliation,
    Territory,
    User,
    Volunteer,
)

Make = Callable[..., ServiceRecord]

PEOPLE, PIECES, AT_ONCE = 200, 20, 32


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


# Who may have it, and how many


def test_a_person_has_as_many_as_the_limit_says_and_a_returned_one_does_not_count(
    alice: User, sound_ledger: None
) -> None:
    give(alice.volunteer, 100)
    reward = make_reward(limit_per_person=2)
    redeem(reward, alice.volunteer, alice)
    second = redeem(reward, alice.volunteer, alice)

    with pytest.raises(LimitReached, match="2"):
        redeem(reward, alice.volunteer, alice)
    give_back_redemption(redemption=second, by=alice)

    redeem(reward, alice.volunteer, alice)
    assert balance_of(alice.volunteer) == 70


def test_the_months_limit_begins_anew_with_the_citys_month(alice: User, sound_ledger: None) -> None:
    give(alice.volunteer, 100)
    reward = make_reward(limit_per_month=1)
    redemption = redeem(reward, alice.volunteer, alice)
    with pytest.raises(MonthLimitReached, match="1"):
        redeem(reward, alice.volunteer, alice)

    # A minute before midnight in Qingdao: the month before, though in UTC it was eight hours ago.
    first = timezone.make_aware(
        datetime.combine(timezone.localdate().replace(day=1), datetime.min.time())
    )
    Redemption.objects.filter(pk=redemption.pk).update(redeemed_at=first)
    with pytest.raises(MonthLimitReached):
        redeem(reward, alice.volunteer, alice)
    Redemption.objects.filter(pk=redemption.pk).update(redeemed_at=first - timedelta(minutes=1))

    assert redeem(reward, alice.volunteer, alice).pk != redemption.pk


def test_an_area_is_its_branch_of_the_tree_in_the_same_system_of_codes(
    alice: User, district: Territory, sound_ledger: None
) -> None:
    give(alice.volunteer, 100)
    next_door = make_territory(level=3, code="370203", name="市北区", parent=district.parent)
    namesake = Territory.objects.create(
        code_system="civil", code_version="2023", code=district.code, level=3, name="市南区",
        path=district.path,
    )  # fmt: skip
    for elsewhere in (next_door, namesake):
        with pytest.raises(OnlyForResidents, match=elsewhere.name):
            redeem(make_reward(territory=elsewhere), alice.volunteer, alice)

    assert redeem(make_reward(territory=district), alice.volunteer, alice)


def test_students_are_those_whose_campus_is_proven(
    alice: User, university: Organisation, sound_ledger: None
) -> None:
    give(alice.volunteer, 100)
    reward = make_reward(students_only=True)
    student = StudentAffiliation.objects.create(
        volunteer=alice.volunteer, university=university, student_number="S1"
    )
    with pytest.raises(OnlyForStudents):
        redeem(reward, alice.volunteer, alice)
    student.proof, student.verified_at = "roster", timezone.now()
    student.save()

    assert redeem(reward, alice.volunteer, alice)


def test_a_star_level_opens_what_asks_for_it(alice: User, sound_ledger: None) -> None:
    give(alice.volunteer, 100)
    reward = make_reward(min_star_level=2)
    stale = alice.volunteer
    with pytest.raises(StarLevelNeeded, match="2"):
        redeem(reward, stale, alice)
    Volunteer.objects.filter(pk=stale.pk).update(star_level=2)

    assert redeem(reward, stale, alice)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [({"offered_from": 1}, OfferNotBegun), ({"offered_until": -1}, OfferOver)],
)
def test_an_offer_holds_from_its_first_to_its_last_day(
    alice: User, sound_ledger: None, fields: dict[str, int], refusal: type[RedemptionRefused]
) -> None:
    give(alice.volunteer, 100)
    today = timezone.localdate()
    days = {name: today + timedelta(days=away) for name, away in fields.items()}
    with pytest.raises(refusal):
        redeem(make_reward(**days), alice.volunteer, alice)

    assert redeem(make_reward(offered_from=today, offered_until=today), alice.volunteer, alice)


def test_an_honour_is_the_persons_at_once(alice: User, sound_ledger: None) -> None:
    give(alice.volunteer, 100)
    redemption = redeem(make_reward(kind="honour"), alice.volunteer, alice)

    assert redemption.state == "collected"
    assert redemption.expires_at is None


def test_what_is_to_be_picked_up_waits_until_the_end_of_its_last_day(
    alice: User, sound_ledger: None
) -> None:
    give(alice.volunteer, 100)
    redemption = redeem(make_reward(pick_up_days=3), alice.volunteer, alice)

    assert redemption.expires_at is not None
    last = timezone.localtime(redemption.expires_at)
    assert (last.date(), last.hour) == (timezone.localdate() + timedelta(days=3), 23)


# The catalogue


def test_the_catalogue_says_why_not_instead_of_a_button(
    client: Client, alice: User, district: Territory
) -> None:
    give(alice.volunteer, 100)
    make_reward(name="一", min_star_level=2)
    make_reward(name="二", territory=make_territory(
        level=3, code="370203", name="市北区", parent=district.parent))  # fmt: skip
    make_reward(name="三", price_points=120)
    taken = make_reward(name="四", limit_per_month=1)
    redeem(taken, alice.volunteer, alice)
    client.force_login(alice)

    page = client.get(reverse("rewards"), headers={"accept-language": "en"}).content.decode()

    for sentence in (
        "From star level 2.",
        "For residents of 市北区.",
        "35 more points are needed",
        "Your limit of 1 this month is reached.",
    ):
        assert sentence in page
    assert 'name="nonce"' not in page


def test_the_catalogue_shows_one_kind_when_asked(client: Client, alice: User) -> None:
    make_reward(name="帆布包")
    make_reward(name="修理课", kind="service")

    page = client.get(reverse("rewards"), {"kind": "service"}).content.decode()

    assert "修理课" in page
    assert "帆布包" not in page
    assert "帆布包" in client.get(reverse("rewards"), {"kind": "nonsense"}).content.decode()


def test_the_catalogue_costs_the_same_however_long_it_is(
    client: Client, alice: User, django_assert_max_num_queries: Any
) -> None:
    give(alice.volunteer, 100)
    for number in range(25):
        picture = get_image_model().objects.create(
            title=f"{number}", file=get_test_image_file(f"{number}.png")
        )
        make_reward(limit_per_month=1, picture=picture, places=[make_place(f"{number}")])
    client.force_login(alice)
    assert client.get(reverse("rewards")).content.decode().count("reward-picture") == 25

    with django_assert_max_num_queries(25):
        client.get(reverse("rewards"))


def test_changing_a_reward_leaves_alone_what_was_taken_meanwhile(
    alice: User, sound_ledger: None
) -> None:
    give(alice.volunteer, 100)
    reward = make_reward(stock=5)
    opened_in_the_admin = Reward.objects.get(pk=reward.pk)
    redeem(reward, alice.volunteer, alice)

    change_reward(reward=opened_in_the_admin, places=[], by=None, name="新名字", stock=3)

    reward.refresh_from_db()
    assert (reward.name, reward.stock, reward.taken) == ("新名字", 3, 1)
    with pytest.raises(StockBelowTaken):
        change_reward(reward=reward, places=[], by=None, stock=0)


# Everybody at once


@pytest.mark.django_db(transaction=True)
def test_two_hundred_people_and_twenty_pieces(territory: Territory, alice: User) -> None:
    """Two hundred threads that start together; as many connections at once as the server gives
    the test (AT_ONCE), the others wait at its door as they would at a pool's."""
    people = [
        make_volunteer(user=None, name=f"志愿者{number}", community=territory)
        for number in range(PEOPLE)
    ]
    for volunteer in people:
        give(volunteer, 15, lapses_on=timezone.localdate() + timedelta(days=100))
    reward = make_reward(stock=PIECES, limit_per_person=1)
    gate, seats = threading.Barrier(PEOPLE), threading.Semaphore(AT_ONCE)

    def press(volunteer: Volunteer) -> str:
        gate.wait(60)
        with seats:
            try:
                redeem(reward, volunteer, alice)
            except RewardGone:
                return "gone"
            finally:
                connections.close_all()
        return "redeemed"

    with ThreadPoolExecutor(PEOPLE) as pool:
        outcomes = list(pool.map(press, people))

    assert outcomes.count("redeemed") == PIECES
    assert outcomes.count("gone") == PEOPLE - PIECES
    reward.refresh_from_db()
    assert reward.taken == Redemption.objects.count() == PIECES
    balances = sorted(balance_of(volunteer) for volunteer in people)
    assert balances == [0] * PIECES + [15] * (PEOPLE - PIECES)
    assert Account.objects.get(kind="redeemed").balance_points == PIECES * 15
    call_command("check_ledger", verbosity=0)
    assert _most_connections() >= AT_ONCE


def _most_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SHOW max_connections")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_persons_limit_holds_against_eight_presses_at_once(alice: User) -> None:
    give(alice.volunteer, 1000)
    reward = make_reward(stock=50, limit_per_person=3)

    def press() -> str:
        try:
            redeem(reward, alice.volunteer, alice)
        except LimitReached:
            return "limit"
        return "redeemed"

    outcomes = run_together(*[press] * 8)

    assert sorted(outcomes) == ["limit"] * 5 + ["redeemed"] * 3
    call_command("check_ledger", verbosity=0)
