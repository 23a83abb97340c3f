"""What banks export is read to the cent, or refused with a sentence that helps."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundations.bank_files import (
    AnotherAccountToo,
    FileEmpty,
    FileRefused,
    FileUnreadable,
    RowsRefused,
    SumsDiffer,
    day_of,
    read_bank_file,
    signed_minor,
)
from foundations.money import EXPONENTS, NotAnAmount, format_plain
from tests.foundations.bank_cast import camt, camt_entry

minor = st.integers(min_value=-(10**9), max_value=10**9)
currencies = st.sampled_from(sorted(EXPONENTS))


def read(text: str | bytes, **fields: Any) -> Any:
    content = text.encode() if isinstance(text, str) else text
    return read_bank_file(content, **({"currency": "CNY"} | fields))


def amounts(text: str | bytes, **fields: Any) -> list[int]:
    return [line.amount_minor for line in read(text, **fields).lines]


@given(minor=minor, currency=currencies, style=st.integers(min_value=0, max_value=4))
def test_an_amount_is_read_to_the_cent_however_the_bank_writes_it(
    minor: int, currency: str, style: int
) -> None:
    plain = format_plain(abs(minor), currency=currency)
    if "." in plain:
        whole, part = plain.split(".")
        long = f"{int(whole):,}.{part}"
    else:
        long = f"{int(plain):,}"
    sign = "-" if minor < 0 else ""
    written = [
        f"{sign}{plain}", f"{sign}{long}", f"({long})" if minor < 0 else f"+{long}",
        f"{sign}{long}" + ("00" if "." in long else ".00"), f" {sign} {plain} ",
    ][style]  # fmt: skip

    assert signed_minor(written, currency=currency) == minor


@given(text=st.text(max_size=30))
def test_any_cell_is_an_amount_or_is_refused(text: str) -> None:
    with suppress(NotAnAmount):
        assert isinstance(signed_minor(text, currency="CNY"), int)


@given(content=st.binary(max_size=400))
def test_no_bytes_do_harm(content: bytes) -> None:
    for prefix in (b"", b"<", "日期,金额,摘要\n".encode(), "日期,借方,贷方\n".encode("gb18030")):
        with suppress(FileRefused):
            statement = read_bank_file(prefix + content, currency="CNY")
            assert all(line.amount_minor for line in statement.lines)


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 40), st.integers(-(10**8), 10**8).filter(bool)),
        min_size=1, max_size=12,
    ),
    newest_first=st.booleans(),
)  # fmt: skip
def test_lines_and_balances_come_back_in_order(
    rows: list[tuple[int, int]], newest_first: bool
) -> None:
    balance, told = 12_345, []
    for days, change in sorted(rows, key=lambda row: row[0]):
        balance += change
        day = date(2026, 1, 1) + timedelta(days=days)
        yuan = format_plain(abs(change), currency="CNY")
        out, into = (yuan, "") if change < 0 else ("", yuan)
        told.append((change, f"{day},{out},{into},{format_plain(balance, currency='CNY')}"))
    lines = [line for _change, line in told]
    body = "\n".join(["日期,支出,收入,余额", *(lines[::-1] if newest_first else lines)])

    statement = read(body)

    assert [line.amount_minor for line in statement.lines] == [change for change, _line in told]
    assert (statement.opening_minor, statement.closing_minor) == (12_345, balance)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2026-03-02", date(2026, 3, 2)),
        ("2026/3/2", date(2026, 3, 2)),
        ("2026年3月2日", date(2026, 3, 2)),
        ("20260302", date(2026, 3, 2)),
        ("20260302102233", date(2026, 3, 2)),
        ("20260302 10:22:33", date(2026, 3, 2)),
        ("2026-03-02 10:22:33", date(2026, 3, 2)),
        ("2026-03-02T10:22:33+08:00", date(2026, 3, 2)),
        ("２０２６－０３－０２", date(2026, 3, 2)),
        ("02.03.2026", date(2026, 3, 2)),
        ("02/03/2026", None),
        ("2026-13-40", None),
        ("1926-03-02", None),
        ("", None),
    ],
)
def test_days_as_banks_write_them(typed: str, day: date | None) -> None:
    assert day_of(typed) == day


@pytest.mark.parametrize("coding", ["gb18030", "utf-8-sig", "utf-8", "utf-16"])
def test_an_export_with_two_columns_and_words_around_it(coding: str) -> None:
    text = "\r\n".join(
        [
            "账户明细查询,,,,,,",
            "账号：6200 **** 0001,户名：香港中路社区基金会,,,,,",
            "",
            "交易日期,借方发生额/元(支取),贷方发生额/元(收入),余额,对方户名,用途,交易流水号",
            '\t20260302,,"1,000.00","6,000.00",𠮷野小明,捐赠 老人食堂,="0001"',
            '20260303,"￥500.00",0.00,"5,500.00",利群超市,大米,="0002"',
            "20260303,0.00,0.00,5500.00,,通知,",
            "合计,500.00,1000.00,,,,",
            "共2笔,,,,,,",
            "本明细仅供参考",
        ]
    )

    statement = read(text.encode(coding))

    first, second = statement.lines
    assert (first.amount_minor, second.amount_minor) == (100_000, -50_000)
    assert (first.counterparty, first.text, first.bank_ref) == ("𠮷野小明", "捐赠 老人食堂", "0001")
    assert (statement.opening_minor, statement.closing_minor) == (500_000, 550_000)


def test_an_export_with_one_column_and_a_word_for_the_side() -> None:
    text = "日期;金额;收/支;摘要\n2026-03-02;12.50;收入;利息\n2026-03-03;12.5000;支出;手续费\n"

    assert amounts(text) == [1250, -1250]


def test_what_the_bank_takes_back_stands_below_zero_on_its_side() -> None:
    assert amounts("日期,借方,贷方\n2026-03-02,-5.00,\n2026-03-03,,-7.00\n") == [500, -700]


@pytest.mark.parametrize(
    ("text", "refused", "named"),
    [
        ("日期,金额\n", FileEmpty, ""),
        ("日期,金额\n2026-03-02,一百\n", RowsRefused, "一百"),
        ("日期,金额\n昨天,100\n", RowsRefused, "昨天"),
        ("日期,金额\n2026-03-02,1.234\n", RowsRefused, "1.234"),
        ("日期,金额,币种\n2026-03-02,1,美元\n", RowsRefused, "美元"),
        ("日期,借方,贷方\n2026-03-02,1,2\n", RowsRefused, ""),
        ("日期,金额,收支\n2026-03-02,1,不明\n", RowsRefused, "不明"),
        ("日期,金额,余额\n2026-03-02,1,1\n2026-03-03,1,3\n", SumsDiffer, " 3"),
        ("姓名,年龄\n王小明,8\n", FileUnreadable, "CSV"),
        ("", FileEmpty, ""),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(
    text: str, refused: type[FileRefused], named: str
) -> None:
    with pytest.raises(refused) as raised:
        read(text)

    assert named in str(raised.value)


def test_each_wrong_row_is_named() -> None:
    with pytest.raises(RowsRefused) as raised:
        read("日期,金额\n2026-03-02,x\n2026-03-03,1\n2026-03-04,y\n")

    assert [trouble.row for trouble in raised.value.troubles] == [2, 4]


def test_an_export_of_some_lines_only_is_read_without_its_balances() -> None:
    text = "日期,金额,余额\n2026-03-02,1,1\n2026-03-03,1,3\n"

    statement = read(text, ignore_balances=True)

    assert len(statement.lines) == 2
    assert statement.closing_minor is None


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;">]><Document>&c;</Document>"""
OUTSIDE = b"""<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document>&x;</Document>"""


