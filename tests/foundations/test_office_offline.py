"""The office's pages of offline gifts, the bank and sponsors, over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundations.actions.gifts import book_gift
from foundations.models import (
    BankLine,
    BankStatement,
    Foundation,
    Fund,
    Gift,
    MatchingPot,
    OfflineGift,
    PointsPledge,
    PotPayment,
)
from points.actions.projects import create_points_project
from tests.foundations.bank_cast import bank_csv, imported, some_day
from tests.foundations.money_cast import invoice, net_of
from volunteers.models import User

pytestmark = pytest.mark.usefixtures("sound_books", "books")


def go(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def gift_fields(fund: Fund, **fields: Any) -> dict[str, Any]:
    return {
        "fund": fund.pk, "how": "cash", "amount": "1,050.50", "happened_on": str(some_day()),
        "donor_kind": "person", "donor_name": "王小明", "shown_as": "masked",
        "nonce": str(uuid.uuid4()),
    } | fields  # fmt: skip


def test_one_enters_a_gift_and_another_confirms_it(
    client: Client, fund: Fund, chen: User, tan: User
) -> None:
    told = gift_fields(fund, evidence=invoice())
    add = reverse("foundation-offline-gifts:add")
    go(client, chen).post(add, told)
    client.post(add, told | {"evidence": invoice()})
    entry = OfflineGift.objects.get()
    approve = reverse("foundation-offline-gifts:approve", args=[entry.pk])
    client.post(approve)
    assert not Gift.objects.exists()

    go(client, tan).post(approve)

    assert net_of(fund) == 105_050
    page = client.get(reverse("foundation-offline-gifts:inspect", args=[entry.pk]))
    assert Gift.objects.get().number in page.content.decode()
    client.post(
        reverse("foundation-offline-gifts:reverse", args=[entry.pk]),
        {"reason": "记错了", "happened_on": str(some_day())},
    )
    assert net_of(fund) == 0


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"how": "goods"}, "goods"),
        ({"how": "goods", "goods": "大米"}, "evidence"),
        ({"amount": "abc"}, "amount"),
        ({"donor_kind": "company", "donor_name": ""}, "donor_name"),
        ({"fund": "99999999999999999999"}, "fund"),
        ({"bank_line": "99999999999999999999"}, "bank_line"),
        ({"donor_name": "a\x00b"}, "donor_name"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    client: Client, fund: Fund, chen: User, fields: dict[str, Any], field: str
) -> None:
    answer = go(client, chen).post(
        reverse("foundation-offline-gifts:add"), gift_fields(fund, note="收据 12") | fields
    )

    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert "收据 12" in answer.content.decode()
    assert not OfflineGift.objects.exists()


def test_a_statement_is_brought_in_and_worked_through(
    client: Client, books: Foundation, fund: Fund, chen: User, tan: User
) -> None:
    known = book_gift(
        fund=fund, key="known", amount_minor=500, happened_on=some_day(), by=None, into="bank"
    )[0]
    content = bank_csv(
        (some_day(2), "5.00", "李四", "捐赠", "1"),
        (some_day(1), "8.00", "王小明", "老人食堂", "2"),
        (some_day(), "-1.00", "银行", "手续费", "3"),
    )  # fmt: skip
    told = {"foundation": books.pk, "currency": "CNY"}
    for _ in range(2):
        go(client, chen).post(
            reverse("foundation-bank:upload"), told | {"file": SimpleUploadedFile("a.csv", content)}
        )
    assert BankStatement.objects.count() == 1
    first, second, third = BankLine.objects.order_by("booked_on")
    work = reverse("foundation-bank:work", args=[books.pk])
    assert f'value="{known.pk}"' in client.get(work).content.decode()

    client.post(reverse("foundation-bank:match", args=[first.pk]), {"movement": known.pk})
    form = client.get(f"{reverse('foundation-offline-gifts:add')}?line={second.pk}").context["form"]
    assert form.initial["donor_name"] == "王小明"
    assert form.initial["fund"] == fund.pk
    given = gift_fields(
        fund, how="bank", amount=form.initial["amount"], happened_on=str(second.booked_on),
        bank_line=second.pk,
    )  # fmt: skip
    answer = client.post(reverse("foundation-offline-gifts:add"), given)
    assert answer["Location"] == work
    client.post(reverse("foundation-bank:aside", args=[third.pk]), {"note": ""})
    client.post(reverse("foundation-bank:aside", args=[third.pk]), {"note": "银行手续费"})
    entry = OfflineGift.objects.get()
    go(client, tan).post(reverse("foundation-offline-gifts:approve", args=[entry.pk]))

    states = BankLine.objects.order_by("booked_on").values_list("state", flat=True)
    assert list(states) == ["matched", "matched", "set_aside"]
    for name, number in (("index", None), ("work", books.pk)):
        where = reverse(f"foundation-bank:{name}", args=[number] if number else [])
        assert client.get(where).status_code == 200
    client.post(reverse("foundation-bank:unmatch", args=[third.pk]), {"note": "看错了"})
    assert BankLine.objects.get(pk=third.pk).state == "unmatched"


@pytest.mark.parametrize(
    "content", [b"\x00\x01", b"<a>", "日期,金额\n昨天,1\n".encode(), b"", b"x" * 5_300_000]
)
def test_a_file_that_is_no_statement_is_refused_on_the_page(
    client: Client, books: Foundation, chen: User, content: bytes
) -> None:
    answer = go(client, chen).post(
        reverse("foundation-bank:upload"),
        {"foundation": books.pk, "currency": "CNY", "file": SimpleUploadedFile("a.csv", content)},
    )

    assert answer.status_code == 200
    assert answer.context["form"].errors["file"]
    assert not BankStatement.objects.exists()


def test_a_line_is_not_matched_with_what_another_foundation_booked(
    client: Client, books: Foundation, other_foundation: Foundation, chen: User
) -> None:
    (line,) = imported(books, chen, (some_day(), "5.00", "李四", "捐赠", ""))
    theirs = book_gift(
        fund=other_foundation.funds.get(), key="g", amount_minor=500, happened_on=some_day(),
        by=None, into="bank",
    )[0]  # fmt: skip

    for movement in (theirs.pk, "x", "9" * 30, ""):
        where = reverse("foundation-bank:match", args=[line.pk])
        assert go(client, chen).post(where, {"movement": movement}).status_code == 302

    line.refresh_from_db()
    assert line.state == "unmatched"


def test_a_pot_is_opened_and_paid_into_by_two_people(
    client: Client, books: Foundation, chen: User, tan: User
) -> None:
    today = str(timezone.localdate())
    answer = go(client, chen).post(
        reverse("foundation-pots:add"),
        {
            "foundation": books.pk, "sponsor": "海云公司", "percent": "50", "most": "200",
            "starts_on": today, "ends_on": today,
        },
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["form"].errors
    pot = MatchingPot.objects.get()
    assert (pot.percent, pot.most_a_gift_minor, pot.fund) == (50, 20_000, None)
    add = reverse("foundation-pot-payments:add")
    assert client.get(f"{add}?pot={pot.pk}").context["form"].initial["pot"] == pot.pk
    client.post(
        add,
        {
            "pot": pot.pk, "direction": "paid_in", "amount": "100", "happened_on": today,
            "nonce": str(uuid.uuid4()),
        },
    )  # fmt: skip
    payment = PotPayment.objects.get()

    go(client, tan).post(reverse("foundation-pot-payments:approve", args=[payment.pk]))

    page = client.get(reverse("foundation-pots:inspect", args=[pot.pk]))
    assert page.context["sheet"].held_minor == 10_000
    where = reverse("foundation-pot-payments:reverse", args=[payment.pk])
    client.post(where, {"reason": "记错了"})
    payment.refresh_from_db()
    assert payment.state == "reversed"


def test_a_pledge_for_points_is_written_down(
    client: Client, books: Foundation, fund: Fund, other_foundation: Foundation, chen: User
) -> None:
    mine, theirs = (
        create_points_project(name="热饭", about="热饭", organisation=one.organisation, by=None)
        for one in (books, other_foundation)
    )
    today = str(timezone.localdate())
    told = {
        "fund": fund.pk, "sponsor": "海云公司", "per_points": "100", "pays": "10",
        "ceiling": "500", "starts_on": today, "ends_on": today,
    }  # fmt: skip
    add = reverse("foundation-pledges:add")
    refused = go(client, chen).post(add, told | {"project": theirs.pk})
    assert "project" in refused.context["form"].errors

    client.post(add, told | {"project": mine.pk})

    pledge = PointsPledge.objects.get()
    assert (pledge.pays_minor, pledge.ceiling_minor) == (1000, 50_000)
    page = client.get(reverse("foundation-pledges:inspect", args=[pledge.pk]))
    assert page.context["due"].due_minor == 0
