"""Campaigns as the public reads them, signing up, my shifts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import (
    F,
    OuterRef,
    Prefetch,
    QuerySet,
    Subquery,
    Sum,
    prefetch_related_objects,
)
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from wagtail.images import get_image_model
from wagtail.images.shortcuts import get_rendition_or_not_found

from campaigns.actions.sign_ups import (
    AlreadySignedUp,
    SignUpRefused,
    ask_for_leave,
    cancel_sign_up,
    sign_up,
)
from campaigns.cool_down import cool_down_of
from campaigns.eligibility import (
    BIRTH_DATE_UNKNOWN,
    GUARDIAN_CONSENT_MISSING,
    Refusal,
    reasons_against_each,
    shifts_open_to,
)
from campaigns.forms import (
    CampaignFilterForm,
    LeaveForm,
    SignUpForm,
)
from campaigns.models import Activity, CampaignPage, Shift, SignUp
from campaigns.permissions import (
    get_public_campaigns,
    get_shifts_shown,
    get_sign_ups_for,
)
from campaigns.search import matching
from campaigns.sharing import share_of
from volunteers.actions.people import update_profile
from volunteers.language import in_language
from volunteers.models import Organisation, Volunteer
from volunteers.permissions import get_no_shows_for, get_volunteer_for
from volunteers.views.access import next_url

A_PAGE_FULL = 12
DAYS_SHOWN = 14
MOST_SHIFTS = 500
CARD_PICTURE = "fill-640x400"
WIDE_PICTURE = "fill-1280x640"
SHARE_PICTURE = "fill-600x600"  # WeChat shows a square
TONES = ("roof", "sea", "sun", "leaf")
# Columns of a campaign that no list shows and that weigh most.
HEAVY = ("story", "story_en", "search_text", "search_pairs")


# Where a person gives what was missing.
ASKED_AT = {BIRTH_DATE_UNKNOWN: "my_profile", GUARDIAN_CONSENT_MISSING: "my_guardian"}


# The public list


def campaign_list_context(
    request: HttpRequest, *, organisation: Organisation | None = None
) -> dict[str, Any]:
    """The campaigns that match the request's filters: current ones, soonest shift first."""
    form = CampaignFilterForm(request.GET)
    volunteer = get_volunteer_for(request.user)
    if volunteer is None:
        del form.fields["eligible"]
    campaigns = _campaigns_matching(form, volunteer)
    if organisation is not None:
        campaigns = campaigns.filter(organisation=organisation)
    page_obj = Paginator(campaigns, A_PAGE_FULL).get_page(request.GET.get("page"))
    return {
        "filters": form,
        "page_obj": page_obj,
        "cards": _cards(page_obj.object_list, request),
        "organisation": organisation,
    }


def _campaigns_matching(
    form: CampaignFilterForm, volunteer: Volunteer | None
) -> QuerySet[CampaignPage]:
    chosen = form.chosen
    campaigns = get_public_campaigns().filter(ends_on__gte=timezone.localdate())
    if chosen.get("q"):
        campaigns = matching(campaigns, chosen["q"])
    if form.area:
        campaigns = campaigns.filter(territory__path__startswith=form.area.path)
    if chosen.get("category"):
        campaigns = campaigns.filter(category=chosen["category"])
    shifts = _shifts_wanted(chosen, volunteer).filter(activity__campaign=OuterRef("pk"))
    first = shifts.order_by("starts_at").values("starts_at")[:1]
    campaigns = campaigns.annotate(next_shift_at=Subquery(first))
    if chosen.get("free") or chosen.get("eligible") or chosen.get("on"):
        campaigns = campaigns.filter(next_shift_at__isnull=False)
    return campaigns.order_by(F("next_shift_at").asc(nulls_last=True), "-pk")


def _shifts_wanted(chosen: dict[str, Any], volunteer: Volunteer | None) -> QuerySet[Shift]:
    if chosen.get("eligible") and volunteer:
        shifts = shifts_open_to(volunteer)
    else:
        shifts = Shift.objects.open().filter(starts_at__gt=timezone.now())
    if chosen.get("free"):
        shifts = shifts.with_places()
    if on := chosen.get("on"):
        midnight = timezone.make_aware(datetime.combine(on, datetime.min.time()))
        shifts = shifts.filter(starts_at__range=(midnight, midnight + timedelta(days=1)))
    return shifts


