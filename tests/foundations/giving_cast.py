"""A foundation that takes gifts at the fake Stripe, and a visitor's filled-in form."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundations.models import Foundation, Fund, FundPlan
from tests.fake_stripe import FakeStripe
from tests.foundations.gateway_cast import ACCOUNT, connect


def open_checkout(foundation: Foundation, account: str = ACCOUNT, **facts: Any) -> Foundation:
    """Every fact is there, and the staff have opened it."""
    facts = {
        "credit_code": "53370200MJD0000000", "certificate_number": "鲁慈证字2026第01号",
        "contact_name": "周芳", "contact_phone": "0532-8000", "handler": "周芳",
        "how_to_query": "打电话，或在「我的捐赠」里看。", "stripe_account": account,
        "checkout_opened_at": timezone.now(),
    } | facts  # fmt: skip
    for name, value in facts.items():
        setattr(foundation, name, value)
    foundation.save()
    return foundation


def file_plan(fund: Fund, **fields: Any) -> FundPlan:
    today = timezone.localdate()
    return FundPlan.objects.create(
        **{
            "fund": fund, "starts_on": today - timedelta(days=20),
            "ends_on": today + timedelta(days=300), "target_minor": 5_000_000, "area": "浮山所社区",
            "lead": "周芳", "office": "香港中路1号", "methods": "网上与现场", "account": "青岛银行",
            "beneficiaries": "独居老人", "use": "每天中午一顿热饭", "cost": "不超过百分之五",
            "surplus": "用于下一年的食堂", "filing_number": f"备{fund.pk}", "filed_on": today,
        }
        | fields
    )  # fmt: skip


@pytest.fixture
def open_fund(stripe_settings: FakeStripe, foundation: Foundation, fund: Fund) -> Fund:
    """A fund that can be given to."""
    connect(stripe_settings, foundation, ACCOUNT)
    open_checkout(foundation)
    file_plan(fund)
    return Fund.objects.select_related("foundation").get(pk=fund.pk)


@pytest.fixture(autouse=True)
def little_work(settings: Any) -> None:
    """What a browser computes is small here."""
    settings.LINLI_GIVING_PROOF_WORK = 50


FORM = {
    "rhythm": "once", "amount": "100", "donor_kind": "person", "name": "王小明",
    "email": "wang@example.org", "shown_as": "masked",
}  # fmt: skip


def opened(client: Client, fund: Fund) -> dict[str, str]:
    """The hidden fields of the page, with the proof a browser finds."""
    html = client.get(reverse("give", args=[fund.pk])).content.decode()
    return hidden_of(html)


def hidden_of(html: str) -> dict[str, str]:
    hidden = {"nonce": _value(html, r'name="nonce" value="([^"]+)"')}
    token = re.search(r'name="challenge" value="([^"]+)" data-challenge', html)
    if token:
        salt, target = _value(html, r'data-salt="(\w+)"'), _value(html, r'data-target="(\w+)"')
        hidden |= {"challenge": token[1], "proof": solve(salt, target)}
    waiting = re.search(r'name="wait" value="([^"]+)"', html)
    return hidden | ({"wait": waiting[1]} if waiting else {})


def solve(salt: str, target: str, *, most: int = 1000) -> str:
    for number in range(most):
        if hashlib.sha256(f"{salt}{number}".encode()).hexdigest() == target:
            return str(number)
    raise AssertionError("no number has that digest")


def press(client: Client, fund: Fund, **fields: Any) -> Any:
    """Open the page, fill it in, press the button."""
    return send(client, fund, opened(client, fund) | fields)


def send(client: Client, fund: Fund, fields: dict[str, Any]) -> Any:
    said = {name: value for name, value in (FORM | fields).items() if value is not None}
    return client.post(reverse("give", args=[fund.pk]), said)


def session_of(url: str) -> str:
    return url.rpartition("/")[2].partition("?")[0].partition("#")[0]


def sessions(fake: FakeStripe, account: str = ACCOUNT) -> list[Any]:
    listed = fake.client().v1.checkout.sessions.list({"limit": 100}, {"stripe_account": account})
    return list(listed.data)


def _value(html: str, pattern: str) -> str:
    found = re.search(pattern, html)
    assert found, pattern
    return found[1]
