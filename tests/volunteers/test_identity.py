"""ID documents and names: what is accepted, what a number says."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteers.fields import decrypt_text, encrypt_text, keyed_hash
from volunteers.identity import (
    InvalidIdNumber,
    check_character,
    read_id_number,
    same_name,
)
from volunteers.models import Volunteer
from volunteers.models.people import mask_name, mask_phone

TEST_NUMBER = "11010519491231002X"


def test_the_standards_own_number_is_accepted_and_read() -> None:
    identity = read_id_number(id_type="resident", text="110105 19491231 002x")

    assert identity.number == TEST_NUMBER
    assert identity.birth_on == date(1949, 12, 31)
    assert identity.sex == Volunteer.Sex.FEMALE


@given(st.integers(0, 16), st.integers(1, 9))
def test_any_single_mistyped_digit_is_found(place: int, shift: int) -> None:
    digit = (int(TEST_NUMBER[place]) + shift) % 10
    wrong = f"{TEST_NUMBER[:place]}{digit}{TEST_NUMBER[place + 1 :]}"

    with pytest.raises(InvalidIdNumber):
        read_id_number(id_type="resident", text=wrong)


@given(st.integers(0, 15))
def test_two_neighbouring_digits_swapped_are_found(place: int) -> None:
    digits = list(TEST_NUMBER)
    digits[place], digits[place + 1] = digits[place + 1], digits[place]
    swapped = "".join(digits)
    if swapped == TEST_NUMBER:
        return

    with pytest.raises(InvalidIdNumber):
        read_id_number(id_type="resident", text=swapped)


@pytest.mark.parametrize(
    "seventeen",
    ["11010519490231001", "11010529991231001", "11010518000101001", "11010500000000000"],
)
def test_a_birth_date_that_cannot_be_is_refused_even_with_a_right_check_digit(
    seventeen: str,
) -> None:
    with pytest.raises(InvalidIdNumber):
        read_id_number(id_type="resident", text=seventeen + check_character(seventeen))


@pytest.mark.parametrize(
    ("id_type", "number"),
    [
        ("passport", "E12345678"),
        ("passport", "c01x00t47"),
        ("hk_macau", "H12345678"),
        ("hk_macau", "M1234567801"),
        ("taiwan", "12345678"),
        ("foreign_resident", "USA110105200001"),
    ],
)
def test_other_documents_are_accepted_in_their_shape(id_type: str, number: str) -> None:
    assert read_id_number(id_type=id_type, text=number).number == number.upper()


@pytest.mark.parametrize(
    ("id_type", "start"),
    [("hk_macau", "810000"), ("taiwan", "830000"), ("foreign_resident", "911100")],
)
def test_newer_documents_carry_a_check_digit_too(id_type: str, start: str) -> None:
    seventeen = f"{start}19900101123"
    right = seventeen + check_character(seventeen)

    assert read_id_number(id_type=id_type, text=right).birth_on == date(1990, 1, 1)
    with pytest.raises(InvalidIdNumber):
        read_id_number(id_type=id_type, text=right[:-1] + ("1" if right[-1] != "1" else "2"))


@pytest.mark.parametrize(
    ("id_type", "number"),
    [
        ("resident", "110105491231002"),
        ("taiwan", "ABC"),
        ("passport", "<b>"),
        ("", "1"),
        ("x", "1"),
    ],
)
def test_what_is_no_such_document_is_refused(id_type: str, number: str) -> None:
    with pytest.raises(InvalidIdNumber):
        read_id_number(id_type=id_type, text=number)


@pytest.mark.parametrize(
    ("one", "other"),
    [("周小满", "周 小满"), ("阿依古丽·买买提", "阿依古丽•买买提"), ("Anna Müller", "ANNA müller")],
)
def test_one_name_written_two_ways_is_the_same(one: str, other: str) -> None:
    assert same_name(one, other)


def test_two_names_are_not_the_same_and_no_name_is_nobodys() -> None:
    assert not same_name("周小满", "周小滿儿")
    assert not same_name("", "")


def test_what_is_encrypted_reads_back_and_never_looks_twice_the_same() -> None:
    assert decrypt_text(encrypt_text(TEST_NUMBER)) == TEST_NUMBER
    assert encrypt_text(TEST_NUMBER) != encrypt_text(TEST_NUMBER)
    assert TEST_NUMBER.encode() not in encrypt_text(TEST_NUMBER)


def test_the_keyed_hash_finds_equals_and_needs_the_key(settings: object) -> None:
    before = keyed_hash("resident:1")
    assert before == keyed_hash("resident:1")

    settings.LINLI_ID_HASH_KEY = "A" * 43 + "="  # type: ignore[attr-defined]

    assert keyed_hash("resident:1") != before


def test_masks_leave_what_its_owner_knows_it_by() -> None:
    assert mask_name("张三丰") == "张*"
    assert mask_name("") == "*"
    assert mask_phone("+8613800000001").endswith("0001")
    assert "138" not in mask_phone("+8613800000001")
    assert Volunteer(id_number=TEST_NUMBER).masked_id_number == "11**************2X"
