"""camt.053: a bank's statement in XML (ISO 20022), any of its versions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.utils.translation import gettext as _

from foundations.bank_files import (
    MOST_LINES,
    MOST_NAME,
    MOST_REF,
    MOST_TEXT,
    AnotherAccountToo,
    FileEmpty,
    FileTooBig,
    FileUnreadable,
    ReadLine,
    ReadStatement,
    RowsRefused,
    RowTrouble,
    SumsDiffer,
    day_of,
    plain,
    signed_minor,
)
from foundations.money import NotAnAmount

# Balances: what the statement begins and ends with, as booked.
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def read_camt053(content: bytes, *, currency: str, ignore_balances: bool) -> ReadStatement:
    """Each entry is a line; the payments of a batch that are told one by one are a line each.

    Raises FileRefused. No entity is expanded and no document type is read.
    """
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as refused:
        raise FileUnreadable from refused
    _without_namespaces(root)
    statements = root.findall("BkToCstmrStmt/Stmt")
    if root.tag != "Document" or not statements:
        raise FileUnreadable
    if len({_account_of(statement) for statement in statements}) > 1:
        raise AnotherAccountToo
    reader = _Reader(currency)
    parts = sorted((reader.read(one) for one in statements), key=lambda part: part.first_on)
    if reader.troubles:
        raise RowsRefused(reader.troubles)
    return _together(parts, ignore_balances=ignore_balances)


class _Reader:
    """Counts the entries of the whole file, and keeps what it could not read."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.row = 0
        self.troubles: list[RowTrouble] = []

    def read(self, statement: Element) -> ReadStatement:
        lines: list[ReadLine] = []
        for entry in statement.iterfind("Ntry"):
            self.row += 1
            if self.row > MOST_LINES:
                raise FileTooBig
            if _status_of(entry) not in {"", "BOOK"}:
                continue
            try:
                lines += self._lines_of(entry)
            except ValueError as refused:
                self.troubles.append(RowTrouble(self.row, str(refused)))
        opening = self._balance(statement, OPENING)
        closing = self._balance(statement, CLOSING)
        days = [line.booked_on for line in lines] + _days_of(statement)
        if not days:
            raise FileEmpty
        return ReadStatement(
            format="camt053", first_on=min(days), last_on=max(days), lines=lines,
            opening_minor=opening, closing_minor=closing,
        )  # fmt: skip

    def _lines_of(self, entry: Element) -> list[ReadLine]:
        day = _day_in(entry, "BookgDt") or _day_in(entry, "ValDt")
        if day is None:
            raise ValueError(_("It has no day on which it was booked."))
        amount = self._signed(entry.find("Amt"), entry)
        if amount == 0:
            return []
        details = entry.findall("NtryDtls/TxDtls")
        parts = [(one, self._part_of(one, entry)) for one in details]
        told = [part for _one, part in parts]
        if len(parts) > 1 and None not in told and sum(p or 0 for p in told) == amount:
            return [self._line(day, part or 0, one, entry) for one, part in parts if part]
        # Several payments without sums of their own stay one line.
        only = details[0] if len(details) == 1 else None
        return [self._line(day, amount, only, entry)]

    def _line(self, day: date, amount: int, details: Element | None, entry: Element) -> ReadLine:
        words = _words_of(details) or _words_of(entry)
        words = words or [_text(entry, "AddtlNtryInf")]
        if _text(entry, "RvslInd").lower() in {"true", "1"}:
            words.insert(0, "RVSL")
        return ReadLine(
            row=self.row, booked_on=day, amount_minor=amount,
            counterparty=plain(_party_of(details, came_in=amount > 0), MOST_NAME),
            text=plain(" ".join(words), MOST_TEXT),
            bank_ref=plain(_reference_of(details, entry), MOST_REF),
        )  # fmt: skip

    def _part_of(self, details: Element, entry: Element) -> int | None:
        amount = details.find("Amt")
        if amount is None:
            amount = details.find("AmtDtls/TxAmt/Amt")
        if amount is None or amount.get("Ccy") != self.currency:
            return None
        return self._signed(amount, details if details.find("CdtDbtInd") is not None else entry)

    def _signed(self, amount: Element | None, of: Element) -> int:
        """CdtDbtInd says what it does to the account, for what is taken back too."""
        text = (amount.text or "") if amount is not None else ""
        ccy = amount.get("Ccy", "") if amount is not None else ""
        if ccy != self.currency:
            raise ValueError(
                _("This is in %(other)s, not in %(currency)s.")
                % {"other": ccy[:20] or "?", "currency": self.currency}
            )
        try:
            minor = signed_minor(text, currency=self.currency)
        except NotAnAmount as refused:
            raise ValueError(f"“{text.strip()[:30]}”: {refused}") from refused
        side = _text(of, "CdtDbtInd")
        if side not in {"CRDT", "DBIT"} or minor < 0:
            raise ValueError(
                _("“%(cell)s” does not say whether it came in or went out.") % {"cell": side[:20]}
            )
        return minor if side == "CRDT" else -minor

    def _balance(self, statement: Element, codes: tuple[str, ...]) -> int | None:
        for code in codes:
            for balance in statement.iterfind("Bal"):
                if _text(balance, "Tp/CdOrPrtry/Cd") == code:
                    try:
                        return self._signed(balance.find("Amt"), balance)
                    except ValueError as refused:
                        self.troubles.append(RowTrouble(self.row, str(refused)))
        return None


