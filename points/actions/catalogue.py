"""The office's writes to the catalogue: rewards while people redeem them, and partners' links."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import ngettext
from wagtail.log_actions import log

from points.models import Partner, PickUpPlace, Reward, new_partner_token
from volunteers.models import User


class StockBelowTaken(Exception):
    """So many have been redeemed already that the stock cannot be that low."""

    def __init__(self, *, taken: int) -> None:
        super().__init__(taken)
        self.taken = taken

    def __str__(self) -> str:
        return ngettext(
            "%(taken)s has been redeemed already; the stock cannot be lower.",
            "%(taken)s have been redeemed already; the stock cannot be lower.",
            self.taken,
        ) % {"taken": self.taken}


def change_reward(
    *, reward: Reward, places: list[PickUpPlace], by: User | None, **fields: Any
) -> Reward:
    """Write the fields given and nothing else: `taken` goes on moving while a form is open.

    Raises StockBelowTaken.
    """
    with transaction.atomic():
        row = Reward.objects.select_for_update(of=("self",), no_key=True).get(pk=reward.pk)
        if fields.get("stock", row.stock) < row.taken:
            raise StockBelowTaken(taken=row.taken)
        for name, value in fields.items():
            setattr(row, name, value)
        row.save(update_fields=list(fields))
        row.places.set(places)
        log(instance=row, action="wagtail.edit", user=by)
    return row


def renew_partner_link(*, partner: Partner, by: User) -> Partner:
    """A new secret link; every phone that opened the old one is shut out."""
    with transaction.atomic():
        partner = Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
        partner.token = new_partner_token()
        partner.save(update_fields=["token"])
        log(instance=partner, action="points.renew_partner_link", user=by)
    return partner


def close_partner(*, partner: Partner, by: User) -> Partner:
    """The partner hands nothing out any more; what it handed out keeps its name."""
    with transaction.atomic():
        partner = Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
        partner.closed_at = partner.closed_at or timezone.now()
        partner.token = new_partner_token()
        partner.save(update_fields=["closed_at", "token"])
        log(instance=partner, action="points.close_partner", user=by)
    return partner
