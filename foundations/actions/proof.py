"""Whether money's ledger is what it says: each claim returns the rows that contradict it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from foundations.actions.periods import GENESIS, digest_month
from foundations.actions.proof_of_gifts import GIFT_CLAIMS
from foundations.models import Period

SUM_IS_ZERO = """
SELECT foundation_id AS foundation, currency, sum(balance_minor) AS sum_of_balances
FROM foundations_moneyaccount GROUP BY 1, 2 HAVING sum(balance_minor) <> 0 ORDER BY 1, 2
"""

BALANCES_ARE_MOVEMENTS = """
WITH moved AS (
    SELECT account, sum(minor) AS minor
    FROM (SELECT debit_account_id AS account, amount_minor AS minor FROM foundations_moneymovement
          UNION ALL
          SELECT credit_account_id, -amount_minor FROM foundations_moneymovement) sides
    GROUP BY account
)
SELECT a.id AS account, a.kind, a.fund_id AS fund, a.balance_minor AS balance,
       coalesce(moved.minor, 0) AS movements
FROM foundations_moneyaccount a LEFT JOIN moved ON moved.account = a.id
WHERE a.balance_minor <> coalesce(moved.minor, 0)
ORDER BY a.id LIMIT %(rows)s
"""

FUNDS_ARE_THEIR_ACCOUNTS = """
SELECT f.id AS fund, f.name, b.net_minor AS balance, coalesce(-sum(a.balance_minor), 0) AS accounts
FROM foundations_fund f
LEFT JOIN foundations_fundbalance b ON b.fund_id = f.id
LEFT JOIN foundations_moneyaccount a ON a.fund_id = f.id
GROUP BY f.id, b.net_minor
HAVING b.net_minor IS DISTINCT FROM coalesce(-sum(a.balance_minor), 0)
ORDER BY f.id LIMIT %(rows)s
"""

RESTRICTED_FUNDS_HAVE_WHAT_THEY_PROMISE = """
SELECT f.id AS fund, f.name, -sum(a.balance_minor) AS has
FROM foundations_fund f JOIN foundations_moneyaccount a ON a.fund_id = f.id
WHERE f.kind = 'restricted'
GROUP BY f.id HAVING sum(a.balance_minor) > 0
ORDER BY f.id LIMIT %(rows)s
"""

POTS_ARE_NOT_OVERSPENT = """
SELECT pot_id AS pot, -balance_minor AS holds
FROM foundations_moneyaccount WHERE kind = 'pot' AND balance_minor > 0
ORDER BY pot_id LIMIT %(rows)s
"""

MOVEMENTS_STAY_WITHIN = """
SELECT m.id AS movement, m.foundation_id AS foundation, m.currency,
       d.foundation_id AS debit_foundation, d.currency AS debit_currency,
       c.foundation_id AS credit_foundation, c.currency AS credit_currency
FROM foundations_moneymovement m
JOIN foundations_moneyaccount d ON d.id = m.debit_account_id
JOIN foundations_moneyaccount c ON c.id = m.credit_account_id
WHERE (d.foundation_id, d.currency) <> (m.foundation_id, m.currency)
   OR (c.foundation_id, c.currency) <> (m.foundation_id, m.currency)
ORDER BY m.id LIMIT %(rows)s
"""

CORRECTIONS_ARE_MIRRORS = """
SELECT r.id AS movement, r.reverses_id AS reverses
FROM foundations_moneymovement r JOIN foundations_moneymovement m ON m.id = r.reverses_id
WHERE m.reverses_id IS NOT NULL
   OR (r.debit_account_id, r.credit_account_id, r.amount_minor)
   <> (m.credit_account_id, m.debit_account_id, m.amount_minor)
