"""Two foundations with their books: Chen enters and Tan (谭) approves in one, Dai in the other."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils import timezone

from foundations.actions.books import create_foundation, create_fund, give_role
from foundations.actions.entries import enter_expense
from foundations.models import Expense, Foundation, FoundationRole, Fund, FundBalance
from tests.cast import make_organisation, make_user
from volunteers.models import Organisation, Territory, User

PDF = b"%PDF-1.4 invoice"
_numbers = itertools.count()


def new_key(kind: str = "k") -> str:
    return f"{kind}_{next(_numbers)}"


def month_back(months: int, *, day: int = 1) -> date:
    """A day of the month so many months before this one."""
    first = timezone.localdate().replace(day=1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    return first.replace(day=day)


def invoice(name: str = "发票.pdf", content: bytes = PDF) -> ContentFile[bytes]:
    return ContentFile(content, name=name)


def net_of(fund: Fund) -> int:
    return FundBalance.objects.get(fund=fund).net_minor


def make_foundation(*, name: str, slug: str, territory: Territory, **fields: Any) -> Foundation:
    organisation = make_organisation(
        name=name, slug=slug, territory=territory, kind=Organisation.Kind.FOUNDATION
    )
    fields = {"mode": Foundation.Mode.OWN_NAME, "kind": Foundation.Kind.PUBLIC} | fields
    return create_foundation(organisation=organisation, by=None, **fields)


@pytest.fixture
def foundation(campaign_index: Any, territory: Territory) -> Foundation:
    return make_foundation(name="香港中路社区基金会", slug="xgzl-foundation", territory=territory)


@pytest.fixture
def other_foundation(campaign_index: Any, territory: Territory) -> Foundation:
    return make_foundation(name="海边社区基金会", slug="beach-foundation", territory=territory)


@pytest.fixture
def general(foundation: Foundation) -> Fund:
    return foundation.funds.get(kind=Fund.Kind.GENERAL)


@pytest.fixture
def fund(foundation: Foundation) -> Fund:
    return create_fund(foundation=foundation, name="老人食堂", purpose="热饭", by=None)


@pytest.fixture
def tan(db: Any) -> User:
    return make_user(name="谭司库", phone="+8613800000041", email="tan@linli.example")


@pytest.fixture
def books(foundation: Foundation, chen: User, tan: User) -> Foundation:
    """The foundation with Chen as its bookkeeper and Tan as its treasurer."""
    give_role(foundation=foundation, user=chen, role=FoundationRole.Role.BOOKKEEPER, by=None)
    give_role(foundation=foundation, user=tan, role=FoundationRole.Role.TREASURER, by=None)
    return foundation


@pytest.fixture
def entered(chen: User, fund: Fund) -> Callable[..., Expense]:
    """`entered(amount_minor, **fields)`: an expense of the fund's that Chen has entered."""

    def enter(amount_minor: int = 1000, **fields: Any) -> Expense:
        return enter_expense(
            **{
                "fund": fund, "kind": Expense.Kind.PROGRAMME, "amount_minor": amount_minor,
                "payee": "利群超市", "purpose": "大米", "invoice": invoice(),
                "happened_on": timezone.localdate(), "by": chen,
            }
            | fields
        )  # fmt: skip

    return enter


@pytest.fixture
def sound_books(db: None) -> Iterator[None]:
    """At the test's end the books must prove themselves."""
    yield
    call_command("check_money", verbosity=0)
