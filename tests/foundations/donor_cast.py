"""Gifts that have arrived, and the ways in which a donor comes to them."""

from __future__ import annotations

import itertools
from typing import Any

from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundations.actions.settling import settle_gift
from foundations.gateway import PaymentState, PaymentStatus
from foundations.mail_links import link_token
from foundations.models import Donor, Foundation, Fund, Gift, MonthlyGift
from foundations.names import new_number
from volunteers.models import User

_payments = itertools.count()

WANG = "wang@example.org"
FACTS = {
    "credit_code": "53370200MJD123456X", "certificate_number": "鲁民募2026-018",
    "handler": "孙经手", "contact_name": "李老师", "contact_phone": "0532-8888 6666",
    "contact_email": "ask@foundation.example", "how_to_query": "打电话，或在网页上提问。",
}  # fmt: skip


def with_facts(foundation: Foundation) -> Foundation:
    Foundation.objects.filter(pk=foundation.pk).update(**FACTS)
    foundation.refresh_from_db()
    return foundation


def begin(fund: Fund, amount_minor: int = 10_000, *, email: str = WANG, **fields: Any) -> Gift:
    """A gift whose page nobody has paid yet."""
    kind = fields.pop("kind", Donor.Kind.PERSON)
    donor, _is_new = Donor.objects.get_or_create(
        foundation=fund.foundation, kind=kind, email=email,
        defaults={"name": "王小善", "user": fields.pop("user", None)},
    )  # fmt: skip
    return Gift.objects.create(
        **{
            "foundation": fund.foundation, "fund": fund, "number": new_number("G"),
            "gateway": "stripe", "amount_minor": amount_minor, "currency": fund.currency,
            "donor": donor, "donor_name": "王小善",
        }
        | fields
    )  # fmt: skip


def give(fund: Fund, amount_minor: int = 10_000, *, is_live: bool = True, **fields: Any) -> Gift:
    """A gift that has arrived."""
    gift = begin(fund, amount_minor, **fields)
    told = PaymentState(
        status=PaymentStatus.PAID, amount_minor=amount_minor, currency=fund.currency,
        payment_ref=f"pi_{next(_payments)}", method=Gift.Method.CARD, is_live=is_live,
        paid_at=timezone.now(), fee_minor=0,
    )  # fmt: skip
    return settle_gift(gift=gift, told=told)


def monthly_of(fund: Fund, *, email: str = WANG, **fields: Any) -> MonthlyGift:
    donor, _is_new = Donor.objects.get_or_create(
        foundation=fund.foundation, kind=Donor.Kind.PERSON, email=email
    )
    return MonthlyGift.objects.create(
        **{
            "foundation": fund.foundation, "fund": fund, "number": new_number("M"),
            "gateway": "stripe", "amount_minor": 5_000, "currency": fund.currency,
            "donor": donor, "donor_name": "王小善", "state": MonthlyGift.State.ACTIVE,
            "subscription_ref": f"sub_{next(_payments)}", "started_at": timezone.now(),
        }
        | fields
    )  # fmt: skip


def by_mail(email: str = WANG) -> Client:
    """A browser in which the link of that mailbox was followed."""
    client = Client()
    client.get(reverse("open_gifts", args=[link_token(email=email)]))
    return client


def prove_mail(user: User, email: str, *, verified: bool = True) -> None:
    EmailAddress.objects.create(user=user, email=email, verified=verified)
