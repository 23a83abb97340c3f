"""Over the counter: the owner's page, the partner's phone, the city's staff."""

from __future__ import annotations

import re

import pytest
import zxingcpp
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from points.actions.catalogue import close_partner, renew_partner_link
from points.actions.refunds import (
    expire_redemptions,
    give_back_redemption,
)
from points.models import PickUpPlace, Redemption, Reward
from points.views.partners import WRONG_CODES_AN_HOUR
from tests.cast import make_volunteer
from tests.points.conftest import balance_of
from tests.points.rewards_cast import give, make_place, make_reward, redeem
from tests.volunteers.test_qr import drawn
from volunteers.models import Territory, User

ENGLISH = {"accept-language": "en"}


@pytest.fixture
def place(db: None) -> PickUpPlace:
    return make_place()


@pytest.fixture
def reward(place: PickUpPlace) -> Reward:
    return make_reward(places=[place])


@pytest.fixture
def waiting(reward: Reward, alice: User) -> Redemption:
    give(alice.volunteer, 40)
    return redeem(reward, alice.volunteer, alice)


@pytest.fixture
def shop(place: PickUpPlace) -> Client:
    """The partner's phone, after its link was opened once."""
    phone = Client(headers=ENGLISH)
    assert phone.get(reverse("partner_desk", args=[place.partner.token])).status_code == 200
    return phone


def page_of(client: Client, code: str) -> str:
    return client.get(reverse("pick_up", args=[code])).content.decode()


def hand_over(client: Client, code: str) -> str:
    return client.post(reverse("pick_up", args=[code])).content.decode()


def let_it_be_late(redemption: Redemption) -> None:
    Redemption.objects.filter(pk=redemption.pk).update(expires_at=timezone.now())


# The owner's page


def test_the_owner_sees_code_place_and_day(
    client: Client, alice: User, waiting: Redemption
) -> None:
    client.force_login(alice)

    page = client.get(reverse("my_redemption", args=[waiting.pk]), headers=ENGLISH).content.decode()

    assert waiting.code in page
    drawing = re.search(r'<svg xmlns="http://www.w3.org/2000/svg".*?</svg>', page, re.DOTALL)
    assert drawing
    (code,) = zxingcpp.read_barcodes(drawn(drawing[0]))
    assert code.text == f"{settings.LINLI_BASE_URL}/pick-up/{waiting.code}/"
    assert "红瓦小屋柜台" in page
    assert "周二至周六" in page
    assert f"{waiting.expires_at:%Y-%m-%d}" in page


def test_somebody_elses_redemption_is_not_there(
    client: Client, waiting: Redemption, territory: Territory, bao: User
) -> None:
    make_volunteer(user=bao, name="包组织", community=territory)
    client.force_login(bao)

    assert client.get(reverse("my_redemption", args=[waiting.pk])).status_code == 404
    assert client.post(reverse("give_back_redemption", args=[waiting.pk])).status_code == 404


def test_giving_it_back_returns_points_and_piece(
    client: Client, alice: User, waiting: Redemption, reward: Reward, sound_ledger: None
) -> None:
    client.force_login(alice)
    for _ in range(2):
        client.post(reverse("give_back_redemption", args=[waiting.pk]))

    waiting.refresh_from_db()
    reward.refresh_from_db()
    assert (waiting.state, waiting.refund_reason, reward.taken) == ("refunded", "cancelled", 0)
    assert balance_of(alice.volunteer) == 40
    refund = waiting.refund
    assert refund is not None
    assert (refund.kind, refund.reverses_id, refund.by) == ("refund", waiting.movement_id, alice)


# The partner's phone


def test_the_partners_phone_knows_the_scanned_code_and_hands_over(
    shop: Client, waiting: Redemption, place: PickUpPlace
) -> None:
    page = page_of(shop, waiting.code)
    assert "环保袋" in page
    assert "林*" in page
    assert "林爱丽" not in page

    assert "Handed over" in hand_over(shop, waiting.code)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.collected_with) == ("collected", place.partner)
    assert waiting.collected_at is not None
    assert "林*" in shop.get(reverse("partner_desk", args=[place.partner.token])).content.decode()


