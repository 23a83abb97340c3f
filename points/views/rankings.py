from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from points.models import RankingEntry
from points.rankings import (
    last_months,
    organisations_of,
    own_place,
    rank_volunteers,
    university_of,
)
from volunteers.models import Organisation, Territory, Volunteer
from volunteers.permissions import get_volunteer_for

Scope = RankingEntry.Scope
MOST_ORGANISATIONS = 1000
# From the city down: the word in the address, and the level it chooses.
AREA_WORDS = [
    ("district", Territory.Level.DISTRICT),
    ("street", Territory.Level.STREET),
    ("community", Territory.Level.COMMUNITY),
]


@dataclass
class Chosen:
    """The list somebody asks for. `number` is None where nothing can be chosen yet."""

    scope: str
    number: int | None = None
    name: str = ""
    # Areas: (word, name of the level, what it may be, what it is) from the district down.
    areas: list[dict[str, Any]] = field(default_factory=list)
    own_organisations: list[Organisation] = field(default_factory=list)
    organisations: list[Organisation] = field(default_factory=list)


@require_safe
def rankings(request: HttpRequest) -> HttpResponse:
    months = last_months(today=timezone.localdate())
    month = _chosen_month(request.GET.get("month", ""), months=months)
    volunteer = get_volunteer_for(request.user)  # type: ignore[arg-type]
    chosen = _chosen_list(request.GET, volunteer=volunteer)
    asked: dict[str, Any] = {
        "month": month,
        "scope": chosen.scope,
        "scope_number": chosen.number,
    }
    places = rank_volunteers(**asked) if chosen.number else []
    own = own_place(volunteer=volunteer, **asked) if volunteer and chosen.number else None
    context = {
        "places": places,
        "own": own,
        "own_is_below": own is not None
        and all(place.volunteer_id != own.volunteer_id for place in places),
        "months": months,
        "month": month,
        "chosen": chosen,
        "scopes": Scope.choices,
        "volunteer": volunteer,
    }
    return render(request, "points/rankings.html", context)


def _chosen_month(text: str, *, months: list[date]) -> date:
    return next((month for month in months if f"{month:%Y-%m}" == text), months[0])


def _chosen_list(query: QueryDict, *, volunteer: Volunteer | None) -> Chosen:
    match query.get("list"):
        case Scope.UNIVERSITY:
            return _university(query, volunteer)
        case Scope.ORGANISATION:
            return _organisation(query, volunteer)
    return _area(query)


def _area(query: QueryDict) -> Chosen:
    """Down from the city as far as was chosen; what does not lie in the area above is left out."""
    here = Territory.objects.filter(level=Territory.Level.CITY).order_by("pk").first()
    chosen = Chosen(Scope.TERRITORY)
    for word, level in AREA_WORDS:
        if here is None:
            return chosen
        chosen.number, chosen.name = here.pk, str(here)
        below = list(here.children.filter(level=level))
        if not below:
            return chosen
        here = _by_number(below, query.get(word, ""))
        chosen.areas.append({"word": word, "label": level.label, "options": below, "chosen": here})
    if here is not None:
        chosen.number, chosen.name = here.pk, str(here)
    return chosen


def _university(query: QueryDict, volunteer: Volunteer | None) -> Chosen:
    universities = list(Organisation.objects.active().universities())  # type: ignore[attr-defined]
    own = university_of(volunteer) if volunteer else None
    one = _by_number(universities, query.get("university", "")) or own
    one = one or next(iter(universities), None)
    return Chosen(
        Scope.UNIVERSITY,
        one.pk if one else None,
        str(one or ""),
        own_organisations=[own] if own else [],
        organisations=[each for each in universities if each != own],
    )


def _organisation(query: QueryDict, volunteer: Volunteer | None) -> Chosen:
    own = list(organisations_of(volunteer)) if volunteer else []
    others = Organisation.objects.active().exclude(pk__in=[each.pk for each in own])
    organisations = list(others[:MOST_ORGANISATIONS])
    one = _by_number([*own, *organisations], query.get("organisation", ""))
    one = one or next(iter([*own, *organisations]), None)
    return Chosen(
        Scope.ORGANISATION,
        one.pk if one else None,
        str(one or ""),
        own_organisations=own,
        organisations=organisations,
    )


def _by_number(options: list[Any], text: str) -> Any:
    return next((option for option in options if str(option.pk) == text), None)
