"""What is under /foundations/, /give/, /gifts/ and /gateways/."""

from __future__ import annotations

from django.urls import path

from foundations.views import participation

urlpatterns = [
    path("foundations/rounds/", participation.proposal_rounds, name="proposal_rounds"),
    path(
        "foundations/rounds/<uuid:round_uuid>/", participation.proposal_round, name="proposal_round"
    ),
    path("foundations/rounds/<uuid:round_uuid>/propose/", participation.propose, name="propose"),
    path("proposals/<uuid:proposal_uuid>/vote/", participation.vote, name="vote"),
    path(
        "proposals/<uuid:proposal_uuid>/withdraw/",
        participation.withdraw_proposal,
        name="withdraw_proposal",
    ),
]
