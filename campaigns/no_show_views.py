"""The desk's list of no-shows, where somebody's good reason is written down (E8)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns.desk_views import organisers_only, whole_number
from campaigns.models import SignUp
from campaigns.review_forms import ExcuseForm
from volunteers.models import NoShow
from volunteers.permissions import get_desk_no_shows_for

NO_SHOWS_A_PAGE = 30
# As campaigns.actions.closing names what was missed.
SOURCE = "sign_up:"


@organisers_only
@require_http_methods(["GET", "HEAD", "POST"])
def desk_no_shows(request: HttpRequest) -> HttpResponse:
    """The list; a POST excuses one of them."""
    if request.method != "POST":
        return _show_no_shows(request)
    number = whole_number(request.POST.get("no_show", ""))
    no_show = get_object_or_404(get_desk_no_shows_for(request.user), pk=number)
    form = ExcuseForm(request.POST, no_show=no_show)
    if not form.act(by=request.user):
        return _show_no_shows(request, wrong=form)
    messages.success(
        request, _("%(name)s is excused: it no longer counts.") % {"name": no_show.volunteer.name}
    )
    return redirect(request.get_full_path())


def _show_no_shows(request: HttpRequest, *, wrong: ExcuseForm | None = None) -> HttpResponse:
    is_excused = request.GET.get("show") == "excused"
    no_shows = get_desk_no_shows_for(request.user).filter(excused_at__isnull=not is_excused)
    page = Paginator(no_shows, NO_SHOWS_A_PAGE).get_page(request.GET.get("page"))
    sign_ups = _sign_ups_of(page)
    rows: list[dict[str, Any]] = [
        {
            "no_show": no_show,
            "sign_up": sign_ups.get(no_show.source),
            "is_own": no_show.volunteer.user_id == request.user.pk,
            "form": wrong if wrong and wrong.no_show == no_show else ExcuseForm(no_show=no_show),
        }
        for no_show in page
    ]
    context = {
        "is_excused": is_excused,
        "page_obj": page,
        "rows": rows,
        "refusal": wrong.non_field_errors() if wrong else (),
    }
    return render(request, "campaigns/desk_no_shows.html", context, status=422 if wrong else 200)


def _sign_ups_of(no_shows: Iterable[NoShow]) -> dict[str, SignUp]:
    """The places that stayed empty, by the no-show's source; one query for all."""
    numbers = [no_show.source.removeprefix(SOURCE) for no_show in no_shows]
    found = SignUp.objects.filter(pk__in=[number for number in numbers if number.isdecimal()])
    return {f"{SOURCE}{sign_up.pk}": sign_up for sign_up in found.select_related("shift__activity")}
