"""Stripe's objects in our own words. Plain dicts in, states out; nobody is called.

The fields are those of API 2026-10-28.endive.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from foundations.gateway.base import (
    DisputeState,
    LedgerLine,
    PaymentState,
    PaymentStatus,
    PayoutState,
    RefundState,
    SubscriptionState,
)
from foundations.models import Dispute, Gift, MonthlyGift
from foundations.money import exponent_of

Object = dict[str, Any]

# The least that Stripe takes, in minor units; of a currency not named here Stripe itself decides.
LEAST = {
    "AUD": 50, "BRL": 50, "CAD": 50, "CHF": 50, "CNY": 400, "EUR": 50, "GBP": 30, "HKD": 400,
    "JPY": 50, "KRW": 700, "MXN": 1000, "MYR": 200, "NZD": 50, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip
MOST = 99_999_999  # eight digits in any currency
WALLETS = {
    "alipay": {"AUD", "CAD", "CNY", "EUR", "GBP", "HKD", "JPY", "MYR", "NZD", "SGD", "USD"},
    "wechat_pay": {
        "AUD", "CAD", "CHF", "CNY", "DKK", "EUR", "GBP", "HKD", "JPY", "NOK", "SEK", "SGD", "USD",
    },
}  # fmt: skip

_SUBSCRIPTION = {
    "incomplete": MonthlyGift.State.STARTED,
    "incomplete_expired": MonthlyGift.State.EXPIRED,
    "trialing": MonthlyGift.State.ACTIVE,
    "active": MonthlyGift.State.ACTIVE,
    "past_due": MonthlyGift.State.PAST_DUE,
    "unpaid": MonthlyGift.State.PAST_DUE,
    "paused": MonthlyGift.State.PAST_DUE,
    "canceled": MonthlyGift.State.STOPPED,
}
_REFUND = {"succeeded": "paid", "failed": "failed", "canceled": "failed"}
_DISPUTE = {
    "won": Dispute.State.WON,
    "prevented": Dispute.State.WON,
    "warning_closed": Dispute.State.WON,
    "lost": Dispute.State.LOST,
}
_PAYOUT = {"paid": "arrived", "failed": "failed", "canceled": "failed"}


def why_not(amount_minor: int, currency: str) -> str:
    """Why Stripe would refuse an amount, "" when it would not."""
    if amount_minor < LEAST.get(currency, 1):
        return "amount_too_small"
    if amount_minor > MOST:
        return "amount_too_large"
    # Cards carry two decimals: of three, the last one has to be 0.
    if exponent_of(currency) == 3 and amount_minor % 10:
        return "amount_last_digit"
    return ""


def methods_for(currency: str) -> list[str]:
    """How a single gift in that currency can be paid; Stripe leaves out what it does not offer."""
    return ["card", *(wallet for wallet, known in WALLETS.items() if currency in known)]


def payment_of_session(session: Object) -> PaymentState:
    """A session whose intent, charge and balance transaction are expanded."""
    intent = session["payment_intent"] or {}
    return PaymentState(
        status=_status_of_session(session, intent), amount_minor=session["amount_total"],
        currency=session["currency"].upper(), session_ref=session["id"],
        gift_number=session["metadata"].get("gift", ""), is_live=session["livemode"],
        email=(session["customer_details"] or {}).get("email") or "",
        payment_ref=intent.get("id", ""), **_of_charge(intent),
    )  # fmt: skip


def payment_of_invoice(invoice: Object, intent: Object | None) -> PaymentState:
    """An invoice of a monthly gift, with the intent that pays it."""
    return PaymentState(
        status=_status_of_invoice(invoice), amount_minor=invoice["amount_due"],
        currency=invoice["currency"].upper(), invoice_ref=invoice["id"],
        subscription_ref=subscription_of(invoice), is_live=invoice["livemode"],
        payment_ref=(intent or {}).get("id", ""), email=invoice["customer_email"] or "",
        **_of_charge(intent or {}),
    )  # fmt: skip


def payment_of_intent(intent: Object) -> PaymentState:
    """An intent that neither a session nor an invoice of ours belongs to."""
    is_paid = intent["status"] == "succeeded"
    return PaymentState(
        status=PaymentStatus.PAID if is_paid else PaymentStatus.OPEN,
        amount_minor=intent["amount"], currency=intent["currency"].upper(),
        payment_ref=intent["id"], gift_number=intent["metadata"].get("gift", ""),
        is_live=intent["livemode"], **_of_charge(intent),
    )  # fmt: skip


def subscription_of(invoice: Object) -> str:
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return str(details.get("subscription") or "")


def state_of_subscription(subscription: Object) -> SubscriptionState:
    """A subscription whose latest invoice is expanded."""
    item = subscription["items"]["data"][0]
    state = _SUBSCRIPTION.get(subscription["status"], MonthlyGift.State.PAST_DUE)
    invoice = subscription["latest_invoice"] or {}
    is_unpaid = invoice.get("status") == "open" and state == MonthlyGift.State.PAST_DUE
    return SubscriptionState(
        status=state, subscription_ref=subscription["id"],
        monthly_number=subscription["metadata"].get("monthly", ""),
        amount_minor=item["price"]["unit_amount"] * item.get("quantity", 1),
        currency=subscription["currency"].upper(),
        next_at=moment(item["current_period_end"]) if state in _RUNNING else None,
        card_url=invoice.get("hosted_invoice_url") or "" if is_unpaid else "",
    )  # fmt: skip


def subscription_of_session(session: Object) -> SubscriptionState:
    """A monthly session that led to no subscription, or has not yet."""
    is_over = session["status"] == "expired"
    state = MonthlyGift.State.EXPIRED if is_over else MonthlyGift.State.STARTED
    return SubscriptionState(
        status=state, subscription_ref="", monthly_number=session["metadata"].get("monthly", ""),
        amount_minor=session["amount_total"], currency=session["currency"].upper(),
        session_ref=session["id"],
    )  # fmt: skip


def state_of_refund(refund: Object) -> RefundState:
    """A refund whose balance transactions are expanded."""
    metadata = refund["metadata"] or {}
    attempt = str(metadata.get("attempt", "1"))
    return RefundState(
        ref=refund["id"], payment_ref=refund["payment_intent"] or "",
        amount_minor=refund["amount"], currency=refund["currency"].upper(),
        status=_REFUND.get(refund["status"], "pending"), happened_at=moment(refund["created"]),
        refund_number=str(metadata.get("refund", "")),
        attempt=int(attempt) if attempt.isdecimal() and len(attempt) < 4 else 1,
        left_at=_when(refund["balance_transaction"]),
        came_back_at=_when(refund.get("failure_balance_transaction")),
        trouble=refund.get("failure_reason") or "",
    )  # fmt: skip


def state_of_dispute(dispute: Object) -> DisputeState:
    """What a dispute took and gave back stands in its balance transactions."""
    moved = dispute["balance_transactions"]
    out = [line for line in moved if line["amount"] < 0]
    back = [line for line in moved if line["amount"] >= 0]
    due = dispute["evidence_details"]["due_by"]
    return DisputeState(
        ref=dispute["id"], payment_ref=dispute["payment_intent"] or "",
        amount_minor=dispute["amount"], currency=dispute["currency"].upper(),
        status=_DISPUTE.get(dispute["status"], Dispute.State.OPEN),
        opened_at=moment(dispute["created"]), reason=dispute["reason"],
        answer_by=moment(due) if due else None,
        withdrawn_minor=-sum(line["amount"] for line in out),
        withdrawn_at=moment(out[0]["created"]) if out else None,
        fee_minor=sum(line["fee"] for line in moved if line["fee"] > 0),
        reinstated_minor=sum(line["amount"] for line in back),
        reinstated_at=moment(back[0]["created"]) if back else None,
        fee_returned_minor=-sum(line["fee"] for line in moved if line["fee"] < 0),
    )  # fmt: skip


def state_of_payout(payout: Object) -> PayoutState:
    """A payout whose balance transactions are expanded."""
    status = _PAYOUT.get(payout["status"], "sent")
    return PayoutState(
        ref=payout["id"], amount_minor=payout["amount"], currency=payout["currency"].upper(),
        status=status, sent_at=moment(payout["created"]),
        arrived_at=moment(payout["arrival_date"]) if status == "arrived" else None,
        failed_at=_when(payout["failure_balance_transaction"]),
    )  # fmt: skip


def line_of(booked: Object) -> LedgerLine:
    """A balance transaction whose source is expanded."""
    source = booked["source"]
    is_known = isinstance(source, dict)
    return LedgerLine(
        ref=booked["id"], kind=booked["reporting_category"], amount_minor=booked["amount"],
        fee_minor=booked["fee"], net_minor=booked["net"], currency=booked["currency"].upper(),
        source_ref=source["id"] if is_known else str(source or ""),
        happened_at=moment(booked["created"]),
        payment_ref=str((source.get("payment_intent") if is_known else None) or ""),
    )  # fmt: skip


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


_RUNNING = {MonthlyGift.State.ACTIVE, MonthlyGift.State.PAST_DUE}


def _status_of_session(session: Object, intent: Object) -> PaymentStatus:
    if session["payment_status"] in {"paid", "no_payment_required"}:
        return PaymentStatus.PAID
    if session["status"] == "expired":
        return PaymentStatus.EXPIRED
    if session["status"] == "open":
        return PaymentStatus.OPEN
    # Complete and not paid: a way of paying that is decided later, and may be refused.
    if intent.get("status") in {"requires_payment_method", "canceled"}:
        return PaymentStatus.FAILED
    return PaymentStatus.PENDING


def _status_of_invoice(invoice: Object) -> PaymentStatus:
    if invoice["status"] == "paid":
        return PaymentStatus.PAID
    if invoice["status"] in {"void", "uncollectible"}:
        return PaymentStatus.FAILED
    return PaymentStatus.FAILED if invoice["attempted"] else PaymentStatus.OPEN


def _of_charge(intent: Object) -> dict[str, Any]:
    """How it was paid, when, and what it cost: the last is known a moment later."""
    charge = intent.get("latest_charge")
    if not isinstance(charge, dict):
        return {}
    booked = charge["balance_transaction"]
    details = (charge["payment_method_details"] or {}).get("type", "")
    return {
        "method": details if details in Gift.Method.values else Gift.Method.OTHER.value,
        "fee_minor": booked["fee"] if isinstance(booked, dict) else None,
        "paid_at": moment(charge["created"]) if charge["paid"] else None,
    }


def _when(booked: Any) -> datetime | None:
    return moment(booked["created"]) if isinstance(booked, dict) else None
