"""The demo's two foundations: whole, provable, and harmless when made again."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from cms.demo.texts import foundations as texts
from cms.seeding import foundations as seeding
from foundations.actions.reconciliation import compare_books
from foundations.checkout import takes_gifts
from foundations.comparing import balances
from foundations.models import (
    Difference,
    Expense,
    Foundation,
    Fund,
    FundPage,
    FundUpdatePage,
    Gift,
    MoneyMovement,
    Period,
)
from foundations.permissions import get_foundations_for
from tests.cast import make_organisation, make_user
from tests.foundations.page_cast import *  # noqa: F403
from volunteers.actions.organisations import add_member
from volunteers.models import Membership, Organisation, Territory, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def users(
    foundation_index: Any, territory: Territory, chen: User, tan: User, dai: User
) -> dict[str, User]:
    for row in texts()["foundation"]:
        make_organisation(
            name=row["slug"], slug=row["slug"], territory=territory,
            kind=Organisation.Kind.FOUNDATION,
        )  # fmt: skip
    guo = make_user(name="果正言", phone="+8613800000061")
    orchard = Organisation.objects.get(slug="orchard-foundation")
    add_member(organisation=orchard, user=guo, role=Membership.Role.ORGANISER, by=None)
    kang = make_user(name="康乐", phone="+8613800000062")
    alice = make_user(name="林爱丽", phone="+8613800000063")
    return {"alice": alice, "chen": chen, "tan": tan, "kang": kang, "dai": dai}


def test_the_demos_foundations_are_whole_and_prove_themselves(
    client: Client, users: dict[str, User]
) -> None:
    assert seeding.seed_foundations(users) == 2
    call_command("check_money", verbosity=0)

    assert {fund.foundation.mode for fund in Fund.objects.all()} == {"own_name", "mutual_aid"}
    assert all(takes_gifts(fund) for fund in Fund.objects.all())
    assert FundPage.objects.live().count() == Fund.objects.count()
    assert FundUpdatePage.objects.live().exists()
    assert Gift.objects.paid().filter(gateway="offline").exists()
    assert Gift.objects.filter(donor__user=users["alice"]).exists()
    assert MoneyMovement.objects.filter(kind=MoneyMovement.Kind.MATCHING).exists()
    assert Period.objects.exists()
    assert Expense.objects.waiting().exists()
    for foundation in Foundation.objects.all():
        assert client.get(foundation.page.url).status_code == 200
        for fund in foundation.funds.all():
            assert client.get(fund.page.url).status_code == 200

    before = MoneyMovement.objects.count()
    assert seeding.seed_foundations(users) == 0
    assert MoneyMovement.objects.count() == before


def test_the_processor_has_nothing_left_of_the_demos_months_and_nothing_differs(
    users: dict[str, User],
) -> None:
    seeding.seed_foundations(users)
    for foundation in Foundation.objects.all():
        for balance in balances(foundation=foundation, gateway="stripe"):
            assert (balance.ours_minor, balance.theirs_minor) == (0, 0)
        compare_books(foundation=foundation, gateway="stripe", now=timezone.now())
    assert not Difference.objects.filter(gone_at=None).exists()


def test_each_of_the_demos_people_sees_the_own_foundation(users: dict[str, User]) -> None:
    seeding.seed_foundations(users)

    def slugs(key: str) -> set[str]:
        return {one.organisation.slug for one in get_foundations_for(users[key])}

    assert slugs("chen") == slugs("tan") == {"red-tile-foundation"}
    assert slugs("kang") == {"orchard-foundation"}
    assert slugs("dai") == set()
