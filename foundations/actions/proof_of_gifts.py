"""What must hold between gifts, their papers, statements of the bank, and the books.

A gift is booked under its number. A key of another shape (what was taken over from books before
these) has no row among the gifts and is not asked for one.
"""

from __future__ import annotations

PAID_GIFTS_ARE_BOOKED = """
SELECT g.number AS gift, g.state, g.amount_minor AS amount, m.id AS movement,
       m.amount_minor AS booked, r.id AS reversal
FROM foundations_gift g
LEFT JOIN foundations_offlinegift o ON o.id = g.offline_id
LEFT JOIN foundations_moneymovement m ON m.event = 'gift:' || g.number AND m.kind = 'gift'
LEFT JOIN foundations_moneymovement r ON r.reverses_id = m.id
LEFT JOIN foundations_moneyaccount d ON d.id = m.debit_account_id
LEFT JOIN foundations_moneyaccount c ON c.id = m.credit_account_id
WHERE CASE WHEN g.state = 'paid'
      THEN (m.amount_minor, m.currency, m.foundation_id, c.fund_id, c.kind, d.fund_id, d.kind)
           IS DISTINCT FROM
           (g.amount_minor, g.currency, g.foundation_id, g.fund_id, 'gifts', NULL,
            CASE g.gateway WHEN 'offline' THEN g.method ELSE 'processor' END)
        OR (r.id IS NOT NULL) <> (o.state IS NOT DISTINCT FROM 'reversed')
      ELSE m.id IS NOT NULL END
ORDER BY g.id LIMIT %(rows)s
"""

BOOKED_GIFTS_WERE_PAID = """
SELECT m.id AS movement, m.event, m.amount_minor AS amount
FROM foundations_moneymovement m
WHERE m.kind = 'gift' AND (
    m.event ~ '^gift:G[0-9]{6}-' AND (
        m.reference <> m.event || '/1'
        OR NOT EXISTS (SELECT FROM foundations_gift g
                       WHERE g.number = substr(m.event, 6) AND g.state = 'paid'))
    OR m.event LIKE 'pledgepayment:%%'
       AND NOT EXISTS (SELECT FROM foundations_pledgepayment p WHERE p.movement_id = m.id))
ORDER BY m.id LIMIT %(rows)s
"""

# A gift that the office entered wrongly is taken back as a whole, without a refund.
REFUNDS_ARE_IN_THE_BOOKS = """
WITH refunded AS (
    SELECT split_part(m.event, ':', 2) AS number,
           sum(CASE m.kind WHEN 'refund' THEN m.amount_minor ELSE -m.amount_minor END) AS minor
    FROM foundations_moneymovement m
    WHERE m.kind IN ('refund', 'refund_waived') AND m.event LIKE 'gift:%%:refund:%%'
      AND NOT EXISTS (SELECT FROM foundations_moneymovement r WHERE r.reverses_id = m.id)
    GROUP BY 1
)
SELECT g.number AS gift, g.refunded_minor AS refunded, coalesce(r.minor, 0) AS in_the_books
FROM foundations_gift g
LEFT JOIN foundations_offlinegift o ON o.id = g.offline_id
LEFT JOIN refunded r ON r.number = g.number
WHERE g.refunded_minor
   <> CASE o.state WHEN 'reversed' THEN g.amount_minor ELSE coalesce(r.minor, 0) END
ORDER BY g.id LIMIT %(rows)s
"""

PAID_GIFTS_HAVE_A_PAPER = """
SELECT g.number AS gift, g.state, c.number AS confirmation
FROM foundations_gift g LEFT JOIN foundations_confirmation c ON c.gift_id = g.id
WHERE (g.state = 'paid') <> (c.id IS NOT NULL) OR c.foundation_id <> g.foundation_id
ORDER BY g.id LIMIT %(rows)s
"""

PAPERS_HAVE_NO_GAP = """
WITH issued AS (
    SELECT foundation_id, year, count(*) AS papers, min(running) AS first, max(running) AS last
    FROM foundations_confirmation GROUP BY 1, 2
)
SELECT coalesce(i.foundation_id, k.foundation_id) AS foundation, coalesce(i.year, k.year) AS year,
       i.papers, i.first, i.last, k.last AS counted
FROM issued i FULL JOIN foundations_confirmationcounter k
     ON (k.foundation_id, k.year) = (i.foundation_id, i.year)
WHERE (coalesce(i.papers, 0), coalesce(i.last, 0)) IS DISTINCT FROM (k.last, k.last)
   OR i.first > 1
ORDER BY 1, 2 LIMIT %(rows)s
"""

BANK_LINES_ARE_MOVEMENTS = """
SELECT l.id AS line, l.amount_minor AS amount, l.currency, m.id AS movement,
       m.amount_minor AS moved
FROM foundations_bankline l
LEFT JOIN foundations_moneymovement m ON m.id = l.movement_id
LEFT JOIN foundations_moneyaccount b
       ON b.id IN (m.debit_account_id, m.credit_account_id) AND b.kind = 'bank'
WHERE l.state = 'matched'
  AND (b.foundation_id, b.currency,
       CASE b.id WHEN m.debit_account_id THEN m.amount_minor ELSE -m.amount_minor END)
      IS DISTINCT FROM (l.foundation_id, l.currency, l.amount_minor)
ORDER BY l.id LIMIT %(rows)s
"""

PLEDGES_STAY_WITHIN = """
SELECT g.id AS pledge, g.ceiling_minor AS ceiling, sum(p.amount_minor) AS paid
FROM foundations_pointspledge g JOIN foundations_pledgepayment p ON p.pledge_id = g.id
WHERE p.state IN ('entered', 'approved')
GROUP BY g.id HAVING sum(p.amount_minor) > g.ceiling_minor
ORDER BY g.id LIMIT %(rows)s
"""

PLEDGES_USED_THE_POINTS = """
SELECT p.id AS payment, p.points, s.points AS used
FROM foundations_pledgepayment p
JOIN foundations_pointspledge g ON g.id = p.pledge_id
JOIN points_pointsproject j ON j.id = g.project_id
LEFT JOIN points_movement s
       ON s.reference = 'spent:' || p.nonce AND s.debit_account_id = j.account_id
WHERE CASE WHEN p.state IN ('approved', 'reversed') THEN s.points IS DISTINCT FROM p.points
      ELSE s.id IS NOT NULL END
ORDER BY p.id LIMIT %(rows)s
"""

GIFT_CLAIMS = (
    ("each paid gift is booked, once and with its amount", PAID_GIFTS_ARE_BOOKED),
    ("each gift in the ledger was paid", BOOKED_GIFTS_WERE_PAID),
    ("what gifts say was refunded is what the ledger says", REFUNDS_ARE_IN_THE_BOOKS),
    ("each paid gift has its confirmation, and no other has one", PAID_GIFTS_HAVE_A_PAPER),
    ("confirmations are numbered without a gap", PAPERS_HAVE_NO_GAP),
    ("each matched line of a statement is its movement at the bank", BANK_LINES_ARE_MOVEMENTS),
    ("no sponsor paid more than was pledged", PLEDGES_STAY_WITHIN),
    ("what a sponsor paid for points used those points", PLEDGES_USED_THE_POINTS),
)
