"""A gift begins: our row first, then the hosted page at the gateway, then what became of it.

The row is committed before the gateway is called, and no transaction is open meanwhile. The same
nonce is the same row and the same page, so a second press, a lost answer and a page opened again
all end at one payment.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from foundations.actions.ledger import BookingRefused
from foundations.actions.monthly_payments import told_of_monthly
from foundations.actions.settling import settle_gift
from foundations.checkout import takes_gifts
from foundations.gateway import GatewayRefused, Started, get_gateway
from foundations.gateway.base import GatewayError
from foundations.models import Donor, Fund, Gift, MonthlyGift, ShownAs
from foundations.names import new_number
from volunteers.models import User

GATEWAY = "stripe"
# Whoever waits on the page looks often; the gateway is asked seldom.
ASK_AGAIN_AFTER = timedelta(seconds=8)

Begun = Gift | MonthlyGift


class GivingRefused(Exception):
    """No payment was begun; `str()` is the sentence for the person."""

    sentence: str | Promise = ""

    def __str__(self) -> str:
        return str(self.sentence)


class NotOpen(GivingRefused):
    sentence = gettext_lazy("Giving to this fund is not open just now.")


class GivingFormUsed(GivingRefused):
    """The nonce began something else: another amount, fund or person."""

    sentence = gettext_lazy(
        "You went to the payment from this form before and then changed something. Please look at"
        " it once more and press again."
    )


class PaymentOver(GivingRefused):
    sentence = gettext_lazy("The time for this payment is over. Please begin again.")


@dataclass(frozen=True)
class Giving:
    """What the form says: `amount_minor` arrives, `cover_minor` is added for the fee."""

    amount_minor: int
    cover_minor: int = 0
    donor_kind: str = Donor.Kind.PERSON
    name: str = ""
    email: str = ""
    credit_code: str = ""
    shown_as: str = ShownAs.MASKED
    dedication: str = ""
    message: str = ""
    waives_receipt: bool = False
    language: str = "zh-hans"

    @property
    def total_minor(self) -> int:
        return self.amount_minor + self.cover_minor


def start_gift(*, fund: Fund, giving: Giving, nonce: uuid.UUID, by: User | None) -> Started:
    """Begin a one-off gift; the donor is sent to `.url`.

    Raises GivingRefused, GatewayUnreachable (the same nonce may try again), GatewayRefused.
    """
    return _open_page(_begin(Gift, "G", fund=fund, giving=giving, nonce=nonce, by=by))


def start_monthly(*, fund: Fund, giving: Giving, nonce: uuid.UUID, by: User | None) -> Started:
    """As `start_gift`, each month by card."""
    return _open_page(_begin(MonthlyGift, "M", fund=fund, giving=giving, nonce=nonce, by=by))


def go_on(*, begun: Begun) -> Started:
    """Back to the payment that was left: the same page while it is open. Raises as start_gift."""
    if begun.state != "started":
        raise PaymentOver
    if not takes_gifts(begun.fund):
        raise NotOpen
    try:
        return _open_page(begun)
    except GatewayRefused as refused:
        raise PaymentOver from refused


def look_again(*, begun: Begun) -> Begun:
    """What the gateway says of it now, asked by one at a time and not more often than is useful.

    Where the gateway does not answer it stays what it was: the notification comes, or the sweep.
    """
    if not _may_ask(begun):
        return begun
    gateway = get_gateway(begun.gateway)
    try:
        if isinstance(begun, Gift):
            return settle_gift(gift=begun, told=gateway.fetch_state(gift=begun))
        return told_of_monthly(monthly=begun, told=gateway.fetch_monthly(monthly=begun))
    except (GatewayError, BookingRefused):
        return begun


def _begin(
    model: type[Begun], prefix: str, *, fund: Fund, giving: Giving, nonce: uuid.UUID,
    by: User | None,
) -> Begun:  # fmt: skip
    if not takes_gifts(fund):
        raise NotOpen
    if earlier := _begun_by(nonce):
        return _same(earlier, model, fund, giving, by)
    try:
        with transaction.atomic():
            return model.objects.create(
                foundation=fund.foundation, fund=fund, number=new_number(prefix), gateway=GATEWAY,
                amount_minor=giving.total_minor, cover_minor=giving.cover_minor,
                currency=fund.currency, donor=_donor_of(fund, giving, by), donor_name=giving.name,
                shown_as=giving.shown_as, dedication=giving.dedication, message=giving.message,
                waives_receipt=giving.waives_receipt, language=giving.language, nonce=nonce,
            )  # fmt: skip
    except IntegrityError:  # a second press, at the same moment
        if begun := _begun_by(nonce):
            return _same(begun, model, fund, giving, by)
        raise


def _begun_by(nonce: uuid.UUID) -> Begun | None:
    for model in (Gift, MonthlyGift):
        found: Begun | None = (
            model.objects.select_related("donor", "fund", "foundation").filter(nonce=nonce).first()
        )
        if found:
            return found
    return None


def _same(earlier: Begun, model: type[Begun], fund: Fund, giving: Giving, by: User | None) -> Begun:
    """What was begun, if the form still says the same and it can still be paid."""
    says = (
        model, fund.pk, giving.total_minor, giving.cover_minor, giving.name, giving.shown_as,
        giving.dedication, giving.message, giving.waives_receipt, "started",
    )  # fmt: skip
    said = (
        type(earlier), earlier.fund_id, earlier.amount_minor, earlier.cover_minor,
        earlier.donor_name, earlier.shown_as, earlier.dedication, earlier.message,
        earlier.waives_receipt, earlier.state,
    )  # fmt: skip
    email = earlier.donor.email if earlier.donor else ""
    if says != said or email != giving.email or not _is_whose(earlier, by):
        raise GivingFormUsed
    return earlier


def _is_whose(earlier: Begun, by: User | None) -> bool:
    owner = earlier.donor.user_id if earlier.donor else None
    return owner is None or (by is not None and owner == by.pk)


def _open_page(begun: Begun) -> Started:
    """The outside call: no transaction is open and nothing is locked."""
    back = settings.LINLI_BASE_URL + reverse("gift_begun", args=[begun.uuid])
    try:
        started = get_gateway(begun.gateway).start(
            payment=begun, success_url=back, cancel_url=back,
            email=begun.donor.email if begun.donor else "",
        )  # fmt: skip
    except GatewayRefused:
        _note_refused(begun)
        raise
    kept: dict[str, Any] = {"session_ref": started.session_ref}
    if isinstance(begun, Gift):
        kept["expires_at"] = started.expires_at
    type(begun).objects.filter(pk=begun.pk, session_ref="").update(**kept)
    return started


def _note_refused(begun: Begun) -> None:
    """No page was opened, so nobody can pay it. One that has a page is left to the gateway."""
    unopened = {"pk": begun.pk, "state": "started", "session_ref": ""}
    if isinstance(begun, Gift):
        Gift.objects.filter(**unopened).update(state=Gift.State.FAILED, ended_at=timezone.now())
    else:
        MonthlyGift.objects.filter(**unopened).update(state=MonthlyGift.State.EXPIRED)


def _donor_of(fund: Fund, giving: Giving, by: User | None) -> Donor | None:
    """The account's own row, or that of the mail; a name alone is nobody known."""
    if not (giving.email or giving.name or by):
        return None
    who: dict[str, Any] = {"foundation": fund.foundation, "kind": giving.donor_kind}
    facts = {"name": giving.name, "credit_code": giving.credit_code}
    if not (giving.email or by):
        return Donor.objects.create(**who, **facts)
    donor, is_new = Donor.objects.get_or_create(**who, email=giving.email, user=by, defaults=facts)
    if by is not None and not is_new:
        _bring_up_to_date(donor, facts)
    return donor


def _bring_up_to_date(donor: Donor, facts: dict[str, str]) -> None:
    """Only what an account writes of itself: a stranger who knows a mail changes nothing."""
    for field, value in facts.items():
        if value:
            setattr(donor, field, value)
    donor.save(update_fields=[*facts])


def _may_ask(begun: Begun) -> bool:
    if begun.gateway != GATEWAY or not begun.session_ref:
        return False
    if isinstance(begun, MonthlyGift):
        return begun.state == MonthlyGift.State.STARTED
    now = timezone.now()
    unasked = Q(checked_at=None) | Q(checked_at__lt=now - ASK_AGAIN_AFTER)
    waiting = Gift.objects.open().filter(unasked, pk=begun.pk)
    return bool(waiting.update(checked_at=now))
