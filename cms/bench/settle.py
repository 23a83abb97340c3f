"""From owed to settled: the Celery task in a real worker, beside bare SQL on the same rows."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psutil
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from cms.bench import Figure
from points.actions.accounts import ensure_system_accounts
from points.actions.proof import prove_ledger
from points.models import Account, AwardRule, Standing
from points.tasks import settle_records
from volunteers.models import Category, Organisation, ServiceRecord, Territory

NAME = "settle_records"

RECORDS = 100_000
VOLUNTEERS = 20_000
ROUNDS = 3

# What nobody who keeps this ledger in this database can go below: lock, one movement a record, its
# bucket, both balances, the record marked. No limits, no corrections, no sums of hours, no choice
# of rules, no second statement.
BY_HAND_SQL = """
WITH owed AS (
    SELECT r.id, r.revision, r.volunteer_id, r.credited_minutes, r.confirmed_at
    FROM volunteers_servicerecord r
    WHERE r.settled_revision < r.revision
    ORDER BY r.id LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED
), due AS (
    SELECT owed.*, a.id AS account_id, owed.credited_minutes * rule.points / 60 AS points
    FROM owed
    JOIN points_account a ON a.volunteer_id = owed.volunteer_id
    CROSS JOIN (SELECT points FROM points_awardrule WHERE kind = 'per_hour'
                  AND category_id IS NULL) rule
), moved AS (
    INSERT INTO points_movement (debit_account_id, credit_account_id, points, kind, reference,
        record_id, record_revision, reckoning, happened_at, created_at)
    SELECT %(issue)s, account_id, points, 'award', 'record:' || id || ':' || revision,
           id, revision, '{}', confirmed_at, now()
    FROM due WHERE points > 0
    RETURNING credit_account_id, points
), sums AS (
    SELECT credit_account_id AS id, sum(points) AS points FROM moved GROUP BY 1
), filled AS (
    INSERT INTO points_bucket (account_id, lapses_on, remaining_points, lapsed_points)
    SELECT id, %(lapses_on)s, points, 0 FROM sums ORDER BY id
    ON CONFLICT (account_id, lapses_on) DO UPDATE
    SET remaining_points = points_bucket.remaining_points + EXCLUDED.remaining_points
), balances AS (
    UPDATE points_account a SET balance_points = balance_points + sums.points
    FROM sums WHERE a.id = sums.id
), issued AS (
    UPDATE points_account SET balance_points = balance_points - (SELECT sum(points) FROM sums)
    WHERE id = %(issue)s AND EXISTS (SELECT 1 FROM sums)
), settled AS (
    UPDATE volunteers_servicerecord r SET settled_revision = owed.revision
    FROM owed WHERE r.id = owed.id
)
SELECT count(*) FROM owed
"""


def measure() -> Figure:
    return measure_with(workers=1, name=NAME)


def measure_with(*, workers: int, name: str) -> Figure:
    """The Celery task in so many worker processes, beside one connection with bare SQL."""
    make_data()
    by_task: list[float] = []
    by_hand: list[float] = []
    with worker(processes=workers) as process:
        _reset()
        _settle_by_task(workers)  # not counted: the worker imports, the server warms its cache
        _wait_for_recognition()
        _check()
        before = _memory(process)
        for _ in range(ROUNDS):
            _reset()
            by_task.append(_settle_by_task(workers))
            _wait_for_recognition()
            _reset()
            by_hand.append(_settle_by_hand())
        grown = _memory(process) - before
    return Figure(
        name=name,
        value=RECORDS / statistics.median(by_task),
        unit="records/s",
        limit=RECORDS / statistics.median(by_hand),
        note=(
            f"{RECORDS:,} records, {workers} worker(s), median of {ROUNDS};"
            f" the workers grew by {grown:+.1f} MB"
        ),
    )


def _settle_by_task(workers: int) -> float:
    """Seconds from sending the task, once a worker, until nothing is owed."""
    began = time.perf_counter()
    for _ in range(workers):
        settle_records.delay()
    # Settled in the order of their ids: looking at the last one costs the server next to nothing.
    last = ServiceRecord.objects.order_by("-pk").values_list("settled_revision", flat=True)
    while not last[0] or ServiceRecord.objects.owed().exists():
        if time.perf_counter() - began > 300:
            raise RuntimeError("The worker did not settle the records within five minutes.")
        time.sleep(0.02)
    return time.perf_counter() - began


def _wait_for_recognition() -> None:
    """The worker's next work, which is not measured and must not disturb what is."""
    deadline = time.monotonic() + 300
    while Standing.objects.filter(evaluated_revision__lt=F("revision")).exists():
        if time.monotonic() > deadline:
            raise RuntimeError("The worker did not evaluate recognition within five minutes.")
        time.sleep(0.05)


def _settle_by_hand() -> float:
    issue = Account.objects.get(kind=Account.Kind.ISSUE).pk
    began = time.perf_counter()
    with connection.cursor() as cursor:
        while True:
            with transaction.atomic():
                cursor.execute(BY_HAND_SQL, {"issue": issue, "lapses_on": date(2028, 12, 1)})
                (settled,) = cursor.fetchone()
            if not settled:
                return time.perf_counter() - began


