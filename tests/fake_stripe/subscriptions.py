"""Subscriptions and their invoices: every month one, paid by the card or not."""

import calendar
from datetime import UTC, datetime
from typing import Any

import stripe

from tests.fake_stripe import catalogue, payments
from tests.fake_stripe.errors import Refused
from tests.fake_stripe.lists import whole
from tests.fake_stripe.payments import Payer
from tests.fake_stripe.store import DAY, Account, Object

ENDED = {"canceled", "incomplete_expired"}
TRIES_AGAIN_AFTER = 3 * DAY
INTERVAL_MONTHS = {"month": 1, "year": 12}
INTERVAL_DAYS = {"day": 1, "week": 7}


def subscribe(
    account: Account, *, customer: str, payer: Payer, items: list[tuple[Object, int]],
    metadata: dict[str, str] | None = None, description: str | None = None,
) -> tuple[Object, Object]:  # fmt: skip
    """A subscription with its first invoice paid."""
    now = account.world.now()
    card = payments.keep_card(account, payer, customer=customer)
    account.emit("payment_method.attached", card)
    subscription = account.make(
        stripe.Subscription, "sub", customer=customer, status="active",
        currency=items[0][0]["currency"], billing_cycle_anchor=now, start_date=now,
        metadata=metadata or {}, description=description, default_payment_method=card["id"],
        automatic_tax={"enabled": False, "disabled_reason": None, "liability": None},
        billing_mode={"type": "flexible", "flexible": None, "updated_at": None},
        billing_schedules=[], cancel_at_period_end=False, collection_method="charge_automatically",
        discounts=[], default_tax_rates=[], invoice_settings={"issuer": {"type": "self"}},
        items=whole([], url=""), _payer=payer,
    )  # fmt: skip
    subscription["items"] = whole(
        [_item(account, subscription, price, quantity, start=now) for price, quantity in items],
        url=f"/v1/subscription_items?subscription={subscription['id']}",
    )
    account.emit("customer.subscription.created", subscription)
    invoice = _invoice(account, subscription, reason="subscription_create")
    pay_invoice(account, invoice)
    _wait_for_renewal(account, subscription)
    return subscription, invoice


def _item(
    account: Account, subscription: Object, price: Object, quantity: int, *, start: int
) -> Object:
    return account.make(
        stripe.SubscriptionItem, "si", price=price, plan=catalogue.plan_of(price),
        quantity=quantity, subscription=subscription["id"], metadata={}, discounts=[],
        tax_rates=[], current_period_start=start,
        current_period_end=_next(start, price, anchor=subscription["billing_cycle_anchor"]),
    )  # fmt: skip


def _next(start: int, price: Object, *, anchor: int) -> int:
    """The end of the period: the anchor's day of the month, or that month's last."""
    interval, count = price["recurring"]["interval"], price["recurring"]["interval_count"]
    if interval in INTERVAL_DAYS:
        return int(start + INTERVAL_DAYS[interval] * count * DAY)
    moment = datetime.fromtimestamp(start, UTC)
    months = moment.year * 12 + moment.month - 1 + INTERVAL_MONTHS[interval] * count
    year, month = divmod(months, 12)
    day = min(datetime.fromtimestamp(anchor, UTC).day, calendar.monthrange(year, month + 1)[1])
    return int(moment.replace(year=year, month=month + 1, day=day).timestamp())


# A month later


def _wait_for_renewal(account: Account, subscription: Object) -> None:
    due = period_end(subscription)

    def when_due() -> None:
        if subscription["status"] not in ENDED and period_end(subscription) == due:
            renew(account, subscription)

    account.world.later(max(0, due - account.world.now()), when_due)


def period_end(subscription: Object) -> int:
    return int(subscription["items"]["data"][0]["current_period_end"])


def renew(account: Account, subscription: Object) -> Object | None:
    """The next period begins with an invoice, which is returned; or the subscription ends."""
    if subscription["status"] in ENDED:
        raise Refused(f"The subscription {subscription['id']} has ended.")
    if subscription["cancel_at_period_end"]:
        cancel(account, subscription, {})
        return None
    for item in subscription["items"]["data"]:
        start = item["current_period_end"]
        end = _next(start, item["price"], anchor=subscription["billing_cycle_anchor"])
        item.update(current_period_start=start, current_period_end=end)
    account.emit("customer.subscription.updated", subscription)
    invoice = _invoice(account, subscription, reason="subscription_cycle")
    if subscription["pause_collection"]:
        invoice.update(status="void")
        account.emit("invoice.voided", invoice)
    else:
        pay_invoice(account, invoice)
    _wait_for_renewal(account, subscription)
    return invoice


# Invoices


