"""Who may see and do what with a foundation's books: the only door by which a view reaches them.

A role in one foundation opens nothing of another. Superusers of the site see all books, because
they give the roles out; they enter and approve nothing unless they hold a role themselves.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import F, Q, QuerySet

from foundations.models import (
    BankLine,
    BankStatement,
    BudgetLine,
    Confirmation,
    Difference,
    Disclosure,
    Dispute,
    Donor,
    Entry,
    Expense,
    Foundation,
    FoundationMember,
    FoundationRole,
    Fund,
    FundPlan,
    FundTransfer,
    Gift,
    Grant,
    MatchingPot,
    MoneyAccount,
    MoneyMovement,
    MonthlyGift,
    OfflineGift,
    Period,
    PledgePayment,
    PointsPledge,
    PotPayment,
    Proposal,
    ProposalRound,
    Question,
    Refund,
    WebhookEvent,
)
from volunteers.models import User
from volunteers.permissions import AnyUser, get_volunteer_for

Role = FoundationRole.Role
ENTER: tuple[Role, ...] = (Role.BOOKKEEPER, Role.TREASURER)
APPROVE: tuple[Role, ...] = (Role.TREASURER,)


def has_role(user: AnyUser, foundation: Foundation, *, roles: Collection[str]) -> bool:
    if not isinstance(user, User) or not user.is_active:
        return False
    return FoundationRole.objects.filter(user=user, foundation=foundation, role__in=roles).exists()


def has_any_role(user: AnyUser) -> bool:
    """Sees the books of some foundation: the office's pages are there for this account."""
    return get_foundations_for(user).exists()


def can_see_books(user: AnyUser, foundation: Foundation) -> bool:
    return get_foundations_for(user).filter(pk=foundation.pk).exists()


def can_enter(user: AnyUser, foundation: Foundation) -> bool:
    """May enter expenses, grants, transfers and what came in."""
    return has_role(user, foundation, roles=ENTER)


def can_approve(user: AnyUser, foundation: Foundation) -> bool:
    """May approve and reverse what others entered, close months, and close funds."""
    return has_role(user, foundation, roles=APPROVE)


def can_approve_entry(user: AnyUser, entry: Entry) -> bool:
    """May approve this one: never what they entered themselves."""
    return (
        entry.is_waiting
        and entry.entered_by_id != user.pk
        and has_role(user, entry.foundation, roles=APPROVE)
    )


def can_reject_entry(user: AnyUser, entry: Entry) -> bool:
    """May reject this one: who approves, and whoever entered it and still may."""
    if not entry.is_waiting:
        return False
    roles = ENTER if entry.entered_by_id == user.pk else APPROVE
    return has_role(user, entry.foundation, roles=roles)


def can_give_roles(user: AnyUser) -> bool:
    return isinstance(user, User) and user.is_active and user.is_superuser


def get_foundations_for(user: AnyUser) -> QuerySet[Foundation]:
    """The foundations in which the account holds a role; all for superusers."""
    if not isinstance(user, User) or not user.is_active:
        return Foundation.objects.none()
    foundations = Foundation.objects.select_related("organisation")
    if user.is_superuser:
        return foundations
    return foundations.filter(roles__user=user)


def get_enterable_foundations_for(user: AnyUser) -> QuerySet[Foundation]:
    """Those in whose books the account may enter something."""
    return get_foundations_for(user).filter(roles__user=user.pk, roles__role__in=ENTER)


def get_roles_for(user: AnyUser) -> QuerySet[FoundationRole]:
    """Who does what in the foundations whose books the account may see."""
    return FoundationRole.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "user", "foundation"
    )


def get_funds_for(user: AnyUser) -> QuerySet[Fund]:
    return Fund.objects.filter(foundation__in=get_foundations_for(user)).select_related("balance")


def get_funds_to_enter_for(user: AnyUser) -> QuerySet[Fund]:
    """Funds in use for which the account may enter what was spent."""
    return get_funds_for(user).filter(
        state=Fund.State.OPEN, foundation__in=get_enterable_foundations_for(user)
    )


def get_budget_lines_for(user: AnyUser) -> QuerySet[BudgetLine]:
    return BudgetLine.objects.filter(fund__in=get_funds_for(user)).select_related("fund")


def get_plans_for(user: AnyUser) -> QuerySet[FundPlan]:
    return FundPlan.objects.filter(fund__in=get_funds_for(user)).select_related("fund__foundation")


def get_members_for(user: AnyUser) -> QuerySet[FoundationMember]:
    """Who belongs to the foundations whose books the account may see."""
    return FoundationMember.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "user", "foundation"
    )


def get_pots_for(user: AnyUser) -> QuerySet[MatchingPot]:
    return MatchingPot.objects.filter(foundation__in=get_foundations_for(user))


def get_accounts_for(user: AnyUser) -> QuerySet[MoneyAccount]:
    return MoneyAccount.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "fund", "pot"
    )


def get_movements_for(user: AnyUser) -> QuerySet[MoneyMovement]:
    """Newest first."""
    return (
        MoneyMovement.objects.filter(foundation__in=get_foundations_for(user))
        .select_related("debit_account__fund", "credit_account__fund", "by")
        .order_by("-id")
    )