def _cards(campaigns: Iterable[CampaignPage], request: HttpRequest) -> list[dict[str, Any]]:
    """What the cards of one page show, in four queries however many there are."""
    pictures = get_image_model().objects.prefetch_renditions(CARD_PICTURE)
    found = campaigns.select_related(  # type: ignore[attr-defined]
        "organisation", "category", "territory"
    ).prefetch_related(Prefetch("image", queryset=pictures))
    found = list(found.defer(*HEAVY))
    free = _free_places(found)
    return [
        {
            "title": in_language(campaign, "title"),
            "href": campaign.get_url(request),
            "organisation": campaign.organisation,
            "place": campaign.territory,
            "dates": dates_of(campaign),
            "category": campaign.category,
            "tone": tone_of(campaign),
            "image_url": _picture(campaign, CARD_PICTURE),
            "free_places": free.get(campaign.pk),
            "next_shift_at": campaign.next_shift_at,
        }
        for campaign in found
    ]


def _free_places(campaigns: list[CampaignPage]) -> dict[int, int]:
    rows = (
        Shift.objects.open()
        .filter(starts_at__gt=timezone.now(), activity__campaign__in=campaigns)
        .values("activity__campaign")
        .order_by("activity__campaign")
        .annotate(free=Sum(F("capacity") - F("taken")))
    )
    return {row["activity__campaign"]: row["free"] for row in rows}


def dates_of(campaign: CampaignPage) -> str:
    first = date_format(campaign.starts_on, "MONTH_DAY_FORMAT")
    last = date_format(campaign.ends_on, "MONTH_DAY_FORMAT")
    return first if first == last else f"{first} – {last}"


def tone_of(campaign: CampaignPage) -> str:
    return TONES[campaign.category_id % len(TONES)]


def _picture(campaign: CampaignPage, size: str) -> str:
    if campaign.image is None:
        return ""
    rendition = get_rendition_or_not_found(campaign.image, size)
    return str(rendition.url)


# One campaign


@dataclass
class Place:
    """A shift as one reader sees it: what it offers, and what they can do about it."""

    shift: Shift
    sign_up: SignUp | None = None
    reasons: list[Refusal] = field(default_factory=list)
    is_known: bool = False

    @property
    def needs_birth_date(self) -> bool:
        return self.reasons == [BIRTH_DATE_UNKNOWN]

    @property
    def needs_guardian(self) -> bool:
        return self.reasons == [GUARDIAN_CONSENT_MISSING]

    @property
    def is_full(self) -> bool:
        return self.shift.free_places <= 0

    @property
    def can_press(self) -> bool:
        """Anonymous visitors press too: they are led to log in and come back."""
        return not self.reasons and not self.is_full


def campaign_context(request: HttpRequest, *, campaign: CampaignPage) -> dict[str, Any]:
    """The page with its activities, of a preview too, where some are not saved yet."""
    activities = list(campaign.activities.all())
    first_day = _day_asked_for(request)
    shifts = _shifts_of(activities, first_day)
    shown = [shift for shift in shifts if _day_number(shifts, shift) < DAYS_SHOWN]
    places = places_for(request, shown)
    later = shifts[len(shown)] if len(shown) < len(shifts) else None
    return {
        "campaign": campaign,
        "crumbs": _crumbs(campaign, request),
        "activities": activities,
        "dates": dates_of(campaign),
        "tone": tone_of(campaign) if campaign.category_id else "roof",
        "picture_url": _picture(campaign, WIDE_PICTURE),
        "days": _by_day(places),
        "later_from": timezone.localdate(later.starts_at) if later else None,
        "is_first": first_day is None,
        "offers_agreement": _offers_agreement(campaign, activities),
        "share": share_of(
            request, campaign, activities, shifts, picture=_picture(campaign, SHARE_PICTURE)
        ),
        "chosen_shift": request.GET.get("shift", ""),
    }


