"""Disputes: opened by a donor's bank, the money withdrawn with a fee, won or lost."""

from typing import Any

import stripe

from tests.fake_stripe import balance, currencies
from tests.fake_stripe.errors import Refused
from tests.fake_stripe.shapes import shape
from tests.fake_stripe.store import DAY, Account, Object

OPEN = {"needs_response", "under_review"}
ANSWER_WITHIN = 9 * DAY
EVIDENCE = {"winning_evidence": True, "losing_evidence": False}  # Stripe's own words for tests


def open_dispute(
    account: Account, charge: Object, *, reason: str = "fraudulent", withdraw: bool = True
) -> Object:
    """The bank disputes what is left of a charge. Without `withdraw` the money follows later."""
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise Refused(f"Charge {charge['id']} cannot be disputed.")
    dispute = account.make(
        stripe.Dispute, "du", amount=charge["amount"] - charge["amount_refunded"],
        currency=charge["currency"], charge=charge["id"], payment_intent=charge["payment_intent"],
        reason=reason, status="needs_response", balance_transactions=[], metadata={},
        enhanced_eligibility_types=[], is_charge_refundable=False,
        evidence=shape(stripe.Dispute.Evidence, enhanced_evidence={}),
        evidence_details={
            "due_by": account.world.now() + ANSWER_WITHIN, "enhanced_eligibility": {},
            "has_evidence": False, "past_due": False, "submission_count": 0,
            "submission_method": "not_submitted",
        },
        payment_method_details={
            "type": "card",
            "card": {"brand": "visa", "case_type": "chargeback", "network": "visa",
                     "network_reason_code": "10.4"},
        },
    )  # fmt: skip
    charge["disputed"] = True
    account.emit("charge.dispute.created", dispute)
    if withdraw:
        withdraw_funds(account, dispute)
    return dispute


def withdraw_funds(account: Account, dispute: Object) -> None:
    """The disputed money and a fee leave the balance."""
    if dispute["balance_transactions"]:
        return
    booked = balance.book(
        account, dispute, type="adjustment", category="dispute", amount=-dispute["amount"],
        fee=currencies.dispute_fee(dispute["currency"]), fee_words="Dispute fee",
        description=f"Chargeback withdrawal for {dispute['charge']}", at_once=True,
    )  # fmt: skip
    dispute["balance_transactions"].append(dict(booked))
    account.emit("charge.dispute.funds_withdrawn", dispute)


def close_dispute(account: Account, dispute: Object, *, won: bool) -> Object:
    """The bank's decision. Won: the money comes back, the fee does not."""
    if dispute["status"] not in OPEN:
        raise Refused("This dispute is already closed.")
    charge = account.get("charge", dispute["charge"])
    charge["_dispute_won"] = won
    dispute.update(status="won" if won else "lost", is_charge_refundable=won)
    if won and dispute["balance_transactions"]:
        booked = balance.book(
            account, dispute, type="adjustment", category="dispute_reversal",
            amount=dispute["amount"], description=f"Chargeback reversal for {dispute['charge']}",
            at_once=True,
        )  # fmt: skip
        dispute["balance_transactions"].append(dict(booked))
        account.emit("charge.dispute.funds_reinstated", dispute)
    account.emit("charge.dispute.closed", dispute)
    return dispute


def answer_dispute(account: Account, dispute: Object, values: dict[str, Any]) -> Object:
    """Keeps evidence. Submitted, it is reviewed: Stripe's two test words decide at once."""
    if dispute["status"] not in OPEN:
        raise Refused("This dispute is already closed.")
    dispute["metadata"] |= values.get("metadata") or {}
    evidence = values.get("evidence") or {}
    dispute["evidence"] |= evidence
    details = dispute["evidence_details"]
    details["has_evidence"] = details["has_evidence"] or bool(evidence)
    if values.get("submit", True) and evidence:
        details.update(submission_count=details["submission_count"] + 1, submission_method="manual")
        dispute["status"] = "under_review"
    account.emit("charge.dispute.updated", dispute)
    word = evidence.get("uncategorized_text")
    if dispute["status"] == "under_review" and word in EVIDENCE:
        close_dispute(account, dispute, won=EVIDENCE[word])
    return dispute
