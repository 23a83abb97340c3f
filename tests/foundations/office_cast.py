"""Two foundations with something behind every door of the office.

Everything of the other one carries SECRET in its words: no page of the first may say it.
"""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from foundations.actions.books import create_fund, create_pot, give_role
from foundations.actions.confirmations import issue_confirmation
from foundations.actions.entries import approve_expense, enter_expense, enter_grant, enter_transfer
from foundations.actions.facts import add_foundation_member
from foundations.actions.gifts import book_gift
from foundations.actions.offline import enter_offline_gift
from foundations.actions.periods import close_period
from foundations.models import (
    BankLine,
    BankStatement,
    BudgetLine,
    Difference,
    Disclosure,
    Dispute,
    Donor,
    Foundation,
    Fund,
    FundPlan,
    Gift,
    MonthlyGift,
    PledgePayment,
    PointsPledge,
    PotPayment,
    ProcessorEntry,
    Proposal,
    ProposalRound,
    Question,
    Refund,
    WebhookEvent,
)
from points.actions.projects import create_points_project
from tests.cast import make_user
from tests.foundations.money_cast import invoice, month_back
from volunteers.models import Territory, User, Volunteer

SECRET = "机密花园"
_numbers = itertools.count(1)


def new_number(prefix: str) -> str:
    return f"{prefix}{next(_numbers):06d}"


def make_gift(*, fund: Fund, donor: Donor, **fields: Any) -> Gift:
    """Paid and in the books."""
    fields = {
        "foundation": fund.foundation, "fund": fund, "donor": donor, "donor_name": donor.name,
        "number": new_number("G"), "gateway": "stripe", "amount_minor": 5000,
        "currency": fund.currency, "state": Gift.State.PAID, "method": Gift.Method.CARD,
        "paid_at": timezone.now(), "is_live": True,
    } | fields  # fmt: skip
    gift = Gift.objects.create(**fields)
    book_gift(
        fund=fund, key=gift.number, amount_minor=gift.amount_minor,
        happened_on=timezone.localdate(), by=None,
    )  # fmt: skip
    issue_confirmation(gift=gift)
    return gift


def fill(
    foundation: Foundation, *, enters: User, approves: User, member: User, territory: Territory,
    word: str,
) -> None:  # fmt: skip
    """One row at least of all that the office shows."""
    today, now = timezone.localdate(), timezone.now()
    general = foundation.funds.get(kind=Fund.Kind.GENERAL)
    general.name, general.name_en = f"{word}综合", f"{word} general"
    general.save(update_fields=["name", "name_en"])
    fund = create_fund(foundation=foundation, name=f"{word}基金", purpose=f"{word}用途", by=None)
    line = BudgetLine.objects.create(
        fund=fund, name=f"{word}大米", kind="programme", amount_minor=90000
    )
    FundPlan.objects.create(
        fund=fund, starts_on=today, ends_on=today, target_minor=1, area=word, lead=word,
        office=word, methods=word, account=word, beneficiaries=word, use=word, cost=word,
        surplus=word,
    )  # fmt: skip
    book_gift(
        fund=general, key=new_number("old"), amount_minor=1, happened_on=month_back(1), by=None
    )
    close_period(foundation=foundation, month=month_back(1), by=approves)
    donor = Donor.objects.create(
        foundation=foundation, name=f"{word}先生", email=f"donor{foundation.pk}@linli.example"
    )
    monthly = MonthlyGift.objects.create(
        foundation=foundation, fund=fund, donor=donor, donor_name=donor.name,
        number=new_number("M"), gateway="stripe", amount_minor=1000, currency="CNY",
        state="active",
    )  # fmt: skip
    gift = make_gift(fund=fund, donor=donor, monthly=monthly, message=f"{word}加油")
    told: dict[str, Any] = {"amount_minor": 100, "happened_on": today, "by": enters}
    spent = enter_expense(
        fund=fund, kind="programme", payee=f"{word}超市", purpose=f"{word}米", invoice=invoice(),
        budget_line=line, **told,
    )  # fmt: skip
    approve_expense(expense=spent, by=approves)
    enter_expense(
        fund=fund, kind="programme", payee=f"{word}书店", purpose=f"{word}书", invoice=invoice(),
        **told,
    )  # fmt: skip
    enter_grant(
        fund=fund, grantee=f"{word}小组", purpose=f"{word}种花", agreement=invoice(), **told
    )
    enter_transfer(
        from_fund=fund, to_fund=general, reason="refiling", evidence=f"{word}备案", **told
    )
    create_pot(
        foundation=foundation, sponsor=f"{word}公司", starts_on=today, ends_on=today, by=None
    )
    add_foundation_member(foundation=foundation, user=member, joined_on=today, by=enters)
    Question.objects.create(
        foundation=foundation, gift=gift, name=f"{word}女士", email="q@linli.example",
        text=f"{word}在哪里？",
    )  # fmt: skip
    common = {"foundation": foundation, "gift": gift, "amount_minor": 200, "currency": "CNY"}
    Refund.objects.create(
        **common, number=new_number("R"), reason=f"{word}重复", state="asked", asked_by=enters
    )
    Dispute.objects.create(**common, ref=new_number("dp_"), reason=word, opened_at=now)
    Difference.objects.create(
        foundation=foundation, gateway="stripe", kind="amount", ref=new_number(word), gift=gift,
        ours_minor=1, theirs_minor=2, currency="CNY", happened_on=today,
    )  # fmt: skip
    ProcessorEntry.objects.create(
        foundation=foundation, gateway="stripe", ref=new_number("txn_"), kind="charge",
        amount_minor=5000, net_minor=5000, currency="CNY", happened_at=now,
    )  # fmt: skip
    WebhookEvent.objects.create(
        gateway="stripe", event_ref=new_number("evt_"), kind="charge.succeeded",
        object_ref=word, happened_at=now, foundation=foundation, state="quarantined",
        reason="unknown",
    )  # fmt: skip
    Disclosure.objects.create(
        foundation=foundation, fund=fund, kind="progress", first_on=today, last_on=today,
        due_on=today + timedelta(days=20), words=f"{word}进展",
    )  # fmt: skip
    _fill_bank(foundation, enters, word)
    _fill_offline(fund, told, word)
    _fill_sponsors(fund, enters, word)
    _fill_participation(foundation, territory, word)


