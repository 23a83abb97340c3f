"""A donor's own gifts: by account, or by a link in the mail."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from foundations.actions.donors import DonorRefused, change_shown_as, choose_fiscal_receipt
from foundations.actions.letters import owe_link
from foundations.actions.questions import QuestionRefused, ask_about_gift
from foundations.documents import confirmation_pdf, year_pdf
from foundations.figures import budget_of, figures_of
from foundations.forms.donor import AskForm, FindGiftsForm, ShownAsForm
from foundations.gift_story import reports_of, rows_of, story_of, updates_since
from foundations.mail_links import read_link
from foundations.models import Confirmation, Foundation, Gift, MonthlyGift
from foundations.names import public_name
from foundations.permissions import (
    get_own_donors_for,
    get_own_gifts_for,
    get_own_monthly_gifts_for,
)
from volunteers.actions.security import address_of
from volunteers.limits import LockedOut, take_code
from volunteers.models import User

EITHER = ["GET", "HEAD", "POST"]
MAIL_KEY = "mail_of_gifts"
MAIL_SECONDS = 24 * 3600
LINKS_A_MAIL_AN_HOUR = 3
LINKS_AN_ADDRESS_AN_HOUR = 60
GIFTS_SHOWN = 20

View = Callable[..., HttpResponse]


def donor_required(view: View) -> View:
    """Whoever is neither signed in nor came by a link is asked for the mail address first."""

    @never_cache
    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated and not mail_of(request):
            return redirect("find_gifts")
        return view(request, *args, **kwargs)

    return inner


def mail_of(request: HttpRequest) -> str:
    """The mailbox that this session has shown to be its own, for a day; "" for none."""
    kept = request.session.get(MAIL_KEY) or {}
    is_fresh = kept.get("until", 0) > timezone.now().timestamp()
    return str(kept.get("email", "")) if is_fresh else ""


def own_gift(request: HttpRequest, gift_uuid: uuid.UUID) -> Gift:
    gifts = get_own_gifts_for(request.user, mail=mail_of(request))  # type: ignore[arg-type]
    return get_object_or_404(gifts, uuid=gift_uuid)


def own_monthly(request: HttpRequest, monthly_uuid: uuid.UUID) -> MonthlyGift:
    monthly = get_own_monthly_gifts_for(request.user, mail=mail_of(request))  # type: ignore[arg-type]
    return get_object_or_404(monthly, uuid=monthly_uuid)


def who(request: HttpRequest) -> User | None:
    """Who does it, for the log; None: by a link in the mail."""
    return request.user if isinstance(request.user, User) else None


# Coming in by mail


@never_cache
@require_http_methods(EITHER)
def find_gifts(request: HttpRequest) -> HttpResponse:
    """Asks for the address and always answers the same: nobody learns who has given."""
    form = FindGiftsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            take_code(
                who=address_of(request) or "none", what="gift-link",
                an_hour=LINKS_AN_ADDRESS_AN_HOUR,
            )  # fmt: skip
        except LockedOut as error:
            form.add_error(None, str(error))
        else:
            _send_link(form.cleaned_data["email"])
            return redirect(f"{reverse('find_gifts')}?sent=1")
    context = {"form": form, "is_sent": "sent" in request.GET and request.method != "POST"}
    return render(request, "foundations/find_gifts.html", context)


@never_cache
@require_safe
def open_gifts(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail: this session may see the mailbox's gifts for a day."""
    email = read_link(token)
    if email is None:
        messages.error(request, _("This link is too old. Please ask for a new one."))
        return redirect("find_gifts")
    until = timezone.now().timestamp() + MAIL_SECONDS
    request.session[MAIL_KEY] = {"email": email, "until": until}
    return redirect("my_gifts")


@require_POST
def leave_gifts(request: HttpRequest) -> HttpResponse:
    """On a computer that others use too."""
    request.session.pop(MAIL_KEY, None)
    messages.success(request, _("Done. Your gifts are not shown here any more."))
    return redirect("/")


def _send_link(email: str) -> None:
    if not get_own_donors_for(AnonymousUser(), mail=email).exists():
        return
    try:
        take_code(who=email, what="gift-link-mail", an_hour=LINKS_A_MAIL_AN_HOUR)
    except LockedOut:
        return  # said to nobody: it would tell that this address has given
    owe_link(email=email, language=get_language() or "")


# The gifts


@donor_required
@require_safe
def my_gifts(request: HttpRequest) -> HttpResponse:
    mail = mail_of(request)
    gifts = get_own_gifts_for(request.user, mail=mail)  # type: ignore[arg-type]
    shown = gifts.exclude(state__in=[Gift.State.STARTED, Gift.State.EXPIRED])
    monthly = get_own_monthly_gifts_for(request.user, mail=mail)  # type: ignore[arg-type]
    begun = [MonthlyGift.State.STARTED, MonthlyGift.State.EXPIRED]
    context = {
        "page_obj": Paginator(shown, GIFTS_SHOWN).get_page(request.GET.get("page")),
        "monthly_gifts": monthly.exclude(state__in=begun),
        "years": _years(gifts),
        "mail": mail,
    }
    return render(request, "foundations/my_gifts.html", context)


@donor_required
@require_safe
def my_gift(request: HttpRequest, gift_uuid: uuid.UUID) -> HttpResponse:
    return _gift_page(request, own_gift(request, gift_uuid))


