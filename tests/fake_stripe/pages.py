"""The hosted pages: plain HTML, no script, TEST on every one of them."""

import re
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fake_stripe import checkout, connect, currencies, subscriptions, words
from tests.fake_stripe.cards import CARDS, DECLINED, VISA
from tests.fake_stripe.errors import Refused
from tests.fake_stripe.payments import Payer
from tests.fake_stripe.server import Answer
from tests.fake_stripe.store import Account, Object, World

STYLE = Path(__file__).with_name("style.css")
POLICY = "default-src 'none'; style-src 'self'; img-src data:; form-action *; base-uri 'none'"
SOMEONE = "donor@example.org"

EVERY = {"month": "monthly", "year": "yearly", "week": "weekly", "day": "daily"}


class Visit:
    """One request to a page: what was typed, and in which language to answer."""

    def __init__(self, method: str, target: str, headers: Any, body: str) -> None:
        parts = urlsplit(target)
        self.posted = method == "POST"
        self.path = parts.path
        self.asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.typed = {name: values[0] for name, values in parse_qs(body).items()}
        self.accepts = headers.get("Accept-Language")
        self.speak(None)

    def speak(self, locale: str | None) -> None:
        wish = locale if locale != "auto" else None
        self.language, self.say = words.choose(self.asked.get("lang"), wish, self.accepts)


class Pages:
    """Everything a browser is shown."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, method: str, target: str, headers: Any, body: str) -> Answer:
        visit = Visit(method, target, headers, body)
        for pattern, view in (
            (r"/c/pay/(cs_\w+)", self._checkout),
            (r"/i/(acct_\w+)/(in_\w+)", self._invoice),
            (r"/receipts/(acct_\w+)/(\w+)", self._receipt),
            (r"/setup/(acct_\w+)/(acct_\w+)", self._setup),
        ):
            found = re.fullmatch(pattern, visit.path)
            if found:
                try:
                    with self._world.lock:
                        return view(visit, *found.groups())
                except Refused as refusal:
                    return _page(visit, _wrong(str(refusal)), status=refusal.status)
        if visit.path == "/style.css":
            return Answer(200, STYLE.read_bytes(), {"Content-Type": "text/css; charset=utf-8"})
        if visit.path == "/":
            return _page(visit, f"<p>{escape(visit.say['about'])}</p>")
        return _page(visit, _wrong(visit.say["not_found"]), status=404)

    # Checkout

    def _checkout(self, visit: Visit, id: str) -> Answer:
        account, session = self._world.owner_of(id)
        visit.speak(session["locale"])
        action = visit.typed.get("action")
        if action == "back":
            return _go(session["cancel_url"] or visit.path)
        if session["status"] != "open":
            return self._closed(visit, session)
        if not visit.posted:
            return _page(visit, _form(account, session, visit))
        wrong = _mistake(visit)
        if wrong:
            return _page(visit, _form(account, session, visit, wrong=wrong), status=400)
        try:
            _act(account, session, action or "card", visit)
        except Refused as refusal:
            declined = refusal.status == 402
            wrong = visit.say["declined"] if declined else str(refusal)
            return _page(visit, _form(account, session, visit, wrong=wrong), status=refusal.status)
        return _go(_success(session))

    def _closed(self, visit: Visit, session: Object) -> Answer:
        """A second press finds what the first one did."""
        if visit.posted and session["status"] == "complete":
            return _go(_success(session))
        reason = visit.say[session["status"]]
        return _page(visit, f"<p>{escape(visit.say['closed'])} {escape(reason)}</p>", status=410)

    # Others

    def _invoice(self, visit: Visit, account_id: str, id: str) -> Answer:
        """Where a donor whose card was refused gives another."""
        account = self._world.accounts[account_id]
        invoice = account.get("invoice", id)
        wrong = None
        if visit.posted and invoice["status"] == "open":
            wrong = _mistake(visit) or self._pay_invoice(account, invoice, visit)
        return _page(
            visit, _invoice_form(invoice, visit, wrong=wrong), status=402 if wrong else 200
        )

    def _pay_invoice(self, account: Account, invoice: Object, visit: Visit) -> str | None:
        decline = visit.typed.get("action") == "decline"
        payer = _payer(visit, decline=decline)
        if subscriptions.pay_invoice(account, invoice, payer=payer):
            return None
        return visit.say["declined"]

    def _receipt(self, visit: Visit, account_id: str, id: str) -> Answer:
        charge = self._world.accounts[account_id].get("charge", id)
        back = ""
        if charge["amount_refunded"]:
            amount = currencies.words(charge["amount_refunded"], charge["currency"])
            back = f"<p>{escape(visit.say['refunded'])}: {escape(amount)}</p>"
        amount = _amount(charge["amount"], charge["currency"])
        return _page(visit, f"<h1>{escape(visit.say['receipt'])}</h1>{amount}{back}"
                            f'<p class="what">{escape(charge["id"])}</p>')  # fmt: skip

    def _setup(self, visit: Visit, platform_id: str, id: str) -> Answer:
        platform = self._world.accounts[platform_id]
        details = platform.get("account", id)
        if visit.posted:
            connect.finish_onboarding(platform, details)
            return _go(details.get("_return_url") or visit.path)
        say = visit.say
        return _page(visit, f"<h1>{escape(say['setup'])}</h1><p>{escape(say['setup_text'])}</p>"
                            f'<form method="post"><button class="main">{escape(say["finish"])}'
                            "</button></form>")  # fmt: skip


def _act(account: Account, session: Object, action: str, visit: Visit) -> None:
    """Does what the pressed button says."""
    payer = _payer(visit, decline=action == "decline")
    if action in ("later_ok", "later_no"):
        checkout.promise_session(account, session, succeeds=action == "later_ok", payer=payer)
        return
    method = action if action in ("alipay", "wechat_pay") else "card"
    if method not in session["payment_method_types"]:
        raise Refused(f"{method} is not offered here.")
    checkout.pay_session(account, session, method=method, payer=payer)


def _mistake(visit: Visit) -> str | None:
    """What is wrong with what was typed, in the visitor's words."""
    if "@" not in visit.typed.get("email", ""):
        return visit.say["no_email"]
    if visit.typed.get("action", "card") == "card" and _number(visit) not in CARDS:
        return visit.say["unknown_card"]
    return None


