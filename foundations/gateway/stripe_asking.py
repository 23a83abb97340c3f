"""What Stripe is asked for, object by object, with all that is needed of it expanded.

The library's client is handed in, and so are its errors in our words (`spoken`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from foundations.gateway import stripe_reading as reading
from foundations.gateway.base import (
    GatewayRefused,
    Notification,
    PaymentState,
    RefundState,
    State,
    SubscriptionState,
)
from foundations.gateway.stripe_reading import Object

_WHOLE_PAYMENT = "payment_intent.latest_charge.balance_transaction"
MOVED = ["balance_transaction", "failure_balance_transaction"]


class StripeAccount:
    """One foundation's account, to be asked."""

    def __init__(
        self, client: Any, account: str, spoken: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._v1 = client.v1
        self._options = account_options(account)
        self._spoken = spoken

    def session(self, ref: str) -> Object:
        with self._spoken():
            return plain(
                self._v1.checkout.sessions.retrieve(
                    ref, {"expand": [_WHOLE_PAYMENT]}, self._options
                )
            )

    def subscription(self, ref: str) -> SubscriptionState:
        with self._spoken():
            found = self._v1.subscriptions.retrieve(
                ref, {"expand": ["latest_invoice"]}, self._options
            )
        return reading.state_of_subscription(plain(found))

    def refund(self, ref: str) -> RefundState:
        with self._spoken():
            found = self._v1.refunds.retrieve(ref, {"expand": MOVED}, self._options)
        return reading.state_of_refund(plain(found))

    def payment_of_invoice(self, ref: str) -> PaymentState:
        """An invoice leads to its payment by two steps more than one call can expand."""
        with self._spoken():
            found = plain(self._v1.invoices.retrieve(ref, {"expand": ["payments"]}, self._options))
            paid_by = [kept["payment"].get("payment_intent") for kept in found["payments"]["data"]]
            intent = self._intent(paid_by[0]) if paid_by and paid_by[0] else None
        return reading.payment_of_invoice(found, intent)

    def payment_of_intent(self, ref: str) -> PaymentState:
        payment = self.payment_and_monthly(ref)[-1]
        assert isinstance(payment, PaymentState)
        return payment

    def payment_and_monthly(self, intent_ref: str) -> list[State]:
        """The payment by its session or invoice: an intent alone does not say whose gift it is."""
        if not intent_ref:
            return []
        by_session = {
            "payment_intent": intent_ref, "limit": 1, "expand": [f"data.{_WHOLE_PAYMENT}"],
        }  # fmt: skip
        by_invoice = {
            "payment": {"type": "payment_intent", "payment_intent": intent_ref}, "limit": 1,
        }  # fmt: skip
        with self._spoken():
            if found := self._v1.checkout.sessions.list(by_session, self._options).data:
                return [reading.payment_of_session(plain(found[0]))]
            if paid := self._v1.invoice_payments.list(by_invoice, self._options).data:
                return self._behind_its_subscription(str(paid[0].invoice))
            return [reading.payment_of_intent(self._intent(intent_ref))]

    # What each kind of notification is about

    def of_session(self, told: Notification) -> list[State]:
        session = self.session(told.object_ref)
        if session["mode"] != "subscription":
            return [reading.payment_of_session(session)]
        if not session["subscription"]:
            return [reading.subscription_of_session(session)]
        monthly = self.subscription(session["subscription"])
        if not session["invoice"]:
            return [monthly]
        return [monthly, self.payment_of_invoice(session["invoice"])]

    def of_charge(self, told: Notification) -> list[State]:
        return self.payment_and_monthly(told.payload.get("payment_intent", ""))

    def of_refund(self, told: Notification) -> list[State]:
        """The payment first: the refund may overtake what told of it."""
        refund = self.refund(told.object_ref)
        return [*self.payment_and_monthly(refund.payment_ref), refund]

    def of_dispute(self, told: Notification) -> list[State]:
        with self._spoken():
            found = self._v1.disputes.retrieve(told.object_ref, None, self._options)
        dispute = reading.state_of_dispute(plain(found))
        return [*self.payment_and_monthly(dispute.payment_ref), dispute]

    def of_payout(self, told: Notification) -> list[State]:
        with self._spoken():
            found = self._v1.payouts.retrieve(
                told.object_ref, {"expand": ["failure_balance_transaction"]}, self._options
            )
        return [reading.state_of_payout(plain(found))]

    def of_subscription(self, told: Notification) -> list[State]:
        return [self.subscription(told.object_ref)]

    def of_invoice(self, told: Notification) -> list[State]:
        return self._behind_its_subscription(told.object_ref)

    def _behind_its_subscription(self, invoice_ref: str) -> list[State]:
        payment = self.payment_of_invoice(invoice_ref)
        if not payment.subscription_ref:
            return [payment]
        return [self.subscription(payment.subscription_ref), payment]

    def _intent(self, ref: str) -> Object:
        call = {"expand": ["latest_charge.balance_transaction"]}
        return plain(self._v1.payment_intents.retrieve(ref, call, self._options))


Reader = Callable[[StripeAccount, Notification], list[State]]

_READERS: dict[str, Reader] = {
    "checkout.session.": StripeAccount.of_session,
    "charge.succeeded": StripeAccount.of_charge,
    "charge.updated": StripeAccount.of_charge,
    "charge.dispute.": StripeAccount.of_dispute,
    "refund.": StripeAccount.of_refund,
    "payout.": StripeAccount.of_payout,
    "customer.subscription.": StripeAccount.of_subscription,
    "invoice.paid": StripeAccount.of_invoice,
    "invoice.payment_failed": StripeAccount.of_invoice,
}


def reader_of(kind: str) -> Reader | None:
    """By the kind's name, or by its family («refund.»); None for what tells us nothing."""
    return _READERS.get(kind) or _READERS.get(kind.rpartition(".")[0] + ".")


def account_options(account: str) -> Any:
    if not account:
        raise GatewayRefused("no_account")
    return {"stripe_account": account}


def plain(answer: Any) -> Object:
    as_dict: Object = answer.to_dict()
    return as_dict
