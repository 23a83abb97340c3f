"""Checkout sessions: what is asked, and what becomes of it on the hosted page."""

from typing import Any

import stripe

from tests.fake_stripe import catalogue, currencies, payments, subscriptions
from tests.fake_stripe.errors import BadParameter, Refused
from tests.fake_stripe.payments import Payer
from tests.fake_stripe.store import DAY, Account, Object

SHORTEST, LONGEST = 30 * 60, DAY

# What is kept as it was said.
KEPT = {
    "cancel_url", "success_url", "client_reference_id", "customer_email", "locale", "submit_type",
    "allow_promotion_codes", "billing_address_collection", "payment_method_collection",
    "allowed_payment_method_types", "excluded_payment_method_types", "integration_identifier",
    "custom_text", "payment_method_options", "phone_number_collection", "consent_collection",
    "origin_context", "return_url",
}  # fmt: skip
# What is understood besides; anything else is refused rather than let fall.
UNDERSTOOD = KEPT | {
    "mode", "line_items", "expires_at", "metadata", "customer", "customer_creation", "expand",
    "payment_intent_data", "subscription_data", "ui_mode", "currency",
}  # fmt: skip
INTENT_DATA = {
    "description", "metadata", "receipt_email", "statement_descriptor", "transfer_group",
    "statement_descriptor_suffix", "application_fee_amount",
}  # fmt: skip
SUBSCRIPTION_DATA = {"description", "metadata"}


def create_session(account: Account, values: dict[str, Any]) -> Object:
    """A session, open until it is paid or expires."""
    mode = _check_call(account, values)
    items = [
        _line_item(account, item, mode=mode, place=place)
        for place, item in enumerate(values.get("line_items", []))
    ]
    currency = _one_currency(items)
    total = sum(item["amount_total"] for item in items)
    currencies.check_amount(total, currency, param="line_items")
    now = account.world.now()
    session = account.make(
        stripe.checkout.Session, "cs_test", **_kept(values), mode=mode, currency=currency,
        metadata=values.get("metadata", {}), amount_subtotal=total, amount_total=total,
        total_details={"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        payment_method_types=_offered(values, mode=mode, currency=currency),
        payment_status="unpaid", status="open", ui_mode="hosted_page",
        expires_at=_expiry(now, values.get("expires_at")), customer=values.get("customer"),
        customer_creation=_customer_creation(values, mode), automatic_tax={
            "enabled": False, "liability": None, "provider": None, "status": None,
        },
        custom_fields=[], shipping_options=[], _line_items=items,
        _intent_data=values.get("payment_intent_data", {}),
        _subscription_data=values.get("subscription_data", {}),
    )  # fmt: skip
    session["url"] = f"{account.world.address}/c/pay/{session['id']}"
    account.world.later(session["expires_at"] - now, lambda: _let_expire(account, session))
    return session


def expire_session(account: Account, session: Object) -> Object:
    if session["status"] != "open":
        raise Refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of `{session['status']}`.",
        )
    _let_expire(account, session)
    return session


def _let_expire(account: Account, session: Object) -> None:
    if session["status"] == "open":
        session.update(status="expired", url=None)
        account.emit("checkout.session.expired", session)


# On the hosted page


def pay_session(account: Account, session: Object, *, method: str, payer: Payer) -> Object:
    """Pays by a method that is decided at once; refuses what is no longer open.

    A refused card leaves the session open, and raises `Declined`.
    """
    check_open(session)
    if session["mode"] == "subscription":
        return _subscribe(account, session, payer=payer)
    intent = _intent(account, session, payer=payer)
    charge = payments.pay(account, intent, method=method, payer=payer)
    if charge["status"] == "failed":
        raise payments.Declined(intent, charge)
    _complete(account, session, payer=payer, payment_status="paid")
    return session