def _number(visit: Visit) -> str:
    return re.sub(r"\D", "", visit.typed.get("number", VISA.number))


def _payer(visit: Visit, *, decline: bool) -> Payer:
    card = DECLINED if decline else CARDS.get(_number(visit), VISA)
    return Payer(email=visit.typed.get("email"), name=visit.typed.get("name") or None, card=card)


def _success(session: Object) -> str:
    url: str = session["success_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", session["id"])


# HTML


def _form(account: Account, session: Object, visit: Visit, *, wrong: str | None = None) -> str:
    say, offered = visit.say, session["payment_method_types"]
    recurring = session["_line_items"][0]["price"]["recurring"]
    every = say[EVERY[recurring["interval"]]] if recurring else ""
    what = "、" if visit.language == "zh-CN" else ", "
    items = what.join(item["description"] for item in session["_line_items"])
    buttons = [_button("card", say["card"], main=True)] if "card" in offered else []
    buttons += [_button(name, say[name]) for name in ("alipay", "wechat_pay") if name in offered]
    trouble = [_button("decline", say["decline"])] if "card" in offered else []
    if session["mode"] == "payment":
        trouble += [_button(name, say[name]) for name in ("later_ok", "later_no")]
    typed = {"email": session["customer_email"] or SOMEONE, "name": "Test Donor"} | visit.typed
    return (
        f"<h1>{escape(say['title'])}</h1>"
        + _amount(session["amount_total"], session["currency"], every)
        + f'<p class="what">{escape(items)}</p>{_wrong(wrong)}<form method="post">'
        + _fields(say, typed, card="card" in offered)
        + "".join(buttons)
        + f"<h2>{escape(say['else'])}</h2>"
        + "".join(trouble)
        + _button("back", say["back"], unchecked=True)
        + "</form>"
    )


def _invoice_form(invoice: Object, visit: Visit, *, wrong: str | None) -> str:
    say = visit.say
    head = f"<h1>{escape(say['invoice'])}</h1>" + _amount(
        invoice["amount_due"], invoice["currency"]
    )
    if invoice["status"] != "open":
        closed = "paid" if invoice["status"] == "paid" else "invoice_closed"
        return head + f"<p>{escape(say[closed])}</p>"
    typed = {"email": invoice["customer_email"] or SOMEONE} | visit.typed
    return (
        head + _wrong(wrong) + '<form method="post">' + _fields(say, typed, card=True)
        + _button("card", say["card"], main=True) + _button("decline", say["decline"]) + "</form>"
    )  # fmt: skip


def _fields(say: dict[str, str], typed: dict[str, str], *, card: bool) -> str:
    fields = _field("email", say["email"], typed.get("email", ""), type="email")
    if not card:
        return fields
    fields += _field("name", say["name"], typed.get("name", ""))
    fields += _field("number", say["number"], typed.get("number", "4242 4242 4242 4242"))
    listed = "".join(
        f"<li><code>{_in_fours(number)}</code> {escape(say[_behaviour(kind)])}</li>"
        for number, kind in CARDS.items()
    )
    return fields + f"<details><summary>{escape(say['cards'])}</summary><ul>{listed}</ul></details>"


def _in_fours(number: str) -> str:
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))


def _behaviour(card: Any) -> str:
    by_decline = {"generic_decline": "decline", "insufficient_funds": "insufficient"}
    if card.decline:
        return by_decline.get(card.decline, "expired_card")
    if card.refund != "succeeded":
        return f"refund_{card.refund}"
    if card.dispute:
        return "disputed"
    return "later_declined" if card.later_declined else "ok"


def _field(name: str, label: str, value: str, *, type: str = "text") -> str:
    return (
        f'<label for="{name}">{escape(label)}</label>'
        f'<input id="{name}" name="{name}" type="{type}" value="{escape(value)}" '
        'autocomplete="off">'
    )


def _button(action: str, label: str, *, main: bool = False, unchecked: bool = False) -> str:
    more = (' class="main"' if main else "") + (" formnovalidate" if unchecked else "")
    return f'<button name="action" value="{action}"{more}>{escape(label)}</button>'


def _amount(amount: int, currency: str, every: str = "") -> str:
    small = f" <small>{currency.upper()} {escape(every)}</small>"
    return f'<p class="amount">{escape(currencies.words(amount, currency))}{small}</p>'


def _wrong(text: str | None) -> str:
    return f'<p class="wrong" role="alert">{escape(text)}</p>' if text else ""


def _page(visit: Visit, content: str, *, status: int = 200) -> Answer:
    html = (
        f'<!doctype html><html lang="{visit.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex"><link rel="stylesheet" href="/style.css">'
        '<link rel="icon" href="data:,">'
        f"<title>TEST · {escape(visit.say['title'])}</title></head>"
        f'<body><p class="banner">{escape(visit.say["test"])}</p><main>{content}</main></body>'
        "</html>"
    )
    kind = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY}
    return Answer(status, html.encode(), kind | {"Cache-Control": "no-store"})


def _go(url: str) -> Answer:
    return Answer(303, b"", {"Location": url, "Cache-Control": "no-store"})
