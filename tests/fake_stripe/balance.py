"""An account's balance: every movement of it, and payouts to the bank."""

from collections import defaultdict
from typing import Any

import stripe

from tests.fake_stripe.errors import Refused
from tests.fake_stripe.shapes import shape
from tests.fake_stripe.store import DAY, Account, Object

AVAILABLE_AFTER = 2 * DAY
ARRIVES_AFTER = 1 * DAY


def book(
    account: Account, subject: Object, *, type: str, category: str, amount: int, fee: int = 0,
    fee_words: str = "Stripe processing fees", description: str | None = None,
    at_once: bool = False,
) -> Object:  # fmt: skip
    """Writes down a movement of the balance. `net` is what the account is left with."""
    now = account.world.now()
    currency = subject["currency"]
    details = [
        {
            "amount": fee, "application": None, "currency": currency, "description": fee_words,
            "type": "stripe_fee",
        }
    ] if fee else []  # fmt: skip
    booked = account.make(
        stripe.BalanceTransaction, "txn", amount=amount, currency=currency, fee=fee,
        net=amount - fee, fee_details=details, type=type, reporting_category=category,
        source=subject["id"], description=description, balance_type="payments",
        available_on=now if at_once else now + AVAILABLE_AFTER,
        status="available" if at_once else "pending", _payout=None,
    )  # fmt: skip
    if not at_once:
        account.world.later(AVAILABLE_AFTER, lambda: booked.update(status="available"))
    return booked


def balance(account: Account) -> Object:
    sums: dict[str, dict[str, int]] = {"available": defaultdict(int), "pending": defaultdict(int)}
    for booked in account.all("balance_transaction"):
        sums[booked["status"]][booked["currency"]] += booked["net"]
    parts = {
        name: [
            {"amount": total, "currency": currency, "source_types": {"card": total}}
            for currency, total in sorted(by_currency.items() or [("cny", 0)])
        ]
        for name, by_currency in sums.items()
    }
    return shape(stripe.Balance, livemode=False, **parts)


# Payouts


def pay_out_all(account: Account, *, currency: str) -> Object:
    """Stripe's automatic payout: everything in this currency that was not paid out before.

    Stripe waits until money is available; here a test that pays out means all of it.
    """
    due = [
        booked
        for booked in account.all("balance_transaction")
        if booked["currency"] == currency and booked["_payout"] is None
    ]
    total = sum(booked["net"] for booked in due)
    if total <= 0:
        raise Refused(f"There is nothing to pay out in {currency}.", code="balance_insufficient")
    payout = _start_payout(account, amount=total, currency=currency, automatic=True)
    for booked in [*due, account.get("balance_transaction", payout["balance_transaction"])]:
        booked.update(_payout=payout["id"], status="available")
    return payout


def pay_out(account: Account, values: dict[str, Any]) -> Object:
    """A payout that was asked for: an amount, of which Stripe cannot say what it consists of."""
    available = sum(
        booked["net"]
        for booked in account.all("balance_transaction")
        if booked["currency"] == values["currency"] and booked["status"] == "available"
    )
    if values["amount"] > available:
        raise Refused(
            "You have insufficient funds in your Stripe account for this transfer.",
            code="balance_insufficient", param="amount",
        )  # fmt: skip
    return _start_payout(
        account, amount=values["amount"], currency=values["currency"], automatic=False,
        description=values.get("description"), metadata=values.get("metadata", {}),
        statement_descriptor=values.get("statement_descriptor"),
    )  # fmt: skip


def _start_payout(account: Account, *, automatic: bool, **values: Any) -> Object:
    values.setdefault("metadata", {})
    payout = account.make(
        stripe.Payout, "po", **values, automatic=automatic, status="in_transit",
        arrival_date=account.world.now() + ARRIVES_AFTER, method="standard", type="bank_account",
        source_type="card", destination="ba_fake",
        reconciliation_status="completed" if automatic else "not_applicable",
    )  # fmt: skip
    booked = book(
        account, payout, type="payout", category="payout", amount=-payout["amount"],
        description="STRIPE PAYOUT", at_once=True,
    )  # fmt: skip
    payout["balance_transaction"] = booked["id"]
    account.emit("payout.created", payout)
    account.world.later(ARRIVES_AFTER, lambda: _arrive(account, payout))
    return payout


def _arrive(account: Account, payout: Object) -> None:
    if payout["status"] != "in_transit":
        return
    payout["status"] = "paid"
    account.emit("payout.paid", payout)
    if payout["automatic"]:
        account.emit("payout.reconciliation_completed", payout)


def fail_payout(account: Account, payout: Object) -> Object:
    """The bank sends the money back: it is on the balance again."""
    booked = book(
        account, payout, type="payout_failure", category="payout_reversal",
        amount=payout["amount"], description="PAYOUT FAILURE", at_once=True,
    )  # fmt: skip
    payout.update(
        status="failed", failure_code="account_closed",
        failure_message="The bank account has been closed.",
        failure_balance_transaction=booked["id"],
    )  # fmt: skip
    account.emit("payout.failed", payout)
    return payout


def cancel_payout(account: Account, payout: Object) -> Object:
    if payout["status"] not in ("pending", "in_transit"):
        raise Refused(f"Payouts with status {payout['status']} cannot be canceled.")
    booked = book(
        account, payout, type="payout_cancel", category="payout_reversal", amount=payout["amount"],
        description="PAYOUT CANCEL", at_once=True,
    )  # fmt: skip
    payout.update(status="canceled", failure_balance_transaction=booked["id"])
    account.emit("payout.canceled", payout)
    return payout
