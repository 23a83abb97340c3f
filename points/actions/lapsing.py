"""Buckets as they stand in the database: filled, drawn from, lapsed; and who is told before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from points.buckets import Held, Key, apply_changes, draw, put_in
from points.models import Account, Bucket, BucketDraw, Movement

LAPSE_SQL = """
WITH due AS (
    SELECT b.id, b.account_id, b.lapses_on, b.remaining_points
    FROM points_bucket b
    WHERE b.account_id = ANY(%(accounts)s) AND b.lapsed_at IS NULL AND b.lapses_on <= %(today)s
), moved AS (
    INSERT INTO points_movement (debit_account_id, credit_account_id, points, kind, reference,
        reckoning, happened_at, created_at)
    SELECT account_id, %(lapsed)s, remaining_points, 'lapse', 'lapse:' || id,
           jsonb_build_object('lapses_on', lapses_on), statement_timestamp(),
           statement_timestamp()
    FROM due WHERE remaining_points > 0
    ORDER BY id
), emptied AS (
    UPDATE points_bucket b
    SET remaining_points = 0, lapsed_points = b.lapsed_points + due.remaining_points,
        lapsed_at = statement_timestamp()
    FROM due WHERE b.id = due.id
), sums AS (
    SELECT account_id, sum(remaining_points) AS points FROM due GROUP BY account_id
), balances AS (
    UPDATE points_account a SET balance_points = a.balance_points - sums.points
    FROM sums WHERE a.id = sums.account_id AND sums.points > 0
)
SELECT count(*), coalesce(sum(remaining_points), 0)::bigint FROM due
"""

LOCK_LAPSING_SQL = """
SELECT a.id
FROM points_account a
WHERE a.id IN (
    SELECT account_id FROM points_bucket
    WHERE lapsed_at IS NULL AND lapses_on <= %(today)s
    ORDER BY lapses_on, account_id LIMIT %(limit)s)
ORDER BY a.id
FOR NO KEY UPDATE SKIP LOCKED
"""

SAVE_BUCKETS_SQL = """
INSERT INTO points_bucket (account_id, lapses_on, remaining_points, lapsed_points)
SELECT * FROM unnest(%s::bigint[], %s::date[], %s::bigint[], %s::bigint[])
    AS changed (account_id, lapses_on, remaining_points, lapsed_points)
ORDER BY account_id
ON CONFLICT (account_id, lapses_on) DO UPDATE
SET remaining_points = EXCLUDED.remaining_points, lapsed_points = EXCLUDED.lapsed_points
"""


def grace_until(today: date) -> date:
    """Until when points stand that come back after their day: the second month's end from now."""
    return (today.replace(day=1) + timedelta(days=2 * 31)).replace(day=1)


def lapse_buckets(*, limit: int = 5000) -> int:
    """Let the points of up to `limit` buckets whose day has come lapse; returns how many buckets.

    0 means that nothing is left to lapse which nobody else holds.
    """
    today = timezone.localdate()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK_LAPSING_SQL, {"today": today, "limit": limit})
        accounts = [account for (account,) in cursor.fetchall()]
        return _lapse(accounts, today=today) if accounts else 0


def lapse_before_spending(*, accounts: Iterable[int]) -> bool:
    """Let go of what is over already, though the sweep has not come yet: nobody spends it, and
    nobody makes it young again by sending it on. Holds the locks on the accounts."""
    today = timezone.localdate()
    over = Bucket.objects.filter(account__in=accounts, lapsed_at=None, lapses_on__lte=today)
    due = list(over.values_list("account", flat=True).distinct())
    return bool(due) and _lapse(due, today=today) > 0


def _lapse(accounts: list[int], *, today: date) -> int:
    """How many buckets of these accounts lapsed. Holds the locks on the accounts."""
    lapsed = Account.objects.values_list("pk", flat=True).get(kind=Account.Kind.LAPSED)
    with connection.cursor() as cursor:
        cursor.execute(LAPSE_SQL, {"accounts": accounts, "today": today, "lapsed": lapsed})
        buckets, points = cursor.fetchone()
    Account.objects.filter(pk=lapsed).update(balance_points=F("balance_points") + points)
    return int(buckets)


