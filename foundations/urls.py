"""What is under /foundations/, /give/, /gifts/ and /gateways/."""

from __future__ import annotations

from django.urls import path, re_path

from foundations.views import disclosures, donor, giving, monthly, participation, webhooks, where

urlpatterns = [
    path("give/<int:fund_id>/", giving.give, name="give"),
    path("gifts/<uuid:gift_uuid>/", giving.gift_begun, name="gift_begun"),
    path("gifts/<uuid:gift_uuid>/pay/", giving.gift_go_on, name="gift_go_on"),
    path("foundations/money/", where.where_money_went, name="where_money_went"),
    path("foundations/money.csv", where.where_money_went_csv, name="where_money_went_csv"),
    path("foundations/money.json", where.where_money_went_json, name="where_money_went_json"),
    path("foundations/money/<slug:slug>/", where.where_money_went, name="where_foundation"),
    path(
        "foundations/money/<slug:slug>.csv", where.where_money_went_csv, name="where_foundation_csv"
    ),
    path(
        "foundations/money/<slug:slug>.json",
        where.where_money_went_json,
        name="where_foundation_json",
    ),
    path("foundations/disclosures/<slug:slug>/", disclosures.disclosures, name="disclosures"),
    path("disclosures/<uuid:disclosure_uuid>/", disclosures.disclosure, name="disclosure"),
    path(
        "disclosures/<uuid:disclosure_uuid>.pdf",
        disclosures.disclosure_paper,
        name="disclosure_paper",
    ),
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
    # A donor's own gifts
    path("gifts/find/", donor.find_gifts, name="find_gifts"),
    path("gifts/find/<str:token>/", donor.open_gifts, name="open_gifts"),
    path("gifts/leave/", donor.leave_gifts, name="leave_gifts"),
    path("gifts/<uuid:gift_uuid>/confirmation/", donor.gift_confirmation, name="gift_confirmation"),
    re_path(
        r"^gifts/verify/(?P<number>[A-Za-z0-9_-]{1,24})/$",
        donor.verify_confirmation,
        name="verify_confirmation",
    ),
    path("gifts/monthly/<uuid:monthly_uuid>/card/", monthly.monthly_card, name="monthly_card"),
    path("me/gifts/", donor.my_gifts, name="my_gifts"),
    path("me/gifts/copy.json", donor.my_gifts_copy, name="my_gifts_copy"),
    path("me/gifts/<int:foundation_id>/<int:year>/", donor.gift_year, name="gift_year"),
    path("me/gifts/<uuid:gift_uuid>/", donor.my_gift, name="my_gift"),
    path("me/gifts/<uuid:gift_uuid>/name/", donor.change_gift_name, name="change_gift_name"),
    path("me/gifts/<uuid:gift_uuid>/receipt/", donor.choose_receipt, name="choose_receipt"),
    path("me/gifts/<uuid:gift_uuid>/ask/", donor.ask, name="ask_about_gift"),
    path("me/gifts/monthly/<uuid:monthly_uuid>/", monthly.my_monthly, name="my_monthly"),
    path(
        "me/gifts/monthly/<uuid:monthly_uuid>/change/",
        monthly.change_monthly,
        name="change_monthly",
    ),
    path("me/gifts/monthly/<uuid:monthly_uuid>/stop/", monthly.stop_monthly, name="stop_monthly"),
    # What gateways tell us
    path("gateways/stripe/", webhooks.stripe_webhook, name="stripe_webhook"),
    path(
        "gateways/stripe/connect/", webhooks.stripe_connect_webhook, name="stripe_connect_webhook"
    ),
]
