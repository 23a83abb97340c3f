"""The office's pages of differences, notifications set aside and disputes, for each role."""

from __future__ import annotations

import csv
import io
import itertools
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from foundations.actions.books import give_role
from foundations.actions.reconciliation import resolve_difference
from foundations.models import Difference, Dispute, FoundationRole, GatewayMark, WebhookEvent
from tests.cast import make_user
from tests.foundations.recon_cast import compared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]
Role = FoundationRole.Role
Aside = WebhookEvent.State.QUARANTINED
_numbers = itertools.count()


@pytest.fixture
def viewer(books):
    user = make_user(name="韦观", phone="+8613800000043", email="wei@linli.example")
    give_role(foundation=books, user=user, role=Role.VIEWER, by=None)
    return user


@pytest.fixture
def outsider(other_foundation, dai):
    give_role(foundation=other_foundation, user=dai, role=Role.TREASURER, by=None)
    return dai


@pytest.fixture
def difference(foundation):
    GatewayMark.objects.create(
        foundation=foundation, gateway="stripe", reconciled_at=timezone.now(),
        ledger_to=timezone.now(),
    )  # fmt: skip
    return Difference.objects.create(
        foundation=foundation, gateway="stripe", kind="missing_here", ref="charge:txn_77@CNY",
        theirs_minor=12_345, currency="CNY", happened_on=timezone.localdate(),
    )  # fmt: skip


def set_aside(foundation, **fields):
    return WebhookEvent.objects.create(
        **{
            "gateway": "stripe", "event_ref": f"evt_{next(_numbers)}", "kind": "refund.created",
            "object_ref": "re_1", "happened_at": timezone.now(), "state": Aside, "tries": 3,
            "reason": "unknown_gift", "foundation": foundation, "account_ref": "acct_of_it",
        }
        | fields
    )  # fmt: skip


def page(client, user, name, *args, query="", **post):
    client.force_login(user)
    url = reverse(f"reconciliation:{name}", args=args) + query
    asked_for = {"headers": {"accept-language": "en"}, "follow": True}
    return client.post(url, post, **asked_for) if post else client.get(url, **asked_for)


def words(response):
    assert response.status_code == 200
    return response.content.decode()


def is_refused(response):
    """Wagtail leads whoever may not to its first page, with a sentence."""
    return response.redirect_chain == [(reverse("wagtailadmin_home"), 302)]


def test_a_bookkeeper_writes_what_a_difference_is(client, chen, tan, difference):
    shown = words(page(client, chen, "index"))
    assert "txn_77" in shown
    assert "CN¥123.45" in shown
    assert "-CN¥123.45" in shown
    empty = words(page(client, chen, "resolve", difference.pk, note="  "))
    assert "Please write what it is" in empty

    after = words(page(client, chen, "resolve", difference.pk, note="平台的账户月费"))

    assert "txn_77" not in after
    assert "Everything agrees" in after
    before = words(page(client, tan, "history"))
    assert "平台的账户月费" in before
    assert "txn_77" in before


def test_a_note_that_is_too_long_is_kept_to_be_shortened(client, chen, difference):
    note = "长" * 401
    answer = words(page(client, chen, "resolve", difference.pk, note=note))
    assert note in answer
    assert "at most 400 characters" in answer
    assert "Null characters" in words(page(client, chen, "resolve", difference.pk, note="a\0"))
    difference.refresh_from_db()
    assert difference.resolved_at is None


def test_who_comes_second_is_told(client, chen, tan, difference):
    resolve_difference(difference=difference, note="月费", by=chen)
    page(client, tan, "resolve", difference.pk, note="我也看过")
    difference.refresh_from_db()
    assert (difference.resolved_by, difference.note) == (chen, "月费")


