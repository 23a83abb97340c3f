"""A foundation's office in Wagtail's admin, and how its log words what happens to the books."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSet, ViewSetGroup

from foundations.admin import pages as _pages  # noqa: F401 - its hooks register themselves
from foundations.admin.bank import BankViewSet
from foundations.admin.books import BooksViewSet
from foundations.admin.disclosures import DisclosureViewSet
from foundations.admin.donors import DonorViewSet
from foundations.admin.entries import ExpenseViewSet, GrantViewSet, TransferViewSet
from foundations.admin.fiscal import ReceiptViewSet
from foundations.admin.foundation import FoundationsViewSet
from foundations.admin.funds import FundViewSet
from foundations.admin.gifts import GiftViewSet, MessagesViewSet, MonthlyGiftViewSet
from foundations.admin.movements import MovementViewSet
from foundations.admin.offline import (
    OfflineGiftViewSet,
    PledgePaymentViewSet,
    PledgeViewSet,
    PotPaymentViewSet,
    PotViewSet,
)
from foundations.admin.overview import OverviewViewSet
from foundations.admin.participation import ProposalRoundViewSet
from foundations.admin.questions import QuestionViewSet
from foundations.admin.reconciliation import ReconciliationViewSet
from foundations.admin.refunds import RefundViewSet


class FoundationsGroup(ViewSetGroup):
    """The office of the foundations: each item shows itself to those who have a role."""

    menu_label = _("Foundations")
    menu_icon = "pick"
    menu_order = 330
    items: tuple[type[ViewSet], ...] = (
        OverviewViewSet,
        GiftViewSet,
        MonthlyGiftViewSet,
        DonorViewSet,
        QuestionViewSet,
        MessagesViewSet,
        RefundViewSet,
        ReconciliationViewSet,
        OfflineGiftViewSet,
        BankViewSet,
        ReceiptViewSet,
        PotViewSet,
        PotPaymentViewSet,
        PledgeViewSet,
        PledgePaymentViewSet,
        ExpenseViewSet,
        GrantViewSet,
        TransferViewSet,
        FundViewSet,
        BooksViewSet,
        MovementViewSet,
        DisclosureViewSet,
        ProposalRoundViewSet,
        FoundationsViewSet,
    )


@hooks.register("register_admin_viewset")
def register_foundations() -> FoundationsGroup:
    return FoundationsGroup()


@hooks.register("register_log_actions")
def register_bookkeeping(actions: Any) -> None:
    """What happens to the books stands in Wagtail's log, with who did it."""
    actions.register_action("foundations.create_foundation", _("Create"), _("Books opened"))
    actions.register_action("foundations.open_branch", _("Open the page"), _("Page opened"))
    actions.register_action("foundations.give_role", _("Give a role"), _("Role given"))
    actions.register_action("foundations.take_role", _("Take a role"), _("Role taken away"))
    actions.register_action("foundations.create_fund", _("Open a fund"), _("Fund opened"))
    actions.register_action("foundations.close_fund", _("Close"), _("Closed for good"))
    actions.register_action("foundations.create_pot", _("Open a pot"), _("Pot opened"))
    actions.register_action("foundations.enter_entry", _("Enter"), _("Entered"))
    actions.register_action("foundations.approve_entry", _("Approve"), _("Approved"))
    actions.register_action("foundations.reject_entry", _("Reject"), _("Rejected"))
    actions.register_action("foundations.reverse_entry", _("Reverse"), _("Reversed"))
    actions.register_action("foundations.close_period", _("Close a month"), _("Month closed"))


@hooks.register("register_log_actions")
def register_office(actions: Any) -> None:
    """Facts, plans, members, and what leaves the office as a table."""
    actions.register_action("foundations.change_facts", _("Change the facts"), _("Facts changed"))
    actions.register_action("foundations.open_giving", _("Open giving"), _("Giving opened"))
    actions.register_action("foundations.close_giving", _("Close giving"), _("Giving closed"))
    actions.register_action("foundations.add_member", _("Add a member"), _("Member added"))
    actions.register_action("foundations.remove_member", _("Remove a member"), _("Member removed"))
    actions.register_action("foundations.change_fund", _("Change the words"), _("Words changed"))
    actions.register_action("foundations.save_plan", _("Write the plan"), _("Plan written"))
    actions.register_action("foundations.set_budget", _("Write the budget"), _("Budget written"))
    actions.register_action("foundations.export", _("Take a table along"), _("Table taken along"))
    actions.register_action("foundations.show_message", _("Show"), _("Message shown"))
    actions.register_action("foundations.hide_message", _("Do not show"), _("Message not shown"))


