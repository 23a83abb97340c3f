"""A processor's ledger beside our books, to the minor unit, both ways. Only reads.

What a line changed at the processor is summed by what it is about: each gift's charge, refunds,
disputes and fees, and each payout. Sums are signed as they change the processor's account: a gift
is above zero, a fee and a refund below.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.models import Max, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from foundations.models import (
    Difference,
    Foundation,
    Gift,
    MoneyAccount,
    MoneyMovement,
    ProcessorEntry,
)

Moved = MoneyMovement.Kind
Kind = Difference.Kind

# What is younger may still be on its way from them to us.
IN_FLIGHT = timedelta(minutes=15)


class About(StrEnum):
    """What a line of either ledger is about; the values are the processor's categories."""

    CHARGE = "charge"
    REFUND = "refund"
    REFUND_BACK = "refund_failure"
    DISPUTE = "dispute"
    REINSTATED = "dispute_reversal"
    PAYOUT = "payout"
    PAYOUT_BACK = "payout_reversal"
    FEE = "fee"
    OTHER = "other"
    BALANCE = "balance"


OURS = {
    Moved.GIFT: About.CHARGE,
    Moved.REFUND_PAID: About.REFUND,
    Moved.REFUND_FAILED: About.REFUND_BACK,
    Moved.DISPUTE: About.DISPUTE,
    Moved.REINSTATEMENT: About.REINSTATED,
    Moved.PAYOUT: About.PAYOUT,
    Moved.PAYOUT_FAILED: About.PAYOUT_BACK,
    Moved.FEE: About.FEE,
    Moved.DISPUTE_FEE: About.FEE,
    Moved.FEE_RETURNED: About.FEE,
}
# A category that stands for a fee alone is a movement like others: nobody gave for it.
THEIRS = {about.value: about for about in OURS.values() if about != About.FEE}
PAYOUTS = {About.PAYOUT, About.PAYOUT_BACK}


@dataclass(frozen=True)
class Subject:
    """`key`: a gift's number, a payout's name, or the line's own name where neither is known."""

    about: About
    key: str
    currency: str

    @property
    def ref(self) -> str:
        """With the currency: a line in another one than its gift is two differences."""
        return f"{self.about}:{self.key}@{self.currency}"


@dataclass
class Sides:
    """What either ledger says of a subject. None: nothing."""

    ours_minor: int | None = None
    theirs_minor: int | None = None
    gift_id: int | None = None
    newest_at: datetime | None = None
    happened_on: date = date.min

    @property
    def apart_minor(self) -> int:
        return (self.ours_minor or 0) - (self.theirs_minor or 0)

    def touch(self, *, at: datetime, day: date) -> None:
        self.newest_at = max(self.newest_at or at, at)
        self.happened_on = max(self.happened_on, day)


@dataclass(frozen=True)
class Found:
    """One difference, as it stands now."""

    kind: Kind
    subject: Subject
    sides: Sides


@dataclass(frozen=True)
class Comparison:
    """`in_flight`: subjects too young to be judged; what was said of them before stays."""

    found: list[Found] = field(default_factory=list)
    in_flight: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Balance:
    """The processor's account of a foundation in one currency: our books beside theirs."""

    currency: str
    ours_minor: int
    theirs_minor: int

    @property
    def apart_minor(self) -> int:
        return self.ours_minor - self.theirs_minor


def compare(*, foundation: Foundation, gateway: str, now: datetime) -> Comparison:
    """Where both ledgers differ. Lines must have been read, and linked to gifts, before."""
    sides: dict[Subject, Sides] = defaultdict(Sides)
    _add_ours(sides, foundation)
    _add_theirs(sides, foundation, gateway)
    apart = {subject: both for subject, both in sides.items() if both.apart_minor}
    settled = {
        subject: both
        for subject, both in apart.items()
        if both.newest_at and both.newest_at <= now - IN_FLIGHT
    }
    found = [Found(_kind_of(subject, both), subject, both) for subject, both in settled.items()]
    found = [one for one in found if not _goes_with_another(one, found)]
    _name_gifts(found, foundation)
    in_flight = {subject.ref for subject in apart.keys() - settled.keys()}
    if not any(both.newest_at and both.newest_at > now - IN_FLIGHT for both in sides.values()):
        found += _unexplained(foundation, gateway, apart)
    else:
        in_flight |= {_whole(subject.currency).ref for subject in sides}
    return Comparison(found, in_flight)


