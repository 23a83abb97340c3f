"""Statements as CSV, as online banking exports them: each bank names its columns in its own way."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from django.utils.translation import gettext as _

from foundations.bank_files import (
    MOST_LINES,
    MOST_NAME,
    MOST_REF,
    MOST_TEXT,
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
    refuse_broken_chain,
    signed_minor,
)
from foundations.money import NotAnAmount

HEADER_WITHIN = 60
MOST_CELL = 4000

# A column's names, the better first. As in the account's own statement: 贷 (credit) came in.
NAMES = {
    "day": [
        "记账日期", "入账日期", "交易日期", "交易日", "交易时间", "交易日期时间", "日期", "时间",
        "bookingdate", "postingdate", "transactiondate", "date", "valuedate",
    ],
    "out": [
        "借方发生额", "借方金额", "借方", "支出金额", "支出", "付款金额", "转出金额", "付出金额",
        "debitamount", "debit", "withdrawal", "withdrawals", "paidout", "moneyout",
    ],
    "into": [
        "贷方发生额", "贷方金额", "贷方", "收入金额", "收入", "收款金额", "转入金额", "存入金额",
        "creditamount", "credit", "deposit", "deposits", "paidin", "moneyin",
    ],
    "amount": ["交易金额", "发生额", "金额", "交易发生额", "amount", "transactionamount"],
    "side": [
        "借贷标志", "借贷方向", "借贷", "收支", "收/支", "收支标志", "借/贷", "借贷标识",
        "收支类型", "debit/credit", "credit/debit", "d/c", "dc", "direction", "cdtdbtind",
    ],
    "balance": [
        "账户余额", "余额", "交易后余额", "本次余额", "帐户余额", "balance", "runningbalance",
    ],
    "name": [
        "对方户名", "对方名称", "对方账户名称", "对方账号名称", "对方单位名称", "对方单位",
        "交易对方", "对手户名", "收方名称", "收/付方名称", "对方帐户名称", "counterparty",
        "counterpartyname", "payee", "payer", "name",
    ],
    "ref": [
        "交易流水号", "银行流水号", "流水号", "交易序号", "核心流水号", "业务编号", "凭证号",
        "transactionid", "bankreference", "reference", "ref",
    ],
    "currency": ["币种", "币别", "货币", "currency", "ccy"],
}  # fmt: skip
# All that say something of what it was for, one after the other.
TEXTS = {
    "摘要", "附言", "用途", "备注", "交易摘要", "交易附言", "个性化信息", "交易备注", "说明",
    "交易说明", "description", "memo", "details", "remittanceinformation", "purpose", "note",
    "narrative",
}  # fmt: skip
OUT_WORDS = {"借", "借方", "支出", "支", "付", "转出", "d", "dr", "debit", "dbit", "out", "-"}
INTO_WORDS = {"贷", "贷方", "收入", "收", "转入", "c", "cr", "credit", "crdt", "in", "+"}
CURRENCIES = {
    "人民币": "CNY", "人民币元": "CNY", "rmb": "CNY", "156": "CNY", "01": "CNY", "美元": "USD",
    "欧元": "EUR", "港币": "HKD", "港元": "HKD", "日元": "JPY", "英镑": "GBP",
}  # fmt: skip
# Rows that are none of the statement's: totals, and what the bank says at the end.
_SUMMARY = re.compile(
    r"^(合计|总计|小计|共|汇总|支出合计|收入合计|总笔数|total|sum|subtotal)", re.IGNORECASE
)

Columns = dict[str, int]


def read_csv(content: bytes, *, currency: str, ignore_balances: bool) -> ReadStatement:
    """Raises FileRefused."""
    text = decode_csv(content)
    rows = list(rows_of_csv(text, delimiter=_delimiter_of(text)))
    at, columns, texts = _header_of(rows)
    lines: list[ReadLine] = []
    troubles: list[RowTrouble] = []
    for number, cells in rows[at + 1 :]:
        try:
            line = _line_of(cells, number, columns, texts, currency)
        except ValueError as refused:
            troubles.append(RowTrouble(number, str(refused)))
            continue
        if line is not None:
            lines.append(line)
    if troubles:
        raise RowsRefused(troubles)
    if not lines:
        raise FileEmpty
    lines = _oldest_first(lines, ignore_balances=ignore_balances)
    days = [line.booked_on for line in lines]
    opening, closing = _balances(lines)
    return ReadStatement(
        format="csv", first_on=min(days), last_on=max(days), lines=lines, opening_minor=opening,
        closing_minor=closing,
    )  # fmt: skip


def decode_csv(content: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with it, else what Chinese banks write."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        codings = ["utf-16"]
    else:
        codings = ["utf-8-sig", "gb18030"]
    for coding in codings:
        try:
            text = content.decode(coding)
        except UnicodeDecodeError:
            continue
        if not any(c < " " and c not in "\t\r\n\x0b\x0c" for c in text):
            return text
    raise FileUnreadable


def rows_of_csv(text: str, *, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(number of the row in the file, its cells), without those that are empty."""
    reader = csv.reader(text.splitlines(), delimiter=delimiter)
    try:
        for cells in reader:
            if reader.line_num > MOST_LINES + HEADER_WITHIN:
                raise FileTooBig
            cleaned = [_cell(cell) for cell in cells]
            if any(cleaned):
                yield reader.line_num, cleaned
    except csv.Error as refused:
        raise FileUnreadable from refused


