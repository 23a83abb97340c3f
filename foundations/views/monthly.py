"""A donor's monthly gift: change it or stop it in two presses, give another card."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from foundations.actions import monthly as actions
from foundations.forms.donor import ChangeMonthlyForm
from foundations.gateway import GatewayRefused, GatewayUnreachable
from foundations.models import Gift, MonthlyGift
from foundations.views.donor import EITHER, donor_required, own_monthly, who
from foundations.views.paying import leads_to_payment

NoAnswer = (GatewayRefused, GatewayUnreachable)


@leads_to_payment
@donor_required
@require_safe
def my_monthly(request: HttpRequest, monthly_uuid: uuid.UUID) -> HttpResponse:
    monthly = own_monthly(request, monthly_uuid)
    context = {
        "monthly": monthly,
        "gifts": monthly.gifts.exclude(state=Gift.State.STARTED).select_related("confirmation"),
        "is_running": monthly.state in {MonthlyGift.State.ACTIVE, MonthlyGift.State.PAST_DUE},
    }
    return render(request, "foundations/my_monthly.html", context)


@donor_required
@require_http_methods(EITHER)
def change_monthly(request: HttpRequest, monthly_uuid: uuid.UUID) -> HttpResponse:
    monthly = own_monthly(request, monthly_uuid)
    form = ChangeMonthlyForm(request.POST or None, monthly=monthly)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_monthly(
                monthly=monthly, amount_minor=form.cleaned_data["amount"], by=who(request)
            )
        except GatewayRefused as refusal:
            form.add_error("amount", str(refusal))
        except (actions.MonthlyRefused, GatewayUnreachable) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Done. The new amount holds from the next month on."))
            return redirect("my_monthly", monthly.uuid)
    return render(request, "foundations/my_monthly_change.html", {"monthly": monthly, "form": form})


@donor_required
@require_http_methods(EITHER)
def stop_monthly(request: HttpRequest, monthly_uuid: uuid.UUID) -> HttpResponse:
    monthly = own_monthly(request, monthly_uuid)
    if request.method != "POST":
        return render(request, "foundations/my_monthly_stop.html", {"monthly": monthly})
    try:
        actions.stop_monthly(monthly=monthly, by=who(request))
    except NoAnswer as refusal:
        messages.error(request, str(refusal))
        return redirect("stop_monthly", monthly.uuid)
    messages.success(request, _("It is stopped. Nothing more is taken. Thank you for every month."))
    return redirect("my_monthly", monthly.uuid)


@leads_to_payment
@never_cache
@require_http_methods(EITHER)
def monthly_card(request: HttpRequest, monthly_uuid: uuid.UUID) -> HttpResponse:
    """The way to another card, for whoever was written that the last one was refused.

    Behind an address that nobody guesses. It names no donor, and all one can do is pay.
    """
    monthly = get_object_or_404(
        MonthlyGift.objects.select_related("foundation__organisation", "fund"), uuid=monthly_uuid
    )
    if request.method != "POST":
        return render(request, "foundations/monthly_card.html", {"monthly": monthly})
    try:
        return redirect(actions.card_url_of(monthly=monthly))
    except (actions.MonthlyRefused, *NoAnswer) as refusal:
        messages.info(request, str(refusal))
        return redirect("monthly_card", monthly.uuid)
