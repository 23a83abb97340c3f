"""Where the money went: every figure is a sum over the books, and no person is named in full."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundations.actions.entries import (
    approve_expense,
    approve_grant,
    enter_grant,
    reverse_entry,
)
from foundations.actions.gifts import book_gift, book_refund
from foundations.models import Expense, Foundation, FoundationIndexPage, FoundationPage, Fund
from foundations.reports import activity
from foundations.where import draw, row_of, spent
from tests.foundations.money_cast import month_back
from volunteers.models import User

TODAY = timezone.localdate


@pytest.fixture
def public(campaign_index: Any, books: Foundation) -> Foundation:
    """The foundation's page is published."""
    home = campaign_index.get_parent()
    index = FoundationIndexPage.objects.first() or home.add_child(
        instance=FoundationIndexPage(title="公益基金", slug="foundations")
    )
    page = FoundationPage.objects.filter(foundation=books).first()
    if page is None:
        page = index.add_child(
            instance=FoundationPage(
                title=str(books), slug=books.organisation.slug, foundation=books
            )
        )
    page.live = True
    page.save()
    return books


@pytest.fixture
def history(
    public: Foundation, fund: Fund, general: Fund, chen: User, tan: User,
    entered: Callable[..., Expense],
) -> Foundation:  # fmt: skip
    """Gifts last month and today, a refund, an expense, a grant to a person, one undone."""
    before = month_back(1, day=9)
    book_gift(fund=fund, key="g1", amount_minor=50_000, fee_minor=500, happened_on=before, by=None)
    book_gift(fund=general, key="g2", amount_minor=9_000, happened_on=TODAY(), by=None)
    book_refund(gift="g1", key="r1", amount_minor=10_000, happened_on=TODAY(), by=None)
    approve_expense(expense=entered(7_000), by=tan)
    grant = enter_grant(
        fund=fund, amount_minor=3_000, grantee="王小明", purpose="学费", happened_on=TODAY(),
        by=chen, grantee_is_person=True,
    )  # fmt: skip
    approve_grant(grant=grant, by=tan)
    undone = approve_expense(expense=entered(2_000, payee="写错了"), by=tan)
    reverse_entry(entry=undone, reason="写错了", by=tan)
    return public


def all_days(foundation: Foundation) -> dict[str, Any]:
    return {
        "foundations": [foundation], "currency": "CNY", "since": date(2000, 1, 1),
        "until": TODAY(),
    }  # fmt: skip


def test_each_figure_is_what_the_books_say(history: Foundation) -> None:
    picture = draw(**all_days(history))
    sheets = activity(foundation=history, since=date(2000, 1, 1), until=TODAY())
    income, spending, by_fund = {}, {}, {}
    for sheet in sheets:
        for sums, of_sheet in ((income, sheet.income), (spending, sheet.spending)):
            for kind, minor in of_sheet.items():
                sums[kind] = sums.get(kind, 0) + minor
        by_fund[str(sheet.fund.pk)] = sheet.spending_minor

    assert {one.slug: one.minor for one in picture.income} == {k: v for k, v in income.items() if v}
    assert {one.slug: one.minor for one in picture.spending_by_kind} == {
        kind: minor for kind, minor in spending.items() if minor
    }
    assert {one.slug: one.minor for one in picture.spending_by_fund} == {
        fund: minor for fund, minor in by_fund.items() if minor
    }
    assert sum(month.income_minor for month in picture.months) == picture.income_minor == 49_000
    assert sum(month.spending_minor for month in picture.months) == picture.spending_minor
    assert len(picture.months) == 2


def test_grants_and_expenses_add_up_to_their_kinds_also_when_one_was_undone(
    history: Foundation,
) -> None:
    rows = [row_of(movement) for movement in spent(**all_days(history))]
    shown = sum(row.amount_minor for row in rows)
    picture = draw(**all_days(history))
    kinds = {one.slug: one.minor for one in picture.spending_by_kind}
    assert shown == kinds["programme"] + kinds["grants_made"] == 10_000
    assert [row.payee for row in rows if row.is_undone] == ["写错了"]


def test_a_person_is_named_by_the_first_character_only(history: Foundation) -> None:
    slug = history.organisation.slug
    for name in ("where_foundation", "where_foundation_csv", "where_foundation_json"):
        answer = Client().get(reverse(name, args=[slug]))
        assert answer.status_code == 200
        text = answer.getvalue().decode()
        assert "王小明" not in text, name
        assert "王*" in text, name
        assert "利群超市" in text, name


def test_the_table_to_take_away_has_every_row_and_the_sums(history: Foundation) -> None:
    answer = Client().get(
        reverse("where_foundation_csv", args=[history.organisation.slug]), {"year": "all"}
    )
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    amounts = [row[6] for row in rows[1:]]
    assert amounts[:1] == ["490.00"]
    assert "-20.00" in amounts  # a number, not a text with an apostrophe
    assert len([row for row in rows[1:] if row[5]]) == 4


def test_the_data_says_whole_minor_units_and_how_many_decimals(history: Foundation) -> None:
    url = reverse("where_foundation_json", args=[history.organisation.slug])
    data = Client().get(url, {"year": "all"}).json()
    assert (data["currency"], data["decimals"]) == ("CNY", 2)
    assert sum(one["amount_minor"] for one in data["income"]) == 49_000
    assert len(data["spent"]) == data["spent_rows"] == 4


def test_the_whole_city_shows_published_foundations_only(
    history: Foundation, other_foundation: Foundation
) -> None:
    book_gift(
        fund=other_foundation.funds.get(), key="x", amount_minor=77_700, happened_on=TODAY(),
        by=None,
    )  # fmt: skip
    page = Client().get(reverse("where_money_went"), {"year": "all"})
    assert page.context["picture"].income_minor == 49_000
    hidden = reverse("where_foundation", args=[other_foundation.organisation.slug])
    assert Client().get(hidden).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "year=1066", "year=x", "year=" + "9" * 400, "currency=XXX", "fund=0", "fund=-1",
        "fund=" + "9" * 40, "fund=²", "year=٢٠٢٦",
    ],
)  # fmt: skip
def test_what_is_not_there_is_answered_as_missing(history: Foundation, query: str) -> None:
    for name in ("where_money_went", "where_money_went_csv", "where_money_went_json"):
        assert Client().get(f"{reverse(name)}?{query}").status_code in {400, 404}
    assert Client().get(f"{reverse('where_money_went')}?page=x").status_code == 200


def test_a_fund_and_a_year_choose_what_is_listed(history: Foundation, general: Fund) -> None:
    url = reverse("where_foundation", args=[history.organisation.slug])
    assert Client().get(url, {"fund": general.pk}).context["rows"] == []
    assert len(Client().get(url).context["rows"]) == 4
    a_year_ago = (TODAY() - timedelta(days=366)).year
    assert Client().get(url, {"year": a_year_ago}).status_code == 404


def test_it_costs_few_queries_however_many_rows(
    history: Foundation, django_assert_max_num_queries: Any
) -> None:
    url = reverse("where_foundation", args=[history.organisation.slug])
    Client().get(url)
    with django_assert_max_num_queries(30):
        Client().get(url)
