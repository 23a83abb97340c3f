from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from points.actions.rules import (
    LaterVersionExists,
    RuleEndsBeforeStart,
    RuleInThePast,
    RuleOfTodayInForce,
    RuleStarted,
    end_award_rule,
    remove_award_rule,
    start_award_rule,
)
from points.models import AwardRule
from tests.points.conftest import balance_of, make_rule, settle_all
from volunteers.models import ServiceRecord, User

Make = Callable[..., ServiceRecord]


@pytest.fixture
def today() -> date:
    return timezone.localdate()


def start(starts_on: date, points: int = 20, **fields: Any) -> AwardRule:
    return start_award_rule(
        **{"kind": "per_hour", "name": "每小时", "points": points, "by": None} | fields,
        starts_on=starts_on,
    )


def test_the_next_version_ends_the_one_in_force(per_hour: AwardRule, today: date) -> None:
    new = start(today + timedelta(days=3))

    per_hour.refresh_from_db()
    assert per_hour.last_day == today + timedelta(days=2)
    assert per_hour.points == 10
    assert new.last_day is None


def test_what_was_served_before_keeps_its_worth(
    per_hour: AwardRule, confirmed: Make, alice: User, today: date, sound_ledger: None
) -> None:
    confirmed(60)
    start(today + timedelta(days=1), points=500)
    settle_all()

    assert balance_of(alice.volunteer) == 10


def test_no_rule_starts_in_the_past(per_hour: AwardRule, today: date) -> None:
    with pytest.raises(RuleInThePast):
        start(today - timedelta(days=1))


def test_a_rule_in_force_today_changes_tomorrow_at_the_earliest(
    per_hour: AwardRule, today: date
) -> None:
    with pytest.raises(RuleOfTodayInForce):
        start(today)


def test_the_very_first_rule_reaches_todays_service(
    confirmed: Make, alice: User, today: date, sound_ledger: None
) -> None:
    confirmed(60, served_on=today)
    settle_all()
    assert balance_of(alice.volunteer) == 0

    start(today)
    settle_all()

    assert balance_of(alice.volunteer) == 20


def test_versions_are_written_in_order(per_hour: AwardRule, today: date) -> None:
    start(today + timedelta(days=10))

    with pytest.raises(LaterVersionExists):
        start(today + timedelta(days=5))


def test_a_version_that_has_not_begun_can_be_taken_away(per_hour: AwardRule, today: date) -> None:
    new = start(today + timedelta(days=5))
    remove_award_rule(rule=new)

    per_hour.refresh_from_db()
    assert per_hour.last_day is None
    assert AwardRule.objects.count() == 1


def test_a_rule_that_has_held_cannot_be_taken_away(per_hour: AwardRule) -> None:
    with pytest.raises(RuleStarted):
        remove_award_rule(rule=per_hour)


def test_a_rule_ends_today_at_the_earliest(per_hour: AwardRule, today: date) -> None:
    with pytest.raises(RuleInThePast):
        end_award_rule(rule=per_hour, last_day=today - timedelta(days=1))

    assert end_award_rule(rule=per_hour, last_day=today).last_day == today


def test_a_rule_does_not_end_before_it_starts(today: date) -> None:
    with pytest.raises(RuleEndsBeforeStart):
        start(today + timedelta(days=5), last_day=today + timedelta(days=4))


def test_the_database_keeps_two_rules_off_the_same_day(per_hour: AwardRule) -> None:
    with pytest.raises(IntegrityError, match="award_rule_one_a_day"), transaction.atomic():
        make_rule("per_hour", 30, holds=(date(2024, 1, 1), date(2024, 2, 1)))
