from .anomalies import Anomaly
from .giving import Family, FamilyMember, PointsProject
from .ledger import Account, Bucket, BucketDraw, LapseNotice, Movement
from .proof import LedgerCheck, LedgerDigest, LedgerMonth, SystemSum
from .recognition import (
    Badge,
    BadgeCredential,
    BadgeKey,
    Recognition,
    StarObjection,
    YearlyHonour,
)
from .rewards import Partner, PickUpPlace, Redemption, Reward, new_partner_token, new_pick_up_code
from .rules import AwardRule, BonusBudget, BonusGrant, CapWindow, SetAsideRecord
from .standings import RankingEntry, Standing

__all__ = [
    "Account",
    "Anomaly",
    "AwardRule",
    "Badge",
    "BadgeCredential",
    "BadgeKey",
    "BonusBudget",
    "BonusGrant",
    "Bucket",
    "BucketDraw",
    "CapWindow",
    "Family",
    "FamilyMember",
    "LapseNotice",
    "LedgerCheck",
    "LedgerDigest",
    "LedgerMonth",
    "Movement",
    "Partner",
    "PickUpPlace",
    "PointsProject",
    "RankingEntry",
    "Recognition",
    "Redemption",
    "Reward",
    "SetAsideRecord",
    "Standing",
    "StarObjection",
    "SystemSum",
    "YearlyHonour",
    "new_partner_token",
    "new_pick_up_code",
]
