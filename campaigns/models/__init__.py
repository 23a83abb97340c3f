from .attendance import Attendance, Evidence, Scan
from .devices import ConsoleDevice
from .flags import ScanFlag
from .pages import Activity, CampaignIndexPage, CampaignPage, OrganisationCampaignsPage
from .patrol import CheckPoint, CheckPointVisit
from .review import OrganisationReview
from .shifts import Shift, SignUp, Team

__all__ = [
    "Activity",
    "Attendance",
    "CampaignIndexPage",
    "CampaignPage",
    "CheckPoint",
    "CheckPointVisit",
    "ConsoleDevice",
    "Evidence",
    "OrganisationCampaignsPage",
    "OrganisationReview",
    "Scan",
    "ScanFlag",
    "Shift",
    "SignUp",
    "Team",
]
