"""What tests/test_accessible_pages.py asks of every page, asked of shelf, counter and gifts."""

from __future__ import annotations

import uuid
from typing import Any

from django.test import Client
from django.urls import reverse

from points.actions.families import found_family, invite_to_family
from points.actions.pick_up import collect_redemption
from points.actions.projects import create_points_project, give_points, spend_project_points
from points.actions.refunds import give_back_redemption
from tests.cast import make_card, make_volunteer
from tests.points.rewards_cast import give, make_place, make_reward, redeem
from tests.test_accessible_pages import check, wrong_with
from volunteers.models import Organisation, Territory, User


def test_the_catalogue_and_every_state_of_a_redemption_are_accessible(
    client: Client, alice: User
) -> None:
    give(alice.volunteer, 100)
    place = make_place()
    reward = make_reward(places=[place], limit_per_person=9, students_only=False)
    make_reward(name="年票", price_points=900)
    make_reward(name="修理课", kind="service", min_star_level=3)
    waiting, collected, returned = [redeem(reward, alice.volunteer, alice) for _ in range(3)]
    collect_redemption(code=collected.code, partner=place.partner)
    give_back_redemption(redemption=returned, by=alice)
    client.force_login(alice)
    own = [reverse("my_redemption", args=[one.pk]) for one in (waiting, collected, returned)]

    assert not wrong_with(client, [reverse("rewards"), *own])
    assert not wrong_with(Client(), [reverse("rewards"), reverse("pick_up", args=["00000000"])])


def test_the_partners_pages_are_accessible(alice: User) -> None:
    give(alice.volunteer, 100)
    place = make_place()
    reward = make_reward(places=[place])
    waiting, collected = [redeem(reward, alice.volunteer, alice) for _ in range(2)]
    collect_redemption(code=collected.code, partner=place.partner)
    shop = Client()
    desk = reverse("partner_desk", args=[place.partner.token])
    pick_ups = [reverse("pick_up", args=[one.code]) for one in (waiting, collected)]

    assert not wrong_with(shop, [desk, *pick_ups, f"{reverse('find_pick_up')}?code=12"])
    check(shop.post(pick_ups[0]).content.decode())


def test_gifts_and_families_are_accessible(
    client: Client, organisation: Organisation, alice: User, chen: User, territory: Territory,
    settings: Any,
) -> None:  # fmt: skip
    settings.LINLI_FAMILY_POINTS_A_MONTH = 50
    make_card(make_volunteer(user=chen, name="陈会计", community=territory), number="LL0000000034")
    for user in (alice, chen):
        give(user.volunteer, 100)
    project = create_points_project(
        name="老人食堂", about="热饭", organisation=organisation, target_points=500, by=None
    )
    give_points(project=project, volunteer=alice.volunteer, points=40, nonce=uuid.uuid4(), by=alice)
    spend_project_points(project=project, points=10, purpose="热饭", by=chen)
    pages = [reverse("give_points"), reverse("points_project", args=[project.pk])]
    client.force_login(chen)  # keeps the books and gives: both forms on one page
    assert not wrong_with(client, [*pages, reverse("my_family")])
    found_family(volunteer=alice.volunteer, name="林家", by=alice)
    invite_to_family(volunteer=alice.volunteer, card_number="LL0000000034", by=alice)
    assert not wrong_with(client, [reverse("my_family")])
    check(client.post(reverse("give_to_project", args=[project.pk]), {}).content.decode())
    client.force_login(alice)

    assert not wrong_with(client, [*pages, reverse("my_family")])
