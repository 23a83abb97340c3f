"""The giving form: what it shows, what it asks for, where it leads."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundations.actions.books import create_fund, create_pot
from foundations.actions.income import book_pot
from foundations.models import Donor, Foundation, FoundationMember, Fund, Gift, MonthlyGift
from tests.cast import make_user, make_volunteer
from tests.fake_stripe import FakeStripe
from tests.foundations.giving_cast import *  # noqa: F403
from tests.foundations.giving_cast import (
    file_plan,
    hidden_of,
    open_checkout,
    opened,
    press,
    send,
    session_of,
    sessions,
)
from volunteers.models import Territory, User

pytestmark = pytest.mark.django_db


def page(client: Client, fund: Fund, language: str = "en", **query: str) -> str:
    return client.get(
        reverse("give", args=[fund.pk]), query, headers={"Accept-Language": language}
    ).content.decode()


def errors_of(html: str) -> dict[str, str]:
    """What stands beside each field."""
    found = re.findall(r'<ul class="field-errors" id="id_(\w+)_error"><li><span>(.*?)</span>', html)
    return dict(found)


@pytest.fixture
def english(client: Client) -> Client:
    client.cookies["linli_language"] = "en"
    return client


# What stands on the page


def test_the_page_says_who_asks_for_what_and_how_to_query(client: Client, open_fund: Fund) -> None:
    html = page(client, open_fund)
    foundation = open_fund.foundation
    for fact in (
        str(foundation), foundation.certificate_number, open_fund.plan.filing_number, "独居老人",
        foundation.contact_phone, foundation.how_to_query,
    ):  # fmt: skip
        assert fact in html


def test_nothing_that_costs_money_is_chosen_beforehand(client: Client, open_fund: Fund) -> None:
    html = page(client, open_fund)
    ticked = re.findall(r'<input[^>]*name="(\w+)"[^>]*checked', html)
    assert set(ticked) == {"rhythm", "donor_kind", "shown_as"}
    assert re.search(r'value="once"[^>]*checked', html)
    assert re.search(r'value="masked"[^>]*checked', html)


def test_a_sponsor_who_matches_is_named_with_what_is_left(client: Client, open_fund: Fund) -> None:
    today = timezone.localdate()
    pot = create_pot(
        foundation=open_fund.foundation, fund=open_fund, sponsor="海风咖啡", percent=100,
        starts_on=today, ends_on=today + timedelta(days=9), by=None,
    )  # fmt: skip
    book_pot(pot=pot, key="1", amount_minor=123_400, happened_on=today, by=None)
    html = page(client, open_fund)
    assert "海风咖啡" in html
    assert "CN¥1,234.00" in html


def test_browsers_are_told_that_the_form_leads_to_the_payment_service(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    policy = client.get(reverse("give", args=[open_fund.pk])).headers["Content-Security-Policy"]
    form_action = next(part for part in policy.split("; ") if part.startswith("form-action"))
    assert "https://checkout.stripe.com" in form_action
    assert fake_stripe.url in form_action
    elsewhere = client.get(reverse("proposal_rounds")).headers["Content-Security-Policy"]
    assert "stripe" not in elsewhere


def test_the_page_is_in_chinese_as_well(client: Client, open_fund: Fund) -> None:
    html = page(client, open_fund, language="zh-CN")
    assert 'lang="zh-Hans"' in html
    assert "¥100.00" in html
    assert "CN¥" not in html


# Giving


def test_a_gift_begins_with_our_row_and_leads_to_the_payment(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    answer = press(
        client, open_fund, dedication="给奶奶", message="加油", waives_receipt="on", shown_as="full"
    )
    gift = Gift.objects.get()
    assert answer.status_code == 302
    assert answer.url.startswith(fake_stripe.url)
    assert session_of(answer.url) == gift.session_ref
    assert (gift.state, gift.amount_minor, gift.currency) == ("started", 10_000, "CNY")
    assert (gift.donor_name, gift.shown_as, gift.dedication) == ("王小明", "full", "给奶奶")
    assert (gift.message, gift.message_state, gift.waives_receipt) == ("加油", "waiting", True)
    assert gift.expires_at is not None
    assert gift.donor is not None
    assert gift.donor.email == "wang@example.org"
    session = sessions(fake_stripe)[0]
    assert (session.amount_total, session.currency, session.mode) == (10_000, "cny", "payment")


def test_a_monthly_gift_is_by_card_only(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    press(client, open_fund, rhythm="monthly", dedication="给奶奶", suggested="5000", amount="")
    monthly = MonthlyGift.objects.get()
    session = sessions(fake_stripe)[0]
    assert (session.mode, session.payment_method_types) == ("subscription", ["card"])
    assert (monthly.amount_minor, monthly.dedication) == (5_000, "给奶奶")
    assert not Gift.objects.exists()


def test_the_fee_is_added_by_choice_and_reckoned_here(client: Client, open_fund: Fund) -> None:
    press(client, open_fund, covers_fee="on", cover_minor="1")
    gift = Gift.objects.get()
    # (100.00 + 1.00) / (1 - 3.4 %), rounded up
    assert (gift.amount_minor, gift.cover_minor) == (10_456, 456)


def test_a_company_gives_with_its_credit_code(client: Client, open_fund: Fund) -> None:
    press(
        client, open_fund, donor_kind="company", name="海风咖啡有限公司",
        credit_code="91110000600037341l",
    )  # fmt: skip
    donor = Donor.objects.get()
    assert (donor.kind, donor.name) == ("company", "海风咖啡有限公司")
    assert donor.credit_code == "91110000600037341L"


def test_nobody_need_say_who_they_are(client: Client, open_fund: Fund) -> None:
    answer = press(client, open_fund, name="", email="", shown_as="anonymous")
    assert answer.status_code == 302
    assert Gift.objects.get().donor is None


@pytest.mark.parametrize(
    ("currency", "typed", "minor", "stripe_amount"),
    [("JPY", "1000", 1000, 1000), ("KWD", "1.250", 1250, 1250), ("EUR", "9,999.5", 999_950, None)],
)
def test_other_currencies_are_whole_minor_units(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe, currency: str, typed: str, minor: int,
    stripe_amount: int | None,
) -> None:  # fmt: skip
    fund = create_fund(
        foundation=open_fund.foundation, name=f"海外 {currency}", purpose="热饭", by=None,
        currency=currency,
    )  # fmt: skip
    file_plan(fund)
    answer = press(client, fund, amount=typed)
    assert answer.status_code == 302, errors_of(answer.content.decode())
    assert Gift.objects.get().amount_minor == minor
    assert sessions(fake_stripe)[0].amount_total == (stripe_amount or minor)


# What is wrong stands beside its field, and nothing typed is lost


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"amount": ""}, "amount", "Please choose an amount or write one."),
        ({"amount": "abc"}, "amount", "Please write an amount such as 100 or 100.50."),
        ({"amount": "10.005"}, "amount", "CNY has at most 2 decimals."),
        ({"amount": "3.99"}, "amount", "Please give CN¥4.00 or more."),
        ({"amount": "9" * 30}, "amount", "This amount is too great. Please look at it once more."),
        ({"amount": "50000.01"}, "amount", "At most CN¥50,000.00 can be given here at once."),
        ({"amount": "US$100"}, "amount", "This amount names another currency."),
        ({"suggested": "5000"}, "amount", "You chose CN¥50.00 and wrote another amount here."),
        ({"donor_kind": "company", "name": ""}, "name", "Please write the name of the company"),
        ({"credit_code": "123"}, "credit_code", "This is not a unified social credit code."),
        ({"email": "not a mail"}, "email", "Enter a valid email address."),
        ({"name": "😀"}, "name", "Please write the name in letters only, without pictures."),
    ],
)
def test_a_mistake_is_said_beside_its_field(
    english: Client, open_fund: Fund, fields: dict[str, str], field: str, sentence: str
) -> None:
    answer = press(english, open_fund, dedication="给奶奶", **fields)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in errors_of(html)[field]
    assert 'value="给奶奶"' in html
    assert not Gift.objects.exists()


def test_three_decimals_end_in_zero_because_cards_carry_two(
    english: Client, open_fund: Fund
) -> None:
    fund = create_fund(
        foundation=open_fund.foundation, name="海外", purpose="热饭", by=None, currency="KWD"
    )
    file_plan(fund)
    html = press(english, fund, amount="1.251").content.decode()
    assert errors_of(html)["amount"] == "In this currency the last decimal has to be 0."


@pytest.mark.parametrize(
    "fields",
    [
        {"nonce": "x"}, {"nonce": ""}, {"rhythm": "daily"}, {"suggested": "-1"},
        {"amount": "9" * 5000}, {"donor_kind": "x"}, {"shown_as": ""}, {"message": "x" * 5000},
        {"email": "a" * 500 + "@example.org"}, {"challenge": "x" * 9000, "wait": "\ud7ff"},
        {"proof": "９"}, {"proof": "-1"}, {"proof": "9" * 4000},
    ],
)  # fmt: skip
def test_garbage_is_answered_and_begins_nothing(
    client: Client, open_fund: Fund, fields: dict[str, str]
) -> None:
    assert press(client, open_fund, **fields).status_code == 422
    assert not Gift.objects.exists()


def test_a_message_of_two_hundred_characters_with_lines_fits(
    client: Client, open_fund: Fund
) -> None:
    press(client, open_fund, message="好" * 99 + "\r\n" + "好" * 100)
    assert len(Gift.objects.get().message) == 200


def test_no_address_of_the_form_is_a_fund_that_does_not_exist(client: Client, db: Any) -> None:
    assert client.get("/give/999999999/").status_code == 404
    assert client.get("/give/99999999999999999999999/").status_code == 404


# Who may give, and when nobody can


def test_without_the_facts_of_the_law_nobody_can_give(
    client: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    fields = opened(client, open_fund)
    open_checkout(open_fund.foundation, certificate_number="")
    assert "data-give" not in page(client, open_fund)
    assert send(client, open_fund, fields).status_code == 200
    assert not Gift.objects.exists()
    assert sessions(fake_stripe) == []


def test_a_foundation_that_collects_on_a_platform_leads_there(
    client: Client, open_fund: Fund
) -> None:
    open_checkout(
        open_fund.foundation, mode=Foundation.Mode.LINK_OUT, platform_name="腾讯公益",
        platform_url="https://gongyi.example/",
    )  # fmt: skip
    html = page(client, open_fund)
    assert "腾讯公益" in html
    assert 'href="https://gongyi.example/"' in html
    assert "data-give" not in html


def test_members_only_means_members_only(client: Client, open_fund: Fund, alice: User) -> None:
    foundation = open_fund.foundation
    member = make_user(name="会员", phone="+8613800000077")
    FoundationMember.objects.create(
        foundation=foundation, user=member, joined_on=timezone.localdate()
    )
    fields = opened(client, open_fund)
    open_checkout(foundation, mode=Foundation.Mode.DIRECTED)
    send(client, open_fund, fields)
    client.force_login(alice)
    send(client, open_fund, fields)
    assert not Gift.objects.exists()
    client.force_login(member)
    assert press(client, open_fund).status_code == 302


def test_mutual_aid_is_for_those_who_live_there(
    client: Client, open_fund: Fund, alice: User, street: Territory
) -> None:
    """Alice lives in the foundation's community, her neighbour in another one."""
    from tests.cast import make_territory

    other = make_territory(level=5, code="370202001002", name="别的社区", parent=street)
    elsewhere = make_user(name="远亲", phone="+8613800000078")
    make_volunteer(user=elsewhere, name="远亲", community=other)
    open_checkout(open_fund.foundation, mode=Foundation.Mode.MUTUAL_AID)
    assert "data-give" not in page(client, open_fund)
    client.force_login(elsewhere)
    assert "data-give" not in page(client, open_fund)
    client.force_login(alice)
    assert press(client, open_fund).status_code == 302


