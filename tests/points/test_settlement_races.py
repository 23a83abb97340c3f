"""Real threads and real transactions: what two workers and an organiser do at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from points.actions import settlement
from points.actions.settlement import settle_owed_records
from points.models import Movement
from tests.cast import make_volunteer
from tests.points.conftest import balance_of, settle_all
from volunteers.actions.records import confirm_record, correct_record, void_record
from volunteers.models import ServiceRecord, Territory, User, Volunteer

pytestmark = pytest.mark.django_db(transaction=True)

Make = Callable[..., ServiceRecord]


def run_together(*jobs: Callable[[], Any]) -> list[Any]:
    """Start all jobs at the same moment, each on a connection of its own."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            gate.wait(10)
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result(60) for future in [pool.submit(run, job) for job in jobs]]


@pytest.fixture
def people(territory: Territory) -> list[Volunteer]:
    return [
        make_volunteer(user=None, name=f"志愿者{number}", community=territory)
        for number in range(12)
    ]


def test_workers_side_by_side_give_each_record_once(
    per_hour: Any, daily_cap: Any, confirmed: Make, people: list[Volunteer], sound_ledger: None
) -> None:
    for volunteer in people:
        for _ in range(4):
            confirmed(120, volunteer=volunteer)

    def work() -> int:
        settled = 0
        # Small batches: one person's day is spread over all workers.
        while done := settle_owed_records(limit=5):
            settled += done
        return settled

    assert sum(run_together(work, work, work, work)) == 48
    assert settle_all() == 0
    assert {balance_of(volunteer) for volunteer in people} == {60}


def test_a_correction_that_commits_while_a_worker_settles_is_not_lost(
    per_hour: Any,
    daily_cap: Any,
    confirmed: Make,
    alice: User,
    bao: User,
    sound_ledger: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, _second = confirmed(300), confirmed(300)
    halted, go_on = threading.Event(), threading.Event()
    issue_account_id = settlement._issue_account_id

    def halt() -> int:
        # The owed records are locked by now, their worth is not computed yet.
        halted.set()
        go_on.wait(5)
        return issue_account_id()

    monkeypatch.setattr(settlement, "_issue_account_id", halt)

    def void_first() -> None:
        halted.wait(5)
        threading.Timer(0.3, go_on.set).start()
        void_record(record=first, by=bao, reason="没有到场")

    run_together(settle_owed_records, void_first)
    monkeypatch.undo()

    # Its neighbour of the same day is not owed: the limit is reckoned from the day, not from it.
    assert set(ServiceRecord.objects.owed()) == {first}
    settle_all()
    assert balance_of(alice.volunteer) == 50


def test_a_worker_passes_over_a_record_that_is_being_changed(
    per_hour: Any, confirmed: Make, alice: User, bao: User, sound_ledger: None
) -> None:
    held = confirmed(60)
    free = confirmed(120)

    with transaction.atomic():
        correct_record(record=held, by=bao, credited_minutes=30, reason="早退")
        [(settled, movements)] = run_together(
            lambda: (settle_owed_records(), list(Movement.objects.values_list("record", "points")))
        )
    assert (settled, movements) == (1, [(free.pk, 20)])

    settle_all()
    assert balance_of(alice.volunteer) == 5 + 20


def test_organisers_confirming_the_same_day_side_by_side_keep_within_the_cap(
    per_hour: Any, daily_cap: Any, submitted: Make, alice: User, bao: User, sound_ledger: None
) -> None:
    for _ in range(5):
        records = [submitted(150) for _ in range(4)]
        day = timezone.localdate() - timedelta(days=2)
        ServiceRecord.objects.filter(pk__in=[r.pk for r in records]).update(served_on=day)
        run_together(
            *[lambda record=record: confirm_record(record=record, by=bao) for record in records],
            settle_all,
            settle_all,
        )
        settle_all()
        assert balance_of(alice.volunteer) == 60
        for record in records:
            void_record(record=record, by=bao, reason="下一轮")
        settle_all()
        assert balance_of(alice.volunteer) == 0


def test_settling_and_changing_in_any_mixture_ends_where_it_must(
    per_hour: Any, daily_cap: Any, submitted: Make, people: list[Volunteer], bao: User,
    sound_ledger: None,
) -> None:  # fmt: skip
    records = [submitted(90, volunteer=people[number % 3]) for number in range(24)]

    def organise(part: list[ServiceRecord]) -> None:
        for record in part:
            confirm_record(record=record, by=bao)
            correct_record(record=record, by=bao, credited_minutes=60, reason="核对")
        for record in part[::2]:
            void_record(record=record, by=bao, reason="重复")

    def work() -> None:
        for _ in range(30):
            settle_owed_records(limit=4)

    run_together(lambda: organise(records[:12]), lambda: organise(records[12:]), work, work)
    settle_all()
    # Each of the three has four records of an hour left: 40 points, within the cap.
    assert [balance_of(volunteer) for volunteer in people[:3]] == [40, 40, 40]


def test_without_the_lock_on_the_records_the_race_does_happen(
    per_hour: Any, confirmed: Make, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control: the tests above would notice if the lock were gone."""
    confirmed(60)
    unlocked = settlement.LOCK_OWED_SQL.replace("FOR NO KEY UPDATE SKIP LOCKED", "")
    assert unlocked != settlement.LOCK_OWED_SQL
    monkeypatch.setattr(settlement, "LOCK_OWED_SQL", unlocked)
    gate = threading.Barrier(2)
    issue_account_id = settlement._issue_account_id

    def meet() -> int:
        gate.wait(10)
        return issue_account_id()

    monkeypatch.setattr(settlement, "_issue_account_id", meet)
    settled = run_together(settle_owed_records, settle_owed_records)

    assert settled == [1, 1]  # both took the same record
    # The unique key (record, revision) still lets only one movement through.
    assert Movement.objects.count() == 1
