"""What a foundation says of itself, who belongs to it, and whether giving to it is open (D1)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.log_actions import log

from foundations.actions.books import BooksRefused
from foundations.actions.ledger import constraint_of
from foundations.checkout import Fact, missing
from foundations.models import Foundation, FoundationMember
from volunteers.models import User

FACTS = (
    "mode", "kind", "credit_code", "certificate_number", "contact_name", "contact_phone",
    "contact_email", "how_to_query", "how_to_query_en", "handler", "platform_name",
    "platform_url", "stripe_account",
)  # fmt: skip
# Donors are in the middle of paying while giving is open: these would pull the ground away.
FIXED_WHILE_OPEN = ("mode", "stripe_account")


class GivingIsOpen(BooksRefused):
    sentence = gettext_lazy("Please close giving first, then change the mode or the account.")


class AccountOfAnother(BooksRefused):
    sentence = gettext_lazy("Another foundation is paid at this account.")


class MemberAlready(BooksRefused):
    sentence = gettext_lazy("This account belongs to the foundation already.")


class FactsMissing(BooksRefused):
    def __init__(self, facts: list[Fact]) -> None:
        super().__init__(facts)
        self.facts = facts

    def __str__(self) -> str:
        return _("This is still missing: %(facts)s.") % {
            "facts": _(", ").join(str(fact.words) for fact in self.facts)
        }


@transaction.atomic
def change_facts(*, foundation: Foundation, by: User, **facts: Any) -> Foundation:
    """Write what is new of FACTS. Raises GivingIsOpen, AccountOfAnother."""
    held = _hold(foundation)
    changed = {name: value for name, value in facts.items() if getattr(held, name) != value}
    if held.checkout_opened_at and any(name in changed for name in FIXED_WHILE_OPEN):
        raise GivingIsOpen
    if not changed:
        return held
    for name, value in changed.items():
        setattr(held, name, value)
    try:
        with transaction.atomic():
            held.save(update_fields=list(changed))
    except IntegrityError as refused:
        if constraint_of(refused) != "foundation_stripe_account_once":
            raise
        raise AccountOfAnother from refused
    log(
        instance=held, action="foundations.change_facts", user=by,
        data={"facts": sorted(changed)},
    )  # fmt: skip
    return held


@transaction.atomic
def open_giving(*, foundation: Foundation, by: User) -> Foundation:
    """Donors may give from now on. Pressed twice, opened once. Raises FactsMissing."""
    held = _hold(foundation)
    if held.checkout_opened_at:
        return held
    if facts := missing(held):
        raise FactsMissing(facts)
    held.checkout_opened_at, held.checkout_opened_by = timezone.now(), by
    held.save(update_fields=["checkout_opened_at", "checkout_opened_by"])
    log(instance=held, action="foundations.open_giving", user=by)
    return held


@transaction.atomic
def close_giving(*, foundation: Foundation, by: User) -> Foundation:
    """Nobody begins a gift any more. What is under way comes to its end; monthly gifts go on."""
    held = _hold(foundation)
    if held.checkout_opened_at is None:
        return held
    held.checkout_opened_at, held.checkout_opened_by = None, None
    held.save(update_fields=["checkout_opened_at", "checkout_opened_by"])
    log(instance=held, action="foundations.close_giving", user=by)
    return held


@transaction.atomic
def add_foundation_member(
    *, foundation: Foundation, user: User, joined_on: date, by: User
) -> FoundationMember:
    """The account may give where only members may. Raises MemberAlready."""
    member, is_new = FoundationMember.objects.get_or_create(
        foundation=foundation, user=user, defaults={"joined_on": joined_on, "created_by": by}
    )
    if not is_new:
        raise MemberAlready
    log(instance=foundation, action="foundations.add_member", user=by, data={"account": user.pk})
    return member


@transaction.atomic
def remove_foundation_member(*, member: FoundationMember, by: User) -> None:
    log(
        instance=member.foundation, action="foundations.remove_member", user=by,
        data={"account": member.user_id},
    )  # fmt: skip
    member.delete()


def _hold(foundation: Foundation) -> Foundation:
    """No key: movements that come meanwhile refer to the row and need not wait."""
    return Foundation.objects.select_for_update(no_key=True, of=("self",)).get(pk=foundation.pk)
