"""What a line of a statement may be, and where the bank and the books are apart. Only reads."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from django.db.models import Min, Q, QuerySet, Sum

from foundations.models import (
    BankLine,
    BankStatement,
    Foundation,
    Fund,
    Gift,
    MoneyAccount,
    MoneyMovement,
)
from foundations.names import ALPHABET

DAYS_APART = 5
MOST_SUGGESTED = 4
_NUMBER = re.compile(rf"G\d{{6}}-[{ALPHABET}]{{8}}", re.IGNORECASE)


@dataclass
class Suggestion:
    """Movements that the line may be, the nearest day first, and what its words point to."""

    line: BankLine
    movements: list[MoneyMovement] = field(default_factory=list)
    gift: Gift | None = None
    fund: Fund | None = None

    @property
    def looks_like_a_gift(self) -> bool:
        """Its words name a fund, or it came in and nothing in the books answers to it."""
        came_in = self.line.amount_minor > 0
        return came_in and (self.fund is not None or not self.movements)


@dataclass(frozen=True)
class Comparison:
    """A bank account by its newest statement, beside the same account in the books."""

    account: MoneyAccount
    statement: BankStatement | None  # the newest that says a balance
    ours_minor: int  # at the end of the statement's last day
    unmatched: int
    unmatched_minor: int
    without_line: int
    without_line_minor: int
    gaps: list[tuple[BankStatement, BankStatement]]

    @property
    def apart_minor(self) -> int:
        """What the bank has more than the books."""
        theirs = self.statement.closing_minor if self.statement else None
        return (theirs or 0) - self.ours_minor if theirs is not None else 0


def suggestions(lines: Iterable[BankLine]) -> list[Suggestion]:
    """For lines of one foundation, in two questions however many they are."""
    lines = list(lines)
    if not lines:
        return []
    foundation = lines[0].foundation
    open_movements = _open_movements(foundation, lines)
    funds = list(Fund.objects.open().filter(foundation=foundation))
    found = []
    for line in lines:
        near = [
            movement
            for movement in open_movements[line.currency, line.amount_minor]
            if abs((movement.happened_on - line.booked_on).days) <= DAYS_APART
        ]
        near.sort(key=lambda movement: abs((movement.happened_on - line.booked_on).days))
        fund = _fund_named(line, funds)
        found.append(Suggestion(line=line, movements=near[:MOST_SUGGESTED], fund=fund))
    _name_gifts(found, foundation)
    return found


def movements_without_line(
    *, foundation: Foundation, currency: str, since: date | None = None
) -> QuerySet[MoneyMovement]:
    """On the bank account, matched with no line, and not corrected; from the first statement on."""
    bank = _bank(foundation, currency)
    rows = MoneyMovement.objects.filter(
        Q(debit_account=bank) | Q(credit_account=bank),
        bank_line=None, reverses=None, reversed_by=None,
    )  # fmt: skip
    if since is None:
        first = foundation.statements.filter(currency=currency).aggregate(day=Min("first_on"))
        since = first["day"]
    if since is None:
        return rows.none()
    rows = rows.filter(happened_on__gte=since)
    return rows.select_related("debit_account", "credit_account").order_by("happened_on", "pk")


def lines_of_corrected(foundation: Foundation) -> QuerySet[BankLine]:
    """Matched, but the books took the movement back afterwards: to be looked at again."""
    return BankLine.objects.filter(
        foundation=foundation, movement__reversed_by__isnull=False
    ).select_related("movement", "statement")


def compare(*, foundation: Foundation, currency: str) -> Comparison:
    account = _bank(foundation, currency)
    statements = foundation.statements.filter(currency=currency)
    newest = statements.filter(closing_minor__isnull=False).order_by("-last_on", "-pk").first()
    until = newest.last_on if newest else date.max
    lines = BankLine.objects.filter(
        foundation=foundation, currency=currency, state=BankLine.State.UNMATCHED
    ).order_by()
    of_lines = lines.aggregate(minor=Sum("amount_minor"))["minor"] or 0
    missing = movements_without_line(foundation=foundation, currency=currency).order_by()
    into = missing.filter(debit_account=account).aggregate(minor=Sum("amount_minor"))["minor"] or 0
    out = missing.filter(credit_account=account).aggregate(minor=Sum("amount_minor"))["minor"] or 0
    return Comparison(
        account=account,
        statement=newest,
        ours_minor=_balance_at(account, until),
        unmatched=lines.count(),
        unmatched_minor=of_lines,
        without_line=missing.count(),
        without_line_minor=into - out,
        gaps=_gaps(statements),
    )


def currencies_of(foundation: Foundation) -> list[str]:
    banks = foundation.accounts.filter(kind=MoneyAccount.Kind.BANK)
    return list(banks.order_by("pk").values_list("currency", flat=True))


def _open_movements(
    foundation: Foundation, lines: list[BankLine]
) -> dict[tuple[str, int], list[MoneyMovement]]:
    """By currency and what each did to its bank account."""
    days = [line.booked_on for line in lines]
    around = timedelta(days=DAYS_APART)
    banks = {
        account.pk
        for account in MoneyAccount.objects.filter(
            foundation=foundation, kind=MoneyAccount.Kind.BANK
        )
    }
    rows = MoneyMovement.objects.filter(
        Q(debit_account__in=banks) | Q(credit_account__in=banks),
        happened_on__range=(min(days) - around, max(days) + around),
        amount_minor__in={abs(line.amount_minor) for line in lines},
        bank_line=None, reverses=None, reversed_by=None,
    ).select_related("debit_account__fund", "credit_account__fund", "debit_account__pot",
                     "credit_account__pot")  # fmt: skip
    by_amount: dict[tuple[str, int], list[MoneyMovement]] = defaultdict(list)
    for movement in rows.order_by("pk"):
        sign = 1 if movement.debit_account_id in banks else -1
        by_amount[movement.currency, sign * movement.amount_minor].append(movement)
    return by_amount


def _fund_named(line: BankLine, funds: list[Fund]) -> Fund | None:
    """The fund whose name stands in the words; the longest name, where one contains another."""
    words = line.text.lower()
    named = [
        fund
        for fund in funds
        if fund.currency == line.currency
        and any(name and name.lower() in words for name in (fund.name, fund.name_en))
    ]
    return max(named, key=lambda fund: len(fund.name), default=None)


def _name_gifts(found: list[Suggestion], foundation: Foundation) -> None:
    named = {
        match.group(0).upper(): suggestion
        for suggestion in found
        if (match := _NUMBER.search(suggestion.line.text))
    }
    gifts = Gift.objects.filter(foundation=foundation, number__in=named).select_related("fund")
    for gift in gifts:
        named[gift.number].gift = gift
        named[gift.number].fund = named[gift.number].fund or gift.fund


def _bank(foundation: Foundation, currency: str) -> MoneyAccount:
    return MoneyAccount.objects.get(
        foundation=foundation, kind=MoneyAccount.Kind.BANK, currency=currency
    )


def _balance_at(account: MoneyAccount, day: date) -> int:
    into = account.debits.filter(happened_on__lte=day).aggregate(minor=Sum("amount_minor"))
    out = account.credits.filter(happened_on__lte=day).aggregate(minor=Sum("amount_minor"))
    return (into["minor"] or 0) - (out["minor"] or 0)


def _gaps(statements: QuerySet[BankStatement]) -> list[tuple[BankStatement, BankStatement]]:
    """Neighbours whose balances do not join: a statement between them is missing."""
    told = statements.filter(opening_minor__isnull=False, closing_minor__isnull=False)
    rows = list(told.order_by("last_on", "first_on", "pk"))
    return [
        (before, after)
        for before, after in pairwise(rows)
        if after.first_on > before.last_on and before.closing_minor != after.opening_minor
    ]
