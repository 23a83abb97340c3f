"""Refunds: at once, later, or given back by the bank."""

from typing import Any

import stripe

from tests.fake_stripe import balance, currencies
from tests.fake_stripe.errors import Refused
from tests.fake_stripe.store import Account, Object

# What may become of a refund: its status at first, and later (None: it stays). Stripe's test cards
# 4000 0000 0000 7726 and 4000 0000 0000 5126 behave like "pending" and "failed".
OUTCOMES: dict[str, tuple[str, str | None]] = {
    "succeeded": ("succeeded", None),
    "pending": ("pending", "succeeded"),
    "failed": ("succeeded", "failed"),
    "pending_failed": ("pending", "failed"),
}


def refund(account: Account, values: dict[str, Any]) -> Object:
    """Gives a charge back, whole or in part."""
    charge = _charge_of(account, values)
    amount = values.get("amount", charge["amount"] - charge["amount_refunded"])
    _check_refundable(charge, amount)
    status, later = OUTCOMES[_outcome(account, charge)]
    kind = charge["payment_method_details"]["type"]
    made = account.make(
        stripe.Refund, "re" if kind == "card" else "pyr", amount=amount, status=status,
        charge=charge["id"], currency=charge["currency"], metadata=values.get("metadata") or {},
        payment_intent=charge["payment_intent"], reason=values.get("reason"),
        pending_reason="processing" if status == "pending" else None,
        destination_details=_destination(kind),
    )  # fmt: skip
    booked = balance.book(
        account, made, type="refund" if kind == "card" else "payment_refund", category="refund",
        amount=-amount, description="REFUND FOR CHARGE",
    )  # fmt: skip
    made["balance_transaction"] = booked["id"]
    before = account.change(charge, **_refunded(charge, charge["amount_refunded"] + amount))
    account.emit("charge.refunded", charge, before=before)
    account.emit("refund.created", made)
    if later:
        after = account.world.outcomes.refund_after
        account.world.later(after, lambda: settle_refund(account, made, status=later))
    return made


def settle_refund(account: Account, refund: Object, *, status: str) -> bool:
    """The bank's last word; False when it was spoken already."""
    if refund["status"] in ("failed", "canceled", status):
        return False
    if status == "failed":
        _take_back(account, refund, status="failed", reason="lost_or_stolen_card")
        account.emit("refund.failed", refund)
    else:
        before = account.change(refund, status=status, pending_reason=None)
        account.emit("refund.updated", refund, before=before)
    account.emit("charge.refund.updated", refund)
    return True


def cancel_refund(account: Account, refund: Object) -> Object:
    if refund["status"] not in ("pending", "requires_action"):
        raise Refused("You cannot cancel this refund: it is no longer pending.")
    _take_back(account, refund, status="canceled", reason="merchant_request")
    account.emit("refund.updated", refund)
    account.emit("charge.refund.updated", refund)
    return refund


def _take_back(account: Account, refund: Object, *, status: str, reason: str) -> None:
    """The money comes back onto the balance, as a movement of its own."""
    booked = balance.book(
        account, refund, type="refund_failure", category="refund_failure", amount=refund["amount"],
        description="REFUND FAILURE", at_once=True,
    )  # fmt: skip
    refund.update(
        status=status, failure_reason=reason, failure_balance_transaction=booked["id"],
        pending_reason=None,
    )  # fmt: skip
    charge = account.get("charge", refund["charge"])
    charge.update(_refunded(charge, charge["amount_refunded"] - refund["amount"]))


def _destination(kind: str) -> Object | None:
    if kind == "card":
        return {"type": "card", "card": {"type": "refund", "reference_status": "pending"}}
    return {"type": kind, kind: {}} if kind in ("alipay", "wechat_pay") else None


def _charge_of(account: Account, values: dict[str, Any]) -> Object:
    if "charge" in values:
        return account.get("charge", values["charge"], param="charge")
    if "payment_intent" not in values:
        raise Refused(
            "One of the following params should be provided for this request: payment_intent or "
            "charge.",
            code="parameter_missing",
        )
    intent = account.get("payment_intent", values["payment_intent"], param="payment_intent")
    if intent["status"] != "succeeded":
        raise Refused(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            param="payment_intent",
        )
    return account.get("charge", intent["latest_charge"])


def _check_refundable(charge: Object, amount: int) -> None:
    left = charge["amount"] - charge["amount_refunded"]
    if charge["status"] != "succeeded":
        raise Refused(f"Charge {charge['id']} was not paid.", code="charge_not_refundable")
    if charge["disputed"] and not charge.get("_dispute_won"):
        raise Refused(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if charge["refunded"]:
        raise Refused(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if amount < 1:
        raise Refused("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    currencies.check_last_digit(amount, charge["currency"])
    if amount > left:
        currency = charge["currency"]
        raise Refused(
            f"Refund amount ({currencies.words(amount, currency)}) is greater than unrefunded "
            f"amount on charge ({currencies.words(left, currency)})",
            param="amount",  # Stripe gives no code here
        )


def _outcome(account: Account, charge: Object) -> str:
    ordered = account.world.outcomes.refunds
    return ordered.pop(0) if ordered else str(charge["_refund_outcome"])


def _refunded(charge: Object, amount: int) -> Object:
    return {"amount_refunded": amount, "refunded": amount == charge["amount"]}
