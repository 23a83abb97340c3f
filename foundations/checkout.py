"""Whether a foundation may take gifts here, and what is missing (D1, D2, D3): one place."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from foundations.models import Foundation, Fund, FundPlan

Mode = Foundation.Mode


@dataclass(frozen=True)
class Fact:
    """One line of the checklist: what is needed, and whether it is there."""

    code: str
    words: str | Promise
    is_there: bool


def facts_of(foundation: Foundation) -> list[Fact]:
    """What the foundation's mode needs before anybody can give to it."""
    facts = [
        Fact("credit_code", _("Unified social credit code"), bool(foundation.credit_code)),
        Fact("contact", _("A contact that donors reach"), _has_contact(foundation)),
        Fact("how_to_query", _("How a donor queries a gift"), bool(foundation.how_to_query)),
    ]
    if foundation.mode == Mode.LINK_OUT:
        return [
            *facts,
            Fact("platform", _("The designated platform and its address"), _platform(foundation)),
        ]
    facts += [
        Fact("handler", _("The handler named on confirmations"), bool(foundation.handler)),
        Fact("account", _("Its own account for payments"), bool(foundation.stripe_account)),
    ]
    if foundation.mode == Mode.OWN_NAME:
        facts.append(
            Fact(
                "certificate",
                _("The certificate for raising money from the public"),
                bool(foundation.certificate_number),
            )
        )
    if foundation.mode == Mode.DIRECTED:
        facts.append(Fact("members", _("The list of its members"), foundation.members.exists()))
    return facts


def facts_of_fund(fund: Fund) -> list[Fact]:
    """What one fund needs besides: its plan, and the filing where the public is asked (D3)."""
    if not fund.is_restricted:
        return []
    plan = FundPlan.objects.filter(fund=fund).first()
    facts = [Fact("plan", _("The plan of the fund"), plan is not None)]
    if fund.foundation.mode == Mode.OWN_NAME:
        is_filed = bool(plan and plan.filing_number)
        facts.append(Fact("filing", _("The filing number of the plan"), is_filed))
    return facts


def missing(foundation: Foundation) -> list[Fact]:
    return [fact for fact in facts_of(foundation) if not fact.is_there]


def takes_gifts(fund: Fund) -> bool:
    """Checkout is on: opened by the staff, nothing missing, the fund in use."""
    foundation = fund.foundation
    return (
        foundation.checkout_opened_at is not None
        and foundation.mode != Mode.LINK_OUT
        and fund.state == Fund.State.OPEN
        and not missing(foundation)
        and all(fact.is_there for fact in facts_of_fund(fund))
    )


def _has_contact(foundation: Foundation) -> bool:
    return bool(foundation.contact_name and (foundation.contact_phone or foundation.contact_email))


def _platform(foundation: Foundation) -> bool:
    return bool(foundation.platform_name and foundation.platform_url)
