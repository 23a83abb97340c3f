"""Everything that happens to a service record.

Each action locks the person, then the record, and keeps both until its transaction ends. The
person comes first because a day has 24 hours: whether one more fits depends on the others of that
person and day, so two of them must never be changed side by side. The ledger's settlement locks
records only, and passes over those that are locked; nobody can wait for the other in a circle.
"""

from .confirming import ConfirmOutcome, confirm_record, confirm_records, rate_record
from .drafting import (
    HAND_MAX_MINUTES,
    draft_record,
    draft_records,
    enter_record_by_hand,
    redraft_record,
    submit_record,
)
from .moving import move_records, owe_records_again
from .objections import correct_record, raise_objection, uphold_record, void_record
from .refusals import (
    AlreadyConfirmed,
    AlreadyObjected,
    AlreadyVoided,
    HandEntryInFuture,
    HandEntryTooLong,
    HandEntryTooOld,
    MinutesOutOfRange,
    MoreThanADay,
    NotADraft,
    NotConfirmedYet,
    ObjectionDecided,
    OwnRecord,
    RatingOutOfRange,
    ReasonMissing,
    RecordRefused,
    SameMinutes,
    SecondPersonNeeded,
)

__all__ = [
    "HAND_MAX_MINUTES",
    "AlreadyConfirmed",
    "AlreadyObjected",
    "AlreadyVoided",
    "ConfirmOutcome",
    "HandEntryInFuture",
    "HandEntryTooLong",
    "HandEntryTooOld",
    "MinutesOutOfRange",
    "MoreThanADay",
    "NotADraft",
    "NotConfirmedYet",
    "ObjectionDecided",
    "OwnRecord",
    "RatingOutOfRange",
    "ReasonMissing",
    "RecordRefused",
    "SameMinutes",
    "SecondPersonNeeded",
    "confirm_record",
    "confirm_records",
    "correct_record",
    "draft_record",
    "draft_records",
    "enter_record_by_hand",
    "move_records",
    "owe_records_again",
    "raise_objection",
    "rate_record",
    "redraft_record",
    "submit_record",
    "uphold_record",
    "void_record",
]
