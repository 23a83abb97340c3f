from .attendance import Attendance, Scan
from .pages import Activity, CampaignIndexPage, CampaignPage, OrganisationCampaignsPage
from .shifts import Shift, SignUp

__all__ = [
    "Activity",
    "Attendance",
    "CampaignIndexPage",
    "CampaignPage",
    "OrganisationCampaignsPage",
    "Scan",
    "Shift",
    "SignUp",
]
