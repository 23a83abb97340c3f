"""The only door to money's ledger, and what every booking needs.

Locks are taken in one order everywhere: an entry, the balances of funds by id, accounts by id, and
last the foundation (by the database's own trigger). So nobody waits in a circle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundations.models import (
    Expense,
    Foundation,
    Fund,
    FundBalance,
    FundTransfer,
    Grant,
    MatchingPot,
    MoneyAccount,
    MoneyMovement,
    OfflineGift,
    Period,
    PledgePayment,
    PotPayment,
)
from foundations.money import format_money
from volunteers.models import User


class BookingRefused(Exception):
    """Nothing was booked; `str()` is the sentence for the person who asked."""

    sentence: str | Promise = ""

    def __str__(self) -> str:
        return str(self.sentence)


class NothingToBook(BookingRefused):
    sentence = gettext_lazy("Please write an amount above zero.")


class DayToCome(BookingRefused):
    sentence = gettext_lazy("This day is still to come.")


class MonthClosed(BookingRefused):
    def __init__(self, *, first_open: date) -> None:
        super().__init__(first_open)
        self.first_open = first_open

    def __str__(self) -> str:
        return _("This month is closed. Please choose a day from %(day)s on.") % {
            "day": self.first_open.isoformat()
        }


class FundTooSmall(BookingRefused):
    def __init__(self, *, fund: Fund, left_minor: int) -> None:
        super().__init__(fund, left_minor)
        self.fund = fund
        self.left_minor = left_minor

    def __str__(self) -> str:
        return _("%(fund)s has %(left)s left. That is not enough.") % {
            "fund": self.fund,
            "left": format_money(self.left_minor, currency=self.fund.currency),
        }


class PotTooSmall(BookingRefused):
    sentence = gettext_lazy("This pot does not hold so much.")


class BookedOtherwise(BookingRefused):
    """The event is in the ledger already, with other accounts or another amount."""

    sentence = gettext_lazy("This was booked already, and not with the same amount.")


class NotToBeReversed(BookingRefused):
    sentence = gettext_lazy("A correction is not corrected. Please book what is right anew.")


class ReasonMissing(BookingRefused):
    sentence = gettext_lazy("Please say why.")


class BelongsToEntry(BookingRefused):
    sentence = gettext_lazy("Please reverse what was entered and approved, not its movement.")


@dataclass(frozen=True)
class Line:
    """One movement to be: `amount_minor` from `credit` to `debit`."""

    debit: MoneyAccount
    credit: MoneyAccount
    amount_minor: int
    kind: str


def post_movements(
    *,
    foundation: Foundation,
    event: str,
    lines: Sequence[Line],
    happened_on: date,
    by: User | None,
    text: str = "",
    reverses: MoneyMovement | None = None,
) -> list[MoneyMovement]:
    """Book what happened, all lines or none. The same event a second time returns the first.

    The database carries the balances. Raises BookingRefused.
    """
    if not lines or any(line.amount_minor < 1 for line in lines):
        raise NothingToBook
    if happened_on > timezone.localdate():
        raise DayToCome
    try:
        with transaction.atomic():
            funds = lock_funds(line.fund_id for line in _accounts(lines) if line.fund_id)
            lock_accounts(_accounts(lines))
            if earlier := booked(event):
                return _as_before(earlier, lines)
            refuse_closed_month(foundation=foundation, day=happened_on)
            _refuse_below_zero(lines, funds)
            return [
                MoneyMovement.objects.create(
                    foundation=foundation,
                    debit_account=line.debit,
                    credit_account=line.credit,
                    amount_minor=line.amount_minor,
                    currency=line.debit.currency,
                    kind=line.kind,
                    event=event,
                    reference=f"{event}/{number}",
                    happened_on=happened_on,
                    reverses=reverses,
                    by=by,
                    text=text,
                )
                for number, line in enumerate(lines, start=1)
            ]
    except IntegrityError as refused:
        # Somebody closed the month between our look and our row.
        if constraint_of(refused) != "money_month_is_open":
            raise
        raise MonthClosed(first_open=first_open_day(foundation=foundation)) from refused


def reverse_movement(
    *, movement: MoneyMovement, reason: str, by: User | None, happened_on: date | None = None
) -> MoneyMovement:
    """Answer a wrong movement with its mirror, dated today unless told. Asked twice, done once.

    Raises BookingRefused: a restricted fund may have spent what would be taken back.
    """
    owners = (Expense, Grant, FundTransfer, OfflineGift, PledgePayment, PotPayment)
    if any(owner.objects.filter(movement=movement).exists() for owner in owners):
        raise BelongsToEntry
    return mirror(movement=movement, reason=reason, by=by, happened_on=happened_on)


@transaction.atomic
def reverse_event(
    *, event: str, reason: str, by: User | None, happened_on: date | None = None
) -> list[MoneyMovement]:
    """All that the event booked, undone: a gift together with its fee. Asked twice, done once.

    Raises BookingRefused, as `reverse_movement`.
    """
    movements = standing(booked(event))
    accounts = [a for m in movements for a in (m.debit_account, m.credit_account)]
    lock_funds(account.fund_id for account in accounts if account.fund_id)
    lock_accounts(accounts)
    # The last first: a fee comes back before the gift goes that it was taken from.
    return [
        reverse_movement(movement=movement, reason=reason, by=by, happened_on=happened_on)
        for movement in reversed(movements)
    ]


def mirror(
    *, movement: MoneyMovement, reason: str, by: User | None, happened_on: date | None = None
) -> MoneyMovement:
    """`reverse_movement` for who holds the lock on the entry that the movement belongs to."""
    if movement.reverses_id is not None:
        raise NotToBeReversed
    if not reason.strip():
        raise ReasonMissing
    line = Line(
        debit=movement.credit_account,
        credit=movement.debit_account,
        amount_minor=movement.amount_minor,
        kind=MoneyMovement.Kind.REVERSAL,
    )
    return post_movements(
        foundation=movement.foundation,
        event=f"reversal:{movement.pk}",
        lines=[line],
        happened_on=happened_on or timezone.localdate(),
        by=by,
        text=reason.strip(),
        reverses=movement,
    )[0]


# Accounts


def house_account(*, foundation: Foundation, kind: str, currency: str) -> MoneyAccount:
    """An account of the foundation as a whole: bank, processor, refunds not paid yet."""
    return MoneyAccount.objects.get(
        foundation=foundation, kind=kind, currency=currency, fund=None, pot=None
    )


def fund_account(*, fund: Fund, kind: str) -> MoneyAccount:
    return MoneyAccount.objects.get(fund=fund, kind=kind)


def pot_account(*, pot: MatchingPot) -> MoneyAccount:
    return MoneyAccount.objects.get(pot=pot, kind=MoneyAccount.Kind.POT)


def general_fund_of(fund: Fund) -> Fund:
    """The foundation's general fund in the fund's currency; the fund itself when it is that."""
    if not fund.is_restricted:
        return fund
    return Fund.objects.get(
        foundation=fund.foundation_id, currency=fund.currency, kind=Fund.Kind.GENERAL
    )


def lock_funds(fund_ids: Iterable[int]) -> dict[int, int]:
    """What each fund has, by its id, held until the transaction ends."""
    balances = FundBalance.objects.filter(pk__in=set(fund_ids)).order_by("pk")
    return {balance.pk: balance.net_minor for balance in balances.select_for_update(no_key=True)}


def lock_accounts(accounts: Collection[MoneyAccount]) -> dict[int, int]:
    """The balance of each account by its id, held until the transaction ends."""
    rows = MoneyAccount.objects.filter(pk__in={account.pk for account in accounts}).order_by("pk")
    return {row.pk: row.balance_minor for row in rows.select_for_update(no_key=True)}


# What has been booked


def booked(event: str) -> list[MoneyMovement]:
    return list(_whole(MoneyMovement.objects.filter(event=event)))


def booked_within(event: str) -> list[MoneyMovement]:
    """The event's own movements, and those of all that came of it: `<event>:…`."""
    of_it = Q(event=event) | Q(event__startswith=f"{event}:")
    return list(_whole(MoneyMovement.objects.filter(of_it)))


