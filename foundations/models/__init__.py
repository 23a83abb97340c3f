from .entries import Entry, Expense, FundTransfer, Grant
from .foundations import Foundation, FoundationRole, Fund, FundBalance
from .ledger import MatchingPot, MoneyAccount, MoneyMovement, Period

__all__ = [
    "Entry",
    "Expense",
    "Foundation",
    "FoundationRole",
    "Fund",
    "FundBalance",
    "FundTransfer",
    "Grant",
    "MatchingPot",
    "MoneyAccount",
    "MoneyMovement",
    "Period",
]
