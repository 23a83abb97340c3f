"""Amounts as people type and read them: whole minor units, never a float."""

from __future__ import annotations

import ast
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import foundations
from foundations.money import (
    EXPONENTS,
    AmountTooGreat,
    NotAnAmount,
    OtherCurrency,
    TooManyDecimals,
    UnknownCurrency,
    exponent_of,
    format_money,
    format_plain,
    parse_amount,
)

currencies = st.sampled_from(sorted(EXPONENTS))
# Up to the most that may be typed, in each of them.
amounts = st.integers(0, 10**9)


@given(amounts, currencies)
def test_what_is_written_plainly_is_read_back_as_the_same_amount(minor: int, currency: str) -> None:
    assert parse_amount(format_plain(minor, currency=currency), currency=currency) == minor


@given(amounts, currencies, st.sampled_from(["zh-hans", "en"]))
def test_what_people_read_may_be_typed_as_it_stands(
    minor: int, currency: str, language: str
) -> None:
    shown = format_money(minor, currency=currency, language=language)

    assert parse_amount(shown, currency=currency) == minor


@given(st.integers(-(10**14), 10**14), currencies)
def test_the_plain_form_is_the_exact_decimal(minor: int, currency: str) -> None:
    assert Decimal(format_plain(minor, currency=currency)) == Decimal(minor).scaleb(
        -exponent_of(currency)
    )


@given(st.text(max_size=40), currencies)
def test_any_text_is_an_amount_or_refused_with_a_sentence(text: str, currency: str) -> None:
    try:
        answer: object = parse_amount(text, currency=currency)
    except NotAnAmount as refused:
        answer = str(refused)

    assert answer if isinstance(answer, str) else (type(answer) is int and answer >= 0)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("100", "CNY", 10000),
        ("0.01", "CNY", 1),
        ("100.5", "CNY", 10050),
        ("1,234.56", "CNY", 123456),
        (" ¥ 88 ", "CNY", 8800),
        ("88元", "CNY", 8800),
        ("88 CNY", "CNY", 8800),
        ("１００．５０", "CNY", 10050),
        ("1，000", "CNY", 100000),
        ("500", "JPY", 500),
        ("¥1,500", "JPY", 1500),
        ("1.234", "KWD", 1234),
        ("1.5", "KWD", 1500),
        ("US$20", "USD", 2000),
    ],
)
def test_amounts_as_people_type_them(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency=currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "refused"),
    [
        ("", "CNY", NotAnAmount),
        ("-5", "CNY", NotAnAmount),
        ("1e3", "CNY", NotAnAmount),
        ("12,34", "CNY", NotAnAmount),
        ("1.2.3", "CNY", NotAnAmount),
        ("5.", "CNY", NotAnAmount),
        ("nan", "CNY", NotAnAmount),
        ("0.005", "CNY", TooManyDecimals),
        ("100.0", "JPY", TooManyDecimals),
        ("1.2345", "KWD", TooManyDecimals),
        ("9" * 5000, "CNY", AmountTooGreat),
        ("1000000001", "CNY", AmountTooGreat),
        ("US$100", "CNY", OtherCurrency),
        ("100元", "JPY", OtherCurrency),
    ],
)
def test_what_is_no_amount_is_refused_and_never_rounded(
    text: str, currency: str, refused: type[NotAnAmount]
) -> None:
    with pytest.raises(refused) as raised:
        parse_amount(text, currency=currency)

    assert raised.type is refused


def test_amounts_are_read_in_both_languages() -> None:
    assert format_money(123450, currency="CNY", language="zh-hans") == "¥1,234.50"
    assert format_money(123450, currency="CNY", language="en") == "CN¥1,234.50"
    assert format_money(1500, currency="JPY", language="zh-hans") == "JP¥1,500"
    assert format_money(-1234, currency="KWD", language="en") == "-KWD\u00a01.234"


def test_a_currency_that_nobody_looked_up_is_refused() -> None:
    with pytest.raises(UnknownCurrency, match="XXX"):
        parse_amount("1", currency="XXX")


def test_no_float_comes_near_money() -> None:
    for path in Path(foundations.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_float = isinstance(node, ast.Constant) and type(node.value) is float
            divides = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
            # Used, not named: a round of proposals is called so too.
            is_read = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
            names_it = is_read and node.id in {"float", "round"}
            names_it |= isinstance(node, ast.Attribute) and node.attr == "FloatField"
            is_suspect = is_float or divides or names_it
            assert not is_suspect, f"{path.name}:{node.lineno}"
