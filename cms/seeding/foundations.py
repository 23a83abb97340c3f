"""Two invented foundations: who they are, their funds, pages and people. Their money's months are
lived in `money.py`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from wagtail.documents import get_document_model
from wagtail.models import ReferenceIndex
from wagtail.signal_handlers import disable_reference_index_auto_update

from cms.demo.texts import foundations, paragraphs
from cms.seeding.clock import Clock, lived_time
from cms.seeding.ground import organiser_of
from cms.seeding.money import History, live_money
from cms.seeding.site import draw_picture
from foundations.actions.books import create_foundation, create_fund, give_role
from foundations.actions.facts import change_facts, open_giving
from foundations.actions.pages import draft_fund_page, draft_update, publish_page
from foundations.actions.plans import PlannedLine, save_plan, set_budget
from foundations.models import (
    AnnualReport,
    BoardMember,
    Foundation,
    FoundationPage,
    FoundationRole,
    Fund,
    FundPage,
    UpdatePicture,
)
from volunteers.documents import render_pdf
from volunteers.models import Organisation, User

BEGAN_DAYS_AGO = 135
FILED_DAYS_BEFORE = 12
# Of all pictures in the demo these are the ones from here on.
FIRST_PICTURE = 900
MINOR = 100

OF_A_FOUNDATION = (
    "credit_code", "certificate_number", "contact_name", "contact_phone", "contact_email",
    "handler", "how_to_query", "how_to_query_en",
)  # fmt: skip


def seed_foundations(users: dict[str, User]) -> int:
    """Those that are not there yet, each whole or not at all; returns how many were made."""
    made = 0
    with disable_reference_index_auto_update():
        for number, row in enumerate(foundations()["foundation"]):
            organisation = Organisation.objects.get(slug=row["slug"])
            if Foundation.objects.filter(organisation=organisation).exists():
                continue
            _seed_foundation(row, organisation, users, number=number)
            made += 1
    return made


@transaction.atomic
def _seed_foundation(
    row: dict[str, Any], organisation: Organisation, users: dict[str, User], *, number: int
) -> None:
    now = timezone.now()
    began = now - timedelta(days=BEGAN_DAYS_AGO)
    bookkeeper = users.get(row["bookkeeper"]) or organiser_of(organisation)
    treasurer = users[row["treasurer"]]
    with lived_time(began) as clock:
        foundation = _open(row, organisation, bookkeeper=bookkeeper, treasurer=treasurer)
        funds = [(_general_of(foundation), row["general"])]
        for fund_row in row["fund"]:
            fund = _open_fund(foundation, fund_row, now=now, clock=clock, by=bookkeeper)
            funds.append((fund, fund_row))
        history = History(
            foundation=foundation, bookkeeper=bookkeeper, treasurer=treasurer,
            alice=users["alice"], began=began, now=now, clock=clock, seed=row["slug"],
        )  # fmt: skip
        open_giving(foundation=foundation, by=treasurer)
        live_money(history, row=row, funds=funds)
        _seed_pages(row, foundation, funds, number=number, now=now, clock=clock, by=treasurer)


def _open(
    row: dict[str, Any], organisation: Organisation, *, bookkeeper: User, treasurer: User
) -> Foundation:
    foundation = create_foundation(
        organisation=organisation, mode=row["mode"], kind=row["kind"], by=None
    )
    role = FoundationRole.Role
    give_role(foundation=foundation, user=bookkeeper, role=role.BOOKKEEPER, by=None)
    give_role(foundation=foundation, user=treasurer, role=role.TREASURER, by=None)
    facts = {name: row[name] for name in OF_A_FOUNDATION}
    return change_facts(foundation=foundation, by=treasurer, stripe_account=row["account"], **facts)


def _general_of(foundation: Foundation) -> Fund:
    return foundation.funds.get(kind=Fund.Kind.GENERAL)


def _open_fund(
    foundation: Foundation, row: dict[str, Any], *, now: datetime, clock: Clock, by: User
) -> Fund:
    """With its plan, filed as early as the law wants it, and its budget."""
    plan = dict(row["plan"])
    today = timezone.localdate(now)
    starts_on = today - timedelta(days=plan.pop("days_before"))
    ends_on = today + timedelta(days=plan.pop("days_after"))
    filed_on = starts_on - timedelta(days=FILED_DAYS_BEFORE)
    clock.set(now - timedelta(days=(today - filed_on).days))
    fund = create_fund(
        foundation=foundation, name=row["name"], name_en=row["name_en"], purpose=row["purpose"],
        purpose_en=row["purpose_en"], by=by,
    )  # fmt: skip
    filing = plan.pop("filing")
    save_plan(
        fund=fund, by=by, starts_on=starts_on, ends_on=ends_on,
        target_minor=plan.pop("target") * MINOR, lead=row.get("lead", foundation.contact_name),
        office=f"{foundation.organisation.territory}", methods="本平台网上支付、银行转账",
        account=f"{foundation.organisation.name} · 演示银行 6200 0000 0000 {foundation.pk:04d}",
        filing_number=filing, filed_on=filed_on if filing else None, is_emergency=False, **plan,
    )  # fmt: skip
    lines = [
        PlannedLine(
            number=None, name=line["name"], name_en=line["name_en"], kind=line["kind"],
            amount_minor=line["amount"] * MINOR,
        )
        for line in row["budget"]
    ]  # fmt: skip
    set_budget(fund=fund, lines=lines, by=by)
    return fund


# Pages


def _seed_pages(
    row: dict[str, Any], foundation: Foundation, funds: list[tuple[Fund, dict[str, Any]]], *,
    number: int, now: datetime, clock: Clock, by: User,
) -> None:  # fmt: skip
    clock.set(now - timedelta(days=BEGAN_DAYS_AGO - 1))
    branch = FoundationPage.objects.get(foundation=foundation)
    _write_branch(branch, row, number=number)
    pages = []
    for position, (fund, fund_row) in enumerate(funds):
        pages.append(_write_fund(branch, fund, fund_row, seed=10 * number + position, by=by))
        for update in fund_row.get("updates", []):
            clock.set(now - timedelta(days=update["days"]))
            _write_update(branch, pages[-1], update, today=timezone.localdate(), by=by)
    for page in (branch, *pages):
        ReferenceIndex.create_or_update_for_object(page)


def _write_branch(branch: FoundationPage, row: dict[str, Any], *, number: int) -> None:
    branch.introduction, branch.introduction_en = row["introduction"], row["introduction_en"]
    branch.search_description = row["introduction"]
    branch.story, branch.story_en = paragraphs(row["story"]), paragraphs(row["story_en"])
    branch.image = _picture(branch, row["picture"], row["slug"], seed=10 * number + 90)
    branch.board = [BoardMember(**member) for member in row["board"]]
    if "charter" in row:
        branch.charter = _paper(branch, "章程", row["charter"])
    if "report" in row:
        year = timezone.localdate().year - 1
        branch.reports = [
            AnnualReport(year=year, document=_paper(branch, f"{year} 年度报告", row["report"]))
        ]
    branch.save_revision()
    publish_page(page=branch, by=None)


def _write_fund(
    branch: FoundationPage, fund: Fund, row: dict[str, Any], *, seed: int, by: User
) -> FundPage:
    page = draft_fund_page(
        fund=fund, by=by, title=row.get("title", fund.name),
        title_en=row.get("title_en", fund.name_en), slug=row["slug"], summary=row["summary"],
        summary_en=row["summary_en"], search_description=row["summary"],
        story=paragraphs(row["story"]) if row["story"] else "",
        story_en=paragraphs(row["story_en"]) if row["story_en"] else "",
        image=_picture(branch, row["picture"], row["slug"], seed=seed),
    )  # fmt: skip
    publish_page(page=page, by=None)
    return page


def _write_update(
    branch: FoundationPage, page: FundPage, row: dict[str, Any], *, today: date, by: User
) -> None:
    pictures = [
        UpdatePicture(
            image=_picture(branch, one, f"{page.slug}-{row['days']}", seed=row["days"] + at),
            caption=one["caption"], caption_en=one["caption_en"],
        )
        for at, one in enumerate(row["pictures"])
    ]  # fmt: skip
    update = draft_update(
        page=page, title=row["title"], title_en=row["title_en"], text=paragraphs(row["text"]),
        text_en=paragraphs(row["text_en"]), happened_on=today, pictures=pictures, by=by,
    )  # fmt: skip
    publish_page(page=update, by=None)


def _picture(branch: FoundationPage, row: dict[str, str], name: str, *, seed: int) -> Any:
    return draw_picture(
        row, seed=FIRST_PICTURE + seed, title=row.get("caption", name), name=name,
        collection=branch.collection,
    )  # fmt: skip


def _paper(branch: FoundationPage, title: str, text: str) -> Any:
    lines = [line for line in text.strip().splitlines() if line]
    pdf = render_pdf(
        template="demo_paper", data={"title": title, "subtitle": branch.title, "lines": lines}
    )
    paper = get_document_model()(
        title=f"{branch.title} {title}", collection=branch.collection,
        file=ContentFile(pdf, name=f"{branch.slug}-{title}.pdf"),
    )  # fmt: skip
    paper.save()
    return paper
