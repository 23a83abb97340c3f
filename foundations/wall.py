"""The donor wall: who gave, as each wants to be shown (D7), newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from foundations.gateway import get_gateway
from foundations.models import Dispute, Foundation, Fund, Gift
from foundations.names import public_name

ROWS = 20
# Nobody reads further than this; the books go on.
MOST_PAGES = 500


@dataclass(frozen=True)
class WallRow:
    """`name` is already as the public may read it; `message` only if somebody has let it stand."""

    name: str
    amount_minor: int
    currency: str
    given_on: date
    message: str
    is_monthly: bool


@dataclass(frozen=True)
class Wall:
    rows: list[WallRow]
    page: int
    has_more: bool


def wall_of(*, of: Fund | Foundation, page: int = 1, rows: int = ROWS) -> Wall:
    """One page of it, in one query."""
    page = min(max(page, 1), MOST_PAGES)
    start = (page - 1) * rows
    found = list(
        shown_gifts(of)
        .select_related("donor")
        .order_by("-paid_at", "-pk")[start : start + rows + 1]
    )
    return Wall(rows=[_row(gift) for gift in found[:rows]], page=page, has_more=len(found) > rows)


def count_donors(of: Fund | Foundation) -> int:
    """How many people and groups; a gift without a donor is somebody else's each."""
    counted = shown_gifts(of).aggregate(
        known=Count("donor", distinct=True), unknown=Count("pk", filter=Q(donor=None))
    )
    return int(counted["known"] + counted["unknown"])


def shown_gifts(of: Fund | Foundation) -> QuerySet[Gift]:
    """Paid, neither paid back nor lost to a dispute; trial payments only where all are trials."""
    whose = Q(fund=of) if isinstance(of, Fund) else Q(foundation=of)
    lost = Dispute.objects.filter(state=Dispute.State.LOST, foundation=_foundation_id(of))
    gifts = (
        Gift.objects.paid()
        .filter(whose, refunded_minor__lt=F("amount_minor"))
        .exclude(pk__in=lost.values("gift"))
    )
    return gifts.filter(is_live=True) if get_gateway("stripe").is_live else gifts


def _foundation_id(of: Fund | Foundation) -> int:
    return of.foundation_id if isinstance(of, Fund) else of.pk


def _row(gift: Gift) -> WallRow:
    assert gift.paid_at is not None
    is_shown = gift.message_state == Gift.MessageState.SHOWN
    return WallRow(
        name=public_name(gift), amount_minor=gift.left_minor, currency=gift.currency,
        given_on=timezone.localdate(gift.paid_at), message=gift.message if is_shown else "",
        is_monthly=gift.monthly_id is not None,
    )  # fmt: skip
