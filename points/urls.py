from django.urls import path

from points.views import mine, rankings, recognition, rewards, rules

urlpatterns = [
    path("me/points/", mine.my_points, name="my_points"),
    path("me/points/statement.csv", mine.my_points_csv, name="my_points_csv"),
    path("me/points/summary/", mine.my_points_summary, name="my_points_summary"),
    path("rewards/", rewards.rewards, name="rewards"),
    path("rewards/<int:reward_id>/redeem/", rewards.redeem, name="redeem_reward"),
    path("rankings/", rankings.rankings, name="rankings"),
    path("stars/", recognition.star_notice, name="star_notice"),
    path("rewards/rules/", rules.how_points_work, name="award_rules"),
]