def _check() -> None:
    wrong = [finding.claim for finding in prove_ledger() if finding.rows]
    if wrong:
        raise RuntimeError(f"The ledger does not hold after the run: {wrong}")


def make_data() -> None:
    if Organisation.objects.filter(slug="bench").exists():
        return
    territory = Territory.objects.create(
        code_system="bench", code_version="1", code="1", level=5, name="测试社区", path="/1/"
    )
    organisation = Organisation.objects.create(
        name="测试队", slug="bench", kind="volunteer_team", territory=territory
    )
    categories = [
        Category.objects.create(slug=f"bench-{number}", name=f"类别{number}") for number in range(4)
    ]
    ensure_system_accounts()
    always = (date(2020, 1, 1), None)
    AwardRule.objects.create(
        kind="per_hour", name="每小时", points=10, holds=always, lapse_months=24
    )
    AwardRule.objects.create(
        kind="per_hour", name="每小时", points=12, holds=always, category=categories[0],
        lapse_months=24,
    )  # fmt: skip
    AwardRule.objects.create(
        kind="campaign_bonus", name="加分", points=5, holds=always, campaign_number=7
    )
    AwardRule.objects.create(kind="daily_cap", name="每日上限", points=60, holds=always)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO volunteers_volunteer (public_id, name, sex, id_type, id_number, phone,
                emergency_name, emergency_phone, is_ranked, star_level, created_at, community_id)
            SELECT gen_random_uuid(), '志愿者' || n, 9, '', NULL, '', '', '', false, 0, now(), %s
            FROM generate_series(1, %s) n
            """,
            [territory.pk, VOLUNTEERS],
        )
        # Spread over people and six weeks as in a city: neighbours in id are strangers.
        cursor.execute(
            """
            CREATE TABLE bench_records AS
            SELECT v.id AS volunteer_id, %s::bigint AS organisation_id, n AS number,
                   %s::bigint + n %% 4 AS category_id,
                   CASE WHEN n %% 10 = 0 THEN 7 END AS campaign_number,
                   current_date - (n * 31 %% 42) AS served_on, 30 + n * 17 %% 210 AS minutes,
                   CASE WHEN n %% 3 = 0 THEN 4 END AS quality
            FROM generate_series(1, %s) n
            JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM volunteers_volunteer) v
                 ON v.place = 1 + n * 7919 %% %s
            """,
            [organisation.pk, categories[0].pk, RECORDS, VOLUNTEERS],
        )


def _reset() -> None:
    """The same rows, freshly written, all owed; everybody's account is there and empty."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE points_movement DISABLE TRIGGER movement_no_truncate")
        cursor.execute(
            "TRUNCATE points_movement, points_account, points_bucket, points_capwindow,"
            " points_standing, points_recognition, volunteers_servicerecord"
            " RESTART IDENTITY CASCADE"
        )
        ensure_system_accounts()
        cursor.execute(
            "INSERT INTO points_account (kind, volunteer_id, balance_points, debt_points)"
            " SELECT 'volunteer', id, 0, 0 FROM volunteers_volunteer ORDER BY id"
        )
        cursor.execute(
            "INSERT INTO points_standing (volunteer_id, served_minutes, served_records,"
            " rated_records, rating_sum, revision, evaluated_revision)"
            " SELECT id, 0, 0, 0, 0, 0, 0 FROM volunteers_volunteer ORDER BY id"
        )
        cursor.execute(
            """
            INSERT INTO volunteers_servicerecord (volunteer_id, organisation_id, source,
                activity_name, activity_name_en, role, role_en, place, content, category_id,
                campaign_number, person_in_charge, served_on, credited_minutes, quality,
                review_reason, state, revision, settled_revision, is_by_hand, hand_reason,
                confirmed_at, created_at)
            SELECT volunteer_id, organisation_id, 'bench:' || number, '浮山所平安夜巡', '', '', '',
                   '浮山所社区警务室', '', category_id, campaign_number, '', served_on, minutes,
                   quality, '', 'confirmed', 1, 0, false, '', now(), now()
            FROM bench_records ORDER BY number
            """
        )
        cursor.execute(
            "VACUUM (ANALYZE) points_movement, points_account, points_bucket, points_capwindow,"
            " points_standing, volunteers_servicerecord"
        )
        cursor.execute("CHECKPOINT")


@contextmanager
def worker(*, processes: int) -> Iterator[psutil.Process]:
    """A worker as the Procfile starts it, with so many processes."""
    with tempfile.TemporaryFile("w+b") as log:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "celery", "-A", "config", "worker", "--loglevel=WARNING",
                f"--concurrency={processes}", f"--hostname=bench-{os.getpid()}", "--without-gossip",
                "--without-mingle",
            ],
            cwd=Path(settings.BASE_DIR), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield psutil.Process(process.pid)
        except RuntimeError:
            log.seek(0)
            sys.stderr.buffer.write(log.read()[-3000:])
            raise
        finally:
            process.terminate()
            process.wait(30)


def _memory(process: psutil.Process) -> float:
    """Megabytes of the worker's children, which do the work."""
    return sum(child.memory_info().rss for child in process.children(recursive=True)) / 2**20
