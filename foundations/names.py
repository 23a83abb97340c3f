"""How donors and payees are named in public (D7), and the numbers people name things by."""

from __future__ import annotations

import secrets

from django.utils import timezone
from django.utils.translation import gettext as _

from foundations.models import Donor, Gift, ShownAs
from volunteers.models.people import mask_name

# Without letters that are taken for others.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_number(prefix: str) -> str:
    """«G261124-7K3M9Q2D»: short enough to read out, and not to be guessed from another."""
    random = "".join(secrets.choice(ALPHABET) for _place in range(8))
    return f"{prefix}{timezone.localdate():%y%m%d}-{random}"


def public_name(gift: Gift) -> str:
    """The donor's name as strangers may read it: masked unless the donor agreed to more."""
    if gift.shown_as == ShownAs.ANONYMOUS or not gift.donor_name:
        return _("A kind neighbour")
    if gift.shown_as == ShownAs.FULL:
        return gift.donor_name
    if gift.donor and gift.donor.kind == Donor.Kind.COMPANY:
        return _("A kind company")
    return mask_name(gift.donor_name)


def public_payee(name: str, *, is_person: bool) -> str:
    """Who was paid: a person's name is masked, a company's is not."""
    return mask_name(name) if is_person else name
