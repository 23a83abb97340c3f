from .bank import BankLine, BankStatement
from .checks import MoneyCheck
from .disclosures import Disclosure
from .entries import Entry, Expense, FundTransfer, Grant, PaidFrom
from .foundations import Foundation, FoundationRole, Fund, FundBalance
from .gateway import Difference, GatewayMark, ProcessorEntry, WebhookEvent
from .giving import (
    Confirmation,
    ConfirmationCounter,
    Dispute,
    Donor,
    Gift,
    Letter,
    MonthlyGift,
    Question,
    Refund,
    ShownAs,
)
from .ledger import MatchingPot, MoneyAccount, MoneyMovement, Period
from .offline import OfflineGift, PledgePayment, PointsPledge, PotPayment
from .pages import (
    AnnualReport,
    BoardMember,
    FoundationIndexPage,
    FoundationPage,
    FundPage,
    FundUpdatePage,
    UpdatePicture,
)
from .participation import Proposal, ProposalRound, Vote
from .plans import BudgetLine, FoundationMember, FundPlan

__all__ = [
    "AnnualReport",
    "BankLine",
    "BankStatement",
    "BoardMember",
    "BudgetLine",
    "Confirmation",
    "ConfirmationCounter",
    "Difference",
    "Disclosure",
    "Dispute",
    "Donor",
    "Entry",
    "Expense",
    "Foundation",
    "FoundationIndexPage",
    "FoundationMember",
    "FoundationPage",
    "FoundationRole",
    "Fund",
    "FundBalance",
    "FundPage",
    "FundPlan",
    "FundTransfer",
    "FundUpdatePage",
    "GatewayMark",
    "Gift",
    "Grant",
    "Letter",
    "MatchingPot",
    "MoneyAccount",
    "MoneyCheck",
    "MoneyMovement",
    "MonthlyGift",
    "OfflineGift",
    "PaidFrom",
    "Period",
    "PledgePayment",
    "PointsPledge",
    "PotPayment",
    "ProcessorEntry",
    "Proposal",
    "ProposalRound",
    "Question",
    "Refund",
    "ShownAs",
    "UpdatePicture",
    "Vote",
    "WebhookEvent",
]
