"""Who a page of this room is for."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from volunteers.models import Volunteer
from volunteers.permissions import get_volunteer_for

View = Callable[..., HttpResponse]


def volunteer_required(view: View) -> View:
    """The view gets `volunteer` after `request`; whoever has none is led to /me/join/ and back."""

    @never_cache
    @login_required
    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        volunteer: Volunteer | None = get_volunteer_for(request.user)  # type: ignore[arg-type]
        if volunteer is None:
            here = request.get_full_path() if request.method == "GET" else reverse("me")
            return redirect(f"{reverse('join')}?{urlencode({'next': here})}")
        return view(request, volunteer, *args, **kwargs)

    return inner


def next_url(request: HttpRequest, default: str) -> str:
    """Where the person came from, if that is one of our own pages."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    # Without the slash, redirect() takes it for the name of a view.
    return wanted if is_ours and wanted.startswith("/") else default
