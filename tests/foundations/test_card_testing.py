"""Nobody tries a thousand stolen cards on a giving form; neighbours hardly notice."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from foundations import card_testing
from foundations.models import Fund, Gift
from tests.fake_stripe import FakeStripe
from tests.foundations.giving_cast import *  # noqa: F403
from tests.foundations.giving_cast import hidden_of, opened, press, send, sessions
from tests.points.test_settlement_races import run_together
from volunteers.models import User

POSTS = 50


def without_check(fields: dict[str, str]) -> dict[str, str]:
    """As a browser without JavaScript sends it."""
    return {name: value for name, value in fields.items() if name != "proof"}


@pytest.fixture
def english(client: Client) -> Client:
    client.cookies["linli_language"] = "en"
    return client


@pytest.mark.django_db
def test_a_proof_is_good_for_its_own_form_only(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    proven, other = opened(client, open_fund), opened(client, open_fund)
    stolen = proven | {"nonce": other["nonce"]}
    assert send(client, open_fund, stolen).status_code == 422
    assert send(client, open_fund, other | {"proof": "0000"}).status_code == 422
    assert sessions(fake_stripe) == []
    assert send(client, open_fund, proven).status_code == 302


@pytest.mark.django_db
def test_a_proof_used_twice_is_the_same_page(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    proven = opened(client, open_fund)
    first, second = send(client, open_fund, proven), send(client, open_fund, proven)
    assert first.url == second.url
    send(client, open_fund, proven | {"email": "another@example.org"})
    assert len(sessions(fake_stripe)) == 1


@pytest.mark.django_db
def test_a_proof_is_good_for_its_own_fund_only(
    client: Client, open_fund: Fund, general: Fund
) -> None:
    proven = opened(client, general)
    assert send(client, open_fund, proven).status_code == 422


@pytest.mark.django_db
def test_a_proof_lapses(client: Client, open_fund: Fund, monkeypatch: pytest.MonkeyPatch) -> None:
    proven = opened(client, open_fund)
    monkeypatch.setattr(card_testing, "LASTS_SECONDS", -1)
    assert send(client, open_fund, proven).status_code == 422


@pytest.mark.django_db
def test_without_javascript_a_visitor_waits_some_seconds_and_presses_again(
    english: Client, open_fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = send(english, open_fund, without_check(opened(english, open_fund)))
    html = answer.content.decode()
    assert "please wait ten seconds and press again" in html
    assert 'value="王小明"' in html
    too_early = send(english, open_fund, without_check(hidden_of(html)))
    assert "A few seconds more, please." in too_early.content.decode()
    same = without_check(hidden_of(too_early.content.decode()))
    assert same["wait"] == hidden_of(html)["wait"]
    monkeypatch.setattr(card_testing, "WAIT_SECONDS", -1)
    assert send(english, open_fund, same).status_code == 302


@pytest.mark.django_db
def test_waiting_opens_few_pages_an_hour(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_testing, "WAIT_SECONDS", -1)
    for _number in range(8):
        asked = send(client, open_fund, without_check(opened(client, open_fund)))
        send(client, open_fund, without_check(hidden_of(asked.content.decode())))
    assert len(sessions(fake_stripe)) == card_testing.WAITED_ADDRESS_AN_HOUR


@pytest.mark.django_db
def test_who_is_signed_in_is_not_stopped_by_the_crowd_at_the_address(
    client: Client, open_fund: Fund, alice: User, settings: Any
) -> None:
    settings.LINLI_GIFTS_PER_ADDRESS_AN_HOUR = 1
    assert press(client, open_fund).status_code == 302
    assert press(client, open_fund).status_code == 422
    client.force_login(alice)
    assert press(client, open_fund).status_code == 302


@pytest.mark.django_db
def test_one_account_does_not_begin_hundreds(
    client: Client, open_fund: Fund, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_testing, "ACCOUNT_AN_HOUR", 2)
    client.force_login(alice)
    answers = [press(client, open_fund).status_code for _number in range(4)]
    assert answers == [302, 302, 422, 422]


@pytest.mark.django_db
def test_one_mail_is_not_used_for_hundreds(client: Client, open_fund: Fund, settings: Any) -> None:
    settings.LINLI_GIFTS_PER_ADDRESS_AN_HOUR = 1000
    answers = [
        press(client, open_fund, email=mail).status_code for mail in ["A@b.cn", "a@b.cn"] * 5
    ]
    assert answers.count(302) == card_testing.MAIL_AN_HOUR


@pytest.mark.django_db
def test_the_cache_away_stops_nobody(
    client: Client, open_fund: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    from redis.exceptions import ConnectionError as Away

    def away(*_args: Any, **_values: Any) -> None:
        raise Away

    proven = opened(client, open_fund)
    monkeypatch.setattr(card_testing, "take_code", away)
    assert send(client, open_fund, proven).status_code == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["no proof", "one proof", "proofs and many mails"])
def test_fifty_hostile_posts_open_no_fifty_pages(
    open_fund: Fund, fake_stripe: FakeStripe, settings: Any, kind: str
) -> None:
    """Fifty at once, from one address; the most that computes fifty proofs meets the counter."""
    settings.LINLI_GIFTS_PER_ADDRESS_AN_HOUR = 5
    one = opened(Client(), open_fund)
    forms = {
        "no proof": lambda: without_check(opened(Client(), open_fund)),
        "one proof": lambda: one | {"nonce": opened(Client(), open_fund)["nonce"]},
        "proofs and many mails": lambda: opened(Client(), open_fund),
    }[kind]
    prepared = [forms() | {"email": f"thief{number}@example.org"} for number in range(POSTS)]
    cache.clear()

    def thief(share: list[dict[str, str]]) -> None:
        for fields in share:
            send(Client(), open_fund, fields)

    run_together(*(partial(thief, prepared[start::10]) for start in range(10)))
    most = 5 if kind == "proofs and many mails" else 0
    assert len(sessions(fake_stripe)) == most
    assert Gift.objects.count() == most


@pytest.mark.django_db
def test_looking_at_the_page_costs_the_payment_service_nothing(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    for _number in range(5):
        assert client.get(reverse("give", args=[open_fund.pk])).status_code == 200
    assert sessions(fake_stripe) == []
