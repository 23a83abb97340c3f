"""Real processes, really killed: the ledger ends where an undisturbed run would have ended."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction

from points.models import Account, Movement
from points.tasks import BATCH, settle_records, sweep_owed_records
from tests.cast import make_volunteer
from volunteers.models import Category, Organisation, ServiceRecord, Territory, Volunteer

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("per_hour", "daily_cap", "broker"),
]

RECORDS = 5_000
PEOPLE = 250
PATIENCE = 90  # seconds; a machine that is busy with other tests is slow, not wrong

StartWorker = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def owed_records(
    territory: Territory, organisation: Organisation, category: Category
) -> list[Volunteer]:
    """5,000 confirmed records, none settled, the last one the last person's only one."""
    people = [
        make_volunteer(user=None, name=f"志愿者{number}", community=territory)
        for number in range(PEOPLE)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO volunteers_servicerecord (volunteer_id, organisation_id, source,
                activity_name, activity_name_en, role, role_en, place, content, category_id,
                person_in_charge, served_on, credited_minutes, review_reason, state, revision,
                settled_revision, is_by_hand, hand_reason, confirmed_at, created_at)
            SELECT (%s::bigint[])[CASE WHEN n = %s THEN %s ELSE 1 + n %% %s END], %s,
                   'fault:' || n, '夜巡', '', '', '', '', '', %s, '', current_date - (n / 500),
                   60 + n %% 120, '', 'confirmed', 1, 0, false, '', now(), now()
            FROM generate_series(0, %s) n
            """,
            [
                [volunteer.pk for volunteer in people],
                RECORDS - 1,
                PEOPLE,
                PEOPLE - 1,
                organisation.pk,
                category.pk,
                RECORDS - 1,
            ],
        )
    return people


def owed() -> int:
    return ServiceRecord.objects.owed().count()


def kill(worker: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the worker and its children: nobody can clean up."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(10)


def assert_settled_once() -> None:
    assert owed() == 0
    assert not ServiceRecord.objects.exclude(settled_revision=1).exists()
    assert sum(Account.objects.values_list("balance_points", flat=True)) == 0
    awards = Movement.objects.filter(kind=Movement.Kind.AWARD)
    assert awards.count() == awards.values("record").distinct().count() == RECORDS
    # Whatever else moved are days over the limit.
    assert Movement.objects.exclude(kind=Movement.Kind.CAP).count() == RECORDS
    call_command("check_ledger", verbosity=0)


def test_a_worker_killed_inside_its_transaction_leaves_nothing_half_done(
    owed_records: list[Volunteer], start_worker: StartWorker, wait_until: Any
) -> None:
    worker = start_worker()
    held = owed_records[0]
    Account.objects.create(kind="volunteer", volunteer=held)
    with transaction.atomic():
        # The worker comes as far as this account, with thousands of records locked, and waits.
        Account.objects.select_for_update().get(volunteer=held)
        settle_records.delay()
        wait_until(_somebody_waits_for_an_account, process=worker, seconds=PATIENCE)
        kill(worker)
    assert owed() == RECORDS
    assert not Movement.objects.exists()

    start_worker()
    sweep_owed_records.delay()
    wait_until(lambda: owed() == 0, seconds=PATIENCE)

    assert_settled_once()


def test_a_worker_killed_half_way_is_carried_on_by_the_next(
    owed_records: list[Volunteer], start_worker: StartWorker, wait_until: Any
) -> None:
    worker = start_worker()
    held = owed_records[-1]
    Account.objects.create(kind="volunteer", volunteer=held)
    with transaction.atomic():
        # The first batch is committed; in the second the worker waits for this account.
        Account.objects.select_for_update().get(volunteer=held)
        settle_records.delay()
        wait_until(lambda: owed() == RECORDS - BATCH, process=worker, seconds=PATIENCE)
        wait_until(_somebody_waits_for_an_account, process=worker, seconds=PATIENCE)
        kill(worker)
    assert Movement.objects.filter(kind=Movement.Kind.AWARD).count() == BATCH

    start_worker()
    sweep_owed_records.delay()
    wait_until(lambda: owed() == 0, seconds=PATIENCE)

    assert_settled_once()


def test_a_queue_that_is_flushed_mid_way_loses_no_record(
    owed_records: list[Volunteer], start_worker: StartWorker, wait_until: Any, broker: Any
) -> None:
    start_worker()
    last = ServiceRecord.objects.order_by("-pk").first()
    assert last is not None
    with transaction.atomic():
        ServiceRecord.objects.select_for_update().get(pk=last.pk)
        settle_records.delay()
        wait_until(lambda: owed() == 1, seconds=PATIENCE)
        broker.flushdb()
        cache.clear()
    assert owed() == 1

    # What beat does every half minute, with the queue's own keys gone.
    sweep_owed_records.delay()
    wait_until(lambda: owed() == 0, seconds=PATIENCE)

    assert_settled_once()


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_at_once_and_every_message_twice_settle_each_record_once(
    owed_records: list[Volunteer], start_worker: StartWorker, wait_until: Any, tmp_path: Path,
    workers: int,
) -> None:  # fmt: skip
    start_worker(concurrency=workers)
    for _ in range(4):
        settle_records.delay()
        sweep_owed_records.delay()
    wait_until(lambda: owed() == 0, seconds=PATIENCE)

    assert_settled_once()
    said = (tmp_path / "worker-0.log").read_text()
    assert "deadlock" not in said
    assert "Traceback" not in said


def _somebody_waits_for_an_account() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # or it stays as the transaction saw it
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND query LIKE '%points_account%'"
        )
        return bool(cursor.fetchone()[0])