def places_for(request: HttpRequest, shifts: list[Shift]) -> list[Place]:
    """Each shift with what the reader can do about it: four queries for all of them."""
    volunteer = get_volunteer_for(request.user)
    if volunteer is None:
        return [Place(shift=shift) for shift in shifts]
    reasons = reasons_against_each(volunteer=volunteer, shifts=shifts)
    own = get_sign_ups_for(request.user).holding().filter(shift__in=shifts)
    held = {sign_up.shift_id: sign_up for sign_up in own}
    for shift in shifts:
        if shift.pk in held:
            held[shift.pk].shift = shift
    return [
        Place(shift=shift, sign_up=held.get(shift.pk), reasons=reasons[shift.pk], is_known=True)
        for shift in shifts
    ]


def _shifts_of(activities: list[Activity], first_day: date | None) -> list[Shift]:
    since = timezone.now()
    if first_day:
        since = max(since, timezone.make_aware(datetime.combine(first_day, datetime.min.time())))
    saved = {activity.pk: activity for activity in activities if activity.pk}
    prefetch_related_objects(list(saved.values()), "skills")
    shifts = Shift.objects.open().filter(activity__in=saved, starts_at__gt=since)
    found = list(shifts.order_by("starts_at", "pk")[:MOST_SHIFTS])
    for shift in found:  # the page's own objects: they are loaded, and a preview's are newer
        shift.activity = saved[shift.activity_id]
    return found


def _day_number(shifts: list[Shift], shift: Shift) -> int:
    first = timezone.localdate(shifts[0].starts_at)
    return (timezone.localdate(shift.starts_at) - first).days


def _by_day(places: list[Place]) -> list[dict[str, Any]]:
    days: dict[date, list[Place]] = {}
    for place in places:
        days.setdefault(timezone.localdate(place.shift.starts_at), []).append(place)
    return [{"day": day, "places": of_day} for day, of_day in days.items()]


def _day_asked_for(request: HttpRequest) -> date | None:
    try:
        return date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        return None


def _offers_agreement(campaign: CampaignPage, activities: list[Activity]) -> bool:
    """R21: a written agreement is offered for long (over a month) and for dangerous work."""
    if any(activity.is_dangerous for activity in activities):
        return True
    if not (campaign.starts_on and campaign.ends_on):
        return False
    return (campaign.ends_on - campaign.starts_on).days > 31


def _crumbs(campaign: CampaignPage, request: HttpRequest) -> list[dict[str, Any]]:
    branch = campaign.get_parent()
    index = branch.get_parent() if branch else None
    return [
        {"title": _("Campaigns"), "url": index.get_url(request) if index else "/campaigns/"},
        {"title": campaign.organisation, "url": branch.get_url(request) if branch else ""},
    ]


# Signing up


@require_POST
def sign_up_for_shift(request: HttpRequest, shift_id: int) -> HttpResponse:
    shift = get_object_or_404(get_shifts_shown().select_related("activity__campaign"), pk=shift_id)
    back = _campaign_address(shift, request)
    if not request.user.is_authenticated:
        return _go(request, f"{reverse('account_login')}?{urlencode({'next': back})}")
    volunteer = get_volunteer_for(request.user)
    if volunteer is None:
        messages.info(request, _("First tell us who you are, then press once more."))
        return _go(request, f"{reverse('join')}?{urlencode({'next': back})}")
    form = SignUpForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(form.errors["birth_on"]))
        return _answer(request, shift, back)
    if form.cleaned_data["birth_on"] and volunteer.birth_on is None:
        volunteer = update_profile(
            volunteer=volunteer, birth_on=form.cleaned_data["birth_on"], by=request.user
        )
    try:
        sign_up(shift=shift, volunteer=volunteer, by=request.user)
    except AlreadySignedUp as refused:
        messages.info(request, str(refused))
    except SignUpRefused as refused:
        messages.error(request, str(refused))
        if refused.refusal in ASKED_AT:
            asked_at = reverse(ASKED_AT[refused.refusal])
            return _go(request, f"{asked_at}?{urlencode({'next': back})}")
    else:
        messages.success(request, _("You are signed up. See you there!"))
    return _answer(request, shift, back)


