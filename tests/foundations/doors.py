"""The doors of foundations, and what stands behind them: Alice's things, Chen's books.

Add each new address here, and what it needs to `Charity`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from wagtail.models import Page

from cms.models import HomePage
from foundations.actions.books import create_fund, give_role
from foundations.actions.participation import open_round, send_proposal
from foundations.mail_links import link_token
from foundations.models import (
    Disclosure,
    Foundation,
    FoundationIndexPage,
    FoundationRole,
    Fund,
    Gift,
    MonthlyGift,
    Proposal,
    ProposalRound,
)
from tests.doors import ACCOUNTS, ALICE, EVERYONE, Door, get, post
from tests.foundations.donor_cast import give, monthly_of
from tests.foundations.money_cast import make_foundation
from volunteers.models import Territory, User


@dataclass
class Charity:
    """Chen is the bookkeeper here; Dai keeps the books of another foundation."""

    foundation: Foundation
    fund: Fund
    round: ProposalRound
    proposal: Proposal
    disclosure: Disclosure
    # Begun, and never paid.
    begun: Gift
    # Alice gave this, and gives each month.
    given: Gift
    monthly: MonthlyGift


def furnish(*, alice: User, chen: User, dai: User) -> Charity:
    territory = alice.volunteer.community
    HomePage.objects.get().add_child(
        instance=FoundationIndexPage(title="公益基金", slug="foundations")
    )
    foundation = _foundation("香港中路社区基金会", "xgzl-foundation", territory, chen)
    _foundation("海边社区基金会", "beach-foundation", territory, dai)
    now, hour = timezone.now(), timedelta(hours=1)
    proposal_round = open_round(
        foundation=foundation, by=chen, title="社区花园", about="一起决定。", territory=territory,
        budget_minor=500_000, proposals_from=now - hour, proposals_until=now + hour,
        votes_from=now + 2 * hour, votes_until=now + 3 * hour,
    )  # fmt: skip
    fund = create_fund(foundation=foundation, name="一碗热饭", purpose="热饭", by=None)
    given = give(fund, user=alice)
    return Charity(
        foundation=foundation,
        fund=fund,
        given=given,
        monthly=monthly_of(fund, donor=given.donor),
        begun=Gift.objects.create(
            foundation=foundation, fund=fund, number="G261124-AAAAAAAA", gateway="stripe",
            amount_minor=10_000, currency="CNY",
        ),
        disclosure=Disclosure.objects.create(
            foundation=foundation, kind="annual", first_on=date(2025, 1, 1),
            last_on=date(2025, 12, 31), due_on=date(2026, 3, 31),
        ),
        round=proposal_round,
        proposal=send_proposal(
            proposal_round=proposal_round, volunteer=alice.volunteer, title="长椅", what="长椅",
            beneficiaries="老人", cost_minor=1000, nonce=uuid.uuid4(),
        ),
    )  # fmt: skip


def _foundation(name: str, slug: str, territory: Territory, keeper: User) -> Foundation:
    foundation = make_foundation(name=name, slug=slug, territory=territory)
    Page.objects.filter(pk=foundation.page.pk).update(live=True)
    give_role(foundation=foundation, user=keeper, role=FoundationRole.Role.BOOKKEEPER, by=None)
    return foundation


def given_by_alice(house: Any) -> uuid.UUID:
    return house.charity.given.uuid


def monthly_of_alice(house: Any) -> uuid.UUID:
    return house.charity.monthly.uuid


def slug_of(house: Any) -> str:
    return house.charity.foundation.organisation.slug


DOORS_OF_FOUNDATIONS: dict[str, Door] = {
    "give": get(EVERYONE, fund_id=lambda house: house.charity.fund.pk),
    # Addresses that only the donor has.
    "gift_begun": get(EVERYONE, gift_uuid=lambda house: house.charity.begun.uuid),
    "gift_go_on": post(EVERYONE, gift_uuid=lambda house: house.charity.begun.uuid),
    "gift_confirmation": get(EVERYONE, gift_uuid=given_by_alice),
    "monthly_card": get(EVERYONE, monthly_uuid=monthly_of_alice),
    "verify_confirmation": get(EVERYONE, number=lambda house: house.charity.given.number),
    "find_gifts": get(EVERYONE),
    "open_gifts": get(EVERYONE, token=lambda _: link_token(email="nobody@linli.example")),
    "leave_gifts": post(EVERYONE),
    # What is shown is one's own; without an account one is asked for the mail address.
    "my_gifts": get(ACCOUNTS),
    "my_gifts_copy": get(ACCOUNTS),
    "gift_year": get(
        ALICE,
        foundation_id=lambda house: house.charity.foundation.pk,
        year=lambda _: timezone.localdate().year,
    ),
    "my_gift": get(ALICE, gift_uuid=given_by_alice),
    "change_gift_name": post(ALICE, gift_uuid=given_by_alice),
    "choose_receipt": post(ALICE, gift_uuid=given_by_alice),
    "ask_about_gift": post(ALICE, gift_uuid=given_by_alice),
    "my_monthly": get(ALICE, monthly_uuid=monthly_of_alice),
    "change_monthly": get(ALICE, monthly_uuid=monthly_of_alice),
    "stop_monthly": get(ALICE, monthly_uuid=monthly_of_alice),
    # Whoever knocks and did not sign is sent away, whoever they are.
    # Shut while nobody has set the secrets; test_webhooks knocks with a signature.
    "stripe_webhook": post(frozenset()),
    "stripe_connect_webhook": post(frozenset()),
    "where_money_went": get(EVERYONE),
    "where_money_went_csv": get(EVERYONE),
    "where_money_went_json": get(EVERYONE),
    "where_foundation": get(EVERYONE, slug=slug_of),
    "where_foundation_csv": get(EVERYONE, slug=slug_of),
    "where_foundation_json": get(EVERYONE, slug=slug_of),
    "disclosures": get(EVERYONE, slug=slug_of),
    # Not published yet: nobody's.
    "disclosure": get(frozenset(), disclosure_uuid=lambda house: house.charity.disclosure.uuid),
    "disclosure_paper": get(
        frozenset(), disclosure_uuid=lambda house: house.charity.disclosure.uuid
    ),
    "proposal_rounds": get(EVERYONE),
    "proposal_round": get(EVERYONE, round_uuid=lambda house: house.charity.round.uuid),
    "propose": post(ALICE, round_uuid=lambda house: house.charity.round.uuid),
    # Not up for a vote yet: for nobody. Its author alone may take it back.
    "vote": post(frozenset(), proposal_uuid=lambda house: house.charity.proposal.uuid),
    "withdraw_proposal": post(ALICE, proposal_uuid=lambda house: house.charity.proposal.uuid),
}