def change_buckets(*, changes: Mapping[int, tuple[Mapping[Key, int], int]]) -> None:
    """Bring settlements' changes into the buckets of accounts where points left one.

    `changes`: {account: ({lapses_on: change}, debt before)}. Holds the lock on the accounts, whose
    balances and debts are written already, but for what the lapse gives up.
    """
    if not changes:
        return
    today = timezone.localdate()
    held = load_held(changes)
    restored = []
    for account, (by_key, debt) in changes.items():
        held[account].debt = debt
        restored += [
            (account, one)
            for one in apply_changes(
                held[account], changes=by_key, today=today, grace_until=grace_until(today)
            )
        ]
    save_held(held)
    if restored:
        lapsed = Account.objects.get(kind=Account.Kind.LAPSED)
        now = timezone.now()
        Movement.objects.bulk_create(
            Movement(
                debit_account=lapsed,
                credit_account_id=account,
                points=one.points,
                kind=Movement.Kind.LAPSE,
                reference=f"restored:{account}:{one.key}:{one.lapsed_after}",
                reckoning={"lapses_on": str(one.key)},
                happened_at=now,
            )
            for account, one in restored
        )
        for account, one in restored:
            after = F("balance_points") + one.points
            Account.objects.filter(pk=account).update(
                balance_points=after, debt_points=Greatest(Value(0), -after)
            )
        total = sum(one.points for _account, one in restored)
        Account.objects.filter(pk=lapsed.pk).update(balance_points=F("balance_points") - total)


def load_held(accounts: Iterable[int]) -> dict[int, Held]:
    """What these accounts hold, without their debts. Holds their locks."""
    found: dict[int, Held] = {account: Held() for account in accounts}
    rows = Bucket.objects.filter(account__in=found).values_list(
        "account_id", "lapses_on", "remaining_points", "lapsed_points"
    )
    for account, lapses_on, remaining, lapsed in rows:
        found[account].remaining[lapses_on] = remaining
        found[account].lapsed[lapses_on] = lapsed
    return found


def save_held(held: Mapping[int, Held]) -> None:
    rows = [
        (account, key, points, one.lapsed.get(key, 0))
        for account, one in held.items()
        for key, points in one.remaining.items()
    ]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(SAVE_BUCKETS_SQL, [list(column) for column in zip(*rows, strict=True)])


def draw_from_buckets(*, movement: Movement, account: Account, points: int) -> dict[Key, int]:
    """Points that a movement takes from a volunteer, earliest bucket first; returns what came
    out of which. Holds the account's lock; the balance has been checked."""
    held = load_held([account.pk])
    drawn = draw(held[account.pk], points=points)
    if sum(taken for _key, taken in drawn) != points:
        raise AssertionError(f"Account {account.pk} has fewer points in its buckets than it says.")
    save_held(held)
    ids = dict(
        Bucket.objects.filter(account=account, lapses_on__isnull=False).values_list(
            "lapses_on", "pk"
        )
    )
    never = Bucket.objects.filter(account=account, lapses_on=None).values_list("pk", flat=True)
    BucketDraw.objects.bulk_create(
        BucketDraw(movement=movement, bucket_id=ids[key] if key else never[0], points=taken)
        for key, taken in drawn
    )
    return dict(drawn)


def take_from_buckets(*, account: Account, points: int) -> None:
    """As much of it as is there, earliest bucket first; the rest is a debt, written already."""
    held = load_held([account.pk])
    draw(held[account.pk], points=points)
    save_held(held)


def put_into_buckets(*, account: Account, points_by_key: Mapping[Key, int]) -> None:
    """Points that come to a volunteer, by the day on which they lapse; a debt is repaid first.

    Holds the account's lock. A day that has passed becomes one of grace.
    """
    today = timezone.localdate()
    held = load_held([account.pk])
    own = held[account.pk]
    own.debt = account.debt_points
    for key, points in points_by_key.items():
        is_over = key is not None and key <= today
        put_in(own, key=grace_until(today) if is_over else key, points=points)
    draw(own, points=own.debt)
    save_held(held)


def points_lapsing_soon(*, account: Account, within_days: int) -> list[tuple[date, int]]:
    """(day, points) that lapse within so many days, earliest first."""
    today = timezone.localdate()
    rows = (
        Bucket.objects.filter(
            account=account,
            lapsed_at=None,
            lapses_on__gt=today,
            lapses_on__lte=today + timedelta(days=within_days),
            remaining_points__gt=0,
        )
        .order_by("lapses_on")
        .values_list("lapses_on", "remaining_points")
    )
    return [(day, points) for day, points in rows if day is not None]
