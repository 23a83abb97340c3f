from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from points.actions.objections import ObjectionRefused, raise_star_objection
from points.badges import progress_of
from points.forms.recognition import ObjectionForm
from points.honours import next_star, objections_in_words, what_is_gone
from points.models import Badge, Recognition
from points.openbadges import criteria_in_words
from points.permissions import (
    get_honours_for,
    get_objections_to_stars_of,
    get_own_objections_for,
    get_recognitions_ever_for,
    get_stars_open_to_objection_for,
)
from volunteers.models import User, Volunteer
from volunteers.permissions import get_no_shows_for
from volunteers.views.access import volunteer_required

NOTICES_PER_PAGE = 50
NO_SHOWS_SHOWN = 5
State = Recognition.State
Kind = Recognition.Kind


@require_safe
def star_notice(request: HttpRequest) -> HttpResponse:
    """The public notice before stars are given (R6); names are masked."""
    user: User = request.user  # type: ignore[assignment]
    in_notice = (
        Recognition.objects.in_notice()
        .filter(kind=Kind.STAR, volunteer__closed_at=None)
        .select_related("volunteer__community")
        .defer("volunteer__id_number")
        .order_by("notice_until", "-level", "id")
    )
    page = Paginator(in_notice, NOTICES_PER_PAGE).get_page(request.GET.get("page"))
    open_to_me = get_stars_open_to_objection_for(user).filter(
        pk__in=[recognition.pk for recognition in page]
    )
    context = {
        "page_obj": page,
        "open_to_me": set(open_to_me.values_list("pk", flat=True)),
        "my_objections": get_own_objections_for(user),
    }
    return render(request, "points/star_notice.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def object_to_star(request: HttpRequest, recognition_id: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    star = get_object_or_404(get_stars_open_to_objection_for(user), pk=recognition_id)
    form = ObjectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            raise_star_objection(recognition=star, reason=form.cleaned_data["reason"], by=user)
        except ObjectionRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, _("Thank you. The star waits until the city's office has answered.")
            )
            return redirect("star_notice")
    return render(request, "points/object_to_star.html", {"star": star, "form": form})


@require_safe
def badges(request: HttpRequest) -> HttpResponse:
    """Every badge that can be earned, and what earns it."""
    offered = Badge.objects.offered().select_related("issuer", "category", "organisation")
    rows = [(badge, criteria_in_words(badge)) for badge in offered]
    return render(request, "points/badges.html", {"badges": rows})


@volunteer_required
@require_safe
def my_honours(request: HttpRequest, volunteer: Volunteer) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    recognitions = list(get_recognitions_ever_for(user))
    awarded = [one for one in recognitions if one.state == State.AWARDED]
    earned = {one.badge_id for one in awarded}
    offered = Badge.objects.offered().exclude(pk__in=earned - {None})
    offered = offered.select_related("issuer", "category", "organisation")
    context = {
        "volunteer": volunteer,
        "next_star": next_star(volunteer=volunteer),
        "in_notice": [one for one in recognitions if one.state == State.IN_NOTICE],
        "objections": objections_in_words(get_objections_to_stars_of(user)),
        "earned": [one for one in awarded if one.kind != Kind.STAR],
        "under_way": progress_of(volunteer=volunteer, badges=offered),
        "gone": what_is_gone(recognitions),
        "honours": get_honours_for(user),
        "no_shows": get_no_shows_for(user).filter(excused_at=None)[:NO_SHOWS_SHOWN],
    }
    return render(request, "points/my_honours.html", context)
