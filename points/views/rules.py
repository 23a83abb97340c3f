from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from points.rule_words import rules_in_words


@require_safe
def how_points_work(request: HttpRequest) -> HttpResponse:
    """Today's rules and what is announced of them, from the rules themselves."""
    return render(request, "points/rules.html", {"rules": rules_in_words()})
