"""A donor's own gifts: found by account or by mail, never by anybody else."""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from cms.models import HomePage
from foundations import mail_links
from foundations.actions.entries import approve_expense
from foundations.actions.letters import send_next_letter
from foundations.actions.pages import open_foundation_branch
from foundations.actions.questions import AnsweredAlready, AnswerMissing, answer_question
from foundations.models import (
    BudgetLine,
    Confirmation,
    Disclosure,
    Dispute,
    Donor,
    FoundationIndexPage,
    FundPage,
    FundUpdatePage,
    Gift,
    Letter,
    Question,
    Refund,
    ShownAs,
)
from tests.foundations.donor_cast import WANG, begin, by_mail, give, monthly_of, prove_mail

pytestmark = pytest.mark.django_db
ENGLISH = {"Accept-Language": "en"}


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, name: str, *arguments: Any) -> str:
    answer = client.get(reverse(name, args=arguments), headers=ENGLISH)
    assert answer.status_code == 200
    return answer.content.decode()


def send_letters() -> None:
    while send_next_letter():
        pass


# By account


def test_an_account_sees_what_it_gave_in_every_foundation(
    alice, foundation, fund, other_foundation
):
    first = give(fund, 10_000, user=alice)
    elsewhere = give(other_foundation.funds.get(), 2_500, email="other@example.org", user=alice)
    text = page(client_of(alice), "my_gifts")
    for fact in (
        "CN¥100.00", "CN¥25.00", str(foundation), str(other_foundation),
        first.confirmation.number, elsewhere.confirmation.number,
    ):  # fmt: skip
        assert fact in text


def test_a_proven_address_shows_what_was_given_with_it_an_unproven_one_does_not(alice, bao, fund):
    gift = give(fund, email="Alice@Example.org")
    prove_mail(alice, "alice@example.org")
    prove_mail(bao, "Alice@Example.org", verified=False)
    assert gift.confirmation.number in page(client_of(alice), "my_gifts")
    assert gift.confirmation.number not in page(client_of(bao), "my_gifts")
    assert client_of(bao).get(reverse("my_gift", args=[gift.uuid])).status_code == 404


def test_an_account_that_wrote_anothers_address_opens_nothing_to_either(alice, bao, fund):
    """Bao is signed in and types Wang's mail: the gift is Bao's, and Wang's own stay Wang's."""
    own, typed = give(fund), begin(fund)
    typed.donor = Donor.objects.create(foundation=fund.foundation, email=WANG, user=bao)
    typed.save()
    wang = by_mail()
    assert wang.get(reverse("my_gift", args=[own.uuid])).status_code == 200
    assert wang.get(reverse("my_gift", args=[typed.uuid])).status_code == 404
    assert client_of(bao).get(reverse("my_gift", args=[typed.uuid])).status_code == 200
    assert client_of(bao).get(reverse("my_gift", args=[own.uuid])).status_code == 404
    prove_mail(bao, WANG)
    assert by_mail().get(reverse("my_gift", args=[typed.uuid])).status_code == 200
    assert client_of(bao).get(reverse("my_gift", args=[own.uuid])).status_code == 200


def test_what_was_only_begun_is_not_listed(alice, fund):
    prove_mail(alice, WANG)
    begun = begin(fund)
    assert begun.number not in page(client_of(alice), "my_gifts")
    assert "Begun" in page(client_of(alice), "my_gift", begun.uuid)


def test_whoever_is_nobody_yet_is_asked_for_the_address(fund):
    gift = give(fund)
    for name, arguments in (("my_gifts", []), ("my_gift", [gift.uuid])):
        answer = Client().get(reverse(name, args=arguments))
        assert (answer.status_code, answer["Location"]) == (302, reverse("find_gifts"))


# By mail


def test_a_link_in_the_mail_opens_the_gifts_of_that_mailbox(fund):
    gift, other = give(fund), give(fund, email="li@example.org")
    Letter.objects.all().delete()
    client = Client()
    answer = client.post(reverse("find_gifts"), {"email": "WANG@example.org"}, follow=True)
    assert answer.status_code == 200
    send_letters()
    (letter,) = mail.outbox
    assert letter.to == [WANG]
    address = re.search(r"http://testserver(/gifts/find/\S+)", letter.body)
    assert address
    text = client.get(address[1], follow=True, headers=ENGLISH).content.decode()
    assert gift.confirmation.number in text
    assert other.confirmation.number not in text
    assert client.get(reverse("my_gift", args=[gift.uuid])).status_code == 200
    assert client.get(reverse("my_gift", args=[other.uuid])).status_code == 404