# Accounts


def test_who_is_signed_in_finds_the_own_name_and_proves_nothing(
    client: Client, open_fund: Fund, alice: User
) -> None:
    client.force_login(alice)
    html = page(client, open_fund)
    assert 'value="林爱丽"' in html
    assert "data-challenge" not in html
    assert press(client, open_fund).status_code == 302
    assert Gift.objects.get().donor.user == alice  # type: ignore[union-attr]


def test_a_neighbours_address_does_not_open_their_gifts(
    client: Client, open_fund: Fund, alice: User, dai: User
) -> None:
    """Dai writes Alice's address: the confirmation goes there, Alice's own gifts stay hers."""
    press(client, open_fund, email="alice@example.org", name="林爱丽")
    client.force_login(dai)
    press(client, open_fund, email="alice@example.org", name="戴外人")
    visitor, account = Donor.objects.order_by("pk")
    assert (visitor.user, visitor.name) == (None, "林爱丽")
    assert (account.user, account.name) == (dai, "戴外人")


def test_the_same_address_is_the_same_donor(client: Client, open_fund: Fund) -> None:
    press(client, open_fund, email="Wang@Example.org")
    press(client, open_fund, email="wang@example.org", name="别的名字")
    assert Donor.objects.get().name == "王小明"
    assert list(Gift.objects.order_by("pk").values_list("donor_name", flat=True)) == [
        "王小明",
        "别的名字",
    ]


