"""Two foundations with their pages open, a fund that takes gifts, and its page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from foundations.actions.books import create_fund
from foundations.actions.pages import draft_fund_page, publish_page
from foundations.models import Foundation, FoundationIndexPage, Fund, FundPage, FundPlan
from tests.foundations.money_cast import make_foundation
from volunteers.models import Territory

FACTS = {
    "credit_code": "53370000MJD0000001",
    "certificate_number": "青慈证字第0001号",
    "contact_name": "陈慎之",
    "contact_phone": "0532-0000001",
    "how_to_query": "打电话，或在本页查询。",
    "how_to_query_en": "Ring us, or ask on this page.",
    "handler": "陈慎之",
}


def make_ready(foundation: Foundation, **more: Any) -> Foundation:
    """All facts of D1 stand there, and checkout is on."""
    facts = FACTS | {
        "stripe_account": f"acct_{foundation.pk}", "checkout_opened_at": timezone.now()
    } | more  # fmt: skip
    for name, value in facts.items():
        setattr(foundation, name, value)
    foundation.save()
    return foundation


def make_plan(fund: Fund, **more: Any) -> FundPlan:
    today = timezone.localdate()
    fields: dict[str, Any] = {
        "starts_on": today - timedelta(days=30), "ends_on": today + timedelta(days=200),
        "target_minor": 100_000_00, "area": "市南区", "lead": "陈慎之", "office": "龙口路",
        "methods": "网上", "account": "账户", "beneficiaries": "老人",
        "beneficiaries_en": "The old", "use": "买菜", "use_en": "Vegetables", "cost": "无",
        "surplus": "留给同类项目", "filing_number": f"BA-{fund.pk}",
        "filed_on": today - timedelta(days=45),
    }  # fmt: skip
    return FundPlan.objects.create(fund=fund, **(fields | more))


@pytest.fixture
def foundation_index(campaign_index: Any) -> FoundationIndexPage:
    home = campaign_index.get_parent()
    index = FoundationIndexPage(
        title="公益基金", title_en="Foundations", slug="foundations", introduction="钱花在哪儿。",
        introduction_en="Where money goes.",
    )  # fmt: skip
    return home.add_child(instance=index)


@pytest.fixture
def giving(foundation_index: FoundationIndexPage, territory: Territory) -> Foundation:
    """A foundation that takes gifts in its own name, its page published."""
    foundation = make_foundation(
        name="龙口路社区基金会", slug="longkou-foundation", territory=territory
    )
    foundation.organisation.name_en = "Longkou Road Foundation"
    foundation.organisation.save()
    publish_page(page=foundation.page, by=None)
    return make_ready(foundation)


@pytest.fixture
def soup(giving: Foundation) -> Fund:
    fund = create_fund(
        foundation=giving, name="热汤基金", name_en="Soup fund", purpose="给老人送热汤",
        purpose_en="Hot soup for the old", by=None,
    )  # fmt: skip
    make_plan(fund)
    return fund


@pytest.fixture
def soup_page(soup: Fund) -> FundPage:
    page = draft_fund_page(
        fund=soup, summary="一碗热汤", summary_en="A bowl of soup", story="<p>冬天。</p>",
        story_en="<p>Winter.</p>", slug="soup", by=None,
    )  # fmt: skip
    publish_page(page=page, by=None)
    return page
