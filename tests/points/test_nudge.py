"""From a confirmed record to a worker's look: quick when all is well, and never in the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kombu import Connection
from kombu.pools import producers

from points.models import Movement, Recognition
from points.tasks import settle_records, sweep_owed_records, sweep_recognition
from tests.points.conftest import balance_of
from volunteers.actions.records import confirm_record, confirm_records
from volunteers.models import ServiceRecord, User

Make = Callable[..., ServiceRecord]

QUEUE = "linli"


def test_confirming_sends_a_message_after_the_commit(
    submitted: Make, bao: User, broker: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        confirm_record(record=submitted(), by=bao)
        assert broker.llen(QUEUE) == 0

    assert broker.llen(QUEUE) == 1


def test_a_flood_of_records_is_one_message(
    submitted: Make, bao: User, broker: Any, django_capture_on_commit_callbacks: Any
) -> None:
    for _ in range(5):
        with django_capture_on_commit_callbacks(execute=True):
            confirm_records(records=[submitted(), submitted()], by=bao)

    assert broker.llen(QUEUE) == 1


def test_a_record_confirmed_after_the_look_sends_another_message(
    submitted: Make, bao: User, broker: Any, per_hour: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        confirm_record(record=submitted(), by=bao)
    settle_records()
    with django_capture_on_commit_callbacks(execute=True):
        confirm_record(record=submitted(), by=bao)

    assert broker.llen(QUEUE) == 2


def test_a_broker_that_is_away_costs_nobody_the_confirmation(
    submitted: Make, alice: User, bao: User, per_hour: Any,
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    nowhere = Connection("redis://127.0.0.1:1/0")  # nobody listens on that port
    monkeypatch.setattr(settle_records.app.amqp, "_producer_pool", producers[nowhere])

    with django_capture_on_commit_callbacks(execute=True):
        record = confirm_record(record=submitted(), by=bao)

    assert record.state == ServiceRecord.State.CONFIRMED
    assert "No nudge" in caplog.text
    sweep_owed_records()
    assert balance_of(alice.volunteer) == 15


def test_every_task_delivered_twice_does_its_work_once(
    submitted: Make, alice: User, bao: User, per_hour: Any, broker: Any, sound_ledger: None
) -> None:
    confirm_record(record=submitted(), by=bao)
    for task in (settle_records, settle_records, sweep_owed_records, sweep_recognition):
        task()
        task()

    assert Movement.objects.count() == 1
    assert Recognition.objects.count() == 1
    assert balance_of(alice.volunteer) == 15


@pytest.mark.django_db(transaction=True)
def test_a_lost_nudge_costs_less_than_a_minute(
    submitted: Make, alice: User, bao: User, per_hour: Any, broker: Any, start_worker: Any,
    wait_until: Any,
) -> None:  # fmt: skip
    """Beat's own sweep finds the record: its message was flushed away."""
    confirm_record(record=submitted(), by=bao)
    broker.flushdb()
    start_worker(beat=True)

    wait_until(lambda: balance_of(alice.volunteer) == 15, seconds=60)


@pytest.mark.django_db(transaction=True)
def test_an_idle_worker_gives_the_points_at_once(
    submitted: Make, alice: User, bao: User, per_hour: Any, broker: Any, worker: Any,
    wait_until: Any,
) -> None:  # fmt: skip
    """Without beat: the nudge alone brings them. How fast, `make bench` says."""
    confirm_record(record=submitted(), by=bao)

    wait_until(lambda: balance_of(alice.volunteer) == 15, seconds=30)