def test_the_answer_is_the_same_whether_or_not_the_address_has_given(fund):
    give(fund)
    Letter.objects.all().delete()
    answers = {
        Client()
        .post(reverse("find_gifts"), {"email": email}, follow=True, headers=ENGLISH)
        .content.decode()
        .count("Please look into your mailbox")
        for email in (WANG, "nobody@example.org")
    }
    assert answers == {1}
    assert list(Letter.objects.values_list("email", flat=True)) == [WANG]


def test_an_address_is_written_to_three_times_an_hour_and_nobody_is_told(fund):
    give(fund)
    Letter.objects.all().delete()
    for _again in range(6):
        answer = Client().post(reverse("find_gifts"), {"email": WANG})
        assert answer.status_code == 302
    assert Letter.objects.count() == 3


def test_somebody_who_tries_many_addresses_is_stopped(fund, monkeypatch):
    monkeypatch.setattr("foundations.views.donor.LINKS_AN_ADDRESS_AN_HOUR", 3)
    answers = [
        Client().post(reverse("find_gifts"), {"email": f"donor{count}@example.org"}).status_code
        for count in range(5)
    ]
    assert answers == [302, 302, 302, 200, 200]


def test_a_link_works_for_an_hour(fund, monkeypatch):
    gift = give(fund)
    token = mail_links.link_token(email=WANG)
    monkeypatch.setattr(mail_links, "LINK_SECONDS", -1)
    client = Client()
    assert client.get(reverse("open_gifts", args=[token]))["Location"] == reverse("find_gifts")
    assert client.get(reverse("my_gift", args=[gift.uuid])).status_code == 302


@pytest.mark.parametrize("token", ["x", "a:b:c", "%00", WANG, "é"])
def test_a_made_up_link_opens_nothing(fund, token):
    give(fund)
    client = Client()
    client.get(f"/gifts/find/{token}/")
    assert client.get(reverse("my_gifts")).status_code == 302


def test_what_the_link_opened_is_shut_after_a_day_or_by_a_press(fund):
    give(fund)
    client = by_mail()
    assert client.get(reverse("my_gifts")).status_code == 200
    session = client.session
    session["mail_of_gifts"] |= {"until": timezone.now().timestamp() - 1}
    session.save()
    assert client.get(reverse("my_gifts")).status_code == 302
    client = by_mail()
    client.post(reverse("leave_gifts"))
    assert client.get(reverse("my_gifts")).status_code == 302


@pytest.mark.parametrize("email", ["", "no mail", "a@b\x00.c", "x" * 400 + "@example.org"])
def test_what_is_no_address_gets_a_sentence_and_stays_typed(email):
    answer = Client().post(reverse("find_gifts"), {"email": email}, headers=ENGLISH)
    assert answer.status_code == 200
    assert "field-errors" in answer.content.decode()


# Nobody else


def test_nobody_comes_to_anothers_gifts_by_any_of_their_addresses(fund, bao, dai, tan):
    gift = give(fund, monthly=monthly_of(fund))
    monthly = gift.monthly
    before = Gift.objects.values().get(pk=gift.pk)
    assert monthly is not None
    doors = [
        ("my_gift", gift.uuid), ("change_gift_name", gift.uuid), ("choose_receipt", gift.uuid),
        ("ask_about_gift", gift.uuid), ("my_monthly", monthly.uuid),
        ("change_monthly", monthly.uuid), ("stop_monthly", monthly.uuid),
        ("my_gift", gift.nonce), ("my_monthly", monthly.nonce), ("my_gift", uuid.uuid4()),
    ]  # fmt: skip
    sends = {
        "shown_as": "full", "receipt": "waived", "text": "?", "nonce": str(uuid.uuid4()),
        "amount": "1",
    }  # fmt: skip
    strangers = [
        Client(),
        client_of(bao),
        client_of(dai),
        client_of(tan),
        by_mail("li@example.org"),
    ]
    for client in strangers:
        for name, key in doors:
            address = reverse(name, args=[key])
            for answer in (client.get(address), client.post(address, sends)):
                led_away = answer.status_code == 302 and answer["Location"] == "/gifts/find/"
                assert led_away or answer.status_code in {404, 405}, (name, answer.status_code)
        year = client.get(reverse("gift_year", args=[gift.foundation_id, timezone.now().year]))
        assert year.status_code in {302, 404}
    assert Gift.objects.values().get(pk=gift.pk) == before
    assert not Question.objects.exists()
    monthly.refresh_from_db()
    assert (monthly.state, monthly.amount_minor) == ("active", 5_000)


