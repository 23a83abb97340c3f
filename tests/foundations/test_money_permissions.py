"""Whose books are whose: Chen enters, Tan approves, Dai of another foundation sees nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from foundations import permissions
from foundations.actions.books import create_pot, give_role, take_role
from foundations.actions.entries import approve_expense, enter_grant, enter_transfer
from foundations.actions.gifts import book_gift
from foundations.actions.periods import close_period
from foundations.models import Expense, Foundation, FoundationRole, Fund
from tests.foundations.money_cast import month_back
from volunteers.models import User

# What is the account's own as a donor or a neighbour has tests of its own.
DOORS = [
    door
    for name, door in vars(permissions).items()
    if name.startswith("get_")
    and name.endswith("_for")
    and not name.startswith("get_own_")
    and door.__module__ == permissions.__name__
]


@pytest.fixture
def full(
    books: Foundation, fund: Fund, general: Fund, entered: Callable[..., Expense], chen: User,
    tan: User,
) -> Foundation:  # fmt: skip
    """Something behind every door."""
    today = timezone.localdate()
    book_gift(fund=fund, key="g", amount_minor=9000, happened_on=month_back(1), by=None)
    close_period(foundation=books, month=month_back(1), by=tan)
    approve_expense(expense=entered(100), by=tan)
    told = {"amount_minor": 1, "happened_on": today, "by": chen}
    enter_grant(fund=fund, grantee="花园小组", purpose="种花", **told)
    enter_transfer(
        from_fund=fund, to_fund=general, reason="refiling", evidence="备案 12 号", **told
    )
    create_pot(foundation=books, sponsor="海云公司", starts_on=today, ends_on=today, by=None)
    return books


@pytest.fixture
def dai_keeps_other_books(other_foundation: Foundation, dai: User) -> Foundation:
    give_role(foundation=other_foundation, user=dai, role="treasurer", by=None)
    return other_foundation


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_every_door_shows_the_own_books_and_nothing_of_another_foundation(
    door: Callable[[Any], Any], two_houses: Any, chen: User, dai: User, bao: User
) -> None:
    own = set(door(chen))

    assert own
    assert not own & set(door(dai))
    for stranger in (bao, AnonymousUser()):
        assert not door(stranger).exists()


def test_who_may_enter_and_who_may_approve(
    full: Foundation, dai_keeps_other_books: Foundation, chen: User, tan: User, dai: User,
    rui: User, city_staff: User,
) -> None:  # fmt: skip
    give_role(foundation=full, user=rui, role=FoundationRole.Role.VIEWER, by=None)
    people = (chen, tan, rui, dai, city_staff, AnonymousUser())

    def who(may: Callable[[Any, Foundation], bool]) -> list[bool]:
        return [may(user, full) for user in people]

    assert who(permissions.can_see_books) == [True, True, True, False, True, False]
    assert who(permissions.can_enter) == [True, True, False, False, False, False]
    assert who(permissions.can_approve) == [False, True, False, False, False, False]


def test_a_treasurer_approves_what_others_entered(
    full: Foundation, dai_keeps_other_books: Foundation, entered: Callable[..., Expense],
    chen: User, tan: User, dai: User,
) -> None:  # fmt: skip
    by_chen, by_tan = entered(5), entered(5, by=tan)

    may = permissions.can_approve_entry
    assert [may(user, by_chen) for user in (chen, tan, dai)] == [False, True, False]
    assert not may(tan, by_tan)
    may_reject = permissions.can_reject_entry
    assert [may_reject(user, by_chen) for user in (chen, tan, dai)] == [True, True, False]
    assert [may_reject(user, by_tan) for user in (chen, tan, dai)] == [False, True, False]
    assert not may(tan, approve_expense(expense=by_chen, by=tan))


def test_staff_of_the_city_without_a_role_see_no_books(full: Foundation, city_staff: User) -> None:
    city_staff.is_superuser = False
    city_staff.save()

    assert not permissions.get_foundations_for(city_staff).exists()


def test_a_role_that_was_taken_or_an_account_that_is_blocked_opens_nothing(
    full: Foundation, chen: User, tan: User
) -> None:
    take_role(role=FoundationRole.objects.get(user=chen), by=None)
    tan.is_active = False
    tan.save()

    assert not permissions.get_movements_for(chen).exists()
    assert not permissions.get_movements_for(tan).exists()
    assert not permissions.can_approve(tan, full)


def test_one_role_a_person_and_foundation(full: Foundation, chen: User) -> None:
    give_role(foundation=full, user=chen, role="viewer", by=None)

    assert list(chen.foundation_roles.values_list("role", flat=True)) == ["viewer"]
