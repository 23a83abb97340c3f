"""The shelf, the counters, the project that takes points, and what residents did with theirs."""

from __future__ import annotations

import random
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone

from cms.demo.texts import words
from cms.seeding.clock import Clock, lived_time
from cms.seeding.ground import find_place
from points.actions.pick_up import collect_redemption, hand_out_redemption
from points.actions.projects import (
    GiftRefused,
    create_points_project,
    give_points,
    spend_project_points,
)
from points.actions.refunds import expire_redemptions, give_back_redemption
from points.actions.rewards import RedemptionRefused, asker_of, redeem_reward, why_not
from points.models import Account, Partner, PickUpPlace, PointsProject, Redemption, Reward
from volunteers.models import Membership, Organisation, User, Volunteer

STAY_RICH = 10  # the first of the list keep theirs: somebody must be able to try
REDEEMERS = 30
GIVERS = 12
HOT_LUNCH = 100
FORGETFUL = 3


def seed_rewards() -> None:
    for row in words()["partner"]:
        _make_partner(row)
    for row in words()["points_project"]:
        if not PointsProject.objects.filter(name=row["name"]).exists():
            create_points_project(by=None, **(row | {"organisation": _organisation(row)}))
    for row in words()["reward"]:
        _make_reward(row)


def live_rewards(*, alice: User) -> None:
    """Two weeks of redeeming and giving, up to now; once."""
    if Redemption.objects.exists():
        return
    rng = random.Random("rewards")
    now = timezone.now()
    people = _people_with_points()
    with lived_time(now) as clock:
        for number, volunteer in enumerate(people[:REDEEMERS]):
            _redeem_something(rng, clock, volunteer, number=number, now=now)
        for volunteer in people[REDEEMERS : REDEEMERS + FORGETFUL]:
            _forget_the_rose(clock, volunteer, now=now)
        clock.set(now)
        expire_redemptions()
        _give_to_project(rng, clock, people[:GIVERS], now=now)
        clock.set(now - timedelta(days=1))
        _redeem(alice.volunteer, _cheapest_to_pick_up())


def _make_partner(row: dict[str, Any]) -> None:
    partner, _made = Partner.objects.get_or_create(
        name=row["name"],
        defaults={
            "name_en": row["name_en"],
            "contact": row["contact"],
            "phone": row["phone"],
            "organisation": _organisation(row),
        },
    )
    PickUpPlace.objects.get_or_create(
        partner=partner,
        name=row["place"],
        defaults={
            "name_en": row["place_en"],
            "address": row["address"],
            "hours": row["hours"],
            "hours_en": row["hours_en"],
        },
    )


def _make_reward(row: dict[str, Any]) -> None:
    fields = dict(row)
    places = fields.pop("places", [])
    fields["offered_by"] = Organisation.objects.get(slug=row["offered_by"])
    if "territory" in fields:
        fields["territory"] = find_place(fields["territory"])
    reward, made = Reward.objects.get_or_create(name=row["name"], defaults=fields)
    if made:
        reward.places.set(PickUpPlace.objects.filter(name__in=places))


def _organisation(row: dict[str, Any]) -> Organisation:
    return Organisation.objects.get(slug=row["organisation"])


def _people_with_points() -> list[Volunteer]:
    """Richest first, without the few who stay rich."""
    accounts = (
        Account.objects.filter(kind=Account.Kind.VOLUNTEER, volunteer__user__isnull=False)
        .select_related("volunteer__user")
        .order_by("-balance_points", "pk")
    )[STAY_RICH : STAY_RICH + REDEEMERS + GIVERS]
    return [account.volunteer for account in accounts if account.volunteer is not None]


def _redeem_something(
    rng: random.Random, clock: Clock, volunteer: Volunteer, *, number: int, now: datetime
) -> None:
    """A third has been to the counter, a few gave it back, the rest still has the code."""
    redeemed_at = now - timedelta(days=rng.uniform(3, 6))
    clock.set(redeemed_at)
    rewards = Reward.objects.offered().prefetch_related(
        Prefetch("places", PickUpPlace.objects.select_related("partner"))
    )
    balance = Account.objects.get(volunteer=volunteer).balance_points
    asker = asker_of(volunteer=volunteer, balance_points=balance)
    possible = [one for one in rewards.order_by("pk") if why_not(reward=one, asker=asker) is None]
    if not possible:
        return
    reward = rng.choice(possible)
    redemption = _redeem(volunteer, reward)
    if redemption is None or redemption.state != Redemption.State.WAITING:
        return
    clock.set(redeemed_at + timedelta(days=rng.uniform(0.5, 2.5)))
    by = volunteer.user
    assert by is not None
    if number % 3 == 0:
        _hand_over(redemption, reward)
    elif number % 7 == 1:
        give_back_redemption(redemption=redemption, by=by)


def _hand_over(redemption: Redemption, reward: Reward) -> None:
    place = next(iter(reward.places.all()), None)
    if place is not None:
        collect_redemption(code=redemption.code, partner=place.partner)
        return
    office = User.objects.filter(is_staff=True).order_by("pk").first()
    if office is not None:
        hand_out_redemption(redemption=redemption, by=office)


def _forget_the_rose(clock: Clock, volunteer: Volunteer, *, now: datetime) -> None:
    """Redeemed and never picked up: its days are over, and the points came back."""
    shortest = Reward.objects.offered().exclude(places=None).order_by("pick_up_days", "pk").first()
    if shortest is None:
        return
    clock.set(now - timedelta(days=shortest.pick_up_days + 2))
    _redeem(volunteer, shortest)


def _give_to_project(
    rng: random.Random, clock: Clock, people: list[Volunteer], *, now: datetime
) -> None:
    project = PointsProject.objects.open().select_related("account", "organisation").first()
    if project is None:
        return
    for number, volunteer in enumerate(people):
        clock.set(now - timedelta(days=len(people) - number))
        assert volunteer.user is not None
        try:
            give_points(
                project=project,
                volunteer=volunteer,
                points=rng.choice((10, 20, 30, 50)),
                nonce=uuid.uuid4(),
                by=volunteer.user,
            )
        except GiftRefused:
            continue
    finance = Membership.objects.filter(
        organisation=project.organisation, role=Membership.Role.FINANCE
    ).first()
    clock.set(now - timedelta(hours=20))
    project.account.refresh_from_db()
    if finance is not None and project.account.balance_points >= HOT_LUNCH:
        spend_project_points(
            project=project,
            points=HOT_LUNCH,
            purpose="请住码头边的高大爷吃了一顿热饭：鲅鱼饺子",
            by=finance.user,
        )


def _cheapest_to_pick_up() -> Reward:
    shelf = Reward.objects.offered().exclude(places=None).filter(min_star_level=0)
    return shelf.order_by("price_points")[0]


def _redeem(volunteer: Volunteer, reward: Reward) -> Redemption | None:
    assert volunteer.user is not None
    try:
        return redeem_reward(
            reward=reward, volunteer=volunteer, nonce=uuid.uuid4(), by=volunteer.user
        )
    except RedemptionRefused:
        return None