# Trouble at the payment service


def test_a_silent_payment_service_loses_nothing_and_the_form_may_be_sent_again(
    english: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    fields = opened(english, open_fund) | {"dedication": "给奶奶"}
    fake_stripe.control.fail_next(fault="outage", count=2)  # the library tries once more itself
    answer = send(english, open_fund, fields)
    assert "does not answer just now" in answer.content.decode()
    assert 'value="给奶奶"' in answer.content.decode()
    assert send(english, open_fund, fields).status_code == 302
    assert Gift.objects.count() == 1
    assert len(sessions(fake_stripe)) == 1


def test_what_the_payment_service_refuses_is_over_and_the_form_begins_anew(
    english: Client, open_fund: Fund, fake_stripe: FakeStripe, settings: Any
) -> None:
    settings.LINLI_GIVING_AMOUNTS = {"CNY": (100, 5_000_000, [2_000])}
    fields = opened(english, open_fund)
    answer = send(english, open_fund, fields | {"amount": "1"})
    html = answer.content.decode()
    assert "does not take so small an amount" in errors_of(html)["amount"]
    assert Gift.objects.get().state == "failed"
    assert fields["nonce"] not in html


def test_changing_the_amount_after_coming_back_is_not_the_old_payment(
    english: Client, open_fund: Fund, fake_stripe: FakeStripe
) -> None:
    """The browser's back button shows the form with the nonce it was sent with."""
    fields = opened(english, open_fund)
    assert send(english, open_fund, fields).status_code == 302
    answer = send(english, open_fund, fields | {"amount": "200"})
    assert answer.status_code == 422
    assert "then changed something" in answer.content.decode()
    again = send(english, open_fund, hidden_of(answer.content.decode()) | {"amount": "200"})
    assert again.status_code == 302
    assert sorted(Gift.objects.values_list("amount_minor", flat=True)) == [10_000, 20_000]


def test_a_form_that_was_used_by_somebody_else_leads_nowhere(
    client: Client, open_fund: Fund, alice: User
) -> None:
    client.force_login(alice)
    fields = opened(client, open_fund)
    send(client, open_fund, fields)
    stranger = Client()
    theirs = opened(stranger, open_fund)
    answer = send(stranger, open_fund, theirs | {"nonce": fields["nonce"]})
    assert answer.status_code == 422
    assert Gift.objects.count() == 1