def standing(movements: Iterable[MoneyMovement]) -> list[MoneyMovement]:
    """Those that no correction has undone."""
    return [movement for movement in movements if not hasattr(movement, "reversed_by")]


def _whole(movements: QuerySet[MoneyMovement]) -> QuerySet[MoneyMovement]:
    return movements.select_related(
        "debit_account__fund", "credit_account__fund", "foundation", "reversed_by"
    ).order_by("pk")


# Months


def first_open_day(*, foundation: Foundation, wanted: date | None = None) -> date:
    """The wanted day, or the first after the closed months when that is later.

    For what comes late and must be booked all the same: a payout of last month that the
    processor tells of today.
    """
    closed = Period.objects.filter(foundation=foundation).aggregate(last=Max("month"))["last"]
    earliest = following_month(closed) if closed else date.min
    return max(wanted or date.min, earliest)


def refuse_closed_month(*, foundation: Foundation, day: date) -> None:
    earliest = first_open_day(foundation=foundation)
    if day < earliest:
        raise MonthClosed(first_open=earliest)


def following_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def constraint_of(refused: IntegrityError) -> str:
    """Which of the database's guards refused."""
    diagnosis = getattr(refused.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


def _accounts(lines: Sequence[Line]) -> list[MoneyAccount]:
    return [account for line in lines for account in (line.debit, line.credit)]


def _as_before(earlier: list[MoneyMovement], lines: Sequence[Line]) -> list[MoneyMovement]:
    then = [(m.debit_account_id, m.credit_account_id, m.amount_minor, m.kind) for m in earlier]
    now = [(line.debit.pk, line.credit.pk, line.amount_minor, line.kind) for line in lines]
    if then != now:
        raise BookedOtherwise
    return earlier


def _refuse_below_zero(lines: Sequence[Line], funds: dict[int, int]) -> None:
    """Holds the locks. The CHECKs refuse the same, without a sentence."""
    changes: Counter[int] = Counter()
    pots: Counter[MoneyAccount] = Counter()
    for line in lines:
        for account, change in ((line.debit, -line.amount_minor), (line.credit, line.amount_minor)):
            if account.fund_id is not None:
                changes[account.fund_id] += change
            if account.kind == MoneyAccount.Kind.POT:
                pots[account] += change
    for fund in Fund.objects.restricted().filter(pk__in=changes):
        if funds[fund.pk] + changes[fund.pk] < 0:
            raise FundTooSmall(fund=fund, left_minor=funds[fund.pk])
    held = lock_accounts(list(pots))
    if any(change - held[pot.pk] < 0 for pot, change in pots.items()):
        raise PotTooSmall
