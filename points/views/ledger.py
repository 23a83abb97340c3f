from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from points.actions.chain import GENESIS
from points.models import LedgerDigest


@require_safe
def ledger_chain(_request: HttpRequest) -> HttpResponse:
    """Every month's digest, oldest first: for whoever wants to keep them somewhere else."""
    months = [
        {
            "month": f"{digest.month:%Y-%m}",
            "movements": digest.movements,
            "previous": digest.previous,
            "digest": digest.digest,
        }
        for digest in LedgerDigest.objects.order_by("month")
    ]
    return JsonResponse({"algorithm": "SHA-256", "genesis": GENESIS, "months": months})