def test_a_viewer_sees_and_writes_nothing(client, viewer, foundation, difference):
    event = set_aside(foundation)
    shown = words(page(client, viewer, "index"))
    assert "txn_77" in shown
    assert reverse("reconciliation:resolve", args=[difference.pk]) not in shown
    assert is_refused(page(client, viewer, "resolve", difference.pk, note="x"))
    assert reverse("reconciliation:again", args=[event.pk]) not in words(
        page(client, viewer, "notifications")
    )
    assert is_refused(page(client, viewer, "again", event.pk, pressed="1"))
    assert is_refused(page(client, viewer, "nothing", event.pk, note="x"))
    difference.refresh_from_db(), event.refresh_from_db()
    assert (difference.resolved_at, event.state) == (None, Aside)


def test_nothing_of_another_foundation_is_seen_guessed_or_changed(
    client, outsider, foundation, difference, cash_gift
):
    event = set_aside(foundation, object_ref="re_secret")
    dispute_of(cash_gift(), ref="du_secret")
    for name in ("index", "history", "notifications", "disputes"):
        shown = words(page(client, outsider, name))
        assert not {"txn_77", "re_secret", "du_secret", str(foundation)} & set(shown.split())
        assert str(foundation) not in shown
    assert page(client, outsider, "resolve", difference.pk, note="x").status_code == 404
    assert page(client, outsider, "compare", foundation.pk, pressed="1").status_code == 404
    assert page(client, outsider, "again", event.pk, pressed="1").status_code == 404
    assert page(client, outsider, "nothing", event.pk, note="x").status_code == 404
    assert "txn_77" not in table(page(client, outsider, "csv", query="?all=1"))
    difference.refresh_from_db(), event.refresh_from_db()
    assert (difference.resolved_at, event.state) == (None, Aside)


def test_who_has_no_role_and_strangers_stay_outside(client, alice, difference):
    for name in ("index", "history", "notifications", "disputes", "csv"):
        address = reverse(f"reconciliation:{name}")
        assert client.get(address).status_code == 302
    client.force_login(alice)
    for name in ("index", "history", "notifications", "disputes", "csv"):
        assert client.get(reverse(f"reconciliation:{name}")).status_code in {302, 403}


def table(response):
    return b"".join(response.streaming_content).decode()


def test_the_differences_as_a_table_for_a_spreadsheet(client, chen, foundation, difference):
    fee = Difference.objects.create(
        foundation=foundation, gateway="stripe", kind="fee", ref="fee:G1@KWD", ours_minor=-1_230,
        theirs_minor=-1_240, currency="KWD", happened_on=timezone.localdate(),
    )  # fmt: skip
    text = table(page(client, chen, "csv"))
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [(row["Kind"], row["What it is about"], row["Name"]) for row in rows] == [
        ("Another fee", "Fees", "G1"), ("Not in our books", "Gift", "txn_77"),
    ]  # fmt: skip
    assert [(r["In our books"], r["At the payment service"], r["Apart"]) for r in rows] == [
        ("-1.230", "-1.240", "0.010"), ("", "123.45", "-123.45"),
    ]  # fmt: skip
    resolve_difference(difference=fee, note="=1+1", by=chen)
    assert len(table(page(client, chen, "csv")).splitlines()) == 2
    assert "'=1+1" in table(page(client, chen, "csv", query="?all=1"))


def test_compare_now_leaves_a_message_for_the_worker(client, chen, foundation):
    foundation.stripe_account = "acct_1"
    foundation.save()
    assert "Not compared yet." in words(page(client, chen, "index"))
    answer = words(page(client, chen, "compare", foundation.pk, pressed="1"))
    assert "The comparison is under way." in answer


def test_a_gateway_that_could_not_be_read_is_said(client, chen, foundation, difference):
    GatewayMark.objects.update(trouble="unreachable")
    assert "The payment service did not answer." in words(page(client, chen, "index"))
    GatewayMark.objects.update(trouble="strange_code")
    assert "The payment service said: strange_code" in words(page(client, chen, "index"))


