"""Stripe, by its official library: the only file of the product that imports it.

Each foundation has an account of its own (Connect), and every call names it: money goes to the
foundation and never through the platform. All calls are short, named by an idempotency key where
they change something, and tried once more at most.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import stripe
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from foundations.gateway import stripe_reading as reading
from foundations.gateway.base import (
    GatewayRefused,
    GatewayUnreachable,
    LedgerLine,
    NotGenuine,
    Notification,
    PaymentState,
    RefundState,
    Started,
    State,
    SubscriptionState,
)
from foundations.gateway.stripe_asking import (
    MOVED,
    StripeAccount,
    account_options,
    plain,
    reader_of,
)
from foundations.gateway.stripe_reading import Object
from foundations.models import Foundation, Gift, MonthlyGift, Refund

logger = logging.getLogger(__name__)

CONNECT_SECONDS, ANSWER_SECONDS = 5, 20
RETRIES = 1
# Stripe's shortest is 30 minutes, counted from its own clock. The moment is the same however often
# the page is asked for, as the key demands; the five minutes are for trying again.
PAGE_LASTS = timedelta(minutes=35)
SIGNED_WITHIN_SECONDS = 300
PAGE = 100

_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,250}")
# What is kept of a notification: names to ask by, and nothing of the donor's.
_KEPT = (
    "object", "status", "payment_intent", "charge", "subscription", "invoice", "customer",
    "payment_status", "mode",
)  # fmt: skip


class StripeGateway:
    """A stateless speaker of Stripe's language."""

    name = "stripe"

    @property
    def is_configured(self) -> bool:
        return bool(settings.LINLI_STRIPE_KEY)

    @property
    def is_live(self) -> bool:
        return _is_live_key(settings.LINLI_STRIPE_KEY)

    def hears(self, door: str) -> bool:
        return bool(secrets_of(door))

    # Taking money

    def start(
        self, *, payment: Gift | MonthlyGift, success_url: str, cancel_url: str, email: str
    ) -> Started:
        """A Checkout page in the donor's language, open for half an hour."""
        if code := reading.why_not(payment.amount_minor, payment.currency):
            raise GatewayRefused(code)
        call: Any = {
            "line_items": [_line_item(payment)],
            "client_reference_id": payment.number,
            "success_url": success_url, "cancel_url": cancel_url,
            "locale": "en" if payment.language.startswith("en") else "zh",
            "expires_at": int((payment.created_at + PAGE_LASTS).timestamp()),
        } | _by_mode(payment)  # fmt: skip
        if email:
            call["customer_email"] = email
        with _spoken():
            session = _client().v1.checkout.sessions.create(
                call, _for(payment.foundation, key=payment.number)
            )
        return Started(
            session_ref=session.id, url=session.url or "",
            expires_at=reading.moment(session.expires_at),
        )  # fmt: skip

    def fetch_state(self, *, gift: Gift) -> PaymentState:
        account = _asked(gift.foundation.stripe_account)
        if gift.invoice_ref:
            return account.payment_of_invoice(gift.invoice_ref)
        if gift.session_ref:
            return reading.payment_of_session(account.session(gift.session_ref))
        if gift.payment_ref:
            return account.payment_of_intent(gift.payment_ref)
        raise GatewayRefused("never_started")

    def refund(self, *, refund: Refund) -> RefundState:
        gift = refund.gift
        call: Any = {
            "payment_intent": gift.payment_ref, "amount": refund.amount_minor,
            "metadata": {
                "refund": refund.number, "attempt": str(refund.attempt), "gift": gift.number,
            },
            "expand": MOVED,
        }  # fmt: skip
        key = f"{refund.number}-{refund.attempt}"
        with _spoken():
            made = _client().v1.refunds.create(call, _for(gift.foundation, key=key))
        return reading.state_of_refund(plain(made))

    def fetch_refund(self, *, refund: Refund) -> RefundState:
        return _asked(refund.gift.foundation.stripe_account).refund(refund.ref)

    # Monthly

    def stop_monthly(self, *, monthly: MonthlyGift) -> SubscriptionState:
        """No further month is charged. A page still open for it is closed as well."""
        account = monthly.foundation.stripe_account
        if not monthly.subscription_ref:
            return self._stop_before_it_runs(account, monthly)
        try:
            with _spoken():
                _client().v1.subscriptions.cancel(
                    monthly.subscription_ref, None, account_options(account)
                )
        except GatewayRefused as refused:
            # What has ended already does not exist for this call; asked for, it is there.
            if refused.code != "resource_missing":
                raise
        return _asked(account).subscription(monthly.subscription_ref)

    def _stop_before_it_runs(self, account: str, monthly: MonthlyGift) -> SubscriptionState:
        state = self.fetch_monthly(monthly=monthly)
        if state.subscription_ref:
            monthly.subscription_ref = state.subscription_ref
            return self.stop_monthly(monthly=monthly)
        if state.status == MonthlyGift.State.STARTED:
            with _spoken():
                _client().v1.checkout.sessions.expire(
                    monthly.session_ref, None, account_options(account)
                )
        return self.fetch_monthly(monthly=monthly)

    def change_monthly(self, *, monthly: MonthlyGift, amount_minor: int) -> SubscriptionState:
        """Another amount from the next month on."""
        if code := reading.why_not(amount_minor, monthly.currency):
            raise GatewayRefused(code)
        account = monthly.foundation.stripe_account
        with _spoken():
            found = _client().v1.subscriptions.retrieve(
                monthly.subscription_ref, None, account_options(account)
            )
            item = plain(found)["items"]["data"][0]
            call: Any = {
                "items": [
                    {
                        "id": item["id"], "quantity": 1,
                        "price_data": {
                            "currency": monthly.currency.lower(), "unit_amount": amount_minor,
                            "product": item["price"]["product"],
                            "recurring": {"interval": "month"},
                        },
                    }
                ],
                "proration_behavior": "none",
            }  # fmt: skip
            _client().v1.subscriptions.update(
                monthly.subscription_ref, call, account_options(account)
            )
        return _asked(account).subscription(monthly.subscription_ref)

    def fetch_monthly(self, *, monthly: MonthlyGift) -> SubscriptionState:
        account = monthly.foundation.stripe_account
        if monthly.subscription_ref:
            return _asked(account).subscription(monthly.subscription_ref)
        if not monthly.session_ref:
            raise GatewayRefused("never_started")
        session = _asked(account).session(monthly.session_ref)
        if session["subscription"]:
            return _asked(account).subscription(session["subscription"])
        return reading.subscription_of_session(session)

    # Being told

    def parse_notification(
        self, *, body: bytes, headers: Mapping[str, str], door: str = ""
    ) -> list[Notification]:
        signature = headers.get("Stripe-Signature", "")
        if not any(_is_signed(body, signature, secret) for secret in secrets_of(door)):
            raise NotGenuine
        try:
            return [_notification(json.loads(body))]
        except (ValueError, KeyError, TypeError, AttributeError) as garbled:
            raise NotGenuine from garbled

    def tells_of(self, kind: str) -> bool:
        return reader_of(kind) is not None

    def read(self, *, notification: Notification) -> list[State]:
        read = reader_of(notification.kind)
        return read(_asked(notification.account_ref), notification) if read else []

    def list_notifications(
        self, *, foundation: Foundation, since: datetime
    ) -> Iterator[Notification]:
        call: Any = {"created": {"gte": int(since.timestamp())}, "limit": PAGE}
        account = foundation.stripe_account
        with _spoken():
            page = _client().v1.events.list(call, account_options(account))
            newest_first = [
                _notification(plain(event), account=account)
                for event in page.auto_paging_iter()
                if self.tells_of(event.type)
            ]
        return reversed(newest_first)

    def list_ledger(
        self, *, foundation: Foundation, since: datetime, until: datetime
    ) -> Iterator[LedgerLine]:
        call: Any = {
            "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp())},
            "limit": PAGE, "expand": ["data.source"],
        }  # fmt: skip
        with _spoken():
            page = _client().v1.balance_transactions.list(
                call, account_options(foundation.stripe_account)
            )
            for booked in page.auto_paging_iter():
                yield reading.line_of(plain(booked))


