"""The office over HTTP: facts, roles, funds, plans, books, gifts, donors, questions."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from wagtail.models import ModelLogEntry

from foundations.actions.books import (
    OFFICE_GROUP,
    BooksAreThere,
    create_foundation,
    give_role,
    take_role,
)
from foundations.actions.gifts import book_gift
from foundations.actions.plans import save_plan
from foundations.models import (
    BudgetLine,
    Donor,
    Expense,
    Foundation,
    FoundationRole,
    Fund,
    FundBalance,
    FundPlan,
    Gift,
    Letter,
    MoneyCheck,
    Period,
    Question,
)
from foundations.tasks import check_money_books
from tests.foundations.money_cast import month_back
from tests.foundations.office_cast import make_gift
from volunteers.models import Organisation, User

FACTS = {
    "mode": "own_name", "kind": "public", "credit_code": "53370200MJD123456X",
    "certificate_number": "53370200A", "contact_name": "王主任", "contact_phone": "0532-1",
    "how_to_query": "打电话", "handler": "陈会计", "stripe_account": "acct_1",
}  # fmt: skip


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def logged(action: str) -> int:
    return ModelLogEntry.objects.filter(action=f"foundations.{action}").count()


@pytest.fixture
def donor(books: Foundation) -> Donor:
    return Donor.objects.create(
        foundation=books, name="=HYPERLINK(林)", email="lin@linli.example", phone="+86138"
    )


@pytest.fixture
def gift(fund: Fund, donor: Donor) -> Gift:
    return make_gift(fund=fund, donor=donor, amount_minor=12345, message="加油")


# Who gets in


def test_a_role_opens_the_office_and_taking_it_closes_it(
    books: Foundation, alice: User, settings: Any
) -> None:
    today = reverse("foundation-today:index")
    assert as_user(alice).get(today).status_code == 302

    role = give_role(foundation=books, user=alice, role="viewer", by=None)
    assert as_user(alice).get(today).status_code == 200
    settings.LINLI_STAFF_TWO_FACTOR = True
    assert as_user(alice).get(today)["Location"] == reverse("mfa_index")

    settings.LINLI_STAFF_TWO_FACTOR = False
    take_role(role=role, by=None)
    assert as_user(alice).get(today).status_code == 302
    assert not alice.groups.filter(name=OFFICE_GROUP).exists()


def test_a_role_in_another_foundation_keeps_the_office_open(
    books: Foundation, other_foundation: Foundation, alice: User
) -> None:
    role = give_role(foundation=books, user=alice, role="viewer", by=None)
    give_role(foundation=other_foundation, user=alice, role="viewer", by=None)

    take_role(role=role, by=None)

    assert alice.groups.filter(name=OFFICE_GROUP).exists()


def test_superusers_open_books_and_give_roles(
    foundation: Foundation, city_staff: User, alice: User, territory: Any
) -> None:
    client = as_user(city_staff)
    organisation = Organisation.objects.create(
        name="新基金会", slug="new-foundation", kind="foundation", territory=territory
    )
    client.post(
        reverse("foundations:add"),
        {
            "organisation": organisation.pk, "mode": "own_name", "kind": "public",
            "currency": "CNY",
        },
    )  # fmt: skip
    opened = Foundation.objects.get(organisation=organisation)
    give = reverse("foundations:give_role", args=[opened.pk])

    nobody = client.post(give, {"account": "+8613899999999", "role": "viewer"})
    client.post(give, {"account": "13800000001", "role": "bookkeeper"})
    role = FoundationRole.objects.get(foundation=opened)

    assert "account" in nobody.context["form"].errors
    assert (role.user, role.role) == (alice, "bookkeeper")
    client.post(reverse("foundations:take_role", args=[opened.pk, role.pk]))
    assert not FoundationRole.objects.filter(foundation=opened).exists()


def test_an_organisation_keeps_its_books_once(foundation: Foundation) -> None:
    with pytest.raises(BooksAreThere):
        create_foundation(
            organisation=foundation.organisation, mode="own_name", kind="public", by=None
        )


# The checklist of D1


def test_giving_opens_when_everything_is_there_and_no_sooner(
    books: Foundation, chen: User, tan: User
) -> None:
    client, opening = as_user(tan), reverse("foundations:open", args=[books.pk])
    page = reverse("foundations:inspect", args=[books.pk])

    client.post(opening)
    books.refresh_from_db()
    assert books.checkout_opened_at is None

    as_user(chen).post(reverse("foundations:edit", args=[books.pk]), FACTS)
    books.refresh_from_db()
    assert books.credit_code == ""  # a bookkeeper does not change the facts

    client.post(reverse("foundations:edit", args=[books.pk]), FACTS)
    assert all(fact.is_there for fact in client.get(page).context["facts"])
    for _press in range(2):
        client.post(opening)
    books.refresh_from_db()
    assert books.checkout_opened_by == tan
    assert logged("open_giving") == 1

    client.post(reverse("foundations:close", args=[books.pk]))
    books.refresh_from_db()
    assert books.checkout_opened_at is None


def test_while_giving_is_open_mode_and_account_stay(
    books: Foundation, other_foundation: Foundation, tan: User
) -> None:
    client, edit = as_user(tan), reverse("foundations:edit", args=[books.pk])
    Foundation.objects.filter(pk=other_foundation.pk).update(stripe_account="acct_2")

    taken = client.post(edit, FACTS | {"stripe_account": "acct_2"})
    not_one = client.post(edit, FACTS | {"stripe_account": "42"})
    client.post(edit, FACTS)
    client.post(reverse("foundations:open", args=[books.pk]))
    moved = client.post(edit, FACTS | {"stripe_account": "acct_3"})

    for refused in (taken, not_one):
        assert set(refused.context["form"].errors) == {"stripe_account"}
    assert moved.context["form"].errors
    books.refresh_from_db()
    assert books.stripe_account == "acct_1"


def test_members_are_listed_once(books: Foundation, chen: User, alice: User) -> None:
    client, add = as_user(chen), reverse("foundations:add_member", args=[books.pk])
    told = {"account": "13800000001", "joined_on": "2026-01-01"}

    client.post(add, told)
    again = client.post(add, told)
    member = books.members.get()

    assert member.user == alice
    assert again.context["form"].errors
    client.post(reverse("foundations:remove_member", args=[books.pk, member.pk]))
    assert not books.members.exists()


# Funds, plans, budgets


def plan(**fields: Any) -> dict[str, Any]:
    first = timezone.localdate() + timedelta(days=30)
    return {
        "starts_on": first, "ends_on": first + timedelta(days=90), "target": "50000",
        "area": "浮山所", "lead": "王主任", "office": "香港中路 1 号", "methods": "网上",
        "account": "青岛银行", "beneficiaries": "老人", "use": "热饭", "cost": "手续费",
        "surplus": "留给下一年", "filing_number": "备2026-1", "filed_on": timezone.localdate(),
    } | fields  # fmt: skip


def test_a_fund_is_created_and_its_purpose_stays_once_people_gave(
    books: Foundation, chen: User
) -> None:
    client, add = as_user(chen), reverse("foundation-funds:add")
    told = {
        "foundation": books.pk, "currency": "CNY", "name": "花园", "name_en": "Garden",
        "purpose": "种花",
    }  # fmt: skip

    client.post(add, told)
    twice = client.post(add, told)
    made = Fund.objects.get(name="花园")
    edit = reverse("foundation-funds:edit", args=[made.pk])
    client.post(edit, told | {"purpose": "种花种树"})
    book_gift(fund=made, key="g", amount_minor=5, happened_on=timezone.localdate(), by=None)
    moved = client.post(edit, told | {"purpose": "买车"})
    client.post(edit, told | {"name": "社区花园", "purpose": "种花种树"})

    assert set(twice.context["form"].errors) == {"name"}
    assert set(moved.context["form"].errors) == {"purpose"}
    made.refresh_from_db()
    assert (made.name, made.purpose) == ("社区花园", "种花种树")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ends_on": date(2000, 1, 1)}, "ends_on"),
        ({"target": "viel"}, "target"),
        ({"filed_on": ""}, "filing_number"),
        ({"starts_on": timezone.localdate() + timedelta(days=9)}, "filed_on"),
        ({"filed_on": timezone.localdate() + timedelta(days=1)}, "filed_on"),
        ({"use": ""}, "use"),
    ],
)
def test_a_plan_that_the_law_would_not_take_is_refused_beside_its_field(
    wrong: dict[str, Any], field: str, books: Foundation, fund: Fund, chen: User
) -> None:
    answer = as_user(chen).post(reverse("foundation-funds:plan", args=[fund.pk]), plan() | wrong)

    assert set(answer.context["form"].errors) == {field}
    assert answer.context["form"]["area"].value() == "浮山所"
    assert not FundPlan.objects.exists()


def test_a_filed_plan_changes_only_with_a_new_filing(
    books: Foundation, fund: Fund, chen: User
) -> None:
    client, address = as_user(chen), reverse("foundation-funds:plan", args=[fund.pk])
    client.post(address, plan())

    silent = client.post(address, plan(use="买车"))
    translated = client.post(address, plan(use_en="Warm meals"))
    client.post(address, plan(use="热饭和水果", use_en="Warm meals", filing_number="备2026-2"))

    assert set(silent.context["form"].errors) == {"filing_number"}
    assert translated.status_code == 302
    kept = FundPlan.objects.get()
    assert (kept.use, kept.filing_number, kept.target_minor) == ("热饭和水果", "备2026-2", 5000000)


def test_an_emergency_is_filed_within_ten_days_after_its_first(
    books: Foundation, fund: Fund, chen: User
) -> None:
    today = timezone.localdate()
    client, address = as_user(chen), reverse("foundation-funds:plan", args=[fund.pk])
    urgent = {"is_emergency": "on", "ends_on": today + timedelta(days=9)}

    late = client.post(address, plan(**urgent, starts_on=today - timedelta(days=11)))
    client.post(address, plan(**urgent, starts_on=today - timedelta(days=10)))

    assert set(late.context["form"].errors) == {"filed_on"}
    assert FundPlan.objects.get().is_emergency


def test_two_funds_do_not_share_a_filing(books: Foundation, fund: Fund, chen: User) -> None:
    fields = {name: value for name, value in plan().items() if name != "target"}
    other = books.funds.create(name="花园", kind="restricted", purpose="种花")
    save_plan(fund=other, by=chen, target_minor=1, **fields)

    answer = as_user(chen).post(reverse("foundation-funds:plan", args=[fund.pk]), plan())

    assert set(answer.context["form"].errors) == {"filing_number"}


def budget(*lines: dict[str, Any], there: int = 0) -> dict[str, Any]:
    told: dict[str, Any] = {"form-TOTAL_FORMS": len(lines), "form-INITIAL_FORMS": there}
    for number, line in enumerate(lines):
        told |= {f"form-{number}-{name}": value for name, value in line.items()}
    return told


def test_a_budget_is_written_whole_and_lines_that_were_spent_on_stay(
    books: Foundation, fund: Fund, entered: Any, chen: User
) -> None:
    client, address = as_user(chen), reverse("foundation-funds:budget", args=[fund.pk])
    rice = {"name": "大米", "kind": "programme", "amount": "100"}
    oil = {"name": "油", "kind": "programme", "amount": "20.50"}

    wrong = client.post(address, budget(rice | {"amount": "x"}, oil))
    client.post(address, budget(rice, oil))
    first, second = BudgetLine.objects.order_by("position")
    entered(100, budget_line=first)
    swapped = [
        oil | {"number": first.pk},
        rice | {"number": second.pk, "amount": "7"},
    ]
    client.post(address, budget(*swapped, there=2))
    gone = client.post(address, budget(swapped[0] | {"DELETE": "on"}, swapped[1], there=2))

    assert wrong.status_code == 200
    assert gone.context["form"].non_form_errors()
    kept = BudgetLine.objects.order_by("position").values_list("pk", "name", "amount_minor")
    assert list(kept) == [(first.pk, "油", 2050), (second.pk, "大米", 700)]


def test_a_fund_closes_when_it_is_empty(
    books: Foundation, fund: Fund, gift: Gift, tan: User
) -> None:
    client, close = as_user(tan), reverse("foundation-funds:close", args=[fund.pk])

    client.post(close)
    fund.refresh_from_db()
    assert fund.state == "open"
    empty = books.funds.create(name="空", kind="restricted", purpose="空")
    empty_close = reverse("foundation-funds:close", args=[empty.pk])
    FundBalance.objects.create(fund=empty, kind="restricted")
    client.post(empty_close)
    empty.refresh_from_db()
    assert empty.state == "closed"


# The books


def test_a_month_is_closed_once_and_not_while_something_waits(
    books: Foundation, fund: Fund, entered: Any, chen: User, tan: User
) -> None:
    book_gift(fund=fund, key="g", amount_minor=900, happened_on=month_back(1), by=None)
    expense = entered(100, happened_on=month_back(1))
    client, closing = as_user(tan), reverse("foundation-books:closing", args=[books.pk])
    month = {"month": f"{month_back(1):%Y-%m}"}

    assert client.get(closing).context["waiting"][0].count == 1
    client.post(closing, month)
    assert not Period.objects.exists()
    client.post(reverse("foundation-expenses:reject", args=[expense.pk]), {"reason": "不是我们的"})
    for _press in range(2):
        client.post(closing, month)

    digest = Period.objects.get().digest
    assert digest in as_user(chen).get(reverse("foundation-books:index")).content.decode()
    assert as_user(chen).post(closing, month).status_code == 302
    assert client.post(closing, {"month": "x"}).status_code == 302
    assert Period.objects.count() == 1


def test_the_books_show_any_days_and_say_what_is_wrong_with_others(
    books: Foundation, fund: Fund, gift: Gift, chen: User
) -> None:
    client, page = as_user(chen), reverse("foundation-books:index")
    today = timezone.localdate()

    now = client.get(page).context["sheet"]
    before = client.get(page, {"until": str(today - timedelta(days=1))}).context["sheet"]
    wrong = client.get(page, {"since": str(today), "until": str(today - timedelta(days=1))})

    assert (now.assets_minor, before.assets_minor) == (12345, 0)
    assert "until" in wrong.context["form"].errors


def test_movements_are_found_by_fund_account_and_month(
    books: Foundation, fund: Fund, general: Fund, gift: Gift, chen: User
) -> None:
    def listed(query: str) -> list[int]:
        answer = as_user(chen).get(f"{reverse('foundation-movements:index')}?{query}")
        return [row.amount_minor for row in answer.context["object_list"]]

    month = f"{timezone.localdate():%Y-%m}"
    assert listed(f"fund={fund.pk}&account=processor&kind=gift&month={month}") == [12345]
    assert listed(f"fund={general.pk}") == []
    assert listed("account=bank") == []
    assert listed(f"q={gift.number}") == [12345]


def test_what_the_nightly_proof_finds_stands_on_the_first_page(
    books: Foundation, gift: Gift, chen: User, city_staff: User
) -> None:
    page = reverse("foundation-today:index")
    check_money_books()
    assert not as_user(chen).get(page).context["check"].findings

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE foundations_moneyaccount DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE foundations_moneyaccount SET balance_minor = balance_minor + 1"
            " WHERE foundation_id = %s AND kind = 'cash'",
            [books.pk],
        )
        cursor.execute("ALTER TABLE foundations_moneyaccount ENABLE TRIGGER USER")
    check_money_books()

    assert 'role="alert"' in as_user(chen).get(page).content.decode()
    assert not as_user(chen).get(page).context["findings"]  # of all foundations: not for one
    assert as_user(city_staff).get(page).context["findings"] == MoneyCheck.objects.first().findings


# Gifts and donors


def test_gifts_are_found_and_narrowed_down(
    books: Foundation, fund: Fund, donor: Donor, gift: Gift, chen: User
) -> None:
    back = make_gift(fund=fund, donor=donor, refunded_minor=100, is_live=False, method="alipay")

    def listed(query: str) -> set[int]:
        answer = as_user(chen).get(f"{reverse('foundation-gifts:index')}?{query}")
        return {row.pk for row in answer.context["object_list"]}

    month = f"{timezone.localdate():%Y-%m}"
    assert listed(f"q={gift.number}") == {gift.pk}
    assert listed("q=lin@linli") == {gift.pk, back.pk}
    assert listed("is_refunded=yes") == {back.pk}
    assert listed("is_live=live&is_monthly=no") == {gift.pk}
    assert listed(f"month={month}&method=alipay&fund={fund.pk}&state=paid") == {back.pk}


def test_the_table_is_safe_to_open_and_written_into_the_log(
    books: Foundation, gift: Gift, chen: User, city_staff: User
) -> None:
    page = reverse("foundation-gifts:index")

    answer = as_user(chen).get(f"{page}?export=csv")
    text = b"".join(answer.streaming_content).decode()
    row = text.splitlines()[1].split(",")
    book = load_workbook(BytesIO(as_user(chen).get(f"{page}?export=xlsx").getvalue()))
    cells = [cell.value for cell in book.active[2]]
    bare = b"".join(as_user(city_staff).get(f"{page}?export=csv").streaming_content).decode()

    assert text.startswith("\ufeff")
    assert "'=HYPERLINK(林)" in row
    assert row[7:12:4] == ["123.45", "CNY"]
    assert [cell.data_type for cell in book.active[2] if cell.value == "=HYPERLINK(林)"] == ["s"]
    assert float(cells[7]) == pytest.approx(123.45)
    assert gift.number in bare
    assert "HYPERLINK" not in bare
    assert "lin@linli.example" not in bare
    entries = ModelLogEntry.objects.filter(action="foundations.export").order_by("timestamp")
    assert [entry.data["with_names"] for entry in entries] == [True, True, False]


def test_a_message_is_public_after_somebody_read_it(
    books: Foundation, gift: Gift, chen: User
) -> None:
    client, listing = as_user(chen), reverse("foundation-messages:index")
    assert [row.pk for row, _may in client.get(listing).context["rows"]] == [gift.pk]

    for _press in range(2):
        client.post(reverse("foundation-gifts:show", args=[gift.pk]), {"back": "1"})
    gift.refresh_from_db()
    assert gift.message_state == "shown"
    assert client.get(listing).context["rows"] == []
    client.post(reverse("foundation-gifts:hide", args=[gift.pk]))
    gift.refresh_from_db()
    assert gift.message_state == "hidden"
    assert logged("show_message") == logged("hide_message") == 1


def test_a_donor_is_made_nobody_by_the_treasurer_who_is_sure(
    books: Foundation, donor: Donor, gift: Gift, chen: User, tan: User
) -> None:
    address = reverse("foundation-donors:anonymise", args=[donor.pk])

    as_user(chen).post(address, {"is_sure": "on"})
    as_user(tan).post(address, {})
    donor.refresh_from_db()
    assert donor.email

    as_user(tan).post(address, {"is_sure": "on"})
    donor.refresh_from_db()
    assert (donor.name, donor.email) == ("", "")
    page = as_user(tan).get(reverse("foundation-donors:inspect", args=[donor.pk]))
    assert "lin@linli.example" not in page.content.decode()


def test_a_question_is_answered_once_by_letter(
    books: Foundation, gift: Gift, chen: User, tan: User
) -> None:
    older, newer = (
        Question.objects.create(foundation=books, gift=gift, email="q@linli.example", text=text)
        for text in ("一", "二")
    )
    answer = reverse("foundation-questions:answer", args=[newer.pk])

    listed = as_user(chen).get(reverse("foundation-questions:index")).context["object_list"]
    assert [row.pk for row in listed] == [older.pk, newer.pk]
    assert as_user(chen).post(answer, {"answer": " "}).context["form"].errors
    as_user(chen).post(answer, {"answer": "饭在食堂。"})
    late = as_user(tan).post(answer, {"answer": "不知道"})

    newer.refresh_from_db()
    assert (newer.answer, newer.answered_by) == ("饭在食堂。", chen)
    assert late.context["form"].non_field_errors()
    assert Letter.objects.filter(kind=Letter.Kind.ANSWER).count() == 1


def test_the_day_says_what_is_to_be_done(
    books: Foundation, gift: Gift, entered: Any, tan: User
) -> None:
    entered(100)
    Question.objects.create(foundation=books, text="？")

    desk = as_user(tan).get(reverse("foundation-today:index")).context["desks"][0]

    assert Expense.objects.count() == 1
    assert {task.url.partition("?")[0] for task in desk["day"]} == {
        reverse("foundation-expenses:index"),
        reverse("foundation-questions:index"),
        reverse("foundation-messages:index"),
    }
