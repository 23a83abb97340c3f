"""What this room does when something happens in the one below."""

from __future__ import annotations

from typing import Any

from foundations.actions.donors import DonorRefused, anonymise_account
from foundations.gift_story import rows_of
from foundations.money import format_plain
from foundations.permissions import get_own_gifts_for, get_own_monthly_gifts_for
from volunteers.actions.leaving import CannotLeave
from volunteers.models import User, Volunteer


def let_go_of_closing(*, user: User, by: User | None, **_kwargs: Any) -> None:
    """Inside the closing's transaction, while the account still knows its addresses.

    A monthly gift has to be stopped at the gateway first, which no transaction may do.
    """
    try:
        anonymise_account(user=user, by=by)
    except DonorRefused as refusal:
        raise CannotLeave(str(refusal)) from refusal


def copy_gifts(*, volunteer: Volunteer, **_kwargs: Any) -> tuple[str, dict[str, Any]] | None:
    """This room's part of the copy of their data that a person may take along (P4)."""
    user = volunteer.user
    if user is None:
        return None
    return "giving", {
        "gifts": rows_of(get_own_gifts_for(user).order_by("id")),
        "monthly_gifts": [
            {
                "number": monthly.number,
                "foundation": monthly.foundation.organisation.name,
                "fund": monthly.fund.name,
                "amount": format_plain(monthly.amount_minor, currency=monthly.currency),
                "currency": monthly.currency,
                "state": monthly.state,
                "begun_at": monthly.created_at.isoformat(),
                "stopped_at": monthly.stopped_at.isoformat() if monthly.stopped_at else None,
            }
            for monthly in get_own_monthly_gifts_for(user).order_by("id")
        ],
    }
