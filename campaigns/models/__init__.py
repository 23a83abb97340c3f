from .attendance import Attendance, Scan
from .devices import ConsoleDevice
from .pages import Activity, CampaignIndexPage, CampaignPage, OrganisationCampaignsPage
from .review import OrganisationReview
from .shifts import Shift, SignUp

__all__ = [
    "Activity",
    "Attendance",
    "CampaignIndexPage",
    "CampaignPage",
    "ConsoleDevice",
    "OrganisationCampaignsPage",
    "OrganisationReview",
    "Scan",
    "Shift",
    "SignUp",
]
