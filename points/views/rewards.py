from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from wagtail.images import get_image_model

from points.actions.families import monthly_limit
from points.actions.refunds import NotWaiting, give_back_redemption
from points.actions.rewards import (
    NotEnoughPoints,
    RedemptionRefused,
    asker_of,
    redeem_reward,
    why_not,
)
from points.forms.rewards import RedeemForm
from points.models import PickUpPlace, Redemption, Reward
from points.permissions import (
    get_account_for,
    get_redemptions_for,
)
from volunteers.models import Volunteer
from volunteers.permissions import get_volunteer_for
from volunteers.qr import qr_svg
from volunteers.views.access import volunteer_required

EARLIER_SHOWN = 10
PICTURE_FORM = "fill-640x360|format-webp"  # as templates/points/reward_card.html asks for it


@dataclass(frozen=True)
class Offer:
    """A reward as one reader sees it: `refusal` stands where the button would."""

    reward: Reward
    refusal: RedemptionRefused | None

    @property
    def only_points_missing(self) -> bool:
        return isinstance(self.refusal, NotEnoughPoints)


@require_safe
def rewards(request: HttpRequest) -> HttpResponse:
    """Anyone may look; who has points sees what they are enough for."""
    account = get_account_for(request.user)  # type: ignore[arg-type]
    volunteer = get_volunteer_for(request.user)  # type: ignore[arg-type]
    balance = account.balance_points if account else 0
    asker = asker_of(volunteer=volunteer, balance_points=balance) if volunteer else None
    shelf = list(_on_the_shelf())
    kind = request.GET.get("kind", "")
    redemptions = get_redemptions_for(request.user)  # type: ignore[arg-type]
    context = {
        "offers": [
            Offer(reward, why_not(reward=reward, asker=asker) if asker else None)
            for reward in shelf
            if kind not in Reward.Kind.values or reward.kind == kind
        ],
        "kinds": [
            choice
            for choice in Reward.Kind.choices
            if any(reward.kind == choice[0] for reward in shelf)
        ],
        "kind": kind if kind in Reward.Kind.values else "",
        "balance": balance,
        "volunteer": volunteer,
        "families_are_on": monthly_limit() > 0,
        "waiting": redemptions.waiting(),
        "earlier": redemptions.exclude(state=Redemption.State.WAITING)[:EARLIER_SHOWN],
        # One for each showing of the page: a button pressed twice sends the same one.
        "nonce": uuid.uuid4(),
    }
    return render(request, "points/rewards.html", context)


def _on_the_shelf() -> QuerySet[Reward]:
    places = Prefetch("places", PickUpPlace.objects.order_by("name"))
    pictures = Prefetch("picture", get_image_model().objects.prefetch_renditions(PICTURE_FORM))
    return (
        Reward.objects.on_the_shelf()
        .select_related("offered_by", "territory")
        .prefetch_related(places, pictures)
    )


@volunteer_required
@require_POST
def redeem(request: HttpRequest, volunteer: Volunteer, reward_id: int) -> HttpResponse:
    reward = get_object_or_404(Reward, pk=reward_id)
    form = RedeemForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please open the page again and press once more."))
        return redirect("rewards")
    try:
        redemption = redeem_reward(
            reward=reward,
            volunteer=volunteer,
            nonce=form.cleaned_data["nonce"],
            by=request.user,  # type: ignore[arg-type]
        )
    except RedemptionRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("rewards")
    messages.success(request, _("%(reward)s is yours.") % {"reward": redemption.reward})
    return redirect("my_redemption", redemption.pk)


@volunteer_required
@require_safe
def my_redemption(request: HttpRequest, _volunteer: Volunteer, redemption_id: int) -> HttpResponse:
    redemption = _own(request, redemption_id)
    path = reverse("pick_up", args=[redemption.code])
    context = {
        "redemption": redemption,
        "reward": redemption.reward,
        "places": redemption.reward.places.select_related("partner"),
        "qr": qr_svg(url=f"{settings.LINLI_BASE_URL}{path}"),
    }
    return render(request, "points/my_redemption.html", context)


@volunteer_required
@require_POST
def give_back(request: HttpRequest, _volunteer: Volunteer, redemption_id: int) -> HttpResponse:
    redemption = _own(request, redemption_id)
    try:
        give_back_redemption(redemption=redemption, by=request.user)  # type: ignore[arg-type]
    except NotWaiting as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Returned. Your points are back."))
    return redirect("my_redemption", redemption.pk)


def _own(request: HttpRequest, redemption_id: int) -> Redemption:
    return get_object_or_404(
        get_redemptions_for(request.user).select_related("reward", "collected_with"),  # type: ignore[arg-type]
        pk=redemption_id,
    )