def test_another_donors_gifts_are_not_in_the_copy_or_the_years_paper(fund):
    gift, other = give(fund), give(fund, 7_700, email="li@example.org")
    client = by_mail()
    copy = json.loads(client.get(reverse("my_gifts_copy")).content)
    assert [row["number"] for row in copy["gifts"]] == [gift.number]
    year = client.get(reverse("gift_year", args=[gift.foundation_id, timezone.localdate().year]))
    assert year["Content-Type"] == "application/pdf"
    assert other.number not in client.get(reverse("my_gifts_copy")).content.decode()
    for foundation_id, number in ((gift.foundation_id, 1999), (10**9, 2026), (1, 10**12)):
        assert client.get(f"/me/gifts/{foundation_id}/{number}/").status_code == 404


# One gift


def test_a_gift_tells_its_story_with_what_was_paid_back(fund, chen, tan):
    gift = give(fund)
    now = timezone.now()
    common = {
        "gift": gift, "foundation": gift.foundation, "currency": "CNY", "asked_by": chen,
        "approved_by": tan, "approved_at": now,
    }  # fmt: skip
    Refund.objects.create(number="R1", amount_minor=1_000, state="paid", paid_at=now, **common)
    Refund.objects.create(number="R2", amount_minor=2_000, state="pending", **common)
    Refund.objects.create(
        number="R3", amount_minor=3_000, state="asked", gift=gift, foundation=gift.foundation,
        currency="CNY", asked_by=chen,
    )  # fmt: skip
    Dispute.objects.create(
        gift=gift, foundation=gift.foundation, ref="dp_1", amount_minor=4_000, currency="CNY",
        opened_at=now, closed_at=now, state="won",
    )  # fmt: skip
    text = page(by_mail(), "my_gift", gift.uuid)
    for fact in (
        "CN¥10.00 paid back", "CN¥20.00 is on its way back", "Your bank took CN¥40.00 back",
        "Your bank gave it to the foundation again", "Paid",
    ):  # fmt: skip
        assert fact in text
    assert "CN¥30.00" not in text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("failed", "The payment did not work"),
        ("expired", "Not completed"),
        ("pending", "On its way"),
    ],
)
def test_a_gift_that_has_not_arrived_says_why(fund, state, words):
    gift = begin(fund, state=state, ended_at=timezone.now())
    text = page(by_mail(), "my_gift", gift.uuid)
    assert words in text
    assert "There is a confirmation once the money has arrived." in text


def test_a_gift_shows_what_became_of_the_money(fund, foundation, books, chen, tan, entered):
    give(fund, 100_000)
    line = BudgetLine.objects.create(
        fund=fund, name="大米", name_en="Rice", kind="programme", amount_minor=50_000
    )
    approve_expense(expense=entered(12_000, budget_line=line), by=tan)
    home = HomePage.objects.get()
    home.add_child(instance=FoundationIndexPage(title="公益基金", slug="foundations"))
    branch = open_foundation_branch(foundation=foundation, by=chen)
    told = FundPage(title="老人食堂", slug="canteen", fund=fund, summary="热饭", live=True)
    branch.add_child(instance=told)
    today = timezone.localdate()
    for title, day in (("第一袋米到了", today), ("去年的事", today - timedelta(days=300))):
        told.add_child(
            instance=FundUpdatePage(
                title=title, slug=f"u{day}", happened_on=day, text="<p>谢谢</p>", live=True
            )
        )
    Disclosure.objects.create(
        foundation=foundation, fund=fund, kind="progress", first_on=today, last_on=today,
        due_on=today, words="三个月里做了三百顿饭。", published_by=tan, published_at=timezone.now(),
    )  # fmt: skip
    gift = Gift.objects.get()
    text = page(by_mail(), "my_gift", gift.uuid)
    for fact in ("CN¥1,000.00", "CN¥120.00", "Rice", "第一袋米到了", "三个月里做了三百顿饭。"):
        assert fact in text
    assert "去年的事" not in text


