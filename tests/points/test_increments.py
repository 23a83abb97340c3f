"""check_ledger bit by bit, the sums by month, and the chain of digests."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from points.actions.chain import GENESIS, close_months, verify_chain
from points.actions.increments import check_increment, last_checked_movement, settled_horizon
from points.actions.rewards import redeem_reward
from points.models import (
    Account,
    Bucket,
    LedgerCheck,
    LedgerDigest,
    LedgerMonth,
    Movement,
    Reward,
    SystemSum,
)
from tests.points.conftest import settle_all
from tests.points.test_settlement_races import run_together
from volunteers.actions.records import void_record
from volunteers.models import ServiceRecord, User

Make = Callable[..., ServiceRecord]
pytestmark = pytest.mark.usefixtures("per_hour")


def test_an_increment_looks_only_at_what_is_new(confirmed: Make) -> None:
    confirmed(60)
    settle_all()
    first = check_increment()
    confirmed(60)
    confirmed(60)
    settle_all()
    second = check_increment()

    assert first is not None
    assert second is not None
    assert (first.movements, second.movements) == (1, 2)
    assert second.first_movement == first.last_movement + 1
    assert (first.findings, second.findings) == ({}, {})


def test_nothing_new_writes_nothing_new(confirmed: Make) -> None:
    confirmed(60)
    settle_all()

    assert check_increment() == check_increment()
    assert LedgerCheck.objects.count() == 1


def test_small_steps_come_to_the_same_sums(confirmed: Make, alice: User, bao: User) -> None:
    records = [confirmed(60) for _ in range(5)]
    settle_all()
    void_record(record=records[0], by=bao, reason="代签")
    settle_all()
    while last_checked_movement() < settled_horizon():
        check = check_increment(step=2)
        assert check is not None
        assert not check.findings

    issue = Account.objects.get(kind="issue")
    assert SystemSum.objects.get(account=issue).points == issue.balance_points == -40
    month = timezone.localdate().replace(day=1)
    sums = {row.kind: row for row in LedgerMonth.objects.filter(month=month)}
    assert (sums["award"].gained_points, sums["award"].movements) == (50, 5)
    assert (sums["correction"].gained_points, sums["correction"].taken_points) == (0, 10)


@pytest.mark.parametrize(
    ("plant", "claim"),
    [
        (
            lambda: Account.objects.filter(kind="volunteer").update(balance_points=99),
            "each touched balance is what its movements add up to",
        ),
        (
            lambda: Bucket.objects.update(remaining_points=3),
            "each touched balance is what its buckets add up to",
        ),
        (
            lambda: ServiceRecord.objects.update(credited_minutes=600),
            "each touched record is worth what its movements add up to",
        ),
        (
            lambda: Account.objects.filter(kind="issue").update(balance_points=7),
            "each system account is what its movements add up to",
        ),
    ],
)
def test_an_increment_finds_a_planted_error(
    confirmed: Make, plant: Callable[[], Any], claim: str
) -> None:
    confirmed(60)
    settle_all()
    plant()
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("check_ledger", "--increment", stdout=out)

    assert f"WRONG {claim}" in out.getvalue()
    assert claim in LedgerCheck.objects.get().findings


def test_a_whole_check_is_kept_for_the_office(confirmed: Make) -> None:
    confirmed(60)
    settle_all()
    call_command("check_ledger", verbosity=0)

    assert LedgerCheck.objects.get().is_whole


@pytest.mark.django_db(transaction=True)
def test_a_movement_still_being_written_is_not_passed_over(confirmed: Make, alice: User) -> None:
    """Its number is lower than one that is committed already: the horizon waits for it."""
    confirmed(120)
    settle_all()
    reward = Reward.objects.create(name="环保袋", price_points=5, stock=9)
    written, look = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with transaction.atomic():
            redeem_reward(reward=reward, volunteer=alice.volunteer, nonce=uuid.uuid4(), by=alice)
            written.set()
            look.wait(5)

    def check() -> LedgerCheck | None:
        written.wait(5)
        threading.Timer(0.4, look.set).start()
        return check_increment()

    _none, found = run_together(write_slowly, check)

    assert found is not None
    assert (found.movements, found.findings) == (2, {})


@pytest.mark.django_db(transaction=True)
def test_two_increments_at_once_add_each_movement_once(confirmed: Make) -> None:
    for _ in range(6):
        confirmed(60)
    settle_all()

    def check() -> None:
        for _ in range(4):
            check_increment(step=2)

    run_together(check, check, check)
    while last_checked_movement() < settled_horizon():
        check_increment()

    assert LedgerMonth.objects.get(kind="award").movements == 6
    assert not LedgerCheck.objects.exclude(findings={}).exists()


# The chain


def write_movement(alice: User, *, at: datetime, points: int = 5) -> Movement:
    """A movement of another month; created_at is set by hand, which only an INSERT can do."""
    issue = Account.objects.get(kind="issue")
    account, _made = Account.objects.get_or_create(kind="volunteer", volunteer=alice.volunteer)
    movement = Movement(
        debit_account=issue, credit_account=account, points=points, kind="award",
        reference=f"test:{uuid.uuid4()}", happened_at=at,
    )  # fmt: skip
    created_at = Movement._meta.get_field("created_at")
    created_at.auto_now_add = False
    try:
        movement.created_at = at
        movement.save()
    finally:
        created_at.auto_now_add = True
    return movement


def in_month(year: int, month: int, day: int = 15) -> datetime:
    return timezone.make_aware(datetime(year, month, day, 12))


def test_each_month_takes_in_the_digest_of_the_one_before(alice: User) -> None:
    write_movement(alice, at=in_month(2026, 3))
    write_movement(alice, at=in_month(2026, 5))
    closed = close_months()

    months = [digest.month for digest in closed]
    assert months[0] == date(2026, 3, 1)
    assert months[-1] == (timezone.localdate().replace(day=1) - timedelta(days=1)).replace(day=1)
    assert closed[0].previous == GENESIS
    assert [digest.previous for digest in closed[1:]] == [d.digest for d in closed[:-1]]
    assert [digest.movements for digest in closed[:3]] == [1, 0, 1]
    assert len({digest.digest for digest in closed}) == len(closed)
    assert close_months() == []


def test_the_digest_is_what_anyone_can_compute_from_the_rows(alice: User) -> None:
    import hashlib

    one, two = (
        write_movement(alice, at=in_month(2026, 3)),
        write_movement(alice, at=in_month(2026, 3, 20), points=8),
    )
    close_months()

    def line(movement: Movement) -> str:
        at = movement.happened_at.astimezone(timezone.get_fixed_timezone(0))
        moment = f"{at:%Y-%m-%d %H:%M:%S}+00"
        cells = [
            movement.pk, movement.debit_account_id, movement.credit_account_id, movement.points,
            "award", movement.reference, r"\N", r"\N", "{}", r"\N", r"\N", moment, moment,
        ]  # fmt: skip
        return "\t".join(str(cell) for cell in cells) + "\n"

    text = f"{GENESIS}\n2026-03\n{line(one)}{line(two)}"
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert LedgerDigest.objects.get(month=date(2026, 3, 1)).digest == expected


def test_history_that_was_rewritten_is_named_by_its_month(alice: User) -> None:
    for month in (3, 4, 5):
        write_movement(alice, at=in_month(2026, month))
    close_months()
    call_command("verify_ledger_chain", stdout=StringIO())

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE points_movement DISABLE TRIGGER movement_append_only")
        cursor.execute(
            "UPDATE points_movement SET points = 6 WHERE created_at >= %s AND created_at < %s",
            [in_month(2026, 4, 1), in_month(2026, 5, 1)],
        )
        cursor.execute("ALTER TABLE points_movement ENABLE TRIGGER movement_append_only")

    assert [mismatch.month for mismatch in verify_chain()] == [date(2026, 4, 1)]
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_ledger_chain", stdout=out)
    assert "WRONG 2026-04" in out.getvalue()
    assert "ok    2026-05" in out.getvalue()


def test_a_movement_added_to_a_closed_month_is_noticed(alice: User) -> None:
    write_movement(alice, at=in_month(2026, 3))
    close_months()
    write_movement(alice, at=in_month(2026, 3, 28))

    assert [mismatch.month for mismatch in verify_chain()] == [date(2026, 3, 1)]


def test_this_month_is_not_closed_yet(alice: User) -> None:
    write_movement(alice, at=timezone.now())

    assert close_months() == []


def test_the_city_page_and_a_file_show_the_digests(
    alice: User, client: Any, campaign_index: Any
) -> None:
    from cms.models import CityPage

    home = campaign_index.get_parent()
    home.add_child(instance=CityPage(title="这座城市", slug="city"))
    write_movement(alice, at=in_month(2026, 3))
    newest = close_months()[-1]

    assert newest.digest in client.get("/city/").content.decode()
    chain = client.get("/ledger/chain.json").json()
    assert chain["months"][-1]["digest"] == newest.digest
    assert chain["months"][0]["previous"] == chain["genesis"]
