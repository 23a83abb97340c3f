"""A bank's statement comes in: each of its lines once, however the statements overlap."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from foundations.actions.ledger import BookingRefused, constraint_of
from foundations.bank_files import FileRefused, ReadLine, read_bank_file
from foundations.models import BankLine, BankStatement, Foundation, MoneyAccount
from volunteers.models import User


class ImportRefused(BookingRefused):
    """Nothing was imported; `str()` is the sentence for the person."""


class CannotRead(ImportRefused):
    """In the words of whoever read the file; `rows` says of each row why."""

    def __init__(self, refused: FileRefused) -> None:
        super().__init__(refused)
        self.refused = refused

    def __str__(self) -> str:
        return str(self.refused)


class NoAccount(ImportRefused):
    sentence: str | Promise = gettext_lazy("The foundation has no bank account in this currency.")


class ImportedBefore(ImportRefused):
    """`statement` is what the same file became."""

    sentence = gettext_lazy("This very file was imported already.")

    def __init__(self, *, statement: BankStatement) -> None:
        super().__init__(statement)
        self.statement = statement


@dataclass(frozen=True)
class Imported:
    """`known` lines had come with an earlier statement."""

    statement: BankStatement
    new: int
    known: int


def import_statement(
    *,
    foundation: Foundation,
    currency: str,
    content: bytes,
    file_name: str,
    by: User,
    ignore_balances: bool = False,
) -> Imported:
    """The file's statement with its lines, all or nothing. Raises ImportRefused."""
    digest = hashlib.sha256(content).hexdigest()
    _refuse_known(foundation, digest)
    has_account = MoneyAccount.objects.filter(
        foundation=foundation, kind=MoneyAccount.Kind.BANK, currency=currency
    )
    if not has_account.exists():
        raise NoAccount
    try:
        read = read_bank_file(content, currency=currency, ignore_balances=ignore_balances)
    except FileRefused as refused:
        raise CannotRead(refused) from refused
    try:
        with transaction.atomic():
            # One import at a time: two that overlap would wait for one another's lines.
            Foundation.objects.select_for_update(no_key=True).get(pk=foundation.pk)
            statement = BankStatement.objects.create(
                foundation=foundation, currency=currency, format=read.format,
                file_name=file_name[-200:] or "-", file_digest=digest, first_on=read.first_on,
                last_on=read.last_on, opening_minor=read.opening_minor,
                closing_minor=read.closing_minor, imported_by=by,
            )  # fmt: skip
            new = _keep_lines(statement, read.lines)
            told = {"lines": len(read.lines), "new": new}
            log(instance=statement, action="foundations.import_statement", user=by, data=told)
    except IntegrityError as refused:
        if constraint_of(refused) != "bank_statement_once":
            raise
        _refuse_known(foundation, digest)
        raise
    return Imported(statement=statement, new=new, known=len(read.lines) - new)


def _refuse_known(foundation: Foundation, digest: str) -> None:
    earlier = BankStatement.objects.filter(foundation=foundation, file_digest=digest).first()
    if earlier is not None:
        raise ImportedBefore(statement=earlier)


def _keep_lines(statement: BankStatement, lines: Iterable[ReadLine]) -> int:
    """How many were new. Those that came before stay with the statement that brought them."""
    rows = [
        BankLine(
            statement=statement, foundation=statement.foundation, position=position,
            fingerprint=fingerprint, booked_on=line.booked_on, amount_minor=line.amount_minor,
            currency=statement.currency, counterparty=line.counterparty, text=line.text,
            bank_ref=line.bank_ref,
        )
        for position, (fingerprint, line) in enumerate(
            _with_fingerprints(lines, currency=statement.currency), start=1
        )
    ]  # fmt: skip
    BankLine.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    return statement.lines.count()


def _with_fingerprints(
    lines: Iterable[ReadLine], *, currency: str
) -> Iterator[tuple[str, ReadLine]]:
    """What a line says, and which of several that say the same it is.

    The bank's own reference names a line better than words, which change from one format to the
    other. Two equal gifts on one day are the first and the second, in every statement.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    for line in lines:
        words = (line.bank_ref,) if line.bank_ref else ("", line.counterparty, line.text)
        says = (currency, line.booked_on.isoformat(), str(line.amount_minor), *words)
        seen[says] += 1
        told = "\x1f".join((*says, str(seen[says])))
        yield hashlib.sha256(told.encode()).hexdigest(), line
