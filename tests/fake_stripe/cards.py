"""Stripe's own test cards, as far as they are of use here: by number and by payment method."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """How a test card behaves. `refund`: see refunds.OUTCOMES."""

    number: str
    brand: str = "visa"
    decline: str | None = None
    refund: str = "succeeded"
    dispute: str | None = None
    later_declined: bool = False

    @property
    def last4(self) -> str:
        return self.number[-4:]


VISA = Card("4242424242424242")
DECLINED = Card("4000000000000002", decline="generic_decline")

CARDS = {
    card.number: card
    for card in (
        VISA,
        Card("5555555555554444", brand="mastercard"),
        Card("6200000000000005", brand="unionpay"),
        DECLINED,
        Card("4000000000009995", decline="insufficient_funds"),
        Card("4000000000000069", decline="expired_card"),
        Card("4000000000007726", refund="pending"),
        Card("4000000000005126", refund="failed"),
        Card("4000000000000259", dispute="fraudulent"),
        Card("4000000000000341", later_declined=True),
    )
}

# What `payment_method` may be named in a call, instead of a card's number.
NAMED_CARDS = {
    "pm_card_visa": VISA,
    "pm_card_mastercard": CARDS["5555555555554444"],
    "pm_card_unionpay": CARDS["6200000000000005"],
    "pm_card_chargeDeclined": DECLINED,
    "pm_card_visa_chargeDeclined": DECLINED,
    "pm_card_chargeDeclinedInsufficientFunds": CARDS["4000000000009995"],
    "pm_card_visa_chargeDeclinedInsufficientFunds": CARDS["4000000000009995"],
    "pm_card_pendingRefund": CARDS["4000000000007726"],
    "pm_card_refundFail": CARDS["4000000000005126"],
    "pm_card_createDispute": CARDS["4000000000000259"],
    "pm_card_chargeCustomerFail": CARDS["4000000000000341"],
}

DECLINES = {
    "generic_decline": ("card_declined", "Your card was declined."),
    "insufficient_funds": ("card_declined", "Your card has insufficient funds."),
    "expired_card": ("expired_card", "Your card has expired."),
}
