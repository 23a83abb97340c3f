"""The office over HTTP: Chen enters with an invoice, Tan decides, and the books follow."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from foundations.actions.gifts import book_gift
from foundations.actions.periods import close_period
from foundations.models import BudgetLine, Expense, Foundation, Fund, FundTransfer, Grant
from tests.foundations.money_cast import PDF, month_back, net_of
from volunteers.models import User

pytestmark = pytest.mark.usefixtures("sound_books")
ADD = reverse("foundation-expenses:add")


@pytest.fixture
def money(books: Foundation, fund: Fund) -> Fund:
    book_gift(fund=fund, key="first", amount_minor=10000, happened_on=month_back(2), by=None)
    return fund


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def expense_of(fund: Fund, **fields: Any) -> dict[str, Any]:
    return {
        "fund": fund.pk, "kind": "programme", "amount": "12.34", "paid_from": "bank",
        "payee": "利群超市", "purpose": "大米", "happened_on": timezone.localdate().isoformat(),
        "invoice": SimpleUploadedFile("发票.pdf", PDF, content_type="application/pdf"),
        "nonce": str(uuid.uuid4()),
    } | fields  # fmt: skip


def test_what_chen_enters_and_tan_approves_leaves_the_fund(
    money: Fund, chen: User, tan: User
) -> None:
    line = BudgetLine.objects.create(fund=money, name="大米", kind="programme", amount_minor=5000)

    answer = as_user(chen).post(ADD, expense_of(money, budget_line=line.pk, payee_is_person="on"))
    expense = Expense.objects.get()
    page = reverse("foundation-expenses:inspect", args=[expense.pk])
    approve = reverse("foundation-expenses:approve", args=[expense.pk])

    assert answer["Location"] == page
    assert (expense.amount_minor, expense.budget_line, expense.payee_is_person) == (
        1234, line, True,
    )  # fmt: skip
    assert expense.payee in as_user(chen).get(page).content.decode()
    assert net_of(money) == 10000

    as_user(chen).post(approve)  # who enters approves nothing
    assert net_of(money) == 10000
    for _press in range(2):
        assert as_user(tan).post(approve)["Location"] == page
    assert net_of(money) == 8766
    assert ModelLogEntry.objects.filter(action="foundations.approve_entry").get().user == tan


def test_a_treasurer_does_not_approve_what_they_entered(money: Fund, tan: User) -> None:
    as_user(tan).post(ADD, expense_of(money))
    expense = Expense.objects.get()

    answer = as_user(tan).post(
        reverse("foundation-expenses:approve", args=[expense.pk]), follow=True
    )

    assert [message.level_tag for message in answer.context["messages"]] == ["error"]
    assert net_of(money) == 10000


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": "12.345"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "US$5"}, "amount"),
        ({"amount": "9" * 39}, "amount"),
        ({"payee": ""}, "payee"),
        ({"payee": "a\x00b"}, "payee"),
        ({"happened_on": "2999-01-01"}, "happened_on"),
        ({"happened_on": "yesterday"}, "happened_on"),
        ({"fund": "99999999999999999999"}, "fund"),
        ({"invoice": SimpleUploadedFile("a.exe", b"MZ")}, "invoice"),
        ({"invoice": ""}, "invoice"),
        ({"nonce": "x"}, "nonce"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    wrong: dict[str, Any], field: str, money: Fund, chen: User
) -> None:
    answer = as_user(chen).post(ADD, expense_of(money) | wrong)

    form = answer.context["form"]
    assert answer.status_code == 200
    assert field in form.errors
    assert form["purpose"].value() == "大米"
    assert not Expense.objects.exists()


def test_a_closed_month_is_said_beside_the_day(money: Fund, chen: User, tan: User) -> None:
    close_period(foundation=money.foundation, month=month_back(2), by=tan)

    answer = as_user(chen).post(ADD, expense_of(money, happened_on=month_back(2).isoformat()))

    assert set(answer.context["form"].errors) == {"happened_on", "invoice"}


def test_pressed_twice_entered_once_and_a_form_belongs_to_who_used_it(
    money: Fund, chen: User, tan: User
) -> None:
    nonce = str(uuid.uuid4())
    for _press in range(2):
        as_user(chen).post(ADD, expense_of(money, nonce=nonce))
    taken = as_user(tan).post(ADD, expense_of(money, nonce=nonce))

    assert Expense.objects.count() == 1
    assert taken.context["form"].errors


def test_rejecting_and_reversing_want_a_reason(
    money: Fund, entered: Callable[..., Expense], chen: User, tan: User
) -> None:
    wrong, right = entered(100), entered(200)
    client = as_user(tan)
    reject = reverse("foundation-expenses:reject", args=[wrong.pk])
    turn_back = reverse("foundation-expenses:reverse", args=[right.pk])

    assert client.post(reject, {"reason": " "}).context["form"].errors
    client.post(reject, {"reason": "发票不清楚"})
    client.post(reverse("foundation-expenses:approve", args=[right.pk]))
    client.post(turn_back, {"reason": "记错了", "happened_on": timezone.localdate().isoformat()})

    wrong.refresh_from_db()
    right.refresh_from_db()
    assert (wrong.state, wrong.end_reason) == ("rejected", "发票不清楚")
    assert (right.state, net_of(money)) == ("reversed", 10000)
    said = client.post(reject, {"reason": "再来一次"}).status_code
    assert said in {200, 302}
    page = client.get(reverse("foundation-expenses:inspect", args=[right.pk]))
    assert "记错了" in page.content.decode()


def test_who_entered_takes_it_back_and_a_second_treasurer_hears_that_it_is_decided(
    money: Fund, entered: Callable[..., Expense], chen: User, tan: User
) -> None:
    expense = entered(100)
    reject = reverse("foundation-expenses:reject", args=[expense.pk])

    as_user(chen).post(reject, {"reason": "重复了"})
    late = as_user(tan).post(reject, {"reason": "也不行"})

    expense.refresh_from_db()
    assert expense.ended_by == chen
    assert late.context["form"].non_field_errors()


def test_an_invoice_is_served_to_its_foundation_only_and_as_what_it_is(
    money: Fund, entered: Callable[..., Expense], chen: User, bao: User, client: Client
) -> None:
    address = reverse("foundation-expenses:file", args=[entered(100).pk])

    served = as_user(chen).get(address)

    assert b"".join(served.streaming_content) == PDF
    assert served["Content-Type"] == "application/pdf"
    assert served["X-Content-Type-Options"] == "nosniff"
    assert served["Content-Disposition"].startswith("inline")
    assert "发票" not in served["Content-Disposition"]
    for stranger in (client, as_user(bao)):
        assert stranger.get(address).status_code in {302, 403, 404}


def test_grants_and_transfers_go_the_same_way(
    money: Fund, general: Fund, chen: User, tan: User
) -> None:
    today = timezone.localdate().isoformat()
    common = {"amount": "10", "happened_on": today}
    as_user(chen).post(
        reverse("foundation-grants:add"),
        common
        | {"fund": money.pk, "grantee": "花园小组", "purpose": "种花", "nonce": uuid.uuid4()},
    )
    told = common | {"from_fund": money.pk, "to_fund": general.pk, "evidence": "备案 12 号"}
    refused = as_user(chen).post(
        reverse("foundation-transfers:add"),
        told | {"reason": "general_fund", "nonce": uuid.uuid4()},
    )
    as_user(chen).post(
        reverse("foundation-transfers:add"), told | {"reason": "refiling", "nonce": uuid.uuid4()}
    )

    assert set(refused.context["form"].errors) == {"reason"}
    for name, entry in (("grants", Grant.objects.get()), ("transfers", FundTransfer.objects.get())):
        as_user(tan).post(reverse(f"foundation-{name}:approve", args=[entry.pk]))
    assert (net_of(money), net_of(general)) == (8000, 1000)


def test_the_list_is_narrowed_down_by_state_fund_and_month(
    money: Fund, general: Fund, entered: Callable[..., Expense], chen: User, tan: User
) -> None:
    here, gone = entered(100, payee="利群超市"), entered(100, payee="海信广场")
    as_user(tan).post(
        reverse("foundation-expenses:reject", args=[gone.pk]), {"reason": "不是我们的"}
    )
    month = f"{here.happened_on:%Y-%m}"

    def listed(query: str) -> set[int]:
        answer = as_user(tan).get(f"{reverse('foundation-expenses:index')}?{query}")
        return {row.pk for row in answer.context["object_list"]}

    assert listed("state=entered") == {here.pk}
    assert listed(f"fund={money.pk}&month={month}") == {here.pk, gone.pk}
    assert listed(f"fund={general.pk}") == set()
    assert listed("q=海信") == {gone.pk}
