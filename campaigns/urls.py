from django.urls import path

from campaigns import (
    bulk_views,
    checkin_views,
    console_views,
    desk_views,
    device_views,
    flag_views,
    no_show_views,
    patrol_views,
    planning_views,
    team_views,
    venue_views,
    views,
    wall_views,
)

urlpatterns = [
    # Signing up
    path("shifts/<int:shift_id>/sign-up/", views.sign_up_for_shift, name="shift_sign_up"),
    path("shifts/<int:shift_id>/cancel/", views.cancel_place, name="shift_cancel"),
    path("shifts/<int:shift_id>/leave/", views.take_leave, name="shift_leave"),
    path("me/shifts/", views.my_shifts, name="my_shifts"),
    path("me/shifts/next/", views.my_next_shift, name="my_shifts_next"),
    # Planning
    path("desk/campaigns/<int:campaign_id>/", planning_views.desk_campaign, name="desk_campaign"),
    path(
        "desk/campaigns/<int:campaign_id>/shifts/new/",
        planning_views.open_shifts_at_desk,
        name="desk_shift_new",
    ),
    path(
        "desk/shifts/<int:shift_id>/edit/",
        planning_views.change_shift_at_desk,
        name="desk_shift_edit",
    ),
    path(
        "desk/shifts/<int:shift_id>/call-off/",
        planning_views.call_off_shift_at_desk,
        name="desk_shift_call_off",
    ),
    # Coming and going
    path("v/<str:token>/", venue_views.venue_scan, name="venue_scan"),
    path("console/", console_views.console_app, name="console_app"),
    path("console/worker.js", console_views.console_worker, name="console_worker"),
    path("console/manifest.webmanifest", console_views.console_manifest, name="console_manifest"),
    path("console/prepare/", console_views.console_prepare, name="console_prepare"),
    path("console/<int:shift_id>/", checkin_views.console, name="console"),
    path("console/<int:shift_id>/scan/", checkin_views.console_scan, name="console_scan"),
    path("desk/shifts/<int:shift_id>/screen/", venue_views.venue_screen, name="venue_screen"),
    path("desk/shifts/<int:shift_id>/code/", venue_views.venue_code, name="venue_code"),
    path("desk/shifts/<int:shift_id>/poster.pdf", venue_views.venue_poster, name="venue_poster"),
    # The live wall
    path(
        "desk/campaigns/<int:campaign_id>/wall/",
        wall_views.desk_campaign_wall,
        name="desk_campaign_wall",
    ),
    path("desk/shifts/<int:shift_id>/wall/", wall_views.desk_shift_wall, name="desk_shift_wall"),
    # Patrols and teams
    path("p/<str:token>/", patrol_views.check_point, name="check_point"),
    path(
        "desk/activities/<int:activity_id>/check-points/",
        patrol_views.desk_check_points,
        name="desk_check_points",
    ),
    path(
        "desk/activities/<int:activity_id>/check-points.pdf",
        patrol_views.check_point_posters,
        name="check_point_posters",
    ),
    path(
        "desk/check-points/<int:check_point_id>/rename/",
        patrol_views.desk_check_point_rename,
        name="desk_check_point_rename",
    ),
    path(
        "desk/check-points/<int:check_point_id>/change/",
        patrol_views.desk_check_point_change,
        name="desk_check_point_change",
    ),
    path("desk/shifts/<int:shift_id>/patrol/", patrol_views.desk_patrol, name="desk_patrol"),
    path("desk/shifts/<int:shift_id>/teams/", team_views.desk_teams, name="desk_teams"),
    path(
        "desk/shifts/<int:shift_id>/teams/<int:team_id>/rename/",
        team_views.desk_team_rename,
        name="desk_team_rename",
    ),
    path(
        "desk/shifts/<int:shift_id>/teams/<int:team_id>/dissolve/",
        team_views.desk_team_dissolve,
        name="desk_team_dissolve",
    ),
    # The desk
    path("desk/", desk_views.desk, name="desk"),
    path("desk/shifts/<int:shift_id>/", desk_views.desk_shift, name="desk_shift"),
    path(
        "desk/shifts/<int:shift_id>/check-out/",
        bulk_views.desk_check_out_everybody,
        name="desk_check_out_everybody",
    ),
    path(
        "desk/evidence/<int:evidence_id>/photo/",
        bulk_views.desk_evidence_photo,
        name="desk_evidence_photo",
    ),
    path(
        "desk/shifts/<int:shift_id>/people/<int:sign_up_id>/",
        desk_views.desk_attendance,
        name="desk_attendance",
    ),
    path("desk/shifts/<int:shift_id>/new-codes/", desk_views.desk_new_codes, name="desk_new_codes"),
    path("desk/scans/", flag_views.desk_scans, name="desk_scans"),
    path("desk/no-shows/", no_show_views.desk_no_shows, name="desk_no_shows"),
    path("desk/devices/", device_views.desk_devices, name="desk_devices"),
    path(
        "desk/devices/<int:device_id>/revoke/",
        device_views.desk_device_revoke,
        name="desk_device_revoke",
    ),
    path("desk/records/", desk_views.desk_records, name="desk_records"),
    path("desk/records/new/", desk_views.desk_record_new, name="desk_record_new"),
    path("desk/records/<int:record_id>/", desk_views.desk_record, name="desk_record"),
]
