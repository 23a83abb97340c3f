"""What donors decide about their own gifts, and how a donor becomes nobody (D7, P4)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from foundations.models import (
    Confirmation,
    Donor,
    Gift,
    Letter,
    MonthlyGift,
    Question,
    ShownAs,
)
from foundations.permissions import get_own_donors_for
from volunteers.models import User

GIVING = (MonthlyGift.State.STARTED, MonthlyGift.State.ACTIVE, MonthlyGift.State.PAST_DUE)


class DonorRefused(Exception):
    """Nothing was changed; `str()` is the sentence for the person."""

    sentence: str | Promise = ""

    def __str__(self) -> str:
        return str(self.sentence)


class StillGives(DonorRefused):
    sentence = gettext_lazy(
        "A monthly gift is still running. Please stop it first, under “My gifts”."
    )


class GiftOnItsWay(DonorRefused):
    sentence = gettext_lazy(
        "A gift is still on its way. Please come back when it has arrived: its paper needs a name."
    )


class HasReceipt(DonorRefused):
    sentence = gettext_lazy("The fiscal receipt has been made out already.")


@transaction.atomic
def change_shown_as(*, gift: Gift, shown_as: str, by: User | None) -> None:
    """How the donor stands in public, for this gift and the months to come of it (D7).

    `by` None: by a link in the donor's mail.
    """
    before = Gift.objects.select_for_update(no_key=True).get(pk=gift.pk).shown_as
    if before == shown_as:
        return
    Gift.objects.filter(pk=gift.pk).update(shown_as=ShownAs(shown_as))
    if gift.monthly_id is not None:
        MonthlyGift.objects.filter(pk=gift.monthly_id).update(shown_as=ShownAs(shown_as))
    log(
        instance=gift, action="foundations.change_shown_as", user=by,
        data={"from": before, "to": shown_as},
    )  # fmt: skip


@transaction.atomic
def choose_fiscal_receipt(*, gift: Gift, is_wanted: bool, by: User | None) -> None:
    """Whether the donor wants the fiscal receipt (D5). Raises HasReceipt once it is there."""
    confirmation = Confirmation.objects.select_for_update().get(gift=gift)
    if confirmation.fiscal_number:
        raise HasReceipt
    if confirmation.is_waived != is_wanted:
        return
    Confirmation.objects.filter(pk=confirmation.pk).update(is_waived=not is_wanted)
    action = "foundations.want_receipt" if is_wanted else "foundations.waive_receipt"
    log(instance=gift, action=action, user=by)


@transaction.atomic
def anonymise_donor(*, donor: Donor, by: User | None) -> None:
    """Take away how this donor is reached and shown; what was booked keeps its name (P4).

    Accounting law wants the vouchers of a gift kept: the name that stands on a paid gift's
    confirmation stays, for that alone, and nobody reads it in public. Everything else goes.
    Raises StillGives while a monthly gift runs, GiftOnItsWay while a payment does.
    """
    donor = Donor.objects.select_for_update(no_key=True).get(pk=donor.pk)
    if donor.anonymised_at is not None:
        return
    gifts, monthly = Gift.objects.filter(donor=donor), MonthlyGift.objects.filter(donor=donor)
    if monthly.filter(state__in=GIVING).exclude(subscription_ref="").exists():
        raise StillGives
    if gifts.filter(state=Gift.State.PENDING).exists():
        raise GiftOnItsWay
    gifts.update(shown_as=ShownAs.ANONYMOUS, message="", message_state=Gift.MessageState.HIDDEN)
    gifts.exclude(state=Gift.State.PAID).update(donor_name="", dedication="")
    monthly.update(shown_as=ShownAs.ANONYMOUS, donor_name="", dedication="", message="")
    _forget_mail(donor)
    Donor.objects.filter(pk=donor.pk).update(
        name="", email="", phone="", credit_code="", user=None, anonymised_at=timezone.now()
    )
    log(instance=donor, action="foundations.anonymise_donor", user=by)


@transaction.atomic
def anonymise_account(*, user: User, by: User | None) -> None:
    """The account is being closed: its donors become nobody, in every foundation.

    Also those who gave under one of its proven addresses before it was there. Raises DonorRefused.
    """
    for donor in get_own_donors_for(user).order_by("pk"):
        anonymise_donor(donor=donor, by=by)
    Question.objects.filter(user=user).update(user=None, name="", email="")


def _forget_mail(donor: Donor) -> None:
    """Letters that were sent stay as a fact; their address does not. Owed ones are owed no more."""
    about = Q(gift__donor=donor) | Q(monthly__donor=donor) | Q(question__gift__donor=donor)
    Letter.objects.filter(about, sent_at=None).delete()
    Letter.objects.filter(about).update(email="")
    Question.objects.filter(gift__donor=donor).update(user=None, name="", email="")