@pytest.mark.parametrize(
    "content",
    [
        LAUGHS, OUTSIDE, b"<a>" * 100_000, b"<html><body>404</body></html>", b"PK\x03\x04zip",
        b"%PDF-1.4", os.urandom(4_000_000), b"x" * 6_000_000, b"\x00" * 100,
        ("日期,金额\n" + "2026-03-02,1\n" * 20_500).encode(), b'"' * 500_000,
        ("日期,金额\n2026-03-02,\"" + "9" * 300_000).encode(),
    ],
    ids=lambda content: f"{len(content)}",
)  # fmt: skip
def test_hostile_files_are_refused_kindly(content: bytes) -> None:
    with pytest.raises(FileRefused) as raised:
        read(content)

    assert str(raised.value)


# camt.053


@pytest.mark.parametrize("version", ["02", "08", "13"])
def test_an_entry_with_its_payment(version: str) -> None:
    inside = """<AcctSvcrRef>E1</AcctSvcrRef><NtryDtls><TxDtls><Refs><AcctSvcrRef>T1</AcctSvcrRef>
    </Refs><RltdPties><Dbtr><Pty><Nm>王小明</Nm></Pty></Dbtr></RltdPties>
    <RmtInf><Ustrd>捐赠</Ustrd><Ustrd>老人食堂</Ustrd></RmtInf></TxDtls></NtryDtls>"""

    statement = read(camt(camt_entry(inside=inside), version=version))

    (line,) = statement.lines
    assert (line.booked_on, line.amount_minor) == (date(2026, 3, 2), 1000)
    assert (line.counterparty, line.text, line.bank_ref) == ("王小明", "捐赠 老人食堂", "T1")
    assert (statement.opening_minor, statement.closing_minor) == (0, 1000)


def test_the_payments_of_a_batch_are_a_line_each_when_they_add_up() -> None:
    def batch(second: str) -> str:
        return f"""<NtryDtls><TxDtls><Amt Ccy="CNY">4.00</Amt></TxDtls>
        <TxDtls><AmtDtls><TxAmt><Amt Ccy="CNY">{second}</Amt></TxAmt></AmtDtls></TxDtls>
        </NtryDtls>"""

    assert amounts(camt(camt_entry(inside=batch("6.00")))) == [400, 600]
    assert amounts(camt(camt_entry(inside=batch("7.00")))) == [1000]


def test_what_is_taken_back_goes_the_way_the_entry_says() -> None:
    entries = [
        camt_entry(),
        camt_entry(side="DBIT", amount="4.00", inside="<RvslInd>true</RvslInd>"),
        camt_entry(amount="99.00", status="<Sts>PDNG</Sts>"),
    ]

    assert amounts(camt(*entries, closing="6.00")) == [1000, -400]


@pytest.mark.parametrize(
    "content",
    [
        camt(camt_entry(), closing="11.00"),
        camt(camt_entry(ccy="EUR")),
        camt(camt_entry(side="???")),
        camt(camt_entry(day="soon")),
        camt(camt_entry(amount="1.2.3")),
        camt(),
        camt(camt_entry()).replace(b"</BkToCstmrStmt>", b"")[:-200],
    ],
)
def test_a_statement_that_does_not_add_up_is_refused(content: bytes) -> None:
    with pytest.raises(FileRefused) as raised:
        read(content)

    assert str(raised.value)


def test_two_accounts_in_one_file_are_refused() -> None:
    one = camt(camt_entry()).decode()
    other = camt(camt_entry(), account="2").decode()
    statement = other[other.index("<Stmt>") : other.index("</BkToCstmrStmt>")]

    with pytest.raises(AnotherAccountToo):
        read(one.replace("</BkToCstmrStmt>", f"{statement}</BkToCstmrStmt>"))
