"""Why a refund did not arrive, in words a bookkeeper can act on."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundations.gateway import GatewayRefused
from foundations.models import Refund

# Our own words, the payment service's refusals, and why a bank sent a refund back.
WORDS: dict[str, str | Promise] = {
    "unreachable": gettext_lazy(
        "The payment service does not answer just now. It is asked again by itself."
    ),
    "no_answer": gettext_lazy(
        "The payment service did not answer for most of a day. Look at its dashboard whether the "
        "refund was made, before you send it again."
    ),
    "bank_sent_back": gettext_lazy("The donor's bank sent the money back."),
    "no_account": gettext_lazy("The foundation's account at the payment service is not set here."),
    "account_invalid": gettext_lazy(
        "The payment service does not let us use the foundation's account any more."
    ),
    "resource_missing": gettext_lazy("The payment service does not know this payment."),
    "charge_not_refundable": gettext_lazy("The payment service cannot pay this payment back."),
    "balance_insufficient": gettext_lazy(
        "There is not enough money at the payment service. Send it again when gifts have come in, "
        "or pay it from the bank."
    ),
    "insufficient_funds": gettext_lazy(
        "There was not enough money at the payment service. Send it again when gifts have come "
        "in, or pay it from the bank."
    ),
    "lost_or_stolen_card": gettext_lazy(
        "The card was reported lost or stolen. Ask the donor for an account and pay it from the "
        "bank."
    ),
    "expired_or_canceled_card": gettext_lazy(
        "The card is not in use any more. Ask the donor for an account and pay it from the bank."
    ),
    "charge_for_pending_refund_disputed": gettext_lazy(
        "The donor's bank disputed the gift meanwhile."
    ),
    "declined": gettext_lazy(
        "The donor's bank did not take it. Ask the donor for an account and pay it from the bank."
    ),
    "merchant_request": gettext_lazy("It was cancelled at the payment service's dashboard."),
    "unknown": gettext_lazy("The donor's bank sent the money back and did not say why."),
}


def words_of_trouble(refund: Refund) -> str:
    """What stands against the refund, or what somebody wrote who rejected or waived it."""
    if refund.state in {Refund.State.REJECTED, Refund.State.WAIVED} or not refund.trouble:
        return refund.trouble
    if refund.trouble in WORDS:
        return str(WORDS[refund.trouble])
    if refund.trouble in GatewayRefused.SENTENCES:
        return str(GatewayRefused.SENTENCES[refund.trouble])
    return _("The payment service said: %(words)s") % {"words": refund.trouble}