def balances(*, foundation: Foundation, gateway: str) -> list[Balance]:
    """Each currency in which either side has anything."""
    ours = dict(_accounts(foundation).values_list("currency", "balance_minor"))
    entries = ProcessorEntry.objects.filter(foundation=foundation, gateway=gateway).order_by()
    theirs = dict(entries.values_list("currency").annotate(Sum("net_minor")))
    moved = _accounts(foundation).filter(debits__isnull=False) | _accounts(foundation).filter(
        credits__isnull=False
    )
    used = set(moved.values_list("currency", flat=True)) | theirs.keys()
    return [Balance(one, ours.get(one, 0), theirs.get(one, 0)) for one in sorted(used)]


def _accounts(foundation: Foundation) -> QuerySet[MoneyAccount]:
    return MoneyAccount.objects.filter(foundation=foundation, kind=MoneyAccount.Kind.PROCESSOR)


def _add_ours(sides: dict[Subject, Sides], foundation: Foundation) -> None:
    """A correction counts against what it corrects."""
    for side, sign in (("debit_account", 1), ("credit_account", -1)):
        rows = (
            MoneyMovement.objects.filter(**{f"{side}__in": _accounts(foundation)})
            .annotate(
                what=Coalesce("reverses__kind", "kind"), whole=Coalesce("reverses__event", "event")
            )
            .order_by()
            .values_list("what", "whole", "currency")
            .annotate(Sum("amount_minor"), Max("created_at"), Max("happened_on"))
        )
        for what, event, currency, minor, at, day in rows.iterator():
            about = OURS.get(what, About.OTHER)
            one = sides[Subject(about, _key_of(event), currency)]
            one.ours_minor = (one.ours_minor or 0) + sign * minor
            one.touch(at=at, day=day)


def _add_theirs(sides: dict[Subject, Sides], foundation: Foundation, gateway: str) -> None:
    entries = ProcessorEntry.objects.filter(foundation=foundation, gateway=gateway)
    for entry in entries.select_related("gift").order_by().iterator():
        for subject, minor in _parts(entry):
            one = sides[subject]
            one.theirs_minor = (one.theirs_minor or 0) + minor
            one.gift_id = entry.gift_id
            one.touch(at=entry.happened_at, day=timezone.localdate(entry.happened_at))


def _parts(entry: ProcessorEntry) -> Iterator[tuple[Subject, int]]:
    """A line's amount, and its fee apart."""
    about = THEIRS.get(entry.kind, About.OTHER)
    key = entry.ref
    if about in PAYOUTS:
        key = entry.source_ref
    elif entry.gift is not None and about != About.OTHER:
        key = entry.gift.number
    if entry.amount_minor:
        yield Subject(about, key, entry.currency), entry.amount_minor
    if entry.fee_minor:
        yield Subject(About.FEE, key, entry.currency), -entry.fee_minor


def _key_of(event: str) -> str:
    """`gift:<number>:refund:…` and `payout:<name>:…` say whose they are."""
    parts = event.split(":")
    return parts[1] if parts[0] in {"gift", "payout"} and len(parts) > 1 else event


def _kind_of(subject: Subject, both: Sides) -> Kind:
    if subject.about == About.FEE:
        return Kind.FEE
    if not both.ours_minor:
        return Kind.MISSING_HERE
    return Kind.AMOUNT if both.theirs_minor else Kind.MISSING_THERE


def _goes_with_another(one: Found, found: list[Found]) -> bool:
    """The fee of a line that is missing as a whole: one difference says it."""
    if one.kind != Kind.FEE:
        return False
    lacking = Kind.MISSING_HERE if not one.sides.ours_minor else Kind.MISSING_THERE
    if one.sides.ours_minor and one.sides.theirs_minor:
        return False
    return any(
        other.kind == lacking and other.subject.key == one.subject.key
        for other in found
    )  # fmt: skip


def _name_gifts(found: list[Found], foundation: Foundation) -> None:
    """Also where only our books know of it."""
    numbers = {one.subject.key for one in found if one.sides.gift_id is None}
    known = dict(
        Gift.objects.filter(foundation=foundation, number__in=numbers).values_list("number", "pk")
    )
    for one in found:
        one.sides.gift_id = one.sides.gift_id or known.get(one.subject.key)


def _whole(currency: str) -> Subject:
    return Subject(About.BALANCE, currency, currency)


def _unexplained(
    foundation: Foundation, gateway: str, apart: dict[Subject, Sides]
) -> Iterator[Found]:
    """Balances that differ by more than all their lines do."""
    for balance in balances(foundation=foundation, gateway=gateway):
        explained = sum(
            both.apart_minor
            for subject, both in apart.items()
            if subject.currency == balance.currency
        )
        if balance.apart_minor != explained:
            yield Found(
                Kind.BALANCE,
                _whole(balance.currency),
                Sides(
                    balance.ours_minor, balance.theirs_minor, happened_on=timezone.localdate()
                ),
            )  # fmt: skip
