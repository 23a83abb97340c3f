"""A neighbour gives on a phone: through the form and the payment service's page, and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from foundations.models import Fund, Gift
from tests.fake_stripe import FakeStripe
from tests.fake_stripe.fixtures import *  # noqa: F403
from tests.foundations.gateway_cast import *  # noqa: F403
from tests.foundations.giving_cast import *  # noqa: F403
from tests.foundations.money_cast import *  # noqa: F403
from tests.foundations.test_donor_wall import given

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def reached(settings: Any, live_server: Any) -> None:
    """The payment service sends the donor back to where the site is."""
    settings.LINLI_BASE_URL = live_server.url


def fill_in(page: Any, live_server: Any, fund: Fund, *, amount: str = "100") -> None:
    page.goto(live_server.url + reverse("give", args=[fund.pk]))
    page.fill("#id_amount", amount)
    page.fill("#id_name", "王小明")
    page.fill("#id_email", "wang@example.org")


def press_give(page: Any, fake: FakeStripe) -> None:
    page.click("form[data-give] button[type=submit]")
    page.wait_for_url(f"{fake.url}/**")


def test_a_card_that_is_declined_and_then_another(
    open_page: Callable[..., Any], live_server: Any, open_fund: Fund, fake_stripe: FakeStripe,
    settings: Any,
) -> None:  # fmt: skip
    settings.LINLI_GIVING_PROOF_WORK = 200_000  # as much as a real browser is asked for
    page = open_page(locale="en-GB")
    fill_in(page, live_server, open_fund)
    page.check("#id_covers_fee")
    assert page.inner_text("[data-total-said]") == "CN¥104.56"
    press_give(page, fake_stripe)
    page.click("button[value=decline]")
    assert page.is_visible(".wrong")
    page.click("button[value=card]")
    page.wait_for_selector("text=Thank you, 王小明")
    gift = Gift.objects.get()
    assert (gift.state, gift.method, gift.amount_minor) == ("paid", "card", 10_456)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("wallet", ["alipay", "wechat_pay"])
def test_by_the_wallets_of_every_day(
    open_page: Callable[..., Any], live_server: Any, open_fund: Fund, fake_stripe: FakeStripe,
    wallet: str,
) -> None:  # fmt: skip
    page = open_page()
    page.goto(live_server.url + reverse("give", args=[open_fund.pk]))
    page.check("input[name=suggested][value='5000']")
    assert page.inner_text("[data-total-said]") == "¥50.00"
    press_give(page, fake_stripe)
    page.click(f"button[value={wallet}]")
    page.wait_for_url(f"{live_server.url}/gifts/**")
    gift = Gift.objects.get()
    assert (gift.state, gift.method, gift.amount_minor) == ("paid", wallet, 5_000)


@pytest.mark.parametrize(("promised", "said"), [("later_ok", "Thank you"), ("later_no", "did not")])
def test_what_takes_days_and_then_succeeds_or_fails(
    open_page: Callable[..., Any], live_server: Any, open_fund: Fund, fake_stripe: FakeStripe,
    promised: str, said: str,
) -> None:  # fmt: skip
    page = open_page(locale="en-GB")
    fill_in(page, live_server, open_fund)
    press_give(page, fake_stripe)
    page.click(f"button[value={promised}]")
    page.wait_for_selector("text=Your gift is on its way")
    gift = Gift.objects.get()
    fake_stripe.control.decide(session=gift.session_ref, succeeds=promised == "later_ok")
    Gift.objects.update(checked_at=None)
    page.reload()
    page.wait_for_selector(f"h1:has-text('{said}')")


def test_going_back_and_on_again_loses_nothing(
    open_page: Callable[..., Any], live_server: Any, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    page = open_page(locale="en-GB")
    fill_in(page, live_server, open_fund, amount="66.5")
    page.fill("#id_message", "加油")
    press_give(page, fake_stripe)
    page.click("button[value=back]")
    page.wait_for_selector("text=Not paid yet")
    page.click("text=Change something")
    assert page.input_value("#id_amount") == "66.50"
    assert page.input_value("#id_message") == "加油"
    page.go_back()
    page.click("text=Go on to the payment")
    page.wait_for_url(f"{fake_stripe.url}/**")
    page.click("button[value=card]")
    page.wait_for_selector("text=Thank you, 王小明")
    assert Gift.objects.filter(state="paid").count() == 1


def test_a_page_left_open_learns_by_itself_that_it_was_paid(
    open_page: Callable[..., Any], live_server: Any, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    page = open_page(locale="en-GB")
    fill_in(page, live_server, open_fund)
    press_give(page, fake_stripe)
    page.click("button[value=back]")
    page.wait_for_selector("text=Not paid yet")
    fake_stripe.control.pay(session=Gift.objects.get().session_ref)
    page.wait_for_selector("text=Thank you, 王小明")


def test_without_javascript_the_second_press_goes_through(
    open_page: Callable[..., Any], live_server: Any, open_fund: Fund, fake_stripe: FakeStripe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from foundations import card_testing

    page = open_page(locale="en-GB", java_script_enabled=False)
    fill_in(page, live_server, open_fund)
    page.click("form[data-give] button[type=submit]")
    assert "please wait ten seconds" in page.inner_text(".alert")
    assert page.input_value("#id_name") == "王小明"
    monkeypatch.setattr(card_testing, "WAIT_SECONDS", -1)
    press_give(page, fake_stripe)


def test_nothing_is_wider_than_the_screen(
    open_page: Callable[..., Any], live_server: Any, open_fund: Fund, fake_stripe: FakeStripe,
    tmp_path: Path,
) -> None:  # fmt: skip
    """With long names, mistakes, thanks; in both languages, large text, light and dark."""
    given(open_fund, message="好" * 200, message_state="shown")
    open_fund.foundation.certificate_number = "鲁慈证字" + "2026" * 12
    open_fund.foundation.save()
    paid = given(
        open_fund, donor_name="欧阳" * 30, dedication="x" * 120, cover_minor=456, number="G-PAID"
    )
    left = given(open_fund, state="started", paid_at=None, number="G-LEFT", is_live=True)
    for name, options in {
        "zh": {}, "en": {"locale": "en-GB"}, "dark": {"color_scheme": "dark"},
        "elder": {"locale": "zh-CN"},
        "wide": {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB"},
    }.items():  # fmt: skip
        page = open_page(**options)
        if name == "elder":
            page.context.add_cookies(
                [{"name": "linli_elder", "value": "on", "url": live_server.url}]
            )
        for what, address in {
            "give": reverse("give", args=[open_fund.pk]),
            "paid": reverse("gift_begun", args=[paid.uuid]),
            "left": reverse("gift_begun", args=[left.uuid]),
        }.items():
            page.goto(live_server.url + address)
            page.wait_for_timeout(300)
            page.screenshot(path=tmp_path / f"{what}-{name}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), what
        page.goto(live_server.url + reverse("give", args=[open_fund.pk]))
        page.fill("#id_amount", "1")
        page.click("form[data-give] button[type=submit]")
        page.wait_for_selector(".field-errors")
        page.screenshot(path=tmp_path / f"wrong-{name}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
