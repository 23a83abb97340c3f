"""Rules that hold, and records as the doors leave them, for the tests of the ledger."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from points.actions.settlement import settle_owed_records
from points.models import Account, AwardRule
from volunteers.actions.records import confirm_record, draft_record, submit_record
from volunteers.models import Category, Organisation, ServiceRecord, User, Volunteer

LONG_AGO = date(2020, 1, 1)

_sources = itertools.count()


def make_rule(kind: str, points: int, **fields: Any) -> AwardRule:
    fields.setdefault("holds", (LONG_AGO, None))
    return AwardRule.objects.create(kind=kind, name=f"{kind} {points}", points=points, **fields)


@pytest.fixture
def per_hour(db: None) -> AwardRule:
    return make_rule("per_hour", 10)


@pytest.fixture
def daily_cap(db: None) -> AwardRule:
    return make_rule("daily_cap", 60)


@pytest.fixture
def submitted(
    organisation: Organisation, category: Category, alice: User
) -> Callable[..., ServiceRecord]:
    """`submitted(minutes, **fields)`: a record of Alice's that waits to be confirmed."""

    def make(minutes: int = 90, **fields: Any) -> ServiceRecord:
        record = draft_record(
            **{
                "volunteer": alice.volunteer,
                "organisation": organisation,
                "source": f"test:{next(_sources)}",
                "activity_name": "浮山所平安夜巡",
                "category": category,
                "served_on": timezone.localdate() - timedelta(days=1),
                "credited_minutes": minutes,
                "by": None,
            }
            | fields
        )
        return submit_record(record=record, by=None)

    return make


@pytest.fixture
def confirmed(submitted: Callable[..., ServiceRecord], bao: User) -> Callable[..., ServiceRecord]:
    """`confirmed(minutes, quality=None, **fields)`: the same, confirmed by Bao."""

    def make(minutes: int = 90, quality: int | None = None, **fields: Any) -> ServiceRecord:
        return confirm_record(record=submitted(minutes, **fields), by=bao, quality=quality)

    return make


@pytest.fixture
def sound_ledger(db: None) -> Iterator[None]:
    """At the test's end the ledger must prove itself."""
    yield
    call_command("check_ledger", verbosity=0)


def settle_all() -> int:
    total = 0
    while settled := settle_owed_records():
        total += settled
    return total


def balance_of(volunteer: Volunteer) -> int:
    account = Account.objects.filter(volunteer=volunteer).first()
    return account.balance_points if account else 0