def test_consent_to_the_name_can_be_withdrawn_at_any_time(fund):
    monthly = monthly_of(fund, shown_as=ShownAs.FULL)
    gift = give(fund, shown_as=ShownAs.FULL, monthly=monthly)
    client = by_mail()
    assert "王小善" in page(client, "my_gift", gift.uuid)
    client.post(reverse("change_gift_name", args=[gift.uuid]), {"shown_as": "anonymous"})
    gift.refresh_from_db()
    monthly.refresh_from_db()
    assert (gift.shown_as, monthly.shown_as) == (ShownAs.ANONYMOUS, ShownAs.ANONYMOUS)
    entry = ModelLogEntry.objects.get(action="foundations.change_shown_as")
    assert (entry.user, entry.data) == (None, {"from": "full", "to": "anonymous"})
    refused = client.post(reverse("change_gift_name", args=[gift.uuid]), {"shown_as": "king"})
    assert refused.status_code == 200
    assert "field-errors" in refused.content.decode()


def test_the_fiscal_receipt_is_waived_and_wanted_again_until_it_is_there(fund):
    gift = give(fund)
    client, address = by_mail(), reverse("choose_receipt", args=[gift.uuid])
    for word, is_waived in (("waived", True), ("waived", True), ("wanted", False)):
        client.post(address, {"receipt": word})
        assert Confirmation.objects.get(gift=gift).is_waived is is_waived
    Confirmation.objects.filter(gift=gift).update(fiscal_number="37010123")
    client.post(address, {"receipt": "waived"})
    assert Confirmation.objects.get(gift=gift).is_waived is False
    begun = begin(fund)
    assert client.post(reverse("choose_receipt", args=[begun.uuid])).status_code == 404


def test_a_question_is_asked_once_and_its_answer_comes_by_mail_and_stands_here(fund, chen):
    gift = give(fund, language="en")
    Letter.objects.all().delete()
    client, address = by_mail(), reverse("ask_about_gift", args=[gift.uuid])
    sends = {"text": "Has the rice come?", "nonce": str(uuid.uuid4())}
    for _press in range(2):
        assert client.post(address, sends).status_code == 302
    question = Question.objects.get()
    assert (question.email, question.gift, question.foundation) == (WANG, gift, gift.foundation)
    assert "Not answered yet" in page(client, "my_gift", gift.uuid)
    with pytest.raises(AnswerMissing):
        answer_question(question=question, answer="  ", by=chen)
    answer_question(question=question, answer="Twenty bags.", by=chen)
    with pytest.raises(AnsweredAlready):
        answer_question(question=question, answer="Thirty.", by=chen)
    assert "Twenty bags." in page(client, "my_gift", gift.uuid)
    send_letters()
    (letter,) = mail.outbox
    assert letter.to == [WANG]
    assert "Twenty bags." in letter.body


def test_a_nonce_belongs_to_whoever_used_it_first(fund):
    gift, other = give(fund), give(fund, email="li@example.org")
    sends = {"text": "?", "nonce": str(uuid.uuid4())}
    by_mail().post(reverse("ask_about_gift", args=[gift.uuid]), sends)
    answer = by_mail("li@example.org").post(
        reverse("ask_about_gift", args=[other.uuid]), sends, headers=ENGLISH
    )
    assert "used already" in answer.content.decode()
    assert Question.objects.get().gift == gift


def test_questions_do_not_pile_up_and_bad_ones_lose_nothing(fund):
    gift = give(fund)
    client, address = by_mail(), reverse("ask_about_gift", args=[gift.uuid])
    for text in ("", "a\x00b", "long " * 400):
        answer = client.post(address, {"text": text, "nonce": str(uuid.uuid4())})
        assert (answer.status_code, Question.objects.count()) == (200, 0)
    assert "long long" in answer.content.decode()
    answers = [
        client.post(address, {"text": f"{count}?", "nonce": str(uuid.uuid4())}).status_code
        for count in range(7)
    ]
    assert answers == [302] * 5 + [200] * 2


def test_many_gifts_have_pages_and_few_queries(fund, django_assert_max_num_queries):
    for _count in range(25):
        give(fund)
    client = by_mail()
    with django_assert_max_num_queries(20):
        text = page(client, "my_gifts")
    assert "1 of 2" in text
    assert client.get(reverse("my_gifts"), {"page": "x\x00"}).status_code == 200
