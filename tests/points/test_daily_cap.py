from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from points.actions.settlement import settle_owed_records
from points.models import Account
from tests.points.conftest import settle_all
from volunteers.actions.records import confirm_record, void_record
from volunteers.models import ServiceRecord, User

pytestmark = pytest.mark.usefixtures("per_hour", "daily_cap", "sound_ledger")

Make = Callable[..., ServiceRecord]

CAP = 60
# Each example takes a day of its own.
days = (date(2021, 1, 1) + timedelta(days=number) for number in itertools.count())


def given_for(record: ServiceRecord) -> int:
    issue = Account.objects.get(kind="issue")
    return sum(
        movement.points if movement.debit_account_id == issue.pk else -movement.points
        for movement in record.movements.all()
    )


def expected_worth(minutes: list[int], *, voided: set[int]) -> list[int]:
    """A plain model: in the order of entry each takes what the cap has left."""
    left = CAP
    worth = []
    for number, length in enumerate(minutes):
        points = 0 if number in voided else min(length * 10 // 60, left)
        left -= points
        worth.append(points)
    return worth


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_full_day_is_worth_the_same_in_whatever_order_it_was_confirmed_and_settled(
    submitted: Make, alice: User, bao: User, data: Any
) -> None:
    day = next(days)
    minutes = data.draw(st.lists(st.integers(0, 400), min_size=1, max_size=7))
    numbers = range(len(minutes))
    order = data.draw(st.permutations(numbers))
    voided = data.draw(st.sets(st.sampled_from(numbers)))
    records = [submitted(length, served_on=day) for length in minutes]

    for number in order:
        confirm_record(record=records[number], by=bao)
        if data.draw(st.booleans()):
            settle_owed_records(limit=data.draw(st.integers(1, 4)))
    settle_all()
    assert [given_for(record) for record in records] == expected_worth(minutes, voided=set())

    for number in voided:
        void_record(record=records[number], by=bao, reason="没有到场")
        if data.draw(st.booleans()):
            settle_owed_records(limit=1)
    settle_all()
    assert [given_for(record) for record in records] == expected_worth(minutes, voided=voided)