@login_required
@require_POST
def cancel_place(request: HttpRequest, shift_id: int) -> HttpResponse:
    own = get_object_or_404(get_sign_ups_for(request.user), shift=shift_id)
    try:
        cancel_sign_up(sign_up=own, by=request.user)
    except SignUpRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Cancelled. Your place is free for somebody else."))
    return _answer(request, own.shift, next_url(request, reverse("my_shifts")))


@login_required
def take_leave(request: HttpRequest, shift_id: int) -> HttpResponse:
    """GET asks for the reason, POST takes the leave."""
    own = get_object_or_404(
        get_sign_ups_for(request.user).select_related("shift__activity__campaign"), shift=shift_id
    )
    form = LeaveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            ask_for_leave(sign_up=own, reason=form.cleaned_data["reason"], by=request.user)
        except SignUpRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("The organiser knows that you cannot come."))
        return _answer(request, own.shift, next_url(request, reverse("my_shifts")))
    return render(request, "campaigns/leave.html", {"sign_up": own, "form": form})


def _answer(request: HttpRequest, shift: Shift, back: str) -> HttpResponse:
    """The shift's row alone for htmx, the whole page again for everybody else."""
    if request.headers.get("HX-Target") != f"shift-{shift.pk}":
        return _go(request, back)
    shift = (
        Shift.objects.select_related("activity__campaign")
        .prefetch_related("activity__skills")
        .get(pk=shift.pk)
    )
    (place,) = places_for(request, [shift])
    answers = [str(message) for message in messages.get_messages(request)]
    return render(request, "campaigns/place.html", {"place": place, "answers": answers})


def _go(request: HttpRequest, address: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = address
        return response
    return redirect(address)


def _campaign_address(shift: Shift, request: HttpRequest) -> str:
    address = shift.activity.campaign.get_url(request) or "/"
    return f"{address}?shift={shift.pk}#shift-{shift.pk}"


# My shifts


@login_required
@require_GET
def my_shifts(request: HttpRequest) -> HttpResponse:
    sign_ups = _own_sign_ups(request)
    now = timezone.now()
    upcoming = sign_ups.holding().filter(shift__ends_at__gt=now).order_by("shift__starts_at")
    called_off = sign_ups.filter(
        shift__state=Shift.State.CANCELLED,
        shift__ends_at__gt=now,
        ended_at=F("shift__cancelled_at"),
    )
    past = sign_ups.filter(shift__ends_at__lte=now).order_by("-shift__starts_at")
    page_obj = Paginator(past, A_PAGE_FULL).get_page(request.GET.get("page"))
    return render(
        request,
        "campaigns/my_shifts.html",
        {"upcoming": upcoming, "called_off": called_off, "page_obj": page_obj, "now": now}
        | _cool_down(request),
    )


def _cool_down(request: HttpRequest) -> dict[str, Any]:
    """How near the reader is to a pause, or how long it lasts, and the no-shows it speaks of."""
    volunteer = get_volunteer_for(request.user)
    cool_down = cool_down_of(volunteer) if volunteer else None
    if cool_down is None or not cool_down.sentence:
        return {}
    days = settings.LINLI_COOL_DOWN_WITHIN_DAYS
    if cool_down.until:
        days += settings.LINLI_COOL_DOWN_DAYS
    since = timezone.localdate() - timedelta(days=days)
    no_shows = get_no_shows_for(request.user).filter(excused_at=None, missed_on__gt=since)
    return {"cool_down": cool_down, "no_shows": no_shows}


@login_required
@require_GET
def my_next_shift(request: HttpRequest) -> HttpResponse:
    """A partial for the «my Linli» page: the next shift, or an invitation to find one."""
    upcoming = _own_sign_ups(request).holding().filter(shift__ends_at__gt=timezone.now())
    return render(
        request,
        "campaigns/next_shift.html",
        {"sign_up": upcoming.order_by("shift__starts_at").first(), "now": timezone.now()},
    )


def _own_sign_ups(request: HttpRequest) -> Any:
    heavy = (f"shift__activity__campaign__{name}" for name in HEAVY)
    return (
        get_sign_ups_for(request.user)
        .select_related("attendance", "shift__activity__campaign__organisation")
        .prefetch_related("attendance__visits__check_point")
        .defer(*heavy)
    )
