from django.urls import path

from campaigns import views

urlpatterns = [
    # Signing up
    path("shifts/<int:shift_id>/sign-up/", views.sign_up_for_shift, name="shift_sign_up"),
    path("shifts/<int:shift_id>/cancel/", views.cancel_place, name="shift_cancel"),
    path("shifts/<int:shift_id>/leave/", views.take_leave, name="shift_leave"),
    path("me/shifts/", views.my_shifts, name="my_shifts"),
    path("me/shifts/next/", views.my_next_shift, name="my_shifts_next"),
    # Planning
    path("desk/campaigns/<int:campaign_id>/", views.desk_campaign, name="desk_campaign"),
    path(
        "desk/campaigns/<int:campaign_id>/shifts/new/",
        views.open_shifts_at_desk,
        name="desk_shift_new",
    ),
    path("desk/shifts/<int:shift_id>/edit/", views.change_shift_at_desk, name="desk_shift_edit"),
    path(
        "desk/shifts/<int:shift_id>/call-off/",
        views.call_off_shift_at_desk,
        name="desk_shift_call_off",
    ),
]