def _fill_bank(foundation: Foundation, enters: User, word: str) -> None:
    today = timezone.localdate()
    statement = BankStatement.objects.create(
        foundation=foundation, currency="CNY", format="csv", file_name=f"{word}.csv",
        file_digest=new_number("d"), first_on=today, last_on=today, imported_by=enters,
    )  # fmt: skip
    BankLine.objects.create(
        statement=statement, foundation=foundation, position=1, fingerprint=new_number("f"),
        booked_on=today, amount_minor=700, currency="CNY", counterparty=f"{word}老板",
    )  # fmt: skip


def _fill_sponsors(fund: Fund, enters: User, word: str) -> None:
    today, foundation = timezone.localdate(), fund.foundation
    told: dict[str, Any] = {
        "foundation": foundation, "amount_minor": 300, "currency": "CNY", "happened_on": today,
        "entered_by": enters,
    }  # fmt: skip
    PotPayment.objects.create(**told, pot=foundation.pots.get(), direction="paid_in", note=word)
    project = create_points_project(
        name=f"{word}积分", about=word, organisation=foundation.organisation, by=None
    )
    pledge = PointsPledge.objects.create(
        foundation=foundation, fund=fund, project=project, sponsor=f"{word}商店", currency="CNY",
        pays_minor=100, ceiling_minor=10000, starts_on=today, ends_on=today,
    )  # fmt: skip
    PledgePayment.objects.create(**told, pledge=pledge, fund=fund, points=100)


def _fill_offline(fund: Fund, told: dict[str, Any], word: str) -> None:
    """A gift that waits, with what shows it, and a paper without a fiscal number yet."""
    enter_offline_gift(fund=fund, how="cash", donor_name=f"{word}奶奶", evidence=invoice(), **told)
    issue_confirmation(gift=Gift.objects.filter(fund=fund).get())


def _fill_participation(foundation: Foundation, territory: Territory, word: str) -> None:
    now = timezone.now()
    proposal_round = ProposalRound.objects.create(
        foundation=foundation, title=f"{word}征集", about=word, territory=territory,
        budget_minor=100, proposals_from=now - timedelta(days=9),
        proposals_until=now + timedelta(days=9), votes_from=now + timedelta(days=10),
        votes_until=now + timedelta(days=20),
    )  # fmt: skip
    neighbour = Volunteer.objects.create(
        name=f"{word}邻居",
        birth_on=timezone.localdate() - timedelta(days=9999),
        community=territory,
    )
    Proposal.objects.create(
        round=proposal_round, volunteer=neighbour, title=f"{word}提案", what=word,
        beneficiaries=word, cost_minor=10,
    )  # fmt: skip


@pytest.fixture
def two_houses(
    books: Foundation, other_foundation: Foundation, chen: User, tan: User, dai: User,
    territory: Territory, alice: User,
) -> tuple[Foundation, Foundation]:  # fmt: skip
    """Chen and Tan keep the first, Dai is treasurer of the other, whose rows say SECRET."""
    clerk = make_user(name="祝录入", phone="+8613800000042")
    give_role(foundation=other_foundation, user=dai, role="treasurer", by=None)
    give_role(foundation=other_foundation, user=clerk, role="bookkeeper", by=None)
    fill(books, enters=chen, approves=tan, member=alice, territory=territory, word="公开花园")
    fill(
        other_foundation, enters=clerk, approves=dai, member=alice, territory=territory,
        word=SECRET,
    )  # fmt: skip
    other_foundation.organisation.name = f"{SECRET}基金会"
    other_foundation.organisation.save(update_fields=["name"])
    return books, other_foundation
