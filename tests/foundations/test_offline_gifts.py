"""Gifts by bank, in cash and in goods: one enters, another confirms, then it is a gift like any."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from foundations.actions import entering, offline
from foundations.actions.books import close_fund, create_pot
from foundations.actions.entries import approve_expense
from foundations.actions.ledger import (
    BelongsToEntry,
    BookingRefused,
    FundTooSmall,
    MonthClosed,
    reverse_movement,
)
from foundations.actions.offline import (
    approve_offline_gift,
    enter_offline_gift,
    reject_offline_gift,
    reverse_offline_gift,
)
from foundations.actions.periods import StillWaiting, close_period
from foundations.actions.pots import approve_pot_payment, enter_pot_payment
from foundations.models import (
    Confirmation,
    Donor,
    Expense,
    Foundation,
    Fund,
    Gift,
    Letter,
    MoneyAccount,
    OfflineGift,
)
from tests.foundations.money_cast import invoice, month_back, net_of
from volunteers.models import User

pytestmark = pytest.mark.usefixtures("sound_books", "books")

Give = Callable[..., OfflineGift]


@pytest.fixture
def given(fund: Fund, chen: User) -> Give:
    """`given(amount_minor, **fields)`: a gift that Chen has entered."""

    def enter(amount_minor: int = 5000, **fields: Any) -> OfflineGift:
        return enter_offline_gift(
            **{
                "fund": fund, "how": "cash", "amount_minor": amount_minor, "by": chen,
                "happened_on": timezone.localdate(), "donor_name": "王小明",
            }
            | fields
        )  # fmt: skip

    return enter


def balance(foundation: Foundation, kind: str) -> int:
    return MoneyAccount.objects.get(
        foundation=foundation, kind=kind, currency="CNY", fund=None, pot=None
    ).balance_minor


def test_a_gift_counts_once_somebody_else_has_confirmed_it(
    given: Give, fund: Fund, tan: User
) -> None:
    entry = given(5000, donor_email="Wang@Example.org", dedication="奶奶")
    assert (net_of(fund), Gift.objects.count()) == (0, 0)

    entry = approve_offline_gift(entry=entry, by=tan)
    approve_offline_gift(entry=entry, by=tan)

    gift = Gift.objects.get()
    assert (gift.state, gift.method, gift.gateway) == ("paid", "cash", "offline")
    assert (gift.amount_minor, gift.dedication) == (5000, "奶奶")
    assert timezone.localdate(gift.paid_at) == entry.happened_on
    assert (net_of(fund), balance(fund.foundation, "cash")) == (5000, 5000)
    assert gift.confirmation.running == 1
    assert Letter.objects.get().reference == f"thanks:{gift.number}"


def test_nobody_confirms_what_they_entered(given: Give, chen: User, fund: Fund) -> None:
    with pytest.raises(entering.SamePerson):
        approve_offline_gift(entry=given(), by=chen)

    assert not Gift.objects.exists()


def test_what_did_not_come_is_rejected_with_a_reason(given: Give, tan: User, chen: User) -> None:
    entry = reject_offline_gift(entry=given(), reason="没有收到", by=tan)

    with pytest.raises(entering.DecidedAlready):
        approve_offline_gift(entry=entry, by=tan)
    assert (entry.state, Gift.objects.count()) == ("rejected", 0)


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"how": "goods", "evidence": invoice()}, offline.GoodsUnnamed),
        ({"how": "goods", "goods": "大米 10 袋"}, offline.EvidenceForGoods),
        ({"donor_kind": "company", "donor_name": " "}, offline.CompanyUnnamed),
        ({"evidence": invoice("slip.pdf", b"<html>")}, BookingRefused),
        ({"amount_minor": 0}, BookingRefused),
        ({"happened_on": timezone.localdate() + timezone.timedelta(days=1)}, BookingRefused),
    ],
)
def test_a_gift_without_what_it_needs_is_refused_with_a_sentence(
    given: Give, fields: dict[str, Any], refused: type[BookingRefused]
) -> None:
    with pytest.raises(refused) as raised:
        given(**fields)

    assert str(raised.value)
    assert not OfflineGift.objects.exists()


def test_a_form_sent_twice_enters_once(given: Give, tan: User) -> None:
    nonce = uuid.uuid4()

    assert given(nonce=nonce) == given(nonce=nonce)
    with pytest.raises(entering.FormUsed):
        given(nonce=nonce, by=tan)


def test_goods_stand_at_their_value_until_they_are_handed_out(
    given: Give, fund: Fund, tan: User, entered: Callable[..., Expense]
) -> None:
    entry = given(30_000, how="goods", goods="大米 100 袋", evidence=invoice())
    approve_offline_gift(entry=entry, by=tan)
    assert (balance(fund.foundation, "goods"), balance(fund.foundation, "bank")) == (30_000, 0)

    approve_expense(expense=entered(10_000, paid_from="goods"), by=tan)

    assert balance(fund.foundation, "goods") == 20_000
    assert net_of(fund) == 20_000


def test_a_sponsor_matches_money_and_not_goods(
    given: Give, fund: Fund, chen: User, tan: User
) -> None:
    today = timezone.localdate()
    pot = create_pot(
        foundation=fund.foundation, sponsor="海云公司", starts_on=today, ends_on=today, by=None
    )
    payment = enter_pot_payment(
        pot=pot, direction="paid_in", amount_minor=8000, happened_on=today, by=chen
    )
    approve_pot_payment(payment=payment, by=tan)

    approve_offline_gift(entry=given(5000), by=tan)
    goods = given(5000, how="goods", goods="被子 5 床", evidence=invoice())
    approve_offline_gift(entry=goods, by=tan)

    assert net_of(fund) == 15_000


def test_the_same_mail_is_the_same_donor_and_the_same_name_is_not(given: Give, tan: User) -> None:
    for mail in ("wang@example.org", "WANG@example.org", "", ""):
        approve_offline_gift(entry=given(donor_email=mail), by=tan)
    approve_offline_gift(entry=given(donor_name=""), by=tan)

    assert Donor.objects.count() == 3
    assert Gift.objects.filter(donor=None).count() == 1


def test_a_wrong_entry_is_taken_out_of_the_books_and_leaves_its_trace(
    given: Give, fund: Fund, chen: User, tan: User
) -> None:
    today = timezone.localdate()
    pot = create_pot(
        foundation=fund.foundation, sponsor="海云公司", starts_on=today, ends_on=today, by=None
    )
    payment = enter_pot_payment(
        pot=pot, direction="paid_in", amount_minor=5000, happened_on=today, by=chen
    )
    approve_pot_payment(payment=payment, by=tan)
    entry = approve_offline_gift(entry=given(5000), by=tan)
    assert entry.movement is not None
    with pytest.raises(BelongsToEntry):
        reverse_movement(movement=entry.movement, reason="记错了", by=tan)

    for _ in range(2):
        entry = reverse_offline_gift(entry=entry, reason="记错了", by=tan)

    gift = Gift.objects.get()
    assert (entry.state, gift.state, gift.left_minor) == ("reversed", "paid", 0)
    assert (net_of(fund), balance(fund.foundation, "cash")) == (0, 0)
    assert MoneyAccount.objects.get(pot=pot).balance_minor == -5000
    assert Confirmation.objects.get().gift == gift


def test_what_the_project_has_spent_is_not_taken_out_again(
    given: Give, fund: Fund, tan: User, entered: Callable[..., Expense]
) -> None:
    entry = approve_offline_gift(entry=given(5000), by=tan)
    approve_expense(expense=entered(1000, paid_from="cash"), by=tan)

    with pytest.raises(FundTooSmall):
        reverse_offline_gift(entry=entry, reason="记错了", by=tan)

    assert (Gift.objects.get().refunded_minor, net_of(fund)) == (0, 4000)


def test_a_month_does_not_close_while_a_gift_waits(
    given: Give, fund: Fund, chen: User, tan: User
) -> None:
    approve_offline_gift(entry=given(happened_on=month_back(2)), by=tan)
    waiting = given(happened_on=month_back(2))
    told = {"foundation": fund.foundation, "month": month_back(2), "by": tan}

    with pytest.raises(StillWaiting, match=" 1 "):
        close_period(**told)
    reject_offline_gift(entry=waiting, reason="重复", by=chen)
    close_period(**told)
    with pytest.raises(MonthClosed):
        given(happened_on=month_back(2, day=28))


def test_a_fund_is_not_closed_while_a_gift_waits(given: Give, fund: Fund, tan: User) -> None:
    given()

    with pytest.raises(BookingRefused):
        close_fund(fund=fund, by=tan)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE foundations_offlinegift SET amount_minor = 1",
        "UPDATE foundations_offlinegift SET donor_name = 'x'",
        "DELETE FROM foundations_offlinegift",
    ],
)
def test_what_was_entered_stays(given: Give, statement: str) -> None:
    given()

    with pytest.raises(IntegrityError, match="what was entered stays"), transaction.atomic():
        connection.cursor().execute(statement)


@pytest.mark.parametrize(
    ("harm", "claim"),
    [
        ("UPDATE foundations_gift SET amount_minor = 4999", "each paid gift is booked"),
        ("UPDATE foundations_gift SET refunded_minor = 1", "was refunded is what the ledger"),
        (
            "UPDATE foundations_gift SET state = 'failed', paid_at = NULL",
            "each gift in the ledger was paid",
        ),
        ("UPDATE foundations_confirmationcounter SET last = 2", "numbered without a gap"),
    ],
)
def test_check_money_sees_a_gift_that_the_books_do_not_know(
    given: Give, tan: User, harm: str, claim: str, capsys: pytest.CaptureFixture[str]
) -> None:
    approve_offline_gift(entry=given(), by=tan)

    with transaction.atomic():
        connection.cursor().execute(harm)
        with pytest.raises(SystemExit):
            call_command("check_money", verbosity=0)
        transaction.set_rollback(True)

    assert claim in capsys.readouterr().out
