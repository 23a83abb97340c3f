"""The page a donor comes back to, and gifts begun twice, at once, or left."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundations.actions.books import create_pot
from foundations.actions.giving import Giving, start_gift, start_monthly
from foundations.actions.income import book_pot
from foundations.actions.settling import settle_gift
from foundations.gateway import GatewayUnreachable, get_gateway
from foundations.models import Confirmation, Fund, Gift, MoneyAccount, MonthlyGift
from tests.fake_stripe import FakeStripe
from tests.foundations.giving_cast import *  # noqa: F403
from tests.foundations.giving_cast import sessions
from tests.points.test_settlement_races import run_together

WANG = Giving(amount_minor=10_000, name="王小明", email="wang@example.org", language="en")


def begin(fund: Fund, **fields: Any) -> Gift:
    giving = Giving(**{"amount_minor": 10_000, "name": "王小明", "email": "w@example.org"} | fields)
    nonce = uuid.uuid4()
    start_gift(fund=fund, giving=giving, nonce=nonce, by=None)
    return Gift.objects.get(nonce=nonce)


def come_back(client: Client, begun: Any) -> str:
    client.cookies["linli_language"] = "en"
    # The gateway is asked seldom; here each look is a new one.
    Gift.objects.filter(pk=begun.pk).update(checked_at=None)
    answer = client.get(reverse("gift_begun", args=[begun.uuid]))
    assert answer.status_code == 200
    return answer.content.decode()


# Coming back


@pytest.mark.django_db
def test_who_paid_is_thanked_without_waiting_for_a_notification(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe, sound_books: None
) -> None:
    gift = begin(open_fund, dedication="给奶奶")
    fake_stripe.control.pay(session=gift.session_ref)
    html = come_back(client, gift)
    gift.refresh_from_db()
    assert gift.state == "paid"
    assert "Thank you, 王小明" in html
    assert gift.number in html
    assert "给奶奶" in html
    assert Confirmation.objects.filter(gift=gift).exists()
    assert reverse("gift_confirmation", args=[gift.uuid]) in html
    assert "hx-get" not in html


@pytest.mark.django_db
def test_who_turned_back_loses_nothing(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    gift = begin(open_fund, dedication="给奶奶", message="加油", cover_minor=456)
    html = come_back(client, gift)
    assert "Not paid yet" in html
    assert 'hx-trigger="every 5s"' in html
    going_on = client.post(reverse("gift_go_on", args=[gift.uuid]))
    assert gift.session_ref in going_on.url
    assert len(sessions(fake_stripe)) == 1
    form = client.get(reverse("give", args=[open_fund.pk]), {"again": gift.uuid}).content.decode()
    for kept in ('value="100.00"', "给奶奶", "加油", "w@example.org"):
        assert kept in form


@pytest.mark.django_db
def test_what_takes_days_is_said_and_paid_when_it_arrives(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    gift = begin(open_fund)
    fake_stripe.control.promise(session=gift.session_ref, succeeds=True)
    assert "Your gift is on its way" in come_back(client, gift)
    assert not Confirmation.objects.exists()
    fake_stripe.control.decide(session=gift.session_ref, succeeds=True)
    assert "Thank you, 王小明" in come_back(client, gift)
    assert Confirmation.objects.count() == 1


@pytest.mark.django_db
def test_what_failed_days_later_can_be_given_again(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    gift = begin(open_fund)
    fake_stripe.control.promise(session=gift.session_ref, succeeds=False)
    come_back(client, gift)
    fake_stripe.control.decide(session=gift.session_ref, succeeds=False)
    html = come_back(client, gift)
    assert "The payment did not work" in html
    assert f"?again={gift.uuid}" in html
    assert client.post(reverse("gift_go_on", args=[gift.uuid])).url == reverse(
        "gift_begun", args=[gift.uuid]
    )


@pytest.mark.django_db
def test_a_page_that_lapsed_is_over(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    gift = begin(open_fund)
    fake_stripe.control.advance(seconds=3600)
    assert "The payment was not completed" in come_back(client, gift)


@pytest.mark.django_db
def test_while_the_payment_service_is_silent_the_page_still_answers(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    gift = begin(open_fund)
    fake_stripe.control.fail_next(fault="outage", count=2)
    assert "Not paid yet" in come_back(client, gift)


@pytest.mark.django_db
def test_many_looks_ask_the_payment_service_once(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    gift = begin(open_fund)
    come_back(client, gift)
    fake_stripe.control.pay(session=gift.session_ref)
    assert b"Not paid yet" in client.get(reverse("gift_begun", args=[gift.uuid])).content


@pytest.mark.django_db
def test_a_monthly_gift_that_runs_is_thanked_for(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    nonce = uuid.uuid4()
    start_monthly(fund=open_fund, giving=WANG, nonce=nonce, by=None)
    monthly = MonthlyGift.objects.get(nonce=nonce)
    assert "Not paid yet" in come_back(client, monthly)
    fake_stripe.control.pay(session=monthly.session_ref)
    assert "From now on you give CN¥100.00 each month" in come_back(client, monthly)
    monthly.refresh_from_db()
    assert monthly.state == "active"


@pytest.mark.django_db
def test_the_page_is_private(client: Client, open_fund: Fund) -> None:
    gift = begin(open_fund)
    answer = client.get(reverse("gift_begun", args=[gift.uuid]))
    assert "no-store" in answer.headers["Cache-Control"]
    assert b'name="robots" content="noindex' in answer.content
    assert client.get(reverse("gift_begun", args=[uuid.uuid4()])).status_code == 404
    assert client.get("/gifts/not-a-uuid/").status_code == 404


@pytest.mark.django_db
def test_money_that_was_given_is_not_prefilled_for_whoever_sees_the_address(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    gift = begin(open_fund)
    fake_stripe.control.pay(session=gift.session_ref)
    come_back(client, gift)
    form = client.get(reverse("give", args=[open_fund.pk]), {"again": gift.uuid}).content.decode()
    assert "w@example.org" not in form
    for garbage in ("x", "", str(uuid.uuid4())):
        assert (
            client.get(reverse("give", args=[open_fund.pk]), {"again": garbage}).status_code == 200
        )


# Two at once


@pytest.mark.django_db(transaction=True)
def test_eight_presses_of_one_button_open_one_page(
    open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    nonce = uuid.uuid4()
    fake_stripe.control.slow(seconds=0.2)

    def press() -> str:
        try:
            return start_gift(fund=open_fund, giving=WANG, nonce=nonce, by=None).url
        except GatewayUnreachable:  # the first call is still under way
            return "later"

    answers = set(run_together(*[press] * 8))
    fake_stripe.control.slow(seconds=0)
    assert len(answers - {"later"}) == 1
    assert Gift.objects.count() == 1
    assert len(sessions(fake_stripe)) == 1


@pytest.mark.django_db(transaction=True)
def test_one_donor_who_gives_twice_at_once_is_one_donor(
    open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    run_together(
        *[lambda: start_gift(fund=open_fund, giving=WANG, nonce=uuid.uuid4(), by=None)] * 6
    )
    assert Gift.objects.count() == 6
    assert Gift.objects.values("donor").distinct().count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_sponsors_pot_is_never_overspent_by_gifts_at_once(
    open_fund: Fund, fake_stripe: FakeStripe, sound_books: None
) -> None:
    """Ten of 100.00 beside a pot of 333.33: it gives all it has and not a cent more."""
    today = timezone.localdate()
    pot = create_pot(
        foundation=open_fund.foundation, fund=open_fund, sponsor="海风咖啡", starts_on=today,
        ends_on=today, by=None,
    )  # fmt: skip
    book_pot(pot=pot, key="1", amount_minor=33_333, happened_on=today, by=None)
    gifts = [begin(open_fund) for _number in range(10)]
    for gift in gifts:
        fake_stripe.control.pay(session=gift.session_ref)

    def settle(gift: Gift) -> str:
        told = get_gateway("stripe").fetch_state(gift=gift)
        return settle_gift(gift=gift, told=told).state

    assert run_together(*(partial(settle, gift) for gift in gifts)) == ["paid"] * 10
    assert MoneyAccount.objects.get(pot=pot).balance_minor == 0
    assert MoneyAccount.objects.get(fund=open_fund, kind="matching").balance_minor == -33_333
    assert sorted(Confirmation.objects.values_list("running", flat=True)) == list(range(1, 11))


@pytest.mark.django_db(transaction=True)
def test_two_looks_at_once_settle_once(open_fund: Fund, fake_stripe: FakeStripe) -> None:
    gift = begin(open_fund)
    fake_stripe.control.pay(session=gift.session_ref)
    address = reverse("gift_begun", args=[gift.uuid])
    answers = run_together(*[lambda: Client().get(address).status_code] * 4)
    assert answers == [200] * 4
    gift.refresh_from_db()
    assert gift.state == "paid"
    assert Confirmation.objects.count() == 1
