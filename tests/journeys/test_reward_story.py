"""A reward from the shelf into the hand: two phones, a code between them, no scanner of ours."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import zxingcpp
from django.test import Client
from PIL import Image

from points.models import Redemption
from tests.points.rewards_cast import give, make_place, make_reward
from volunteers.models import User

pytestmark = pytest.mark.django_db(transaction=True)


def test_alice_redeems_and_the_shop_hands_over_what_its_own_camera_saw(
    live_site: str, open_page: Callable[..., Any], alice: User
) -> None:
    give(alice.volunteer, 40)
    place = make_place()
    make_reward(places=[place])
    shop = open_page()
    shop.goto(f"{live_site}/partners/{place.partner.token}/")

    phone = open_page()
    phone.context.add_cookies(signed_in(live_site, alice))
    phone.on("dialog", lambda dialog: dialog.accept())
    phone.goto(f"{live_site}/rewards/")
    phone.locator("form[action$='/redeem/'] button").click()
    phone.wait_for_url("**/me/rewards/*/")
    code = phone.locator(".pick-up-code").inner_text()
    picture = Image.open(io.BytesIO(phone.locator(".qr-plate").screenshot()))
    (seen,) = zxingcpp.read_barcodes(picture)
    assert seen.text == f"{live_site}/pick-up/{code}/"

    shop.goto(seen.text)
    assert "林*" in shop.locator("main").inner_text()
    shop.locator("main form[method=post] button").click()
    shop.wait_for_selector(".verdict-good")

    phone.reload()
    assert phone.locator(".verdict-good").is_visible()
    redemption = Redemption.objects.get()
    assert (redemption.state, redemption.collected_with) == ("collected", place.partner)


def signed_in(live_site: str, user: User) -> list[dict[str, str]]:
    client = Client()
    client.force_login(user)
    return [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_site}]
