from .attendance import Attendance, Scan
from .pages import Activity, CampaignIndexPage, CampaignPage, OrganisationCampaignsPage
from .review import OrganisationReview
from .shifts import Shift, SignUp

__all__ = [
    "Activity",
    "Attendance",
    "CampaignIndexPage",
    "CampaignPage",
    "OrganisationCampaignsPage",
    "OrganisationReview",
    "Scan",
    "Shift",
    "SignUp",
]
