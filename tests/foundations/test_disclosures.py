"""What must be published and when (D8, D9): written by one, published by another, kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pypdfium2
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundations.actions.disclosures import (
    DaysNotOver,
    PublishedAlready,
    WordsMissing,
    WrittenByYou,
    correct_disclosure,
    draw_up_disclosures,
    publish_disclosure,
    write_disclosure,
)
from foundations.actions.entries import approve_expense
from foundations.actions.gifts import book_gift
from foundations.disclosure_days import add_months, owed_by
from foundations.models import Disclosure, Expense, Foundation, Fund, FundPlan
from foundations.reports import fund_sheet
from tests.foundations.test_where_money_went import public  # noqa: F401 - a fixture
from volunteers.models import User

Kind = Disclosure.Kind


def make_plan(fund: Fund, *, starts_on: date, ends_on: date, **fields: Any) -> FundPlan:
    words = dict.fromkeys(
        ["area", "lead", "office", "methods", "account", "beneficiaries", "use", "cost", "surplus"],
        "写明",
    )
    return FundPlan.objects.create(
        fund=fund, starts_on=starts_on, ends_on=ends_on, target_minor=1_000_000, **words | fields
    )


@pytest.fixture
def long_plan(fund: Fund) -> FundPlan:
    """A year, of which seven months and some days have gone."""
    starts_on = add_months(timezone.localdate(), -7) - timedelta(days=3)
    return make_plan(fund, starts_on=starts_on, ends_on=add_months(starts_on, 12))


@pytest.fixture
def owed(books: Foundation, long_plan: FundPlan) -> Disclosure:
    draw_up_disclosures()
    return Disclosure.objects.filter(fund=long_plan.fund).earliest("first_on")


def login(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(
    ("months", "emergency", "kinds"),
    [
        (5, False, {Kind.FINAL: 1}),
        (6, False, {Kind.FINAL: 1}),
        (12, False, {Kind.PROGRESS: 4, Kind.FINAL: 1}),
        (1, True, {Kind.EMERGENCY: 6, Kind.FINAL: 1}),
    ],
)
def test_a_funds_length_says_which_reports_it_owes(
    fund: Fund, months: int, emergency: bool, kinds: dict[str, int]
) -> None:
    starts_on = date(2025, 1, 31)
    plan = make_plan(
        fund, starts_on=starts_on, ends_on=add_months(starts_on, months), is_emergency=emergency
    )
    found: dict[str, int] = {}
    reports = owed_by(plan, today=date(2027, 1, 1))
    for report in reports:
        found[report.kind] = found.get(report.kind, 0) + 1
        assert report.first_on <= report.last_on <= report.due_on
    assert found == kinds


def test_reports_leave_no_day_out_and_none_is_more_than_three_months_after_the_last(
    fund: Fund,
) -> None:
    plan = make_plan(fund, starts_on=date(2025, 11, 15), ends_on=date(2027, 11, 29))
    reports = [r for r in owed_by(plan, today=date(2028, 1, 1)) if r.kind == Kind.PROGRESS]
    due_before, next_day = plan.starts_on, plan.starts_on
    for report in reports:
        assert report.first_on == next_day
        assert report.due_on <= add_months(due_before, 3)
        due_before, next_day = report.due_on, report.last_on + timedelta(days=1)
    final = owed_by(plan, today=date(2028, 1, 1))[-1]
    assert (final.kind, final.due_on) == (Kind.FINAL, date(2028, 2, 29))


def test_drawing_up_twice_adds_nothing_and_a_plan_filed_anew_moves_what_nobody_wrote(
    owed: Disclosure, long_plan: FundPlan, chen: User
) -> None:
    before = Disclosure.objects.count()
    assert draw_up_disclosures() == 0
    assert Disclosure.objects.count() == before
    write_disclosure(disclosure=owed, words="送了三百份饭。", words_en="", by=chen)
    FundPlan.objects.filter(pk=long_plan.pk).update(starts_on=long_plan.starts_on + timedelta(1))
    draw_up_disclosures()
    standing = Disclosure.objects.filter(fund=long_plan.fund)
    assert owed in standing  # somebody has written it
    unwritten = standing.filter(words="").earliest("first_on")
    assert unwritten.first_on == long_plan.starts_on + timedelta(days=1)


def test_one_writes_another_publishes_and_then_it_stays(
    owed: Disclosure, chen: User, tan: User, books: Foundation
) -> None:
    with pytest.raises(WordsMissing):
        publish_disclosure(disclosure=owed, by=tan)
    write_disclosure(disclosure=owed, words="我自己写的。", words_en="", by=tan)
    with pytest.raises(WrittenByYou):
        publish_disclosure(disclosure=owed, by=tan)
    write_disclosure(disclosure=owed, words="送了三百份饭。", words_en="Meals.", by=chen)
    published = publish_disclosure(disclosure=owed, by=tan)
    assert publish_disclosure(disclosure=owed, by=tan).published_at == published.published_at
    with pytest.raises(PublishedAlready):
        write_disclosure(disclosure=owed, words="改一下", words_en="", by=chen)
    with pytest.raises(IntegrityError), transaction.atomic():
        Disclosure.objects.filter(pk=owed.pk).update(words="改一下")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM foundations_disclosure WHERE id = %s", [owed.pk])


def test_what_is_still_running_is_not_published(
    owed: Disclosure, long_plan: FundPlan, chen: User, tan: User
) -> None:
    running = Disclosure.objects.filter(fund=long_plan.fund).latest("first_on")
    write_disclosure(disclosure=running, words="进行中", words_en="", by=chen)
    with pytest.raises(DaysNotOver):
        publish_disclosure(disclosure=running, by=tan)


def test_the_figures_are_the_books_of_its_days_and_stay_when_the_books_go_on(
    owed: Disclosure, fund: Fund, chen: User, tan: User, public: Foundation,  # noqa: F811
    entered: Callable[..., Expense],
) -> None:  # fmt: skip
    book_gift(
        fund=fund, key="a", amount_minor=50_000, fee_minor=300, happened_on=owed.first_on, by=None
    )
    approve_expense(expense=entered(7_000, happened_on=owed.last_on), by=tan)
    write_disclosure(disclosure=owed, words="送了三百份饭。", words_en="", by=chen)
    publish_disclosure(disclosure=owed, by=tan)
    book_gift(fund=fund, key="b", amount_minor=999, happened_on=timezone.localdate(), by=None)

    owed.refresh_from_db()
    figures = owed.figures
    sheet = fund_sheet(fund=fund, day=owed.last_on)
    assert figures["after_minor"] == sheet.net_minor == 42_700
    assert figures["before_minor"] + figures["income_minor"] - figures["spending_minor"] == 42_700
    page = Client().get(reverse("disclosure", args=[owed.uuid])).content.decode()
    assert "送了三百份饭。" in page
    assert "¥427.00" in page
    paper = Client().get(reverse("disclosure_paper", args=[owed.uuid]))
    text = "".join(
        paper_page.get_textpage().get_text_range()
        for paper_page in pypdfium2.PdfDocument(paper.content)
    )
    assert "¥427.00" in text
    assert "老人食堂" in text
    listed = Client().get(reverse("disclosures", args=[public.organisation.slug]))
    assert owed in listed.context["disclosures"]


def test_a_corrected_report_takes_the_old_ones_place_and_both_can_be_read(
    owed: Disclosure,
    chen: User,
    tan: User,
    public: Foundation,  # noqa: F811
) -> None:
    write_disclosure(disclosure=owed, words="送了三百份饭。", words_en="", by=chen)
    publish_disclosure(disclosure=owed, by=tan)
    corrected = correct_disclosure(disclosure=owed, by=chen)
    assert correct_disclosure(disclosure=owed, by=chen) == corrected
    write_disclosure(disclosure=corrected, words="送了三百二十份饭。", words_en="", by=chen)
    publish_disclosure(disclosure=corrected, by=tan)
    old = Client().get(reverse("disclosure", args=[owed.uuid])).content.decode()
    assert reverse("disclosure", args=[corrected.uuid]) in old


def test_the_year_is_owed_once_it_is_over_with_balance_sheet_and_shares(
    books: Foundation, general: Fund, chen: User, tan: User
) -> None:
    last_year = timezone.localdate().year - 1
    book_gift(
        fund=general, key="old", amount_minor=10_000, happened_on=date(last_year, 5, 4), by=None
    )
    draw_up_disclosures()
    year = Disclosure.objects.get(foundation=books, kind=Kind.ANNUAL)
    assert (year.first_on.year, year.due_on) == (last_year, date(last_year + 1, 3, 31))
    write_disclosure(disclosure=year, words="这一年。", words_en="", by=chen)
    publish_disclosure(disclosure=year, by=tan)
    year.refresh_from_db()
    assert {row["kind"]: row["minor"] for row in year.figures["assets"]} == {"processor": 10_000}
    assert "management" in year.figures["gauges"]


def test_the_office_sees_what_is_overdue_writes_and_publishes_it(
    owed: Disclosure, chen: User, tan: User, dai: User, books: Foundation
) -> None:
    keeper, treasurer = login(chen), login(tan)
    listed = keeper.get(reverse("disclosures:index"), {"state": "overdue"}).content.decode()
    assert reverse("disclosures:inspect", args=[owed.pk]) in listed
    keeper.post(reverse("disclosures:edit", args=[owed.pk]), {"words": "送饭。", "words_en": ""})
    assert keeper.post(reverse("disclosures:publish", args=[owed.pk])).status_code in {302, 403}
    owed.refresh_from_db()
    assert (owed.words, owed.published_at) == ("送饭。", None)
    treasurer.post(reverse("disclosures:publish", args=[owed.pk]))
    owed.refresh_from_db()
    assert owed.published_by == tan
    keeper.post(reverse("disclosures:correct", args=[owed.pk]))
    assert Disclosure.objects.filter(replaces=owed).exists()
    for name in ("inspect", "edit"):
        url = reverse(f"disclosures:{name}", args=[owed.pk])
        assert login(dai).get(url).status_code in {302, 403, 404}
