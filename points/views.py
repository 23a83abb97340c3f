from __future__ import annotations

import uuid
from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from points.actions.rewards import RedemptionRefused, redeem_reward
from points.forms import RedeemForm
from points.honours import next_star
from points.models import AwardRule, Recognition, Reward
from points.permissions import (
    get_account_for,
    get_movements_for,
    get_recognitions_for,
    get_redemptions_for,
)
from points.rankings import last_months, rank_volunteers
from points.statement import write_statement
from volunteers.models import ServiceRecord, Territory, User, Volunteer
from volunteers.permissions import get_records_for, get_volunteer_for
from volunteers.views.access import volunteer_required

LINES_PER_PAGE = 20
NOTICES_PER_PAGE = 50


@volunteer_required
@require_safe
def my_points(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    account = get_account_for(request.user)  # type: ignore[arg-type]
    movements = get_movements_for(request.user)  # type: ignore[arg-type]
    page = Paginator(movements, LINES_PER_PAGE).get_page(request.GET.get("page"))
    lines = write_statement(movements=page.object_list, account=account) if account else []
    context = _summary(request, volunteer) | {"page_obj": page, "lines": lines}
    return render(request, "points/my_points.html", context)


@volunteer_required
@require_safe
def my_points_summary(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    """The head of the page by itself: htmx asks for it again while something is being settled."""
    return render(request, "points/summary.html", _summary(request, volunteer))


def _summary(request: HttpRequest, volunteer: Volunteer) -> dict[str, object]:
    user: User = request.user  # type: ignore[assignment]
    return {
        "volunteer": volunteer,
        "account": get_account_for(user),
        "recognitions": get_recognitions_for(user),
        "next_star": next_star(volunteer=volunteer),
        "owed": get_records_for(user).filter(pk__in=ServiceRecord.objects.owed()).exists(),
    }


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


@require_safe
def rankings(request: HttpRequest) -> HttpResponse:
    months = last_months(today=timezone.localdate())
    month = _chosen_month(request.GET.get("month", ""), months=months)
    districts = Territory.objects.districts()
    district = districts.filter(code=request.GET.get("district", "")).first()
    volunteer = get_volunteer_for(request.user)  # type: ignore[arg-type]
    context = {
        "places": rank_volunteers(month=month, territory=district),
        "months": months,
        "month": month,
        "districts": districts,
        "district": district,
        "volunteer": volunteer,
    }
    return render(request, "points/rankings.html", context)


def _chosen_month(text: str, *, months: list[date]) -> date:
    return next((month for month in months if f"{month:%Y-%m}" == text), months[0])


@require_safe
def star_notice(request: HttpRequest) -> HttpResponse:
    """The public notice before stars are given (R6); names are masked."""
    in_notice = (
        Recognition.objects.in_notice()
        .filter(kind=Recognition.Kind.STAR)
        .select_related("volunteer__community")
        .defer("volunteer__id_number")
        .order_by("notice_until", "-level", "id")
    )
    page = Paginator(in_notice, NOTICES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "points/star_notice.html", {"page_obj": page})


@require_safe
def how_points_work(request: HttpRequest) -> HttpResponse:
    """Today's rules, from the rules themselves."""
    rules = AwardRule.objects.on(timezone.localdate()).select_related("category")
    by_kind = {kind: rules.filter(kind=kind).order_by("category__position", "id") for kind in
               AwardRule.Kind.values}  # fmt: skip
    return render(request, "points/rules.html", {"rules": by_kind})
