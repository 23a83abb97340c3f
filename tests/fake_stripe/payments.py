"""Payment intents and charges: how a payment succeeds, fails, or is decided later."""

from dataclasses import dataclass
from typing import Any

import stripe

from tests.fake_stripe import balance, currencies
from tests.fake_stripe.cards import CARDS, DECLINES, NAMED_CARDS, VISA, Card
from tests.fake_stripe.errors import Refused
from tests.fake_stripe.store import Account, Object

# Which methods there are, what they cost, and the currencies they are offered for (None: any).
METHODS: dict[str, tuple[str, frozenset[str] | None]] = {
    "card": (currencies.CARD, None),
    "alipay": (
        currencies.WALLET,
        frozenset({"cny", "hkd", "usd", "eur", "gbp", "sgd", "jpy"}),
    ),
    "wechat_pay": (
        currencies.WALLET,
        frozenset({"cny", "hkd", "usd", "eur", "gbp", "sgd", "jpy"}),
    ),
    "sepa_debit": (currencies.LATER, None),
}
RECURRING_METHODS = {"card"}
LATER = "sepa_debit"  # stands for every method that is decided later


@dataclass(frozen=True)
class Payer:
    """Who pays, as the hosted page or a call says."""

    email: str | None = None
    name: str | None = None
    card: Card = VISA


class Declined(Refused):
    """The card was refused; kept by an idempotency key, unlike a call that was not understood."""

    def __init__(self, intent: Object, charge: Object) -> None:
        error = intent["last_payment_error"]
        super().__init__(
            error["message"], status=402, kind="card_error", code=error["code"],
            decline_code=error["decline_code"], charge=charge["id"], payment_intent=intent,
        )  # fmt: skip


def start_intent(account: Account, *, amount: int, currency: str, **values: Any) -> Object:
    """A payment that waits for a method."""
    currencies.check_amount(amount, currency)
    values = {"metadata": {}, "payment_method_types": ["card"]} | values
    intent = account.make(
        stripe.PaymentIntent, "pi", amount=amount, currency=currency, amount_capturable=0,
        amount_received=0, capture_method="automatic_async", confirmation_method="automatic",
        status="requires_payment_method", **values,
    )  # fmt: skip
    intent["client_secret"] = f"{intent['id']}_secret_{account.world.new_id('x')[2:]}"
    account.emit("payment_intent.created", intent)
    return intent


def card_of(account: Account, payment_method: str) -> Card:
    """The card behind a payment method: one of Stripe's named test cards, or one kept here."""
    if payment_method in NAMED_CARDS:
        return NAMED_CARDS[payment_method]
    kept = account.get("payment_method", payment_method, param="payment_method")
    return CARDS[kept["_card"]]


def keep_card(account: Account, payer: Payer, *, customer: str | None) -> Object:
    """The payment method of a payer's card."""
    card = payer.card
    return account.make(
        stripe.PaymentMethod, "pm", type="card", customer=customer, metadata={},
        billing_details=_billing(payer),
        card={
            "brand": card.brand, "last4": card.last4, "exp_month": 12, "exp_year": 2034,
            "funding": "credit", "country": "CN", "checks": None, "fingerprint": None,
            "generated_from": None, "networks": None, "regulated_status": None,
            "three_d_secure_usage": None, "wallet": None, "display_brand": card.brand,
        },
        _card=card.number,
    )  # fmt: skip


def pay(account: Account, intent: Object, *, method: str, payer: Payer) -> Object:
    """Takes the payment, or marks it as refused; the charge."""
    if method == "card" and payer.card.decline:
        return _refuse(account, intent, payer=payer, decline=payer.card.decline)
    charge = _charge(account, intent, method=method, payer=payer, status="succeeded")
    _take(account, intent, charge)
    if payer.card.dispute and method == "card":
        from tests.fake_stripe.disputes import open_dispute

        open_dispute(account, charge, reason=payer.card.dispute)
    return charge


def await_decision(account: Account, intent: Object, *, payer: Payer, succeeds: bool) -> Object:
    """A method that is decided later: pending until then. The charge."""
    charge = _charge(account, intent, method=LATER, payer=payer, status="pending")
    intent.update(status="processing", latest_charge=charge["id"], _succeeds=succeeds)
    account.emit("payment_intent.processing", intent)
    account.emit("charge.pending", charge)
    return charge