ORDER BY r.id LIMIT %(rows)s
"""

# All kinds in one shape: the movement that an approval books, and between which accounts.
ENTRIES = """
WITH entry AS (
    SELECT 'expense' AS entry, id, foundation_id, amount_minor, currency, happened_on, state,
           entered_by_id, approved_by_id, movement_id, 'expense:' || id AS event,
           'expense' AS moved, fund_id AS debit_fund, NULL::bigint AS debit_pot,
           kind AS debit_kind, NULL::bigint AS credit_fund, NULL::bigint AS credit_pot,
           paid_from AS credit_kind
    FROM foundations_expense
    UNION ALL
    SELECT 'grant', id, foundation_id, amount_minor, currency, happened_on, state, entered_by_id,
           approved_by_id, movement_id, 'grant:' || id, 'grant', fund_id, NULL, 'grants_made',
           NULL, NULL, 'bank'
    FROM foundations_grant
    UNION ALL
    SELECT 'fundtransfer', id, foundation_id, amount_minor, currency, happened_on, state,
           entered_by_id, approved_by_id, movement_id, 'fundtransfer:' || id, 'transfer',
           from_fund_id, NULL, 'transfers', to_fund_id, NULL, 'transfers'
    FROM foundations_fundtransfer
    UNION ALL
    SELECT 'offlinegift', o.id, o.foundation_id, o.amount_minor, o.currency, o.happened_on,
           o.state, o.entered_by_id, o.approved_by_id, o.movement_id, 'gift:' || g.number, 'gift',
           NULL, NULL, o.how, o.fund_id, NULL, 'gifts'
    FROM foundations_offlinegift o LEFT JOIN foundations_gift g ON g.offline_id = o.id
    UNION ALL
    SELECT 'pledgepayment', id, foundation_id, amount_minor, currency, happened_on, state,
           entered_by_id, approved_by_id, movement_id, 'pledgepayment:' || id, 'gift', NULL, NULL,
           'bank', fund_id, NULL, 'gifts'
    FROM foundations_pledgepayment
    UNION ALL
    SELECT 'potpayment', id, foundation_id, amount_minor, currency, happened_on, state,
           entered_by_id, approved_by_id, movement_id,
           'pot:' || pot_id || ':' || direction || ':payment-' || id,
           CASE direction WHEN 'paid_in' THEN 'pot' ELSE 'pot_return' END, NULL,
           CASE direction WHEN 'returned' THEN pot_id END,
           CASE direction WHEN 'paid_in' THEN 'bank' ELSE 'pot' END, NULL,
           CASE direction WHEN 'paid_in' THEN pot_id END,
           CASE direction WHEN 'paid_in' THEN 'pot' ELSE 'bank' END
    FROM foundations_potpayment
)
"""

ENTRIES_ARE_MOVEMENTS = f"""
{ENTRIES}
SELECT e.entry, e.id AS number, e.state, e.amount_minor AS amount, m.id AS movement,
       m.amount_minor AS moved, r.id AS reversal
FROM entry e
LEFT JOIN foundations_moneymovement m ON m.id = e.movement_id
LEFT JOIN foundations_moneymovement r ON r.reverses_id = e.movement_id
LEFT JOIN foundations_moneyaccount d ON d.id = m.debit_account_id
LEFT JOIN foundations_moneyaccount c ON c.id = m.credit_account_id
WHERE CASE WHEN e.state IN ('approved', 'reversed')
      THEN (m.amount_minor, m.currency, m.foundation_id, m.happened_on, m.event, m.kind,
            d.fund_id, d.pot_id, d.kind, c.fund_id, c.pot_id, c.kind)
           IS DISTINCT FROM
           (e.amount_minor, e.currency, e.foundation_id, e.happened_on, e.event, e.moved,
            e.debit_fund, e.debit_pot, e.debit_kind, e.credit_fund, e.credit_pot, e.credit_kind)
        OR (r.id IS NOT NULL) <> (e.state = 'reversed')
      ELSE m.id IS NOT NULL END
ORDER BY 1, 2 LIMIT %(rows)s
"""

MOVEMENTS_ARE_ENTRIES = f"""
{ENTRIES}
SELECT m.id AS movement, m.kind, m.event, m.amount_minor AS amount
FROM foundations_moneymovement m
WHERE m.kind IN ('expense', 'grant', 'transfer')
  AND NOT EXISTS (SELECT FROM entry e WHERE e.movement_id = m.id)
