"""How much can be given at once in a currency, what is suggested, and what a payment costs.

Whole minor units. The numbers are the settings' (LINLI_GIVING_AMOUNTS, LINLI_GIVING_FEES).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from foundations.money import exponent_of

WHOLE = 10_000
# Card networks carry two decimals: a three-decimal amount ends in 0.
LAST_DIGIT_ZERO = 3


@dataclass(frozen=True)
class Terms:
    """`fee_share` is in ten thousandths, `fee_fixed_minor` comes on top; both 0: not offered."""

    currency: str
    least_minor: int
    most_minor: int
    suggested_minor: tuple[int, ...] = ()
    fee_share: int = 0
    fee_fixed_minor: int = 0

    @property
    def offers_cover(self) -> bool:
        return bool(self.fee_share or self.fee_fixed_minor)

    @property
    def step_minor(self) -> int:
        """What every amount is a multiple of."""
        return 10 if exponent_of(self.currency) == LAST_DIGIT_ZERO else 1

    def cover_for(self, amount_minor: int) -> int:
        """What must be added so that, the fee taken off the sum, the whole amount arrives.

        The fee is taken of the sum, so of what is added too: sum = (amount + fixed) / (1 - share),
        rounded up to what can be paid.
        """
        if not self.offers_cover:
            return 0
        over = WHOLE - self.fee_share
        total = -(-(amount_minor + self.fee_fixed_minor) * WHOLE // over)
        return -(-total // self.step_minor) * self.step_minor - amount_minor


def terms_of(currency: str) -> Terms:
    """A currency that the settings do not name is taken from one of it upwards."""
    one = 10 ** exponent_of(currency)
    named = settings.LINLI_GIVING_AMOUNTS.get(currency, (one, one * 50_000, ()))
    share, fixed = settings.LINLI_GIVING_FEES.get(currency, (0, 0))
    least, most, suggested = named
    return Terms(
        currency=currency, least_minor=least, most_minor=most, suggested_minor=tuple(suggested),
        fee_share=share, fee_fixed_minor=fixed,
    )  # fmt: skip
