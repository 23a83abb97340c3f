"""What sponsors pay: pots and pledges for points, never more than was promised."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from foundations.actions import entering, pledges
from foundations.actions.books import create_pot
from foundations.actions.gifts import book_gift
from foundations.actions.income import book_match
from foundations.actions.ledger import PotTooSmall
from foundations.actions.pledges import (
    MoreThanDue,
    approve_pledge_payment,
    create_pledge,
    due_of,
    enter_pledge_payment,
    reject_pledge_payment,
    reverse_pledge_payment,
)
from foundations.actions.pots import (
    approve_pot_payment,
    enter_pot_payment,
    reverse_pot_payment,
    sheet_of,
)
from foundations.models import Foundation, Fund, MatchingPot, PledgePayment, PointsPledge
from foundations.sponsors import pledges_for_fund, pledges_for_project
from points.actions.accounts import ensure_account, get_system_account, move_points
from points.actions.projects import create_points_project, give_points, spend_project_points
from points.models import Account, Movement, PointsProject
from tests.foundations.money_cast import net_of
from volunteers.models import User

pytestmark = pytest.mark.usefixtures("sound_books", "books")


@pytest.fixture
def project(foundation: Foundation) -> PointsProject:
    return create_points_project(
        name="一碗热饭", about="热饭", organisation=foundation.organisation, by=None
    )


@pytest.fixture
def people_give(alice: User, project: PointsProject) -> Callable[[int], None]:
    """Alice gives so many points to the project."""

    def give(points: int) -> None:
        move_points(
            debit=get_system_account(Account.Kind.ISSUE),
            credit=ensure_account(volunteer=alice.volunteer), points=points,
            kind=Movement.Kind.AWARD, reference=f"award:{uuid.uuid4()}", by=None,
        )  # fmt: skip
        give_points(
            project=project, volunteer=alice.volunteer, points=points, nonce=uuid.uuid4(), by=alice
        )

    return give


@pytest.fixture
def pledge(fund: Fund, project: PointsProject) -> PointsPledge:
    """Ten yuan for each hundred points, fifty at most."""
    today = timezone.localdate()
    return create_pledge(
        fund=fund, project=project, sponsor="海云公司", per_points=100, pays_minor=1000,
        ceiling_minor=5000, starts_on=today, ends_on=today, by=None,
    )  # fmt: skip


def paid(pledge: PointsPledge, minor: int, by: User) -> PledgePayment:
    return enter_pledge_payment(
        pledge=pledge, amount_minor=minor, happened_on=timezone.localdate(), by=by
    )


def left_points(project: PointsProject) -> int:
    return Account.objects.get(pk=project.account_id).balance_points


def test_whole_steps_of_the_points_given_are_due_up_to_the_ceiling(
    pledge: PointsPledge, people_give: Callable[[int], None]
) -> None:
    for points, due in ((99, 0), (151, 2000), (1000, 5000)):
        people_give(points)
        assert due_of(pledge).due_minor == due


def test_the_sponsors_money_is_a_gift_and_the_points_are_used_together(
    pledge: PointsPledge, people_give: Any, project: PointsProject, fund: Fund, chen: User,
    tan: User,
) -> None:  # fmt: skip
    people_give(250)
    payment = paid(pledge, 2000, chen)
    assert (net_of(fund), left_points(project), due_of(pledge).due_minor) == (0, 250, 0)
    with pytest.raises(entering.SamePerson):
        approve_pledge_payment(payment=payment, by=chen)

    for _ in range(2):
        payment = approve_pledge_payment(payment=payment, by=tan)

    assert (net_of(fund), left_points(project)) == (2000, 50)
    used = Movement.objects.get(kind="spent")
    assert "海云公司" in used.reckoning["purpose"]


def test_no_more_is_entered_than_is_due(
    pledge: PointsPledge, people_give: Any, chen: User, tan: User
) -> None:
    people_give(300)
    with pytest.raises(MoreThanDue):
        paid(pledge, 3001, chen)
    reject_pledge_payment(payment=paid(pledge, 3000, chen), reason="没有到账", by=tan)
    paid(pledge, 3000, chen)
    with pytest.raises(MoreThanDue):
        paid(pledge, 1, chen)


def test_points_that_were_used_otherwise_are_nobodys_to_pay_for(
    pledge: PointsPledge,
    people_give: Any,
    project: PointsProject,
    chen: User,
    tan: User,
    fund: Fund,
) -> None:
    people_give(300)
    payment = paid(pledge, 3000, chen)
    spend_project_points(project=project, points=200, purpose="办活动", by=None)

    with pytest.raises(pledges.PointsUsed):
        approve_pledge_payment(payment=payment, by=tan)

    assert (net_of(fund), left_points(project)) == (0, 100)


def test_a_payment_entered_wrongly_gives_the_points_back(
    pledge: PointsPledge,
    people_give: Any,
    project: PointsProject,
    chen: User,
    tan: User,
    fund: Fund,
) -> None:
    people_give(300)
    payment = approve_pledge_payment(payment=paid(pledge, 3000, chen), by=tan)

    for _ in range(2):
        payment = reverse_pledge_payment(payment=payment, reason="记错了", by=tan)

    assert (net_of(fund), left_points(project), due_of(pledge).due_minor) == (0, 300, 3000)
    approve_pledge_payment(payment=paid(pledge, 3000, chen), by=tan)
    assert due_of(pledge).due_minor == 0


def test_past_the_actions_the_database_keeps_the_ceiling(
    pledge: PointsPledge, fund: Fund, chen: User
) -> None:
    with pytest.raises(IntegrityError, match="no further"), transaction.atomic():
        PledgePayment.objects.create(
            foundation=fund.foundation, pledge=pledge, fund=fund, points=1, amount_minor=5001,
            currency="CNY", happened_on=timezone.localdate(), entered_by=chen,
        )  # fmt: skip


def test_a_pledge_is_for_the_foundations_own_project(
    other_foundation: Foundation, project: PointsProject
) -> None:
    today = timezone.localdate()

    with pytest.raises(pledges.FundOfAnother):
        create_pledge(
            fund=other_foundation.funds.get(), project=project, sponsor="海云公司", per_points=1,
            pays_minor=1, ceiling_minor=1, starts_on=today, ends_on=today, by=None,
        )  # fmt: skip


# Pots


@pytest.fixture
def pot(foundation: Foundation) -> MatchingPot:
    today = timezone.localdate()
    return create_pot(
        foundation=foundation, sponsor="海云公司", starts_on=today, ends_on=today, by=None
    )


def moved(pot: MatchingPot, direction: str, minor: int, chen: User, tan: User) -> Any:
    payment = enter_pot_payment(
        pot=pot, direction=direction, amount_minor=minor, happened_on=timezone.localdate(), by=chen
    )
    return approve_pot_payment(payment=payment, by=tan)


def test_a_pot_is_paid_in_matched_and_returned(
    pot: MatchingPot, fund: Fund, chen: User, tan: User
) -> None:
    today = timezone.localdate()
    wrong = enter_pot_payment(
        pot=pot, direction="paid_in", amount_minor=1, happened_on=today, by=chen
    )
    with pytest.raises(entering.SamePerson):
        approve_pot_payment(payment=wrong, by=chen)
    first = moved(pot, "paid_in", 5000, chen, tan)
    book_gift(fund=fund, key="g", amount_minor=2000, happened_on=today, by=None)
    book_match(pot=pot, gift="g", happened_on=today)
    with pytest.raises(PotTooSmall):
        moved(pot, "returned", 3001, chen, tan)
    with pytest.raises(PotTooSmall):
        reverse_pot_payment(payment=first, reason="记错了", by=tan)
    moved(pot, "returned", 1000, chen, tan)

    sheet = sheet_of(pot)
    assert (sheet.paid_in_minor, sheet.matched_minor, sheet.returned_minor) == (5000, 2000, 1000)
    assert (sheet.held_minor, sheet.gifts) == (2000, 1)


def test_a_page_says_what_a_sponsor_gives_for_points(
    pledge: PointsPledge, people_give: Any, fund: Fund, chen: User, tan: User
) -> None:
    people_give(300)
    approve_pledge_payment(payment=paid(pledge, 2000, chen), by=tan)

    (line,) = pledges_for_fund(fund)
    (same,) = pledges_for_project(pledge.project)
    words = render_to_string("foundations/pledge_lines.html", {"lines": [line]})

    assert (line.given_points, line.paid_minor, same) == (300, 2000, line)
    assert "海云公司" in words
    assert "20.00" in words