ORDER BY m.id LIMIT %(rows)s
"""

TWO_PEOPLE = f"""
{ENTRIES}
SELECT entry, id AS number, entered_by_id AS entered_by, approved_by_id AS approved_by
FROM entry
WHERE approved_by_id = entered_by_id OR state IN ('approved', 'reversed') AND approved_by_id IS NULL
ORDER BY 1, 2 LIMIT %(rows)s
"""

# Whoever owns the database can switch a guard off; here that is seen.
GUARDS_ARE_ON = """
WITH wanted (guard) AS (
    VALUES ('money_append_only'), ('money_month_for_good'), ('money_balance_by_movement'),
           ('money_balance_from_zero'), ('fund_balance_by_movement'), ('fund_balance_from_zero'),
           ('money_carries_balances'), ('money_reversal_is_a_mirror'), ('money_month_is_open'),
           ('money_months_in_order'), ('expense_month_is_open'), ('grant_month_is_open'),
           ('fundtransfer_month_is_open'), ('expense_stays'), ('grant_stays'),
           ('fundtransfer_stays'), ('expense_no_truncate'), ('grant_no_truncate'),
           ('fundtransfer_no_truncate'), ('offlinegift_month_is_open'), ('offlinegift_stays'),
           ('offlinegift_no_truncate'), ('pledgepayment_month_is_open'), ('pledgepayment_stays'),
           ('pledgepayment_no_truncate'), ('potpayment_month_is_open'), ('potpayment_stays'),
           ('potpayment_no_truncate'), ('pledge_ceiling_holds'), ('money_month_no_gift_waits'),
           ('disclosure_stays'), ('confirmation_stays')
)
SELECT guard FROM wanted
WHERE NOT EXISTS (
    SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE t.tgname = guard AND t.tgenabled IN ('O', 'A') AND c.relname LIKE 'foundations\\_%%'
)
ORDER BY guard LIMIT %(rows)s
"""

CLAIMS = (
    ("the sum of all accounts is zero in each currency", SUM_IS_ZERO),
    ("each balance is what its movements add up to", BALANCES_ARE_MOVEMENTS),
    ("each fund has what its accounts add up to", FUNDS_ARE_THEIR_ACCOUNTS),
    ("no restricted fund is below zero", RESTRICTED_FUNDS_HAVE_WHAT_THEY_PROMISE),
    ("no sponsor's pot is overspent", POTS_ARE_NOT_OVERSPENT),
    ("each movement stays within one foundation and currency", MOVEMENTS_STAY_WITHIN),
    ("each correction is its movement the other way round", CORRECTIONS_ARE_MIRRORS),
    ("each approved entry is its movement, and no other has one", ENTRIES_ARE_MOVEMENTS),
    ("each expense, grant and transfer in the ledger was approved", MOVEMENTS_ARE_ENTRIES),
    ("two people stand behind each approved entry", TWO_PEOPLE),
    *GIFT_CLAIMS,
    ("the database's guards are on", GUARDS_ARE_ON),
)
CLOSED_MONTHS = "each closed month is what it was when it was closed"


@dataclass(frozen=True)
class Finding:
    """A claim about the ledger, and the first rows that contradict it."""

    claim: str
    rows: list[dict[str, Any]] = field(default_factory=list)


def prove_money(*, rows: int = 20) -> list[Finding]:
    """Every claim with at most `rows` rows against it, all of one moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.savepoint_ids:
            # Work goes on meanwhile: all queries must see the same state.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        findings = [Finding(claim, _rows_of(cursor, sql, rows)) for claim, sql in CLAIMS]
        return [*findings, Finding(CLOSED_MONTHS, _changed_months()[:rows])]


def _changed_months() -> list[dict[str, Any]]:
    changed = []
    previous: dict[int, str] = {}
    for period in Period.objects.order_by("foundation", "month"):
        before = previous.get(period.foundation_id, GENESIS)
        digest, movements = digest_month(period.foundation_id, period.month, previous=before)
        if (digest, before) != (period.digest, period.previous):
            changed.append(
                {
                    "foundation": period.foundation_id, "month": f"{period.month:%Y-%m}",
                    "movements_then": period.movements, "movements_now": movements,
                    "closed_with": period.digest, "recomputed": digest,
                }
            )  # fmt: skip
        # Each month is held against what was kept of the one before: a forgery is named once.
        previous[period.foundation_id] = period.digest
    return changed


def _rows_of(cursor: Any, sql: str, rows: int) -> list[dict[str, Any]]:
    cursor.execute(sql, {"rows": rows})
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