def get_expenses_for(user: AnyUser) -> QuerySet[Expense]:
    """With their invoices: a view serves `expense.invoice` of these only."""
    return Expense.objects.filter(foundation__in=get_foundations_for(user)).select_related("fund")


def get_grants_for(user: AnyUser) -> QuerySet[Grant]:
    return Grant.objects.filter(foundation__in=get_foundations_for(user)).select_related("fund")


def get_transfers_for(user: AnyUser) -> QuerySet[FundTransfer]:
    return FundTransfer.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "from_fund", "to_fund"
    )


# What comes without a gateway


def get_offline_gifts_for(user: AnyUser) -> QuerySet[OfflineGift]:
    """With what shows them: a view serves `evidence` of these only."""
    return OfflineGift.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "fund"
    )


def get_pot_payments_for(user: AnyUser) -> QuerySet[PotPayment]:
    return PotPayment.objects.filter(foundation__in=get_foundations_for(user)).select_related("pot")


def get_pledges_for(user: AnyUser) -> QuerySet[PointsPledge]:
    return PointsPledge.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "fund", "project"
    )


def get_pledge_payments_for(user: AnyUser) -> QuerySet[PledgePayment]:
    return PledgePayment.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "pledge", "fund"
    )


def get_statements_for(user: AnyUser) -> QuerySet[BankStatement]:
    return BankStatement.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "foundation__organisation", "imported_by"
    )


def get_bank_lines_for(user: AnyUser) -> QuerySet[BankLine]:
    return BankLine.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "foundation__organisation", "statement", "movement", "decided_by"
    )


def get_confirmations_for(user: AnyUser) -> QuerySet[Confirmation]:
    return Confirmation.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "gift"
    )


def get_periods_for(user: AnyUser) -> QuerySet[Period]:
    return Period.objects.filter(foundation__in=get_foundations_for(user))


# Gifts and who gave them: names and addresses are for those with a role


def sees_names(user: AnyUser, rows: QuerySet[Any]) -> bool:
    """May take names and addresses of these gifts or donors along: who works with all their books.

    To see them on a page is a viewer's too; a file leaves the house.
    """
    if not isinstance(user, User):
        return False
    foundations = set(rows.order_by().values_list("foundation_id", flat=True).distinct())
    own = get_enterable_foundations_for(user).values_list("pk", flat=True)
    return foundations <= set(own)


def get_gifts_for(user: AnyUser) -> QuerySet[Gift]:
    """Newest first."""
    return Gift.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "foundation__organisation", "fund", "donor"
    )


def get_monthly_gifts_for(user: AnyUser) -> QuerySet[MonthlyGift]:
    return (
        MonthlyGift.objects.filter(foundation__in=get_foundations_for(user))
        .select_related("foundation__organisation", "fund", "donor")
        .order_by("-id")
    )


def get_donors_for(user: AnyUser) -> QuerySet[Donor]:
    return (
        Donor.objects.filter(foundation__in=get_foundations_for(user))
        .select_related("foundation__organisation")
        .order_by("-id")
    )


def get_questions_for(user: AnyUser) -> QuerySet[Question]:
    """What is open first, the oldest of it first; then what was answered, the newest first."""
    return (
        Question.objects.filter(foundation__in=get_foundations_for(user))
        .select_related("foundation__organisation", "fund", "gift", "answered_by")
        .order_by(F("answered_at").desc(nulls_first=True), "asked_at")
    )


# Money back, and where the processor's books and ours differ


def can_approve_refund(user: AnyUser, refund: Refund) -> bool:
    """Whoever approves, and never what they asked for themselves."""
    return (
        refund.state == Refund.State.ASKED
        and refund.asked_by_id != user.pk
        and has_role(user, refund.foundation, roles=APPROVE)
    )


def can_reject_refund(user: AnyUser, refund: Refund) -> bool:
    """Whoever approves, and whoever asked for it and still may."""
    if refund.state != Refund.State.ASKED:
        return False
    return has_role(user, refund.foundation, roles=_who_ends(user, refund))


def can_pay_refund(user: AnyUser, refund: Refund) -> bool:
    """May send again or pay by hand what two people decided; else it takes who approves."""
    roles = ENTER if refund.approved_by_id else APPROVE
    return has_role(user, refund.foundation, roles=roles)


def _who_ends(user: AnyUser, refund: Refund) -> tuple[Role, ...]:
    return ENTER if refund.asked_by_id == user.pk else APPROVE


def can_settle_notification(user: AnyUser, event: WebhookEvent) -> bool:
    """Whoever enters there; what is no foundation's, whoever gives the roles out."""
    if event.foundation is None:
        return can_give_roles(user)
    return can_enter(user, event.foundation)


def get_refunds_for(user: AnyUser) -> QuerySet[Refund]:
    """Newest first."""
    return Refund.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "foundation__organisation", "gift__fund", "gift__donor", "asked_by", "approved_by"
    )


def get_disputes_for(user: AnyUser) -> QuerySet[Dispute]:
    return Dispute.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "foundation__organisation", "gift__fund"
    )


