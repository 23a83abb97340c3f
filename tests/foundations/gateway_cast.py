"""A foundation with an account at the fake Stripe, gifts begun and paid there."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from foundations.gateway import get_gateway
from foundations.models import Donor, Foundation, Fund, Gift, MonthlyGift
from foundations.names import new_number
from tests.fake_stripe import KEY, PLATFORM, FakeStripe
from tests.fake_stripe.fixtures import CONNECT_SECRET, SECRET

ACCOUNT = "acct_of_the_foundation"
_mails = itertools.count()


@pytest.fixture
def stripe_settings(settings: Any, fake_stripe: FakeStripe) -> FakeStripe:
    """The product speaks to this test's fake Stripe."""
    settings.LINLI_STRIPE_KEY = KEY
    settings.LINLI_STRIPE_URL = fake_stripe.url
    settings.LINLI_STRIPE_WEBHOOK_SECRET = SECRET
    settings.LINLI_STRIPE_CONNECT_SECRET = CONNECT_SECRET
    return fake_stripe


def connect(fake: FakeStripe, foundation: Foundation, account: str) -> Foundation:
    fake.control.connect_account(platform=PLATFORM, account=account)
    foundation.stripe_account = account
    foundation.save(update_fields=["stripe_account"])
    return foundation


@pytest.fixture
def shop(stripe_settings: FakeStripe, foundation: Foundation) -> FakeStripe:
    """The fake Stripe, where the foundation has an account."""
    connect(stripe_settings, foundation, ACCOUNT)
    return stripe_settings


def make_donor(foundation: Foundation) -> Donor:
    email = f"donor{next(_mails)}@example.org"
    return Donor.objects.create(foundation=foundation, name="王善", email=email)


def begin_gift(fund: Fund, amount_minor: int = 10_000, **fields: Any) -> Gift:
    """A gift whose page at the gateway is open."""
    donor = make_donor(fund.foundation)
    gift = Gift.objects.create(
        **{
            "foundation": fund.foundation, "fund": fund, "number": new_number("G"),
            "gateway": "stripe", "amount_minor": amount_minor, "currency": fund.currency,
            "donor": donor, "donor_name": donor.name,
        }
        | fields
    )  # fmt: skip
    return _open(gift)


def begin_monthly(fund: Fund, amount_minor: int = 5_000, **fields: Any) -> MonthlyGift:
    donor = make_donor(fund.foundation)
    monthly = MonthlyGift.objects.create(
        **{
            "foundation": fund.foundation, "fund": fund, "number": new_number("M"),
            "gateway": "stripe", "amount_minor": amount_minor, "currency": fund.currency,
            "donor": donor, "donor_name": donor.name,
        }
        | fields
    )  # fmt: skip
    return _open(monthly)


def _open(payment: Any) -> Any:
    started = get_gateway("stripe").start(
        payment=payment, success_url="https://linli.example/thanks/",
        cancel_url="https://linli.example/give/", email=payment.donor.email,
    )  # fmt: skip
    payment.session_ref = started.session_ref
    payment.save(update_fields=["session_ref"])
    return payment


@pytest.fixture
def paid_gift(shop: FakeStripe, fund: Fund) -> Callable[..., Gift]:
    """`paid_gift(amount_minor, method=..., card=...)`: paid at the fake Stripe, unknown here."""

    def make(amount_minor: int = 10_000, *, method: str = "card", **fields: Any) -> Gift:
        gift = begin_gift(fields.pop("fund", fund), amount_minor, **fields)
        shop.control.pay(session=gift.session_ref, method=method)
        return gift

    return make
