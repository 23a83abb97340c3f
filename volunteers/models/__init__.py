from .absences import NoShow
from .calendar import PublicHoliday
from .cards import VolunteerCard
from .consents import Consent, ConsentNotice
from .messages import PhoneMessage, ProofCode, SecurityEvent
from .organisations import Membership, Organisation
from .people import Category, Guardian, MergeRequest, Skill, User, Volunteer
from .records import Objection, RecordChange, ServiceRecord
from .students import StudentAffiliation, StudentRosterEntry
from .territory import Territory

__all__ = [
    "Category",
    "Consent",
    "ConsentNotice",
    "Guardian",
    "Membership",
    "MergeRequest",
    "NoShow",
    "Objection",
    "Organisation",
    "PhoneMessage",
    "ProofCode",
    "PublicHoliday",
    "RecordChange",
    "SecurityEvent",
    "ServiceRecord",
    "Skill",
    "StudentAffiliation",
    "StudentRosterEntry",
    "Territory",
    "User",
    "Volunteer",
    "VolunteerCard",
]