def decide(account: Account, intent: Object, *, succeeds: bool) -> bool:
    """What was pending is paid or refused; False when it was decided before."""
    if intent["status"] != "processing":
        return False
    charge = account.get("charge", intent["latest_charge"])
    if succeeds:
        charge.update(status="succeeded", paid=True, captured=True)
        charge["amount_captured"] = charge["amount"]
        _take(account, intent, charge)
    else:
        charge.update(status="failed", failure_code="payment_failed",
                      failure_message="The bank refused the payment.")  # fmt: skip
        _mark_refused(account, intent, charge, code="payment_intent_payment_attempt_failed",
                      message="The payment failed.", decline=None)  # fmt: skip
    return True


def cancel_intent(account: Account, intent: Object, *, reason: str | None = None) -> Object:
    if intent["status"] in ("succeeded", "canceled", "processing"):
        raise Refused(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state", payment_intent=intent,
        )  # fmt: skip
    now = account.world.now()
    intent.update(status="canceled", canceled_at=now, cancellation_reason=reason)
    account.emit("payment_intent.canceled", intent)
    return intent


def _take(account: Account, intent: Object, charge: Object) -> None:
    """The money arrives. As at Stripe since captures are asynchronous, the first event does not yet
    name the balance transaction; a `charge.updated` does."""
    intent.update(
        status="succeeded", latest_charge=charge["id"], amount_received=intent["amount"],
        payment_method=charge["payment_method"], last_payment_error=None,
    )  # fmt: skip
    account.emit("charge.succeeded", charge)
    account.emit("payment_intent.succeeded", intent)
    method = charge["payment_method_details"]["type"]
    booked = balance.book(
        account, charge, category="charge", type="charge" if method == "card" else "payment",
        amount=charge["amount"], description=charge["description"],
        fee=currencies.fee(charge["amount"], charge["currency"], method=METHODS[method][0]),
    )  # fmt: skip
    before = account.change(charge, balance_transaction=booked["id"])
    account.emit("charge.updated", charge, before=before)


def _refuse(account: Account, intent: Object, *, payer: Payer, decline: str) -> Object:
    code, message = DECLINES[decline]
    charge = _charge(account, intent, method="card", payer=payer, status="failed")
    charge.update(failure_code=code, failure_message=message)
    _mark_refused(account, intent, charge, code=code, message=message, decline=decline)
    return charge


def _mark_refused(
    account: Account, intent: Object, charge: Object, *, code: str, message: str,
    decline: str | None,
) -> None:  # fmt: skip
    intent.update(
        status="requires_payment_method", latest_charge=charge["id"], payment_method=None,
        last_payment_error={
            "type": "card_error", "code": code, "decline_code": decline, "message": message,
            "charge": charge["id"], "payment_method_type": charge["payment_method_details"]["type"],
        },
    )  # fmt: skip
    account.emit("charge.failed", charge)
    account.emit("payment_intent.payment_failed", intent)


def _charge(account: Account, intent: Object, *, method: str, payer: Payer, status: str) -> Object:
    paid = status == "succeeded"
    kept = (
        keep_card(account, payer, customer=intent["customer"])["id"] if method == "card" else None
    )
    refused = status == "failed"
    charge = account.make(
        stripe.Charge, "ch" if method == "card" else "py", amount=intent["amount"],
        amount_captured=intent["amount"] if paid else 0, amount_refunded=0,
        currency=intent["currency"], billing_details=_billing(payer), captured=paid, paid=paid,
        status=status, disputed=False, refunded=False, customer=intent["customer"],
        description=intent["description"], metadata=dict(intent["metadata"]),
        payment_intent=intent["id"], receipt_email=intent["receipt_email"], fraud_details={},
        payment_method=kept or account.world.new_id("pm"),
        payment_method_details={"type": method, method: _details(method, payer)},
        transfer_group=intent["transfer_group"],
        outcome={
            "type": "issuer_declined" if refused else "authorized",
            "network_status": "declined_by_network" if refused else "approved_by_network",
            "risk_level": "normal", "seller_message": None, "reason": None,
        },
        _refund_outcome=payer.card.refund,
    )  # fmt: skip
    charge["receipt_url"] = f"{account.world.address}/receipts/{account.id}/{charge['id']}"
    return charge


def _billing(payer: Payer) -> Object:
    return {
        "address": None, "email": payer.email, "name": payer.name, "phone": None, "tax_id": None,
    }  # fmt: skip


def _details(method: str, payer: Payer) -> Object:
    if method != "card":
        return {}
    return {
        "brand": payer.card.brand, "last4": payer.card.last4, "exp_month": 12, "exp_year": 2034,
        "country": "CN", "funding": "credit", "network": payer.card.brand,
    }  # fmt: skip
