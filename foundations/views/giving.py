"""The giving form, and the page that a donor comes back to."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from foundations import card_testing
from foundations.actions import giving as actions
from foundations.actions.giving import Begun, GivingFormUsed, GivingRefused
from foundations.card_testing import NotLetThrough, NotProven, NotWaited
from foundations.checkout import takes_gifts
from foundations.figures import pots_beside
from foundations.forms.giving import MONTHLY, ONCE, GiveForm
from foundations.gateway import GatewayRefused, GatewayUnreachable, get_gateway
from foundations.models import Donor, Foundation, Fund, Gift, MonthlyGift
from foundations.money import exponent_of, format_money, format_plain
from foundations.permissions import get_begun, get_public_funds, may_give_to
from foundations.views.paying import leads_to_payment
from volunteers.models import User


@never_cache
@leads_to_payment
@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest, fund_id: int) -> HttpResponse:
    fund = get_object_or_404(get_public_funds(), pk=fund_id)
    if not (takes_gifts(fund) and get_gateway(actions.GATEWAY).is_configured):
        return _closed_page(request, fund, reason="closed")
    if not may_give_to(request.user, fund.foundation):
        return _closed_page(request, fund, reason=fund.foundation.mode)
    if request.method != "POST":
        initial = {"nonce": uuid.uuid4()} | _of_account(request) | _of_earlier(request, fund)
        return _form_page(request, fund, GiveForm(fund=fund, initial=initial))
    form = GiveForm(request.POST, fund=fund)
    if not form.is_valid():
        return _form_page(request, fund, form)
    return _start(request, fund, form)


@never_cache
@leads_to_payment
@require_safe
def gift_begun(request: HttpRequest, gift_uuid: uuid.UUID) -> HttpResponse:
    """Where the payment service sends the donor back to, whatever became of it."""
    begun = actions.look_again(begun=_begun(gift_uuid))
    context = {
        "begun": begun, "fund": begun.fund, "foundation": begun.fund.foundation,
        "phase": _phase(begun), "is_monthly": isinstance(begun, MonthlyGift),
        "page_url": _page_url(request, begun.fund),
    }  # fmt: skip
    return render(request, "foundations/gift_begun.html", context)


@never_cache
@leads_to_payment
@require_POST
def gift_go_on(request: HttpRequest, gift_uuid: uuid.UUID) -> HttpResponse:
    """Back to the payment that was left."""
    begun = _begun(gift_uuid)
    try:
        started = actions.go_on(begun=begun)
    except (GivingRefused, GatewayUnreachable) as refused:
        messages.error(request, str(refused))
        return redirect("gift_begun", begun.uuid)
    return redirect(started.url)


def _start(request: HttpRequest, fund: Fund, form: GiveForm) -> HttpResponse:
    said = form.cleaned_data
    begin = actions.start_monthly if form.is_monthly else actions.start_gift
    try:
        card_testing.let_through(
            request, fund=fund, nonce=said["nonce"], email=said["email"],
            challenge=said["challenge"], proof=said["proof"], wait=said["wait"],
        )  # fmt: skip
        started = begin(
            fund=fund, giving=form.giving, nonce=said["nonce"],
            by=request.user if isinstance(request.user, User) else None,
        )  # fmt: skip
    except NotLetThrough as refused:
        return _form_page(request, fund, form, not_let=refused)
    except GivingFormUsed as refused:
        form.add_error(None, str(refused))
        return _form_page(request, fund, _anew(form))
    except GatewayRefused as refused:
        form.add_error("amount" if refused.code.startswith("amount") else None, str(refused))
        return _form_page(request, fund, _anew(form))
    except (GivingRefused, GatewayUnreachable) as refused:
        form.add_error(None, str(refused))
        return _form_page(request, fund, form)
    return redirect(started.url)


def _anew(form: GiveForm) -> GiveForm:
    """What was written stays; the next press begins another payment."""
    data: Any = form.data
    form.data = data = data.copy()
    data["nonce"] = str(uuid.uuid4())
    return form


def _form_page(
    request: HttpRequest, fund: Fund, form: GiveForm, *, not_let: NotLetThrough | None = None
) -> HttpResponse:
    context = _about(request, fund) | {"form": form, "terms": form.terms, "not_let": not_let or ""}
    context["exponent"] = exponent_of(fund.currency)
    context["sign"] = format_money(0, currency=fund.currency).rstrip("0.")
    if not request.user.is_authenticated:
        nonce = form["nonce"].value()
        context["challenge"] = card_testing.new_challenge(nonce=nonce, fund=fund)
        context["wait"] = _wait(form, fund, nonce, not_let)
    return render(request, "foundations/give.html", context, status=422 if form.is_bound else 200)


def _wait(form: GiveForm, fund: Fund, nonce: Any, not_let: NotLetThrough | None) -> str:
    """The seconds run from the first press; pressing too early does not begin them anew."""
    if isinstance(not_let, NotWaited):
        return str(form["wait"].value())
    return card_testing.new_wait(nonce=nonce, fund=fund) if isinstance(not_let, NotProven) else ""


def _closed_page(request: HttpRequest, fund: Fund, *, reason: str) -> HttpResponse:
    context = _about(request, fund) | {
        "reason": reason,
        "is_link_out": fund.foundation.mode == Foundation.Mode.LINK_OUT,
        "is_closed_for_good": fund.state == Fund.State.CLOSED,
    }
    return render(request, "foundations/give_closed.html", context)


def _about(request: HttpRequest, fund: Fund) -> dict[str, Any]:
    """What the law wants said where money is asked for (D2)."""
    return {
        "fund": fund,
        "foundation": fund.foundation,
        "plan": getattr(fund, "plan", None),
        "pots": pots_beside(fund),
        "page_url": _page_url(request, fund),
    }


def _page_url(request: HttpRequest, fund: Fund) -> str:
    page = getattr(fund, "page", None)
    return (page.get_url(request) or "") if page is not None and page.live else ""


def _of_account(request: HttpRequest) -> dict[str, Any]:
    if not isinstance(request.user, User):
        return {}
    return {"name": request.user.name, "email": request.user.email or ""}


def _of_earlier(request: HttpRequest, fund: Fund) -> dict[str, Any]:
    """A payment that was not completed: nothing has to be written again."""
    try:
        earlier = get_begun(uuid.UUID(request.GET.get("again", "")))
    except ValueError:
        return {}
    if earlier is None or earlier.fund_id != fund.pk or earlier.state in {"paid", "active"}:
        return {}
    donor = earlier.donor
    return {
        "rhythm": MONTHLY if isinstance(earlier, MonthlyGift) else ONCE,
        "amount": format_plain(
            earlier.amount_minor - earlier.cover_minor, currency=earlier.currency
        ),
        "covers_fee": bool(earlier.cover_minor),
        "donor_kind": donor.kind if donor else Donor.Kind.PERSON,
        "name": earlier.donor_name,
        "email": donor.email if donor else "",
        "credit_code": donor.credit_code if donor else "",
        "shown_as": earlier.shown_as,
        "dedication": earlier.dedication,
        "message": earlier.message,
        "waives_receipt": earlier.waives_receipt,
    }


def _begun(gift_uuid: uuid.UUID) -> Begun:
    if begun := get_begun(gift_uuid):
        return begun
    raise Http404(_("There is no such gift."))


def _phase(begun: Begun) -> str:
    """One of: paid, on_its_way, open, over."""
    if begun.state in {Gift.State.PAID, MonthlyGift.State.ACTIVE, MonthlyGift.State.PAST_DUE}:
        return "paid"
    if begun.state == Gift.State.PENDING:
        return "on_its_way"
    return "open" if begun.state == Gift.State.STARTED else "over"
