"""What a difference is about, why a notification lies aside: words a bookkeeper can act on."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundations.comparing import About
from foundations.models import Difference, Dispute, WebhookEvent

Words = dict[str, str | Promise]
Kind = Difference.Kind

ABOUT: Words = {
    About.CHARGE: gettext_lazy("Gift"),
    About.REFUND: gettext_lazy("Refund"),
    About.REFUND_BACK: gettext_lazy("Refund that came back"),
    About.DISPUTE: gettext_lazy("Taken back in a dispute"),
    About.REINSTATED: gettext_lazy("Returned after a dispute"),
    About.PAYOUT: gettext_lazy("Payout to the bank"),
    About.PAYOUT_BACK: gettext_lazy("Payout that came back"),
    About.FEE: gettext_lazy("Fees"),
    About.OTHER: gettext_lazy("Another movement"),
    About.BALANCE: gettext_lazy("Balance of the account"),
}

HINTS: Words = {
    Kind.MISSING_HERE: gettext_lazy(
        "It happened at the payment service and is not in our books. Look whether a notification "
        "of it was set aside."
    ),
    Kind.MISSING_THERE: gettext_lazy(
        "It stands in our books, and the payment service knows nothing of it."
    ),
    Kind.AMOUNT: gettext_lazy("Both know of it, with different sums."),
    Kind.FEE: gettext_lazy("The payment service took another fee than our books say."),
    Kind.BALANCE: gettext_lazy("The balances differ by more than their lines explain."),
}

TROUBLES: Words = {
    "unreachable": gettext_lazy("The payment service did not answer. It is asked again by itself."),
    "not_configured": gettext_lazy("Giving online is not set up here yet."),
    "account_invalid": gettext_lazy(
        "The payment service does not let us use the foundation's account any more."
    ),
}

ASIDE: Words = {
    "unknown_account": gettext_lazy("It is about an account that no foundation here has."),
    "other_account": gettext_lazy(
        "It came from one foundation's account and names the gift of another."
    ),
    "livemode_mismatch": gettext_lazy(
        "It is about test payments and this site takes real ones, or the other way round."
    ),
    "unknown_gift": gettext_lazy("It is about a payment that did not begin here."),
    "other_page": gettext_lazy("It is about another payment page than the gift's own."),
    "paid_otherwise": gettext_lazy(
        "What was paid is not what was asked for: another sum, another currency, or twice."
    ),
    "refused": gettext_lazy("The payment service did not tell us what it is about."),
    "not_booked": gettext_lazy("Our books did not take it."),
    "gave_up": gettext_lazy("The payment service did not answer for days."),
    "poison": gettext_lazy("Our own program failed on it. Please tell whoever looks after it."),
}

# Why a donor's bank disputes a payment: its own words.
DISPUTED: Words = {
    "fraudulent": gettext_lazy("The donor says they did not pay this"),
    "unrecognized": gettext_lazy("The donor does not recognise this payment"),
    "duplicate": gettext_lazy("Paid twice"),
    "credit_not_processed": gettext_lazy("A refund was promised and did not come"),
    "subscription_canceled": gettext_lazy("The monthly gift had been stopped"),
    "product_not_received": gettext_lazy("The donor expected something in return"),
    "product_unacceptable": gettext_lazy("The donor is not content with what was done"),
    "general": gettext_lazy("No reason was given"),
}


def about(difference: Difference) -> str:
    """What it is about, by the first word of its name."""
    return str(ABOUT.get(difference.ref.partition(":")[0], ABOUT[About.OTHER]))


def hint(difference: Difference) -> str:
    return str(HINTS[difference.kind])


def name_of(difference: Difference) -> str:
    """The other side's name for it, without what it is about and in which currency."""
    return difference.ref.partition(":")[2].rpartition("@")[0]


def why_unread(trouble: str) -> str:
    """Why the processor's ledger could not be read."""
    if trouble in TROUBLES:
        return str(TROUBLES[trouble])
    return _("The payment service said: %(words)s") % {"words": trouble}


def why_aside(event: WebhookEvent) -> str:
    return str(ASIDE.get(event.reason, event.reason))


def why_disputed(dispute: Dispute) -> str:
    return str(DISPUTED.get(dispute.reason, dispute.reason))
