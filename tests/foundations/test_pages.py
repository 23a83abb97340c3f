"""The pages of foundations and funds as anybody reads them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone, translation

from foundations.actions.books import close_fund, create_pot
from foundations.actions.entries import approve_expense, enter_expense
from foundations.actions.gifts import book_gift, book_refund
from foundations.actions.income import book_income, book_opening, book_pot
from foundations.actions.pages import draft_fund_page, draft_update, publish_page
from foundations.figures import figures_of, figures_of_foundations
from foundations.models import (
    BoardMember,
    BudgetLine,
    Expense,
    Foundation,
    FoundationPage,
    Fund,
    FundBalance,
    FundPage,
)
from foundations.money import format_money
from foundations.reports import fund_sheet
from tests.foundations.money_cast import invoice, new_key
from tests.foundations.page_cast import *  # noqa: F403
from tests.foundations.page_cast import make_ready
from volunteers.models import User

pytestmark = pytest.mark.django_db


def read(client: Client, url: str, *, language: str = "zh-hans") -> str:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


@pytest.fixture
def money(soup: Fund, chen: User, tan: User) -> Fund:
    """Gifts, a refund, a grant received, what was brought forward, and an expense of a line."""
    today = timezone.localdate()
    key = new_key("gift")
    book_opening(fund=soup, key="o", amount_minor=500_00, happened_on=today, by=None)
    book_gift(
        fund=soup, key=key, amount_minor=1_000_00, fee_minor=22_00, happened_on=today, by=None
    )
    book_refund(gift=key, key="r", amount_minor=100_00, happened_on=today, by=None)
    book_income(
        fund=soup, source="grants_received", key="g", amount_minor=333_00, happened_on=today,
        by=None,
    )  # fmt: skip
    line = BudgetLine.objects.create(
        fund=soup, name="食材", name_en="Food", kind="programme", amount_minor=2_000_00
    )
    expense = enter_expense(
        fund=soup, kind=Expense.Kind.PROGRAMME, amount_minor=250_00, payee="菜场", purpose="萝卜",
        invoice=invoice(), happened_on=today, by=chen, budget_line=line,
    )  # fmt: skip
    approve_expense(expense=expense, by=tan)
    return soup


def test_the_index_shows_foundations_whose_page_is_published(
    client: Client, giving: Foundation, foundation_index: Any
) -> None:
    assert "龙口路社区基金会" in read(client, "/foundations/")
    giving.page.unpublish()
    html = read(client, "/foundations/")
    assert "龙口路社区基金会" not in html
    assert "empty-title" in html


def test_a_foundation_says_who_it_is_with_its_facts_from_the_books(
    client: Client, giving: Foundation, soup_page: FundPage
) -> None:
    page = FoundationPage.objects.get(foundation=giving)
    page.board = [
        BoardMember(
            name="谭司库", name_en="Ms Tan", post="理事长", post_en="Chair",
            since=date(2024, 3, 1),
        )
    ]  # fmt: skip
    page.introduction, page.introduction_en = "一笔大家的钱。", "A purse of all."
    page.save_revision().publish()
    html = read(client, page.url)
    for words in (
        "一笔大家的钱。",
        "谭司库",
        "理事长",
        "2024-03",
        "青慈证字第0001号",
        "0532-0000001",
    ):
        assert words in html
    assert "53370000MJD0000001" in html
    assert "热汤基金" in html
    english = read(client, page.url, language="en")
    for words in ("Longkou Road Foundation", "A purse of all.", "Ms Tan", "Chair", "Soup fund"):
        assert words in english
    assert "Its certificate is shown" in english


def test_a_fund_shows_its_plan_and_its_words_in_both_languages(
    client: Client, soup_page: FundPage
) -> None:
    html = read(client, soup_page.url)
    for words in (
        "热汤基金",
        "一碗热汤",
        "冬天。",
        f"BA-{soup_page.fund_id}",
        "留给同类项目",
        "买菜",
    ):
        assert words in html
    english = read(client, soup_page.url, language="en")
    for words in ("Soup fund", "A bowl of soup", "Winter.", "Vegetables", "Hot soup for the old"):
        assert words in english


def test_a_page_has_what_a_chat_shows_of_it(client: Client, soup_page: FundPage) -> None:
    html = read(client, soup_page.url, language="en")
    assert '<meta property="og:title" content="Soup fund">' in html
    assert '<meta property="og:description" content="A bowl of soup">' in html


def test_the_figures_are_those_of_the_books(money: Fund) -> None:
    figures = figures_of([money])[money.pk]
    sheet = fund_sheet(fund=money, day=timezone.localdate())
    assert figures.income == sheet.income
    assert figures.spending == sheet.spending
    assert (figures.received_minor, figures.spent_minor) == (
        sheet.income_minor,
        sheet.spending_minor,
    )
    assert figures.left_minor == FundBalance.objects.get(fund=money).net_minor
    of_all = figures_of_foundations([money.foundation])[money.foundation_id]
    assert (of_all.received_minor, of_all.left_minor) == (
        figures.received_minor,
        figures.left_minor,
    )


def test_a_fund_shows_those_figures_and_its_budget_beside_what_was_spent(
    client: Client, money: Fund, soup_page: FundPage
) -> None:
    figures = figures_of([money])[money.pk]
    html = read(client, soup_page.url)
    for minor in (figures.received_minor, figures.spent_minor, figures.left_minor, 250_00, 22_00):
        assert format_money(minor, currency="CNY", language="zh-hans") in html
    assert "食材" in html
    assert '<progress value="1" max="100"' in html  # 1,233 of 100,000


def test_an_expense_that_waits_or_was_rejected_is_not_spent(
    client: Client, money: Fund, soup_page: FundPage, chen: User
) -> None:
    before = figures_of([money])[money.pk].spent_minor
    enter_expense(
        fund=money, kind=Expense.Kind.PROGRAMME, amount_minor=77_77, payee="菜场", purpose="白菜",
        invoice=invoice(), happened_on=timezone.localdate(), by=chen,
        budget_line=money.budget_lines.get(),
    )  # fmt: skip
    assert figures_of([money])[money.pk].spent_minor == before
    assert format_money(77_77, currency="CNY", language="zh-hans") not in read(
        client, soup_page.url
    )


def test_there_is_no_give_button_while_a_fact_is_missing(
    client: Client, giving: Foundation, soup_page: FundPage
) -> None:
    address = f"/give/{soup_page.fund_id}/"
    assert address in read(client, soup_page.url)
    make_ready(giving, certificate_number="")
    html = read(client, soup_page.url, language="en")
    assert address not in html
    assert "is still missing" in html
    make_ready(giving, checkout_opened_at=None)
    assert address not in read(client, soup_page.url)


def test_a_foundation_of_a_platform_leads_there(
    client: Client, giving: Foundation, soup_page: FundPage
) -> None:
    make_ready(
        giving, mode=Foundation.Mode.LINK_OUT, platform_name="公益平台",
        platform_url="https://platform.example/soup",
    )  # fmt: skip
    html = read(client, soup_page.url)
    assert 'href="https://platform.example/soup"' in html
    assert f"/give/{soup_page.fund_id}/" not in html


def test_a_closed_fund_says_so(client: Client, soup: Fund, soup_page: FundPage) -> None:
    close_fund(fund=soup, by=None)
    html = read(client, soup_page.url, language="en")
    assert "This fund is closed" in html
    assert f"/give/{soup.pk}/" not in html


def test_a_sponsor_stands_beside_the_button_as_long_as_the_pot_lasts(
    client: Client, giving: Foundation, soup: Fund, soup_page: FundPage
) -> None:
    today = timezone.localdate()
    pot = create_pot(
        foundation=giving, fund=soup, sponsor="海风面包房", starts_on=today,
        ends_on=today + timedelta(days=9), by=None,
    )  # fmt: skip
    assert "海风面包房" not in read(client, soup_page.url)
    book_pot(pot=pot, key="p", amount_minor=800_00, happened_on=today, by=None)
    assert "海风面包房" in read(client, soup_page.url)


def test_news_of_a_fund_stand_newest_first_and_have_a_page(
    client: Client, soup_page: FundPage
) -> None:
    today = timezone.localdate()
    for title, days in (("第一锅汤", 20), ("第一百碗", 3)):
        update = draft_update(
            page=soup_page, title=title, title_en=f"{days} days ago", text="<p>热的。</p>",
            happened_on=today - timedelta(days=days), by=None,
        )  # fmt: skip
        publish_page(page=update, by=None)
    draft_update(page=soup_page, title="还没发布", text="<p>…</p>", by=None)
    html = read(client, soup_page.url)
    assert html.index("第一百碗") < html.index("第一锅汤")
    assert "还没发布" not in html
    assert "第一百碗" in read(client, update.url)


def test_a_fund_page_asks_few_questions_however_much_there_is(
    client: Client, money: Fund, soup_page: FundPage, django_assert_max_num_queries: Any
) -> None:
    read(client, soup_page.url)  # what is remembered once is not counted
    with django_assert_max_num_queries(32):
        read(client, soup_page.url)
    for number in range(6):
        update = draft_update(page=soup_page, title=f"消息{number}", text="<p>热。</p>", by=None)
        publish_page(page=update, by=None)
        BudgetLine.objects.create(
            fund=money, name=f"第{number}项", kind="programme", amount_minor=100
        )
    with django_assert_max_num_queries(35):
        read(client, soup_page.url)


def test_a_foundation_with_many_funds_asks_no_more(
    client: Client, giving: Foundation, soup_page: FundPage, django_assert_max_num_queries: Any
) -> None:
    from foundations.actions.books import create_fund

    read(client, giving.page.url)
    with django_assert_max_num_queries(26) as few:
        read(client, giving.page.url)
    for number in range(5):
        fund = create_fund(foundation=giving, name=f"基金{number}", purpose="好事", by=None)
        publish_page(page=draft_fund_page(fund=fund, summary="好", by=None), by=None)
    with django_assert_max_num_queries(len(few) + 1):
        read(client, giving.page.url)


def test_search_finds_foundations_and_funds_by_two_characters(
    client: Client, soup_page: FundPage
) -> None:
    html = read(client, "/search/?q=热汤")
    assert "热汤基金" in html
    assert "龙口路社区基金会" in read(client, "/search/?q=龙口")
    assert "热汤基金" not in read(client, "/search/?q=龙虾")


def test_a_trial_is_said_above_pages_of_giving(
    client: Client, soup_page: FundPage, settings: Any
) -> None:
    settings.LINLI_STRIPE_KEY = "sk_test_1"
    assert "<strong>TEST</strong>" in read(client, soup_page.url)
    settings.LINLI_STRIPE_KEY = "sk_live_1"
    assert "<strong>TEST</strong>" not in read(client, soup_page.url)


@pytest.mark.parametrize("wall", ["0", "-1", "x", "99999999999999999999", "²", "\x00"])
def test_a_strange_page_of_the_wall_is_the_first(
    client: Client, soup_page: FundPage, wall: str
) -> None:
    assert client.get(soup_page.url, {"wall": wall}).status_code == 200


def test_a_long_name_and_a_currency_without_decimals_are_shown(
    client: Client, giving: Foundation
) -> None:
    from foundations.actions.books import create_fund

    fund = create_fund(foundation=giving, name="長" * 80, purpose="好事", by=None, currency="JPY")
    book_gift(fund=fund, key="y", amount_minor=1234, happened_on=timezone.localdate(), by=None)
    page = draft_fund_page(fund=fund, summary="好", by=None)
    publish_page(page=page, by=None)
    with translation.override("zh-hans"):
        assert format_money(1234, currency="JPY") in read(client, page.url)
