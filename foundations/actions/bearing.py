"""Who bears what is taken back: the fund as far as it reaches, then the general fund.

A refund, a dispute or a fee comes whether or not the project has spent the gift. A restricted fund
never falls below zero, so the foundation bears the rest out of its general fund.
"""

from __future__ import annotations

from collections.abc import Sequence

from foundations.actions.ledger import (
    Line,
    NothingToBook,
    fund_account,
    general_fund_of,
    lock_funds,
)
from foundations.models import Fund, MoneyAccount

Kind = MoneyAccount.Kind


def taken_from(
    *,
    fund: Fund,
    amount_minor: int,
    own: str,
    otherwise: str,
    to: MoneyAccount,
    kind: str,
    after: Sequence[Line] = (),
) -> list[Line]:
    """Lines that take the amount out of the fund's account `own`, and what the fund no longer has
    (once the lines `after` are booked) out of the general fund's account `otherwise`.

    Locks both funds. Raises NothingToBook.
    """
    if amount_minor < 1:
        raise NothingToBook
    general = general_fund_of(fund)
    left = lock_funds([fund.pk, general.pk])[fund.pk]
    left -= sum(line.amount_minor for line in after if line.debit.fund_id == fund.pk)
    by_fund = min(amount_minor, max(0, left)) if fund.is_restricted else amount_minor
    parts = [
        (fund_account(fund=fund, kind=own), by_fund),
        (fund_account(fund=general, kind=otherwise), amount_minor - by_fund),
    ]
    return [Line(account, to, part, kind) for account, part in parts if part]


def given_back_to(
    *, taken: dict[MoneyAccount, int], amount_minor: int, out_of: MoneyAccount, kind: str
) -> list[Line]:
    """Lines that give back what `taken_from` took: first to who had to stand in for the fund."""
    lines = []
    for account in sorted(taken, key=lambda account: account.kind != Kind.LOSSES):
        part = min(amount_minor, taken[account])
        if part > 0:
            lines.append(Line(out_of, account, part, kind))
            amount_minor -= part
    return lines