def _invoice(account: Account, subscription: Object, *, reason: str) -> Object:
    now = account.world.now()
    items = subscription["items"]["data"]
    total = sum(item["price"]["unit_amount"] * item["quantity"] for item in items)
    customer = account.get("customer", subscription["customer"])
    start, end = items[0]["current_period_start"], items[0]["current_period_end"]
    invoice = account.make(
        stripe.Invoice, "in", amount_due=total, amount_overpaid=0, amount_paid=0,
        amount_remaining=total, amount_shipping=0, attempt_count=0, attempted=False,
        auto_advance=True, currency=subscription["currency"], customer=customer["id"],
        customer_email=customer["email"], customer_name=customer["name"], billing_reason=reason,
        automatic_tax={"enabled": False, "disabled_reason": None, "liability": None,
                       "provider": None, "status": None},
        collection_method="charge_automatically", default_tax_rates=[], discounts=[],
        issuer={"type": "self", "account": None}, lines=whole([], url=""), metadata={},
        parent={
            "type": "subscription_details", "quote_details": None,
            "subscription_details": {"subscription": subscription["id"],
                                     "metadata": dict(subscription["metadata"])},
        },
        payment_settings={"default_mandate": None, "payment_method_options": None,
                          "payment_method_types": None},
        period_start=now, period_end=now, post_payment_credit_notes_amount=0,
        pre_payment_credit_notes_amount=0, starting_balance=0, status="draft",
        status_transitions={"finalized_at": None, "marked_uncollectible_at": None,
                            "paid_at": None, "voided_at": None},
        subtotal=total, total=total, _subscription=subscription["id"],
    )  # fmt: skip
    invoice["lines"] = whole(
        [_line(account, invoice, item, start=start, end=end) for item in items],
        url=f"/v1/invoices/{invoice['id']}/lines",
    )
    account.emit("invoice.created", invoice)
    invoice.update(
        status="open", number=f"TEST-{len(account.all('invoice')):04d}",
        hosted_invoice_url=f"{account.world.address}/i/{account.id}/{invoice['id']}",
    )  # fmt: skip
    invoice["status_transitions"]["finalized_at"] = now
    subscription["latest_invoice"] = invoice["id"]
    account.emit("invoice.finalized", invoice)
    return invoice


def _line(account: Account, invoice: Object, item: Object, *, start: int, end: int) -> Object:
    price = item["price"]
    amount = price["unit_amount"] * item["quantity"]
    return account.make(
        stripe.InvoiceLineItem, "il", amount=amount, subtotal=amount, currency=price["currency"],
        description=account.get("product", price["product"])["name"], discountable=True,
        discounts=[], invoice=invoice["id"], metadata=dict(item["metadata"]),
        period={"start": start, "end": end}, quantity=item["quantity"],
        subscription=item["subscription"],
        parent={
            "type": "subscription_item_details", "invoice_item_details": None,
            "subscription_item_details": {
                "subscription": item["subscription"], "subscription_item": item["id"],
                "proration": False, "invoice_item": None, "proration_details": None,
            },
        },
        pricing={
            "type": "price_details", "unit_amount_decimal": price["unit_amount_decimal"],
            "price_details": {"price": price["id"], "product": price["product"]},
        },
    )  # fmt: skip


def pay_invoice(account: Account, invoice: Object, *, payer: Payer | None = None) -> bool:
    """Charges the subscription's card, or the payer's new one; False when it was refused."""
    if invoice["status"] != "open":
        raise Refused(f"Invoice is already {invoice['status']}")
    subscription = account.get("subscription", invoice["_subscription"])
    if payer:
        _change_card(account, subscription, payer)
    intent, kept = _invoice_payment(account, invoice)
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
    charge = _charge_card(account, subscription, invoice, intent)
    if charge["status"] == "failed":
        _note_failure(account, subscription, invoice)
        return False
    _note_payment(account, subscription, invoice, kept)
    return True


def _invoice_payment(account: Account, invoice: Object) -> tuple[Object, Object]:
    """The invoice's intent and what ties the two: made at the first try, kept for the next."""
    for kept in account.all("invoice_payment"):
        if kept["invoice"] == invoice["id"]:
            return account.get("payment_intent", kept["payment"]["payment_intent"]), kept
    intent = payments.start_intent(
        account, amount=invoice["amount_due"], currency=invoice["currency"],
        customer=invoice["customer"], description="Subscription update"
        if invoice["billing_reason"] == "subscription_cycle" else "Subscription creation",
    )  # fmt: skip
    kept = account.make(
        stripe.InvoicePayment, "inpay", amount_requested=invoice["amount_due"],
        currency=invoice["currency"], invoice=invoice["id"], is_default=True, status="open",
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
        status_transitions={"canceled_at": None, "paid_at": None},
    )  # fmt: skip
    return intent, kept


def _charge_card(account: Account, subscription: Object, invoice: Object, intent: Object) -> Object:
    payer: Payer = subscription["_payer"]
    fails = invoice["customer"] in account.world.outcomes.failing_cards
    later = invoice["billing_reason"] != "subscription_create"
    if fails or (later and payer.card.later_declined):
        payer = Payer(email=payer.email, name=payer.name, card=payments.NAMED_CARDS[
            "pm_card_chargeDeclined"])  # fmt: skip
    return payments.pay(account, intent, method="card", payer=payer)