def test_the_code_may_be_typed_with_spaces(shop: Client, waiting: Redemption) -> None:
    typed = f"{waiting.code[:4]} {waiting.code[4:]}"

    response = shop.get(reverse("find_pick_up"), {"code": typed})

    assert response["Location"] == reverse("pick_up", args=[waiting.code])
    assert "eight digits" in shop.get(reverse("find_pick_up"), {"code": "12"}).content.decode()


def test_a_second_press_hands_nothing_over_again(shop: Client, waiting: Redemption) -> None:
    hand_over(shop, waiting.code)

    assert "Handed over already" in hand_over(shop, waiting.code)
    assert "Handed over already" in page_of(shop, waiting.code)


def test_each_code_that_cannot_be_handed_over_says_why(
    shop: Client, reward: Reward, alice: User, waiting: Redemption
) -> None:
    give(alice.volunteer, 100)
    elsewhere = redeem(make_reward(places=[make_place("听涛枢纽")]), alice.volunteer, alice)
    late, swept, returned = [redeem(reward, alice.volunteer, alice) for _ in range(3)]
    let_it_be_late(late)
    give_back_redemption(redemption=returned, by=alice)
    let_it_be_late(swept)
    expire_redemptions()

    assert "not handed out here but at: 听涛枢纽柜台" in hand_over(shop, elsewhere.code)
    assert "The time to pick this up is over" in hand_over(shop, late.code)
    assert "The time to pick this up is over" in hand_over(shop, swept.code)
    assert "returned and the points refunded" in hand_over(shop, returned.code)
    assert "There is no such code" in hand_over(shop, "00000000")
    assert Redemption.objects.filter(state="collected").count() == 0


def test_a_stranger_learns_nothing_from_a_code_not_even_that_it_exists(
    waiting: Redemption, dai: User
) -> None:
    for user in (None, dai):
        stranger = Client(headers=ENGLISH)
        if user:
            stranger.force_login(user)
        real, invented = page_of(stranger, waiting.code), page_of(stranger, "00000000")

        assert "环保袋" not in real
        assert "林" not in _main(real)
        assert _main(real) == _main(invented)
        hand_over(stranger, waiting.code)
    waiting.refresh_from_db()
    assert waiting.state == "waiting"


def test_the_owners_own_scan_leads_to_the_owners_page(
    client: Client, alice: User, waiting: Redemption
) -> None:
    client.force_login(alice)

    response = client.get(reverse("pick_up", args=[waiting.code]))

    assert response["Location"] == reverse("my_redemption", args=[waiting.pk])


def test_guessing_codes_comes_to_an_end_and_right_ones_do_not_count(
    shop: Client, waiting: Redemption
) -> None:
    for _ in range(WRONG_CODES_AN_HOUR + 5):
        assert "环保袋" in page_of(shop, waiting.code)
    for number in range(WRONG_CODES_AN_HOUR):
        assert "no such code" in page_of(shop, f"{number:08d}")

    assert "Too many tries" in page_of(shop, "99999999")
    assert "Too many tries" in hand_over(shop, waiting.code)
    waiting.refresh_from_db()
    assert waiting.state == "waiting"


def test_a_renewed_link_shuts_out_the_phones_that_opened_the_old_one(
    shop: Client, waiting: Redemption, place: PickUpPlace, city_staff: User
) -> None:
    old = place.partner.token
    renewed = renew_partner_link(partner=place.partner, by=city_staff)

    hand_over(shop, waiting.code)
    waiting.refresh_from_db()
    assert waiting.state == "waiting"
    assert shop.get(reverse("partner_desk", args=[old])).status_code == 404
    shop.get(reverse("partner_desk", args=[renewed.token]))
    assert "环保袋" in page_of(shop, waiting.code)

    close_partner(partner=renewed, by=city_staff)
    assert "环保袋" not in page_of(shop, waiting.code)


