"""The calls there are: method, path, the library's name for the parameters, and what is done."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.fake_stripe import (
    balance,
    catalogue,
    checkout,
    connect,
    disputes,
    lists,
    parameters,
    payments,
    refunds,
    subscriptions,
)  # fmt: skip
from tests.fake_stripe.errors import BadParameter, Refused
from tests.fake_stripe.payments import Payer
from tests.fake_stripe.store import EVENTS_ARE_KEPT, Account, Object, public

Values = dict[str, Any]
Work = Callable[..., Object]  # (account, values, *ids)


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    params: str
    work: Work

    def match(self, method: str, path: str) -> tuple[str, ...] | None:
        if method != self.method:
            return None
        found = re.fullmatch(re.sub(r"\{\w+\}", r"([^/]+)", self.path), path)
        return found.groups() if found else None


def find(method: str, path: str) -> tuple[Operation, tuple[str, ...]]:
    for operation in OPERATIONS:
        ids = operation.match(method, path)
        if ids is not None:
            return operation, ids
    raise Refused(f"Unrecognized request URL ({method}: {path}).", status=404)


def run(account: Account, operation: Operation, ids: tuple[str, ...], said: Values) -> Object:
    """Checks what was said against the specification, does it, answers with what was expanded."""
    values = parameters.check(operation.params, said)
    answer = public(operation.work(account, values, *ids))
    return lists.expanded(account, answer, values.get("expand", []))


# What most objects have


def _retrieve(kind: str) -> Work:
    return lambda account, values, named: account.get(kind, named)


def _list(kind: str, path: str, **readers: lists.Reader) -> Work:
    return lambda account, values: lists.page(account, kind, values, url=path, **readers)


def _update(kind: str, event: str | None, fields: Iterable[str] = ()) -> Work:
    """Changes metadata, description and the fields named; other changes are refused."""
    known = {"metadata", "description", "expand", *fields}

    def work(account: Account, values: Values, id: str) -> Object:
        found = account.get(kind, id)
        for name in values:
            if name not in known:
                raise Refused(f"This fake Stripe does not change {name}.", param=name)
        changes = {name: value for name, value in values.items() if name != "expand"}
        if "metadata" in changes:
            changes["metadata"] = subscriptions.merged(found["metadata"] or {}, changes["metadata"])
        before = account.change(found, **changes)
        if event:
            account.emit(event, found, before=before)
        return found

    return work


# Checkout


def _expire_session(account: Account, values: Values, id: str) -> Object:
    return checkout.expire_session(account, account.get("checkout.session", id))


def _session_items(account: Account, values: Values, id: str) -> Object:
    items = account.get("checkout.session", id)["_line_items"]
    return lists.cut(items, values, url=f"/v1/checkout/sessions/{id}/line_items")


def _details_mail(session: Object) -> Any:
    return {"email": (session["customer_details"] or {}).get("email")}


# Payments


INTENT_FIELDS = {
    "amount", "currency", "customer", "description", "metadata", "receipt_email", "transfer_group",
    "statement_descriptor", "statement_descriptor_suffix", "application_fee_amount",
}  # fmt: skip
INTENT_CALL = INTENT_FIELDS | {
    "confirm", "payment_method", "automatic_payment_methods", "allowed_payment_method_types",
    "return_url", "expand", "off_session",
}  # fmt: skip


def _create_intent(account: Account, values: Values) -> Object:
    for name in values:
        if name not in INTENT_CALL:
            raise Refused(f"This fake Stripe does not do {name}.", param=name)
    fields = {name: value for name, value in values.items() if name in INTENT_FIELDS}
    intent = payments.start_intent(account, **fields)
    if values.get("confirm"):
        return _confirm_intent(account, values, intent["id"])
    return intent


def _confirm_intent(account: Account, values: Values, id: str) -> Object:
    intent = account.get("payment_intent", id)
    if intent["status"] != "requires_payment_method":
        raise Refused(
            f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}.",
            code="payment_intent_unexpected_state", payment_intent=public(intent),
        )  # fmt: skip
    if "payment_method" not in values:
        raise Refused(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state", payment_intent=public(intent),
        )  # fmt: skip
    payer = Payer(
        email=intent["receipt_email"], card=payments.card_of(account, values["payment_method"])
    )
    charge = payments.pay(account, intent, method="card", payer=payer)
    if charge["status"] == "failed":
        raise payments.Declined(public(intent), charge)
    return intent


def _cancel_intent(account: Account, values: Values, id: str) -> Object:
    intent = account.get("payment_intent", id)
    return payments.cancel_intent(account, intent, reason=values.get("cancellation_reason"))


# Giving back


def _create_refund(account: Account, values: Values) -> Object:
    for name in ("instructions_email", "customer", "origin", "reverse_transfer", "currency"):
        if name in values:
            raise Refused(f"This fake Stripe does not do {name}.", param=name)
    return refunds.refund(account, values)


def _cancel_refund(account: Account, values: Values, id: str) -> Object:
    return refunds.cancel_refund(account, account.get("refund", id))


def _answer_dispute(account: Account, values: Values, id: str) -> Object:
    return disputes.answer_dispute(account, account.get("dispute", id), values)


def _close_dispute(account: Account, values: Values, id: str) -> Object:
    return disputes.close_dispute(account, account.get("dispute", id), won=False)


# Money


def _balance(account: Account, values: Values) -> Object:
    return balance.balance(account)


def _balance_transactions(account: Account, values: Values) -> Object:
    if "payout" in values:
        payout = account.get("payout", values["payout"], param="payout")
        if not payout["automatic"]:
            raise Refused(
                "Balance transaction history can only be filtered on automatic payouts.",
                param="payout",
            )
    return lists.page(
        account, "balance_transaction", values, url="/v1/balance_transactions",
        payout=lambda booked: booked["_payout"], type=lambda booked: booked["type"],
    )  # fmt: skip


def _create_payout(account: Account, values: Values) -> Object:
    return balance.pay_out(account, values)


def _cancel_payout(account: Account, values: Values, id: str) -> Object:
    return balance.cancel_payout(account, account.get("payout", id))


# Monthly


def _subscriptions(account: Account, values: Values) -> Object:
    """All but the canceled ones, unless the status is asked for."""
    status = values.pop("status", None)
    if status is None:
        values["_live"] = True
    elif status not in ("all", "ended"):
        values["_status"] = status
    elif status == "ended":
        values["_live"] = False
    return lists.page(
        account, "subscription", values, url="/v1/subscriptions",
        _live=lambda found: found["status"] not in subscriptions.ENDED,
        _status=lambda found: found["status"],
        price=lambda found: found["items"]["data"][0]["price"]["id"],
    )  # fmt: skip


def _update_subscription(account: Account, values: Values, id: str) -> Object:
    return subscriptions.update(account, account.get("subscription", id), values)


def _cancel_subscription(account: Account, values: Values, id: str) -> Object:
    return subscriptions.cancel(account, account.get("subscription", id), values)


def _pay_invoice(account: Account, values: Values, id: str) -> Object:
    invoice = account.get("invoice", id)
    payer = None
    if "payment_method" in values:
        payer = Payer(card=payments.card_of(account, values["payment_method"]))
    if not subscriptions.pay_invoice(account, invoice, payer=payer):
        raise Refused(
            "Your card was declined.", status=402, kind="card_error", code="card_declined"
        )
    return invoice


def _invoice_payments(account: Account, values: Values) -> Object:
    wanted = values.pop("payment", None)
    if wanted:
        values["_intent"] = wanted.get("payment_intent")
    return lists.page(
        account, "invoice_payment", values, url="/v1/invoice_payments",
        _intent=lambda kept: kept["payment"]["payment_intent"],
    )  # fmt: skip


def _delete_customer(account: Account, values: Values, id: str) -> Object:
    customer = account.get("customer", id)
    account.forget("customer", id)
    account.emit("customer.deleted", customer)
    return {"id": id, "object": "customer", "deleted": True}


def _create_product(account: Account, values: Values) -> Object:
    return catalogue.make_product(account, values)


# Events


def _events(account: Account, values: Values) -> Object:
    if "type" in values and "types" in values:
        raise BadParameter("You may only specify one of these parameters: type, types.")
    since = account.world.now() - EVENTS_ARE_KEPT
    found = [event for event in account.all("event")[::-1] if event["created"] >= since]
    delivered = values.get("delivery_success")
    kept = [
        event
        for event in found
        if _of_type(event["type"], values)
        and lists.in_range(event, values.get("created"))
        and (delivered is None or delivered == (event["pending_webhooks"] == 0))
    ]
    return lists.cut(kept, values, url="/v1/events")


def _of_type(type: str, values: Values) -> bool:
    wanted = values.get("types") or [values.get("type", "*")]
    if wanted == ["*"] or type in wanted:
        return True
    return any(re.fullmatch(re.escape(word).replace(r"\*", ".*"), type) for word in wanted)


# Connect


def _own_account(account: Account, values: Values) -> Object:
    return connect.own_account(account)


def _retrieve_account(account: Account, values: Values, id: str) -> Object:
    return connect.own_account(account) if id == account.id else account.get("account", id)


ACCOUNT_CALL = {
    "country", "email", "type", "business_type", "metadata", "capabilities", "controller",
    "business_profile", "default_currency", "expand",
}  # fmt: skip


def _connect_account(account: Account, values: Values) -> Object:
    for name in values:
        if name not in ACCOUNT_CALL:
            raise Refused(f"This fake Stripe does not do {name}.", param=name)
    return connect.connect_account(account, values)


def _remove_endpoint(account: Account, values: Values, id: str) -> Object:
    return connect.remove_endpoint(account, account.get("webhook_endpoint", id))


def _standard(path: str, kind: str, params: str, **readers: lists.Reader) -> list[Operation]:
    """Retrieve and list, which nearly every object has."""
    return [
        Operation("GET", path, f"{params}ListParams", _list(kind, path, **readers)),
        Operation("GET", f"{path}/{{id}}", f"{params}RetrieveParams", _retrieve(kind)),
    ]


_CHECKOUT = "/v1/checkout/sessions"

OPERATIONS = [
    Operation("POST", _CHECKOUT, "checkout.SessionCreateParams", checkout.create_session),
    Operation("POST", f"{_CHECKOUT}/{{id}}", "checkout.SessionUpdateParams",
              _update("checkout.session", None)),
    Operation("POST", f"{_CHECKOUT}/{{id}}/expire", "checkout.SessionExpireParams",
              _expire_session),
    Operation("GET", f"{_CHECKOUT}/{{id}}/line_items", "checkout.SessionLineItemListParams",
              _session_items),
    *_standard(_CHECKOUT, "checkout.session", "checkout.Session", customer_details=_details_mail),
    Operation("POST", "/v1/payment_intents", "PaymentIntentCreateParams", _create_intent),
    Operation("POST", "/v1/payment_intents/{id}", "PaymentIntentUpdateParams",
              _update("payment_intent", None, {"receipt_email"})),
    Operation("POST", "/v1/payment_intents/{id}/confirm", "PaymentIntentConfirmParams",
              _confirm_intent),
    Operation("POST", "/v1/payment_intents/{id}/cancel", "PaymentIntentCancelParams",
              _cancel_intent),
    *_standard("/v1/payment_intents", "payment_intent", "PaymentIntent"),
    Operation("POST", "/v1/charges/{id}", "ChargeUpdateParams",
              _update("charge", "charge.updated", {"receipt_email"})),
    *_standard("/v1/charges", "charge", "Charge"),
    Operation("POST", "/v1/refunds", "RefundCreateParams", _create_refund),
    Operation("POST", "/v1/refunds/{id}", "RefundUpdateParams",
              _update("refund", "charge.refund.updated")),
    Operation("POST", "/v1/refunds/{id}/cancel", "RefundCancelParams", _cancel_refund),
    *_standard("/v1/refunds", "refund", "Refund"),
    Operation("POST", "/v1/disputes/{id}", "DisputeUpdateParams", _answer_dispute),
    Operation("POST", "/v1/disputes/{id}/close", "DisputeCloseParams", _close_dispute),
    *_standard("/v1/disputes", "dispute", "Dispute"),
    Operation("GET", "/v1/balance", "BalanceRetrieveParams", _balance),
    Operation("GET", "/v1/balance_transactions", "BalanceTransactionListParams",
              _balance_transactions),
    Operation("GET", "/v1/balance_transactions/{id}", "BalanceTransactionRetrieveParams",
              _retrieve("balance_transaction")),
    Operation("POST", "/v1/payouts", "PayoutCreateParams", _create_payout),
    Operation("POST", "/v1/payouts/{id}/cancel", "PayoutCancelParams", _cancel_payout),
    *_standard("/v1/payouts", "payout", "Payout"),
    Operation("POST", "/v1/customers", "CustomerCreateParams", catalogue.make_customer),
    Operation("POST", "/v1/customers/{id}", "CustomerUpdateParams",
              _update("customer", "customer.updated", {"email", "name", "phone"})),
    Operation("DELETE", "/v1/customers/{id}", "CustomerDeleteParams", _delete_customer),
    *_standard("/v1/customers", "customer", "Customer"),
    Operation("POST", "/v1/products", "ProductCreateParams", _create_product),
    *_standard("/v1/products", "product", "Product"),
    Operation("POST", "/v1/prices", "PriceCreateParams", catalogue.make_price),
    *_standard("/v1/prices", "price", "Price"),
    Operation("GET", "/v1/subscriptions", "SubscriptionListParams", _subscriptions),
    Operation("GET", "/v1/subscriptions/{id}", "SubscriptionRetrieveParams",
              _retrieve("subscription")),
    Operation("POST", "/v1/subscriptions/{id}", "SubscriptionUpdateParams", _update_subscription),
    Operation("DELETE", "/v1/subscriptions/{id}", "SubscriptionCancelParams",
              _cancel_subscription),
    Operation("POST", "/v1/invoices/{id}/pay", "InvoicePayParams", _pay_invoice),
    *_standard("/v1/invoices", "invoice", "Invoice",
               subscription=lambda invoice: invoice["_subscription"]),
    Operation("GET", "/v1/invoice_payments", "InvoicePaymentListParams", _invoice_payments),
    Operation("GET", "/v1/invoice_payments/{id}", "InvoicePaymentRetrieveParams",
              _retrieve("invoice_payment")),
    Operation("GET", "/v1/events", "EventListParams", _events),
    Operation("GET", "/v1/events/{id}", "EventRetrieveParams", _retrieve("event")),
    Operation("GET", "/v1/account", "AccountRetrieveCurrentParams", _own_account),
    Operation("POST", "/v1/accounts", "AccountCreateParams", _connect_account),
    Operation("GET", "/v1/accounts", "AccountListParams", _list("account", "/v1/accounts")),
    Operation("GET", "/v1/accounts/{id}", "AccountRetrieveParams", _retrieve_account),
    Operation("POST", "/v1/account_links", "AccountLinkCreateParams", connect.onboarding_link),
    Operation("POST", "/v1/webhook_endpoints", "WebhookEndpointCreateParams",
              connect.register_endpoint),
    Operation("DELETE", "/v1/webhook_endpoints/{id}", "WebhookEndpointDeleteParams",
              _remove_endpoint),
    *_standard("/v1/webhook_endpoints", "webhook_endpoint", "WebhookEndpoint"),
]  # fmt: skip
