from django.urls import path

from points.views import (
    badges,
    families,
    giving,
    honours,
    ledger,
    mine,
    partners,
    rankings,
    recognition,
    rewards,
    rules,
    year,
)

urlpatterns = [
    path("me/points/", mine.my_points, name="my_points"),
    path("me/points/statement.csv", mine.my_points_csv, name="my_points_csv"),
    path("me/points/<int:year>/", year.my_year, name="my_year"),
    path("me/points/<int:year>.png", year.my_year_picture, name="my_year_picture"),
    path("me/points/summary/", mine.my_points_summary, name="my_points_summary"),
    path("rewards/", rewards.rewards, name="rewards"),
    path("rewards/<int:reward_id>/redeem/", rewards.redeem, name="redeem_reward"),
    path("me/rewards/<int:redemption_id>/", rewards.my_redemption, name="my_redemption"),
    path(
        "me/rewards/<int:redemption_id>/give-back/", rewards.give_back, name="give_back_redemption"
    ),
    path("partners/<str:token>/", partners.partner_desk, name="partner_desk"),
    path("pick-up/", partners.find_pick_up, name="find_pick_up"),
    path("pick-up/<str:code>/", partners.pick_up, name="pick_up"),
    path("projects-for-points/", giving.give_points, name="give_points"),
    path("projects-for-points/<int:project_id>/", giving.points_project, name="points_project"),
    path("projects-for-points/<int:project_id>/give/", giving.give, name="give_to_project"),
    path("projects-for-points/<int:project_id>/spend/", giving.spend, name="spend_project_points"),
    path("projects-for-points/<int:project_id>/close/", giving.close, name="close_points_project"),
    path("me/family/", families.my_family, name="my_family"),
    path("me/family/found/", families.found, name="found_family"),
    path("me/family/invite/", families.invite, name="invite_to_family"),
    path(
        "me/family/invitations/<int:invitation_id>/answer/",
        families.answer,
        name="answer_family_invitation",
    ),
    path("me/family/leave/", families.leave, name="leave_family"),
    path("me/family/send/", families.send, name="send_family_points"),
    path("ledger/chain.json", ledger.ledger_chain, name="ledger_chain"),
    path("rankings/", rankings.rankings, name="rankings"),
    path("stars/", recognition.star_notice, name="star_notice"),
    path("stars/<int:recognition_id>/object/", recognition.object_to_star, name="object_to_star"),
    path("me/honours/", recognition.my_honours, name="my_honours"),
    path("me/honours/<int:honour_id>/name/", honours.show_honour_name, name="show_honour_name"),
    path("honours/", honours.honours, name="honours"),
    path("honours/<int:year>/", honours.honours, name="honours_of_year"),
    path("honours/nominate/", honours.nominate, name="nominate_honour"),
    path("badges/", recognition.badges, name="badges"),
    path("rewards/rules/", rules.how_points_work, name="award_rules"),
    path("badges/<uuid:public_id>/", badges.badge_page, name="badge_page"),
    path(
        "badges/<uuid:public_id>/credential.json", badges.badge_credential, name="badge_credential"
    ),
    path("badges/keys/<slug:slug>.json", badges.badge_issuer, name="badge_issuer"),
    path(
        "badges/keys/<int:organisation_id>/did.json",
        badges.badge_issuer_did,
        name="badge_issuer_did",
    ),
    path("badges/status/<int:key_id>.json", badges.badge_status, name="badge_status"),
    path(
        "badges/achievements/<slug:slug>.json", badges.badge_achievement, name="badge_achievement"
    ),
]
