"""What a foundation takes money through: a narrow interface, and who stands behind it.

`GATEWAYS` names them. Stripe is one file (`stripe_gateway.py`, the only one that imports the
library); `offline` is the bank and the cash box; native Alipay, WeChat Pay or a bank can stand
beside them. A gateway only calls out: it never writes to our tables, and no caller holds a lock or
an open transaction while it does.
"""

from __future__ import annotations

from foundations.gateway.base import (
    DisputeState,
    Gateway,
    GatewayRefused,
    GatewayUnreachable,
    LedgerLine,
    NotGenuine,
    Notification,
    PaymentState,
    PaymentStatus,
    PayoutState,
    RefundState,
    Started,
    State,
    SubscriptionState,
)

__all__ = [
    "DisputeState",
    "Gateway",
    "GatewayRefused",
    "GatewayUnreachable",
    "LedgerLine",
    "NotGenuine",
    "Notification",
    "PaymentState",
    "PaymentStatus",
    "PayoutState",
    "RefundState",
    "Started",
    "State",
    "SubscriptionState",
    "get_gateway",
]


def get_gateway(name: str) -> Gateway:
    """The gateway of that name. Raises KeyError."""
    from foundations.gateway.offline import OfflineGateway
    from foundations.gateway.stripe_gateway import StripeGateway

    return {gateway.name: gateway for gateway in (StripeGateway(), OfflineGateway())}[name]
