"""The year's list of honours: who stands on it, and how an organisation nominates."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from points.actions.honours import HonourRefused, nominate_honour, show_name, years_open
from points.forms.recognition import NominationForm
from points.models import YearlyHonour
from points.permissions import (
    get_honours_for,
    get_nominating_organisations_for,
    get_nominations_for,
    get_nominees,
)
from volunteers.models import Organisation, User, Volunteer
from volunteers.views.access import volunteer_required

NOMINEES_SHOWN = 20


@require_safe
def honours(request: HttpRequest, year: int | None = None) -> HttpResponse:
    """A year's list, the latest by default; full names only with the person's yes (R14)."""
    on_the_list = YearlyHonour.objects.filter(
        state=YearlyHonour.State.APPROVED,
        volunteer__closed_at=None,
        volunteer__merged_into=None,
    )
    years = list(on_the_list.order_by("-year").values_list("year", flat=True).distinct())
    if year is not None and year not in years:
        raise Http404
    shown = year or (years[0] if years else None)
    rows = on_the_list.filter(year=shown).select_related("volunteer__community", "organisation")
    context = {
        "year": shown,
        "years": years,
        "honours": rows.defer("volunteer__id_number").order_by("id"),
        "may_nominate": get_nominating_organisations_for(request.user).exists(),  # type: ignore[arg-type]
    }
    return render(request, "points/honours.html", context)


@volunteer_required
@require_POST
def show_honour_name(request: HttpRequest, _volunteer: Volunteer, honour_id: int) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    honour = get_object_or_404(get_honours_for(user), pk=honour_id)
    show_name(honour=honour, shown=request.POST.get("shown") == "1")
    messages.success(request, _("Saved. The list shows it at once."))
    return redirect("my_honours")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def nominate(request: HttpRequest) -> HttpResponse:
    """An organisation chooses among those who served with it that year, then says what for."""
    user: User = request.user  # type: ignore[assignment]
    organisations = get_nominating_organisations_for(user)
    if not organisations.exists():
        raise Http404
    asked = request.POST if request.method == "POST" else request.GET
    organisation = organisations.filter(pk=_number(asked.get("organisation"))).first()
    organisation = organisation or organisations.first()
    year = _number(asked.get("year"))
    year = year if year in years_open() else years_open()[0]
    query = asked.get("q", "").replace("\x00", "").strip()
    nominees = get_nominees(user=user, organisation=organisation, year=year, query=query)
    chosen = nominees.filter(pk=_number(asked.get("volunteer"))).first()
    form = NominationForm(request.POST if request.method == "POST" else None)
    if chosen and _nominate(request, form, year=year, volunteer=chosen, organisation=organisation):
        return redirect("nominate_honour")
    context = {
        "organisations": organisations[:200],
        "organisation": organisation,
        "years": years_open(),
        "year": year,
        "query": query,
        "nominees": nominees[:NOMINEES_SHOWN],
        "chosen": chosen,
        "form": form,
        "nominations": get_nominations_for(user)[:NOMINEES_SHOWN],
    }
    return render(request, "points/nominate.html", context)


def _nominate(
    request: HttpRequest,
    form: NominationForm,
    *,
    year: int,
    volunteer: Volunteer,
    organisation: Organisation,
) -> bool:
    """True when it is done; otherwise the form carries the reason."""
    user: User = request.user  # type: ignore[assignment]
    if not form.is_valid():
        return False
    try:
        nominate_honour(
            year=year, volunteer=volunteer, organisation=organisation, by=user, **form.cleaned_data
        )
    except HonourRefused as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(
        request, _("Nominated. The city's office decides and you read its answer here.")
    )
    return True


def _number(text: str | None) -> int:
    """0 for what is no number: no row has it."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