def promise_session(account: Account, session: Object, *, succeeds: bool, payer: Payer) -> Object:
    """Pays by a method that is decided later: complete now, paid or failed afterwards."""
    check_open(session)
    if session["mode"] != "payment":
        raise Refused("A monthly gift needs a card.")
    intent = _intent(account, session, payer=payer)
    payments.await_decision(account, intent, payer=payer, succeeds=succeeds)
    _complete(account, session, payer=payer, payment_status="unpaid")
    after = account.world.outcomes.delayed_after
    account.world.later(after, lambda: decide_session(account, session))
    return session


def decide_session(account: Account, session: Object, *, succeeds: bool | None = None) -> bool:
    """What was promised is paid or refused; False when that was known already."""
    intent = account.get("payment_intent", session["payment_intent"])
    if succeeds is None:
        succeeds = bool(intent["_succeeds"])
    if not payments.decide(account, intent, succeeds=succeeds):
        return False
    if succeeds:
        session["payment_status"] = "paid"
    outcome = "succeeded" if succeeds else "failed"
    account.emit(f"checkout.session.async_payment_{outcome}", session)
    return True


def check_open(session: Object) -> None:
    if session["status"] != "open":
        raise Refused(f"This Checkout Session is {session['status']}.")


def _intent(account: Account, session: Object, *, payer: Payer) -> Object:
    """The session's intent: one, however often a card is refused."""
    if session["payment_intent"]:
        return account.get("payment_intent", session["payment_intent"])
    data = {name: value for name, value in session["_intent_data"].items() if name in INTENT_DATA}
    if session["customer_creation"] == "always" and not session["customer"]:
        made = catalogue.customer_of(account, payer, locale=session["locale"])
        session["customer"] = made["id"]
    intent = payments.start_intent(
        account, amount=session["amount_total"], currency=session["currency"],
        payment_method_types=session["payment_method_types"], customer=session["customer"], **data,
    )  # fmt: skip
    session["payment_intent"] = intent["id"]
    return intent


def _subscribe(account: Account, session: Object, *, payer: Payer) -> Object:
    if payer.card.decline:  # Stripe makes nothing of a first card that is refused
        raise Refused(
            "Your card was declined.", status=402, kind="card_error", code="card_declined"
        )
    if not session["customer"]:
        made = catalogue.customer_of(account, payer, locale=session["locale"])
        session["customer"] = made["id"]
    subscription, invoice = subscriptions.subscribe(
        account, customer=session["customer"], payer=payer,
        items=[(item["price"], item["quantity"]) for item in session["_line_items"]],
        **session["_subscription_data"],
    )  # fmt: skip
    session.update(subscription=subscription["id"], invoice=invoice["id"])
    _complete(account, session, payer=payer, payment_status="paid")
    return session


def _complete(account: Account, session: Object, *, payer: Payer, payment_status: str) -> None:
    session.update(
        status="complete", payment_status=payment_status, url=None,
        customer_details={
            "address": None, "business_name": None, "email": payer.email, "individual_name": None,
            "name": payer.name, "phone": None, "tax_exempt": "none", "tax_ids": [],
        },
    )  # fmt: skip
    account.emit("checkout.session.completed", session)


# What the call says


def _check_call(account: Account, values: dict[str, Any]) -> str:
    for name in values:
        if name not in UNDERSTOOD:
            raise Refused(f"This fake Stripe does not do {name}.", param=name)
    _check_inner(values, "payment_intent_data", INTENT_DATA)
    _check_inner(values, "subscription_data", SUBSCRIPTION_DATA)
    for name in ("mode", "success_url", "line_items"):
        if not values.get(name):
            raise BadParameter(
                f"Missing required param: {name}.", code="parameter_missing", param=name
            )
    mode: str = values["mode"]
    if mode == "setup" or values.get("ui_mode", "hosted_page") != "hosted_page":
        raise Refused("This fake Stripe has hosted pages for payments and subscriptions only.")
    _check_mode(values, mode)
    _check_customer(account, values)
    if len(values.get("client_reference_id", "")) > 200:
        raise BadParameter("Invalid string: must be at most 200 characters",
                           param="client_reference_id")  # fmt: skip
    return mode


