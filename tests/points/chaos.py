"""The same twenty rounds of a city's life twice: undisturbed, then with everything going wrong.

`python -m tests.points.chaos` on servers of its own (LINLI_DATA); prints one line of JSON:
{"undisturbed": …, "disturbed": …, "disturbances": {…}}. test_chaos.py compares the two.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import django
import psutil

ROUNDS = 20
PEOPLE = 60
RECORDS_A_ROUND = 120
PATIENCE = 90


def main() -> None:
    django.setup()
    undisturbed = live(Undisturbed())
    forget()
    with_trouble = Disturbed()
    try:
        disturbed = live(with_trouble)
    finally:
        with_trouble.end()
    print(
        json.dumps(
            {
                "undisturbed": undisturbed,
                "disturbed": disturbed,
                "disturbances": with_trouble.done,
            }
        )
    )


class Undisturbed:
    """Settles in this process, one batch after the other."""

    def settle(self, _number: int) -> None:
        from points.actions.recognition import evaluate_recognition
        from points.actions.settlement import settle_owed_records

        while settle_owed_records(limit=50):
            pass
        while evaluate_recognition():
            pass


class Disturbed:
    """Settles in a worker whose children are killed, whose queue is flushed, whose messages come
    twice and in any order, and whose database is restarted under it."""

    def __init__(self) -> None:
        self.rng = random.Random(20261124)
        self.done = {"killed": 0, "flushed": 0, "restarted": 0, "messages": 0}
        self.log = Path(os.environ["LINLI_DATA"]).parent / "worker.log"
        with self.log.open("wb") as output:
            self.worker = subprocess.Popen(
                [
                    sys.executable, "-m", "celery", "-A", "config", "worker", "--loglevel=INFO",
                    "--concurrency=2", "--without-gossip", "--without-mingle",
                ],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        wait_for(lambda: " ready." in self.log.read_text(errors="replace"))

    def end(self) -> None:
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait(10)

    def settle(self, number: int) -> None:
        self._send()
        time.sleep(self.rng.uniform(0, 0.15))
        self._kill_a_child()
        if number % 3 == 0:
            self._flush()
        if number % 7 == 3:
            self._restart_the_database()
        while not all_is_done():
            # What beat does every half minute.
            self._send()
            wait_for(all_is_done, seconds=3, or_fail=False)

    def _send(self) -> None:
        from points.tasks import settle_records, sweep_owed_records, sweep_recognition

        messages = [settle_records, sweep_owed_records, sweep_recognition] * 2
        self.rng.shuffle(messages)
        for task in messages:
            task.delay()
            self.done["messages"] += 1

    def _kill_a_child(self) -> None:
        children = psutil.Process(self.worker.pid).children()
        if children:
            self.rng.choice(children).kill()
            self.done["killed"] += 1

    def _flush(self) -> None:
        import redis

        from config import embedded

        address = embedded.addresses(Path(os.environ["LINLI_DATA"])).redis_url
        redis.Redis.from_url(address).flushall()
        self.done["flushed"] += 1

    def _restart_the_database(self) -> None:
        from django.db import connection

        from config import embedded

        data = Path(os.environ["LINLI_DATA"])
        connection.close()
        pid = int((data / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGQUIT)  # at once, as if the power had gone
        wait_for(lambda: not psutil.pid_exists(pid))
        embedded.ensure_running(data)
        self.done["restarted"] += 1


def live(city: Any) -> dict[str, Any]:
    """Twenty rounds: hours confirmed, corrected, voided, points spent; and how it all ends."""
    from points.actions.accounts import ensure_system_accounts

    ensure_system_accounts()
    people, organisation, category, by = make_city()
    rng = random.Random(7)
    for number in range(ROUNDS):
        confirm_some(rng, number, people=people, organisation=organisation, category=category)
        change_some(rng, by=by)
        city.settle(number)
        spend_some(rng, people=people, by=by)
    return snapshot()


def make_city() -> tuple[list[int], int, int, Any]:
    from points.models import AwardRule, Reward
    from volunteers.models import Category, Organisation, Territory, User, Volunteer

    place = Territory.objects.create(
        code_system="t", code_version="1", code="1", level=5, name="社区", path="/1/"
    )
    organisation = Organisation.objects.create(
        name="队", slug="team", kind="volunteer_team", territory=place
    )
    category = Category.objects.create(slug="patrol", name="巡防")
    by = User.objects.create_user(name="管理员", phone="+8613800000009")
    always = ("2020-01-01", None)
    AwardRule.objects.create(
        kind="per_hour", name="每小时", points=10, holds=always, lapse_months=24
    )
    AwardRule.objects.create(kind="daily_cap", name="每天", points=40, holds=always)
    AwardRule.objects.create(kind="weekly_cap", name="每周", points=90, holds=always)
    AwardRule.objects.create(kind="first_service", name="首次", points=20, holds=always)
    Reward.objects.create(name="环保袋", price_points=15, stock=10_000)
    people = Volunteer.objects.bulk_create(
        Volunteer(name=f"志愿者{n}", community=place, is_ranked=n % 2 == 0) for n in range(PEOPLE)
    )
    return [person.pk for person in people], organisation.pk, category.pk, by


def confirm_some(
    rng: random.Random, number: int, *, people: list[int], organisation: int, category: int
) -> None:
    from django.db import connection

    rows = [
        (
            rng.choice(people),
            f"chaos:{number}:{n}",
            f"2026-{rng.randint(9, 10):02d}-{rng.randint(1, 28):02d}",
            rng.choice((30, 60, 90, 120, 240)),
            rng.choice((None, 4, 5)),
        )
        for n in range(RECORDS_A_ROUND)
    ]
    with connection.cursor() as cursor:
        for person, source, served_on, minutes, quality in rows:
            cursor.execute(
                """
                INSERT INTO volunteers_servicerecord (volunteer_id, organisation_id, source,
                    activity_name, activity_name_en, role, role_en, place, content, category_id,
                    person_in_charge, served_on, credited_minutes, quality, review_reason, state,
                    revision, settled_revision, is_by_hand, hand_reason, confirmed_at, created_at)
                VALUES (%s, %s, %s, '夜巡', '', '', '', '', '', %s, '', %s, %s, %s, '',
                        'confirmed', 1, 0, false, '', '2026-11-01 12:00+08', now())
                """,
                [person, organisation, source, category, served_on, minutes, quality],
            )


def change_some(rng: random.Random, *, by: Any) -> None:
    from volunteers.actions.records import correct_record, void_record
    from volunteers.models import ServiceRecord

    counted = list(ServiceRecord.objects.filter(state="confirmed").order_by("pk"))
    for record in rng.sample(counted, 12):
        minutes = record.credited_minutes - rng.choice((5, 10, 15))
        if minutes > 0:
            correct_record(record=record, by=by, credited_minutes=minutes, reason="核对")
    for record in rng.sample(counted, 6):
        void_record(record=record, by=by, reason="重复")


def spend_some(rng: random.Random, *, people: list[int], by: Any) -> None:
    from points.actions.rewards import RedemptionRefused, redeem_reward
    from points.models import Reward
    from volunteers.models import Volunteer

    reward = Reward.objects.get()
    for person in rng.sample(people, 6):
        nonce = uuid.UUID(int=rng.getrandbits(128), version=4)
        try:
            redeem_reward(
                reward=reward, volunteer=Volunteer.objects.get(pk=person), nonce=nonce, by=by
            )
        except RedemptionRefused:
            continue


def all_is_done() -> bool:
    from django.db import OperationalError, connection
    from django.db.models import F

    from points.models import Standing
    from volunteers.models import ServiceRecord

    try:
        return not (
            ServiceRecord.objects.owed().exists()
            or Standing.objects.filter(evaluated_revision__lt=F("revision")).exists()
        )
    except OperationalError:
        connection.close()
        return False


def snapshot() -> dict[str, Any]:
    """Everything that must not depend on what went wrong on the way."""
    from points.actions.proof import prove_ledger
    from points.models import Account, Bucket, CapWindow, RankingEntry, Recognition, Standing

    def rows(queryset: Any, *names: str) -> list[str]:
        return sorted(str(row) for row in queryset.values_list(*names))

    return {
        "accounts": rows(Account.objects, "kind", "volunteer", "balance_points", "debt_points"),
        "buckets": rows(
            Bucket.objects.filter(remaining_points__gt=0),
            "account__volunteer", "lapses_on", "remaining_points",
        ),
        # Days that earned something and lost it again, all within one batch or not, leave no trace.
        "limits": rows(
            CapWindow.objects.filter(earned_points__gt=0),
            "volunteer", "rule", "starts_on", "earned_points", "over_points",
        ),
        "standings": rows(
            Standing.objects, "volunteer", "served_minutes", "served_records", "rated_records",
            "rating_sum", "first_points",
        ),
        "records": given_by_record(),
        "honours": rows(Recognition.objects.in_force(), "volunteer", "kind", "level", "state"),
        "rankings": rows(
            RankingEntry.objects, "scope", "scope_number", "month", "volunteer", "minutes"
        ),
        "findings": [finding.claim for finding in prove_ledger() if finding.rows],
    }  # fmt: skip


def given_by_record() -> list[str]:
    from django.db import connection

    with connection.cursor() as cursor:
        # By source: a database that comes back after a crash leaves some numbers out. What was
        # confirmed and voided before anybody looked has no movement, or two that make nothing.
        cursor.execute(
            "SELECT r.source, sum(CASE WHEN d.kind = 'issue' THEN points ELSE -points END)"
            " FROM points_movement m JOIN points_account d ON d.id = m.debit_account_id"
            " JOIN volunteers_servicerecord r ON r.id = m.record_id GROUP BY r.source"
            " HAVING sum(CASE WHEN d.kind = 'issue' THEN points ELSE -points END) <> 0"
        )
        return sorted(f"{source}: {points}" for source, points in cursor.fetchall())


def forget() -> None:
    """Back to an empty city, with every number starting anew."""
    from django.db import connection

    with connection.cursor() as cursor:
        # No ledger lets itself be emptied: neither the points' nor, which hangs on the same
        # people, the foundations'.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "TRUNCATE points_movement, points_account, points_awardrule, points_reward,"
            " volunteers_servicerecord, volunteers_volunteer, volunteers_organisation,"
            " volunteers_territory, volunteers_category, volunteers_user RESTART IDENTITY CASCADE"
        )
        cursor.execute("SET session_replication_role = DEFAULT")


def wait_for(condition: Any, *, seconds: float = PATIENCE, or_fail: bool = True) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            if or_fail:
                raise TimeoutError(condition)
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main()
