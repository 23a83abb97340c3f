"""What a request names: a shift of the reader's own, a number, a nonce. Whatever else is sent is
nothing, and no error."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from .models import Shift
from .permissions import get_shifts_for


def shift_to_run(request: HttpRequest, shift_id: int) -> Shift:
    """404 for a shift that the user does not run."""
    shifts = get_shifts_for(request.user).select_related("activity__campaign__organisation")
    return get_object_or_404(shifts, pk=shift_id)


def read_uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
