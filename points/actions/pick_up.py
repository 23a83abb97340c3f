"""A reward passes over the counter: by the partner's phone, or by a member of the city's staff."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from points.models import Partner, Redemption
from volunteers.models import User

State = Redemption.State


class PickUpRefused(Exception):
    """Nothing was handed over; `str()` is the sentence for whoever stands behind the counter."""


class CodeUnknown(PickUpRefused):
    def __str__(self) -> str:
        return str(_("There is no such code. Please look at the eight digits once more."))


class HandedOutElsewhere(PickUpRefused):
    def __init__(self, *, places: list[str]) -> None:
        super().__init__(places)
        self.places = places

    def __str__(self) -> str:
        if not self.places:
            return gettext("This reward is not handed out here.")
        return gettext("This reward is not handed out here but at: %(places)s.") % {
            "places": ", ".join(self.places)
        }


class HandedOverAlready(PickUpRefused):
    def __init__(self, *, redemption: Redemption) -> None:
        super().__init__(redemption.pk)
        self.redemption = redemption

    def __str__(self) -> str:
        at = self.redemption.collected_at
        assert at is not None
        return gettext("Handed over already, on %(moment)s.") % {
            "moment": date_format(timezone.localtime(at), "Y-m-d H:i")
        }


class PickUpExpired(PickUpRefused):
    def __str__(self) -> str:
        return str(_("The time to pick this up is over. The points have gone back to their owner."))


class GivenBack(PickUpRefused):
    def __str__(self) -> str:
        return str(_("This was returned and the points refunded. Please do not hand it over."))


def find_waiting(*, code: str, partner: Partner) -> Redemption:
    """What the code stands for, if this partner may hand it over now. Raises PickUpRefused."""
    redemption = (
        Redemption.objects.filter(code=code)
        .select_related("reward", "volunteer")
        .defer("volunteer__id_number")
        .first()
    )
    if redemption is None:
        raise CodeUnknown
    _check_here(redemption, partner)
    _check_waiting(redemption)
    return redemption


def collect_redemption(*, code: str, partner: Partner) -> Redemption:
    """The partner hands it over: once, however many phones press. Raises PickUpRefused."""
    with transaction.atomic():
        redemption = find_waiting(code=code, partner=partner)
        redemption = _lock(redemption)
        redemption.collected_with = partner
        return _collect(redemption)


def hand_out_redemption(*, redemption: Redemption, by: User) -> Redemption:
    """A member of staff hands it over without a partner's phone. Raises PickUpRefused."""
    with transaction.atomic():
        redemption = _lock(redemption)
        redemption.collected_by = by
        return _collect(redemption)


def _lock(redemption: Redemption) -> Redemption:
    return Redemption.objects.select_for_update(no_key=True).get(pk=redemption.pk)


def _collect(redemption: Redemption) -> Redemption:
    _check_waiting(redemption)
    redemption.state = State.COLLECTED
    redemption.collected_at = timezone.now()
    redemption.save(
        update_fields=["state", "collected_at", "collected_with", "collected_by"],
    )
    return redemption


def _check_here(redemption: Redemption, partner: Partner) -> None:
    places = list(redemption.reward.places.all())
    if not any(place.partner_id == partner.pk for place in places):
        raise HandedOutElsewhere(places=[str(place) for place in places])


def _check_waiting(redemption: Redemption) -> None:
    if redemption.state == State.COLLECTED:
        raise HandedOverAlready(redemption=redemption)
    if redemption.state == State.REFUNDED:
        was_late = redemption.refund_reason == Redemption.RefundReason.EXPIRED
        raise PickUpExpired if was_late else GivenBack
    if redemption.expires_at is not None and redemption.expires_at <= timezone.now():
        raise PickUpExpired