@donor_required
@require_POST
def change_gift_name(request: HttpRequest, gift_uuid: uuid.UUID) -> HttpResponse:
    gift = own_gift(request, gift_uuid)
    form = ShownAsForm(request.POST)
    if not form.is_valid():
        return _gift_page(request, gift, name_form=form)
    change_shown_as(gift=gift, shown_as=form.cleaned_data["shown_as"], by=who(request))
    messages.success(request, _("Done. From now on you are shown like that."))
    return redirect("my_gift", gift.uuid)


@donor_required
@require_POST
def choose_receipt(request: HttpRequest, gift_uuid: uuid.UUID) -> HttpResponse:
    gift = own_gift(request, gift_uuid)
    is_wanted = request.POST.get("receipt") == "wanted"
    try:
        choose_fiscal_receipt(gift=gift, is_wanted=is_wanted, by=who(request))
    except Confirmation.DoesNotExist:
        raise Http404 from None
    except DonorRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Noted."))
    return redirect("my_gift", gift.uuid)


@donor_required
@require_POST
def ask(request: HttpRequest, gift_uuid: uuid.UUID) -> HttpResponse:
    gift = own_gift(request, gift_uuid)
    form = AskForm(request.POST)
    if form.is_valid():
        try:
            ask_about_gift(
                gift=gift, text=form.cleaned_data["text"], nonce=form.cleaned_data["nonce"],
                user=who(request),
            )  # fmt: skip
        except QuestionRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Your question is with the foundation."))
            return redirect("my_gift", gift.uuid)
    return _gift_page(request, gift, ask_form=form)


@donor_required
@require_safe
def gift_year(request: HttpRequest, foundation_id: int, year: int) -> HttpResponse:
    """All that the person gave to one foundation in a year, on paper."""
    if not 2000 <= year <= timezone.localdate().year:
        raise Http404
    gifts = get_own_gifts_for(request.user, mail=mail_of(request))  # type: ignore[arg-type]
    paid = list(
        gifts.filter(state=Gift.State.PAID, foundation=foundation_id, paid_at__year=year).order_by(
            "paid_at", "id"
        )
    )
    if not paid:
        raise Http404
    pdf = year_pdf(foundation=paid[0].foundation, year=year, gifts=paid)
    return _pdf(pdf, f"linli-gifts-{year}.pdf")


@donor_required
@require_safe
def my_gifts_copy(request: HttpRequest) -> HttpResponse:
    """The data of the own gifts in a file that other programs read (D6)."""
    gifts = get_own_gifts_for(request.user, mail=mail_of(request))  # type: ignore[arg-type]
    copy = {"made_at": timezone.now().isoformat(), "gifts": rows_of(gifts.order_by("id"))}
    response = JsonResponse(copy, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = 'attachment; filename="linli-my-gifts.json"'
    return response


# The paper, for whoever was given its address


@never_cache
@require_safe
def gift_confirmation(_request: HttpRequest, gift_uuid: uuid.UUID) -> HttpResponse:
    """Behind an address that nobody guesses: it stands on the thank-you page and in the mail."""
    confirmation = get_object_or_404(
        Confirmation.objects.select_related(
            "gift__fund__plan", "gift__donor", "gift__offline", "foundation__organisation"
        ),
        gift__uuid=gift_uuid,
    )
    pdf = confirmation_pdf(confirmation=confirmation)
    return _pdf(pdf, f"linli-{confirmation.number}.pdf")


@never_cache
@require_safe
def verify_confirmation(request: HttpRequest, number: str) -> HttpResponse:
    """What anyone who scans the paper sees: whether it is genuine, and what it must say."""
    confirmation = (
        Confirmation.objects.select_related("gift__fund", "gift__donor", "foundation__organisation")
        .filter(gift__number=number.upper())
        .first()
    )
    gift = confirmation.gift if confirmation else None
    context = {
        "confirmation": confirmation,
        "gift": gift,
        "donor": public_name(gift) if gift else "",
        "is_refunded_whole": bool(gift and gift.left_minor == 0),
    }
    response = render(
        request, "foundations/verify_confirmation.html", context, status=200 if gift else 404
    )
    response["X-Robots-Tag"] = "noindex"
    return response


def _gift_page(request: HttpRequest, gift: Gift, **forms: Any) -> HttpResponse:
    """The page with its forms; one that was refused stands there with what was typed."""
    context = {
        "gift": gift,
        "confirmation": getattr(gift, "confirmation", None),
        "story": story_of(gift),
        "is_refunded_whole": gift.left_minor == 0,
        "figures": figures_of([gift.fund])[gift.fund_id],
        "budget": budget_of(gift.fund),
        "fund_page": getattr(gift.fund, "page", None),
        "updates": updates_since(gift),
        "reports": reports_of(gift),
        "questions": gift.questions.order_by("id"),
        "name_form": ShownAsForm(initial={"shown_as": gift.shown_as}),
        "ask_form": AskForm(initial={"nonce": uuid.uuid4()}),
        "public_name": public_name(gift),
    } | forms
    return render(request, "foundations/my_gift.html", context)


def _years(gifts: Any) -> list[tuple[Foundation, int]]:
    """Each foundation and year in which something was given, the newest first."""
    paid = gifts.filter(state=Gift.State.PAID).order_by("-paid_at__year", "foundation")
    pairs = paid.values_list("paid_at__year", "foundation").distinct()
    foundations = Foundation.objects.select_related("organisation").in_bulk(
        {foundation for _year, foundation in pairs}
    )
    return [(foundations[foundation], year) for year, foundation in pairs]


def _pdf(pdf: bytes, name: str) -> HttpResponse:
    response = HttpResponse(pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
