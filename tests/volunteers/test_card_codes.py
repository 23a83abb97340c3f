"""The codes of a card: what each text is, and that nobody else can make one."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteers.card_codes import (
    CardCode,
    CodeState,
    card_token_hash,
    card_url,
    city_day,
    day_key,
    public_key_bytes,
    read_card_code,
    rotating_code,
    rotating_url,
    signed_code,
    signed_url,
    step_of,
    steps_of_day,
)

TOKEN = "Q3nS8kV0aZpW2r_-Q3nS8k"
OTHER = "Q3nS8kV0aZpW2r_-Q3nS8l"
NOON = datetime(2026, 5, 4, 4, 0, tzinfo=UTC)  # noon in the city, and the beginning of a step
DAY = date(2026, 5, 4)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def state_of(text: str, *, at: datetime = NOON) -> CodeState:
    return read_card_code(text, at=at).state


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_the_code_of_the_moment_tells_the_card() -> None:
    code = read_card_code(rotating_url(TOKEN, NOON), at=NOON)

    assert code == CardCode(CodeState.ROTATING, token=TOKEN)


def test_a_printed_code_tells_the_card_until_its_last_day() -> None:
    text = signed_url(TOKEN, DAY)

    assert read_card_code(text, at=NOON) == CardCode(CodeState.SIGNED, token=TOKEN)
    assert state_of(text, at=NOON - timedelta(days=900)) == CodeState.SIGNED
    assert state_of(text, at=NOON + timedelta(days=1)) == CodeState.CARD_EXPIRED


def test_the_last_day_of_a_printed_code_ends_at_the_citys_midnight() -> None:
    midnight = datetime(2026, 5, 4, 16, 0, tzinfo=UTC)
    text = signed_url(TOKEN, DAY)

    assert state_of(text, at=midnight - seconds(1)) == CodeState.SIGNED
    assert state_of(text, at=midnight) == CodeState.CARD_EXPIRED


def test_a_bare_address_is_a_card_without_a_code() -> None:
    for text in (card_url(TOKEN), f"/c/{TOKEN}", f"{card_url(TOKEN)}?", f"{card_url(TOKEN)}?x=1"):
        assert read_card_code(text, at=NOON) == CardCode(CodeState.MISSING, token=TOKEN), text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234567890", "1234567890"),
        (" 1234 567-890 ", "1234567890"),
        ("１２３４５６７８９０", "1234567890"),
        ("１２３４－５６７８９０", "1234567890"),
        ("1234–567—890", "1234567890"),
        ("ab12", "AB12"),
    ],
)
def test_a_typed_number_is_read_whatever_stands_between_its_digits(text: str, number: str) -> None:
    assert read_card_code(text, at=NOON) == CardCode(CodeState.NUMBER, number=number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "---",
        "张三",
        "1" * 17,
        "https://linli.example/v/AAAA/",
        "https://linli.example/",
        "/c/",
        "/c//",
        "/c/" + "x" * 33 + "/",
        "/c/not a token/",
        "/c/名字/",
        f"/c/{TOKEN}/more/",
        "\x00",
        "\ud800",
    ],
)
def test_what_is_no_card_is_said_to_be_none(text: str) -> None:
    assert read_card_code(text, at=NOON) == CardCode(CodeState.NOT_OURS)


@given(st.text())
def test_no_text_whatever_raises(text: str) -> None:
    for started in (text, f"/c/{text}", f"/c/{TOKEN}/?r={text}", f"/c/{TOKEN}/?s={text}"):
        assert isinstance(read_card_code(started, at=NOON), CardCode)


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (-60.5, CodeState.AHEAD),
        (-60, CodeState.ROTATING),
        (0, CodeState.ROTATING),
        (29.9, CodeState.ROTATING),
        (89.9, CodeState.ROTATING),
        (90, CodeState.ROTATING),
        (90.5, CodeState.EXPIRED),
        (86400, CodeState.EXPIRED),
        (-86400, CodeState.AHEAD),
    ],
)
def test_two_clocks_may_differ_by_a_minute_and_no_more(age: float, state: CodeState) -> None:
    assert state_of(rotating_url(TOKEN, NOON), at=NOON + seconds(age)) == state


@given(shown=st.floats(0, 30, exclude_max=True), skew=st.floats(-60, 60))
def test_a_code_counts_for_a_reader_whose_clock_is_a_minute_off(shown: float, skew: float) -> None:
    seen_at = NOON + seconds(shown)

    assert state_of(rotating_url(TOKEN, seen_at), at=seen_at + seconds(skew)) == CodeState.ROTATING


def test_a_code_of_another_card_is_false() -> None:
    moving, printed = rotating_code(OTHER, NOON), signed_code(OTHER, DAY)

    assert state_of(f"/c/{TOKEN}/?r={moving}") == CodeState.TAMPERED
    assert state_of(f"/c/{TOKEN}/?s={printed}") == CodeState.TAMPERED
    assert state_of(f"/c/{TOKEN}/?r={printed}") == CodeState.TAMPERED
    assert state_of(f"/c/{TOKEN}/?s={moving}") == CodeState.TAMPERED
    assert state_of(f"/c/{TOKEN}/?r=") == CodeState.TAMPERED


def test_a_false_code_is_false_whenever_it_is_read() -> None:
    """An old step with a wrong proof is not called "old": it was never ours."""
    step = step_of(NOON - timedelta(days=2)).to_bytes(4, "big")
    code = base64.urlsafe_b64encode(step + bytes(8)).decode()

    assert state_of(f"/c/{TOKEN}/?r={code}") == CodeState.TAMPERED


@given(data=st.data())
def test_any_other_byte_makes_a_code_false(data: st.DataObject) -> None:
    name, code = data.draw(
        st.sampled_from([("r", rotating_code(TOKEN, NOON)), ("s", signed_code(TOKEN, DAY))])
    )
    raw = bytearray(base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    false = base64.urlsafe_b64encode(raw).decode().rstrip("=")

    assert state_of(f"/c/{TOKEN}/?{name}={false}") == CodeState.TAMPERED


@pytest.mark.parametrize("name", ["r", "s"])
def test_each_single_character_counts(name: str) -> None:
    """Base64 spells the same bytes in several ways: one of them is the code, the rest are not."""
    code = rotating_code(TOKEN, NOON) if name == "r" else signed_code(TOKEN, DAY)
    for place, right in enumerate(code):
        for wrong in ALPHABET:
            if wrong != right:
                false = f"{code[:place]}{wrong}{code[place + 1 :]}"
                assert state_of(f"/c/{TOKEN}/?{name}={false}") == CodeState.TAMPERED, (place, wrong)


@pytest.mark.parametrize("spelling", ["{}=", "{}==", " {}", "{}\n", "{}A", "%2B{}", "{}%3D"])
@pytest.mark.parametrize("name", ["r", "s"])
def test_only_the_spelling_that_we_write_counts(name: str, spelling: str) -> None:
    code = rotating_code(TOKEN, NOON) if name == "r" else signed_code(TOKEN, DAY)

    text = f"/c/{TOKEN}/?{name}={spelling.format(code)}&x=1"

    assert state_of(text) == CodeState.TAMPERED


def test_the_day_of_the_city_begins_at_its_own_midnight() -> None:
    midnight = datetime(2026, 5, 4, 16, 0, tzinfo=UTC)  # 0:00 on the fifth in the city

    assert city_day(midnight - seconds(1)) == DAY
    assert city_day(midnight) == DAY + timedelta(days=1)
    assert steps_of_day(DAY)[1] == steps_of_day(DAY + timedelta(days=1))[0] == step_of(midnight)


def test_a_code_shown_before_midnight_counts_after_it() -> None:
    midnight = datetime(2026, 5, 4, 16, 0, tzinfo=UTC)
    before = rotating_url(TOKEN, midnight - seconds(1))
    after = rotating_url(TOKEN, midnight)

    assert state_of(before, at=midnight + seconds(20)) == CodeState.ROTATING
    assert state_of(after, at=midnight - seconds(20)) == CodeState.ROTATING


@given(st.dates(date(2024, 1, 1), date(2090, 1, 1)))
def test_the_days_leave_no_step_out_and_none_twice(day: date) -> None:
    first, end = steps_of_day(day)

    assert end - first == 2880
    assert city_day(datetime.fromtimestamp(first * 30, tz=UTC)) == day
    assert city_day(datetime.fromtimestamp(end * 30 - 1, tz=UTC)) == day
    assert steps_of_day(day + timedelta(days=1))[0] == end


def test_a_days_key_makes_that_days_codes_only() -> None:
    keys = {day_key(TOKEN, DAY + timedelta(days=days)) for days in range(30)}

    assert len(keys) == 30
    assert day_key(OTHER, DAY) not in keys
    assert {len(key) for key in keys} == {16}


def test_with_another_secret_every_code_is_another(settings: Any) -> None:
    moving, printed = rotating_url(TOKEN, NOON), signed_url(TOKEN, DAY)
    key, name = public_key_bytes(), card_token_hash(TOKEN)

    settings.LINLI_CODE_KEY = "another"

    assert state_of(moving) == CodeState.TAMPERED
    assert state_of(printed) == CodeState.TAMPERED
    assert public_key_bytes() != key
    assert card_token_hash(TOKEN) == name