def _together(parts: list[ReadStatement], *, ignore_balances: bool) -> ReadStatement:
    """Statements of consecutive days in one file are one; each must add up, and to the next."""
    lines = [line for part in parts for line in part.lines]
    if not lines:
        raise FileEmpty
    if not ignore_balances:
        _refuse_other_sums(parts)
    return ReadStatement(
        format="camt053", first_on=min(part.first_on for part in parts),
        last_on=max(part.last_on for part in parts), lines=lines,
        opening_minor=None if ignore_balances else parts[0].opening_minor,
        closing_minor=None if ignore_balances else parts[-1].closing_minor,
    )  # fmt: skip


def _refuse_other_sums(parts: list[ReadStatement]) -> None:
    before = None
    for part in parts:
        row = part.lines[-1].row if part.lines else 1
        opening, closing = part.opening_minor, part.closing_minor
        if None not in (before, opening) and before != opening:
            raise SumsDiffer(row=row)
        moved = sum(line.amount_minor for line in part.lines)
        if opening is not None and closing is not None and opening + moved != closing:
            raise SumsDiffer(row=row)
        before = closing


def _without_namespaces(root: Element) -> None:
    """Every version has a namespace of its own; what we read is the same in all."""
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]


def _account_of(statement: Element) -> str:
    return _text(statement, "Acct/Id/IBAN") or _text(statement, "Acct/Id/Othr/Id")


def _status_of(entry: Element) -> str:
    return _text(entry, "Sts/Cd") or _text(entry, "Sts")


def _days_of(statement: Element) -> list[date]:
    found = [_text(statement, f"FrToDt/{name}") for name in ("FrDtTm", "ToDtTm")]
    return [day for day in map(day_of, found) if day is not None]


def _day_in(entry: Element, name: str) -> date | None:
    return day_of(_text(entry, f"{name}/Dt") or _text(entry, f"{name}/DtTm"))


def _party_of(details: Element | None, *, came_in: bool) -> str:
    """Who paid what came in, who was paid what went out."""
    if details is None:
        return ""
    for who in ("Dbtr", "UltmtDbtr") if came_in else ("Cdtr", "UltmtCdtr"):
        for place in ("Nm", "Pty/Nm", "Pty/OrgId/Nm"):
            if name := _text(details, f"RltdPties/{who}/{place}"):
                return name
    return ""


def _words_of(of: Element | None) -> list[str]:
    if of is None:
        return []
    words = list(_texts(of, "RmtInf/Ustrd"))
    words += _texts(of, "RmtInf/Strd/CdtrRefInf/Ref")
    words += _texts(of, "AddtlTxInf")
    return [word for word in dict.fromkeys(words) if word]


def _reference_of(details: Element | None, entry: Element) -> str:
    if details is not None and (own := _text(details, "Refs/AcctSvcrRef")):
        return own
    of_entry = _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef")
    given = _text(details, "Refs/EndToEndId") if details is not None else ""
    return of_entry or ("" if given == "NOTPROVIDED" else given)


def _text(of: Element, path: str) -> str:
    return next(_texts(of, path), "")


def _texts(of: Element, path: str) -> Iterator[str]:
    return ((found.text or "").strip() for found in of.iterfind(path))
