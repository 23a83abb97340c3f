"""An hour's way: confirmed, points, a reward, another phone's counter; and the rule behind it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from points.models import Account, AwardRule, Redemption
from tests.journeys.test_reward_story import signed_in
from tests.points.rewards_cast import make_place, make_reward
from volunteers.actions.records import confirm_record, draft_record, submit_record
from volunteers.models import Category, Organisation, User

pytestmark = pytest.mark.django_db(transaction=True)

# What a person reads, by the language of their phone.
CHINESE = {
    "locale": "zh-CN",
    "reason": "150 分钟，每小时 10 分",
    "redeem": "兑换",
    "hand over": "发放",
    "spent": "服务时长一分不少",
}
ENGLISH = {
    "locale": "en-GB",
    "reason": "150 minutes at 10 points an hour",
    "redeem": "Redeem",
    "hand over": "Hand over",
    "spent": "Your hours stay as they are.",
}


@pytest.fixture
def ten_an_hour(db: None) -> AwardRule:
    return AwardRule.objects.create(
        kind="per_hour", name="每小时十分", points=10, holds=(date(2026, 1, 1), None)
    )


@pytest.fixture
def two_and_a_half_hours(
    alice: User, bao: User, organisation: Organisation, category: Category
) -> Callable[[], Any]:
    """Confirms them as Bao's desk does: what follows is the worker's."""

    def confirm() -> Any:
        record = draft_record(
            volunteer=alice.volunteer, organisation=organisation, source="test:story",
            activity_name="浮山所平安夜巡", category=category, by=None,
            served_on=timezone.localdate() - timedelta(days=1), credited_minutes=150,
        )  # fmt: skip
        return confirm_record(record=submit_record(record=record, by=None), by=bao)

    return confirm


@pytest.mark.parametrize("words", [CHINESE, ENGLISH], ids=["zh", "en"])
def test_hours_become_points_and_points_a_bag_from_the_shop(
    worker: Any,
    live_site: str,
    open_page: Callable[..., Any],
    wait_until: Callable[..., None],
    ten_an_hour: AwardRule,
    two_and_a_half_hours: Callable[[], Any],
    alice: User,
    words: dict[str, str],
) -> None:
    speak(alice, words)
    place = make_place()
    make_reward(name_en="Canvas bag", places=[place])
    two_and_a_half_hours()
    wait_until(lambda: Account.objects.filter(volunteer=alice.volunteer, balance_points=25))

    phone = open_page(locale=words["locale"])
    phone.context.add_cookies(signed_in(live_site, alice))
    phone.on("dialog", lambda dialog: dialog.accept())
    phone.goto(f"{live_site}/me/points/")
    assert "浮山所平安夜巡" in seen(phone)
    assert words["reason"] in seen(phone)
    assert fits(phone)

    phone.goto(f"{live_site}/rewards/")
    assert fits(phone)
    phone.locator("form[action$='/redeem/']").get_by_role("button", name=words["redeem"]).click()
    phone.wait_for_url("**/me/rewards/*/")
    code = phone.locator(".pick-up-code").inner_text()
    assert fits(phone)

    # The shop's phone: its secret link once, then eight digits typed as they are read out.
    shop = open_page(locale=words["locale"])
    shop.goto(f"{live_site}/partners/{place.partner.token}/")
    shop.fill("[name=code]", f"{code[:4]} {code[4:]}")
    shop.locator("form:has([name=code]) button[type=submit]").click()
    shop.wait_for_url(f"**/pick-up/{code}/")
    shop.get_by_role("button", name=words["hand over"]).click()
    shop.wait_for_selector(".verdict-good")
    shop.goto(f"{live_site}/pick-up/{code}/")
    assert shop.locator(".verdict-bad").is_visible()

    phone.goto(f"{live_site}/me/points/")
    assert words["spent"] in seen(phone)
    assert Account.objects.get(volunteer=alice.volunteer).balance_points == 10
    assert Redemption.objects.get().state == "collected"


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_office_tries_a_rule_and_publishes_it(
    live_site: str,
    open_page: Callable[..., Any],
    ten_an_hour: AwardRule,
    two_and_a_half_hours: Callable[[], Any],
    city_staff: User,
    language: str,
) -> None:
    two_and_a_half_hours()
    city_staff.language = language
    city_staff.save(update_fields=["language"])
    office = open_page(
        viewport={"width": 1280, "height": 900},
        locale="zh-CN" if language == "zh-hans" else "en-GB",
    )
    office.context.add_cookies(signed_in(live_site, city_staff))
    office.goto(f"{live_site}/admin/award-rules/edit/{ten_an_hour.pk}/")
    office.fill("[name=points]", "12")
    office.locator("main form footer button[type=submit]").first.click()

    # 150 minutes: 25 as the rules are, 30 with this one; nothing is written yet.
    publish = office.locator("button[name=publish]")
    publish.wait_for()
    assert "+5" in seen(office)
    assert AwardRule.objects.count() == 1

    publish.click()
    office.wait_for_url("**/admin/award-rules/")
    rule = AwardRule.objects.get(points=12)
    assert rule.starts_on == timezone.localdate() + timedelta(days=1)
    assert rule.created_by == city_staff

    # Everybody reads at once what is coming.
    page = Client().get("/rewards/rules/", headers={"accept-language": "en"}).content.decode()
    assert ": 12 points an hour" in page


def speak(user: User, words: dict[str, str]) -> None:
    user.language = "zh-hans" if words["locale"] == "zh-CN" else "en"
    user.save(update_fields=["language"])


def seen(page: Any) -> str:
    return str(page.locator("main").inner_text())


def fits(page: Any) -> bool:
    """Nothing to push sideways on a phone."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