def secrets_of(door: str) -> list[str]:
    """The secrets that sign for an address; several while one replaces another."""
    text = (
        settings.LINLI_STRIPE_CONNECT_SECRET
        if door == "connect"
        else settings.LINLI_STRIPE_WEBHOOK_SECRET
    )
    return [secret for word in text.split(",") if (secret := word.strip())]


# The call itself


def _line_item(payment: Gift | MonthlyGift) -> Object:
    with translation.override(payment.language):
        name = _("Gift: %(fund)s") % {"fund": payment.fund}
    price: Object = {
        "currency": payment.currency.lower(), "unit_amount": payment.amount_minor,
        "product_data": {"name": name},
    }  # fmt: skip
    if isinstance(payment, MonthlyGift):
        price["recurring"] = {"interval": "month"}
    return {"price_data": price, "quantity": 1}


def _by_mode(payment: Gift | MonthlyGift) -> Object:
    """Our number goes wherever a notification may look from: the session and what comes of it."""
    if isinstance(payment, MonthlyGift):
        ours = {"monthly": payment.number}
        return {
            "mode": "subscription", "allowed_payment_method_types": ["card"], "metadata": ours,
            "subscription_data": {"metadata": ours, "description": payment.number},
        }  # fmt: skip
    ours = {"gift": payment.number}
    return {
        "mode": "payment", "submit_type": "donate", "metadata": ours,
        "allowed_payment_method_types": reading.methods_for(payment.currency),
        "payment_intent_data": {"metadata": ours, "description": payment.number},
    }  # fmt: skip


