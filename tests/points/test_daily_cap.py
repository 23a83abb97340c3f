from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from points.actions.settlement import settle_owed_records
from points.models import Account, CapWindow
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
    """A plain model: each record is given its full worth, whatever the day's limit is."""
    return [0 if n in voided else length * 10 // 60 for n, length in enumerate(minutes)]


def assert_day_is(day: date, *, earned: int) -> None:
    """What lies over the limit was taken back by the day, in as many movements as it took."""
    window = CapWindow.objects.filter(starts_on=day).first()
    if window is None:
        assert earned == 0
        return
    assert (window.earned_points, window.over_points) == (earned, max(0, earned - CAP))


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
    worth = expected_worth(minutes, voided=set())
    assert [given_for(record) for record in records] == worth
    assert_day_is(day, earned=sum(worth))

    for number in voided:
        void_record(record=records[number], by=bao, reason="没有到场")
        if data.draw(st.booleans()):
            settle_owed_records(limit=1)
    settle_all()
    worth = expected_worth(minutes, voided=voided)
    assert [given_for(record) for record in records] == worth
    assert_day_is(day, earned=sum(worth))
