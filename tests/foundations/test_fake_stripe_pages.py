"""The fake Stripe's hosted pages, in real HTTP and in a real browser."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.conftest import PROJECT, free_port
from tests.fake_stripe import KEY
from tests.fake_stripe.fixtures import CONNECT_SECRET


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def visit(url, *, language="en", **typed):
    """The status, the address it leads to, and the page."""
    data = urllib.parse.urlencode(typed).encode() if typed else None
    request = urllib.request.Request(url, data=data, headers={"Accept-Language": language})
    try:
        with urllib.request.build_opener(NoRedirect).open(request) as answer:
            return answer.status, None, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers.get("Location"), answer.read().decode()


PRESS = {"email": "li@example.org", "name": "李 Li", "number": "4242 4242 4242 4242"}


def test_the_page_says_test_and_speaks_both_languages(open_session):
    session = open_session(amount=12_300)
    _, _, english = visit(session.url)
    _, _, chinese = visit(session.url, language="zh-CN,zh;q=0.9")
    for page in (english, chinese):
        assert "¥123.00" in page
        assert "为社区花园捐款" in page
    assert "TEST. This is not Stripe" in english
    assert "测试环境" in chinese
    assert "支付宝" in chinese
    assert "测试环境" in visit(open_session(locale="zh").url)[2]


@pytest.mark.parametrize("action", ["card", "alipay", "wechat_pay"])
def test_paying_leads_to_the_thanks_with_the_sessions_id(stripe_client, open_session, action):
    session = open_session()
    status, leads_to, _ = visit(session.url, action=action, **PRESS)
    assert (status, leads_to) == (303, f"http://site.example/thanks/?session={session.id}")
    paid = stripe_client.v1.checkout.sessions.retrieve(session.id)
    assert (paid.payment_status, paid.customer_details.email) == ("paid", "li@example.org")


def test_a_second_press_pays_nothing_more(stripe_client, open_session):
    session = open_session()
    first = visit(session.url, action="card", **PRESS)
    assert visit(session.url, action="card", **PRESS) == first
    assert len(stripe_client.v1.charges.list().data) == 1
    assert "no longer open" in visit(session.url)[2]


def test_eight_presses_at_once_pay_once(stripe_client, open_session):
    session = open_session()
    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(lambda _: visit(session.url, action="card", **PRESS)[0], range(8)))
    assert answers == {303}
    assert len(stripe_client.v1.charges.list().data) == 1


def test_a_declined_card_is_said_and_loses_nothing_typed(stripe_client, open_session):
    session = open_session()
    status, _, page = visit(session.url, action="decline", **PRESS)
    assert status == 402
    assert "The card was declined" in page
    assert 'value="li@example.org"' in page
    assert stripe_client.v1.checkout.sessions.retrieve(session.id).status == "open"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"number": "1234"}, "test cards work here"),
        ({"email": "nobody"}, "e-mail address is needed"),
    ],
)
def test_what_is_typed_wrong_is_said(open_session, typed, said):
    status, _, page = visit(open_session().url, action="card", **(PRESS | typed))
    assert status == 400
    assert said in page


@pytest.mark.parametrize(("action", "word"), [("later_ok", "paid"), ("later_no", "unpaid")])
def test_bank_transfers_are_decided_later(fake_stripe, stripe_client, open_session, action, word):
    session = open_session()
    assert visit(session.url, action=action, **PRESS)[0] == 303
    read = stripe_client.v1.checkout.sessions.retrieve
    assert (read(session.id).status, read(session.id).payment_status) == ("complete", "unpaid")
    fake_stripe.control.advance(seconds=24 * 3600)
    assert read(session.id).payment_status == word


def test_back_leaves_the_session_open(stripe_client, open_session):
    session = open_session()
    status, leads_to, _ = visit(session.url, action="back")
    assert (status, leads_to) == (303, "http://site.example/give/")
    assert stripe_client.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_an_expired_session_is_said_to_be_expired(fake_stripe, stripe_client, open_session):
    session = open_session()
    stripe_client.v1.checkout.sessions.expire(session.id)
    status, _, page = visit(session.url, action="card", **PRESS)
    assert status == 410
    assert "expired" in page
    assert stripe_client.v1.charges.list().data == []


def test_a_monthly_gift_is_paid_by_card_alone(open_session):
    page = visit(open_session(amount=5_000, monthly=True).url)[2]
    assert "every month" in page
    assert 'value="card"' in page
    assert 'value="alipay"' not in page
    assert 'value="later_ok"' not in page


def test_what_a_stranger_wrote_is_escaped(open_session):
    session = open_session(customer_email='"><script>x@y')
    assert "<script>" not in visit(session.url)[2]


def test_a_refused_month_is_paid_on_its_invoice(fake_stripe, stripe_client, paid_session):
    session = paid_session(amount=5_000, monthly=True)
    fake_stripe.control.fail_card(customer=session["customer"])
    invoice = fake_stripe.control.renew(subscription=session["subscription"])
    assert visit(invoice["hosted_invoice_url"], action="decline", **PRESS)[0] == 402
    assert "Paid." in visit(invoice["hosted_invoice_url"], action="card", **PRESS)[2]
    assert stripe_client.v1.invoices.retrieve(invoice["id"]).status == "paid"


def test_the_receipt_says_test_and_what_was_given_back(stripe_client, paid_session):
    session = paid_session()
    refund = stripe_client.v1.refunds.create({"payment_intent": session["payment_intent"]})
    charge = stripe_client.v1.charges.retrieve(refund.charge)
    page = visit(charge.receipt_url)[2]
    assert "TEST. This is not Stripe" in page
    assert "Refunded: ¥100.00" in page


def test_there_is_a_page_for_what_is_not_there(fake_stripe):
    for path in ("/nothing", "/c/pay/cs_test_nobody", "/receipts/acct_platform/ch_nobody"):
        status, _, page = visit(f"{fake_stripe.url}{path}")
        assert status == 404
        assert "TEST. This is not Stripe" in page


def test_orders_are_given_over_http_too(fake_stripe, open_session):
    def order(name, **values):
        request = urllib.request.Request(
            f"{fake_stripe.url}/_control/{name}", data=json.dumps(values).encode()
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["result"]

    session = order("pay", session=open_session().id)
    assert session["payment_status"] == "paid"
    assert order("dispute", payment=session["payment_intent"])["status"] == "needs_response"
    assert isinstance(order("advance", seconds=5), int)
    for name, values in (("nonsense", {}), ("pay", {"colour": "red"}), ("renew", {})):
        with pytest.raises(urllib.error.HTTPError) as refused:
            order(name, **values)
        assert refused.value.code in (400, 404)


def test_it_runs_as_a_process_with_accounts_and_endpoints_from_the_start(listener):
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "tests.fake_stripe", "--port", str(port), "--account",
            "acct_demo", "--connect-endpoint", listener.url, "--connect-secret", CONNECT_SECRET,
        ],
        cwd=PROJECT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        addresses = {"api": f"http://127.0.0.1:{port}"}
        client = stripe.StripeClient(KEY, stripe_account="acct_demo", base_addresses=addresses)
        assert client.v1.accounts.retrieve_current().charges_enabled
        client.v1.customers.create({})
        listener.wait_for(lambda: len(listener.received) == 1)
        assert listener.events(CONNECT_SECRET)[0].account == "acct_demo"
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_a_person_pays_on_a_phone(fake_stripe, stripe_client, open_session, open_page, tmp_path):
    session = open_session(
        amount=12_300,
        success_url=f"{fake_stripe.url}/?thanks={{CHECKOUT_SESSION_ID}}",
        payment_intent_data={"description": "gift"},
    )
    page = open_page()
    page.goto(session.url)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    heights = page.eval_on_selector_all(
        "button", "found => found.map(button => button.getBoundingClientRect().height)"
    )
    assert min(heights) >= 44
    page.get_by_role("button", name="银行卡被拒").click()
    page.get_by_role("alert").wait_for()
    page.get_by_role("button", name="支付宝").click()
    page.wait_for_url(f"**/?thanks={session.id}")
    assert stripe_client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"