def test_a_forged_cookie_is_nobodys(waiting: Redemption, place: PickUpPlace) -> None:
    phone = Client()
    phone.cookies["linli_partner"] = f"{place.partner_id}:0123456789abcdef:forged:signature"

    assert "环保袋" not in page_of(phone, waiting.code)


# The admin


def test_the_offices_list_is_headed_in_the_offices_own_language(
    client: Client, city_staff: User
) -> None:
    client.force_login(city_staff)
    page = client.get(reverse("redemptions:index"), headers={"accept-language": "zh-hans"})
    heads = page.context["table"].columns.values()
    assert [str(column.label) for column in heads][:4] == ["领取码", "姓名", "奖励", "状态"]


def test_staff_hand_out_and_take_back_in_the_admin(
    client: Client, alice: User, city_staff: User, reward: Reward, waiting: Redemption,
    sound_ledger: None,
) -> None:  # fmt: skip
    other = redeem(reward, alice.volunteer, alice)
    client.force_login(city_staff)
    listing = client.get(reverse("redemptions:index"), {"q": "林爱丽"}).content.decode()
    assert waiting.code in listing
    assert "林爱丽" not in listing.split("<tbody")[1]
    assert client.get(reverse("redemptions:inspect", args=[waiting.pk])).status_code == 200

    client.post(reverse("redemptions:hand_out", args=[waiting.pk]))
    client.post(reverse("redemptions:withdraw", args=[other.pk]), {"why": ""})
    other.refresh_from_db()
    assert other.state == "waiting"
    client.post(reverse("redemptions:withdraw", args=[other.pk]), {"why": "到货破损"})

    waiting.refresh_from_db()
    other.refresh_from_db()
    assert (waiting.state, waiting.collected_by) == ("collected", city_staff)
    assert (other.state, other.refund_reason) == ("refunded", "withdrawn")
    assert other.refund is not None
    assert other.refund.reckoning == {"reason": "withdrawn", "why": "到货破损"}


def test_the_admin_keeps_rewards_partners_and_their_links(
    client: Client, city_staff: User, reward: Reward, place: PickUpPlace, waiting: Redemption
) -> None:
    client.force_login(city_staff)
    assert client.get(reverse("rewards:index")).status_code == 200
    form = {
        "name": "帆布包", "kind": "goods", "price_points": 20, "stock": 0, "pick_up_days": 14,
        "min_star_level": 0, "places": [place.pk], "is_offered": "on",
    }  # fmt: skip
    address = reverse("rewards:edit", args=[reward.pk])
    shown = client.get(address).content.decode()
    assert '<select name="picture"' not in shown  # both are chosen, not scrolled through
    assert '<select name="territory"' not in shown
    assert client.post(address, form).status_code == 200  # one is redeemed: the stock is not 0
    assert client.post(address, form | {"stock": 9}).status_code == 302
    reward.refresh_from_db()
    assert (reward.name, reward.stock, reward.taken, reward.pick_up_days) == ("帆布包", 9, 1, 14)

    partner = place.partner
    page = client.get(reverse("partners:inspect", args=[partner.pk])).content.decode()
    assert partner.token in page
    client.post(reverse("partners:renew", args=[partner.pk]))
    token, partner.token = partner.token, ""
    partner.refresh_from_db()
    assert partner.token != token


def test_others_do_not_reach_the_admins_buttons(
    client: Client, bao: User, rui: User, waiting: Redemption, place: PickUpPlace
) -> None:
    token = place.partner.token
    for user in (bao, rui):
        client.force_login(user)
        client.post(reverse("redemptions:hand_out", args=[waiting.pk]))
        client.post(reverse("redemptions:withdraw", args=[waiting.pk]), {"why": "x"})
        client.post(reverse("partners:renew", args=[place.partner_id]))
    waiting.refresh_from_db()
    place.partner.refresh_from_db()
    assert waiting.state == "waiting"
    assert place.partner.token == token


def _main(page: str) -> str:
    return page.split("<main")[1].split("</main", maxsplit=1)[0]