def test_balances_stand_side_by_side(client, chen, shop, foundation, known_gift, paid_gift):
    gift = known_gift(10_000)
    assert compared(foundation) == []
    shown = words(page(client, chen, "index"))
    assert "Everything agrees, to the cent." in shown
    assert f"CN¥{(10_000 - gift.fee_minor) / 100:.2f}" in shown


# Notifications set aside


def test_a_notification_is_tried_again_or_needs_nothing(client, chen, foundation):
    again, nothing = set_aside(foundation), set_aside(foundation, trouble="Only CN¥1 is left.")
    shown = words(page(client, chen, "notifications"))
    assert "It is about a payment that did not begin here." in shown
    assert "Only CN¥1 is left." in shown

    words(page(client, chen, "again", again.pk, pressed="1"))
    assert "Please write what it is" in words(page(client, chen, "nothing", nothing.pk, note=""))
    after = words(page(client, chen, "nothing", nothing.pk, note="别家网站的付款"))

    again.refresh_from_db(), nothing.refresh_from_db()
    assert (again.state, again.tries, again.reason) == (WebhookEvent.State.OWED, 0, "")
    assert (nothing.state, nothing.reason) == (WebhookEvent.State.IGNORED, "nothing_to_do")
    assert nothing.trouble == "别家网站的付款"
    assert "That is good news." in after
    # Pressed on an old page: nothing changes any more.
    page(client, chen, "again", nothing.pk, pressed="1")
    page(client, chen, "nothing", again.pk, note="x")
    again.refresh_from_db(), nothing.refresh_from_db()
    assert (again.state, nothing.state) == (WebhookEvent.State.OWED, WebhookEvent.State.IGNORED)


def test_what_is_no_foundations_only_the_sites_own_staff_see(client, chen, city_staff, foundation):
    event = set_aside(None, account_ref="acct_unknown", reason="unknown_account")
    assert "acct_unknown" not in words(page(client, chen, "notifications"))
    assert page(client, chen, "again", event.pk, pressed="1").status_code == 404
    assert "acct_unknown" in words(page(client, city_staff, "notifications"))
    words(page(client, city_staff, "nothing", event.pk, note="测试账户"))
    event.refresh_from_db()
    assert event.state == WebhookEvent.State.IGNORED


# Disputes


def dispute_of(gift, **fields):
    return Dispute.objects.create(
        **{
            "gift": gift, "foundation": gift.foundation, "ref": f"du_{next(_numbers)}",
            "amount_minor": 5_000, "fee_minor": 1_500, "currency": gift.currency,
            "reason": "fraudulent", "opened_at": timezone.now(),
        }
        | fields
    )  # fmt: skip


def test_disputes_stand_by_the_day_an_answer_is_due(client, viewer, cash_gift):
    now = timezone.now()
    closed = dispute_of(cash_gift(), state="won", closed_at=now, ref="du_closed")
    late = dispute_of(cash_gift(), answer_by=now + timedelta(days=7), ref="du_late")
    soon = dispute_of(cash_gift(), answer_by=now + timedelta(days=2), ref="du_soon")
    past = dispute_of(cash_gift(), answer_by=now - timedelta(days=1), ref="du_past")

    shown = words(page(client, viewer, "disputes"))

    order = [shown.index(dispute.ref) for dispute in (past, soon, late, closed)]
    assert order == sorted(order)
    assert "The donor says they did not pay this" in shown
    assert "The day is past" in shown


def test_wrong_methods_and_garbage_answer_politely(client, chen, difference):
    client.force_login(chen)
    assert client.get(reverse("reconciliation:resolve", args=[difference.pk])).status_code == 405
    assert client.post(reverse("reconciliation:index")).status_code == 405
    assert client.get(reverse("reconciliation:history"), {"page": "9" * 40}).status_code == 200
    assert client.get(reverse("reconciliation:disputes"), {"page": "\0"}).status_code == 200
    assert client.post(f"/admin/reconciliation/{'9' * 25}/resolve/").status_code == 404