def _delimiter_of(text: str) -> str:
    for line in text.splitlines()[:HEADER_WITHIN]:
        for delimiter in ",\t;":
            names = [_name(_cell(cell)) for cell in line.split(delimiter)]
            if len(names) > 1 and any(name in NAMES["day"] for name in names):
                return delimiter
    raise FileUnreadable


def _cell(text: str) -> str:
    """What banks put around a number so that a spreadsheet leaves it as it is."""
    text = text[:MOST_CELL].strip().strip("\ufeff`")
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text.lstrip("'").strip()


def _name(cell: str) -> str:
    """A column's name without unit, brackets and spaces: «借方发生额/元(支取)» is 借方发生额."""
    text = unicodedata.normalize("NFKC", cell).lower().strip().strip('"')
    bare = re.sub(r"\([^)]*\)|\[[^\]]*\]", "", text)
    return re.sub(r"[\s_*:：]+", "", bare).removesuffix("/元")


def _header_of(rows: list[tuple[int, list[str]]]) -> tuple[int, Columns, list[int]]:
    """Where the header stands, which column is what, and those with words."""
    for at, (_number, cells) in enumerate(rows[:HEADER_WITHIN]):
        names = [_name(cell) for cell in cells]
        columns: Columns = {}
        for what, known in NAMES.items():
            places = [names.index(name) for name in known if name in names]
            if places:
                columns[what] = places[0]
        has_amount = "amount" in columns or {"out", "into"} <= set(columns)
        if "day" in columns and has_amount:
            texts = [place for place, name in enumerate(names) if name in TEXTS]
            return at, columns, texts
    raise FileUnreadable


def _line_of(
    cells: list[str], number: int, columns: Columns, texts: list[int], currency: str
) -> ReadLine | None:
    """None for what is no line of the statement. Raises ValueError with the sentence."""
    cells = cells + [""] * (max([*columns.values(), *texts]) + 1 - len(cells))
    told = {what: cells[place] for what, place in columns.items()}
    typed = [told[what] for what in ("amount", "out", "into") if told.get(what)]
    day = day_of(told["day"])
    is_total = _SUMMARY.match(next(cell for cell in cells if cell))
    if day is None and (is_total or not any(c.isdigit() for c in "".join(typed))):
        return None
    if day is None:
        raise ValueError(_day_unreadable(told["day"]))
    _refuse_other_currency(told.get("currency", ""), currency)
    amount = _amount_of(told, currency)
    if amount == 0:
        if typed:
            return None
        raise ValueError(_("There is no amount."))
    return ReadLine(
        row=number, booked_on=day, amount_minor=amount,
        counterparty=plain(told.get("name", ""), MOST_NAME),
        text=plain(" ".join(dict.fromkeys(cells[place] for place in texts)), MOST_TEXT),
        bank_ref=plain(told.get("ref", ""), MOST_REF),
        balance_minor=_balance_of(told.get("balance", ""), currency),
    )  # fmt: skip


def _day_unreadable(cell: str) -> str:
    return _("“%(cell)s” is no day such as 2026-11-24.") % {"cell": cell[:30]}


def _refuse_other_currency(cell: str, currency: str) -> None:
    said = CURRENCIES.get(cell.lower(), cell.upper())
    if said and said != currency:
        raise ValueError(
            _("This is in %(other)s, not in %(currency)s.")
            % {"other": cell[:20], "currency": currency}
        )


def _amount_of(told: dict[str, str], currency: str) -> int:
    if "out" in told and "into" in told:
        out = _minor_of(told["out"], currency)
        into = _minor_of(told["into"], currency)
        if out and into:
            raise ValueError(_("Money comes in and goes out in one line."))
        # What a bank takes back stands below zero on its own side.
        return into - out
    amount = _minor_of(told["amount"], currency)
    side = unicodedata.normalize("NFKC", told.get("side", "")).strip().lower()
    if side in OUT_WORDS:
        return -abs(amount)
    if side in INTO_WORDS or "side" not in told or amount < 0:
        return amount
    if not side or told["amount"].lstrip().startswith("+"):
        return amount
    raise ValueError(
        _("“%(cell)s” does not say whether it came in or went out.") % {"cell": side[:20]}
    )


def _minor_of(cell: str, currency: str) -> int:
    try:
        return signed_minor(cell, currency=currency)
    except NotAnAmount as refused:
        raise ValueError(f"“{cell[:30]}”: {refused}") from refused


def _balance_of(cell: str, currency: str) -> int | None:
    return _minor_of(cell, currency) if cell.strip("- ") else None


def _oldest_first(lines: list[ReadLine], *, ignore_balances: bool) -> list[ReadLine]:
    """Some banks begin with the newest; the balances tell, else the days."""
    turned = lines[::-1]
    if ignore_balances:
        lines = [replace(line, balance_minor=None) for line in lines]
        return lines if lines[0].booked_on <= lines[-1].booked_on else lines[::-1]
    try:
        refuse_broken_chain(lines)
    except SumsDiffer:
        if lines[0].booked_on < lines[-1].booked_on:
            raise
        refuse_broken_chain(turned)
        return turned
    # Without balances every order is a chain.
    has_balances = any(line.balance_minor is not None for line in lines)
    is_descending = lines[0].booked_on > lines[-1].booked_on
    return turned if is_descending and not has_balances else lines


def _balances(lines: list[ReadLine]) -> tuple[int | None, int | None]:
    first, last = lines[0], lines[-1]
    if first.balance_minor is None or last.balance_minor is None:
        return None, None
    return first.balance_minor - first.amount_minor, last.balance_minor


__all__ = ["read_csv"]