def _note_payment(account: Account, subscription: Object, invoice: Object, kept: Object) -> None:
    now = account.world.now()
    kept.update(status="paid", amount_paid=invoice["amount_due"])
    kept["status_transitions"]["paid_at"] = now
    invoice.update(
        status="paid", amount_paid=invoice["amount_due"], amount_remaining=0,
        next_payment_attempt=None,
    )  # fmt: skip
    invoice["status_transitions"]["paid_at"] = now
    account.emit("invoice.paid", invoice)
    account.emit("invoice.payment_succeeded", invoice)
    account.emit("invoice_payment.paid", kept)
    if subscription["status"] == "past_due":
        before = account.change(subscription, status="active")
        account.emit("customer.subscription.updated", subscription, before=before)


def _note_failure(account: Account, subscription: Object, invoice: Object) -> None:
    now = account.world.now()
    invoice["next_payment_attempt"] = now + TRIES_AGAIN_AFTER
    account.emit("invoice.payment_failed", invoice)
    if subscription["status"] == "active":
        before = account.change(subscription, status="past_due")
        account.emit("customer.subscription.updated", subscription, before=before)


def _change_card(account: Account, subscription: Object, payer: Payer) -> None:
    known: Payer = subscription["_payer"]
    payer = Payer(email=payer.email or known.email, name=payer.name or known.name, card=payer.card)
    card = payments.keep_card(account, payer, customer=subscription["customer"])
    account.world.outcomes.failing_cards.discard(subscription["customer"])
    account.emit("payment_method.attached", card)
    subscription.update(_payer=payer, default_payment_method=card["id"])


# Changes and the end


UPDATED = {"metadata", "description", "cancel_at_period_end", "pause_collection", "items"}
UPDATED |= {"proration_behavior", "cancellation_details", "expand"}


def update(account: Account, subscription: Object, values: dict[str, Any]) -> Object:
    """Changes amount, pause, end or metadata. There is no proration here: say "none"."""
    if subscription["status"] in ENDED:
        raise Refused(
            "A canceled subscription can only update its cancellation_details and metadata."
        )
    for name in values:
        if name not in UPDATED:
            raise Refused(f"This fake Stripe does not change {name}.", param=name)
    if "items" in values and values.get("proration_behavior") != "none":
        raise Refused(
            "This fake Stripe does not prorate: pass proration_behavior=none.",
            param="proration_behavior",
        )
    changes: dict[str, Any] = {
        name: values[name] for name in ("description", "cancel_at_period_end") if name in values
    }
    if "cancel_at_period_end" in values:
        ends = values["cancel_at_period_end"]
        changes["cancel_at"] = period_end(subscription) if ends else None
        changes["canceled_at"] = account.world.now() if ends else None
    if "pause_collection" in values:
        changes["pause_collection"] = values["pause_collection"] or None
    if "metadata" in values:
        changes["metadata"] = merged(subscription["metadata"], values["metadata"])
    before = account.change(subscription, **changes)
    for item in values.get("items", []):
        _change_item(account, subscription, item)
    account.emit("customer.subscription.updated", subscription, before=before)
    return subscription


def _change_item(account: Account, subscription: Object, values: dict[str, Any]) -> None:
    items = {item["id"]: item for item in subscription["items"]["data"]}
    if values.get("id") not in items:
        raise Refused("This fake Stripe changes items and adds none: pass the item's id.",
                      param="items[0][id]")  # fmt: skip
    if "price_data" in values:
        price = catalogue.make_price(account, values["price_data"], param="items[0][price_data]")
    else:
        price = account.get("price", values["price"], param="items[0][price]")
    if price["currency"] != subscription["currency"]:
        raise Refused("The currency of a subscription cannot change.", param="items[0][price]")
    items[values["id"]].update(
        price=price, plan=catalogue.plan_of(price), quantity=values.get("quantity", 1)
    )


def cancel(account: Account, subscription: Object, values: dict[str, Any]) -> Object:
    if subscription["status"] in ENDED:
        raise Refused(f"No such subscription: '{subscription['id']}'", status=404,
                      code="resource_missing", param="id")  # fmt: skip
    now = account.world.now()
    details = {"comment": None, "feedback": None, "reason": "cancellation_requested"}
    subscription.update(
        status="canceled", canceled_at=now, ended_at=now,
        cancellation_details=details | values.get("cancellation_details", {}),
    )  # fmt: skip
    account.emit("customer.subscription.deleted", subscription)
    return subscription


def merged(kept: dict[str, str], said: Any) -> dict[str, str]:
    """Metadata as Stripe merges it: an empty text takes a key away, '' takes all."""
    if said == "":
        return {}
    return {key: text for key, text in (kept | said).items() if text != ""}
