"""The database itself keeps the ledger: nothing changed, nothing removed, nothing from nowhere."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from points.actions.accounts import ensure_account, get_system_account, move_points
from points.models import Account, Movement, Standing
from tests.points.conftest import settle_all
from volunteers.models import ServiceRecord, User

Make = Callable[..., ServiceRecord]


@pytest.fixture
def movement(confirmed: Make, per_hour: Any) -> Movement:
    record = confirmed(120)
    settle_all()
    return record.movements.get()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE points_movement SET points = points + 1",
        "DELETE FROM points_movement",
        "UPDATE points_movement SET points = 1 WHERE false",
    ],
)
def test_a_movement_is_never_changed_or_removed(movement: Movement, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)

    assert Movement.objects.get() == movement


def test_the_ledger_cannot_be_emptied_at_one_stroke(movement: Movement) -> None:
    with connection.cursor() as cursor:
        # Deferred checks first; the suite keeps this trigger off for its own cleaning.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE points_movement ENABLE TRIGGER movement_no_truncate")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute("TRUNCATE points_movement CASCADE")

    assert Movement.objects.exists()


@pytest.mark.parametrize("points", [0, -5])
def test_a_movement_moves_something(alice: User, points: int) -> None:
    account = ensure_account(volunteer=alice.volunteer)

    with pytest.raises(IntegrityError, match="movement_positive"), transaction.atomic():
        Movement.objects.create(
            debit_account=get_system_account(Account.Kind.ISSUE), credit_account=account,
            points=points, kind="award", reference="x", happened_at=timezone.now(),
        )  # fmt: skip


def test_a_movement_is_between_two_accounts(alice: User) -> None:
    account = ensure_account(volunteer=alice.volunteer)

    with pytest.raises(IntegrityError, match="movement_between_two"), transaction.atomic():
        Movement.objects.create(
            debit_account=account, credit_account=account, points=1, kind="award",
            reference="x", happened_at=timezone.now(),
        )  # fmt: skip


def test_nobody_spends_what_they_do_not_have(movement: Movement, alice: User) -> None:
    account = Account.objects.get(volunteer=alice.volunteer)

    with (
        pytest.raises(IntegrityError, match="account_balance_not_below_debt"),
        transaction.atomic(),
    ):
        move_points(
            debit=account, credit=get_system_account(Account.Kind.REDEEMED), points=21,
            kind=Movement.Kind.REDEMPTION, reference="too much", by=alice,
        )  # fmt: skip

    account.refresh_from_db()
    assert account.balance_points == 20


def test_a_record_has_one_movement_a_revision(movement: Movement) -> None:
    with (
        pytest.raises(IntegrityError, match="movement_record_revision_once"),
        transaction.atomic(),
    ):
        Movement.objects.create(
            debit_account=movement.debit_account, credit_account=movement.credit_account,
            points=1, kind="award", reference="again", record=movement.record,
            record_revision=movement.record_revision, happened_at=timezone.now(),
        )  # fmt: skip


def test_check_ledger_is_content_with_a_sound_ledger(movement: Movement) -> None:
    out = StringIO()
    call_command("check_ledger", stdout=out)

    assert "WRONG" not in out.getvalue()
    assert "the sum of all accounts is zero" in out.getvalue()


@pytest.mark.parametrize(
    ("plant", "claim"),
    [
        (
            lambda: Account.objects.filter(kind="volunteer").update(balance_points=25),
            "each balance is what its movements add up to",
        ),
        (
            lambda: Account.objects.filter(kind="issue").update(balance_points=-19),
            "the sum of all accounts is zero",
        ),
        (
            lambda: Account.objects.filter(kind="volunteer").update(debt_points=3),
            "a debt is what a balance lacks to zero",
        ),
        (
            lambda: ServiceRecord.objects.update(credited_minutes=600),
            "each settled record is worth what its movements add up to",
        ),
        (
            lambda: ServiceRecord.objects.update(state="voided"),
            "each settled record is worth what its movements add up to",
        ),
        (
            lambda: Standing.objects.update(served_minutes=1),
            "each standing is what its settled records add up to",
        ),
    ],
)
def test_check_ledger_finds_a_planted_error_and_names_the_rows(
    movement: Movement, plant: Callable[[], Any], claim: str
) -> None:
    plant()
    out = StringIO()

    with pytest.raises(SystemExit) as exit_:
        call_command("check_ledger", stdout=out)

    assert exit_.value.code == 1
    wrong = out.getvalue().split(f"WRONG {claim}\n")[1].splitlines()[0]
    assert "=" in wrong


def test_check_ledger_waits_for_a_day_that_is_still_being_settled(
    movement: Movement, confirmed: Make, daily_cap: Any
) -> None:
    ServiceRecord.objects.update(credited_minutes=600, revision=2)

    call_command("check_ledger", verbosity=0)
