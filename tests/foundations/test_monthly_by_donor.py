"""A donor changes or stops a monthly gift, and gives another card (at the fake Stripe)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from wagtail.models import ModelLogEntry

from foundations.actions.letters import send_next_letter
from foundations.gateway import get_gateway
from foundations.models import Letter, MonthlyGift
from tests.foundations.donor_cast import WANG, by_mail, monthly_of
from tests.foundations.gateway_cast import ACCOUNT, begin_monthly

pytestmark = pytest.mark.django_db
ENGLISH = {"Accept-Language": "en"}
OPTIONS = {"stripe_account": ACCOUNT}


@pytest.fixture
def monthly(shop: Any, fund: Any) -> MonthlyGift:
    """Fifty yuan each month, the first one paid."""
    monthly = begin_monthly(fund)
    shop.control.pay(session=monthly.session_ref)
    told = get_gateway("stripe").fetch_monthly(monthly=monthly)
    monthly.state, monthly.subscription_ref = MonthlyGift.State.ACTIVE, told.subscription_ref
    monthly.save(update_fields=["state", "subscription_ref"])
    return monthly


def donor_of(monthly: MonthlyGift) -> Client:
    assert monthly.donor is not None
    return by_mail(monthly.donor.email)


def text_of(client: Client, name: str, monthly: MonthlyGift) -> str:
    answer = client.get(reverse(name, args=[monthly.uuid]), headers=ENGLISH)
    assert answer.status_code == 200
    return answer.content.decode()


def test_two_presses_stop_it_here_and_at_stripe(monthly, stripe_client):
    client = donor_of(monthly)
    stop = reverse("stop_monthly", args=[monthly.uuid])
    assert stop in text_of(client, "my_monthly", monthly)
    assert client.get(stop).status_code == 200
    assert client.post(stop).status_code == 302
    # At once, before anything is heard from the gateway.
    assert "nothing more is taken" in text_of(client, "my_monthly", monthly)
    found = stripe_client.v1.subscriptions.retrieve(monthly.subscription_ref, options=OPTIONS)
    assert found.status == "canceled"
    monthly.refresh_from_db()
    assert (monthly.state, monthly.stopped_by) == ("stopped", None)
    assert monthly.stopped_at is not None
    assert ModelLogEntry.objects.filter(action="foundations.stop_monthly").count() == 1


def test_stopped_twice_it_is_stopped_once_and_written_once(monthly):
    client, stop = donor_of(monthly), reverse("stop_monthly", args=[monthly.uuid])
    for _press in range(3):
        assert client.post(stop).status_code == 302
    assert Letter.objects.filter(kind=Letter.Kind.MONTHLY_STOPPED).count() == 1
    assert "stopped already" in text_of(client, "stop_monthly", monthly)
    while send_next_letter():
        pass
    assert len(mail.outbox) == 1


def test_stopped_at_stripe_already_it_is_stopped_here_too(monthly, stripe_client):
    stripe_client.v1.subscriptions.cancel(monthly.subscription_ref, options=OPTIONS)
    client = donor_of(monthly)
    client.post(reverse("stop_monthly", args=[monthly.uuid]))
    monthly.refresh_from_db()
    assert monthly.state == MonthlyGift.State.STOPPED


def test_while_stripe_does_not_answer_nothing_is_said_to_be_stopped(monthly, shop):
    shop.control.fail_next(fault="outage", count=6)
    client = donor_of(monthly)
    answer = client.post(reverse("stop_monthly", args=[monthly.uuid]), follow=True, headers=ENGLISH)
    assert "does not answer just now" in answer.content.decode()
    monthly.refresh_from_db()
    assert monthly.state == MonthlyGift.State.ACTIVE
    assert not Letter.objects.exists()


def test_another_amount_holds_from_the_next_month_on(monthly, shop, stripe_client):
    client = donor_of(monthly)
    change = reverse("change_monthly", args=[monthly.uuid])
    assert 'value="50.00"' in text_of(client, "change_monthly", monthly)
    assert client.post(change, {"amount": "88.80"}).status_code == 302
    monthly.refresh_from_db()
    assert (monthly.amount_minor, monthly.cover_minor) == (8_880, 0)
    invoice = shop.control.renew(subscription=monthly.subscription_ref)
    assert invoice["amount_due"] == 8_880
    entry = ModelLogEntry.objects.get(action="foundations.change_monthly")
    assert entry.data == {"from_minor": 5_000, "to_minor": 8_880}
    assert "CN¥88.80" in text_of(client, "my_monthly", monthly)


@pytest.mark.parametrize(
    "amount", ["", "0", "-5", "abc", "1.234", "US$100", "9" * 30, "1\x00", "1"]
)
def test_a_wrong_amount_gets_a_sentence_and_changes_nothing(monthly, amount):
    client = donor_of(monthly)
    answer = client.post(reverse("change_monthly", args=[monthly.uuid]), {"amount": amount})
    assert answer.status_code == 200
    assert "field-errors" in answer.content.decode()
    monthly.refresh_from_db()
    assert monthly.amount_minor == 5_000


def test_a_stopped_one_is_not_changed(monthly):
    client = donor_of(monthly)
    client.post(reverse("stop_monthly", args=[monthly.uuid]))
    answer = client.post(
        reverse("change_monthly", args=[monthly.uuid]), {"amount": "10"}, headers=ENGLISH
    )
    assert "not running" in answer.content.decode()


def test_a_refused_card_leads_to_where_another_is_given(monthly, shop, stripe_client):
    found = stripe_client.v1.subscriptions.retrieve(monthly.subscription_ref, options=OPTIONS)
    shop.control.fail_card(customer=found.customer)
    shop.control.renew(subscription=monthly.subscription_ref)
    MonthlyGift.objects.filter(pk=monthly.pk).update(state=MonthlyGift.State.PAST_DUE)
    assert "Give another card" in text_of(donor_of(monthly), "my_monthly", monthly)
    # From the letter: without an account and without a link.
    client, address = Client(), reverse("monthly_card", args=[monthly.uuid])
    shown = client.get(address)
    assert monthly.donor.email not in shown.content.decode()
    assert "王善" not in shown.content.decode()
    assert shop.url in shown["Content-Security-Policy"]
    answer = client.post(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith(shop.url)


def test_without_a_refused_card_none_is_asked_for(monthly):
    client = Client()
    answer = client.post(reverse("monthly_card", args=[monthly.uuid]), follow=True, headers=ENGLISH)
    assert "No card is needed" in answer.content.decode()


def test_a_monthly_gift_lists_its_months(fund):
    from tests.foundations.donor_cast import give

    monthly = monthly_of(fund)
    gifts = [give(fund, 5_000, monthly=monthly) for _month in range(2)]
    text = text_of(by_mail(WANG), "my_monthly", monthly)
    for gift in gifts:
        assert gift.confirmation.number in text