def get_differences_for(user: AnyUser) -> QuerySet[Difference]:
    return Difference.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "foundation__organisation", "gift__fund", "resolved_by"
    )


def get_notifications_for(user: AnyUser) -> QuerySet[WebhookEvent]:
    """What gateways told of the account's foundations; what is nobody's, superusers see."""
    if isinstance(user, User) and user.is_active and user.is_superuser:
        return WebhookEvent.objects.select_related("foundation__organisation")
    return WebhookEvent.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "foundation__organisation"
    )


# Giving


def get_public_funds() -> QuerySet[Fund]:
    """Every fund has a page for giving, which says so where nobody can give to it."""
    return Fund.objects.select_related("foundation__organisation__territory", "plan", "page")


def may_give_to(user: AnyUser, foundation: Foundation) -> bool:
    """Whether the foundation's mode lets it take this person's gift (D1)."""
    if foundation.mode == Foundation.Mode.DIRECTED:
        return isinstance(user, User) and foundation.members.filter(user=user).exists()
    if foundation.mode == Foundation.Mode.MUTUAL_AID:
        volunteer = get_volunteer_for(user)
        community = volunteer.community if volunteer else None
        return community is not None and foundation.organisation.territory.contains(community)
    return True


def get_begun(uuid: UUID) -> Gift | MonthlyGift | None:
    """What was begun under a private address, which only the donor has."""
    related = ("fund__foundation__organisation", "fund__page", "foundation", "donor")
    return (
        Gift.objects.select_related(*related, "monthly").filter(uuid=uuid).first()
        or MonthlyGift.objects.select_related(*related).filter(uuid=uuid).first()
    )


# A donor's own gifts: by the account, or by a mailbox that was proven


def get_own_donors_for(user: AnyUser, *, mail: str = "") -> QuerySet[Donor]:
    """Whom the person is to the foundations: by account, by its proven addresses, and by `mail`.

    `mail` is an address whose owner followed a link that was sent there.
    """
    own = _by_mail(mail) if mail else Q(pk__in=[])
    if isinstance(user, User) and user.is_active:
        own |= Q(user=user)
        proven = EmailAddress.objects.filter(user=user, verified=True)
        for email in proven.values_list("email", flat=True):
            own |= _by_mail(email)
    return Donor.objects.filter(own)


def _by_mail(mail: str) -> Q:
    """Without what another account gave and wrote this address beside it: that is not proven."""
    owners = EmailAddress.objects.filter(email__iexact=mail, verified=True).values("user")
    return Q(email__iexact=mail) & (Q(user=None) | Q(user__in=owners))


def get_own_gifts_for(user: AnyUser, *, mail: str = "") -> QuerySet[Gift]:
    """Newest first."""
    return Gift.objects.filter(donor__in=get_own_donors_for(user, mail=mail)).select_related(
        "foundation__organisation", "fund", "donor", "monthly", "confirmation"
    )


def get_own_monthly_gifts_for(user: AnyUser, *, mail: str = "") -> QuerySet[MonthlyGift]:
    """Newest first."""
    return (
        MonthlyGift.objects.filter(donor__in=get_own_donors_for(user, mail=mail))
        .select_related("foundation__organisation", "fund", "donor")
        .order_by("-id")
    )


# Rounds of proposals


def get_public_proposals() -> QuerySet[Proposal]:
    """Those that anybody may read: up for a vote, or chosen."""
    shown = [Proposal.State.ACCEPTED, Proposal.State.WON]
    return Proposal.objects.filter(state__in=shown).select_related(
        "round__territory", "round__foundation", "volunteer", "fund"
    )


def get_own_proposals_for(user: AnyUser) -> QuerySet[Proposal]:
    """What the account's volunteer proposed, with what was decided."""
    volunteer = get_volunteer_for(user)
    if volunteer is None:
        return Proposal.objects.none()
    return Proposal.objects.filter(volunteer=volunteer).select_related("round__territory")


def get_rounds_for(user: AnyUser) -> QuerySet[ProposalRound]:
    """The rounds of the foundations whose books the account may see."""
    return ProposalRound.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "foundation__organisation", "territory"
    )


def get_proposals_for(user: AnyUser) -> QuerySet[Proposal]:
    """Every proposal to these foundations, looked at or not."""
    return Proposal.objects.filter(round__in=get_rounds_for(user)).select_related(
        "round__foundation", "volunteer", "fund"
    )


# What anybody may read


def get_public_foundations() -> QuerySet[Foundation]:
    """Those whose page is published: their books are shown in sums and entry by entry."""
    return Foundation.objects.filter(page__live=True).select_related("organisation", "page")


def get_public_disclosures() -> QuerySet[Disclosure]:
    """What was published, also what a corrected one has replaced since."""
    return Disclosure.objects.filter(published_at__isnull=False).select_related(
        "foundation__organisation", "fund"
    )


# Disclosures in the office


def get_disclosures_for(user: AnyUser) -> QuerySet[Disclosure]:
    return Disclosure.objects.filter(foundation__in=get_foundations_for(user)).select_related(
        "foundation__organisation", "fund", "prepared_by", "published_by"
    )
