"""Statements of banks as the tests make them; every name in them is invented."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from foundations.actions.bank_import import import_statement
from foundations.models import BankLine, Foundation
from volunteers.models import User

HEADER = "交易日期,借方发生额/元(支取),贷方发生额/元(收入),余额,对方户名,用途,交易流水号"


def some_day(back: int = 0) -> date:
    return timezone.localdate() - timedelta(days=back)


def bank_csv(*rows: tuple[Any, ...], opening: str = "", coding: str = "gb18030") -> bytes:
    """Rows of (day, signed yuan as text, name, words, reference), oldest first."""
    lines = ["账户明细", HEADER]
    for day, amount, name, words, ref in rows:
        out, into = (amount[1:], "") if amount.startswith("-") else ("", amount)
        lines.append(f'{day:%Y-%m-%d},"{out}","{into}",,{name},{words},{ref}')
    lines += ["合计,,,,,,", "打印时间：下午,,,,,,"]
    return "\r\n".join(lines).encode(coding)


def imported(foundation: Foundation, by: User, *rows: tuple[Any, ...]) -> list[BankLine]:
    """The lines of a statement with these rows, as they stand in the database."""
    import_statement(
        foundation=foundation, currency="CNY", content=bank_csv(*rows), file_name="明细.csv", by=by
    )
    return list(BankLine.objects.filter(foundation=foundation).order_by("booked_on", "pk"))


CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>
<Stmt><Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>CNY</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{opening}</Amt>
<CdtDbtInd>CRDT</CdtDbtInd></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{closing}</Amt>
<CdtDbtInd>CRDT</CdtDbtInd></Bal>
{entries}</Stmt></BkToCstmrStmt></Document>"""


def camt_entry(
    *, day: str = "2026-03-02", amount: str = "10.00", side: str = "CRDT", inside: str = "",
    ccy: str = "CNY", status: str = "<Sts><Cd>BOOK</Cd></Sts>",
) -> str:  # fmt: skip
    return (
        f'<Ntry><Amt Ccy="{ccy}">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{status}'
        f"<BookgDt><Dt>{day}</Dt></BookgDt>{inside}</Ntry>"
    )


def camt(
    *entries: str, opening: str = "0.00", closing: str = "10.00", account: str = "1",
    version: str = "08",
) -> bytes:  # fmt: skip
    told = {"opening": opening, "closing": closing, "account": account, "version": version}
    return CAMT.format(entries="".join(entries), **told).encode()