def _check_inner(values: dict[str, Any], name: str, known: set[str]) -> None:
    for inner in values.get(name, {}):
        if inner not in known:
            raise Refused(
                f"This fake Stripe does not do {name}[{inner}].", param=f"{name}[{inner}]"
            )


def _check_mode(values: dict[str, Any], mode: str) -> None:
    other = "subscription_data" if mode == "payment" else "payment_intent_data"
    if other in values:
        raise Refused(f"You can not pass `{other}` in `{mode}` mode.", param=other)
    if mode == "subscription":
        for name in ("customer_creation", "submit_type"):
            if name in values and values[name] != "subscribe":
                raise Refused(f"`{name}` can not be used in `subscription` mode.", param=name)


def _check_customer(account: Account, values: dict[str, Any]) -> None:
    if "customer" not in values:
        return
    account.get("customer", values["customer"], param="customer")
    if "customer_email" in values:
        raise Refused(
            "You may only specify one of these parameters: customer, customer_email.",
            param="customer",
        )


def _kept(values: dict[str, Any]) -> dict[str, Any]:
    return {"custom_text": {}} | {name: value for name, value in values.items() if name in KEPT}


def _line_item(account: Account, item: dict[str, Any], *, mode: str, place: int) -> Object:
    where = f"line_items[{place}]"
    if "price_data" in item:
        price = catalogue.make_price(account, item["price_data"], param=f"{where}[price_data]")
    elif "price" in item:
        price = account.get("price", item["price"], param=f"{where}[price]")
    else:
        raise BadParameter(
            f"You must specify either {where}[price] or {where}[price_data].",
            code="parameter_missing", param=where,
        )  # fmt: skip
    if (mode == "subscription") != bool(price["recurring"]):
        wanted = "a recurring" if mode == "subscription" else "no recurring"
        raise Refused(f"In `{mode}` mode {where} must have {wanted} price.", param=where)
    quantity = item.get("quantity", 1)
    total = price["unit_amount"] * quantity
    return account.make(
        stripe.LineItem, "li", amount_discount=0, amount_subtotal=total, amount_tax=0,
        amount_total=total, currency=price["currency"], price=price, quantity=quantity,
        metadata={}, description=account.get("product", price["product"])["name"],
    )  # fmt: skip


def _one_currency(items: list[Object]) -> str:
    found = {item["currency"] for item in items}
    if len(found) > 1:
        raise Refused("All line items must have the same currency.", param="line_items")
    return str(found.pop())


def _offered(values: dict[str, Any], *, mode: str, currency: str) -> list[str]:
    """The methods the page offers: those there are for this mode and currency, of those allowed."""
    allowed = values.get("allowed_payment_method_types", list(payments.METHODS))
    excluded = values.get("excluded_payment_method_types", [])
    offered = [
        name
        for name, (_, known) in payments.METHODS.items()
        if name in allowed
        and name not in excluded
        and (known is None or currency in known)
        and (mode == "payment" or name in payments.RECURRING_METHODS)
    ]
    if not offered:
        raise Refused(
            "No valid payment method types for this Checkout Session. Please ensure that you have "
            "activated payment methods compatible with your chosen currency and mode.",
            param="allowed_payment_method_types",
        )
    return offered


def _expiry(now: int, wanted: int | None) -> int:
    if wanted is None:
        return now + LONGEST
    # A minute of grace: the caller counted before it called.
    if wanted < now + SHORTEST - 60 or wanted > now + LONGEST + 60:
        raise Refused(
            "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from "
            "Checkout Session creation.",
            param="expires_at",
        )
    return wanted


def _customer_creation(values: dict[str, Any], mode: str) -> str | None:
    if mode == "subscription":
        return "always"
    return None if "customer" in values else values.get("customer_creation", "if_required")
