"""Money that is none: payments with a test key, as in the demo and before a site opens."""

from __future__ import annotations

from django.conf import settings

from foundations.models import Gift

LIVE_KEYS = ("sk_live_", "rk_live_")


def is_test_money() -> bool:
    """Whoever gives by card or wallet now gives nothing: the key is not a live one."""
    key = settings.LINLI_STRIPE_KEY
    return bool(key) and not key.startswith(LIVE_KEYS)


def is_test_gift(gift: Gift) -> bool:
    """This payment moved no money; a gift in cash or at the bank is always real."""
    return gift.gateway != "offline" and not gift.is_live
