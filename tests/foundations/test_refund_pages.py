"""The office's pages of refunds: each role, and ids of the other foundation."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from foundations.actions import refunds as actions
from foundations.actions.books import give_role
from foundations.models import FoundationRole, Refund
from tests.cast import make_user
from tests.foundations.recon_cast import now_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]
State = Refund.State
Role = FoundationRole.Role


@pytest.fixture
def viewer(books):
    user = make_user(name="韦观", phone="+8613800000043", email="wei@linli.example")
    give_role(foundation=books, user=user, role=Role.VIEWER, by=None)
    return user


@pytest.fixture
def outsider(other_foundation, dai):
    """Dai is the treasurer of the other foundation."""
    give_role(foundation=other_foundation, user=dai, role=Role.TREASURER, by=None)
    return dai


@pytest.fixture
def asked(cash_gift, chen):
    return actions.ask_refund(gift=cash_gift(), amount_minor=4_000, reason="付错了", by=chen)


def page(client, user, name, *args, query="", **post):
    client.force_login(user)
    url = reverse(f"refunds:{name}", args=args) + query
    asked_for = {"headers": {"accept-language": "en"}, "follow": True}
    return client.post(url, post, **asked_for) if post else client.get(url, **asked_for)


def press(client, user, name, refund):
    return page(client, user, name, refund.pk, pressed="1")


def words(response):
    assert response.status_code == 200
    return response.content.decode()


def is_refused(response):
    """Wagtail leads whoever may not to its first page, with a sentence."""
    return response.redirect_chain == [(reverse("wagtailadmin_home"), 302)]


def ask_form(amount="40", reason="付错了", nonce=None):
    return {"amount": amount, "reason": reason, "nonce": str(nonce or uuid.uuid4())}


def test_a_bookkeeper_asks_at_the_gift_and_a_treasurer_approves(client, cash_gift, chen, tan):
    gift = cash_gift()
    query = f"?gift={gift.pk}"
    form = words(page(client, chen, "add", query=query))
    assert 'value="100.00"' in form
    shown = words(page(client, chen, "add", query=query, **ask_form("40.5")))
    refund = Refund.objects.get()
    assert (refund.amount_minor, refund.asked_by, refund.state) == (4_050, chen, State.ASKED)
    assert "You asked for this yourself" in shown
    assert reverse("refunds:approve", args=[refund.pk]) not in shown

    listed = words(page(client, tan, "index", query="?step=to_approve"))
    assert refund.number in listed
    assert reverse("refunds:approve", args=[refund.pk]) in words(
        page(client, tan, "inspect", refund.pk)
    )
    after = words(press(client, tan, "approve", refund))
    assert now_of(refund).state == State.APPROVED
    assert "Taken out of the fund" in after
    assert refund.number not in words(page(client, tan, "index", query="?step=to_approve"))
    assert refund.number in words(page(client, tan, "index", query="?step=by_hand"))


def test_a_form_that_is_sent_twice_asks_once(client, cash_gift, chen):
    gift, form = cash_gift(), ask_form()
    for _time in range(2):
        words(page(client, chen, "add", query=f"?gift={gift.pk}", **form))
    assert Refund.objects.count() == 1


@pytest.mark.parametrize(
    ("amount", "reason", "sentence"),
    [
        ("200", "付错了", "Only CN¥100.00 of it is left."),
        ("viel", "付错了", "Please write an amount such as 100 or 100.50."),
        ("0", "付错了", "Please write an amount above zero."),
        ("1.234", "付错了", "CNY has at most 2 decimals."),
        ("9" * 39, "付错了", "This amount is too great."),
        ("40", "", "This field is required."),
        ("40", "a\0b", "Null characters are not allowed."),
    ],
)
def test_bad_input_gets_a_sentence_and_loses_nothing(
    client, cash_gift, chen, amount, reason, sentence
):
    gift = cash_gift()
    form = ask_form(amount, reason)
    answer = words(page(client, chen, "add", query=f"?gift={gift.pk}", **form))
    assert sentence in answer
    assert f'value="{amount}"' in answer
    assert form["nonce"] in answer
    assert not Refund.objects.exists()


@pytest.mark.parametrize("query", ["", "?gift=", "?gift=abc", "?gift=-1", f"?gift={'9' * 30}"])
def test_without_a_gift_there_is_nothing_to_ask(client, chen, query):
    assert page(client, chen, "add", query=query).status_code == 404


def test_who_asked_cannot_press_approve_and_a_bookkeeper_cannot_at_all(
    client, cash_gift, tan, chen
):
    own = actions.ask_refund(gift=cash_gift(), amount_minor=100, reason="付错了", by=tan)
    assert "Somebody else has to approve it" in words(press(client, tan, "approve", own))
    assert now_of(own).state == State.ASKED
    assert is_refused(press(client, chen, "approve", own))
    assert now_of(own).state == State.ASKED


def test_a_viewer_sees_and_does_nothing(client, viewer, asked):
    shown = words(page(client, viewer, "inspect", asked.pk))
    assert asked.number in shown
    for name in ("approve", "again", "came_back"):
        assert reverse(f"refunds:{name}", args=[asked.pk]) not in shown
        assert is_refused(press(client, viewer, name, asked))
    for name in ("reject", "paid", "waive"):
        assert is_refused(page(client, viewer, name, asked.pk))
    assert is_refused(page(client, viewer, "add", query=f"?gift={asked.gift_id}"))
    assert now_of(asked).state == State.ASKED


def test_nothing_of_another_foundation_is_seen_guessed_or_changed(client, outsider, asked):
    assert asked.number not in words(page(client, outsider, "index"))
    for name in ("inspect", "reject", "paid", "waive"):
        assert page(client, outsider, name, asked.pk).status_code == 404
    for name in ("approve", "again", "came_back"):
        assert press(client, outsider, name, asked).status_code == 404
    for name, form in {
        "reject": {"reason": "x"},
        "paid": {"out_of": "bank", "paid_on": str(timezone.localdate())},
        "waive": {"reason": "x"},
    }.items():
        assert page(client, outsider, name, asked.pk, **form).status_code == 404
    assert page(client, outsider, "add", query=f"?gift={asked.gift_id}").status_code == 404
    query = f"?gift={asked.gift_id}"
    assert page(client, outsider, "add", query=query, **ask_form()).status_code == 404
    assert now_of(asked).state == State.ASKED
    assert Refund.objects.count() == 1


def test_strangers_are_led_to_log_in(client, asked):
    answer = client.get(reverse("refunds:inspect", args=[asked.pk]))
    assert answer.status_code == 302
    assert "login" in answer["Location"]


def test_a_treasurer_rejects_with_a_reason_that_is_read(client, chen, tan, asked):
    answer = words(page(client, tan, "reject", asked.pk, reason=""))
    assert "This field is required." in answer
    words(page(client, tan, "reject", asked.pk, reason="金额不对"))
    assert now_of(asked).state == State.REJECTED
    assert "金额不对" in words(page(client, chen, "inspect", asked.pk))


def test_who_asked_takes_it_back(client, chen, asked):
    words(page(client, chen, "reject", asked.pk, reason="按错了"))
    assert now_of(asked).state == State.REJECTED


def test_a_refund_out_of_the_bank_is_written_down_by_the_bookkeeper(client, chen, tan, asked):
    actions.approve_refund(refund=asked, by=tan)
    today = str(timezone.localdate())
    assert "Paid by hand" in words(page(client, chen, "inspect", asked.pk))
    wrong = words(page(client, chen, "paid", asked.pk, out_of="bank", paid_on="2999-01-01"))
    assert "This day is still to come." in wrong
    empty = words(page(client, chen, "paid", asked.pk, out_of="cash", paid_on=today))
    assert now_of(asked).state == State.APPROVED
    assert "Cash" in empty
    done = words(page(client, chen, "paid", asked.pk, out_of="bank", paid_on=today))
    assert now_of(asked).state == State.PAID
    assert "Money left the bank" in done
    back = words(press(client, chen, "came_back", asked))
    assert now_of(asked).state == State.FAILED
    assert "The donor&#x27;s bank sent the money back." in back


def test_only_a_treasurer_lets_a_refund_stay_with_us(client, chen, tan, asked):
    actions.approve_refund(refund=asked, by=tan)
    assert is_refused(page(client, chen, "waive", asked.pk))
    words(page(client, tan, "waive", asked.pk, reason="电话里说的"))
    assert now_of(asked).state == State.WAIVED
    assert "电话里说的" in words(page(client, tan, "inspect", asked.pk))


def test_wrong_methods_and_garbage_answer_politely(client, chen, asked):
    client.force_login(chen)
    assert client.get(reverse("refunds:approve", args=[asked.pk])).status_code == 405
    listed = client.get(
        reverse("refunds:index"), {"step": "x", "fund": "a\0", "q": "\0", "p": "9" * 50}
    )
    assert listed.status_code in {200, 404}
    assert client.get(f"/admin/refunds/inspect/{'9' * 25}/").status_code == 404