@hooks.register("register_log_actions")
def register_participation(actions: Any) -> None:
    actions.register_action("foundations.gift_paid", _("Paid"), _("Gift paid"))
    actions.register_action("foundations.open_round", _("Open a round"), _("Round opened"))
    actions.register_action("foundations.proposal_accepted", _("Accept"), _("Accepted"))
    actions.register_action("foundations.proposal_declined", _("Decline"), _("Declined"))
    actions.register_action(
        "foundations.publish_result", _("Publish the result"), _("Result published")
    )


@hooks.register("register_log_actions")
def register_donors(actions: Any) -> None:
    """What donors and the staff decide about gifts that were given."""
    for name, to_do, done in (
        ("change_shown_as", _("Change the name shown"), _("Name shown changed")),
        ("want_receipt", _("Ask for the fiscal receipt"), _("Fiscal receipt wanted")),
        ("waive_receipt", _("Waive the fiscal receipt"), _("Fiscal receipt waived")),
        ("stop_monthly", _("Stop the monthly gift"), _("Monthly gift stopped")),
        ("change_monthly", _("Change the monthly gift"), _("Monthly gift changed")),
        ("anonymise_donor", _("Anonymise"), _("Anonymised")),
        ("answer_question", _("Answer"), _("Answered")),
        ("send_letter_again", _("Send again"), _("Sent again")),
    ):
        actions.register_action(f"foundations.{name}", to_do, done)


@hooks.register("register_log_actions")
def register_refunds(actions: Any) -> None:
    actions.register_action("foundations.ask_refund", _("Ask to pay back"), _("Refund asked for"))
    actions.register_action("foundations.approve_refund", _("Approve"), _("Refund approved"))
    actions.register_action("foundations.reject_refund", _("Reject"), _("Refund rejected"))
    actions.register_action(
        "foundations.send_refund_again", _("Send once more"), _("Refund sent once more")
    )
    actions.register_action(
        "foundations.mark_refund_paid", _("Paid by hand"), _("Refund paid by hand")
    )
    actions.register_action(
        "foundations.mark_refund_came_back", _("The bank sent it back"), _("Refund came back")
    )
    actions.register_action(
        "foundations.waive_refund", _("Left with us"), _("Refund left with us by the donor")
    )
    actions.register_action(
        "foundations.resolve_difference", _("Write down what it is"), _("Difference explained")
    )
    actions.register_action(
        "foundations.let_notification_be", _("Nothing to do"), _("Notification needs nothing")
    )


@hooks.register("register_log_actions")
def register_disclosures(actions: Any) -> None:
    actions.register_action("foundations.write_disclosure", _("Write"), _("Written"))
    actions.register_action("foundations.publish_disclosure", _("Publish"), _("Published"))
    actions.register_action(
        "foundations.correct_disclosure", _("Correct"), _("Begun as a correction")
    )


@hooks.register("register_log_actions")
def register_bank_and_sponsors(actions: Any) -> None:
    """What the staff say of bank statements, of sponsors and of fiscal receipts."""
    for name, to_do, done in (
        ("import_statement", _("Import a statement"), _("Statement imported")),
        ("match_line", _("Match"), _("Matched")),
        ("set_line_aside", _("Set aside"), _("Set aside")),
        ("unmatch_line", _("Explain anew"), _("To be explained anew")),
        ("create_pledge", _("Write down a pledge"), _("Pledge written down")),
        ("store_fiscal", _("Keep the fiscal receipt's number"), _("Fiscal receipt's number kept")),
        (
            "correct_fiscal",
            _("Correct the fiscal receipt's number"),
            _("Fiscal receipt's number corrected"),
        ),
    ):
        actions.register_action(f"foundations.{name}", to_do, done)


@hooks.register("register_log_actions")
def register_told(actions: Any) -> None:
    """What the gateways told, and what the office says of it."""
    for name, to_do, done in (
        ("refund_at_gateway", _("Pay back"), _("Paid back at the payment service")),
        ("refund_told", _("Told by the payment service"), _("Refund moved on")),
        ("dispute_opened", _("Dispute"), _("The donor's bank disputes it")),
        ("dispute_decided", _("Decide"), _("Dispute decided")),
        ("monthly_told", _("Told by the payment service"), _("Monthly gift moved on")),
        ("look_again", _("Try again"), _("Looked at again")),
    ):
        actions.register_action(f"foundations.{name}", to_do, done)
