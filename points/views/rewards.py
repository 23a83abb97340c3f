from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from points.actions.rewards import RedemptionRefused, redeem_reward
from points.forms.rewards import RedeemForm
from points.models import Reward
from points.permissions import (
    get_account_for,
    get_redemptions_for,
)
from volunteers.models import Volunteer
from volunteers.permissions import get_volunteer_for
from volunteers.views.access import volunteer_required


@require_safe
def rewards(request: HttpRequest) -> HttpResponse:
    """Anyone may look; who has points sees what they are enough for."""
    account = get_account_for(request.user)  # type: ignore[arg-type]
    offered = Reward.objects.offered().select_related("offered_by")
    context = {
        "rewards": offered,
        "balance": account.balance_points if account else 0,
        "is_volunteer": get_volunteer_for(request.user) is not None,  # type: ignore[arg-type]
        "redemptions": get_redemptions_for(request.user),  # type: ignore[arg-type]
        # One for each showing of the page: a button pressed twice sends the same one.
        "nonce": uuid.uuid4(),
    }
    return render(request, "points/rewards.html", context)


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
    else:
        messages.success(
            request,
            _("%(reward)s is yours. Your pick-up code: %(code)s")
            % {"reward": redemption.reward, "code": redemption.code},
        )
    return redirect("rewards")
