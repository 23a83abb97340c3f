from django.urls import path

from points import views

urlpatterns = [
    path("me/points/", views.my_points, name="my_points"),
    path("me/points/summary/", views.my_points_summary, name="my_points_summary"),
    path("rewards/", views.rewards, name="rewards"),
    path("rewards/<int:reward_id>/redeem/", views.redeem, name="redeem_reward"),
    path("rankings/", views.rankings, name="rankings"),
    path("stars/", views.star_notice, name="star_notice"),
    path("rewards/rules/", views.how_points_work, name="award_rules"),
]