def _notification(event: Object, *, account: str = "") -> Notification:
    """Names only: what it says of the object is asked for anew. Raises ValueError and its like."""
    subject = event["data"]["object"]
    kept = {name: subject.get(name) for name in _KEPT}
    return Notification(
        event_ref=_name(event["id"]), account_ref=_name(event.get("account") or account or "-"),
        kind=_name(event["type"]), object_ref=_name(subject.get("id") or "-"),
        is_live=event["livemode"] is True, happened_at=reading.moment(event["created"]),
        payload={
            name: value
            for name, value in kept.items()
            if isinstance(value, str) and _PLAIN.fullmatch(value)
        },
    )  # fmt: skip


def _name(text: object) -> str:
    """One of Stripe's names; "-" stands for none."""
    if not isinstance(text, str) or not _PLAIN.fullmatch(text):
        raise ValueError("not a name")
    return "" if text == "-" else text


def _is_signed(body: bytes, signature: str, secret: str) -> bool:
    try:
        return stripe.WebhookSignature.verify_header(
            body.decode(), signature, secret, SIGNED_WITHIN_SECONDS
        )
    except (stripe.SignatureVerificationError, ValueError, IndexError):
        return False


def _client() -> stripe.StripeClient:
    key, url = settings.LINLI_STRIPE_KEY, settings.LINLI_STRIPE_URL
    if not key:
        raise GatewayRefused("not_configured")
    if url and _is_live_key(key):
        # A key that moves money is shown to nobody but Stripe.
        raise GatewayRefused("not_configured", "a live key with another address")
    return _made_client(key, url)


@lru_cache(maxsize=8)
def _made_client(key: str, url: str) -> stripe.StripeClient:
    addresses: Any = dict.fromkeys(("api", "connect", "files", "meter_events"), url) if url else {}
    return stripe.StripeClient(
        key, base_addresses=addresses, max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, ANSWER_SECONDS)),
    )  # fmt: skip


def _is_live_key(key: str) -> bool:
    return key.startswith(("sk_live_", "rk_live_"))


def _for(foundation: Foundation, *, key: str) -> Any:
    return account_options(foundation.stripe_account) | {"idempotency_key": key}


def _asked(account: str) -> StripeAccount:
    return StripeAccount(_client(), account, _spoken)


@contextmanager
def _spoken() -> Iterator[None]:
    """Stripe's errors in our two words: try again, or no."""
    try:
        yield
    except stripe.StripeError as error:
        code = str(error.code or "")
        if isinstance(error, stripe.APIConnectionError | stripe.RateLimitError | stripe.APIError):
            raise GatewayUnreachable from error
        if error.http_status == 409:  # the same call is still under way
            raise GatewayUnreachable from error
        if isinstance(error, stripe.AuthenticationError):
            logger.exception("Stripe does not know our key.")
            raise GatewayUnreachable from error
        if isinstance(error, stripe.PermissionError):
            code = code or "account_invalid"
        logger.warning("Stripe refused: %s %s", type(error).__name__, code)
        raise GatewayRefused(code, str(error.user_message or "")[:300]) from error
